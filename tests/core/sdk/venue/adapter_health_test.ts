/** An adapter's report on itself, by hand. */
import { assertEquals } from "@std/assert";
import type { VenueHealth } from "@berth/sdk";
import { type AdapterParts, publishHealth } from "@berth/sdk/venue/adapter_health.ts";
import { FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import { Published } from "../../../support/published.ts";
import { VirtualTime } from "../../../support/venue_fakes.ts";

type Report = Omit<VenueHealth, "venue" | "tsMs">;

function reportOf(
  change: Partial<AdapterParts>,
): { readonly health: Report | undefined; readonly gauges: unknown } {
  const published = new Published();
  const gauges: Record<string, number> = {};
  publishHealth({ publish: published.port, gauge: (name, value) => gauges[name] = value }, {
    publicConnection: { state: "connected", reconnects: 2, failedAttempts: 0, heartbeatAgeMs: 41.6 },
    privateConnection: { state: "reconnecting", reconnects: 3, failedAttempts: 4, heartbeatAgeMs: 0 },
    statistics: new FeedStatistics(new VirtualTime()),
    misfits: { count: (prefix = "") => prefix === "private_" ? 1 : 5 },
    isDeadMansSwitchArmed: undefined,
    ...change,
  });
  return { health: published.of("health")[0]?.value, gauges };
}

Deno.test("reconnects of both connections are added up, misfits told apart", () => {
  const { gauges, health } = reportOf({});
  assertEquals(health, {
    marketData: "connected",
    privateStream: "reconnecting",
    heartbeatAgeMs: 42,
    updatesPerSecond: 0,
    latencyAverageMs: undefined,
    latencyP99Ms: undefined,
    gaps: 0,
    reconnects: 5,
    failedAttempts: 4,
  });
  assertEquals(gauges, { unreadable_frames: 4, unreadable_private_rows: 1 });
});

Deno.test("without an account there is no private stream", () => {
  const { health } = reportOf({ privateConnection: undefined });
  assertEquals([health?.privateStream, health?.reconnects], [undefined, 2]);
});

for (const [isDeadMansSwitchArmed, told] of [[true, "armed"], [false, "not_armed"]] as const) {
  Deno.test(`the dead man's switch is told as ${told}`, () => {
    assertEquals(reportOf({ isDeadMansSwitchArmed }).health?.deadMansSwitch, told);
  });
}
