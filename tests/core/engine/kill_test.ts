/** The kill switch: everything cancelled, perhaps closed, and the venues asked what is left. */
import { assert, assertEquals } from "@std/assert";
import type { KillReport } from "../../../core/model/kill_report.ts";
import { instrumentId, venueOrderId } from "../../../core/model/ids.ts";
import { sizeLots } from "../../../core/model/ticks.ts";
import { alpha, beta, EngineHarness, maker } from "../../support/engine_builders.ts";

const btc = instrumentId("alpha", "BTC-PERP");

function reports(harness: EngineHarness): readonly KillReport[] {
  return harness.outputs.flatMap((output) => output.kind === "kill_report" ? [output.report] : []);
}

function kill(harness: EngineHarness, flatten = false): void {
  harness.handle({ kind: "operator", by: "cli", command: { kind: "kill", flatten } });
}

const position = (lots: number) => ({
  instrument: btc,
  positionLots: sizeLots(lots),
  entryPrice: undefined,
  markPrice: undefined,
  liquidationPrice: undefined,
  leverage: undefined,
  tsVenueMs: 0,
});

/** Confirms every cancel that was asked for. */
function confirmCancels(harness: EngineHarness): void {
  for (const { requestId, request } of harness.unanswered()) {
    if (request.kind !== "cancel") continue;
    harness.answer(requestId, { kind: "cancel", outcome: { kind: "acknowledged" } });
    harness.report(harness.order(request.clientOrderId), "cancelled", { reason: "requested" });
  }
}

Deno.test("a kill reports once every venue was asked after the last cancel was done", () => {
  const harness = EngineHarness.ready();
  const order = harness.place();
  const isWatching = () => harness.engine.snapshot(harness.nowUs).kill.isWatching;
  assertEquals(isWatching(), false);
  kill(harness);
  harness.reconcile(alpha); // answers to questions that were asked before
  harness.pass(200);
  assertEquals(isWatching(), true);
  assertEquals(reports(harness), []);
  confirmCancels(harness);
  assertEquals(harness.order(order.clientOrderId).status, "cancelled");
  harness.pass(100);
  assertEquals(reports(harness), []); // nothing works, but no venue has said so
  for (let round = 0; round < 30 && reports(harness).length === 0; round++) {
    harness.pass(100);
    harness.reconcile(alpha);
  }
  const [report] = reports(harness);
  assertEquals([report?.isClean, isWatching()], [true, false]);
  assertEquals(report?.venues, [{
    venue: alpha,
    isVerified: true,
    why: "",
    residentStops: 0,
    openOrders: [],
    positions: [],
  }]);
  assertEquals(harness.notices().filter((code) => code.startsWith("KILL")), ["KILL_SWITCH", "KILL_VERIFIED"]);
  assertEquals(harness.journal("kill_report").length, 1);
  assertEquals(harness.intend(), undefined);
  assertEquals(harness.refusals().at(-1), "TRADING_HALTED");
});

Deno.test("what a venue still works is cancelled again and reported, whoever placed it", () => {
  const harness = EngineHarness.ready();
  kill(harness);
  assertEquals(harness.sent("cancel_all"), 1);
  const foreign = {
    instrument: btc,
    clientOrderId: undefined,
    venueOrderId: venueOrderId("by-hand"),
    side: "buy" as const,
    sizeLots: sizeLots(7),
    filledLots: sizeLots(0),
    limitPriceTicks: undefined,
    reduceOnly: false,
    status: "open" as const,
    reason: undefined,
    venueText: undefined,
    tsVenueMs: 0,
  };
  for (let round = 0; round < 210; round++) {
    harness.pass(100);
    harness.reconcile(alpha, { orders: [foreign] });
  }
  assert(harness.sent("cancel_all") > 5);
  const [report] = reports(harness);
  assertEquals(report?.isClean, false);
  assertEquals(report?.venues[0]?.openOrders.map(({ venueOrderId: id, sizeLots: lots }) => [id, lots]), [
    ["by-hand", 7],
  ]);
  const told = harness.outputs.findLast((output) => output.kind === "notice");
  assertEquals(told?.kind === "notice" && [told.code, told.facts], [
    "KILL_INCOMPLETE",
    { openOrders: 1, positions: 0, unverified: "" },
  ]);
});

Deno.test("nothing is sent to a venue whose adapter is gone, and what it last said is reported as unverified", () => {
  const harness = EngineHarness.ready();
  const order = harness.place();
  const stillOpen = harness.reportOf(order, "open");
  kill(harness);
  confirmCancels(harness);
  for (let round = 0; round < 40; round++) {
    harness.pass(100);
    harness.reconcile(alpha, { orders: [stillOpen] });
  }
  harness.handle({ kind: "adapter_lost", venue: alpha, reason: "crash" });
  const sent = harness.outputs.filter((output) => output.kind === "adapter_request").length;
  harness.pass(20_000);
  assertEquals(harness.outputs.filter((output) => output.kind === "adapter_request").length, sent);
  const [report] = reports(harness);
  assertEquals([report?.isClean, report?.venues[0]?.isVerified], [false, false]);
  assertEquals(report?.venues[0]?.why, "its adapter is not running");
  assertEquals(report?.venues[0]?.openOrders.length, 1);
});

Deno.test("positions stay without flatten and are reported; with it what is left makes the report unclean", () => {
  for (const flatten of [false, true]) {
    const harness = EngineHarness.ready();
    harness.trade("buy", 30);
    kill(harness, flatten);
    assertEquals(harness.sent("submit"), 1); // the flattening order leaves with the next tick
    for (let round = 0; round < 260 && reports(harness).length === 0; round++) {
      harness.pass(100);
      harness.reconcile(alpha, { positions: [position(30)] });
    }
    const [report] = reports(harness);
    assertEquals(report?.isClean, !flatten, `flatten ${flatten}`);
    assertEquals(report?.venues[0]?.positions, [{ instrument: btc, positionLots: 30 }]);
    const facts = harness.outputs.flatMap((output) =>
      output.kind === "notice" && output.code.startsWith("KILL_") ? [output.facts["positions"]] : []
    );
    assertEquals(facts.at(-1), 1);
    assertEquals(harness.sent("submit") > 1, flatten);
  }
});

Deno.test("flattening closes the positions of plugins that are dead, and the report is clean", () => {
  const harness = EngineHarness.ready();
  harness.trade("buy", 30);
  harness.handle({ kind: "plugin_stopped", plugin: maker, reason: "crash", isFinal: false });
  kill(harness, true);
  harness.pass(100);
  const { request } = harness.pending("submit");
  assertEquals([request.order.side, request.order.sizeLots, request.order.reduceOnly], ["sell", 30, true]);
  harness.acknowledge(request.order.clientOrderId);
  harness.fill(harness.order(request.order.clientOrderId), 30);
  for (let round = 0; round < 60 && reports(harness).length === 0; round++) {
    harness.pass(100);
    harness.reconcile(alpha);
  }
  const [report] = reports(harness);
  assertEquals([report?.isClean, report?.isFlattening], [true, true]);
});

Deno.test("a venue that can't be asked is named, and the report does not claim to be clean", () => {
  const harness = EngineHarness.ready();
  harness.handle({ kind: "operator", by: "file", command: { kind: "kill", flatten: false, venues: [beta] } });
  for (let round = 0; round < 210; round++) {
    harness.pass(100);
    harness.reconcile(alpha);
  }
  const [report] = reports(harness);
  assertEquals(report?.isClean, false);
  assertEquals(report?.venues.map(({ venue, isVerified, why }) => ({ venue, isVerified, why })), [
    { venue: alpha, isVerified: true, why: "" },
    { venue: beta, isVerified: false, why: "its adapter is not running" },
  ]);
});

Deno.test("a venue that does not answer is not verified; the report comes at the deadline, to the tick", () => {
  const harness = EngineHarness.ready();
  kill(harness);
  harness.pass(19_900);
  assertEquals(reports(harness), []);
  harness.pass(100);
  const [report] = reports(harness);
  assertEquals((report?.endedUs ?? 0) - (report?.startedUs ?? 0), 20_000_000);
  assertEquals(harness.sent("cancel_all"), 1); // nothing is known to be open: it is not asked again and again
  assertEquals(report?.venues.map(({ isVerified, why }) => [isVerified, why]), [
    [false, "it did not answer in time"],
  ]);
});

Deno.test("a venue without keys needs no answer", () => {
  const harness = EngineHarness.ready();
  harness.handle({ kind: "adapter_started", venue: beta, hasTrading: false, capabilities: {} });
  kill(harness);
  for (let round = 0; round < 40 && reports(harness).length === 0; round++) {
    harness.pass(100);
    harness.reconcile(alpha);
  }
  assertEquals(reports(harness)[0]?.isClean, true);
});

Deno.test("a second kill asks again, and takes over flattening", () => {
  const harness = EngineHarness.ready();
  kill(harness, true);
  harness.pass(100);
  kill(harness);
  for (let round = 0; round < 40 && reports(harness).length === 0; round++) {
    harness.pass(100);
    harness.reconcile(alpha);
  }
  assertEquals(reports(harness).map(({ isFlattening }) => isFlattening), [true]);
});

Deno.test("the halt of a kill survives a restart until an operator lifts it", () => {
  const before = EngineHarness.ready();
  kill(before);
  const after = EngineHarness.ready();
  after.handle({ kind: "restore", restore: before.engine.checkpoint() });
  assertEquals(after.intend(), undefined);
  assertEquals(after.refusals().at(-1), "TRADING_HALTED");
  const scope = { kind: "global" as const };
  after.handle({
    kind: "operator",
    by: "cli",
    command: { kind: "set_state", scope, state: "active", reason: "seen" },
  });
  after.pass(100);
  const order = after.intend();
  assert(order !== undefined, after.refusals().at(-1));
});
