/** Depth and its versions, quotes from it, and frames of any kind. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import { Misfits, type TextFrameMisfit } from "@berth/sdk/venue/misfits.ts";
import { DepthSequence, TopOfBook } from "../../../exchanges/edgex/depth_book.ts";
import { MarketDataReader } from "../../../exchanges/edgex/market_data.ts";
import { depthChannels } from "../../../exchanges/edgex/subscriptions.ts";
import { Published } from "../../support/published.ts";
import { recordingLog, VirtualTime } from "../../support/venue_fakes.ts";
import { sharedDataMissing, sharedPath } from "../../support/shared_data.ts";
import { btcInstrument } from "./builders.ts";

type Fields = Readonly<Record<string, unknown>>;

function reader(contractId = "30000001") {
  const time = new VirtualTime();
  const published = new Published();
  const misfits = new Misfits<TextFrameMisfit>(time, recordingLog());
  const gaps: string[] = [];
  const one = { ...btcInstrument(), contractId };
  const market = new MarketDataReader({
    publish: published.port,
    statistics: new FeedStatistics(time),
    misfits,
    onGap: (channel) => gaps.push(channel),
    channels: depthChannels("200"),
  });
  market.set(one, published.port.instrument(one.instrument), time.epochUs());
  return { market, published, misfits, gaps, time, one };
}

const depth = (levels: number, change: Fields): Fields => ({
  type: "payload",
  channel: `depth.30000001.${levels}`,
  content: {
    dataType: "Changed",
    channel: `depth.30000001.${levels}`,
    data: [{
      startVersion: "11",
      endVersion: "12",
      depthType: "CHANGED",
      bids: [],
      asks: [],
      ...change,
    }],
  },
});
const snapshot = { depthType: "SNAPSHOT", startVersion: "10", endVersion: "10" };

Deno.test("changes join by their versions, in both forms that were seen", () => {
  const cases = [
    { name: "right after the last end", start: 11n, end: 12n, verdict: "delta" },
    { name: "from the last end", start: 10n, end: 12n, verdict: "delta" },
    { name: "over a part that is known", start: 5n, end: 11n, verdict: "delta" },
    { name: "old news", start: 8n, end: 10n, verdict: "stale" },
    { name: "one is missing", start: 12n, end: 13n, verdict: "gap" },
  ] as const;
  for (const { end, name, start, verdict } of cases) {
    const sequence = new DepthSequence();
    const change = { isSnapshot: false, startVersion: start, endVersion: end };
    assertEquals(sequence.take(change), "ignore", name);
    assertEquals(sequence.take({ isSnapshot: true, startVersion: 10n, endVersion: 10n }), "snapshot");
    assertEquals(sequence.take(change), verdict, name);
    assertEquals(sequence.isValid, verdict !== "gap", name);
  }
});

Deno.test("the best of any changes is that of a plain list of levels", () => {
  const level = fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 3 }));
  fc.assert(fc.property(fc.array(level, { maxLength: 60 }), (changes) => {
    const top = new TopOfBook();
    const levels = new Map<number, number>();
    for (const [price, size] of changes) {
      top.bids.set(price, size);
      top.asks.set(price, size);
      if (size === 0) levels.delete(price);
      else levels.set(price, size);
    }
    const prices = [...levels.keys()].sort((a, b) => a - b);
    const [lowest, highest] = [prices[0] ?? NaN, prices.at(-1) ?? NaN];
    assertEquals([top.asks.price, top.asks.size], [lowest, levels.get(lowest) ?? 0]);
    assertEquals([top.bids.price, top.bids.size], [highest, levels.get(highest) ?? 0]);
  }));
});

Deno.test("a quote follows each change of the 15 levels, levels as pairs or as records", () => {
  const { market, published } = reader();
  const bids = [["60000.0", "1.5"], ["59999.9", "2"]];
  market.onFrame(depth(15, { ...snapshot, bids, asks: [{ price: "60000.5", size: "0.25" }] }), 1_000);
  market.onFrame(depth(15, { bids: [{ price: "60000.0", size: "0" }] }), 2_000);
  const quotes = published.of("quote").map(({ ask, askSize, bid, bidSize }) => [bid, bidSize, ask, askSize]);
  assertEquals(quotes, [[60_000, 1.5, 60_000.5, 0.25], [59_999.9, 2, 60_000.5, 0.25]]);
});

Deno.test("after a gap there is neither quote nor book until the next snapshot", () => {
  const { gaps, market, published } = reader();
  for (const levels of [15, 200]) {
    market.onFrame(depth(levels, { ...snapshot, bids: [["60000", "1"]], asks: [["60001", "1"]] }), 1_000);
    market.onFrame(depth(levels, { startVersion: "20", endVersion: "21", bids: [["60000", "2"]] }), 2_000);
    market.onFrame(depth(levels, { startVersion: "22", endVersion: "23", bids: [["60000", "3"]] }), 3_000);
  }
  assertEquals(gaps, ["depth.30000001.15", "depth.30000001.200"]);
  assertEquals(published.of("quote").length, 1);
  assertEquals(published.of("book").map(({ value }) => value.kind), ["snapshot", "invalid"]);
});

Deno.test("a row that can't be read ends its book, and is counted", () => {
  const rows: readonly Fields[] = [
    { endVersion: 12 },
    { depthType: "UPDATE" },
    { bids: [["60000.05", "1"]] },
    { bids: [["60000", "-1"]] },
    { bids: [["60000"]] },
    { asks: "none" },
  ];
  for (const row of rows) {
    const { gaps, market, misfits, published } = reader();
    market.onFrame(depth(200, { ...snapshot, bids: [["60000", "1"]] }), 1_000);
    market.onFrame(depth(200, row), 2_000);
    assertEquals(published.of("book").at(-1)?.value.kind, "invalid", JSON.stringify(row));
    assertEquals([gaps, misfits.count()], [["depth.30000001.200"], 1], JSON.stringify(row));
  }
});

Deno.test("trades have the taker's side, marks fall back to the oracle's price", () => {
  const { market, published } = reader();
  const frame = (channel: string, row: Fields): Fields => ({
    type: "quote-event",
    channel,
    content: { channel, data: [row] },
  });
  const trade = { time: "1773833120000", price: "60001.0", size: "0.05", isBuyerMaker: true };
  market.onFrame(frame("trades.30000001", trade), 1_000);
  market.onFrame(
    frame("ticker.30000001", { oraclePrice: "60001.5", indexPrice: "", fundingRate: "0.0001" }),
    1_000,
  );
  const [sold] = published.of("trade");
  assertEquals([sold?.side, sold?.price, sold?.sizeBase], ["sell", 60_001, 0.05]);
  const [mark] = published.of("mark");
  assertEquals([mark?.markPrice, mark?.indexPrice, mark?.fundingRate], [60_001.5, NaN, 0.0001]);
});

Deno.test("no frame of whatever kind breaks the reader, and nothing wrong is told", () => {
  const channel = fc.constantFrom(
    "depth.30000001.15",
    "depth.30000001.200",
    "trades.30000001",
    "ticker.30000001",
  );
  const row = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.record({
      startVersion: fc.oneof(fc.constantFrom("10", "11", "x"), fc.jsonValue({ maxDepth: 0 })),
      endVersion: fc.constantFrom("10", "12", "13", ""),
      depthType: fc.constantFrom("SNAPSHOT", "CHANGED", "OTHER"),
      bids: fc.jsonValue({ maxDepth: 2 }),
      asks: fc.constantFrom<unknown>([["60001", "1"]], [], null),
      price: fc.constantFrom("60000", "NaN", "-1", ""),
      size: fc.constantFrom("1", "0", "Infinity"),
      time: fc.constantFrom("1773833120000", "0", "soon"),
      isBuyerMaker: fc.constantFrom<unknown>(true, "yes"),
      markPrice: fc.constantFrom("60000", "", "-5"),
    }),
  );
  fc.assert(fc.property(fc.array(fc.tuple(channel, row), { maxLength: 12 }), (frames) => {
    const { market, published } = reader();
    for (const [name, data] of frames) {
      market.onFrame({ type: "payload", channel: name, content: { data: [data] } }, 1_000);
    }
    for (const { ask, bid } of published.of("quote")) {
      assert((Number.isNaN(bid) || bid > 0) && (Number.isNaN(ask) || ask > 0));
    }
    for (const { price, sizeBase } of published.of("trade")) assert(price > 0 && sizeBase > 0);
    for (const { markPrice } of published.of("mark")) assert(markPrice > 0);
    for (const { value } of published.of("book")) {
      for (const level of [...value.bids, ...value.asks]) assert(level.priceTicks > 0 && level.sizeLots >= 0);
    }
  }));
});

const vectors = sharedPath("vectors/edgex/ws_frames.json");
Deno.test({
  name: `the documented frames are read${vectors === undefined ? ` ${sharedDataMissing}` : ""}`,
  ignore: vectors === undefined,
  async fn() {
    const { frames }: { readonly frames: readonly { readonly frame: Fields }[] } = JSON.parse(
      await Deno.readTextFile(vectors ?? ""),
    );
    const { market, misfits, published } = reader("10000001");
    for (const { frame } of frames) if (frame["type"] === "payload") market.onFrame(frame, 1_000);
    assertEquals([misfits.count(), published.of("quote").length], [0, 2]);
    const { ask, askSize, bid, bidSize } = published.of("quote").at(-1) ?? {};
    assertEquals([bid, bidSize, ask, askSize], [30_149.75, 2.5, 30_150.5, 7.123]);
  },
});

Deno.test("terms that a contract does not state leave it out", () => {
  for (
    const change of [
      { fundingRateIntervalMin: "" },
      { resolution: "" },
      { defaultTakerFeeRate: "" },
      { defaultTakerFeeRate: "12" },
      { riskTierList: [] },
      { minOrderSize: "0.0015" },
    ]
  ) assertThrows(() => btcInstrument(change), Error, undefined, JSON.stringify(change));
});
