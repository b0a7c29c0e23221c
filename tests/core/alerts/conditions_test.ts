/** What each rule about lasting things finds: tables with the boundaries and with what is not known. */
import { assertEquals } from "@std/assert";
import { conditionsOf } from "../../../core/alerts/conditions.ts";
import type { Observation } from "../../../core/alerts/observation.ts";
import { defaultThresholds } from "../../../core/alerts/settings.ts";
import { calmScope, calmVenue, limitsOf, observation } from "./builders.ts";

/** `severity: text` of each bad finding, `?` for what is not known, by `rule subject`. */
function findings(changes: Partial<Observation>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    conditionsOf(observation(0, changes), defaultThresholds, []).flatMap(({ rule, subject, finding }) =>
      finding.kind === "good"
        ? []
        : [[`${rule} ${subject}`, finding.kind === "bad" ? `${finding.severity}: ${finding.text}` : "?"]]
    ),
  );
}
const venue = (changes: Partial<typeof calmVenue>) => ({ venues: [{ ...calmVenue, ...changes }] });
const scope = (changes: Partial<typeof calmScope>) => ({ scopes: [{ ...calmScope, ...changes }] });
const plugin = (state: string, why = "") => ({ plugins: [{ plugin: "maker", state, why }] });

const cases: readonly {
  readonly name: string;
  readonly changes: Partial<Observation>;
  readonly expected: Readonly<Record<string, string>>;
}[] = [
  { name: "a calm host has nothing to tell", changes: {}, expected: {} },
  {
    name: "a heartbeat of 30 s is fine",
    changes: venue({ heartbeatAgeMs: 30_000 }),
    expected: {},
  },
  {
    name: "a heartbeat beyond 30 s is a warning",
    changes: venue({ heartbeatAgeMs: 30_001 }),
    expected: {
      "heartbeat_stale okx": "warning: okx heartbeat stale: nothing was heard for 30.0 s (limit 30.0 s)",
    },
  },
  {
    name: "a heartbeat that is not known is not judged",
    changes: venue({ heartbeatAgeMs: NaN }),
    expected: { "heartbeat_stale okx": "?" },
  },
  {
    name: "a mean latency of 200 ms is fine",
    changes: venue({ averageLatencyMs: 200 }),
    expected: {},
  },
  {
    name: "a mean latency beyond 200 ms is a notice",
    changes: venue({ averageLatencyMs: 201 }),
    expected: { "latency_high okx": "notice: okx latency high: 201 ms on average (limit 200 ms)" },
  },
  {
    name: "0.1 updates a second are fine",
    changes: venue({ updatesPerSecond: 0.1 }),
    expected: {},
  },
  {
    name: "fewer than 0.1 updates a second are a warning",
    changes: venue({ updatesPerSecond: 0.09 }),
    expected: { "update_rate_low okx": "warning: okx update rate low: 0.09 updates/s (at least 0.1/s)" },
  },
  {
    name: "a venue that is gone is critical; what follows from it is no news",
    changes: {
      ...venue({ marketData: "reconnecting", updatesPerSecond: 0, averageLatencyMs: 900 }),
      quotes: [{ instrument: "okx:BTC-PERP", venue: "okx", ageMs: 60_000 }],
    },
    expected: {
      "venue_disconnected okx": "critical: okx disconnected: market data is reconnecting",
      "latency_high okx": "?",
      "update_rate_low okx": "?",
      "quote_stale okx:BTC-PERP": "?",
    },
  },
  {
    name: "an adapter that does not run is critical, whatever it said last",
    changes: venue({ isStarted: false, heartbeatAgeMs: 40_000 }),
    expected: {
      "venue_disconnected okx": "critical: okx disconnected: its adapter does not run",
      "heartbeat_stale okx": "?",
      "latency_high okx": "?",
      "update_rate_low okx": "?",
      "quote_stale okx:BTC-PERP": "?",
    },
  },
  {
    name: "an account's stream that is gone is critical",
    changes: venue({ privateStream: "connecting" }),
    expected: { "venue_disconnected okx": "critical: okx disconnected: the account's stream is connecting" },
  },
  {
    name: "a venue without an account has no such stream",
    changes: venue({ privateStream: undefined }),
    expected: {},
  },
  {
    name: "a quote of 10 s is fine",
    changes: { quotes: [{ instrument: "okx:BTC-PERP", venue: "okx", ageMs: 10_000 }] },
    expected: {},
  },
  {
    name: "a quote beyond 10 s is a notice",
    changes: { quotes: [{ instrument: "okx:BTC-PERP", venue: "okx", ageMs: 10_001 }] },
    expected: { "quote_stale okx:BTC-PERP": "notice: okx:BTC-PERP quote stale: 10.0 s old (limit 10.0 s)" },
  },
  {
    name: "a scope that reduces is a warning, with why",
    changes: scope({ state: "reducing", reason: "daily loss" }),
    expected: { "trading_state global": "warning: trading of global is reducing: daily loss" },
  },
  {
    name: "a scope that is halted is critical",
    changes: scope({ state: "halted" }),
    expected: { "trading_state global": "critical: trading of global is halted" },
  },
  {
    name: "a limit used to less than 80 % is fine",
    changes: scope({ limits: limitsOf({ maxGrossExposureUsd: 1_000 }), grossExposureUsd: 799.99 }),
    expected: {},
  },
  {
    name: "a limit used to 80 % is a warning",
    changes: scope({ limits: limitsOf({ maxGrossExposureUsd: 1_000 }), grossExposureUsd: 800 }),
    expected: {
      "limit_near global maxGrossExposureUsd":
        "warning: global: maxGrossExposureUsd is used to 80 % (800.00 USD of 1,000.00 USD)",
    },
  },
  {
    name: "losses and counts are held against their limits too, a gain is no loss",
    changes: scope({
      limits: limitsOf({
        maxDailyLossUsd: 100,
        maxDrawdownUsd: 100,
        maxConsecutiveLosses: 5,
        maxOpenOrders: 10,
      }),
      todayUsd: -85,
      drawdownUsd: 99,
      consecutiveLosses: 4,
      openOrders: 7,
    }),
    expected: {
      "limit_near global maxDailyLossUsd":
        "warning: global: maxDailyLossUsd is used to 85 % (85.00 USD of 100.00 USD)",
      "limit_near global maxDrawdownUsd":
        "warning: global: maxDrawdownUsd is used to 99 % (99.00 USD of 100.00 USD)",
      "limit_near global maxConsecutiveLosses":
        "warning: global: maxConsecutiveLosses is used to 80 % (4 of 5)",
    },
  },
  {
    name: "a gain is no loss, an unknown figure and a limit of 0 are not reckoned",
    changes: scope({
      limits: limitsOf({ maxDailyLossUsd: 100, maxNetExposureUsd: 100, maxOpenOrders: 0 }),
      todayUsd: 500,
      netExposureUsd: NaN,
    }),
    expected: {},
  },
  {
    name: "a short side counts as much as a long one",
    changes: scope({ limits: limitsOf({ maxNetExposureUsd: 100 }), netExposureUsd: -90 }),
    expected: {
      "limit_near global maxNetExposureUsd":
        "warning: global: maxNetExposureUsd is used to 90 % (90.00 USD of 100.00 USD)",
    },
  },
  {
    name: "a broken group is a warning, and critical when it needs the operator",
    changes: {
      brokenGroups: [
        {
          plugin: "arb",
          group: "g1",
          legs: "buy a, sell b",
          nakedUsd: 12.5,
          nakedMs: 4_000,
          isHalted: false,
        },
        { plugin: "arb", group: "g2", legs: "buy a, sell c", nakedUsd: NaN, nakedMs: 1, isHalted: true },
      ],
    },
    expected: { "group_broken arb": "critical: leg group g2 of arb needs the operator (buy a, sell c)" },
  },
  {
    name: "a group that broke and was mended in between is told by the engine's word",
    changes: {
      happenings: [{
        kind: "notice",
        severity: "warning",
        code: "GROUP_BROKEN",
        text: "One leg is ahead.",
        facts: { plugin: "arb" },
      }],
    },
    expected: { "group_broken arb": "warning: One leg is ahead." },
  },
  {
    name: "a plugin that was killed and is started again is a warning",
    changes: plugin("backing_off", "no heartbeat for 300 ms"),
    expected: {
      "plugin_down maker": "warning: plugin maker was ended and is started again: no heartbeat for 300 ms",
    },
  },
  {
    name: "a plugin that ended and runs again before anybody looks is a warning all the same",
    changes: {
      ...plugin("running"),
      happenings: [{ kind: "plugin_ended", plugin: "maker", why: "exit code 1" }],
    },
    expected: { "plugin_down maker": "warning: plugin maker was ended and is started again: exit code 1" },
  },
  {
    name: "another plugin's end is none of its",
    changes: { ...plugin("running"), happenings: [{ kind: "plugin_ended", plugin: "taker", why: "" }] },
    expected: {},
  },
  {
    name: "a plugin in quarantine is critical",
    changes: plugin("quarantined", "3 crashes within a minute"),
    expected: { "plugin_down maker": "critical: plugin maker is quarantined: 3 crashes within a minute" },
  },
  {
    name: "a plugin that starts is not judged yet",
    changes: plugin("starting"),
    expected: { "plugin_down maker": "?" },
  },
  {
    name: "a plugin that somebody stopped is as wanted",
    changes: plugin("stopped", "operator"),
    expected: {},
  },
  {
    name: "a host whose timer is late by more than 250 ms is a warning",
    changes: { loopDelayMs: 251 },
    expected: { "host_slow host": "warning: the host runs late: its timer by 251 ms (limit 250 ms)" },
  },
];
for (const { name, changes, expected } of cases) {
  Deno.test(`conditions: ${name}`, () => assertEquals(findings(changes), expected));
}
