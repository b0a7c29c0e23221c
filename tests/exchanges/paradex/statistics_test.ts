import { assertEquals } from "@std/assert";
import { backoffMs } from "../../../exchanges/paradex/backoff.ts";
import { FeedStatistics } from "../../../exchanges/paradex/statistics.ts";
import { VirtualTime } from "./fakes.ts";

Deno.test("latency is that of the last minute, and absent when there was none", async () => {
  const time = new VirtualTime();
  const statistics = new FeedStatistics(time);
  assertEquals(statistics.latencySummary(), undefined);
  statistics.latency(1_000);
  await time.advance(60_001);
  for (let latencyMs = 1; latencyMs <= 100; latencyMs++) statistics.latency(latencyMs);
  assertEquals(statistics.latencySummary(), { averageMs: 50.5, p99Ms: 99 });
});

Deno.test("only the newest 4096 samples are kept", () => {
  const statistics = new FeedStatistics(new VirtualTime());
  for (let i = 0; i < 5_000; i++) statistics.latency(i < 904 ? 1e9 : 2);
  assertEquals(statistics.latencySummary(), { averageMs: 2, p99Ms: 2 });
});

Deno.test("updates a second are those since the last look", async () => {
  const time = new VirtualTime();
  const statistics = new FeedStatistics(time);
  for (let i = 0; i < 30; i++) statistics.update();
  await time.advance(2_000);
  assertEquals(statistics.takeUpdatesPerSecond(), 15);
  await time.advance(1_000);
  assertEquals(statistics.takeUpdatesPerSecond(), 0);
  assertEquals(statistics.takeUpdatesPerSecond(), 0);
});

Deno.test("waits double from a quarter second to half a minute, their second half at random", () => {
  const at = (failures: number, random: number) => backoffMs(failures, { next: () => random });
  assertEquals([1, 2, 3, 8, 9, 1_000].map((failures) => at(failures, 0)), [
    125,
    250,
    500,
    15_000,
    15_000,
    15_000,
  ]);
  assertEquals(at(1, 1), 250);
  assertEquals(at(1_000, 1), 30_000);
});
