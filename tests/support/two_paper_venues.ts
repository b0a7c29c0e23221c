/**
 * The engine over two paper venues in virtual time, whose host may die at any moment: the venues live on, and the next
 * engine knows what a journal would have kept.
 */
import { Engine } from "../../core/engine/engine.ts";
import {
  defaultRateBudget,
  defaultTiming,
  type EngineEvent,
  type EngineOutput,
  type EngineSettings,
} from "../../core/engine/events.ts";
import { restoreOf } from "../../core/engine/restore.ts";
import { PaperExchange } from "../../core/execution/paper/paper_exchange.ts";
import { bodyText } from "../../core/journal/schema.ts";
import type { VenueId } from "../../core/model/ids.ts";
import type { JournalBody } from "../../core/model/journal_entry.ts";
import { parseMoney } from "../../core/model/money.ts";
import { alpha, beta, btcAt, looseBudget, looseRisk, maker } from "./engine_builders.ts";

type DistributiveOmit<T, K extends string> = T extends unknown ? Omit<T, K> : never;

const stored = (body: unknown): unknown => JSON.parse(bodyText(body));

export class TwoPaperVenues {
  engine: Engine;
  nowUs = 1_700_000_000_000_000;
  outputs: EngineOutput[] = [];
  readonly #settings: Partial<EngineSettings>;
  readonly #papers = new Map<VenueId, PaperExchange>();
  readonly #prices = new Map<VenueId, number>([[alpha, 50_000], [beta, 50_000]]);
  /** Shown at the best price, in base units; may be 0 for a venue that has nobody on the other side. */
  readonly sizes = new Map<VenueId, number>([[alpha, 1], [beta, 1]]);
  /** Bodies of all runs: the journal. */
  readonly #journal: JournalBody[] = [];
  #sequence = 0;

  constructor(settings: Partial<EngineSettings> = {}) {
    this.#settings = settings;
    for (const venue of [alpha, beta]) {
      const latencyMs = venue === alpha ? 30 : 50;
      this.#papers.set(
        venue,
        new PaperExchange({
          venue,
          asset: "USDC",
          startingBalance: parseMoney("1000000"),
          latencyMs,
          runTag: "t",
        }),
      );
    }
    this.engine = this.#start();
  }

  #start(): Engine {
    const engine = new Engine({
      hostTag: "pp",
      nextOrderCounter: 1 + this.#journal.length,
      risk: looseRisk,
      timing: defaultTiming,
      rateBudgets: {},
      defaultRateBudget: { ...defaultRateBudget, requestsPerSecond: 1_000, burst: 1_000 },
      ...this.#settings,
    });
    this.engine = engine;
    if (this.#journal.length > 0) {
      const { restore, unreadable } = restoreOf(this.#kept());
      if (unreadable.length > 0) throw new Error(JSON.stringify(unreadable));
      this.handle({ kind: "restore", restore });
    }
    for (const venue of [alpha, beta]) {
      const index = engine.registerInstrument(btcAt(venue), this.nowUs);
      this.#papers.get(venue)?.registerInstrument(index, btcAt(venue));
      this.handle({ kind: "adapter_started", venue, hasTrading: true, capabilities: {} });
      const health = {
        venue,
        marketData: "connected" as const,
        privateStream: undefined,
        heartbeatAgeMs: 0,
        updatesPerSecond: 0,
        latencyAverageMs: undefined,
        latencyP99Ms: undefined,
        gaps: 0,
        reconnects: 0,
        tsMs: 0,
      };
      this.handle({ kind: "venue_health", health });
    }
    this.handle({
      kind: "plugin_started",
      plugin: maker,
      subscriber: 1,
      grant: { venues: ["*"], instruments: ["*"], data: ["quotes"], orders: "trade" },
      budget: looseBudget,
      onStop: "keep_positions",
    });
    return engine;
  }

  stopPlugin(isFinal = false): void {
    this.handle({ kind: "plugin_stopped", plugin: maker, reason: "crashed", isFinal });
  }

  /** The host dies and starts anew; what was on its way to it is lost, what was on its way to a venue arrives. */
  crash(): void {
    this.engine = this.#start();
  }

  #kept() {
    const newest = <K extends JournalBody["kind"]>(
      kind: K,
      key: (body: Extract<JournalBody, { kind: K }>) => string,
    ) => {
      const found = new Map<string, Extract<JournalBody, { kind: K }>>();
      for (const body of this.#journal) if (isOf(body, kind)) found.set(key(body), body);
      return [...found.values()];
    };
    return {
      orders: newest("order", ({ order }) => order.clientOrderId).map(({ order }) => stored(order)),
      positions: newest("position", ({ position }) => `${position.plugin}/${position.instrument}`)
        .map(({ position }) => stored(position)),
      trades: newest("round_trip", ({ plugin }) => plugin).map(stored),
      tradingStates: newest("trading_state", ({ scope }) => JSON.stringify(scope)).map(stored),
      limits: [],
      marketLimits: [],
      baselines: [],
      fills: this.#journal.filter(({ kind }) => kind === "fill").map(stored),
      funding: [],
      triggers: newest("trigger_order", ({ order }) => order.id).map(({ order }) => stored(order)),
      exits: newest("exit_plan", ({ plan }) => plan.id).map(({ plan }) => stored(plan)),
      groups: newest("leg_group", ({ group }) => group.id).map(({ group }) => stored(group)),
    };
  }

  handle(event: DistributiveOmit<EngineEvent, "tsUs">): void {
    this.#carryOut(this.engine.handle({ ...event, tsUs: this.nowUs }));
  }

  #carryOut(outputs: readonly EngineOutput[]): void {
    this.outputs.push(...outputs);
    for (const output of outputs) {
      if (output.kind === "journal") this.#journal.push(output.entry.body);
      if (output.kind === "adapter_request") {
        this.#papers.get(output.venue)?.request(output.requestId, output.request, this.nowUs);
      }
    }
  }

  price(venue: VenueId, price: number): void {
    this.#prices.set(venue, price);
  }

  /** 10 ms at a time: quotes, what the venues say, a tick every 100 ms. */
  pass(ms: number): void {
    for (let at = 0; at < ms; at += 10) {
      this.nowUs += 10_000;
      for (const venue of [alpha, beta]) this.#quote(venue);
      for (const paper of this.#papers.values()) {
        for (const event of paper.advance(this.nowUs)) this.#carryOut(this.engine.handle(event));
      }
      if (this.nowUs % 100_000 === 0) this.handle({ kind: "tick" });
    }
  }

  #quote(venue: VenueId): void {
    const index = this.engine.indexOf(btcAt(venue).id);
    const price = this.#prices.get(venue) ?? NaN;
    const shown = this.sizes.get(venue) ?? 0;
    if (index === undefined) return;
    this.#sequence += 1;
    const size = shown === 0 ? 0 : shown + (this.#sequence % 4) / 1_000; // a market that lives: what was taken comes back
    const tsMs = this.nowUs / 1000;
    const [bid, ask] = [price - 0.5, price + 0.5];
    this.engine.onQuote(index, bid, size, ask, size, this.#sequence, tsMs, this.nowUs, "stream");
    this.engine.onMark(index, price, price, NaN, NaN, this.#sequence, tsMs, this.nowUs);
    this.#papers.get(venue)?.onQuote(index, bid, size, ask, size, this.nowUs);
    if (this.engine.isReviewDue) this.handle({ kind: "quotes_due" });
  }

  journal<K extends JournalBody["kind"]>(kind: K): readonly Extract<JournalBody, { kind: K }>[] {
    return this.#journal.flatMap((body) => (isOf(body, kind) ? [body] : []));
  }

  notices(): readonly string[] {
    return this.outputs.flatMap((output) => (output.kind === "notice" ? [output.code] : []));
  }

  /** Signed lots of the plugin and of the venue's account. */
  lots(venue: VenueId): { readonly ours: number; readonly venues: number } {
    const { positions, venues } = this.engine.snapshot(this.nowUs);
    const { id } = btcAt(venue);
    const ours = positions.filter(({ instrument }) => instrument === id)
      .reduce((sum, { positionLots }) => sum + positionLots, 0);
    const account = venues.find((one) => one.venue === venue);
    return {
      ours,
      venues: account?.venuePositions.find(({ instrument }) => instrument === id)?.positionLots ?? 0,
    };
  }
}

function isOf<K extends JournalBody["kind"]>(
  body: JournalBody,
  kind: K,
): body is Extract<JournalBody, { kind: K }> {
  return body.kind === kind;
}
