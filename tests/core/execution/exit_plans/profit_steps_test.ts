/** Taking profit in steps: what each closes, whatever fills do meanwhile. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  decideExit,
  type ExitAction,
  type ExitView,
  withExitOrderDone,
} from "../../../../core/execution/exit_plans/exit_decision.ts";
import { quietRange } from "../../../../core/execution/exit_plans/exit_levels.ts";
import {
  invalidSteps,
  lotsLeft,
  noSteps,
  withPosition,
} from "../../../../core/execution/exit_plans/profit_steps.ts";
import type { ExitPlan, ExitTerms, ProfitStep } from "../../../../core/model/exit_plan.ts";
import { instrumentId, pluginId } from "../../../../core/model/ids.ts";
import { increment } from "../../../../core/model/ticks.ts";

const step = (bps: number, share: number): ProfitStep => ({ bps, price: undefined, share });
/** A third at 1 %, a third at 2 %; the rest has a stop alone. */
const thirds = [step(100, 1 / 3), step(200, 1 / 3)];

/** A position from 100 and its plan, whose orders fill as the test says. */
class Stepped {
  nowUs = 0;
  plan: ExitPlan;
  readonly actions: ExitAction[] = [];

  constructor(steps: readonly ProfitStep[], public positionLots: number, terms: Partial<ExitTerms> = {}) {
    this.plan = {
      id: "p1",
      plugin: pluginId("maker"),
      instrument: instrumentId("alpha", "BTC-PERP"),
      terms: {
        stopLossBps: 100,
        stopPrice: undefined,
        takeProfitBps: undefined,
        takeProfitPrice: undefined,
        trailing: undefined,
        breakEven: undefined,
        maxHoldMs: undefined,
        wideSpread: undefined,
        exitCapBps: 20,
        takeProfitSteps: steps,
        ...terms,
      },
      entryRef: undefined,
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
  }

  look(price: number, changes: Partial<ExitView> = {}): void {
    this.nowUs += 10_000_000;
    const { plan, actions } = decideExit(this.plan, {
      nowUs: this.nowUs,
      positionLots: this.positionLots,
      entryPrice: 100,
      bidPrice: price - 0.01,
      askPrice: price + 0.01,
      steps: { tick: increment("0.01") },
      maxSizeLots: 0,
      isEntryDone: true,
      isFrozen: false,
      ...changes,
    });
    this.plan = plan;
    this.actions.push(...actions);
  }

  /** The newest order fills so much and is done. */
  filled(lots: number): void {
    const order = this.plan.orders.at(-1);
    assert(order !== undefined);
    this.positionLots -= Math.sign(this.positionLots) * lots;
    this.plan = withExitOrderDone(this.plan, order.ref);
  }

  get sizes(): readonly number[] {
    return this.actions.flatMap((action) => action.kind === "submit" ? [action.order.sizeLots] : []);
  }
}

Deno.test("each step closes its share when its price is reached, and the rest stays guarded", () => {
  for (const sign of [1, -1]) {
    const at = (favour: number): number => 100 + sign * favour;
    const run = new Stepped(thirds, sign * 30);
    run.look(at(0.5));
    assertEquals(run.sizes, []);
    run.look(at(1.02));
    assertEquals(run.sizes, [10]);
    run.filled(10);
    run.look(at(1.5));
    run.look(at(2.5));
    assertEquals(run.sizes, [10, 10]);
    run.filled(10);
    run.look(at(5));
    assertEquals([run.plan.phase.kind, run.plan.steps?.done], ["armed", 2]);
    run.look(at(-1.1));
    assertEquals([run.sizes, run.plan.phase.kind], [[10, 10, 10], "exiting"]);
    assertEquals(
      run.actions.filter(({ kind }) => kind !== "submit").map(({ kind }) => kind),
      ["armed", "step", "step", "fired"],
    );
  }
});

Deno.test("a step that filled in part goes on with what is left of it, whatever the price does", () => {
  const run = new Stepped(thirds, 30);
  run.look(101.02);
  run.filled(4);
  run.look(100.2);
  assertEquals(run.sizes, [10, 6]);
  run.filled(6);
  run.look(100.2);
  assertEquals([run.plan.steps?.done, run.plan.steps?.targetLots], [1, undefined]);
});

Deno.test("what fills later is shared out, too: before a step, and while one is taken", () => {
  const run = new Stepped(thirds, 12);
  run.look(100);
  run.positionLots = 30;
  run.look(101.02);
  assertEquals(run.sizes, [10]);
  run.positionLots += 15; // an entry, while the step's order is out
  run.look(101.02);
  run.filled(10);
  run.look(101.02); // the step is done with its ten: 35 are left of 45
  run.look(102.02);
  assertEquals(run.sizes, [10, 15]);
});

Deno.test("what others close is none of a step's: it closes its share of what was built up, at most what is held", () => {
  const run = new Stepped(thirds, 30);
  run.look(100);
  run.positionLots = 15;
  run.look(101.02);
  assertEquals(run.sizes, [10]);
  run.filled(10);
  run.look(101.02);
  run.look(102.02);
  assertEquals([run.sizes, run.plan.phase.kind], [[10, 5], "exiting"]); // all that is left
});

Deno.test("a rest below the venue's smallest order goes with the step, and a whole share is a whole exit", () => {
  const run = new Stepped([step(100, 0.9)], 10);
  run.look(100);
  run.look(101.02, { minSizeLots: 2 });
  assertEquals([run.sizes, run.plan.phase.kind], [[10], "exiting"]);
  const whole = new Stepped([step(100, 1)], 10);
  whole.look(101.02);
  assertEquals([whole.sizes, whole.plan.phase.kind], [[10], "exiting"]);
});

Deno.test("a jump over two prices takes one step after the other; a stop comes before any", () => {
  const run = new Stepped(thirds, 30);
  run.look(103);
  run.filled(10);
  run.look(103);
  run.look(103);
  assertEquals(run.sizes, [10, 10]);
  const stopped = new Stepped(thirds, 30, { stopLossBps: undefined, stopPrice: 102.5 });
  stopped.look(102);
  assertEquals([stopped.sizes, stopped.plan.phase.kind], [[30], "exiting"]);
});

Deno.test("a wide spread defers a step; a halt of the host sends none", () => {
  const run = new Stepped(thirds, 30, { wideSpread: { maxSpreadBps: 5, maxDeferMs: 15_000 } });
  const wide = { bidPrice: 101.5, askPrice: 102 };
  run.look(0, wide);
  assertEquals(run.sizes, []);
  run.look(0, wide);
  run.look(0, wide);
  assertEquals(run.sizes, [10]);
  const frozen = new Stepped(thirds, 30);
  frozen.look(101.02, { isFrozen: true });
  assertEquals(frozen.sizes, []);
  frozen.look(101.02);
  assertEquals(frozen.sizes, [10]);
});

Deno.test("the next step's price ends the range in which no quote is looked at", () => {
  const run = new Stepped(thirds, 30);
  run.look(100);
  assertEquals(quietRange(run.plan, "long", 100).highPrice, 101);
  run.look(101.02);
  run.filled(10);
  run.look(101.02);
  assertEquals(quietRange(run.plan, "long", 100), { lowPrice: 99, highPrice: 102 });
});

const faults: readonly (readonly [name: string, steps: readonly ProfitStep[], field: string | undefined])[] =
  [
    ["none", [], "takeProfitSteps"],
    ["eleven", Array.from({ length: 11 }, () => step(10, 0.05)), "takeProfitSteps"],
    ["neither bps nor price", [{ bps: undefined, price: undefined, share: 0.5 }], "takeProfitSteps[0]"],
    ["both", [{ bps: 10, price: 100, share: 0.5 }], "takeProfitSteps[0]"],
    ["a distance of NaN", [step(10, 0.5), step(NaN, 0.5)], "takeProfitSteps[1]"],
    ["a share of nothing", [step(10, 0)], "takeProfitSteps[0].share"],
    ["a share of NaN", [step(10, NaN)], "takeProfitSteps[0].share"],
    ["more than all", [step(10, 0.6), step(20, 0.5)], "takeProfitSteps"],
    ["three thirds", [step(10, 1 / 3), step(20, 1 / 3), step(30, 1 / 3)], undefined],
  ];
for (const [name, steps, field] of faults) {
  Deno.test(`invalidSteps() ${field === undefined ? "takes" : "refuses"} ${name}`, () =>
    assertEquals(invalidSteps(steps)?.field, field));
}

Deno.test("however a position grows and shrinks, what a step leaves is never negative nor more than is held", () =>
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 1_000 }), { minLength: 1, maxLength: 20 }),
      fc.double({ min: 0.001, max: 1, noNaN: true }),
      fc.integer({ min: 1, max: 50 }),
      (sizes, share, minSizeLots) => {
        const progress = sizes.reduce(withPosition, noSteps);
        const left = lotsLeft(share, progress, minSizeLots);
        assert(left === 0 || (left >= minSizeLots && left < progress.seenLots));
        assert(progress.fullLots >= progress.seenLots);
      },
    ),
  ));
