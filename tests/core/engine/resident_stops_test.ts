/** Stops at the venue behind exit plans, in the whole engine: placed, followed, kept through halts, gone with the position. */
import { assert, assertEquals } from "@std/assert";
import type { EngineRestore } from "../../../core/engine/events.ts";
import type { VenuePosition } from "../../../core/model/account.ts";
import type { ExitTerms } from "../../../core/model/exit_plan.ts";
import { isFinalStatus, isResidentStop, type Order } from "../../../core/model/order.ts";
import { priceTicks, sizeLots } from "../../../core/model/ticks.ts";
import { alpha, btcAt, EngineHarness, maker, taker } from "../../support/engine_builders.ts";

const btc = btcAt(alpha).id;
const exits: ExitTerms = {
  stopLossBps: 100,
  stopPrice: undefined,
  takeProfitBps: undefined,
  takeProfitPrice: undefined,
  trailing: undefined,
  breakEven: undefined,
  maxHoldMs: undefined,
  wideSpread: undefined,
  exitCapBps: 20,
};

function prepared(capabilities: Readonly<Record<string, boolean>> = { stopOrders: true }): EngineHarness {
  const harness = new EngineHarness();
  harness.listInstrument(btcAt(alpha));
  harness.connect(alpha, capabilities);
  harness.startPlugin();
  harness.startPlugin(taker);
  harness.reconcile();
  harness.price(alpha, 50_000);
  return harness;
}

const guard = (harness: EngineHarness, terms: Partial<ExitTerms> = {}): void =>
  void harness.handle({
    kind: "set_exit_intent",
    intent: { plugin: maker, instrument: btc, terms: { ...exits, ...terms }, entryRef: undefined },
  });

/** Long 100 lots from 50,000 with a stop 1 % below, and its stop at the venue half a percent behind. */
function guarded(harness = prepared()): EngineHarness {
  guard(harness);
  harness.trade("buy", 100);
  confirm(harness);
  return harness;
}

const stops = (harness: EngineHarness): readonly Order[] =>
  harness.engine.snapshot(harness.nowUs).workingOrders.filter(isResidentStop);

/** The venue takes what was sent to it. */
function confirm(harness: EngineHarness): void {
  for (const order of stops(harness)) {
    if (order.status === "pending_new") harness.acknowledge(order.clientOrderId);
  }
}

/** The venue does what cancels of stops ask for. */
function confirmCancels(harness: EngineHarness): void {
  for (const order of stops(harness)) {
    if (order.status !== "pending_cancel") continue;
    const { requestId } = harness.pending("cancel");
    harness.answer(requestId, { kind: "cancel", outcome: { kind: "acknowledged" } });
    harness.report(order, "cancelled", { reason: "requested" });
  }
}

/** As the venue states it. */
const held: VenuePosition = {
  instrument: btc,
  positionLots: sizeLots(100),
  entryPrice: 50_000,
  markPrice: 50_000,
  leverage: undefined,
  liquidationPrice: undefined,
  tsVenueMs: 0,
};

const lotsAndTicks = (harness: EngineHarness): readonly (readonly number[])[] =>
  stops(harness).map(({ sizeLots: lots, trigger }) => [lots, trigger?.triggerPriceTicks ?? 0]);
const stateOf = (harness: EngineHarness) => harness.engine.snapshot(harness.nowUs).exits[0]?.residentStop;

Deno.test("the first fill of a guarded position puts a reduce-only stop behind it, bounded from its own price", () => {
  const harness = prepared();
  guard(harness);
  assertEquals([stops(harness), stateOf(harness)], [[], { kind: "absent", why: "no_stop" }]);
  harness.trade("buy", 100);
  const { request: { order } } = harness.pending("submit");
  assertEquals([order.side, order.sizeLots, order.reduceOnly], ["sell", sizeLots(100), true]);
  // The host's own is at 49,500; 50 bps behind it, and at worst 3 % below that.
  assertEquals(order.trigger?.triggerPriceTicks, 492_525);
  assertEquals(order.pricing, { kind: "market", worstPriceTicks: priceTicks(477_750) });
  assertEquals(stateOf(harness), { kind: "absent", why: "not_yet" });
  confirm(harness);
  assertEquals(stateOf(harness), { kind: "standing", triggerPrice: 49_252.5, sizeLots: 100 });
  harness.pass(30_000);
  assertEquals(harness.sent("submit"), 2); // the entry and the stop
});

Deno.test("it grows with the position: the new one is confirmed before the old one goes", () => {
  const harness = guarded();
  harness.trade("buy", 50);
  assertEquals(lotsAndTicks(harness), [[100, 492_525]]); // the churn gate
  harness.pass(1_000);
  assertEquals(lotsAndTicks(harness), [[100, 492_525], [150, 492_525]]);
  assertEquals(harness.sent("cancel"), 0);
  confirm(harness);
  assertEquals(stops(harness).map(({ status }) => status), ["pending_cancel", "accepted"]);
  confirmCancels(harness);
  assertEquals(lotsAndTicks(harness), [[150, 492_525]]);
});

Deno.test("it follows a trailing stop when that has moved by more than half the margin, after a pause", () => {
  const harness = prepared();
  guard(harness, { trailing: { activationBps: 0, distanceBps: 100 } });
  harness.trade("buy", 100);
  confirm(harness);
  harness.price(alpha, 50_500);
  harness.handle({ kind: "quotes_due" });
  harness.pass(2_000);
  assertEquals(stops(harness).length, 1);
  harness.pass(3_000);
  assertEquals(stops(harness).length, 2);
  confirm(harness);
  confirmCancels(harness);
  const [[, ticks = 0] = []] = lotsAndTicks(harness);
  assert(ticks > 497_000 && ticks < 498_000, String(ticks)); // 50,499.5 less 1 % less 50 bps
});

Deno.test("a flat position, a cleared plan and a plan without a stop have none", () => {
  for (
    const end of [
      (harness: EngineHarness) => void harness.trade("sell", 100),
      (harness: EngineHarness) =>
        void harness.handle({ kind: "clear_exit_intent", plugin: maker, instrument: btc }),
      (harness: EngineHarness) => guard(harness, { stopLossBps: undefined, takeProfitBps: 100 }),
    ]
  ) {
    const harness = guarded();
    end(harness);
    assertEquals(stops(harness).map(({ status }) => status), ["pending_cancel"]);
    confirmCancels(harness);
    harness.pass(5_000);
    assertEquals(stops(harness), []);
  }
});

Deno.test("while the host's own stop closes the position it stands, and goes when that is done", () => {
  const harness = guarded();
  harness.price(alpha, 49_400);
  harness.handle({ kind: "quotes_due" });
  const { request: { order } } = harness.pending("submit");
  assertEquals([order.trigger, order.sizeLots], [undefined, sizeLots(100)]); // the stop is not in its way
  harness.acknowledge(order.clientOrderId);
  harness.fill(harness.order(order.clientOrderId), 60);
  harness.pass(5_000);
  assertEquals(lotsAndTicks(harness), [[100, 492_525]]);
  harness.fill(harness.order(order.clientOrderId), 40);
  assertEquals(stops(harness).map(({ status }) => status), ["pending_cancel"]);
});

Deno.test("a stop that fires is a fill of its plugin: the plan ends, what the plugin has open is cancelled, nothing is sent", () => {
  const harness = guarded();
  const entry = harness.place({ sizeLots: sizeLots(5) });
  const [stop] = stops(harness);
  assert(stop !== undefined);
  const sent = harness.sent("submit");
  harness.fill(stop, 100);
  assertEquals(harness.positionLots(), 0);
  assertEquals(harness.order(entry.clientOrderId).status, "pending_cancel");
  harness.pass(2_000);
  assertEquals([harness.sent("submit"), harness.engine.snapshot(harness.nowUs).exits], [sent, []]);
  assert(harness.notices().includes("RESIDENT_STOP_FIRED"));
});

Deno.test("it is in nobody's way: no limit counts it, its plugin is not told of it, and sees its fills", () => {
  const harness = guarded();
  const scopes = harness.engine.snapshot(harness.nowUs).scopes;
  assertEquals(scopes.map(({ openOrders }) => openOrders), scopes.map(() => 0));
  const told = harness.outputs.filter((output) =>
    output.kind === "to_plugin" && output.message.type === "order" && output.message.ref.startsWith("stop:")
  );
  assertEquals(told, []);
  // The whole position can still be closed by the plugin's own reduce-only order.
  const order = harness.intend({ side: "sell", sizeLots: sizeLots(100), reduceOnly: true });
  assertEquals([order?.reduceOnly, order?.sizeLots], [true, sizeLots(100)]);
  const [stop] = stops(harness);
  assert(stop !== undefined);
  harness.fill(stop, 100);
  const fills = harness.outputs.filter((output) =>
    output.kind === "to_plugin" && output.message.type === "fill" && output.message.ref === stop.ref
  );
  assertEquals(fills.length, 1);
});

Deno.test("churn of stops is none of the plugin's: neither cancels nor orders of a second are counted", () => {
  const harness = guarded();
  for (let round = 0; round < 5; round++) {
    harness.trade("buy", 10);
    harness.pass(1_100);
    confirm(harness);
    confirmCancels(harness);
  }
  const plugin = harness.engine.snapshot(harness.nowUs).scopes.find(({ scope }) => scope.kind === "plugin");
  assertEquals([plugin?.cancels, plugin?.fills], [0, 6]);
});

Deno.test("a halt, a plugin's death and a cancel of all leave it; a kill keeps it while the position is kept", () => {
  const harness = guarded();
  const operator = (command: Parameters<typeof harness.handle>[0] & { kind: "operator" }) =>
    harness.handle(command);
  operator({ kind: "operator", by: "cli", command: { kind: "cancel_orders", scope: { kind: "global" } } });
  harness.handle({ kind: "plugin_stopped", plugin: maker, reason: "crash", isFinal: true });
  operator({
    kind: "operator",
    by: "cli",
    command: { kind: "set_state", scope: { kind: "global" }, state: "halted", reason: "test" },
  });
  harness.pass(1_000);
  assertEquals(stops(harness).map(({ status }) => status), ["accepted"]);
  assert(harness.notices().includes("PLUGIN_ORDERS_CANCELLED"));
  operator({ kind: "operator", by: "cli", command: { kind: "kill", flatten: false } });
  const [stop] = stops(harness);
  assert(stop !== undefined);
  // The venue's own cancel of everything takes the stop, too: it is placed again.
  harness.report(stop, "cancelled", { reason: "requested" });
  harness.pass(1_200);
  confirm(harness);
  const [again] = stops(harness);
  assert(again !== undefined && again.clientOrderId !== stop.clientOrderId);
  for (let round = 0; round < 20; round++) {
    harness.pass(100);
    harness.reconcile(alpha, {
      orders: [harness.reportOf(again, "open", { triggerPriceTicks: again.trigger?.triggerPriceTicks })],
      positions: [held],
    });
  }
  const report = harness.engine.snapshot(harness.nowUs).kill.last;
  assertEquals([report?.isClean, report?.venues[0]?.residentStops, report?.venues[0]?.openOrders], [
    true,
    1,
    [],
  ]);
});

Deno.test("flattening is not held up by it, and nothing of it works when the position is gone", () => {
  const harness = guarded();
  harness.handle({ kind: "operator", by: "cli", command: { kind: "kill", flatten: true } });
  harness.pass(200);
  const { request: { order } } = harness.pending("submit");
  assert(order.trigger === undefined && order.reduceOnly);
  harness.acknowledge(order.clientOrderId);
  harness.fill(harness.order(order.clientOrderId), 100);
  confirmCancels(harness);
  assertEquals(stops(harness), []);
  for (let round = 0; round < 20; round++) {
    harness.pass(100);
    harness.reconcile();
  }
  assertEquals(harness.engine.snapshot(harness.nowUs).kill.last?.isClean, true);
});

Deno.test("a shutdown leaves a stop behind that the venue has confirmed, and waits for no cancel of it", () => {
  const harness = guarded();
  harness.handle({ kind: "operator", by: "cli", command: { kind: "shutdown", deadlineMs: 60_000 } });
  const ends = harness.outputs.filter((output) => output.kind === "shutdown_complete");
  assertEquals(ends.map((end) => end.kind === "shutdown_complete" && end.remains.workingOrders.length), [1]);
  assertEquals([harness.sent("cancel"), stops(harness).length], [0, 1]);
});

Deno.test("no stop is kept where the venue has none, or the plugin is not alone; each is said once", () => {
  const without = prepared({});
  guard(without);
  without.trade("buy", 100);
  without.pass(5_000);
  assertEquals([stops(without), stateOf(without)], [[], { kind: "absent", why: "venue_has_none" }]);
  assertEquals(without.notices().filter((code) => code === "RESIDENT_STOP_ABSENT").length, 1);

  const harness = guarded();
  harness.trade("sell", 30, { plugin: taker });
  assertEquals(stops(harness).map(({ status }) => status), ["pending_cancel"]);
  confirmCancels(harness);
  harness.pass(5_000);
  assertEquals([stops(harness), stateOf(harness)], [[], { kind: "absent", why: "shared_position" }]);
  harness.trade("buy", 30, { plugin: taker });
  confirm(harness);
  assertEquals(lotsAndTicks(harness), [[100, 492_525]]);
  assertEquals(harness.notices().filter((code) => code === "RESIDENT_STOP_ABSENT").length, 1);
});

Deno.test("what the venue refuses is tried again after growing pauses, and said once", () => {
  const harness = prepared();
  guard(harness);
  harness.trade("buy", 100);
  for (let round = 0; round < 80; round++) {
    const [stop] = stops(harness);
    if (stop !== undefined) {
      const { requestId } = harness.pending("submit");
      const outcome = { kind: "rejected", code: "invalid_price", venueCode: "1", venueText: "no" } as const;
      harness.answer(requestId, { kind: "submit", outcome });
    }
    harness.pass(100);
  }
  assertEquals(harness.sent("submit"), 1 + 4); // at 0, 1, 3 and 7 s
  assertEquals(harness.notices().filter((code) => code === "RESIDENT_STOP_LOST").length, 1);
});

Deno.test("a mark price beyond it places none: the venue takes no such stop", () => {
  const harness = prepared();
  guard(harness, { stopPrice: 50_400, stopLossBps: undefined });
  harness.price(alpha, 49_000);
  harness.trade("buy", 100);
  assertEquals(stops(harness), []);
});

/** A new engine that knows what the journal of the one before kept. */
function restarted(before: EngineHarness, changes: Partial<EngineRestore> = {}): EngineHarness {
  const after = new EngineHarness({ nextOrderCounter: 1_000 });
  after.nowUs = before.nowUs + 5_000_000;
  after.handle({ kind: "restore", restore: { ...before.engine.checkpoint(), ...changes } });
  after.listInstrument(btcAt(alpha));
  after.connect(alpha, { stopOrders: true });
  after.price(alpha, 50_000);
  return after;
}

Deno.test("after a restart the stop of the journal is taken up, not placed again", () => {
  const before = guarded();
  const [stop] = stops(before);
  assert(stop !== undefined);
  const after = restarted(before);
  const report = after.reportOf(stop, "open", { triggerPriceTicks: stop.trigger?.triggerPriceTicks });
  after.reconcile(alpha, { orders: [report], positions: [held] });
  after.pass(5_000);
  assertEquals(stops(after).map(({ clientOrderId, status }) => [clientOrderId, status]), [
    [stop.clientOrderId, "accepted"],
  ]);
  assertEquals(after.sent("submit"), 0);
});

Deno.test("one that fired while the host was down is a fill of its plugin: the plan ends with it", () => {
  const before = guarded();
  const [stop] = stops(before);
  assert(stop !== undefined);
  const after = restarted(before);
  after.reconcile(alpha, { fills: [before.fillOf(stop, 100)], positions: [] });
  after.pass(5_000);
  const { exits: left, venues } = after.engine.snapshot(after.nowUs);
  assertEquals([after.positionLots(), left, venues[0]?.foreignPositions], [0, [], []]);
  assertEquals(after.sent("submit"), 0);
});

Deno.test("one without a plan behind it is swept", () => {
  const before = guarded();
  const after = restarted(before, { exits: [] });
  const [stop] = stops(before);
  assert(stop !== undefined);
  after.reconcile(alpha, { orders: [after.reportOf(stop, "open")] });
  after.pass(100);
  assertEquals(after.pending("cancel").request.isTrigger, true);
  assert(stops(after).every(({ status }) => !isFinalStatus(status)));
});
