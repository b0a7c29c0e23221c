/** What the simulation found: a group whose plugin never came back after a restart was never unwound. */
import { assertEquals, assertGreater } from "@std/assert";
import { priceTicks, sizeLots } from "../../../core/model/ticks.ts";
import { alpha, beta, btcAt, EngineHarness, maker } from "../../support/engine_builders.ts";

Deno.test("a restored group is unwound though its plugin is not started again", () => {
  const before = EngineHarness.ready();
  before.listInstrument(btcAt(beta));
  before.connect(beta);
  before.reconcile(beta);
  before.price(beta, 50_000);
  const leg = (venue: typeof alpha, side: "buy" | "sell") => ({
    instrument: btcAt(venue).id,
    side,
    sizeLots: sizeLots(100),
    limitPriceTicks: priceTicks(side === "buy" ? 500_100 : 499_900),
  });
  before.handle({
    kind: "group_intent",
    causes: [],
    intent: {
      plugin: maker,
      ref: "g1",
      terms: {
        legs: [leg(alpha, "buy"), leg(beta, "sell")],
        mode: "sequential",
        maxNakedNotionalUsd: 10_000,
        maxNakedMs: 1_000,
        completeWithinBps: 0,
        exitCapBps: 10,
        maxHoldMs: undefined,
        maxRestMs: undefined,
      },
    },
  });
  const [first] = before.engine.snapshot(before.nowUs).workingOrders;
  if (first === undefined) throw new Error(`refused: ${before.refusals().at(-1)}`);
  const fill = before.fillOf(first, 100);
  before.handle({ kind: "fill_report", venue: alpha, fill });

  const after = new EngineHarness();
  after.nowUs = before.nowUs + 5_000_000;
  after.handle({ kind: "restore", restore: { ...before.engine.checkpoint(), states: [] } });
  for (const venue of [alpha, beta]) {
    after.listInstrument(btcAt(venue));
    after.connect(venue);
    const held = {
      instrument: btcAt(alpha).id,
      positionLots: sizeLots(100),
      entryPrice: 50_000,
      markPrice: undefined,
      liquidationPrice: undefined,
      leverage: undefined,
      tsVenueMs: 0,
    };
    after.reconcile(venue, venue === alpha ? { fills: [fill], positions: [held] } : {});
    after.price(venue, 50_000);
  }
  // The second leg's order never arrived.
  for (let second = 0; second < 8; second++) {
    after.pass(1_000);
    after.reconcile(beta);
    if (!after.hasPending("query_order", beta)) continue;
    const { requestId } = after.pending("query_order", beta);
    after.answer(requestId, { kind: "query_order", outcome: { kind: "not_found" } }, beta);
  }
  const submitted = after.outputs.flatMap((output) =>
    output.kind === "adapter_request" && output.request.kind === "submit" ? [output.request.order] : []
  );
  assertGreater(submitted.length, 0, after.refusals().join(", "));
  assertEquals(
    submitted.map(({ instrument, side, reduceOnly }) => ({ instrument, side, reduceOnly })).at(0),
    {
      instrument: btcAt(alpha).id,
      side: "sell",
      reduceOnly: true,
    },
  );
});

Deno.test("a plugin that comes back while its position is closed opens nothing there until that has ended", () => {
  const harness = EngineHarness.ready();
  harness.startPlugin(maker, { onStop: "flatten" });
  harness.trade("buy", 30);
  harness.handle({ kind: "plugin_stopped", plugin: maker, reason: "crash", isFinal: true });
  harness.startPlugin(maker, { onStop: "flatten" });
  harness.intend();
  assertEquals(harness.refusals(), ["PLUGIN_FLATTENING"]);
  harness.pass(200);
  const closing = harness.engine.snapshot(harness.nowUs).workingOrders.at(-1);
  assertEquals(closing?.reduceOnly, true);
  if (closing !== undefined) harness.fill(closing, 30);
  harness.pass(200);
  assertEquals(harness.positionLots(), 0);
  assertEquals(harness.intend()?.status, "pending_new");
});
