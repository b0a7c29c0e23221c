/** Books, events and rows as they come: in any order, torn, or as nonsense. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import * as v from "valibot";
import { formatMoney } from "@berth/sdk";
import { FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import { Misfits, type TextFrameMisfit } from "@berth/sdk/venue/misfits.ts";
import { BookFollower } from "../../../exchanges/aster/book_rules.ts";
import {
  instrumentBook,
  preferredSymbols,
  toInstrument,
  usualSymbol,
} from "../../../exchanges/aster/instruments.ts";
import { MarketDataReader } from "../../../exchanges/aster/market_data.ts";
import { AccountReader } from "../../../exchanges/aster/private_stream.ts";
import { orderEnd } from "../../../exchanges/aster/reject_codes.ts";
import { RequestBudget } from "../../../exchanges/aster/request_budget.ts";
import type { DepthUpdate } from "../../../exchanges/aster/wire.ts";
import { damaged } from "../../support/nonsense.ts";
import { Published } from "../../support/published.ts";
import { sharedDataMissing, sharedPath } from "../../support/shared_data.ts";
import { recordingLog, VirtualTime } from "../../support/venue_fakes.ts";
import { btcInstrument, extras, symbolRow } from "./builders.ts";

Deno.test("an instrument has the steps of the filters; what is not whole is cut, never rounded up", () => {
  const { instrument } = btcInstrument();
  assertEquals(
    [
      instrument.tick.text,
      instrument.lot.text,
      instrument.minSizeLots,
      instrument.maxSizeLots,
      instrument.maxLeverage,
    ],
    ["0.1", "0.001", 1, 1_000_000, 20],
  );
  assertEquals(
    toInstrument(symbolRow({ status: "SETTLING" }), "BTC-PERP", extras).instrument.status,
    "halted",
  );
  for (const type of ["PRICE_FILTER", "LOT_SIZE", "MIN_NOTIONAL"]) {
    const filters = symbolRow().filters.filter(({ filterType }) => filterType !== type);
    let error: unknown;
    try {
      toInstrument(symbolRow({ filters }), "BTC-PERP", extras);
    } catch (thrown) {
      error = thrown;
    }
    assert(error instanceof Error, type);
  }
});

Deno.test("one perpetual of an underlying is its BASE-PERP, and stays it", () => {
  const rows = ["USD1", "USDT", "BTC"].map((quoteAsset) =>
    symbolRow({ symbol: `BTC${quoteAsset}`, quoteAsset })
  );
  const preferred = preferredSymbols(rows, ["USDT", "USD1"], new Map());
  assertEquals(rows.map((one) => usualSymbol(one, preferred)), ["BTC-USD1-PERP", "BTC-PERP", "BTC-BTC-PERP"]);
  const later = preferredSymbols(rows.slice(0, 1), ["USDT", "USD1"], preferred);
  assertEquals(usualSymbol(rows[0] ?? symbolRow(), later), "BTC-USD1-PERP");
});

/** Changes of a book whose n-th change sets price n % 7 + 1 to a size. */
const truth = (upTo: number) => {
  const levels = new Map<string, string>();
  for (let id = 1; id <= upTo; id++) levels.set(String(id % 7 + 1), String(id % 5));
  return [...levels].filter(([, size]) => size !== "0").sort();
};
const change = (from: number, to: number): DepthUpdate => ({
  E: 1,
  s: "BTCUSDT",
  U: from + 1,
  u: to,
  pu: from,
  b: Array.from(
    { length: to - from },
    (_, i) => [String((from + 1 + i) % 7 + 1), String((from + 1 + i) % 5)],
  ),
  a: [],
});

Deno.test("a book that is whole is the venue's, whatever is lost, late or repeated on the way", () => {
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.constant("push") },
    { weight: 1, arbitrary: fc.constant("lose") },
    { weight: 1, arbitrary: fc.constant("ask") },
    { weight: 2, arbitrary: fc.constant("answer") },
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(step, fc.integer({ min: 1, max: 4 })), { maxLength: 80 }), (steps) => {
      const book = new BookFollower();
      const levels = new Map<string, string>();
      const apply = (one: DepthUpdate): void => {
        for (const [price = "", size = ""] of one.b) {
          if (size === "0") levels.delete(price);
          else levels.set(price, size);
        }
      };
      let at = 0;
      let pushed = 0;
      let asked: number | undefined;
      for (const [kind, count] of steps) {
        if (kind === "push" || kind === "lose") {
          at += count;
          const one = change(pushed, at);
          pushed = at;
          if (kind === "push" && book.take(one) === "delta") apply(one);
        }
        if (kind === "ask") {
          book.await();
          asked = at;
        }
        if (kind === "answer" && asked !== undefined && book.isAwaited) {
          levels.clear();
          for (const [price = "", size = ""] of truth(asked)) levels.set(price, size);
          const changes = book.takeSnapshot({ lastUpdateId: asked, bids: [], asks: [] });
          changes?.forEach(apply);
          asked = undefined;
        }
        // What was lost shows at the next change: until then the book is as of the last one that came.
        const isBehind = kind === "lose";
        if (isBehind) continue;
        if (kind === "push" && book.isValid) assertEquals([...levels].sort(), truth(at));
      }
    }),
    { numRuns: 200 },
  );
});

function readers() {
  const published = new Published();
  const log = recordingLog();
  const clock = new VirtualTime();
  const misfits = new Misfits<TextFrameMisfit>(clock, log);
  const gaps: string[] = [];
  const reader = new MarketDataReader({
    publish: published.port,
    statistics: new FeedStatistics(clock),
    misfits,
    onBookGap: (symbol) => void gaps.push(symbol),
  });
  const instruments = instrumentBook();
  instruments.add(btcInstrument());
  reader.set(btcInstrument(), 0, 1);
  return { published, misfits, gaps, reader, account: new AccountReader(instruments) };
}

const frames: readonly Readonly<Record<string, unknown>>[] = [
  {
    e: "bookTicker",
    u: 4,
    E: 1_568_014_460_893,
    T: 1_568_014_460_891,
    s: "BTCUSDT",
    b: "60000.1",
    B: "2",
    a: "60000.2",
    A: "3",
  },
  {
    e: "aggTrade",
    E: 123_456_789,
    s: "BTCUSDT",
    a: 5,
    p: "60000.1",
    q: "0.1",
    f: 1,
    l: 2,
    T: 123_456_785,
    m: true,
  },
  {
    e: "markPriceUpdate",
    E: 1_562_305_380_000,
    s: "BTCUSDT",
    p: "60000.15",
    i: "60000.6",
    P: "1",
    r: "0.0003",
    T: 1_562_306_400_000,
  },
  {
    e: "depthUpdate",
    E: 5,
    T: 4,
    s: "BTCUSDT",
    U: 157,
    u: 160,
    pu: 149,
    b: [["60000.1", "10"]],
    a: [["60000.2", "0"]],
  },
];
const orderEvent = (o: Readonly<Record<string, unknown>> = {}) => ({
  e: "ORDER_TRADE_UPDATE",
  E: 1_568_879_465_651,
  T: 1_568_879_465_650,
  o: {
    s: "BTCUSDT",
    c: "TEST",
    S: "SELL",
    o: "LIMIT",
    f: "GTX",
    q: "0.001",
    p: "97500.1",
    ap: "0",
    sp: "0",
    x: "NEW",
    X: "NEW",
    i: 8_886_774,
    l: "0",
    z: "0",
    L: "0",
    N: "USDT",
    n: "0",
    T: 1_568_879_465_651,
    t: 0,
    b: "0",
    a: "9.91",
    m: false,
    R: false,
    wt: "CONTRACT_PRICE",
    ot: "LIMIT",
    ps: "BOTH",
    cp: false,
    rp: "0",
    ...o,
  },
});

Deno.test("frames that are damaged anywhere are counted or read, and never break a reader", () => {
  const { account, misfits, published, reader } = readers();
  for (const frame of frames) {
    reader.awaitBook("BTCUSDT");
    reader.onRestDepth("BTCUSDT", { lastUpdateId: 155, E: 1, T: 1, bids: [], asks: [] }, 1);
    reader.onFrame(frame, 1);
  }
  assertEquals(misfits.count(), 0);
  assertEquals(published.of("book").map(({ value }) => value.kind).at(-1), "delta");
  const any = fc.constantFrom(...frames).chain(damaged);
  fc.assert(
    fc.property(any, (frame) => {
      reader.onFrame(v.is(v.record(v.string(), v.unknown()), frame) ? frame : {}, 1);
      reader.onRestDepth("BTCUSDT", frame, 1);
      reader.onRestTicker(frame, 1);
    }),
    { numRuns: 300 },
  );
  for (const { value } of published.of("book")) {
    for (const { priceTicks, sizeLots } of [...value.bids, ...value.asks]) {
      assert(priceTicks > 0 && sizeLots >= 0);
    }
  }
  fc.assert(
    fc.property(
      damaged(orderEvent({ x: "TRADE", X: "FILLED", l: "0.001", z: "0.001", L: "97500.1", t: 9 })),
      (event) => {
        for (const { fill, report } of account.orderEvent(event, 1).values) {
          assert(report.sizeLots >= 0 && report.filledLots >= 0);
          assert(fill === undefined || (fill.priceTicks > 0 && fill.sizeLots > 0));
        }
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("a fee is what the venue took, with the sign of the account's rate, on the stream and in the list", () => {
  for (
    const [makerFeeBps, isMaker, expected] of [[2, true, "0.25"], [-1, true, "-0.25"], [
      -1,
      false,
      "0.25",
    ]] as const
  ) {
    const instruments = instrumentBook();
    const one = btcInstrument();
    instruments.add({ ...one, instrument: { ...one.instrument, makerFeeBps } });
    const account = new AccountReader(instruments);
    const execution = { x: "TRADE", X: "FILLED", l: "0.001", z: "0.001", L: "97500.1", t: 7, m: isMaker };
    for (const commission of ["0.25", "-0.25"]) {
      const [event] =
        account.orderEvent(orderEvent({ ...execution, n: commission, t: Number(commission) > 0 ? 7 : 8 }), 1)
          .values;
      assert(event?.fill !== undefined);
      assertEquals(formatMoney(event.fill.fee), expected);
      const trade = {
        symbol: "BTCUSDT",
        id: 7,
        orderId: 1,
        side: "SELL",
        price: "97500.1",
        qty: "0.001",
        commission,
        commissionAsset: "USDT",
        maker: isMaker,
        time: 5,
      };
      const [fill] = account.fills([trade], 1).values;
      assertEquals([fill === undefined ? "" : formatMoney(fill.fee), fill?.clientOrderId], [
        expected,
        undefined,
      ]);
    }
  }
});

Deno.test("older news of a position says nothing; a position of one side is no position of ours", () => {
  const { account } = readers();
  const row = { s: "BTCUSDT", pa: "0.2", ep: "60000", ps: "BOTH" };
  const lots = (rows: readonly unknown[], tsMs: number) =>
    account.pushedPositions(rows, tsMs).values.map((one) => Number(one.positionLots));
  assertEquals(lots([row], 10), [200]);
  assertEquals(lots([{ ...row, pa: "-0.1" }], 11), [-100]);
  assertEquals(lots([row], 10), []);
  const { misfits, values } = account.pushedPositions([{ ...row, ps: "LONG" }], 12);
  assertEquals([misfits.length, values.length], [1, 0]);
});

Deno.test("the end of an order by its status, type and time in force", () => {
  const cases = [
    ["CANCELED", "LIMIT", "GTX", false, "cancelled", "requested"],
    ["EXPIRED", "LIMIT", "GTX", false, "rejected", "post_only_would_cross"],
    ["EXPIRED", "LIMIT", "FOK", false, "rejected", "fok_not_filled"],
    ["EXPIRED", "LIMIT", "IOC", true, "cancelled", "ioc_remainder"],
    ["EXPIRED", "MARKET", "GTC", false, "cancelled", "ioc_remainder"],
    ["EXPIRED", "LIMIT", "GTX", true, "cancelled", "venue"],
    ["EXPIRED", "LIMIT", "GTC", false, "cancelled", "venue"],
  ] as const;
  for (const [status, type, timeInForce, isPartlyFilled, expected, reason] of cases) {
    const end = orderEnd({ status, type, timeInForce, isPartlyFilled });
    assertEquals([end.status, end.reason], [expected, reason], `${status} ${type} ${timeInForce}`);
  }
});

Deno.test("in no minute, wherever it begins, is more sent than the venue's limit", () => {
  const request = fc.record({
    afterMs: fc.nat({ max: 4_000 }),
    weight: fc.constantFrom(1, 5, 20, 40),
    orders: fc.nat({ max: 5 }),
  });
  fc.assert(
    fc.property(fc.array(request, { maxLength: 300 }), (requests) => {
      let nowMs = 12_345;
      const clock = { epochMs: () => nowMs, epochUs: () => nowMs * 1_000, monotonicMs: () => nowMs };
      const budget = new RequestBudget(clock, 1);
      budget.setLimits({ weight: 200, orders: 20 });
      const sent: { readonly atMs: number; readonly weight: number; readonly orders: number }[] = [];
      for (const { afterMs, ...cost } of requests) {
        nowMs += afterMs;
        if (budget.tryTake(cost, "cancel")) sent.push({ atMs: nowMs, ...cost });
      }
      for (const { atMs } of sent) {
        const minute = sent.filter((one) => one.atMs >= atMs && one.atMs < atMs + 60_000);
        assert(minute.reduce((sum, one) => sum + one.weight, 0) <= 200);
        assert(minute.reduce((sum, one) => sum + one.orders, 0) <= 20);
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("after a 429 cancels alone are sent, during a ban nothing is", () => {
  let nowMs = 0;
  const clock = { epochMs: () => nowMs, epochUs: () => nowMs * 1_000, monotonicMs: () => nowMs };
  const budget = new RequestBudget(clock, 0.9);
  const may = () =>
    (["cancel", "order", "question"] as const).map((urgency) => budget.tryTake({ weight: 1 }, urgency));
  budget.pause(10_000);
  assertEquals(may(), [true, false, false]);
  budget.ban(60_000);
  nowMs = 59_999;
  assertEquals(may(), [false, false, false]);
  nowMs = 60_000;
  assertEquals(may(), [true, true, true]);
  // Others use the address too: what the venue counts leaves less to questions first, then to orders.
  budget.noteUsedWeight(1_600);
  assertEquals(may(), [true, true, false]);
  budget.noteUsedWeight(2_000);
  assertEquals(may(), [true, false, false]);
});

const framesPath = sharedPath("vectors/aster/ws_frames.json");
Deno.test({
  name: `frames of the documentation are read ${framesPath === undefined ? sharedDataMissing : ""}`,
  ignore: framesPath === undefined,
  fn: async () => {
    const { account, misfits, published, reader } = readers();
    const schema = v.object({
      frames: v.array(v.object({ dir: v.string(), frame: v.record(v.string(), v.unknown()) })),
    });
    const found = v.parse(schema, JSON.parse(await Deno.readTextFile(framesPath ?? "")));
    let events = 0;
    for (const { dir, frame } of found.frames) {
      if (dir !== "in") continue;
      const data = v.is(v.record(v.string(), v.unknown()), frame["data"]) ? frame["data"] : frame;
      if (data["e"] === "ORDER_TRADE_UPDATE") events += account.orderEvent(data, 1).values.length;
      else if (typeof data["s"] === "string") {
        // The documentation's symbols and prices are of many markets.
        reader.onFrame({ ...data, s: "BTCUSDT" }, 1);
      }
    }
    assertEquals([events, misfits.count()], [1, 0]);
    assertEquals([published.of("quote").length, published.of("trade").length], [1, 1]);
  },
});
