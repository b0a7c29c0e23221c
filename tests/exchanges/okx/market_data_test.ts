/** Frames of the public channels: what can be true is published, what can't is counted and told. */
import { assert, assertEquals } from "@std/assert";
import { parseInstrumentId } from "@berth/sdk";
import { MarketDataReader } from "../../../exchanges/okx/market_data.ts";
import { Misfits } from "@berth/sdk/venue/misfits.ts";
import type { TextFrameMisfit } from "@berth/sdk/venue/misfits.ts";
import { FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import { okxInstrument } from "./builders.ts";
import { Published, recordingLog, VirtualTime } from "./fakes.ts";

const instId = "BTC-USDT-SWAP";
const ts = "1785096000123";

function bench() {
  const time = new VirtualTime();
  const published = new Published();
  const log = recordingLog();
  const misfits = new Misfits<TextFrameMisfit>(time, log);
  const gaps: string[] = [];
  const reader = new MarketDataReader({
    publish: published.port,
    statistics: new FeedStatistics(time),
    misfits,
    onBookGap: (id) => void gaps.push(id),
    onFundingInterval: () => {},
  });
  const one = okxInstrument();
  reader.set(one, published.port.instrument(one.instrument), 1);
  const frame = (channel: string, row: unknown, action?: string) =>
    reader.onFrame({ arg: { channel, instId }, ...(action === undefined ? {} : { action }), data: [row] }, 1);
  return { time, published, log, misfits, gaps, reader, frame };
}

const book = (change: Readonly<Record<string, unknown>> = {}) => ({
  asks: [["67500.2", "1.2", "0", "3"]],
  bids: [["67500.1", "0.95", "0", "4"]],
  ts,
  checksum: 0,
  prevSeqId: -1,
  seqId: 10,
  ...change,
});

const unsound: readonly (readonly [string, string, unknown])[] = [
  ["a ticker without time", "tickers", { bidPx: "1", bidSz: "1", askPx: "2", askSz: "1", ts: "" }],
  ["a ticker from the far future", "tickers", {
    bidPx: "1",
    bidSz: "1",
    askPx: "2",
    askSz: "1",
    ts: "9".repeat(30),
  }],
  ["a trade of a negative size", "trades", { px: "1", sz: "-1", side: "buy", ts }],
  ["a trade of no side", "trades", { px: "1", sz: "1", side: "both", ts }],
  ["a trade at an endless price", "trades", { px: "1e999", sz: "1", side: "buy", ts }],
  ["a mark of text", "mark-price", { markPx: "x", ts }],
  ["a negative mark", "mark-price", { markPx: "-1", ts }],
  ["a mark without time", "mark-price", { markPx: "1" }],
  ["a funding rate of text", "funding-rate", { fundingRate: "", fundingTime: ts, ts }],
  ["an index of zero", "index-tickers", { idxPx: "0", ts }],
  ["a top without sides", "bbo-tbt", { ts }],
  ["a row that is none", "trades", 7],
  ["a channel that nobody asked for", "open-interest", { oi: "1" }],
];
for (const [name, channel, row] of unsound) {
  Deno.test(`${name} is counted and told, not published`, () => {
    const { published, misfits, frame, log } = bench();
    const before = published.events.length;
    frame(channel, row);
    assertEquals([published.events.length - before, misfits.count()], [0, 1]);
    assertEquals(log.lines.map(({ level }) => level), ["warn"]);
  });
}

Deno.test("an endless price makes a quote one-sided, not infinite", () => {
  const { published, frame } = bench();
  frame("tickers", { bidPx: "1e999", bidSz: "1", askPx: "2", askSz: "1", ts });
  assertEquals(published.of("quote").map(({ bid, ask }) => [bid, ask]), [[NaN, 2]]);
});

for (
  const [name, change] of [
    ["a negative size", { bids: [["67500.1", "-1", "0", "1"]] }],
    ["a price of zero", { asks: [["0", "1", "0", "1"]] }],
    ["a negative price", { asks: [["-1", "1", "0", "1"]] }],
    ["a price off the tick", { bids: [["67500.15", "1", "0", "1"]] }],
    ["a size of text", { bids: [["67500.1", "many", "0", "1"]] }],
    ["a level without size", { bids: [["67500.1"]] }],
    ["a number for a price", { bids: [[67500.1, "1"]] }],
    ["no time", { ts: "" }],
  ] as const
) {
  Deno.test(`a book update with ${name} ends the book and asks for a new one`, () => {
    const { published, misfits, gaps, frame } = bench();
    frame("books", book(), "snapshot");
    frame("books", book({ prevSeqId: 10, seqId: 11, ...change }), "update");
    assertEquals(published.of("book").map(({ value }) => value.kind), ["snapshot", "invalid"]);
    assertEquals([misfits.count(), gaps], [1, [instId]]);
    assert(published.of("book").every(({ value }) => value.instrument === parseInstrumentId("okx:BTC-PERP")));
  });
}

Deno.test("misfits of one kind are told at once, then once a minute with their number", async () => {
  const { time, log, misfits } = bench();
  for (let i = 0; i < 1_000; i++) misfits.note("row_not_readable", "a trade");
  assertEquals(log.lines.length, 1);
  await time.advance(60_000);
  misfits.note("row_not_readable", "a trade");
  assertEquals(log.lines.map(({ fields }) => fields["count"]), [1, 1_000]);
  assertEquals(misfits.count(), 1_001);
});
