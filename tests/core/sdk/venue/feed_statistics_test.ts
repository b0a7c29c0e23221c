import { assertEquals } from "@std/assert";
import { instrumentId } from "@berth/sdk";
import { FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import { VirtualTime } from "../../../support/venue_fakes.ts";

const btc = instrumentId("paradex", "BTC-PERP");

/** A frame that took `latencyMs`, received now. */
function receive(statistics: FeedStatistics, time: VirtualTime, latencyMs: number, channel = "quotes"): void {
  statistics.meter(btc, channel).update(time.epochMs() - latencyMs, time.epochUs());
}

Deno.test("latency is that of the last minute, and absent when there was none", async () => {
  const time = new VirtualTime();
  const statistics = new FeedStatistics(time);
  assertEquals(statistics.quoteLatency(), undefined);
  receive(statistics, time, 1_000);
  await time.advance(60_001);
  for (let latencyMs = 1; latencyMs <= 100; latencyMs++) receive(statistics, time, latencyMs);
  assertEquals(statistics.quoteLatency(), { averageMs: 50.5, p50Ms: 50, p99Ms: 99, maxMs: 100 });
});

Deno.test("only the newest 4096 quotes of the venue count, of a channel the newest 256", () => {
  const time = new VirtualTime();
  const statistics = new FeedStatistics(time);
  for (let i = 0; i < 5_000; i++) receive(statistics, time, i < 904 ? 1e9 : i < 4_744 ? 2 : 3);
  assertEquals(statistics.quoteLatency()?.maxMs, 3);
  assertEquals(statistics.quoteLatency()?.p50Ms, 2);
  assertEquals(statistics.takeChannels()[0]?.latencyAverageMs, 3);
});

Deno.test("updates a second are those since the last look, for the venue and for each channel", async () => {
  const time = new VirtualTime();
  const statistics = new FeedStatistics(time);
  for (let i = 0; i < 30; i++) receive(statistics, time, 5, i < 20 ? "quotes" : "trades");
  await time.advance(2_000);
  assertEquals(statistics.takeUpdatesPerSecond(), 15);
  assertEquals(
    statistics.takeChannels().map(({ channel, updates, updatesPerSecond, heartbeatAgeMs }) => [
      channel,
      updates,
      updatesPerSecond,
      heartbeatAgeMs,
    ]),
    [["quotes", 20, 10, 2_000], ["trades", 10, 5, 2_000]],
  );
  await time.advance(1_000);
  assertEquals(statistics.takeUpdatesPerSecond(), 0);
  assertEquals(statistics.takeUpdatesPerSecond(), 0); // no time has passed
  assertEquals(statistics.takeChannels()[0]?.updatesPerSecond, 0);
});

Deno.test("gaps are counted where they were seen; a channel without venue times has no latency", () => {
  const time = new VirtualTime();
  const statistics = new FeedStatistics(time);
  statistics.meter(btc, "books").gap();
  statistics.meter(undefined, "orders").update(NaN, time.epochUs());
  assertEquals([statistics.gaps, statistics.updates], [1, 1]);
  assertEquals(statistics.quoteLatency(), undefined);
  assertEquals(
    statistics.takeChannels().map(({ instrument, channel, gaps, latencyP50Ms }) => [
      instrument,
      channel,
      gaps,
      latencyP50Ms,
    ]),
    [[btc, "books", 1, undefined], [undefined, "orders", 0, undefined]],
  );
});

Deno.test("a venue that states no time with its quotes is known by what was noted; nothing is counted as an update", () => {
  const time = new VirtualTime();
  const statistics = new FeedStatistics(time);
  statistics.meter(btc, "quotes").update(NaN, time.epochUs());
  statistics.noteLatency(NaN, time.epochUs());
  assertEquals(statistics.quoteLatency(), undefined);
  statistics.noteLatency(time.epochMs() - 7, time.epochUs());
  assertEquals(statistics.quoteLatency(), { averageMs: 7, p50Ms: 7, p99Ms: 7, maxMs: 7 });
  assertEquals(statistics.updates, 1);
});
