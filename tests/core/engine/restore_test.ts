import { assertEquals } from "@std/assert";
import { restoreOf } from "../../../core/engine/restore.ts";
import { parseMoney } from "../../../core/model/money.ts";
import { alpha, btcAt, EngineHarness, looseBudget, maker } from "../../support/engine_builders.ts";

const payment = {
  instrument: btcAt(alpha).id,
  paymentId: "p1",
  amount: parseMoney("2.5"),
  asset: "USDC",
  tsVenueMs: 0,
};

/** As the journal writes a body and gives it back. */
const stored = (body: unknown): unknown =>
  JSON.parse(
    JSON.stringify(body, (_key, value: unknown) => typeof value === "bigint" ? value.toString() : value),
  );

/** What a journal would have kept of a run. */
function keptOf(harness: EngineHarness) {
  const orders = new Map(harness.journal("order").map(({ order }) => [order.clientOrderId, order]));
  const positions = new Map(
    harness.journal("position").map((
      { position },
    ) => [`${position.plugin}/${position.instrument}`, position]),
  );
  const trades = new Map(harness.journal("round_trip").map(({ plugin, sums }) => [plugin, { plugin, sums }]));
  return {
    trades: [...trades.values()].map(stored),
    orders: [...orders.values()].map(stored),
    positions: [...positions.values()].map(stored),
    tradingStates: harness.journal("trading_state").map(stored),
    limits: harness.journal("limits").map(stored),
    marketLimits: harness.journal("market_limits").map(stored),
    baselines: harness.engine.checkpoint().baselines.map(stored),
    fills: harness.journal("fill").map(stored),
    funding: harness.journal("funding").map(stored),
    groups: [],
    exits: [],
    triggers: [],
  };
}

function someRun(): EngineHarness {
  const harness = EngineHarness.ready();
  harness.trade("buy", 30);
  harness.trade("sell", 30); // flat: a round trip
  harness.trade("buy", 20);
  harness.fill(harness.place(), 4);
  harness.price(alpha, 49_990);
  harness.pass(1_000);
  harness.handle({ kind: "funding_report", venue: alpha, payment });
  const scope = { kind: "plugin" as const, plugin: maker };
  harness.handle({
    kind: "operator",
    by: "cli",
    command: { kind: "set_state", scope, state: "reducing", reason: "a" },
  });
  return harness;
}

Deno.test("what the journal kept restores what a checkpoint would have", () => {
  const harness = someRun();
  const { restore, unreadable } = restoreOf(keptOf(harness));
  const checkpoint = harness.engine.checkpoint();
  assertEquals(unreadable, []);
  assertEquals(restore.workingOrders, checkpoint.workingOrders);
  assertEquals(restore.positions, checkpoint.positions);
  assertEquals(restore.bookedFills, checkpoint.bookedFills);
  assertEquals(restore.bookedFunding, checkpoint.bookedFunding);
  assertEquals(restore.lastFillMs, checkpoint.lastFillMs);
  assertEquals(restore.baselines, checkpoint.baselines);
  assertEquals(restore.states.filter(({ state }) => state !== "active"), [
    { scope: { kind: "plugin", plugin: maker }, state: "reducing", reason: "a" },
  ]);
});

Deno.test("a restored engine books no fill and no funding again that the venue still lists", () => {
  const before = someRun();
  const fills = before.journal("fill").map(({ fill }) => fill);
  const after = new EngineHarness();
  after.handle({ kind: "restore", restore: restoreOf(keptOf(before)).restore });
  after.listInstrument(btcAt(alpha));
  after.connect();
  after.reconcile(alpha, { fills });
  assertEquals(after.positionLots(), before.positionLots());
  after.handle({ kind: "funding_report", venue: alpha, payment });
  assertEquals([after.journal("fill"), after.journal("funding")], [[], []]);
});

Deno.test("a plugin that came before its instrument was listed is told what it holds when it is", () => {
  const before = someRun();
  const after = new EngineHarness();
  after.handle({ kind: "restore", restore: restoreOf(keptOf(before)).restore });
  after.handle({
    kind: "plugin_started",
    plugin: maker,
    subscriber: 1,
    grant: { venues: ["*"], instruments: ["*"], data: ["quotes"], orders: "trade" },
    budget: looseBudget,
    onStop: "keep_positions",
  });
  const told = (): readonly number[] =>
    after.outputs.flatMap((output) =>
      output.kind === "to_plugin" && output.message.type === "position" ? [output.message.positionLots] : []
    );
  assertEquals(told(), []);
  after.listInstrument(btcAt(alpha));
  after.handle({ kind: "tick" });
  assertEquals(told(), [before.positionLots()]);
});

Deno.test("a record that can't be read is named and left out, the others stay", () => {
  const kept = keptOf(someRun());
  const [order] = kept.orders;
  const broken = [
    { ...Object(order), sizeLots: 1.5 },
    { ...Object(order), clientOrderId: "not ours!" },
    { ...Object(order), filledTicksLots: 5 },
    null,
    "text",
  ];
  const { restore, unreadable } = restoreOf({ ...kept, orders: [...broken, ...kept.orders] });
  assertEquals(restore.workingOrders.length, 1);
  assertEquals(unreadable.map(({ kind }) => kind), broken.map(() => "orders"));
  assertEquals(unreadable[0]?.reason.startsWith("sizeLots"), true);
});
