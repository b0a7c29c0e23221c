import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { type ConnectionState, increment, instrumentId, parseInstrumentId } from "@berth/sdk";
import { instrumentList } from "../../../exchanges/paradex/instruments.ts";
import { channelNames, MarketDataFeed } from "../../../exchanges/paradex/market_data.ts";
import { FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import type { SbeFields } from "../../../exchanges/paradex/wire/sbe.ts";
import { sbeMessages } from "../../../exchanges/paradex/wire/sbe_schema.ts";
import {
  btcInstrument,
  constantRandom,
  misfitsOf,
  recordingLog,
  recordingPublish,
  VirtualTime,
} from "./fakes.ts";
import { encodeFrame, viewOf } from "./wire/sbe_encoder.ts";

const btc = btcInstrument.id;
const market = "BTC-USD-PERP";
const frame = (
  name: string,
  fields: SbeFields,
  groups: Readonly<Record<string, readonly SbeFields[]>> = {},
): DataView => {
  const spec = sbeMessages.find((candidate) => candidate.name === name);
  assert(spec !== undefined);
  return viewOf(encodeFrame(spec, { version: 1, fields, groups }));
};
const noBests = Object.fromEntries(
  ["bestBidPrice", "bestBidSize", "bestAskPrice", "bestAskSize", "relativeSpread"].concat(
    ["bestBidApiPrice", "bestBidApiSize", "bestAskApiPrice", "bestAskApiSize"],
  ).map((name) => [name, null]),
);
const bookFrame = (
  pkgType: "SNAPSHOT" | "DELTA",
  seq: bigint,
  bids: readonly (readonly [string, string])[] = [],
  asks: readonly (readonly [string, string])[] = [],
): DataView => {
  const rows = (levels: typeof bids) => levels.map(([price, size]) => ({ price, size }));
  return frame("Book", { ts: 1_759_400_000_000_000n, seq, pkgType, ...noBests, market }, {
    bids: rows(bids),
    asks: rows(asks),
  });
};
const bboFrame = (seq: bigint, bid: string | null, ask: string | null): DataView =>
  frame("Bbo", {
    ts: 1_759_400_000_123_456n,
    seq,
    bidPrice: bid,
    bidSize: bid === null ? null : "0.5",
    askPrice: ask,
    askSize: ask === null ? null : "0.25",
    market,
  });

function bench(
  options: Parameters<typeof channelNames>[0] = {
    quoteChannel: "api",
    bookChannel: "deltas",
    fundingChannel: false,
  },
) {
  const calls: string[] = [];
  const channels = {
    state: "connected" as ConnectionState,
    subscribe: (channel: string) => void calls.push(`+${channel}`),
    unsubscribe: (channel: string) => void calls.push(`-${channel}`),
    resubscribe: (channel: string) => void calls.push(`~${channel}`),
  };
  const time = new VirtualTime();
  const publish = recordingPublish();
  const instruments = instrumentList();
  instruments.add({ instrument: btcInstrument, index: 7 });
  const statistics = new FeedStatistics(time);
  const log = recordingLog();
  const misfits = misfitsOf(time, log);
  const feed = new MarketDataFeed({
    channels,
    names: channelNames(options),
    clock: time,
    scheduler: time,
    random: constantRandom,
    publish,
    instruments,
    statistics,
    misfits,
    log,
  });
  return { calls, publish, feed, statistics, misfits, log, time };
}

Deno.test("each kind of data has its channel, and each is asked for and let go of once", () => {
  const { calls, feed } = bench();
  feed.subscribe([{ instrument: btc, kinds: ["quotes", "trades", "marks", "books"] }]);
  assertEquals(calls.splice(0), [
    "+bbo.BTC-USD-PERP",
    "+trades.BTC-USD-PERP",
    "+markets_summary.BTC-USD-PERP",
    "+order_book.BTC-USD-PERP.deltas",
  ]);
  feed.unsubscribe([{ instrument: btc, kinds: ["trades"] }, { instrument: btc, kinds: ["trades"] }]);
  assertEquals(calls, ["-trades.BTC-USD-PERP"]);
});

Deno.test("an unknown instrument is a logged error and nothing else", () => {
  const { calls, feed, log } = bench();
  feed.subscribe([{ instrument: parseInstrumentId("paradex:NOPE-PERP"), kinds: ["quotes"] }]);
  assertEquals([calls, log.lines.map((line) => line.level)], [[], ["error"]]);
});

Deno.test("a best bid and offer becomes a quote, a missing side NaN with size 0", () => {
  const { feed, publish, statistics } = bench();
  feed.subscribe([{ instrument: btc, kinds: ["quotes"] }]);
  feed.onBinary(bboFrame(10n, "83422.7", "83452.9"), 1_759_400_000_125_456);
  feed.onBinary(bboFrame(13n, "83422.7", null), 1_759_400_000_125_456);
  assertEquals(publish.of("quote"), [
    [7, 83422.7, 0.5, 83452.9, 0.25, 1_759_400_000_123, 1_759_400_000_125_456, "stream"],
    [7, 83422.7, 0.5, Number.NaN, 0, 1_759_400_000_123, 1_759_400_000_125_456, "stream"],
  ]);
  const latency = statistics.quoteLatency();
  assertAlmostEquals(latency?.averageMs ?? NaN, 2, 1e-6);
  assertEquals(statistics.updates, 2);
});

Deno.test("a late quote is dropped, but not the first after a reconnect", () => {
  const { feed, publish } = bench();
  feed.subscribe([{ instrument: btc, kinds: ["quotes"] }]);
  for (const seq of [10n, 12n, 11n]) feed.onBinary(bboFrame(seq, "1", "2"), 1);
  assertEquals(publish.of("quote").length, 2);
  feed.onState("reconnecting", 1);
  feed.onState("connected", 1);
  feed.onBinary(bboFrame(3n, "1", "2"), 1);
  assertEquals(publish.of("quote").length, 3);
});

Deno.test("what nobody subscribed to is not published", () => {
  const { feed, publish } = bench();
  feed.onBinary(bboFrame(10n, "1", "2"), 1);
  feed.onBinary(bookFrame("SNAPSHOT", 1n), 1);
  assertEquals(publish.published, []);
});

Deno.test("prints at the book are trades; transfers, settlements and block trades are not", () => {
  const { feed, publish } = bench();
  feed.subscribe([{ instrument: btc, kinds: ["trades"] }]);
  const types = ["FILL", "LIQUIDATION", "UNWIND_TRANSFER", "SETTLE_MARKET", "RPI", "BLOCK_TRADE"];
  for (const tradeType of types) {
    feed.onBinary(
      frame("Trade", {
        ts: 1n,
        seq: 5n,
        tradeId: -1n,
        side: "SELL",
        price: "100.5",
        size: "0.01",
        createdAt: 2_000_500n,
        tradeType,
        market,
      }),
      9,
    );
  }
  assertEquals(publish.of("trade"), Array(3).fill([7, "sell", 100.5, 0.01, 2000, 9]));
});

Deno.test("the summary gives mark, index and the precise funding rate; there is no next funding time", () => {
  const { feed, publish } = bench();
  feed.subscribe([{ instrument: btc, kinds: ["marks"] }]);
  const spec = sbeMessages.find((candidate) => candidate.name === "MarketSummary");
  const zeros = Object.fromEntries(
    (spec?.fields ?? []).map((field) => [field.name, field.isNullable ? null : "0"]),
  );
  const fields = {
    ...zeros,
    ts: 1_759_400_000_123_000n,
    seq: 0n,
    markPrice: "100.1",
    indexPrice: "100.2",
    fundingRate: "0.00012345",
    fundingRatePrecise: "0.000123456789",
    market,
  };
  feed.onBinary(frame("MarketSummary", fields), 9);
  feed.onBinary(frame("MarketSummary", { ...fields, fundingRatePrecise: null }), 9);
  assertEquals(publish.of("mark"), [
    [7, 100.1, 100.2, 0.000123456789, Number.NaN, 1_759_400_000_123, 9],
    [7, 100.1, 100.2, 0.00012345, Number.NaN, 1_759_400_000_123, 9],
  ]);
});

const kindsOf = (updates: readonly unknown[]): string[] =>
  updates.map((update) =>
    typeof update === "object" && update !== null && "kind" in update ? String(update.kind) : "?"
  );

Deno.test("a book is a snapshot and then deltas in exact ticks and lots; empty deltas only count", () => {
  const { feed, publish } = bench();
  feed.subscribe([{ instrument: btc, kinds: ["books"] }]);
  feed.onBinary(bookFrame("SNAPSHOT", 100n, [["83472.2", "0.01198"]], [["83472.3", "12"]]), 9);
  feed.onBinary(bookFrame("DELTA", 101n), 9);
  feed.onBinary(bookFrame("DELTA", 102n, [["83472.2", "0"]]), 9);
  const shared = { instrument: btc, tsVenueMs: 1_759_400_000_000, tsRecvUs: 9 };
  assertEquals(publish.of("book"), [
    {
      ...shared,
      kind: "snapshot",
      bids: [{ priceTicks: 834722, sizeLots: 1198 }],
      asks: [{ priceTicks: 834723, sizeLots: 1_200_000 }],
    },
    { ...shared, kind: "delta", bids: [{ priceTicks: 834722, sizeLots: 0 }], asks: [] },
  ]);
});

for (
  const [name, sequence] of [["a gap", 103n], ["a repeat", 101n], ["a step back", 99n]] as const
) {
  Deno.test(`${name} in a book's sequence makes it invalid and asks for a snapshot, once`, () => {
    const { calls, feed, publish, statistics } = bench();
    feed.subscribe([{ instrument: btc, kinds: ["books"] }]);
    feed.onBinary(bookFrame("SNAPSHOT", 100n), 9);
    feed.onBinary(bookFrame("DELTA", 101n, [["1", "1"]]), 9);
    feed.onBinary(bookFrame("DELTA", sequence, [["1", "2"]]), 9);
    feed.onBinary(bookFrame("DELTA", sequence + 1n, [["1", "3"]]), 9);
    assertEquals(kindsOf(publish.of("book")), ["snapshot", "delta", "invalid"]);
    assertEquals(calls, ["+order_book.BTC-USD-PERP.deltas", "~order_book.BTC-USD-PERP.deltas"]);
    feed.onBinary(bookFrame("SNAPSHOT", 200n), 9);
    feed.onBinary(bookFrame("DELTA", 201n, [["1", "3"]]), 9);
    assertEquals(kindsOf(publish.of("book")), ["snapshot", "delta", "invalid", "snapshot", "delta"]);
    assertEquals(statistics.gaps, 1);
  });
}

Deno.test("a lost connection makes a live book invalid, and only a live one", () => {
  const { feed, publish } = bench();
  feed.subscribe([{ instrument: btc, kinds: ["books"] }]);
  feed.onState("reconnecting", 9);
  feed.onBinary(bookFrame("SNAPSHOT", 100n), 9);
  feed.onState("reconnecting", 9);
  feed.onState("connected", 9);
  assertEquals(kindsOf(publish.of("book")), ["snapshot", "invalid"]);
});

Deno.test("levels off the tick are left out", () => {
  const { feed, publish } = bench();
  feed.subscribe([{ instrument: btc, kinds: ["books"] }]);
  feed.onBinary(bookFrame("SNAPSHOT", 1n, [["100.05", "1"], ["100.1", "1"]], [["100.2", "0.000001"]]), 9);
  assertEquals(publish.of("book"), [{
    instrument: btc,
    kind: "snapshot",
    bids: [{ priceTicks: 1001, sizeLots: 100_000 }],
    asks: [],
    tsVenueMs: 1_759_400_000_000,
    tsRecvUs: 9,
  }]);
});

Deno.test("a changed tick size makes the book invalid and asks for a snapshot", () => {
  const { calls, feed, publish } = bench();
  feed.subscribe([{ instrument: btc, kinds: ["books"] }]);
  feed.onBinary(bookFrame("SNAPSHOT", 1n), 9);
  feed.instrumentChanged({ instrument: { ...btcInstrument, status: "post_only" }, index: 7 }, 9);
  assertEquals(kindsOf(publish.of("book")), ["snapshot"]);
  feed.instrumentChanged({ instrument: { ...btcInstrument, tick: increment("0.5") }, index: 7 }, 9);
  assertEquals(kindsOf(publish.of("book")), ["snapshot", "invalid"]);
  assertEquals(calls.at(-1), "~order_book.BTC-USD-PERP.deltas");
  feed.onBinary(bookFrame("SNAPSHOT", 1n, [["100.5", "1"]]), 9);
  const last = publish.of("book").at(-1);
  assert(typeof last === "object" && last !== null && "bids" in last);
  assertEquals(last.bids, [{ priceTicks: 201, sizeLots: 100_000 }]);
});

Deno.test("unreadable frames are counted and logged, heartbeats are neither", () => {
  const { feed, log, misfits } = bench();
  feed.onBinary(frame("Heartbeat", { ts: 1n, seq: 0n }), 9);
  assertEquals(misfits.count(), 0);
  feed.onBinary(viewOf(new Uint8Array([1, 2, 3])), 9);
  const cut = bboFrame(1n, "1", "2");
  feed.onBinary(new DataView(cut.buffer, 0, 40), 9);
  assertEquals([misfits.count(), log.lines.length], [2, 1]);
  assertEquals(instrumentId("paradex", "BTC-PERP"), btc);
});

Deno.test("the funding channel's rate is published alone", () => {
  const { calls, feed, publish } = bench({
    quoteChannel: "api",
    bookChannel: "deltas",
    fundingChannel: true,
  });
  feed.subscribe([{ instrument: btc, kinds: ["marks"] }]);
  assertEquals(calls, ["+markets_summary.BTC-USD-PERP", "+funding_data.BTC-USD-PERP"]);
  const funding = frame("FundingData", {
    ts: 1_759_400_000_000_000n,
    seq: 1n,
    fundingRate: "-0.00014969",
    fundingIndex: "1",
    createdAt: 1n,
    fundingPremium: "0",
    fundingRate8h: "0",
    fundingPeriodHours: 8,
    impactPremiumRate: null,
    market,
  });
  feed.onBinary(funding, 9);
  assertEquals(publish.of("mark"), [[7, NaN, NaN, -0.00014969, NaN, 1_759_400_000_000, 9]]);
});

Deno.test("channels with retail-only orders go by their own names", () => {
  const { calls, feed } = bench({
    quoteChannel: "interactive",
    bookChannel: "interactive_deltas",
    fundingChannel: false,
  });
  feed.subscribe([{ instrument: btc, kinds: ["quotes", "books"] }]);
  assertEquals(calls, ["+bbo.BTC-USD-PERP.interactive", "+order_book.BTC-USD-PERP.interactive_deltas"]);
});

Deno.test("a book that breaks again and again is asked for with growing waits", async () => {
  const { calls, feed, time } = bench();
  feed.subscribe([{ instrument: btc, kinds: ["books"] }]);
  const asked = () => calls.filter((call) => call.startsWith("~")).length;
  const broken = () => {
    feed.onBinary(bookFrame("SNAPSHOT", 100n), 9);
    feed.onBinary(bookFrame("DELTA", 999n, [["1", "1"]]), 9);
  };
  broken();
  broken();
  assertEquals(asked(), 1);
  await time.advance(250);
  assertEquals(asked(), 2);
  broken();
  await time.advance(250);
  assertEquals(asked(), 2);
  await time.advance(250);
  assertEquals(asked(), 3);
});
