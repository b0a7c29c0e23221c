import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { worsenedTicks } from "../../../../core/execution/leg_groups/repair_choice.ts";
import { legModes } from "../../../../core/model/leg_group.ts";
import { increment, priceTicks } from "../../../../core/model/ticks.ts";
import { GroupModel, type Sent } from "./group_model.ts";

const roles = (model: GroupModel): readonly string[] => model.sent.map(({ order }) => order.role);
const last = (model: GroupModel): Sent => model.sent[model.sent.length - 1]!;

Deno.test("sequential: the second leg is sized by what the first one really filled", () => {
  const model = new GroupModel();
  assertEquals(model.sent.map(({ order: { leg, sizeLots } }) => [leg, sizeLots]), [[0, 500]]);
  model.settleOrder(230);
  assertEquals([last(model).order.leg, last(model).order.sizeLots], [1, 23]);
  model.settleOrder(23, 100.2);
  assertEquals([model.group.phase, model.held()], [{ kind: "open" }, [230, 23]]);
});

Deno.test("a first leg that is missed costs nothing", () => {
  const model = new GroupModel();
  model.settleOrder(0);
  assertEquals(model.group.phase, { kind: "ended", outcome: "nothing_filled" });
  assertEquals(model.sent.length, 1);
});

Deno.test("together: both legs are sent at once, and what one lacks is completed", () => {
  const model = new GroupModel({ mode: "together" });
  assertEquals(model.sent.map(({ order: { leg, sizeLots } }) => [leg, sizeLots]), [[0, 500], [1, 50]]);
  model.settleOrder(500);
  assertEquals(model.sent.length, 2); // the other works still
  model.settleOrder(30, 100.2);
  assertEquals([roles(model).at(-1), last(model).order.sizeLots, last(model).reduceOnly], [
    "complete",
    20,
    false,
  ]);
  model.settleOrder(20, 100.2);
  assertEquals(model.group.phase.kind, "open");
});

const choices: readonly {
  readonly name: string;
  /** Bid and ask of both venues when the second leg was missed; the first was bought at 100. */
  readonly markets: readonly [readonly [number, number], readonly [number, number]];
  readonly expected: "complete" | "unwind";
}[] = [
  { name: "the edge is still there", markets: [[99.9, 100], [100.2, 100.3]], expected: "complete" },
  {
    name: "completing costs a little more than unwinding",
    markets: [[99.99, 100], [100, 100.1]],
    expected: "complete",
  },
  { name: "the edge is gone and more", markets: [[99.99, 100], [99.8, 99.9]], expected: "unwind" },
  { name: "unwinding would be worse still", markets: [[99.2, 99.3], [99.8, 99.9]], expected: "complete" },
  { name: "no price on the lagging venue", markets: [[99.9, 100], [NaN, NaN]], expected: "unwind" },
];
for (const { name, markets, expected } of choices) {
  Deno.test(`the lagging leg, ${name}: ${expected}`, () => {
    const model = new GroupModel();
    model.settleOrder(500);
    for (const leg of [0, 1] as const) [model.markets[leg].bid, model.markets[leg].ask] = markets[leg];
    model.settleOrder(0);
    assertEquals(roles(model).at(-1), expected);
  });
}

Deno.test("a completing order reaches exactly as far as the bound allows", () => {
  const model = new GroupModel({ completeWithinBps: 4 });
  model.markets[0].bid = 100; // unwinding costs the fee alone: 2 bps
  model.markets[1].bid = 100.05;
  model.settleOrder(500);
  model.settleOrder(0);
  // Completed: 5 bps of edge less 2 × 2 + 2 of fees is −1; unwound −2; with 4 to spare that leaves 5 bps of reach.
  assertEquals(last(model).order.role, "complete");
  assertEquals(last(model).pricing, {
    kind: "limit",
    limitPriceTicks: priceTicks(1_000),
    timeInForce: "IOC",
    postOnly: false,
  });
});

Deno.test("a leg alone for too long is only taken back, by the gate's widest price, and somebody is told", () => {
  const model = new GroupModel({ maxNakedMs: 500 });
  model.settleOrder(500);
  assertEquals(model.kinds().includes("naked_too_long"), false);
  model.pass(600); // the second leg's answer stays out
  assertEquals(model.kinds().filter((kind) => kind === "naked_too_long").length, 1);
  model.settleOrder(0);
  assertEquals([roles(model).at(-1), last(model).pricing.kind], ["unwind", "market"]);
  model.settleOrder(500, 99.9);
  assertEquals(model.group.phase, { kind: "ended", outcome: "unwound" });
});

Deno.test("what the gate will not let complete is taken back at once", () => {
  const model = new GroupModel();
  model.settleOrder(500);
  model.refuse = ({ order }) => (order.role === "complete" ? "final" : undefined);
  model.settleOrder(0);
  model.look();
  assertEquals(roles(model).at(-1), "unwind");
});

Deno.test("attempts without effect are bounded; then it is halted until an operator lifts it", () => {
  const model = new GroupModel({}, { maxAttempts: 4 });
  model.settleOrder(500);
  model.settleOrder(0);
  for (let round = 0; round < 100 && model.group.phase.kind !== "halted"; round++) {
    if (model.working().length > 0) model.settleOrder(0);
    model.pass(500);
  }
  assertEquals(model.group.phase.kind, "halted");
  assertEquals(model.kinds().at(-1), "halt");
  const sent = model.sent.length;
  assertEquals(sent, 2 + 4);
  model.pass(60_000);
  assertEquals(model.sent.length, sent);
  model.isPluginHalted = false;
  model.look();
  assertEquals([model.kinds().at(-2), roles(model).at(-1)], ["resumed", "unwind"]);
  model.settleOrder(500, 99);
  assertEquals(model.group.phase, { kind: "ended", outcome: "unwound" });
});

Deno.test("refusals for passing reasons are no attempts", () => {
  const model = new GroupModel({}, { maxAttempts: 3 });
  model.settleOrder(500);
  model.refuse = () => "wait";
  model.settleOrder(0);
  model.pass(120_000);
  assertEquals([model.group.phase.kind, model.sent.length], ["repairing", 2]);
  model.refuse = () => undefined;
  model.pass(1_000);
  assertEquals(roles(model).at(-1), "unwind");
});

Deno.test("closing sends both legs at once, reduce-only, and tries again what is left", () => {
  const model = new GroupModel();
  model.settleOrder(500);
  model.settleOrder(50, 100.2);
  model.askClose("converged");
  const closing = model.sent.slice(2);
  assertEquals(
    closing.map(({ order: { leg, side, sizeLots }, reduceOnly }) => [leg, side, sizeLots, reduceOnly]),
    [
      [0, "sell", 500, true],
      [1, "buy", 50, true],
    ],
  );
  model.settleOrder(500);
  model.settleOrder(20);
  assertEquals(model.group.phase.kind, "closing");
  model.pass(1_000);
  assertEquals([last(model).order.leg, last(model).order.sizeLots], [1, 30]);
  model.settleOrder(30);
  assertEquals(model.group.phase, { kind: "ended", outcome: "closed" });
});

Deno.test("closing that is asked for while it opens takes back what was filled", () => {
  const model = new GroupModel();
  model.askClose("stopping");
  assertEquals(model.sent.length, 1); // the first order still works
  model.settleOrder(100);
  assertEquals([roles(model).at(-1), last(model).order.sizeLots], ["close", 100]);
  model.settleOrder(100);
  assertEquals(model.group.phase, { kind: "ended", outcome: "unwound" });
});

Deno.test("a fill after the end is made even all the same", () => {
  const model = new GroupModel();
  const [first] = model.working();
  model.settleOrder(0);
  assertEquals(model.group.phase.kind, "ended");
  model.fill(first!.ref, 40); // the cancel had been confirmed, and it filled
  model.look();
  assertEquals(model.group.phase.kind, "repairing");
  model.settleOrder(last(model).order.sizeLots, 100.1);
  assert(model.group.phase.kind === "open" || model.isFlat());
});

Deno.test("what other orders closed is adopted: the other leg follows", () => {
  const model = new GroupModel();
  model.settleOrder(500);
  model.settleOrder(50, 100.2);
  model.markets[0].availableLots = 0; // an operator flattened alpha
  model.markets[1].availableLots = 50;
  model.look();
  assertEquals([roles(model).at(-1), last(model).order.leg, last(model).order.sizeLots], ["unwind", 1, 50]);
  model.settleOrder(50);
  assertEquals(model.group.phase, { kind: "ended", outcome: "closed_elsewhere" });
});

Deno.test("while the whole host is halted nothing is sent; what ends meanwhile ends", () => {
  const model = new GroupModel();
  model.isFrozen = true;
  model.settleOrder(500);
  model.pass(10_000);
  assertEquals(model.sent.length, 1);
  model.markets[0].availableLots = 0;
  model.look();
  assertEquals(model.group.phase, { kind: "ended", outcome: "closed_elsewhere" });
});

Deno.test("the host closes a group that is older than its maximum hold", () => {
  const model = new GroupModel({ maxHoldMs: 5_000 });
  model.settleOrder(500);
  model.settleOrder(50, 100.2);
  model.pass(4_000);
  assertEquals(model.group.phase.kind, "open");
  model.pass(1_100);
  assertEquals([model.group.phase.kind, model.group.closeReason], ["closing", "maximum hold"]);
});

/** One turn of a hostile but in the end honest venue. */
type Turn =
  | { readonly kind: "settle" | "part"; readonly share: number; readonly which: number }
  | { readonly kind: "late"; readonly lots: number; readonly which: number }
  | { readonly kind: "market"; readonly leg: 0 | 1; readonly mid: number; readonly isGone: boolean }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "refuse"; readonly how: "wait" | "final" | undefined }
  | { readonly kind: "close" };

const anyTurn: fc.Arbitrary<Turn> = fc.oneof(
  fc.record({
    kind: fc.constant("settle" as const),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    which: fc.nat(3),
  }),
  fc.record({
    kind: fc.constant("part" as const),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    which: fc.nat(3),
  }),
  fc.record({ kind: fc.constant("late" as const), lots: fc.integer({ min: 1, max: 60 }), which: fc.nat(9) }),
  fc.record({
    kind: fc.constant("market" as const),
    leg: fc.constantFrom(0 as const, 1 as const),
    mid: fc.integer({ min: 970, max: 1_030 }),
    isGone: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("pass" as const), ms: fc.constantFrom(50, 300, 2_000) }),
  fc.record({
    kind: fc.constant("refuse" as const),
    how: fc.constantFrom("wait" as const, "final" as const, undefined),
  }),
  fc.constant({ kind: "close" as const }),
);

Deno.test("whatever venue and gate do, a leg never passes its bounds and the group comes to an end", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...legModes),
      fc.array(anyTurn, { maxLength: 40, size: "max" }),
      (mode, turns) => {
        const model = new GroupModel({ mode });
        for (const turn of turns) play(model, turn);
        // The venue becomes honest: everything fills, prices are there, the operator lifts halts.
        model.refuse = () => undefined;
        for (const market of model.markets) [market.bid, market.ask] = [99.9, 100];
        model.askClose("end of test");
        for (let round = 0; round < 200 && model.group.phase.kind !== "ended"; round++) {
          for (const order of model.working()) {
            const room = Math.max(0, order.sizeLots - order.filledLots);
            if (room > 0) model.fill(order.ref, room);
            model.done(order.ref);
          }
          model.isPluginHalted = false;
          model.pass(500);
        }
        assertEquals(model.group.phase.kind, "ended");
        assert(model.isFlat(), JSON.stringify(model.held()));
        const totalLimit = 2 + model.limits.maxTotalAttempts * 2 * (turns.length + 2);
        assertLessOrEqual(model.sent.length, totalLimit);
      },
    ),
    { numRuns: 300 },
  );
});

function play(model: GroupModel, turn: Turn): void {
  switch (turn.kind) {
    case "settle":
    case "part": {
      const working = model.working();
      const order = working[turn.which % Math.max(1, working.length)];
      if (order === undefined) return model.look();
      const room = order.sizeLots - order.filledLots;
      const lots = Math.floor(room * turn.share);
      if (lots > 0) model.fill(order.ref, lots);
      if (turn.kind === "settle") model.done(order.ref);
      return model.look();
    }
    case "late": {
      const ended = model.group.orders.filter(({ isDone, filledLots, sizeLots }) =>
        isDone && filledLots < sizeLots
      );
      const order = ended[turn.which % Math.max(1, ended.length)];
      if (order !== undefined) model.fill(order.ref, Math.min(turn.lots, order.sizeLots - order.filledLots));
      return model.look();
    }
    case "market":
      [model.markets[turn.leg].bid, model.markets[turn.leg].ask] = turn.isGone
        ? [NaN, NaN]
        : [(turn.mid - 1) / 10, turn.mid / 10];
      return model.look();
    case "pass":
      return model.pass(turn.ms);
    case "refuse":
      model.refuse = () => turn.how;
      return model.look();
    case "close":
      return model.askClose();
    default:
      turn satisfies never;
  }
}

Deno.test("a first leg too small for a lot of the second is taken back, not hedged by nothing", () => {
  const model = new GroupModel();
  model.settleOrder(5);
  assertEquals([roles(model), last(model).order.sizeLots], [["open", "unwind"], 5]);
  assert(model.sent.every(({ order }) => order.sizeLots > 0));
});

Deno.test("what is missing by exactly the smallest order is completed, though the other side is too small to take back", () => {
  const model = new GroupModel();
  model.markets[0].minSizeLots = 20;
  model.settleOrder(500);
  model.settleOrder(49, 100.2);
  assertEquals([last(model).order.role, last(model).order.leg, last(model).order.sizeLots], [
    "complete",
    1,
    1,
  ]);
});

Deno.test("attempts that each do a little are bounded in all", () => {
  const model = new GroupModel({}, { maxAttempts: 3, maxTotalAttempts: 5 });
  model.settleOrder(500);
  model.settleOrder(0);
  for (let round = 0; round < 50 && model.group.phase.kind !== "halted"; round++) {
    if (model.working().length > 0) model.settleOrder(1);
    model.pass(500);
  }
  assertEquals([model.group.phase.kind, model.sent.length], ["halted", 2 + 5]);
});

Deno.test("a repair is sent at a price that its venue has, within its bound", () => {
  const steps = { tick: increment("0.1"), maxPriceFigures: 5 };
  assertEquals(worsenedTicks("buy", 12_340, 10, steps), 123_520); // 12,352.34
  assertEquals(worsenedTicks("sell", 12_340, 10, steps), 123_280); // 12,327.66
  assertEquals(worsenedTicks("sell", 12_340, 10, { tick: increment("0.1") }), 123_277);
});
