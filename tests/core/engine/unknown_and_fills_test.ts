/** What the simulation found: orders nobody knows, and fills from before anybody listened. */
import { assertEquals } from "@std/assert";
import { causeId } from "../../../core/model/ids.ts";
import { alpha, btcAt, EngineHarness } from "../../support/engine_builders.ts";

Deno.test("an order nobody acknowledged stays unknown when the venue refuses to cancel it", () => {
  const harness = EngineHarness.ready();
  const id = (harness.intend() ?? harness.place()).clientOrderId;
  const unknown = { kind: "unknown" as const, why: "timeout" as const, details: "" };
  harness.answer(harness.pending("submit").requestId, { kind: "submit", outcome: unknown });
  harness.handle({ kind: "operator", by: "test", command: { kind: "cancel_order", clientOrderId: id } });
  const refused = {
    kind: "rejected" as const,
    code: "authentication" as const,
    venueCode: "50102",
    venueText: "Timestamp request expired",
  };
  harness.answer(harness.pending("cancel").requestId, { kind: "cancel", outcome: refused });
  assertEquals(harness.order(id).status, "unknown");
});

Deno.test("the first look at an account reads fills since the oldest order that was left working", () => {
  const before = EngineHarness.ready();
  const order = before.place();
  const after = new EngineHarness();
  after.nowUs = before.nowUs + 7_200_000_000; // two hours later, with no fill known
  const restore = { ...before.engine.checkpoint(), workingOrders: [order] };
  after.handle({ kind: "restore", restore });
  after.listInstrument(btcAt(alpha));
  after.connect();
  const { request } = after.pending("fills");
  assertEquals(request.sinceMs <= order.tsCreatedUs / 1000 - 1_000, true);
  const fill = after.fillOf(order, 10, { tsVenueMs: before.nowUs / 1000 + 60_000 });
  after.reconcile(alpha, { fills: [fill] });
  assertEquals(after.positionLots(), 10);
  assertEquals(after.journal("repair").map(({ repair }) => repair.kind), ["fill_recovered"]);
});

Deno.test("fills are read on from where the venue's own list ended, not from the newest that the stream told", () => {
  const harness = EngineHarness.ready();
  const first = harness.place();
  const dropped = harness.fillOf(first, 4, { tsVenueMs: harness.nowUs / 1000 });
  harness.pass(20_000);
  harness.fill(first, 3, { tsVenueMs: dropped.tsVenueMs + 3_600_000 });
  harness.pass(15_000);
  const { request } = harness.pending("fills");
  assertEquals(request.sinceMs < dropped.tsVenueMs, true);
});

Deno.test("an id of the earlier run whose clock was ahead is asked about as soon as any other", () => {
  const before = EngineHarness.ready();
  before.nowUs += 3_600_000_000;
  before.price(alpha, 50_000);
  const order = before.intend();
  const after = new EngineHarness();
  after.handle({
    kind: "restore",
    restore: {
      ...before.engine.checkpoint(),
      workingOrders: order === undefined ? [] : [{ ...order, cause: causeId("a/1") }],
    },
  });
  after.listInstrument(btcAt(alpha));
  after.connect();
  after.reconcile();
  for (let round = 0; round < 12; round++) {
    after.pass(1_000);
    if (after.hasPending("query_order")) {
      after.answer(after.pending("query_order").requestId, {
        kind: "query_order",
        outcome: { kind: "not_found" },
      });
    }
    after.reconcile();
  }
  assertEquals(after.journal("order").at(-1)?.order.status, "rejected");
});
