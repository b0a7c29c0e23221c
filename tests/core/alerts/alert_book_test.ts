/** From observations to notes: settings that switch, re-weigh and route, subjects that come and go, the day's sums. */
import { assertEquals, assertMatch } from "@std/assert";
import { AlertBook } from "../../../core/alerts/alert_book.ts";
import { isWanted } from "../../../core/alerts/alert_desk.ts";
import { type AlertRule, alertRules } from "../../../core/alerts/alert.ts";
import { emptyDay, isSummaryDue } from "../../../core/alerts/daily_summary.ts";
import type { Happening, Observation } from "../../../core/alerts/observation.ts";
import {
  type AlertSettings,
  defaultAlertSettings,
  rulesBy,
  type RuleTiming,
} from "../../../core/alerts/settings.ts";
import { calmVenue, noonMs, observation, someNote } from "./builders.ts";

const settingsWith = (rule: AlertRule, changes: Partial<RuleTiming>): AlertSettings => ({
  ...defaultAlertSettings,
  rules: rulesBy((one) => ({ ...defaultAlertSettings.rules[one], ...(one === rule ? changes : {}) })),
});

function play(
  observations: readonly Observation[],
  settings = defaultAlertSettings,
  day: ConstructorParameters<typeof AlertBook>[0]["day"] = undefined,
) {
  const book = new AlertBook({ settings, runId: "run", day });
  const notes = observations.flatMap((one) => book.observe(one, []));
  return {
    book,
    lines: notes.map(({ kind, rule, severity, text }) => `${kind} ${rule} ${severity}: ${text}`),
    notes,
  };
}

const gone = { venues: [{ ...calmVenue, marketData: "reconnecting" as const }] };
const fill: Happening = {
  kind: "fill",
  plugin: "maker",
  instrument: "okx:BTC-PERP",
  side: "buy",
  price: 50_000,
  sizeBase: 0.02,
};
const position = (isFlat: boolean, netUsd: number): Happening => ({
  kind: "position",
  plugin: "maker",
  instrument: "okx:BTC-PERP",
  isFlat,
  netUsd,
});

Deno.test("a venue that goes and comes back is told twice, by ids of their own", () => {
  const { notes, book } = play([
    observation(0),
    observation(1_000, gone),
    observation(3_000, gone),
    observation(9_000),
  ]);
  assertEquals(notes.map(({ id, kind, text, tsMs, lastedMs }) => ({ id, kind, text, tsMs, lastedMs })), [
    {
      id: "run-1",
      kind: "raised",
      text: "okx disconnected: market data is reconnecting",
      tsMs: noonMs + 3_000,
      lastedMs: undefined,
    },
    {
      id: "run-2",
      kind: "resolved",
      text: "resolved after 8 s: okx disconnected: market data is reconnecting",
      tsMs: noonMs + 9_000,
      lastedMs: 8_000,
    },
  ]);
  assertEquals(book.active(), []);
});

Deno.test("what is wrong now is listed with when it began by the clock on the wall", () => {
  const { book } = play([observation(1_000, gone), observation(4_000, gone)]);
  assertEquals(book.active(), [{
    rule: "venue_disconnected",
    subject: "okx",
    severity: "critical",
    text: "okx disconnected: market data is reconnecting",
    sinceMs: noonMs + 1_000,
    isTold: true,
  }]);
});

Deno.test("a subject that is not there any more is well", () => {
  const { lines } = play([
    observation(0, gone),
    observation(2_000, gone),
    observation(3_000, { venues: [] }),
  ]);
  assertEquals(lines.map((line) => line.split(" ")[0]), ["raised", "resolved"]);
});

/** What makes each rule speak; the test below holds that none is left out. */
const triggers: Readonly<Record<AlertRule, Partial<Observation>>> = {
  venue_disconnected: gone,
  heartbeat_stale: { venues: [{ ...calmVenue, heartbeatAgeMs: 60_000 }] },
  quote_stale: { quotes: [{ instrument: "okx:BTC-PERP", venue: "okx", ageMs: 20_000 }] },
  latency_high: { venues: [{ ...calmVenue, averageLatencyMs: 900 }] },
  update_rate_low: { venues: [{ ...calmVenue, updatesPerSecond: 0.01 }] },
  trading_state: { scopes: [{ ...observation(0).scopes[0]!, state: "halted" }] },
  limit_near: {
    scopes: [{
      ...observation(0).scopes[0]!,
      limits: { ...observation(0).scopes[0]!.limits, maxOpenOrders: 10 },
      openOrders: 9,
    }],
  },
  group_broken: {
    brokenGroups: [{ plugin: "arb", group: "g1", legs: "", nakedUsd: 1, nakedMs: 1, isHalted: false }],
  },
  plugin_down: { plugins: [{ plugin: "maker", state: "quarantined", why: "" }] },
  host_slow: { loopDelayMs: 900 },
  channel_failing: {},
  reconciliation_difference: {
    happenings: [{
      kind: "notice",
      severity: "warning",
      code: "RECONCILIATION_REPAIR",
      text: "repaired",
      facts: { venue: "okx" },
    }],
  },
  critical_notice: {
    happenings: [{
      kind: "notice",
      severity: "critical",
      code: "KILL_INCOMPLETE",
      text: "something remains",
      facts: {},
    }],
  },
  opportunity: {
    happenings: [{
      kind: "opportunity",
      plugin: "arb",
      symbol: "BTC-PERP",
      words: "",
      netBps: 50,
      isTaken: false,
    }],
  },
  fill: { happenings: [fill] },
  daily_summary: {},
};
for (const rule of alertRules) {
  Deno.test(`the rule ${rule} speaks, is switched off by its setting, and takes another severity`, () => {
    const speak = (changes: Partial<RuleTiming>): readonly string[] => {
      const settings = settingsWith(rule, { afterMs: 0, ...changes });
      const dayLater = rule === "daily_summary" ? 86_400_000 : 1_000;
      const book = new AlertBook({ settings, runId: "run", day: emptyDay(noonMs) });
      const failing = rule === "channel_failing" ? [{ channel: "phone", why: "status 401" }] : [];
      return [0, dayLater].flatMap((atMs) =>
        book.observe(observation(atMs, atMs === 0 ? {} : triggers[rule]), atMs === 0 ? [] : failing)
      ).filter((note) => note.rule === rule).map(({ severity }) => severity);
    };
    assertEquals(speak({}).length, 1);
    assertEquals(speak({ isEnabled: false }), []);
    assertEquals(speak({ severity: "critical" }), ["critical"]);
    assertEquals(speak({ severity: "notice" }), ["notice"]);
  });
}

Deno.test("an opportunity below the threshold is none, and neither is one that is no number", () => {
  for (const netBps of [49.9, NaN]) {
    const happening: Happening = {
      kind: "opportunity",
      plugin: "arb",
      symbol: "BTC-PERP",
      words: "buy okx, sell paradex",
      netBps,
      isTaken: false,
    };
    assertEquals(play([observation(0, { happenings: [happening] })]).lines, []);
  }
});

Deno.test("fills within a minute are one note", () => {
  const { lines } = play([
    observation(0, { happenings: [fill] }),
    observation(1_000, { happenings: [fill, { ...fill, side: "sell" }] }),
    observation(30_000),
    observation(60_000),
    observation(200_000),
  ]);
  assertEquals(lines, [
    "event fill notice: maker: bought 0.02 okx:BTC-PERP at 50000",
    "event fill notice: maker: bought 0.02 okx:BTC-PERP at 50000\nmaker: sold 0.02 okx:BTC-PERP at 50000",
  ]);
});

Deno.test("lost happenings are told", () => {
  const { lines } = play([observation(0, { lostHappenings: 7 })]);
  assertEquals(lines, ["event critical_notice warning: 7 happenings came faster than alerts are kept"]);
});

Deno.test("the day's summary comes at its minute, with the sums of the day, and the next day begins empty", () => {
  const toMidnightMs = 12 * 3_600_000;
  const at = (ms: number, totalUsd: number, happenings: readonly Happening[] = []) =>
    observation(ms, {
      happenings,
      totals: {
        totalUsd,
        feesUsd: totalUsd / 10,
        fundingUsd: -1,
        drawdownUsd: ms === 2_000 ? 9 : 3,
        refusals: ms / 1000,
      },
    });
  const { lines, book } = play([
    at(0, 100),
    at(1_000, 110, [fill, position(false, -0.1)]),
    at(2_000, 90, [fill, position(true, 5), position(false, 4), position(true, 2), position(true, 2)]),
    at(toMidnightMs - 1, 150),
    at(toMidnightMs, 150),
    at(toMidnightMs + 1_000, 151),
  ]);
  assertEquals(lines.filter((line) => line.includes("daily_summary")), [
    "event daily_summary notice: summary of 12 h since 2026-01-15T12:00Z\n" +
    "PnL +50.00 USD, fees 5.00 USD, funding 0.00 USD\n" +
    "volume 2,000.00 USD in 2 fills, win rate 50.0 % (1 of 2)\n" +
    "43200 refusals, worst drawdown 9.00 USD",
  ]);
  assertEquals(book.day, {
    ...emptyDay(noonMs + toMidnightMs),
    pnlUsd: 1,
    feesUsd: book.day?.feesUsd ?? NaN,
    refusals: 1,
    worstDrawdownUsd: 3,
  });
});

Deno.test("a restart goes on with the day it left, without counting its sums twice", () => {
  const before = { ...emptyDay(noonMs - 3_600_000), pnlUsd: 40, fills: 3, refusals: 2 };
  const totals = { totalUsd: 500, feesUsd: 9, fundingUsd: 0, drawdownUsd: 0, refusals: 0 };
  const { book } = play(
    [observation(0, { totals }), observation(1_000, { totals: { ...totals, totalUsd: 501 } })],
    undefined,
    before,
  );
  assertEquals(book.day, { ...before, pnlUsd: 41 });
});

const dues = [
  ["not before its minute", "2026-01-15T00:00Z", "2026-01-15T07:29Z", 450, false],
  ["at its minute", "2026-01-15T00:00Z", "2026-01-15T07:30Z", 450, true],
  ["not twice", "2026-01-15T07:30Z", "2026-01-15T23:59Z", 450, false],
  ["the next day", "2026-01-15T07:30Z", "2026-01-16T07:30Z", 450, true],
  ["late, when no host ran at its minute", "2026-01-15T06:00Z", "2026-01-16T05:00Z", 450, true],
  ["at midnight", "2026-01-15T12:00Z", "2026-01-16T00:00Z", 0, true],
] as const;
for (const [name, since, now, minute, isDue] of dues) {
  Deno.test(`the summary is due ${name}`, () =>
    assertEquals(isSummaryDue(Date.parse(since), Date.parse(now), minute), isDue));
}

Deno.test("a channel gets what is bad enough and not left out, and never its own failure", () => {
  const channel = { name: "phone", leastSeverity: "warning" as const, without: ["fill" as const] };
  assertEquals(isWanted(someNote, channel), true);
  assertEquals(isWanted({ ...someNote, severity: "notice" }, channel), false);
  assertEquals(isWanted({ ...someNote, severity: "notice" }, { ...channel, leastSeverity: "notice" }), true);
  assertEquals(isWanted({ ...someNote, rule: "fill" }, channel), false);
  assertEquals(isWanted({ ...someNote, rule: "channel_failing", subject: "desk" }, channel), true);
  assertEquals(isWanted({ ...someNote, rule: "channel_failing", subject: "phone" }, channel), false);
});

Deno.test("ids of notes are fit for headers and mail", () => {
  const { notes } = play([observation(0, { happenings: [fill] })]);
  for (const { id } of notes) assertMatch(id, /^[\w-]+$/);
});
