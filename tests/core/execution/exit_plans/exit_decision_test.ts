import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  decideExit,
  type ExitAction,
  type ExitView,
  withExitOrderDone,
  withExitRefused,
} from "../../../../core/execution/exit_plans/exit_decision.ts";
import { exitLevels, quietRange } from "../../../../core/execution/exit_plans/exit_levels.ts";
import type { ExitPlan, ExitTerms } from "../../../../core/model/exit_plan.ts";
import { instrumentId, pluginId } from "../../../../core/model/ids.ts";
import { increment, priceTicks } from "../../../../core/model/ticks.ts";

const none: ExitTerms = {
  stopLossBps: undefined,
  stopPrice: undefined,
  takeProfitBps: undefined,
  takeProfitPrice: undefined,
  trailing: undefined,
  breakEven: undefined,
  maxHoldMs: undefined,
  wideSpread: undefined,
  exitCapBps: 20,
};

/** A plan over a position from 100 that starts with a spread of 2 bps around it. */
class Guarded {
  nowUs = 1_000_000;
  plan: ExitPlan;
  positionLots: number;
  entryPrice = 100;
  bid = 99.99;
  ask = 100.01;
  isFrozen = false;
  isEntryDone = false;
  maxPriceFigures: number | undefined = undefined;
  readonly actions: ExitAction[] = [];

  constructor(terms: Partial<ExitTerms>, positionLots = 10, entryRef?: string) {
    this.positionLots = positionLots;
    this.plan = {
      id: "p1",
      plugin: pluginId("maker"),
      instrument: instrumentId("alpha", "BTC-PERP"),
      terms: { ...none, ...terms },
      entryRef,
      phase: { kind: "waiting" },
      direction: undefined,
      bestPrice: NaN,
      isTrailing: false,
      isBreakEven: false,
      tsArmedUs: undefined,
      deferredSinceUs: undefined,
      orders: [],
      nextSerial: 1,
      attempts: 0,
      lastLots: 0,
      nextAttemptUs: 0,
      tsCreatedUs: 0,
    };
    this.look();
  }

  view(): ExitView {
    return {
      nowUs: this.nowUs,
      positionLots: this.positionLots,
      entryPrice: this.positionLots === 0 ? NaN : this.entryPrice,
      bidPrice: this.bid,
      askPrice: this.ask,
      steps: { tick: increment("0.01"), maxPriceFigures: this.maxPriceFigures },
      maxSizeLots: 0,
      isEntryDone: this.isEntryDone,
      isFrozen: this.isFrozen,
    };
  }

  look(): void {
    const { plan, actions } = decideExit(this.plan, this.view());
    this.plan = plan;
    this.actions.push(...actions);
  }

  /** A quote with a spread of 2 bps whose closing side, for this position, is `price`. */
  price(price: number): void {
    if (this.positionLots < 0) [this.bid, this.ask] = [price - 0.02, price];
    else [this.bid, this.ask] = [price, price + 0.02];
    this.look();
  }

  pass(ms: number): void {
    this.nowUs += ms * 1000;
    this.look();
  }

  /** What fired, undefined for nothing. */
  get trigger(): string | undefined {
    const { phase } = this.plan;
    return phase.kind === "exiting" ? phase.trigger : undefined;
  }

  submits() {
    return this.actions.filter((action) => action.kind === "submit");
  }
}

const table: readonly {
  readonly name: string;
  readonly terms: Partial<ExitTerms>;
  /** Closing prices one after another; the position is from 100. */
  readonly long: readonly number[];
  readonly fires: string | undefined;
}[] = [
  {
    name: "a stop a hair before its price",
    terms: { stopLossBps: 50 },
    long: [99.6, 99.501],
    fires: undefined,
  },
  { name: "a stop at its price", terms: { stopLossBps: 50 }, long: [99.5], fires: "stop_loss" },
  {
    name: "a stop by price, nearer than by distance",
    terms: { stopLossBps: 50, stopPrice: 99.8 },
    long: [99.8],
    fires: "stop_loss",
  },
  { name: "a profit at its price", terms: { takeProfitBps: 80 }, long: [100.7, 100.8], fires: "take_profit" },
  { name: "a profit not reached", terms: { takeProfitBps: 80 }, long: [100.79], fires: undefined },
  {
    name: "trailing before it is active",
    terms: { trailing: { activationBps: 30, distanceBps: 10 } },
    long: [100.2, 99.9, 99],
    fires: undefined,
  },
  {
    name: "trailing from its best",
    terms: { trailing: { activationBps: 30, distanceBps: 10 } },
    long: [100.3, 100.5, 100.41, 100.39],
    fires: "trailing",
  },
  {
    name: "trailing that holds",
    terms: { trailing: { activationBps: 30, distanceBps: 10 } },
    long: [100.3, 100.5, 100.41, 100.45],
    fires: undefined,
  },
  {
    name: "break-even before it is active",
    terms: { breakEven: { activationBps: 40, offsetBps: 5 } },
    long: [100.3, 100],
    fires: undefined,
  },
  {
    name: "break-even once active",
    terms: { breakEven: { activationBps: 40, offsetBps: 5 } },
    long: [100.4, 100.06, 100.05],
    fires: "break_even",
  },
  {
    name: "a stop before a profit when a gap reaches neither alone",
    terms: { stopLossBps: 50, takeProfitBps: 80 },
    long: [99],
    fires: "stop_loss",
  },
  {
    name: "trailing tighter than the stop",
    terms: { stopLossBps: 50, trailing: { activationBps: 10, distanceBps: 10 } },
    long: [100.2, 100],
    fires: "trailing",
  },
];
for (const { name, terms, long, fires } of table) {
  Deno.test(`a long position, ${name}: ${fires ?? "holds"}`, () => {
    const guarded = new Guarded(terms);
    for (const price of long) guarded.price(price);
    assertEquals(guarded.trigger, fires);
  });
  Deno.test(`a short position mirrors it, ${name}: ${fires ?? "holds"}`, () => {
    const { stopPrice } = terms;
    const mirrored = stopPrice === undefined ? terms : { ...terms, stopPrice: 200 - stopPrice };
    const guarded = new Guarded(mirrored, -10);
    for (const price of long) guarded.price(200 - price);
    assertEquals(guarded.trigger, fires);
  });
}

Deno.test("it is armed by the first fill, and follows the position's size", () => {
  const guarded = new Guarded({ stopLossBps: 50 }, 0, "e1");
  assertEquals(guarded.plan.phase.kind, "waiting");
  guarded.positionLots = 3;
  guarded.look();
  assertEquals([guarded.plan.phase.kind, guarded.plan.direction, guarded.plan.tsArmedUs], [
    "armed",
    "long",
    guarded.nowUs,
  ]);
  guarded.positionLots = 8;
  guarded.price(99.4);
  assertEquals(guarded.submits().map(({ side, order }) => [side, order.sizeLots]), [["sell", 8]]);
});

Deno.test("without a fill of the order it came with it ends", () => {
  const guarded = new Guarded({ stopLossBps: 50 }, 0, "e1");
  guarded.isEntryDone = true;
  guarded.look();
  assertEquals(guarded.plan.phase, { kind: "ended", why: "never_filled" });
});

Deno.test("what fills after it fired is closed too; it ends when the position is gone", () => {
  const guarded = new Guarded({ stopLossBps: 50 });
  guarded.price(99);
  const [first] = guarded.submits();
  guarded.positionLots = 4; // 6 of 10 were sold, and the price came back
  guarded.plan = withExitOrderDone(guarded.plan, first!.order.ref);
  guarded.price(100.5);
  assertEquals(guarded.submits().map(({ order }) => order.sizeLots), [10, 4]);
  guarded.positionLots = 0;
  guarded.plan = withExitOrderDone(guarded.plan, guarded.submits()[1]!.order.ref);
  guarded.look();
  assertEquals(guarded.plan.phase, { kind: "ended", why: "stop_loss" });
});

Deno.test("a position that others closed ends it; one that went through zero arms it anew", () => {
  const closed = new Guarded({ stopLossBps: 50 });
  closed.positionLots = 0;
  closed.look();
  assertEquals(closed.plan.phase, { kind: "ended", why: "closed" });
  const turned = new Guarded({ stopLossBps: 50 });
  turned.pass(1_000);
  turned.positionLots = -5;
  turned.price(100);
  assertEquals([turned.plan.direction, turned.plan.tsArmedUs], ["short", turned.nowUs]);
});

Deno.test("after its maximum hold it closes, even without a quote", () => {
  const guarded = new Guarded({ maxHoldMs: 60_000 });
  guarded.pass(59_000);
  assertEquals(guarded.trigger, undefined);
  [guarded.bid, guarded.ask] = [NaN, NaN];
  guarded.pass(1_000);
  assertEquals([guarded.trigger, guarded.submits()[0]?.pricing.kind], ["max_hold", "market"]);
});

Deno.test("a wide spread defers every exit but a stop loss, for a bounded time", () => {
  const wideSpread = { maxSpreadBps: 20, maxDeferMs: 10_000 };
  const profit = new Guarded({ takeProfitBps: 50, wideSpread });
  [profit.bid, profit.ask] = [100.6, 101.6];
  profit.look();
  assertEquals(profit.trigger, undefined);
  profit.pass(9_900);
  assertEquals(profit.trigger, undefined);
  profit.pass(100);
  assertEquals(profit.trigger, "take_profit");
  const narrowed = new Guarded({ takeProfitBps: 50, wideSpread });
  [narrowed.bid, narrowed.ask] = [100.6, 101.6];
  narrowed.look();
  narrowed.price(100.6);
  assertEquals(narrowed.trigger, "take_profit");
  const stop = new Guarded({ stopLossBps: 50, wideSpread });
  [stop.bid, stop.ask] = [99, 101];
  stop.look();
  assertEquals(stop.trigger, "stop_loss");
});

Deno.test("closing orders reach further at each attempt, then are left to the gate; pauses grow, trying does not end", () => {
  const guarded = new Guarded({ stopLossBps: 50, exitCapBps: 20 });
  guarded.price(99);
  const done = (): void => {
    for (const { ref } of guarded.plan.orders) guarded.plan = withExitOrderDone(guarded.plan, ref);
  };
  for (let round = 0; round < 400; round++) {
    done();
    guarded.pass(100);
  }
  const submits = guarded.submits();
  const limits = submits.map((
    { pricing },
  ) => (pricing.kind === "limit" ? pricing.limitPriceTicks / 100 : "market"));
  assertEquals(limits.slice(0, 4), [98.81, 98.61, "market", "market"]);
  assertEquals(guarded.actions.filter(({ kind }) => kind === "failing").length, 1);
  assert(submits.length > 8 && submits.length < 20, String(submits.length));
});

Deno.test("a closing order is sent at a price that the venue has, within its bound", () => {
  for (const [figures, expected] of [[undefined, 9_797], [3, 9_800], [4, 9_797]] as const) {
    const plan = new Guarded({ stopLossBps: 100 });
    plan.maxPriceFigures = figures;
    plan.price(98.16); // 20 bps below it: 97.96368
    const [order] = plan.actions.filter((action) => action.kind === "submit");
    assertEquals(
      order?.kind === "submit" && order.pricing.kind === "limit" && order.pricing.limitPriceTicks,
      priceTicks(expected),
    );
  }
});

Deno.test("a refusal that passes is no attempt", () => {
  const guarded = new Guarded({ stopLossBps: 50 });
  guarded.price(99);
  const [first] = guarded.submits();
  guarded.plan = withExitRefused(guarded.plan, first!.order.ref, true, guarded.nowUs);
  assertEquals([guarded.plan.attempts, guarded.plan.orders], [0, []]);
  guarded.pass(100);
  assertEquals(guarded.submits().length, 1);
  guarded.pass(100);
  assertEquals(guarded.submits().length, 2);
});

Deno.test("while the whole host is halted nothing is sent", () => {
  const guarded = new Guarded({ stopLossBps: 50 });
  guarded.isFrozen = true;
  guarded.price(99);
  assertEquals([guarded.trigger, guarded.submits()], ["stop_loss", []]);
  guarded.isFrozen = false;
  guarded.look();
  assertEquals(guarded.submits().length, 1);
});

const anyTerms = fc.record({
  stopLossBps: fc.option(fc.integer({ min: 5, max: 200 }), { nil: undefined }),
  takeProfitBps: fc.option(fc.integer({ min: 5, max: 200 }), { nil: undefined }),
  trailing: fc.option(
    fc.record({
      activationBps: fc.integer({ min: 0, max: 100 }),
      distanceBps: fc.integer({ min: 1, max: 100 }),
    }),
    { nil: undefined },
  ),
  breakEven: fc.option(
    fc.record({
      activationBps: fc.integer({ min: 20, max: 100 }),
      offsetBps: fc.integer({ min: 0, max: 15 }),
    }),
    { nil: undefined },
  ),
});
const walk = fc.array(fc.integer({ min: -60, max: 60 }), { minLength: 1, maxLength: 60 });

Deno.test("a protective stop never moves against the position, and quiet ranges hide nothing", () => {
  fc.assert(
    fc.property(anyTerms, fc.constantFrom(10, -10), walk, (terms, lots, steps) => {
      const always = new Guarded(terms, lots);
      const onlyWhenDue = new Guarded(terms, lots);
      const sign = Math.sign(lots);
      let price = 100;
      let stop = -Infinity;
      for (const step of steps) {
        price *= 1 + step / 10_000;
        always.price(price);
        const { direction, phase } = always.plan;
        assert(direction !== undefined);
        if (phase.kind === "armed") {
          const level = exitLevels(always.plan.terms, always.plan, direction, 100).stop;
          const height = level === undefined ? -Infinity : sign * level.price;
          assert(height >= stop - 1e-9, "the stop went back");
          stop = height;
        }
        // The same prices, looked at only when they leave the range: the same exit at the same price.
        const { lowPrice, highPrice } = quietRange(onlyWhenDue.plan, direction, 100);
        if (price <= lowPrice || price >= highPrice) onlyWhenDue.price(price);
        const [one, other] = [always.plan.phase, onlyWhenDue.plan.phase];
        const { trailing } = terms;
        if (trailing === undefined || !always.plan.isTrailing) assertEquals(other.kind, one.kind);
        else if (one.kind !== other.kind) {
          // Trailing follows in steps of a bps of the price, so it may be late by that much and no more.
          const lag = Math.abs(always.plan.bestPrice - onlyWhenDue.plan.bestPrice) / always.plan.bestPrice;
          assert(lag <= 1.01e-4, `${lag}`);
          return;
        }
        if (one.kind === "exiting" && other.kind === "exiting") {
          return assertAlmostEquals(one.price, other.price, 1e-9);
        }
      }
    }),
    { numRuns: 500 },
  );
});
