/** Public frames as records: the observed ones, and what no frame should be. */
import { assert, assertEquals } from "@std/assert";
import { FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import { Misfits } from "@berth/sdk/venue/misfits.ts";
import fc from "fast-check";
import * as v from "valibot";
import { MarketDataReader } from "../../../exchanges/hyperliquid/market_data.ts";
import type { TextFrameMisfit } from "@berth/sdk/venue/misfits.ts";
import { sharedDataMissing, sharedPath } from "../../support/shared_data.ts";
import { damaged } from "../../support/nonsense.ts";
import { btcInstrument } from "./builders.ts";
import { Published, recordingLog, VirtualTime } from "./fakes.ts";

function bench() {
  const time = new VirtualTime();
  const published = new Published();
  const log = recordingLog();
  const misfits = new Misfits<TextFrameMisfit>(time, log);
  const statistics = new FeedStatistics(time);
  const reader = new MarketDataReader({ publish: published.port, statistics, misfits });
  const one = btcInstrument();
  reader.set(one, published.port.instrument(one.instrument));
  return { time, published, misfits, statistics, reader, log };
}

const at = (tsMs: number) => tsMs * 1_000;
const bbo = {
  coin: "BTC",
  time: 1_790_232_237_145,
  bbo: [{ px: "84143.0", sz: "10.25923", n: 36 }, { px: "84144.0", sz: "50.66422", n: 18 }],
};
const book = {
  coin: "BTC",
  time: 1_790_232_236_546,
  levels: [
    [{ px: "84143.0", sz: "10.25923", n: 36 }, { px: "84142.0", sz: "1.65875", n: 7 }],
    [{ px: "84144.0", sz: "50.66449", n: 18 }, { px: "84150.0", sz: "0.00711", n: 2 }],
  ],
};
const trade = (change: Readonly<Record<string, unknown>> = {}) => ({
  coin: "BTC",
  side: "A",
  px: "84143.0",
  sz: "0.00036",
  time: 1_790_232_216_193,
  hash: "0x0",
  tid: 1_045_359_869_404_765,
  users: ["0x0", "0x1"],
  ...change,
});
const context = {
  coin: "BTC",
  ctx: {
    funding: "0.0000018952",
    openInterest: "36585.31848",
    prevDayPx: "86627.0",
    dayNtlVlm: "4161029539.6949653625",
    premium: "-0.0006413454",
    oraclePx: "84198.0",
    markPx: "84148.0",
    midPx: "84143.5",
    impactPxs: ["84143.0", "84144.0"],
    dayBaseVlm: "49116.08533",
  },
};

Deno.test("a missing side is no price and no size", () => {
  const { published, reader } = bench();
  reader.onFrame("bbo", { ...bbo, bbo: [null, bbo.bbo[1]] }, at(bbo.time));
  const [quote] = published.of("quote");
  assert(quote !== undefined);
  assertEquals([quote.bid, quote.bidSize, quote.ask, quote.askSize], [NaN, 0, 84_144, 50.66422]);
});

Deno.test("each book replaces the one before; one that can't be read ends it", () => {
  const { misfits, published, reader, statistics } = bench();
  reader.onFrame("l2Book", book, at(book.time));
  reader.onFrame("l2Book", { ...book, levels: [[], []] }, at(book.time));
  assertEquals(published.of("book").map(({ value }) => [value.kind, value.bids.length, value.asks.length]), [
    ["snapshot", 2, 2],
    ["snapshot", 0, 0],
  ]);
  reader.onFrame("l2Book", { ...book, levels: [[{ px: "84143.05", sz: "1", n: 1 }], []] }, at(book.time));
  assertEquals(published.of("book").at(-1)?.value.kind, "invalid");
  assertEquals([misfits.count("book"), statistics.gaps], [1, 1]);
  reader.onFrame("l2Book", { ...book, levels: "none" }, at(book.time));
  assertEquals(published.of("book").length, 3, "what is lost is not lost again");
  reader.onFrame("l2Book", book, at(book.time));
  assertEquals(published.of("book").at(-1)?.value.kind, "snapshot");
  reader.invalidateBooks(at(book.time));
  reader.invalidateBooks(at(book.time));
  assertEquals(published.of("book").length, 5);
});

Deno.test("trades: a first frame's past is left out, and what was told is not told again", () => {
  const { published, reader } = bench();
  const nowMs = 1_790_232_216_193;
  reader.onSubscribed("trades", "BTC", nowMs);
  reader.onFrame(
    "trades",
    [
      trade({ time: nowMs - 20_000, tid: 1 }),
      trade({ time: nowMs - 500, tid: 2 }),
    ],
    at(nowMs),
  );
  reader.onFrame(
    "trades",
    [trade({ time: nowMs + 70, tid: 3 }), trade({ time: nowMs + 70, tid: 4 })],
    at(nowMs),
  );
  assertEquals(published.of("trade").map((one) => one.tsVenueMs - nowMs), [-500, 70, 70]);
  reader.onSubscribed("trades", "BTC", nowMs + 5_000);
  reader.onFrame(
    "trades",
    [
      trade({ time: nowMs - 500, tid: 2 }),
      trade({ time: nowMs + 70, tid: 4 }),
      trade({ time: nowMs + 70, tid: 5 }),
      trade({ time: nowMs + 140, tid: 6 }),
    ],
    at(nowMs),
  );
  assertEquals(published.of("trade").map((one) => one.tsVenueMs - nowMs), [-500, 70, 70, 70, 140]);
  assertEquals(published.of("trade").map((one) => one.side), ["sell", "sell", "sell", "sell", "sell"]);
});

Deno.test("a context is mark, index and funding, due at the next full hour", () => {
  const { published, reader } = bench();
  reader.onFrame("activeAssetCtx", context, at(1_790_232_237_000));
  assertEquals(published.of("mark"), [{
    kind: "mark",
    markPrice: 84_148,
    indexPrice: 84_198,
    fundingRate: 0.0000018952,
    tsNextFundingMs: 1_790_233_200_000,
  }]);
});

Deno.test("quotes by REST are marked as such and are no part of the latency", () => {
  const { published, reader, statistics } = bench();
  reader.onRestBook(book, at(book.time));
  assertEquals(published.of("quote").map((one) => [one.bid, one.ask, one.source]), [[
    84_143,
    84_144,
    "rest",
  ]]);
  assertEquals(statistics.quoteLatency(), undefined);
});

Deno.test("a coin that nobody asked for and a channel that nobody knows are counted", () => {
  const { misfits, published, reader } = bench();
  reader.onFrame("bbo", { ...bbo, coin: "ETH" }, at(bbo.time));
  reader.onFrame("news", {}, at(bbo.time));
  assertEquals([misfits.count("instrument"), misfits.count("frame")], [1, 1]);
  assertEquals(published.events.length, 1); // the instrument
});

const samples: readonly (readonly [channel: string, data: unknown])[] = [
  ["bbo", bbo],
  ["l2Book", book],
  ["trades", [trade(), trade({ tid: 7, side: "B" })]],
  ["activeAssetCtx", context],
];
for (const [channel, data] of samples) {
  Deno.test(`whatever happens to a frame of ${channel}, it is read, counted or both, and nothing false goes on`, () => {
    let counted = 0;
    fc.assert(
      fc.property(damaged(data), (found) => {
        const { misfits, published, reader } = bench();
        // As it comes: what JSON can't say does not arrive.
        const text = JSON.stringify(found);
        reader.onFrame(channel, text === undefined ? undefined : JSON.parse(text), at(bbo.time));
        counted += misfits.count();
        for (const event of published.events) {
          if (event.kind === "quote") {
            assert(Number.isSafeInteger(event.tsVenueMs) && event.tsVenueMs > 0);
            for (const [price, size] of [[event.bid, event.bidSize], [event.ask, event.askSize]] as const) {
              const isThere = price > 0 && price < Infinity && size > 0 && size < Infinity;
              assert(isThere || (Number.isNaN(price) && size === 0), `${price} × ${size}`);
            }
          }
          if (event.kind === "trade") assert(event.price > 0 && event.sizeBase > 0 && event.price < Infinity);
          if (event.kind === "mark") assert(Number.isFinite(event.markPrice));
          if (event.kind === "book") {
            for (const { priceTicks, sizeLots } of [...event.value.bids, ...event.value.asks]) {
              assert(Number.isSafeInteger(priceTicks) && Number.isSafeInteger(sizeLots) && sizeLots >= 0);
            }
          }
        }
      }),
      { numRuns: 400 },
    );
    assert(counted > 0, "no damage was ever seen");
  });
}

const observedPath = sharedPath("vectors/hyperliquid/ws_frames_observed.json");
const observedSchema = v.object({
  frames: v.array(
    v.object({
      dir: v.string(),
      frame: v.looseObject({ channel: v.optional(v.string()), data: v.optional(v.unknown()) }),
    }),
  ),
});
Deno.test({
  name: `the frames observed at the venue are read ${observedPath === undefined ? sharedDataMissing : ""}`,
  ignore: observedPath === undefined,
  fn: async () => {
    const { misfits, published, reader } = bench();
    const { frames } = v.parse(observedSchema, JSON.parse(await Deno.readTextFile(observedPath ?? "")));
    for (const { dir, frame: { channel = "", data } } of frames) {
      if (dir === "in" && ["bbo", "l2Book", "trades"].includes(channel)) {
        reader.onFrame(channel, data, at(bbo.time));
      }
    }
    assertEquals(misfits.count(), 0);
    assertEquals(published.events.map(({ kind }) => kind), ["instrument", "book", "quote", "trade"]);
  },
});
