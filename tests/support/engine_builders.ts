/** An engine with one venue and one strategy, driven by hand: events in, outputs kept for looking at. */
import type { EngineEvent, EngineOutput, EngineSettings } from "../../core/engine/events.ts";
import { defaultRateBudget, defaultTiming } from "../../core/engine/events.ts";
import { Engine } from "../../core/engine/engine.ts";
import type { Fill, VenuePosition } from "../../core/model/account.ts";
import type { AdapterRequest, AdapterResponse } from "../../core/model/adapter_request.ts";
import {
  causeId,
  type ClientOrderId,
  fillId,
  instrumentId,
  pluginId,
  type VenueId,
  venueId,
  venueOrderId,
} from "../../core/model/ids.ts";
import type { Instrument } from "../../core/model/instrument.ts";
import { money, parseMoney } from "../../core/model/money.ts";
import type { Order, OrderIntent, OrderReport } from "../../core/model/order.ts";
import type { RiskSettings, ScopeLimits } from "../../core/model/risk_limits.ts";
import { increment, priceTicks, sizeLots } from "../../core/model/ticks.ts";
import { defaultRiskSettings } from "../../core/risk/settings.ts";

export const alpha = venueId("alpha");
export const beta = venueId("beta");
export const maker = pluginId("maker");
export const taker = pluginId("taker");

/** Tick 0.1, lot 0.001: 50,000 USD is 500,000 ticks, 1 BTC is 1,000 lots, a tick × lot 0.0001 USD. */
export function btcAt(venue: VenueId, changes: Partial<Instrument> = {}): Instrument {
  return {
    id: instrumentId(venue, "BTC-PERP"),
    venue,
    symbol: "BTC-PERP",
    venueSymbol: "BTC-USD-PERP",
    kind: "perpetual",
    settlement: "linear",
    baseAsset: "BTC",
    quoteAsset: "USD",
    settlementAsset: "USDC",
    tick: increment("0.1"),
    lot: increment("0.001"),
    contractMultiplier: "1",
    minSizeLots: 1,
    maxSizeLots: 1_000_000,
    minNotional: 0,
    makerFeeBps: 0,
    takerFeeBps: 4.5,
    maxLeverage: 50,
    fundingIntervalHours: 8,
    status: "trading",
    ...changes,
  };
}

export const noLimits: ScopeLimits = {
  maxOrderNotionalUsd: null,
  maxPositionNotionalUsd: null,
  maxNetExposureUsd: null,
  maxGrossExposureUsd: null,
  maxLeverage: null,
  maxOpenPositions: null,
  maxOpenOrders: null,
  maxOrdersPerSecond: null,
  maxCancelToFillRatio: null,
  maxDailyLossUsd: null,
  maxDrawdownUsd: null,
  maxConsecutiveLosses: null,
};

export const looseRisk: RiskSettings = {
  ...defaultRiskSettings,
  global: noLimits,
  account: noLimits,
  plugin: noLimits,
};

export const looseBudget = {
  maxOrderNotionalUsd: 1e8,
  maxPositionNotionalUsd: 1e8,
  maxOrdersPerSecond: 1e6,
  maxDailyLossUsd: 1e8,
};

export function intentOf(changes: Partial<OrderIntent> = {}): OrderIntent {
  return {
    plugin: maker,
    ref: "r1",
    instrument: instrumentId("alpha", "BTC-PERP"),
    side: "buy",
    sizeLots: sizeLots(10),
    reduceOnly: false,
    pricing: {
      kind: "limit",
      limitPriceTicks: priceTicks(500_000),
      timeInForce: "GTC",
      postOnly: false,
    },
    causes: [causeId("quote/alpha:BTC-PERP/1")],
    ...changes,
  };
}

type Body<K> = Extract<EngineOutput, { readonly kind: "journal" }>["entry"]["body"] & { readonly kind: K };

export type SentRequest = Extract<EngineOutput, { readonly kind: "adapter_request" }>;

export class EngineHarness {
  readonly engine: Engine;
  nowUs = 1_700_000_000_000_000;
  outputs: EngineOutput[] = [];
  #fills = 0;
  #refs = 0;

  constructor(changes: Partial<EngineSettings> = {}) {
    this.engine = new Engine({
      hostTag: "t1",
      nextOrderCounter: 1,
      risk: looseRisk,
      timing: defaultTiming,
      rateBudgets: {},
      defaultRateBudget: { ...defaultRateBudget, requestsPerSecond: 1e6, burst: 1e6 },
      ...changes,
    });
  }

  handle(event: DistributiveOmit<EngineEvent, "tsUs">): readonly EngineOutput[] {
    const outputs = this.engine.handle({ ...event, tsUs: this.nowUs });
    this.outputs.push(...outputs);
    return outputs;
  }

  /** Time goes on in ticks of 100 ms; prices stay fresh unless `isQuiet`. */
  pass(ms: number, isQuiet = false): void {
    for (let left = ms; left > 0; left -= 100) {
      this.nowUs += Math.min(100, left) * 1000;
      if (!isQuiet) { for (const instrument of this.#instruments) this.price(instrument.venue, this.#price); }
      this.handle({ kind: "tick" });
    }
  }

  #price = 50_000;
  #instruments: Instrument[] = [];

  /** Bid half a dollar below, ask half a dollar above, mark in the middle; 1 BTC on each side. */
  price(venue: VenueId, mark: number): void {
    this.#price = mark;
    const index = this.engine.indexOf(instrumentId(venue, "BTC-PERP"));
    if (index === undefined) return;
    const sequence = this.engine.quotes.sequence(index) + 1;
    const tsMs = this.nowUs / 1000 - 20;
    this.engine.onQuote(index, mark - 0.5, 1, mark + 0.5, 1, sequence, tsMs, this.nowUs, "stream");
    this.engine.onMark(index, mark, mark, 0.0001, tsMs + 3_600_000, sequence, tsMs, this.nowUs);
  }

  listInstrument(instrument: Instrument): void {
    this.#instruments = [...this.#instruments.filter(({ id }) => id !== instrument.id), instrument];
    this.engine.registerInstrument(instrument, this.nowUs);
  }

  connect(venue: VenueId = alpha, capabilities: Readonly<Record<string, boolean>> = {}): void {
    this.handle({
      kind: "adapter_started",
      venue,
      hasTrading: true,
      capabilities: { cancelAll: true, reduceOnly: true, ...capabilities },
    });
    this.health(venue, "connected");
  }

  health(venue: VenueId, privateStream: "connected" | "reconnecting"): void {
    const health = {
      venue,
      marketData: "connected" as const,
      privateStream,
      heartbeatAgeMs: 5,
      updatesPerSecond: 10,
      latencyAverageMs: 20,
      latencyP99Ms: 30,
      gaps: 0,
      reconnects: 0,
      tsMs: this.nowUs / 1000,
    };
    this.handle({ kind: "venue_health", health });
  }

  /** Answers all open questions of the reconciliation; positions and orders as given. */
  reconcile(
    venue: VenueId = alpha,
    found: {
      readonly orders?: readonly OrderReport[];
      readonly positions?: readonly VenuePosition[];
      readonly fills?: readonly Fill[];
    } = {},
  ): void {
    for (let round = 0; round < 3; round++) {
      for (const { requestId, request } of this.unanswered(venue)) {
        if (request.kind === "open_orders") {
          this.answer(requestId, { kind: "open_orders", orders: found.orders ?? [] }, venue);
        } else if (request.kind === "fills") {
          this.answer(requestId, { kind: "fills", fills: found.fills ?? [] }, venue);
        } else if (request.kind === "positions") {
          this.answer(requestId, { kind: "positions", positions: found.positions ?? [] }, venue);
        } else if (request.kind === "balances") {
          const balance = {
            asset: "USDC",
            total: parseMoney("100000"),
            available: parseMoney("100000"),
            tsVenueMs: 0,
          };
          this.answer(requestId, { kind: "balances", balances: [balance] }, venue);
        }
      }
    }
  }

  readonly #answered = new Set<number>();

  unanswered(venue: VenueId = alpha): readonly SentRequest[] {
    return this.outputs.filter((output): output is SentRequest =>
      output.kind === "adapter_request" && output.venue === venue && !this.#answered.has(output.requestId)
    );
  }

  /** The newest unanswered request of a kind. */
  pending<K extends AdapterRequest["kind"]>(
    kind: K,
    venue: VenueId = alpha,
  ): { readonly requestId: number; readonly request: Extract<AdapterRequest, { readonly kind: K }> } {
    for (const { requestId, request } of this.unanswered(venue).toReversed()) {
      if (isOfKind(request, kind)) return { requestId, request };
    }
    throw new Error(`no unanswered ${kind}`);
  }

  hasPending(kind: AdapterRequest["kind"], venue: VenueId = alpha): boolean {
    return this.unanswered(venue).some(({ request }) => request.kind === kind);
  }

  answer(requestId: number, response: AdapterResponse, venue: VenueId = alpha): readonly EngineOutput[] {
    this.#answered.add(requestId);
    return this.handle({ kind: "adapter_response", venue, requestId, response });
  }

  startPlugin(plugin = maker, changes: Partial<Extract<EngineEvent, { kind: "plugin_started" }>> = {}): void {
    this.handle({
      kind: "plugin_started",
      plugin,
      subscriber: plugin === maker ? 1 : 2,
      grant: { venues: ["*"], instruments: ["*"], data: ["quotes"], orders: "trade" },
      budget: looseBudget,
      onStop: "keep_positions",
      ...changes,
    });
  }

  /** All of it: instrument, venue, reconciliation, strategy, prices. */
  static ready(changes: Partial<EngineSettings> = {}): EngineHarness {
    const harness = new EngineHarness(changes);
    harness.listInstrument(btcAt(alpha));
    harness.connect();
    harness.startPlugin();
    harness.reconcile();
    harness.price(alpha, 50_000);
    return harness;
  }

  /** An intent; its order when the gate let it through. */
  intend(changes: Partial<OrderIntent> = {}): Order | undefined {
    this.#refs += 1;
    const intent = intentOf({ ref: `r${this.#refs}`, ...changes });
    this.handle({ kind: "intent", intent });
    return this.engine.snapshot(this.nowUs).workingOrders.find((order) => order.ref === intent.ref);
  }

  /** An intent that is sent and acknowledged. */
  place(changes: Partial<OrderIntent> = {}): Order {
    const order = this.intend(changes);
    if (order === undefined) throw new Error(`refused: ${this.refusals().at(-1)}`);
    this.acknowledge(order.clientOrderId, venueOf(order));
    return this.order(order.clientOrderId);
  }

  acknowledge(id: ClientOrderId, venue: VenueId = alpha): void {
    const sent = this.unanswered(venue).find(({ request }) =>
      request.kind === "submit" && request.order.clientOrderId === id
    );
    if (sent === undefined) throw new Error("nothing was sent");
    const outcome = { kind: "acknowledged" as const, venueOrderId: venueOrderId(`v-${id}`), tsVenueMs: 0 };
    this.answer(sent.requestId, { kind: "submit", outcome }, venue);
  }

  order(id: ClientOrderId): Order {
    const snapshot = this.engine.snapshot(this.nowUs);
    const found = [...snapshot.workingOrders, ...snapshot.recentOrders.toReversed()]
      .find((order) => order.clientOrderId === id);
    if (found === undefined) throw new Error("no such order");
    return found;
  }

  fillOf(order: Order, lots: number, changes: Partial<Fill> = {}): Fill {
    this.#fills += 1;
    return {
      instrument: order.instrument,
      fillId: fillId(`f${this.#fills}`),
      venueOrderId: venueOrderId(`v-${order.clientOrderId}`),
      clientOrderId: order.clientOrderId,
      side: order.side,
      priceTicks: priceTicks(500_000),
      sizeLots: sizeLots(lots),
      liquidity: "maker",
      fee: money(0n),
      feeAsset: "USDC",
      tsVenueMs: this.nowUs / 1000,
      tsRecvUs: this.nowUs,
      ...changes,
    };
  }

  fill(order: Order, lots: number, changes: Partial<Fill> = {}): Fill {
    const fill = this.fillOf(order, lots, changes);
    this.handle({ kind: "fill_report", venue: venueOf(order), fill });
    return fill;
  }

  reportOf(order: Order, status: OrderReport["status"], changes: Partial<OrderReport> = {}): OrderReport {
    return {
      instrument: order.instrument,
      clientOrderId: order.clientOrderId,
      venueOrderId: venueOrderId(`v-${order.clientOrderId}`),
      side: order.side,
      sizeLots: order.sizeLots,
      filledLots: order.filledLots,
      limitPriceTicks: undefined,
      reduceOnly: order.reduceOnly,
      status,
      reason: undefined,
      venueText: undefined,
      tsVenueMs: this.nowUs / 1000,
      ...changes,
    };
  }

  report(order: Order, status: OrderReport["status"], changes: Partial<OrderReport> = {}): void {
    this.handle({
      kind: "order_report",
      venue: venueOf(order),
      report: this.reportOf(order, status, changes),
    });
  }

  /** Buys or sells at once, filled. */
  trade(side: "buy" | "sell", lots: number, changes: Partial<Fill> & { plugin?: typeof maker } = {}): Order {
    const { plugin = maker, ...fillChanges } = changes;
    const pricing = { kind: "market" as const, worstPriceTicks: undefined };
    const order = this.place({ side, sizeLots: sizeLots(lots), plugin, pricing });
    this.fill(order, lots, fillChanges);
    return this.order(order.clientOrderId);
  }

  /** Codes of refusals, oldest first. */
  refusals(): readonly string[] {
    return this.journal("refusal").map(({ code }) => code);
  }

  journal<K extends string>(kind: K): readonly Body<K>[] {
    return this.outputs.flatMap((output) =>
      output.kind === "journal" && isBody(output.entry.body, kind) ? [output.entry.body] : []
    );
  }

  notices(): readonly string[] {
    return this.outputs.flatMap((output) => output.kind === "notice" ? [output.code] : []);
  }

  /** Requests of a kind that were ever sent. */
  sent(kind: AdapterRequest["kind"], venue: VenueId = alpha): number {
    return this.outputs.filter((output) =>
      output.kind === "adapter_request" && output.venue === venue && output.request.kind === kind
    ).length;
  }

  positionLots(plugin = maker, venue: VenueId = alpha): number {
    return this.engine.snapshot(this.nowUs).positions.find((position) =>
      position.plugin === plugin && position.instrument.startsWith(`${venue}:`)
    )?.positionLots ?? 0;
  }
}

type DistributiveOmit<T, K extends string> = T extends unknown ? Omit<T, K> : never;

const venueOf = (order: Order): VenueId => venueId(order.instrument.slice(0, order.instrument.indexOf(":")));

function isBody<K extends string>(body: { readonly kind: string }, kind: K): body is Body<K> {
  return body.kind === kind;
}

function isOfKind<K extends AdapterRequest["kind"]>(
  request: AdapterRequest,
  kind: K,
): request is Extract<AdapterRequest, { readonly kind: K }> {
  return request.kind === kind;
}
