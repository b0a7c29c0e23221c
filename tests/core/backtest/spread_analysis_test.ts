/** Spreads of a recording by hand: two venues, a few quotes, costs known. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { analyseSpreads } from "../../../core/backtest/spread_analysis.ts";
import { spreadWords } from "../../../core/cli/spreads.ts";
import { recordBytes, recordKinds, writeRecord } from "../../../core/protocol/records.ts";
import type { MarketData } from "../../../core/recording/market_data.ts";
import { alpha, beta, btcAt } from "../../support/engine_builders.ts";

/** Seconds, venue (0 alpha, 1 beta), bid and ask. */
type QuoteAt = readonly [number, 0 | 1, number, number];

function recordingOf(quotes: readonly QuoteAt[]): MarketData {
  const bytes = new Uint8Array(quotes.length * recordBytes);
  const view = new DataView(bytes.buffer);
  quotes.forEach(([seconds, index, bid, ask], place) => {
    const tsUs = seconds * 1e6;
    writeRecord(
      view,
      place * recordBytes,
      recordKinds.quote,
      0,
      index,
      place,
      tsUs / 1e3,
      tsUs,
      bid,
      1,
      ask,
      1,
    );
  });
  const [first, last] = [quotes[0]?.[0] ?? 0, quotes.at(-1)?.[0] ?? 0];
  return {
    instruments: [btcAt(alpha, { takerFeeBps: 1 }), btcAt(beta, { takerFeeBps: 2 })],
    fromUs: first * 1e6,
    toUs: last * 1e6,
    description: "by hand",
    batches: () => [{ kind: "records", bytes }],
  };
}
const options = { sampleMs: 1_000, maxAgeMs: 1_500 };

/** Alpha 99.9 / 100 throughout; beta's bid in turn 100, 100.1, 100.2, …, its ask a tenth above. */
const bids = [100, 100.1, 100, 100.2, 100, 100.1, 100, 100, 100, 100];
const sample = recordingOf(
  bids.flatMap((bid, second): QuoteAt[] => [
    [second, 0, 99.9, 100],
    [second, 1, bid, bid + 0.1],
  ]).concat([[bids.length, 0, 99.9, 100]]),
);

Deno.test("each direction has its spreads, its costs, and the spread from which it pays", async () => {
  const [there, back] = await analyseSpreads(sample, options);
  assert(there !== undefined && back !== undefined);
  assertEquals([there.symbol, there.buyVenue, there.sellVenue, there.samples], [
    "BTC-PERP",
    "alpha",
    "beta",
    10,
  ]);
  assertEquals(there.p50Bps, 0);
  assertAlmostEquals(there.largestBps, 19.98, 0.01); // 100 to 100.2
  assertEquals(there.feesBps, 6);
  // The way back is buying beta at 100.1 and selling alpha at 99.9: −20 bps at the median.
  assertAlmostEquals(back.p50Bps, -20, 0.01);
  assertAlmostEquals(there.breakEvenBps, 26, 0.01);
  assertEquals([there.breakEvenShare, there.entriesPerDay, there.breakEvenPercentile], [0, 0, 100]);
  assertEquals(
    spreadWords(there).at(-1),
    "  settings     never reached: nothing to be earned here by taking",
  );
});

Deno.test("entries are counted when the spread comes to the break-even, not while it stays", async () => {
  // Beta is 1 above, 1 above, even, 1 above; the way back costs nothing at the median where both quote without a spread.
  const quotes = [101, 101, 100, 101, 100, 100, 100, 100].flatMap((bid, second): QuoteAt[] => [
    [second, 0, 100, 100],
    [second, 1, bid, bid],
  ]);
  const [there] = await analyseSpreads(recordingOf([...quotes, [8, 0, 100, 100]]), options);
  assert(there !== undefined);
  assertAlmostEquals(there.breakEvenBps, 6, 1e-9);
  assertEquals([there.breakEvenShare, there.breakEvenPercentile], [3 / 8, 62.5]);
  assertAlmostEquals(there.entriesPerDay, 2 / (8 / 86_400), 1e-6);
  assertEquals(
    spreadWords(there).at(-1),
    "  settings     entryFloorBps 6.00, entryPercentile 62.5 or higher",
  );
});

Deno.test("an old quote is no sample, and one venue alone makes none", async () => {
  const stale = recordingOf([[0, 0, 100, 101], [0, 1, 100, 101], [10, 1, 100, 101], [11, 1, 100, 101]]);
  assertEquals((await analyseSpreads(stale, options)).map(({ samples }) => samples), [1, 1]);
  assertEquals(await analyseSpreads(recordingOf([[0, 0, 100, 101], [5, 0, 100, 101]]), options), []);
});
