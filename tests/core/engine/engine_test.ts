import { assert, assertEquals } from "@std/assert";
import { priceTicks, sizeLots } from "../../../core/model/ticks.ts";
import { alpha, beta, btcAt, EngineHarness, maker, taker } from "../../support/engine_builders.ts";

Deno.test("an order goes from intent to fill, with journal entries that lead back to the quote", () => {
  const harness = EngineHarness.ready();
  const order = harness.place();
  const fill = harness.fill(order, 10);
  assertEquals(harness.order(order.clientOrderId).status, "filled");
  assertEquals(harness.positionLots(), 10);
  const entries = harness.outputs.flatMap((output) => output.kind === "journal" ? [output.entry] : []);
  const byId = new Map(entries.map((entry) => [entry.id as string, entry]));
  const chain: string[] = [];
  for (let id: string | undefined = `fill/alpha/${fill.fillId}`; id !== undefined; id = byId.get(id)?.cause) {
    chain.push(id);
  }
  assertEquals(chain, [
    `fill/alpha/${fill.fillId}`,
    `order/${order.clientOrderId}`,
    "intent/maker/r1",
    "quote/alpha:BTC-PERP/1",
  ]);
});

Deno.test("the submission follows its journal entries and waits for them", () => {
  const harness = EngineHarness.ready();
  const before = harness.outputs.length;
  harness.intend();
  const outputs = harness.outputs.slice(before);
  const kinds = outputs.map((output) => output.kind === "journal" ? output.entry.body.kind : output.kind);
  assertEquals(kinds, ["intent", "order", "to_plugin", "request", "adapter_request"]);
  const request = outputs.at(-1);
  assert(request?.kind === "adapter_request" && request.afterJournal);
});

Deno.test("no order is sent before the account was compared with the venue", () => {
  const harness = new EngineHarness();
  harness.listInstrument(btcAt(alpha));
  harness.connect();
  harness.startPlugin();
  harness.price(alpha, 50_000);
  assertEquals(harness.intend(), undefined);
  assertEquals(harness.refusals(), ["ACCOUNT_NOT_RECONCILED"]);
  harness.reconcile();
  assert(harness.intend() !== undefined);
});

Deno.test("the same events give the same outputs", () => {
  const run = () => {
    const harness = EngineHarness.ready();
    const order = harness.place();
    harness.pass(1_000);
    harness.fill(order, 4);
    harness.handle({ kind: "cancel_intent", plugin: maker, ref: order.ref });
    harness.pass(3_000);
    return harness.outputs;
  };
  assertEquals(run(), run());
});

Deno.test("a submission whose answer never comes is asked about, never sent again", () => {
  const harness = EngineHarness.ready();
  const order = harness.intend();
  assert(order !== undefined);
  harness.pass(7_000);
  assertEquals(harness.order(order.clientOrderId).status, "unknown");
  const query = harness.pending("query_order");
  const report = harness.reportOf(order, "open");
  harness.answer(query.requestId, { kind: "query_order", outcome: { kind: "found", report } });
  assertEquals(harness.order(order.clientOrderId).status, "accepted");
  harness.pass(20_000);
  assertEquals(harness.sent("submit"), 1);
});

Deno.test("an order that is not found twice, with the fills read between, never arrived", () => {
  const harness = EngineHarness.ready();
  const order = harness.intend();
  assert(order !== undefined);
  harness.pass(7_000);
  for (let round = 0; round < 6; round++) {
    if (harness.hasPending("query_order")) {
      const query = harness.pending("query_order");
      harness.answer(query.requestId, { kind: "query_order", outcome: { kind: "not_found" } });
    }
    harness.reconcile();
    harness.pass(2_000);
  }
  assertEquals(harness.order(order.clientOrderId).status, "rejected");
  assertEquals(harness.order(order.clientOrderId).reason, "not_found");
  assertEquals(harness.journal("repair").map(({ repair }) => repair.kind), ["order_gone"]);
});

Deno.test("an order that was given up and is reported open is taken up again", () => {
  const harness = EngineHarness.ready();
  const order = harness.intend();
  assert(order !== undefined);
  harness.pass(7_000);
  for (let round = 0; round < 6; round++) {
    if (harness.hasPending("query_order")) {
      const query = harness.pending("query_order");
      harness.answer(query.requestId, { kind: "query_order", outcome: { kind: "not_found" } });
    }
    harness.reconcile();
    harness.pass(2_000);
  }
  harness.report(order, "open");
  assertEquals(harness.order(order.clientOrderId).status, "accepted");
  assert(harness.notices().includes("ORDER_REVIVED"));
});

Deno.test("the adapter's death makes its submissions unknown, and its return asks for the truth", () => {
  const harness = EngineHarness.ready();
  const order = harness.intend();
  assert(order !== undefined);
  harness.handle({ kind: "adapter_lost", venue: alpha, reason: "killed" });
  assertEquals(harness.order(order.clientOrderId).status, "unknown");
  harness.price(alpha, 50_000);
  assertEquals(harness.intend(), undefined);
  assertEquals(harness.refusals(), ["ACCOUNT_NOT_CONNECTED"]);
  harness.pass(5_000);
  assertEquals(harness.hasPending("query_order"), false);
  harness.connect();
  const report = harness.reportOf(order, "filled", { filledLots: order.sizeLots });
  harness.reconcile(alpha, { fills: [harness.fillOf(order, 10)] });
  harness.handle({ kind: "order_report", venue: alpha, report });
  assertEquals(harness.order(order.clientOrderId).status, "filled");
  assertEquals(harness.positionLots(), 10);
  assertEquals(harness.journal("repair").map(({ repair }) => repair.kind), ["fill_recovered"]);
});

Deno.test("a stopped plugin's orders are cancelled, its position kept or flattened as its policy says", () => {
  for (const onStop of ["keep_positions", "flatten"] as const) {
    const harness = EngineHarness.ready();
    harness.startPlugin(maker, { onStop });
    harness.trade("buy", 20);
    const order = harness.place();
    harness.handle({ kind: "plugin_stopped", plugin: maker, reason: "crash", isFinal: true });
    const cancel = harness.pending("cancel");
    harness.answer(cancel.requestId, { kind: "cancel", outcome: { kind: "acknowledged" } });
    harness.report(order, "cancelled");
    harness.pass(200);
    assert(harness.notices().includes("PLUGIN_ORDERS_CANCELLED"));
    if (onStop === "keep_positions") {
      assertEquals(harness.hasPending("submit"), false);
      continue;
    }
    const { request, requestId } = harness.pending("submit");
    const { side, sizeLots, reduceOnly, pricing, clientOrderId } = request.order;
    assertEquals([side, sizeLots, reduceOnly, pricing.kind], ["sell", 20, true, "market"]);
    assertEquals(harness.order(clientOrderId).plugin, maker);
    const outcome = { kind: "rejected" as const, code: "other" as const, venueCode: "", venueText: "" };
    harness.answer(requestId, { kind: "submit", outcome });
    harness.pass(1_200);
    const second = harness.pending("submit");
    harness.acknowledge(second.request.order.clientOrderId);
    harness.fill(harness.order(second.request.order.clientOrderId), 20);
    harness.pass(200);
    assertEquals(harness.positionLots(), 0);
    assert(harness.notices().includes("FLATTEN_DONE"));
  }
});

Deno.test("flattening gives up after its attempts, in view of everybody", () => {
  const harness = EngineHarness.ready();
  harness.startPlugin(maker, { onStop: "flatten" });
  harness.trade("buy", 20);
  harness.handle({ kind: "plugin_stopped", plugin: maker, reason: "crash", isFinal: true });
  for (let attempt = 0; attempt < 20; attempt++) {
    harness.pass(1_100);
    if (!harness.hasPending("submit")) continue;
    const outcome = { kind: "rejected" as const, code: "other" as const, venueCode: "", venueText: "" };
    harness.answer(harness.pending("submit").requestId, { kind: "submit", outcome });
  }
  assertEquals(harness.sent("submit"), 1 + 5);
  assert(harness.notices().includes("FLATTEN_FAILED"));
});

Deno.test("the kill switch halts, cancels everything everywhere, and flattens on request", () => {
  const harness = EngineHarness.ready();
  harness.listInstrument(btcAt(beta));
  harness.connect(beta);
  harness.reconcile(beta);
  harness.trade("buy", 20);
  harness.place();
  harness.handle({ kind: "operator", by: "signal", command: { kind: "kill", flatten: true } });
  assertEquals(harness.sent("cancel"), 1);
  assertEquals([harness.sent("cancel_all", alpha), harness.sent("cancel_all", beta)], [1, 1]);
  harness.price(alpha, 50_000);
  assertEquals(harness.intend(), undefined);
  assertEquals(harness.refusals(), ["TRADING_HALTED"]);
  const working = harness.engine.snapshot(harness.nowUs).workingOrders[0];
  assert(working !== undefined);
  harness.report(working, "cancelled");
  harness.pass(200);
  assertEquals(harness.pending("submit").request.order.sizeLots as number, 20);
  assertEquals(harness.pending("submit").request.order.reduceOnly, true);
});

Deno.test("a breach of the daily loss makes a plugin reduce; only an operator brings it back", () => {
  const harness = EngineHarness.ready({});
  const budget = {
    maxOrderNotionalUsd: 1e8,
    maxPositionNotionalUsd: 1e8,
    maxOrdersPerSecond: 1e6,
    maxDailyLossUsd: 10,
  };
  harness.startPlugin(maker, { budget });
  harness.startPlugin(taker);
  harness.trade("buy", 100);
  const quoting = harness.place({
    pricing: { kind: "limit", limitPriceTicks: priceTicks(490_000), timeInForce: "GTC", postOnly: true },
  });
  harness.price(alpha, 49_800);
  harness.pass(100);
  assertEquals(harness.journal("trading_state").map(({ scope, after, reason }) => [scope, after, reason]), [
    [{ kind: "plugin", plugin: maker }, "reducing", "daily_loss"],
  ]);
  assertEquals(harness.pending("cancel").request.clientOrderId, quoting.clientOrderId);
  assertEquals(harness.intend(), undefined);
  assertEquals(harness.refusals(), ["TRADING_REDUCING"]);
  assert(
    harness.intend({
      side: "sell",
      reduceOnly: true,
      pricing: { kind: "market", worstPriceTicks: undefined },
    }) !== undefined,
  );
  assert(harness.intend({ plugin: taker, ref: "other" }) !== undefined);
  harness.price(alpha, 50_000);
  harness.pass(1_000);
  assertEquals(harness.intend(), undefined);
  const scope = { kind: "plugin" as const, plugin: maker };
  harness.handle({
    kind: "operator",
    by: "cli",
    command: { kind: "set_state", scope, state: "active", reason: "seen" },
  });
  harness.pass(100);
  assert(harness.intend() !== undefined);
});

Deno.test("what the account holds beside us is counted, shown and left alone", () => {
  const harness = new EngineHarness();
  harness.listInstrument(btcAt(alpha));
  harness.connect();
  const instrument = btcAt(alpha).id;
  harness.reconcile(alpha, {
    positions: [{
      instrument,
      positionLots: sizeLots(70),
      entryPrice: undefined,
      markPrice: undefined,
      liquidationPrice: undefined,
      leverage: undefined,
      tsVenueMs: 0,
    }],
  });
  const snapshot = harness.engine.snapshot(harness.nowUs);
  assertEquals(snapshot.venues[0]?.foreignPositions, [{ instrument, positionLots: 70 }]);
  assertEquals(snapshot.positions, []);
  assertEquals(harness.sent("cancel") + harness.sent("submit"), 0);
});

Deno.test("shutdown cancels, waits for the word on each order, and tells what remains", () => {
  const harness = EngineHarness.ready();
  const order = harness.place();
  harness.handle({ kind: "operator", by: "cli", command: { kind: "shutdown", deadlineMs: 5_000 } });
  assertEquals(harness.intend(), undefined);
  assertEquals(harness.refusals(), ["HOST_SHUTTING_DOWN"]);
  harness.pass(500);
  const complete = () => harness.outputs.filter((output) => output.kind === "shutdown_complete");
  assertEquals(complete().length, 0);
  harness.report(order, "cancelled");
  assertEquals(complete(), [{ kind: "shutdown_complete", remains: { workingOrders: [], positions: [] } }]);
});

Deno.test("shutdown ends at its deadline with what could not be confirmed", () => {
  const harness = EngineHarness.ready();
  harness.place();
  harness.handle({ kind: "operator", by: "cli", command: { kind: "shutdown", deadlineMs: 1_000 } });
  harness.pass(1_100);
  const complete = harness.outputs.filter((output) => output.kind === "shutdown_complete");
  assertEquals(complete.length, 1);
  assertEquals(complete[0]?.kind === "shutdown_complete" && complete[0].remains.workingOrders.length, 1);
});

Deno.test("a restart from a checkpoint knows orders, positions, fills and states", () => {
  const first = EngineHarness.ready();
  const order = first.place();
  const fill = first.fill(order, 4);
  const scope = { kind: "plugin" as const, plugin: maker };
  first.handle({
    kind: "operator",
    by: "cli",
    command: { kind: "set_state", scope, state: "reducing", reason: "test" },
  });
  const restore = first.engine.checkpoint();
  const second = new EngineHarness();
  second.handle({ kind: "restore", restore });
  second.listInstrument(btcAt(alpha));
  second.connect();
  second.startPlugin();
  const { clientOrderId } = order;
  assertEquals(second.order(clientOrderId).status, "unknown");
  assertEquals(second.positionLots(), 4);
  const open = first.reportOf(first.order(clientOrderId), "open", { filledLots: sizeLots(4) });
  second.reconcile(alpha, { orders: [open], fills: [fill] });
  assertEquals(second.order(clientOrderId).status, "partially_filled");
  assertEquals(second.positionLots(), 4);
  second.price(alpha, 50_000);
  assertEquals(second.intend(), undefined);
  assertEquals(second.refusals(), ["TRADING_REDUCING"]);
});

Deno.test("a plugin that starts anew may use its names again; its earlier orders bear others", () => {
  const harness = EngineHarness.ready();
  const first = harness.place({ ref: "1" });
  harness.handle({ kind: "plugin_stopped", plugin: maker, reason: "reload", isFinal: false });
  harness.startPlugin();
  assertEquals(harness.order(first.clientOrderId).ref, `earlier_${first.clientOrderId}`);
  const second = harness.place({ ref: "1" });
  assertEquals(harness.intend({ ref: "1" })?.clientOrderId, second.clientOrderId);
  assertEquals(harness.refusals(), ["ORDER_REF_IN_USE"]);
});

Deno.test("what an adapter says of its channels is shown until it is gone", () => {
  const harness = EngineHarness.ready();
  const channels = [{
    instrument: btcAt(alpha).id,
    channel: "quotes",
    updates: 12,
    updatesPerSecond: 3,
    heartbeatAgeMs: 5,
    latencyAverageMs: 4,
    latencyP50Ms: 3,
    latencyP99Ms: 9,
    latencyMaxMs: 10,
    gaps: 1,
  }];
  const shown = () =>
    harness.engine.snapshot(harness.nowUs).venues.find(({ venue }) => venue === alpha)?.channels;
  assertEquals(shown(), []);
  harness.handle({ kind: "channel_statistics", venue: alpha, channels });
  assertEquals(shown(), channels);
  harness.handle({ kind: "adapter_lost", venue: alpha, reason: "crashed" });
  assertEquals(shown(), []);
});
