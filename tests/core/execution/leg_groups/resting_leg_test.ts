/** A first leg that rests: 500 lots bid at 100 on alpha, 50 lots to be sold at 100.2 or better on beta. */
import { assertEquals } from "@std/assert";
import type { LegGroupTerms } from "../../../../core/model/leg_group.ts";
import { GroupModel } from "./group_model.ts";

const resting = (changes: Partial<LegGroupTerms> = {}): GroupModel =>
  new GroupModel({ mode: "maker_first", maxRestMs: 5_000, ...changes });
const maker = (model: GroupModel): string => model.group.orders[0]?.ref ?? "";
/** Leg and lots of every order so far. */
const sent = (model: GroupModel): readonly (readonly [number, number])[] =>
  model.sent.map(({ order }) => [order.leg, order.sizeLots]);
const cancels = (model: GroupModel): readonly string[] =>
  model.actions.flatMap((action) => (action.kind === "cancel" ? [action.why] : []));

/** A fill of the resting order, and what follows from it. */
function fill(model: GroupModel, lots: number): void {
  model.fill(maker(model), lots);
  model.look();
}

/** The hedge that works is filled by so many lots and ends. */
function settleHedge(model: GroupModel, lots: number): void {
  const hedge = model.working().find(({ leg }) => leg === 1);
  if (hedge === undefined) throw new Error("no hedge works");
  if (lots > 0) model.fill(hedge.ref, lots, 100.2);
  model.done(hedge.ref);
  model.look();
}

Deno.test("the first leg rests post-only; nothing else is sent before it fills", () => {
  const model = resting();
  model.pass(1_000);
  assertEquals(sent(model), [[0, 500]]);
  const { pricing } = model.sent[0]!;
  assertEquals(pricing.kind === "limit" && [pricing.timeInForce, pricing.postOnly], ["GTC", true]);
});

Deno.test("each fill is hedged by as many whole lots, while the rest goes on resting", () => {
  const model = resting();
  fill(model, 107);
  assertEquals(sent(model).slice(1), [[1, 10]]);
  settleHedge(model, 10);
  fill(model, 3); // 110 in all: one lot more
  assertEquals(sent(model).slice(1), [[1, 10], [1, 1]]);
  settleHedge(model, 1);
  fill(model, 390);
  model.done(maker(model));
  settleHedge(model, 39);
  assertEquals([model.group.phase.kind, model.held(), cancels(model)], ["open", [500, 50], []]);
});

Deno.test("fills that come while a hedge is out are hedged together by the next one", () => {
  const model = resting();
  fill(model, 100);
  fill(model, 50);
  fill(model, 50);
  assertEquals(sent(model).slice(1), [[1, 10]]);
  settleHedge(model, 10);
  assertEquals(sent(model).slice(1), [[1, 10], [1, 10]]);
});

Deno.test("what is less than the other venue takes waits for more, and not for ever", () => {
  const model = resting({ maxNakedMs: 1_000, maxRestMs: 60_000 });
  model.markets[1].minSizeLots = 5;
  fill(model, 40);
  assertEquals(sent(model).length, 1);
  model.pass(1_100);
  assertEquals(cancels(model), ["naked_too_long"]);
  model.done(maker(model));
  model.look();
  assertEquals(sent(model).slice(1), [[0, 40]]); // taken back
  model.settleOrder(40, 99.9);
  assertEquals(model.group.phase, { kind: "ended", outcome: "unwound" });
});

const ends = [
  {
    name: "the hedge's price is beyond its limit",
    expected: "edge_gone",
    arrange: (m: GroupModel) => void (m.markets[1].bid = 100.1),
  },
  {
    name: "the hedge has no price",
    expected: "edge_gone",
    arrange: (m: GroupModel) => void (m.markets[1].bid = NaN),
  },
  {
    name: "it has rested long enough",
    expected: "rested_long_enough",
    arrange: (m: GroupModel) => m.pass(5_000),
  },
  { name: "closing is asked for", expected: "close_asked", arrange: (m: GroupModel) => m.askClose() },
  {
    name: "its plugin is gone",
    expected: "plugin_gone",
    arrange: (m: GroupModel) => void (m.isAbandoned = true),
  },
] as const;
for (const { name, expected, arrange } of ends) {
  Deno.test(`it is cancelled when ${name}; without a fill that costs nothing`, () => {
    const model = resting();
    arrange(model);
    model.look();
    assertEquals(cancels(model), [expected]);
    model.pass(1_000);
    assertEquals(cancels(model).length, 1, "asked once");
    model.settleOrder(0);
    assertEquals(model.group.phase, { kind: "ended", outcome: "nothing_filled" });
    assertEquals(sent(model).length, 1);
  });
}

Deno.test("a cancel that brings nothing is asked for again", () => {
  const model = resting();
  model.markets[1].bid = 100;
  model.pass(4_500);
  assertEquals(cancels(model), ["edge_gone", "edge_gone", "edge_gone"]);
});

Deno.test("what fills while the cancel is on its way is hedged all the same", () => {
  const model = resting();
  model.pass(5_000);
  fill(model, 200);
  assertEquals(sent(model).slice(1), [[1, 20]]);
  settleHedge(model, 20);
  model.fill(maker(model), 100);
  model.done(maker(model));
  model.look();
  settleHedge(model, 10);
  assertEquals([model.group.phase.kind, model.held()], ["open", [300, 30]]);
});

Deno.test("a hedge that the gate refuses is not sent again: the rest is cancelled, what was filled taken back", () => {
  const model = resting();
  model.refuse = ({ order }) => (order.leg === 1 ? "final" : undefined);
  fill(model, 200);
  const submits = model.kinds().filter((kind) => kind === "submit").length;
  model.look();
  assertEquals([cancels(model), model.kinds().filter((kind) => kind === "submit").length], [
    ["hedge_missed"],
    submits,
  ]);
  model.done(maker(model));
  model.look();
  assertEquals(sent(model).at(-1), [0, 200]);
  model.settleOrder(200, 99.9);
  assertEquals(model.group.phase, { kind: "ended", outcome: "unwound" });
});

Deno.test("a missed hedge has the rest cancelled, and the leg is completed or taken back, never left alone", () => {
  const model = resting();
  fill(model, 200);
  model.markets[1].bid = 99;
  settleHedge(model, 5);
  assertEquals(cancels(model), ["hedge_missed"]);
  assertEquals(sent(model).length, 2, "not again at a price that is gone");
  model.done(maker(model));
  model.look();
  assertEquals(model.sent.at(-1)?.order.role, "unwind");
  assertEquals(sent(model).at(-1), [0, 150]);
  model.settleOrder(150, 99.9);
  assertEquals([model.group.phase.kind, model.held()], ["open", [50, 5]]);
});
