/** Names, labels and values of the metrics, as a scraper reads them. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Metrics } from "../../../core/console/metrics.ts";
import { latencyBoundsMs } from "../../../core/model/latency_histogram.ts";
import { refusalCodes } from "../../../core/model/refusals.ts";
import { consoleBench, somePicture } from "./bench.ts";

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

function samplesOf(text: string): readonly Sample[] {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).map((line) => {
    const [, name = "", labels = "", value = ""] = /^([a-z_:]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    assert(name !== "", `not a sample: ${line}`);
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map((
      [, key = "", text = ""],
    ) => [key, text]);
    return { name, labels: Object.fromEntries(pairs), value: Number(value) };
  });
}

/** By family: what its `# TYPE` line says. */
const typesOf = (text: string): ReadonlyMap<string, string> =>
  new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = "", type = ""]) => [name, type]));

const valueOf = (samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>> = {}) =>
  samples.find((one) =>
    one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value)
  )?.value;

/** Families and their labels: what dashboards and alerts are built on, so a change here is a change for users. */
const families: Readonly<Record<string, readonly string[]>> = {
  berth_info: ["version", "environment"],
  berth_uptime_seconds: [],
  berth_host_resident_bytes: [],
  berth_host_loop_delay_seconds: [],
  berth_notices_total: ["code"],
  berth_console_live_clients: [],
  berth_console_requests_total: ["method", "status"],
  berth_console_request_seconds_bucket: ["method", "le"],
  berth_quotes_total: ["venue"],
  berth_trades_total: ["venue"],
  berth_quote_age_seconds: ["instrument"],
  berth_quote_latency_ms_bucket: ["venue", "le"],
  berth_quote_latency_ms_sum: ["venue"],
  berth_quote_latency_ms_count: ["venue"],
  berth_opportunities_total: ["kind"],
  berth_websocket_state: ["venue", "stream", "state"],
  berth_venue_heartbeat_age_seconds: ["venue"],
  berth_venue_updates_per_second: ["venue"],
  berth_venue_gaps_total: ["venue"],
  berth_venue_reconnects_total: ["venue"],
  berth_venue_reconciled: ["venue"],
  berth_venue_request_tokens: ["venue"],
  berth_venue_pending_requests: ["venue"],
  berth_venue_requests_total: ["venue", "request", "end"],
  berth_venue_request_ms_bucket: ["venue", "request", "le"],
  berth_orders_working: ["status"],
  berth_orders_done_total: ["status"],
  berth_orders_total: [],
  berth_fills_total: [],
  berth_round_trips_total: [],
  berth_position_base: ["plugin", "instrument"],
  berth_refusals_total: ["code"],
  berth_trading_state: ["scope", "state"],
  berth_pnl_usd: ["scope", "part"],
  berth_drawdown_usd: ["scope"],
  berth_gross_exposure_usd: ["scope"],
  berth_net_exposure_usd: ["scope"],
  berth_plugin_state: ["plugin", "state"],
  berth_plugin_cpu_share: ["plugin"],
  berth_plugin_resident_bytes: ["plugin"],
  berth_plugin_heap_bytes: ["plugin"],
  berth_plugin_loop_delay_seconds: ["plugin"],
  berth_plugin_heartbeat_age_seconds: ["plugin"],
  berth_plugin_restarts_total: ["plugin"],
  berth_plugin_conflated_records_total: ["plugin"],
  berth_plugin_gauge: ["plugin", "name"],
  berth_alerts_watching: [],
  berth_alerts_restarts_total: [],
  berth_alerts_total: ["rule", "severity", "kind"],
  berth_alerts_active: ["severity"],
  berth_alert_deliveries_total: ["channel", "result"],
  berth_alert_channel_up: ["channel"],
  berth_alert_channel_queued: ["channel"],
};

Deno.test("/metrics has every family with its labels, in Prometheus' own format", async () => {
  const bench = await consoleBench();
  await bench.ask("/api/v1/status"); // so that there is a request to count
  const response = await bench.ask("/metrics");
  assertMatch(response.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  const samples = samplesOf(await response.text());
  for (const [name, labels] of Object.entries(families)) {
    const found = samples.find((one) => one.name === name);
    assert(found !== undefined, `${name} is missing`);
    assertEquals(Object.keys(found.labels).toSorted(), [...labels].toSorted(), name);
  }
});

Deno.test("every sample belongs to a family with help and a type that its name fits", async () => {
  const bench = await consoleBench();
  await bench.ask("/api/v1/status");
  const text = await (await bench.ask("/metrics")).text();
  const types = typesOf(text);
  for (const { name } of samplesOf(text)) {
    const family = [name, name.replace(/_(bucket|sum|count)$/, "")].find((one) => types.has(one));
    assert(family !== undefined, `${name} has no type`);
    assert(new RegExp(`^# HELP ${family} .{10,}$`, "m").test(text), `${family} has no help`);
    const type = types.get(family);
    assertEquals(type === "counter", family.endsWith("_total"), `${family} is a ${type}`);
    assertEquals(type === "histogram", family !== name, `${name} of the ${type} ${family}`);
  }
  assertEquals([...types].filter(([, type]) => type === "histogram").map(([name]) => name), [
    "berth_console_request_seconds",
    "berth_quote_latency_ms",
    "berth_venue_request_ms",
  ]);
});

Deno.test("a histogram's buckets are added up to its count, series by series", async () => {
  const metrics = new Metrics();
  metrics.update(somePicture());
  const { text } = await metrics.render();
  const samples = samplesOf(text);
  for (const family of ["berth_quote_latency_ms", "berth_venue_request_ms"]) {
    const counts = samples.filter(({ name }) => name === `${family}_count`);
    assert(counts.length > 0);
    for (const { labels, value } of counts) {
      const buckets = samples.filter(({ name, labels: { le: _, ...own } }) =>
        name === `${family}_bucket` && JSON.stringify(own) === JSON.stringify(labels)
      );
      assertEquals(buckets.map(({ labels: { le } }) => le), [...latencyBoundsMs.map(String), "+Inf"]);
      assertEquals(buckets.at(-1)?.value, value);
      assert(buckets.every((bucket, at) => bucket.value >= (buckets[at - 1]?.value ?? 0)));
      assertEquals(typeof valueOf(samples, `${family}_sum`, labels), "number");
    }
  }
});

for (const file of ["prometheus/berth_rules.yml", "grafana/berth.json"]) {
  Deno.test(`docs/${file} asks for metrics that there are, by labels that they have`, async () => {
    const text = await Deno.readTextFile(new URL(`../../../docs/${file}`, import.meta.url));
    const known: Readonly<Record<string, readonly string[]>> = {
      ...families,
      // Only where a venue has such a switch, and after a repair.
      berth_venue_dead_mans_switch_armed: ["venue"],
      berth_reconciliation_repairs_total: ["venue", "kind"],
    };
    const names = [...text.matchAll(/\bberth_[a-z_]+(?:\{([^}]*)\})?/g)].filter(([found]) =>
      !found.endsWith("_rules")
    );
    assert(names.length > 10);
    for (const [found, selector = ""] of names) {
      const name = found.replace(/\{.*/, "");
      assert(known[name] !== undefined, `${name} is no metric`);
      for (const [, label = ""] of selector.matchAll(/(\w+)[!=]/g)) {
        assert(known[name].includes(label), `${name} ${label}`);
      }
    }
  });
}

Deno.test("values are those of the picture", async () => {
  const metrics = new Metrics();
  const picture = somePicture();
  metrics.update(picture);
  const samples = samplesOf((await metrics.render()).text);
  const quote = picture.engine.quotes[0];
  assertEquals(valueOf(samples, "berth_quotes_total", { venue: "alpha" }), quote?.updates);
  assertEquals(valueOf(samples, "berth_quote_latency_ms_count", { venue: "alpha" }), quote?.updates);
  // The harness' quotes are 20 ms old when they come.
  assertEquals(valueOf(samples, "berth_quote_latency_ms_bucket", { venue: "alpha", le: "10" }), 0);
  assertEquals(
    valueOf(samples, "berth_quote_latency_ms_bucket", { venue: "alpha", le: "20" }),
    quote?.updates,
  );
  assertEquals(
    valueOf(samples, "berth_quote_latency_ms_bucket", { venue: "alpha", le: "+Inf" }),
    quote?.updates,
  );
  assertEquals(valueOf(samples, "berth_orders_working", { status: "accepted" }), 1);
  assertEquals(valueOf(samples, "berth_orders_done_total", { status: "filled" }), 1);
  assertEquals(valueOf(samples, "berth_refusals_total", { code: "ORDER_INVALID" }), 1);
  assertEquals(valueOf(samples, "berth_trading_state", { scope: "global", state: "active" }), 1);
  assertEquals(valueOf(samples, "berth_trading_state", { scope: "global", state: "halted" }), 0);
  assertEquals(valueOf(samples, "berth_position_base", { plugin: "maker" }), 0.03);
  const requests = { venue: "alpha", request: "submit", end: "done" };
  assertEquals(valueOf(samples, "berth_venue_requests_total", requests), 2);
  assertEquals(valueOf(samples, "berth_websocket_state", { stream: "private", state: "connected" }), 1);
  const codes = samples.filter(({ name }) => name === "berth_refusals_total").map(({ labels }) =>
    labels["code"]
  );
  assertEquals(codes.toSorted(), [...refusalCodes].toSorted());
});

Deno.test("sums only grow, states follow, and what is not known any more is absent", async () => {
  const metrics = new Metrics();
  const picture = somePicture();
  metrics.update(picture);
  metrics.update(picture);
  const { engine } = picture;
  const scopes = engine.scopes.map((scope) => ({ ...scope, netExposureUsd: NaN, state: "halted" as const }));
  metrics.update({
    ...picture,
    plugins: [],
    engine: { ...engine, refusals: { ORDER_INVALID: 3 }, scopes, workingOrders: [] },
    counts: { orders: 5, fills: 1, roundTrips: 0 },
  });
  const samples = samplesOf((await metrics.render()).text);
  assertEquals(valueOf(samples, "berth_refusals_total", { code: "ORDER_INVALID" }), 3);
  assertEquals(valueOf(samples, "berth_orders_total"), 5);
  assertEquals(valueOf(samples, "berth_trading_state", { scope: "global", state: "active" }), 0);
  assertEquals(valueOf(samples, "berth_trading_state", { scope: "global", state: "halted" }), 1);
  assertEquals(valueOf(samples, "berth_net_exposure_usd", { scope: "global" }), undefined);
  assertEquals(valueOf(samples, "berth_plugin_state"), undefined);
  assertEquals(valueOf(samples, "berth_orders_working", { status: "accepted" }), undefined);
});
