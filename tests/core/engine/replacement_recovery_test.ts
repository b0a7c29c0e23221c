/** A cancel/replace that a crash cut in two: the same end at whatever moment the host died. */
import { assert, assertEquals } from "@std/assert";
import type { Order } from "../../../core/model/order.ts";
import { priceTicks, sizeLots } from "../../../core/model/ticks.ts";
import { alpha, btcAt, EngineHarness, maker } from "../../support/engine_builders.ts";

/** Long 10; an order of 4 at 50,010 that is being replaced by one of 6 at 50,020. */
function replacing(reduceOnly: boolean): { readonly harness: EngineHarness; readonly order: Order } {
  const harness = EngineHarness.ready();
  harness.trade("buy", 10);
  const order = harness.place({
    side: "sell",
    sizeLots: sizeLots(4),
    reduceOnly,
    pricing: { kind: "limit", limitPriceTicks: priceTicks(500_100), timeInForce: "GTC", postOnly: false },
  });
  harness.handle({
    kind: "amend_intent",
    plugin: maker,
    ref: order.ref,
    sizeLots: sizeLots(6),
    limitPriceTicks: priceTicks(500_200),
  });
  return { harness, order: harness.order(order.clientOrderId) };
}

/** A new host with what the journal of the one before kept; its plugin runs again, its account is not compared yet. */
function restarted(before: EngineHarness): EngineHarness {
  const after = new EngineHarness({ nextOrderCounter: 1_000 });
  after.nowUs = before.nowUs + 5_000_000;
  after.handle({ kind: "restore", restore: before.engine.checkpoint() });
  after.listInstrument(btcAt(alpha));
  after.connect();
  after.startPlugin();
  after.price(alpha, 50_000);
  return after;
}

const held = (lots: number) => ({
  instrument: btcAt(alpha).id,
  positionLots: sizeLots(lots),
  entryPrice: 50_000,
  markPrice: undefined,
  leverage: undefined,
  liquidationPrice: undefined,
  tsVenueMs: 0,
});

/** The order as it was still works; then its cancel is done. */
function cancelled(after: EngineHarness, order: Order, filledLots = 0): void {
  after.reconcile(alpha, { orders: [after.reportOf(order, "open")], positions: [held(10)] });
  after.pass(100);
  assert(after.hasPending("cancel"), "the cancel is pursued");
  after.report(order, "cancelled", { reason: "requested", filledLots: sizeLots(filledLots) });
  after.pass(200);
}

Deno.test("what is to take an order's place is in the journal before the cancel leaves", () => {
  const { harness, order } = replacing(true);
  assertEquals(order.replacement, { sizeLots: sizeLots(6), limitPriceTicks: priceTicks(500_200) });
  const at = (isMeant: (output: (typeof harness.outputs)[number]) => boolean): number =>
    harness.outputs.findIndex(isMeant);
  const noted = at((output) =>
    output.kind === "journal" && output.entry.body.kind === "order" && output.entry.body.event === "replacing"
  );
  const sent = at((output) => output.kind === "adapter_request" && output.request.kind === "cancel");
  assert(noted >= 0 && noted < sent);
});

Deno.test("a closing order is placed with its new terms once the old one's end is known", () => {
  const { harness, order } = replacing(true);
  const after = restarted(harness);
  cancelled(after, order);
  const { request: { order: anew } } = after.pending("submit");
  assertEquals([anew.side, anew.reduceOnly, anew.sizeLots], ["sell", true, sizeLots(6)]);
  assertEquals(anew.pricing.kind === "limit" && anew.pricing.limitPriceTicks, priceTicks(500_200));
  after.pass(5_000);
  assertEquals(after.sent("submit"), 1);
});

Deno.test("of what the old one filled nothing is placed twice, and never more than is held", () => {
  const { harness, order } = replacing(true);
  const after = restarted(harness);
  after.reconcile(alpha, { fills: [harness.fillOf(order, 3)], positions: [held(7)] });
  after.report(order, "cancelled", { reason: "requested", filledLots: sizeLots(3) });
  after.pass(200);
  assertEquals(after.pending("submit").request.order.sizeLots, sizeLots(3));

  const { harness: other, order: wanted } = replacing(true);
  const small = restarted(other);
  small.handle({ kind: "cancel_all_intent", plugin: maker, instrument: undefined });
  small.fill(wanted, 4); // all of the old one
  small.reconcile(alpha, { positions: [held(6)] });
  small.pass(2_000);
  assertEquals(small.sent("submit"), 0);
});

Deno.test("it waits until the account was compared", () => {
  const { harness, order } = replacing(true);
  const after = restarted(harness);
  after.report(order, "cancelled", { reason: "requested" });
  after.pass(500);
  assertEquals(after.sent("submit"), 0);
  after.reconcile(alpha, { positions: [held(10)] });
  after.pass(200);
  assertEquals(after.sent("submit"), 1);
});

Deno.test("an entry is not placed: its plugin is told that the change was abandoned, and so is the journal", () => {
  const { harness, order } = replacing(false);
  const after = restarted(harness);
  cancelled(after, order);
  after.pass(5_000);
  assertEquals(after.sent("submit"), 0);
  assertEquals(after.refusals(), ["REPLACE_ABANDONED"]);
  const told = after.outputs.flatMap((output) =>
    output.kind === "to_plugin" && output.message.type === "refused" ? [output.message] : []
  );
  assertEquals(told.map(({ ref, code }) => [ref, code]), [
    [`earlier_${order.clientOrderId}`, "REPLACE_ABANDONED"],
  ]);
});

Deno.test("a plugin that cancels what is being replaced wants nothing in its place, after a crash as well", () => {
  const { harness, order } = replacing(true);
  harness.handle({ kind: "cancel_intent", plugin: maker, ref: order.ref });
  assertEquals(harness.order(order.clientOrderId).replacement, undefined);
  const after = restarted(harness);
  after.report(order, "cancelled", { reason: "requested" });
  after.reconcile(alpha, { positions: [held(10)] });
  after.pass(1_000);
  assertEquals([after.sent("submit"), after.refusals()], [0, []]);
});
