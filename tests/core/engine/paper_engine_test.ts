/** The engine over a paper venue, end to end and in virtual time: random strategies, in the end the ledgers agree. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Engine } from "../../../core/engine/engine.ts";
import { defaultRateBudget, defaultTiming, type EngineOutput } from "../../../core/engine/events.ts";
import { PaperExchange } from "../../../core/execution/paper/paper_exchange.ts";
import { parseMoney } from "../../../core/model/money.ts";
import { priceTicks, sizeLots } from "../../../core/model/ticks.ts";
import {
  alpha,
  btcAt,
  intentOf,
  looseBudget,
  looseRisk,
  maker,
  taker,
} from "../../support/engine_builders.ts";

class PaperRun {
  readonly engine = new Engine({
    hostTag: "pp",
    nextOrderCounter: 1,
    risk: looseRisk,
    timing: defaultTiming,
    rateBudgets: {},
    defaultRateBudget: { ...defaultRateBudget, requestsPerSecond: 1_000, burst: 1_000 },
  });
  readonly paper = new PaperExchange({
    venue: alpha,
    asset: "USDC",
    startingBalance: parseMoney("1000000"),
    latencyMs: 30,
    runTag: "e",
  });
  nowUs = 1_700_000_000_000_000;
  readonly outputs: EngineOutput[] = [];
  #sequence = 0;
  #price = 50_000;

  constructor() {
    const index = this.engine.registerInstrument(btcAt(alpha), this.nowUs);
    this.paper.registerInstrument(index, btcAt(alpha));
    this.#carryOut(this.engine.handle({
      kind: "adapter_started",
      tsUs: this.nowUs,
      venue: alpha,
      hasTrading: true,
      capabilities: {},
    }));
    this.engine.handle({
      kind: "venue_health",
      tsUs: this.nowUs,
      health: {
        venue: alpha,
        marketData: "connected",
        privateStream: undefined,
        heartbeatAgeMs: 0,
        updatesPerSecond: 0,
        latencyAverageMs: undefined,
        latencyP99Ms: undefined,
        gaps: 0,
        reconnects: 0,
        tsMs: 0,
      },
    });
    for (const plugin of [maker, taker]) {
      this.engine.handle({
        kind: "plugin_started",
        tsUs: this.nowUs,
        plugin,
        subscriber: 1,
        grant: { venues: ["*"], instruments: ["*"], data: ["quotes"], orders: "trade" },
        budget: looseBudget,
        onStop: "keep_positions",
      });
    }
    this.pass(1_000);
  }

  #carryOut(outputs: readonly EngineOutput[]): void {
    this.outputs.push(...outputs);
    for (const output of outputs) {
      if (output.kind === "adapter_request") this.paper.request(output.requestId, output.request, this.nowUs);
    }
  }

  price(price: number): void {
    this.#price = price;
  }

  /** 10 ms at a time: quote, what the venue says, tick. */
  pass(ms: number): void {
    for (let at = 0; at < ms; at += 10) {
      this.nowUs += 10_000;
      const [bid, ask] = [this.#price - 0.5, this.#price + 0.5];
      this.#sequence += 1;
      const tsMs = this.nowUs / 1000;
      const size = 1 + (this.#sequence % 2) / 1_000; // a market that lives: what was taken comes back
      this.engine.onQuote(0, bid, size, ask, size, this.#sequence, tsMs, this.nowUs, "stream");
      this.engine.onMark(0, this.#price, this.#price, NaN, NaN, this.#sequence, tsMs, this.nowUs);
      this.paper.onQuote(0, bid, size, ask, size, this.nowUs);
      for (const event of this.paper.advance(this.nowUs)) this.#carryOut(this.engine.handle(event));
      if (at % 100 === 0) this.#carryOut(this.engine.handle({ kind: "tick", tsUs: this.nowUs }));
    }
  }

  intent(changes: Parameters<typeof intentOf>[0]): void {
    this.#carryOut(this.engine.handle({ kind: "intent", tsUs: this.nowUs, intent: intentOf(changes) }));
  }

  cancelAll(plugin: typeof maker): void {
    this.#carryOut(
      this.engine.handle({ kind: "cancel_all_intent", tsUs: this.nowUs, plugin, instrument: undefined }),
    );
  }

  flattenAll(): void {
    const scope = { kind: "global" as const };
    this.#carryOut(
      this.engine.handle({
        kind: "operator",
        tsUs: this.nowUs,
        by: "test",
        command: { kind: "flatten", scope },
      }),
    );
  }
}

const anyStep = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("intent" as const),
      plugin: fc.constantFrom(maker, taker),
      side: fc.constantFrom("buy" as const, "sell" as const),
      lots: fc.integer({ min: 1, max: 1_200 }),
      offset: fc.integer({ min: -30, max: 30 }),
      style: fc.constantFrom("market" as const, "GTC" as const, "IOC" as const, "FOK" as const),
      reduceOnly: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("cancel" as const), plugin: fc.constantFrom(maker, taker) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("price" as const),
      price: fc.integer({ min: 49_900, max: 50_100 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.constantFrom(10, 40, 300) }),
  },
);

Deno.test("after any trading, engine and venue agree on positions and money; flattening ends flat", () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 40, size: "max" }), (steps) => {
      const run = new PaperRun();
      steps.forEach((step, at) => {
        if (step.kind === "price") run.price(step.price);
        else if (step.kind === "pass") run.pass(step.ms);
        else if (step.kind === "cancel") run.cancelAll(step.plugin);
        else {
          const { plugin, side, lots, offset, style, reduceOnly } = step;
          const pricing = style === "market" ? { kind: "market" as const, worstPriceTicks: undefined } : {
            kind: "limit" as const,
            limitPriceTicks: priceTicks(500_000 + offset * 10),
            timeInForce: style,
            postOnly: false,
          };
          run.intent({ plugin, ref: `s${at}`, side, sizeLots: sizeLots(lots), reduceOnly, pricing });
        }
      });
      run.cancelAll(maker);
      run.cancelAll(taker);
      run.pass(1_000);
      const snapshot = run.engine.snapshot(run.nowUs);
      assertEquals(snapshot.workingOrders, []);
      const ours = snapshot.positions.reduce((sum, position) => sum + position.positionLots, 0);
      run.pass(31_000); // over a comparison of positions
      const venue = run.engine.snapshot(run.nowUs).venues[0];
      assertEquals(venue?.venuePositions[0]?.positionLots ?? 0, ours);
      assertEquals(venue?.foreignPositions, []);
      // Two plugins' books and the venue's one average cost differ in what is realized, never in what flat is worth.
      run.flattenAll();
      run.pass(20_000);
      const flat = run.engine.snapshot(run.nowUs);
      const left = flat.positions.reduce((sum, position) => sum + position.positionLots, 0);
      assertEquals(left, 0);
      const made = flat.positions.reduce(
        (sum, { realizedPnl, feesPaid, costTicksLots }) =>
          sum + realizedPnl - feesPaid - costTicksLots * 10n ** 14n,
        0n,
      );
      assertEquals<bigint | undefined>(flat.venues[0]?.balances[0]?.total, parseMoney("1000000") + made);
      for (const output of run.outputs) {
        if (output.kind === "notice") assert(output.severity !== "critical", JSON.stringify(output));
      }
    }),
    { numRuns: 25 },
  );
});
