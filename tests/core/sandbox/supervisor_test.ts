/** Verdicts on a process, by samples of the test: no process runs here. */
import { assertEquals } from "@std/assert";
import { afterCrash, sampleEveryMs, Supervisor } from "../../../core/sandbox/supervisor.ts";
import { defaultLimits } from "../../../core/sandbox/sandbox.ts";

const limits = {
  ...defaultLimits,
  rssMb: 100,
  cpuShare: 0.5,
  cpuWindowMs: 10_000,
  heartbeatMs: 250,
  startTimeoutMs: 5_000,
};

interface Life {
  /** Share of a core that it uses. */
  readonly cpuShare: number;
  readonly rssMb: number;
  /** Its last heartbeat comes at this time. */
  readonly lastBeatMs: number;
  readonly isReady: boolean;
  /** The host itself stands still from here for a while. */
  readonly hostStall?: { readonly atMs: number; readonly forMs: number };
}

/** Lets a process live under supervision; when and why it is judged, or undefined after `untilMs`. */
function judge(
  life: Life,
  untilMs: number,
): { readonly atMs: number; readonly code: string; readonly limit: unknown } | undefined {
  const supervisor = new Supervisor("watched", limits, 50, 0);
  if (life.isReady) supervisor.onReady(0);
  for (let nowMs = sampleEveryMs; nowMs <= untilMs; nowMs += sampleEveryMs) {
    if (nowMs === life.hostStall?.atMs) nowMs += life.hostStall.forMs;
    else if (nowMs <= life.lastBeatMs) supervisor.onHeartbeat(nowMs, 1, 0);
    const usage = { cpuMs: nowMs * life.cpuShare, rssBytes: life.rssMb * (1 << 20) };
    const verdict = supervisor.sample(nowMs, () => usage);
    if (verdict !== undefined) {
      const limit = "limit" in verdict.facts ? verdict.facts.limit : undefined;
      return { atMs: nowMs, code: verdict.code, limit };
    }
  }
  return undefined;
}

const healthy: Life = { cpuShare: 0.1, rssMb: 50, lastBeatMs: Infinity, isReady: true };

Deno.test("a healthy process is left alone", () => assertEquals(judge(healthy, 60_000), undefined));

Deno.test("too much of a core over the whole window ends it, a little less does not", () => {
  assertEquals(judge({ ...healthy, cpuShare: 0.5 }, 60_000), undefined);
  const judged = judge({ ...healthy, cpuShare: 0.52 }, 60_000);
  assertEquals([judged?.code, judged?.limit], ["PLUGIN_LIMIT_EXCEEDED", "cpuShare"]);
  assertEquals((judged?.atMs ?? 0) >= limits.cpuWindowMs, true);
});

Deno.test("resident memory over its limit ends it at the next look", () => {
  assertEquals(judge({ ...healthy, rssMb: 100 }, 60_000), undefined);
  const judged = judge({ ...healthy, rssMb: 101 }, 60_000);
  assertEquals([judged?.code, judged?.limit, (judged?.atMs ?? Infinity) <= 350], [
    "PLUGIN_LIMIT_EXCEEDED",
    "rssMb",
    true,
  ]);
});

Deno.test("a late heartbeat ends what is busy at the limit, what is idle at four times it", () => {
  const busy = judge({ ...healthy, cpuShare: 1, lastBeatMs: 2_000 }, 9_000);
  assertEquals([busy?.code, busy?.atMs], ["PLUGIN_HEARTBEAT_LATE", 2_350]);
  const idle = judge({ ...healthy, cpuShare: 0, lastBeatMs: 2_000 }, 9_000);
  assertEquals([idle?.code, idle?.atMs], ["PLUGIN_HEARTBEAT_LATE", 3_100]);
});

Deno.test("a host that stood still itself forgives the time", () =>
  assertEquals(
    judge({ ...healthy, cpuShare: 0, hostStall: { atMs: 2_000, forMs: 5_000 } }, 20_000),
    undefined,
  ));

Deno.test("what does not answer in time has not started", () => {
  const judged = judge({ ...healthy, isReady: false, lastBeatMs: 0 }, 9_000);
  assertEquals([judged?.code, judged?.atMs], ["PLUGIN_START_FAILED", 5_050]);
});

Deno.test("what says that it waits has the whole time anew, until it says so no more", () => {
  const supervisor = new Supervisor("watched", limits, 50, 0);
  const isJudgedAt = (nowMs: number): boolean => supervisor.sample(nowMs, () => undefined) !== undefined;
  for (let nowMs = 1_000; nowMs <= 60_000; nowMs += 1_000) {
    supervisor.onWaiting(nowMs);
    assertEquals(isJudgedAt(nowMs), false);
  }
  assertEquals([isJudgedAt(60_000 + limits.startTimeoutMs), isJudgedAt(60_001 + limits.startTimeoutMs)], [
    false,
    true,
  ]);
});

const crashes: readonly (readonly [string, readonly number[], ReturnType<typeof afterCrash>])[] = [
  ["the first crash waits half a second", [0], { kind: "restart", delayMs: 500 }],
  ["the second within a minute waits twice as long", [0, 59_999], { kind: "restart", delayMs: 1_000 }],
  ["the third within a minute is the last", [0, 30_000, 59_999], { kind: "quarantine" }],
  ["crashes of more than a minute ago don't count", [0, 30_000, 60_000], { kind: "restart", delayMs: 1_000 }],
];
for (const [name, atMs, expected] of crashes) {
  Deno.test(`afterCrash(): ${name}`, () => assertEquals(afterCrash(atMs), expected));
}
