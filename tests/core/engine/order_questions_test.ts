/** What mutations showed untested: sums over fills, when orders are asked about and when they are not, late answers. */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { venueOrderId } from "../../../core/model/ids.ts";
import { priceTicks } from "../../../core/model/ticks.ts";
import { alpha, EngineHarness, maker } from "../../support/engine_builders.ts";

Deno.test("an order carries the exact sum of its fills' prices", () => {
  const harness = EngineHarness.ready();
  const order = harness.place();
  harness.fill(order, 3, { priceTicks: priceTicks(499_990) });
  harness.fill(order, 4, { priceTicks: priceTicks(500_000) });
  assertEquals(harness.order(order.clientOrderId).filledTicksLots, 3n * 499_990n + 4n * 500_000n);
});

Deno.test("an order that the venue's list names is not asked about; one that it leaves out is", () => {
  const harness = EngineHarness.ready();
  const [named, missing] = [harness.place(), harness.place()];
  for (let second = 0; second < 12; second++) {
    harness.pass(1_000);
    harness.reconcile(alpha, { orders: [harness.reportOf(named, "open")] });
  }
  const asked = new Set(
    harness.outputs.flatMap((output) =>
      output.kind === "adapter_request" && output.request.kind === "query_order"
        ? [output.request.clientOrderId]
        : []
    ),
  );
  assertEquals([...asked], [missing.clientOrderId]);
});

Deno.test("a question that fails is asked again with growing pauses, not at every tick", () => {
  const harness = EngineHarness.ready();
  harness.intend();
  const unknown = { kind: "unknown" as const, why: "timeout" as const, details: "" };
  harness.answer(harness.pending("submit").requestId, { kind: "submit", outcome: unknown });
  for (let tick = 0; tick < 70; tick++) {
    harness.pass(100);
    if (!harness.hasPending("query_order")) continue;
    const failed = { kind: "failed" as const, details: "busy" };
    harness.answer(harness.pending("query_order").requestId, { kind: "query_order", outcome: failed });
  }
  // After 0, 1, 3 and 7 seconds.
  assertLessOrEqual(harness.sent("query_order"), 4);
  assert(harness.sent("query_order") >= 3);
});

Deno.test("an amendment acknowledged after the order's end changes nothing", () => {
  const harness = EngineHarness.ready();
  harness.connect(alpha);
  harness.handle({ kind: "adapter_started", venue: alpha, hasTrading: true, capabilities: { amend: true } });
  harness.reconcile();
  const order = harness.place();
  harness.handle({
    kind: "amend_intent",
    plugin: maker,
    ref: order.ref,
    sizeLots: 20,
    limitPriceTicks: undefined,
  });
  const { requestId } = harness.pending("amend");
  harness.report(order, "cancelled", { reason: "requested" });
  const ended = harness.order(order.clientOrderId);
  const changes = harness.journal("order").length;
  const outcome = { kind: "acknowledged" as const, venueOrderId: venueOrderId(`v-${order.clientOrderId}`) };
  harness.answer(requestId, { kind: "amend", outcome });
  assertEquals([harness.order(order.clientOrderId), harness.journal("order").length], [ended, changes]);
  harness.pass(3_000);
  assertEquals(harness.sent("query_order"), 0);
});

/** Time passes; the order's questions are answered by "not found", the account's by nothing. */
function missFor(harness: EngineHarness, seconds: number): void {
  for (let second = 0; second < seconds; second++) {
    harness.pass(1_000);
    harness.reconcile();
    if (!harness.hasPending("query_order")) continue;
    const { requestId } = harness.pending("query_order");
    harness.answer(requestId, { kind: "query_order", outcome: { kind: "not_found" } });
  }
}

Deno.test("an order that was acknowledged and is found no more was cancelled; one that never was, never arrived", () => {
  const gone = EngineHarness.ready();
  const acknowledged = gone.place();
  missFor(gone, 30);
  const { status, reason } = gone.order(acknowledged.clientOrderId);
  assertEquals([status, reason], ["cancelled", "not_found"]);

  const lost = EngineHarness.ready();
  const id = (lost.intend() ?? lost.place()).clientOrderId;
  const unknown = { kind: "unknown" as const, why: "timeout" as const, details: "" };
  lost.answer(lost.pending("submit").requestId, { kind: "submit", outcome: unknown });
  missFor(lost, 30);
  assertEquals([lost.order(id).status, lost.order(id).reason], ["rejected", "not_found"]);
});

Deno.test("one not-found ends nothing, though fills were read in the same moment", () => {
  const harness = EngineHarness.ready();
  const id = (harness.intend() ?? harness.place()).clientOrderId;
  const unknown = { kind: "unknown" as const, why: "timeout" as const, details: "" };
  harness.answer(harness.pending("submit").requestId, { kind: "submit", outcome: unknown });
  harness.pass(100);
  const failed = { kind: "failed" as const, details: "busy" };
  harness.answer(harness.pending("query_order").requestId, { kind: "query_order", outcome: failed });
  for (let tick = 0; tick < 100 && !(harness.hasPending("query_order") && tick > 50); tick++) {
    harness.pass(100);
    if (tick <= 50 && harness.hasPending("query_order")) {
      harness.answer(harness.pending("query_order").requestId, { kind: "query_order", outcome: failed });
    }
  }
  harness.handle({ kind: "private_stream_restored", venue: alpha });
  harness.reconcile();
  const { requestId } = harness.pending("query_order");
  harness.answer(requestId, { kind: "query_order", outcome: { kind: "not_found" } });
  assertEquals(harness.order(id).status, "unknown");
});
