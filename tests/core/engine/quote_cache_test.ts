import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { QuoteCache } from "../../../core/engine/quote_cache.ts";

const second = 1_000_000;
const startUs = 1_700_000_000 * second;
function cacheOf(size = 1): QuoteCache {
  const cache = new QuoteCache();
  cache.reserve(size);
  return cache;
}
/** A quote of 100 / 101 received `atUs` after the start, `latencyMs` after its venue time. */
function put(
  cache: QuoteCache,
  sequence: number,
  atUs: number,
  latencyMs = 20,
  source: "stream" | "rest" = "stream",
) {
  const tsRecvUs = startUs + atUs;
  return cache.setQuote(0, 100, 1, 101, 2, sequence, tsRecvUs / 1000 - latencyMs, tsRecvUs, source);
}

Deno.test("what never came is NaN, infinitely old, and never crossed", () => {
  const cache = cacheOf();
  for (const index of [0, 5, -1, NaN]) {
    assertEquals([cache.bidPrice(index), cache.askPrice(index), cache.markPrice(index)], [NaN, NaN, NaN]);
    assertEquals([cache.quoteAgeMs(index, startUs), cache.markAgeMs(index, startUs)], [Infinity, Infinity]);
    assertEquals([cache.isCrossed(index), cache.updates(index), cache.leastLatencyMs(index)], [
      false,
      0,
      NaN,
    ]);
  }
});

Deno.test("an index nobody registered is not written", () => {
  const cache = cacheOf();
  for (const index of [1, -1, NaN, 0.5 + 1]) {
    assertEquals(cache.setQuote(index, 1, 1, 2, 1, 1, 0, startUs, "stream"), false);
    cache.setMark(index, 1, 1, 1, 1, startUs);
    cache.setTrade(index, 1, startUs);
  }
  assertEquals(cache.bidPrice(0), NaN);
});

Deno.test("a quote is read back with its age", () => {
  const cache = cacheOf();
  put(cache, 1, 0);
  assertEquals([cache.bidPrice(0), cache.bidSizeBase(0), cache.askPrice(0), cache.askSizeBase(0)], [
    100,
    1,
    101,
    2,
  ]);
  assertEquals([cache.midPrice(0), cache.quoteAgeMs(0, startUs + 1_500)], [100.5, 1.5]);
});

Deno.test("a record from REST never replaces a newer one of the stream", () => {
  const cache = cacheOf();
  put(cache, 1, 0, 20);
  assertEquals(put(cache, 2, 100, 500, "rest"), false);
  assertEquals(cache.sequence(0), 1);
  assertEquals(put(cache, 2, second, 500, "rest"), true);
});

Deno.test("missing sequence numbers are counted, a restart of the count is not", () => {
  const cache = cacheOf();
  for (const sequence of [7, 8, 11, 12, 1, 2]) put(cache, sequence, sequence);
  assertEquals(cache.gaps(0), 2);
});

Deno.test("the update rate settles at the true one and decays when nothing comes", () => {
  const cache = cacheOf();
  for (let at = 0; at < 600; at++) put(cache, at + 1, at * 100_000); // ten a second for a minute
  const nowUs = startUs + 600 * 100_000;
  assertAlmostEquals(cache.updatesPerSecond(0, nowUs), 10, 0.2);
  assert(cache.updatesPerSecond(0, nowUs + 60 * second) < 0.1);
});

Deno.test("the least latency forgets after half a minute to a minute", () => {
  const cache = cacheOf();
  put(cache, 1, 0, 5);
  for (let at = 1; at <= 29; at++) put(cache, at + 1, at * second, 40);
  assertEquals(Math.round(cache.leastLatencyMs(0)), 5);
  for (let at = 30; at <= 91; at++) put(cache, at + 1, at * second, 40);
  assertEquals(Math.round(cache.leastLatencyMs(0)), 40);
  assertAlmostEquals(cache.latencyAverageMs(0), 40, 0.5);
});

Deno.test("crossed is bid at or above ask, with both sides there", () => {
  const rows = [
    [100, 1, 101, 1, false],
    [101, 1, 101, 1, true],
    [102, 1, 101, 1, true],
    [102, 0, 101, 1, false],
    [102, 1, NaN, 0, false],
  ] as const;
  for (const [bid, bidSize, ask, askSize, expected] of rows) {
    const cache = cacheOf();
    cache.setQuote(0, bid, bidSize, ask, askSize, 1, 0, startUs, "stream");
    assertEquals(cache.isCrossed(0), expected);
  }
});

Deno.test("of a mark record only what it states is taken", () => {
  const cache = cacheOf();
  cache.setMark(0, 100, 99, 0.0001, 5, startUs);
  cache.setMark(0, NaN, 98, NaN, NaN, startUs + second);
  assertEquals([cache.markPrice(0), cache.indexPrice(0), cache.fundingRate(0), cache.tsNextFundingMs(0)], [
    100,
    98,
    0.0001,
    5,
  ]);
  assertEquals(cache.markAgeMs(0, startUs + second), 1_000);
});

Deno.test("against a plain list: the newest of each instrument survives growth", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat({ max: 199 }), fc.double({ noNaN: true })), { maxLength: 200 }),
      (writes) => {
        const cache = new QuoteCache();
        const model = new Map<number, number>();
        for (const [at, [index, price]] of writes.entries()) {
          cache.reserve(index + 1);
          cache.setQuote(index, price, 1, price, 1, at, 0, startUs + at, "stream");
          model.set(index, price);
        }
        for (const [index, price] of model) assertEquals(cache.bidPrice(index), price);
      },
    ),
  );
});
