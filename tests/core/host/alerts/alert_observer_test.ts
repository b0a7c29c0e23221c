/** What the alerts are told of a real engine's state, and what is kept between two observations. */
import { assert, assertEquals } from "@std/assert";
import { conditionsOf } from "../../../../core/alerts/conditions.ts";
import { defaultThresholds } from "../../../../core/alerts/settings.ts";
import type { EngineOutput } from "../../../../core/engine/events.ts";
import { AlertObserver } from "../../../../core/host/alerts/alert_observer.ts";
import type { PluginView } from "../../../../core/host/plugins/plugin_manager.ts";
import { instrumentId } from "../../../../core/model/ids.ts";
import { alpha, EngineHarness, maker } from "../../../support/engine_builders.ts";

const view: PluginView = {
  id: "maker",
  kind: "strategy",
  version: "1.0.0",
  path: "",
  state: { kind: "quarantined", why: "it said hunter2-secret and died" },
  update: undefined,
  usage: undefined,
  manifest: undefined,
  restarts: 3,
  decision: undefined,
};

function observerOf(harness: EngineHarness): AlertObserver {
  return new AlertObserver({
    engine: harness.engine,
    clock: {
      epochMs: () => harness.nowUs / 1000,
      epochUs: () => harness.nowUs,
      monotonicMs: () => harness.nowUs / 1000,
    },
    plugins: () => [view],
    redact: (text) => text.replaceAll("hunter2-secret", "***"),
    minOpportunityBps: 20,
  });
}

/** Hands the observer what the driver would. */
function tell(observer: AlertObserver, outputs: readonly EngineOutput[]): void {
  for (const output of outputs) {
    if (output.kind !== "journal") continue;
    const { body } = output.entry;
    if (body.kind === "fill") observer.fill(body.plugin, body.fill);
    if (body.kind === "position") observer.position(body.position);
  }
}

Deno.test("a traded engine: quotes, scopes, largest position and totals are there; fills have prices and sizes", () => {
  const harness = EngineHarness.ready();
  const observer = observerOf(harness);
  harness.trade("buy", 30);
  tell(observer, harness.outputs);
  harness.pass(1_000);
  const seen = observer.observe(3);
  assertEquals(seen.loopDelayMs, 3);
  assertEquals(seen.venues.map(({ venue, isStarted }) => [venue, isStarted]), [["alpha", true]]);
  assertEquals(seen.quotes.map(({ instrument, venue }) => [instrument, venue]), [[
    "alpha:BTC-PERP",
    "alpha",
  ]]);
  const global = seen.scopes.find(({ scope }) => scope === "global");
  const plugin = seen.scopes.find(({ scope }) => scope === `plugin/${maker}`);
  assert(global !== undefined && plugin !== undefined);
  assert(global.largestPositionUsd > 0);
  assertEquals(plugin.largestPositionUsd, global.largestPositionUsd);
  assert(Math.abs(global.grossExposureUsd - global.largestPositionUsd) < 1);
  const kinds = seen.happenings.map(({ kind }) => kind);
  assert(kinds.includes("fill") && kinds.includes("position"), kinds.join());
  const fill = seen.happenings.find((one) => one.kind === "fill");
  assert(fill?.kind === "fill" && fill.price > 1_000 && fill.sizeBase > 0 && fill.side === "buy");
  assertEquals(observer.observe(0).happenings, [], "told once");
});

Deno.test("plugins' last words come without secrets, and their state is judged", () => {
  const seen = observerOf(EngineHarness.ready()).observe(0);
  assertEquals(seen.plugins, [{
    plugin: "maker",
    state: "quarantined",
    why: "it said *** and died",
  }]);
  const observer = observerOf(EngineHarness.ready());
  observer.pluginState("maker", { kind: "backing_off", why: "hunter2-secret", untilMs: 0 });
  observer.pluginState("maker", { kind: "running" });
  assertEquals(observer.observe(0).happenings, [{ kind: "plugin_ended", plugin: "maker", why: "***" }]);
  const down = conditionsOf(seen, defaultThresholds, []).find(({ rule }) => rule === "plugin_down");
  assertEquals(down?.finding.kind === "bad" && down.finding.severity, "critical");
});

Deno.test("opportunities below the threshold, and what is beyond the bound, are not kept", () => {
  const observer = observerOf(EngineHarness.ready());
  const opportunity = {
    symbol: "BTC-PERP",
    buy: instrumentId("alpha", "BTC-PERP"),
    sell: instrumentId("beta", "BTC-PERP"),
    buyPrice: 50_000.5,
    sellPrice: 50_100,
    netBps: 19.9,
    isTaken: false,
  };
  observer.opportunity("arb", opportunity);
  observer.opportunity("arb", { ...opportunity, netBps: NaN });
  assertEquals(observer.observe(0).happenings, []);
  for (let count = 0; count < 1_005; count++) observer.opportunity("arb", { ...opportunity, netBps: 20 });
  const { happenings, lostHappenings } = observer.observe(0);
  assertEquals([happenings.length, lostHappenings], [1_000, 5]);
  assertEquals(happenings[0], {
    kind: "opportunity",
    plugin: "arb",
    symbol: "BTC-PERP",
    words: "buy alpha at 50000.5, sell beta at 50100",
    netBps: 20,
    isTaken: false,
  });
  assertEquals(observer.observe(0).lostHappenings, 0);
});

Deno.test("an adapter that says nothing any more makes its last word older", () => {
  const harness = EngineHarness.ready();
  const observer = observerOf(harness);
  const health = {
    venue: alpha,
    marketData: "connected" as const,
    privateStream: "connected" as const,
    heartbeatAgeMs: 100,
    updatesPerSecond: 5,
    latencyAverageMs: undefined,
    latencyP99Ms: undefined,
    gaps: 0,
    reconnects: 0,
    tsMs: harness.nowUs / 1000,
  };
  harness.handle({ kind: "venue_health", health });
  const before = observer.observe(0).venues[0]?.heartbeatAgeMs ?? NaN;
  harness.pass(31_000, true);
  const [venue] = observer.observe(0).venues;
  assertEquals(Math.round((venue?.heartbeatAgeMs ?? NaN) - before), 31_000);
  assertEquals(venue?.averageLatencyMs, NaN);
});
