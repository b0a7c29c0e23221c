/**
 * Every parser of the adapter against frames and answers that no sane venue would send: cut off, of wrong types, huge,
 * null, with unknown fields. Nothing is thrown, whatever is published passes the host's own check, and what can't be
 * read is counted.
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  BerthError,
  clientOrderId,
  type ExchangeAdapter,
  type OrderRequest,
  parseInstrumentId,
  priceTicks,
  sizeLots,
} from "@berth/sdk";
import type { AdapterResponse } from "../../../core/model/adapter_request.ts";
import { decodeBook, decodeJson, encodeBook, encodeMessage } from "../../../core/protocol/codec.ts";
import type { PluginMessage } from "../../../core/protocol/messages.ts";
import { parsePluginMessage } from "../../../core/protocol/schemas.ts";
import { OkxAdapter } from "../../../exchanges/okx/adapter.ts";
import { defaultSettings } from "./builders.ts";
import {
  constantRandom,
  type Event,
  FakeSockets,
  Published,
  recordingLog,
  settle,
  VirtualTime,
} from "./fakes.ts";
import { usualNames } from "../../support/venue_fakes.ts";

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

// Frames and answers as the venue sends them -------------------------------------------------------------------------------

const instId = "BTC-USDT-SWAP";
const ts = "1785096000123";
const orderRow = {
  instType: "SWAP",
  instId,
  ordId: "2497956918703120384",
  clOrdId: "fuzz1",
  px: "60000.1",
  sz: "0.03",
  ordType: "limit",
  side: "buy",
  posSide: "net",
  accFillSz: "0.01",
  avgPx: "60000.1",
  fillPx: "60000.1",
  fillSz: "0.01",
  tradeId: "1518905529",
  fillTime: ts,
  execType: "M",
  fillFee: "-0.0013",
  fillFeeCcy: "USDT",
  fee: "-0.0013",
  feeCcy: "USDT",
  state: "partially_filled",
  reduceOnly: "false",
  cancelSource: "",
  amendResult: "",
  algoClOrdId: "",
  uTime: ts,
};
const algoRow = {
  instType: "SWAP",
  instId,
  ordType: "conditional",
  algoId: "1753184812254216192",
  algoClOrdId: "fuzz2",
  ordId: "",
  ordIdList: [],
  side: "sell",
  sz: "0.03",
  state: "live",
  reduceOnly: "true",
  slTriggerPx: "59000",
  slOrdPx: "-1",
  tpTriggerPx: "",
  tpOrdPx: "",
  failCode: "",
  cTime: ts,
  uTime: ts,
};
const positionRow = {
  instType: "SWAP",
  instId,
  posSide: "net",
  mgnMode: "cross",
  pos: "-1.5",
  availPos: "1.5",
  avgPx: "60000.1",
  markPx: "60001",
  liqPx: "",
  lever: "3",
  uTime: ts,
};
const accountRow = {
  totalEq: "100",
  uTime: ts,
  details: [{ ccy: "USDT", eq: "100", cashBal: "100.5", availEq: "90", availBal: "90" }],
};
const instrumentRow = {
  instType: "SWAP",
  instId,
  instIdCode: 10_459,
  instFamily: "BTC-USDT",
  uly: "BTC-USDT",
  settleCcy: "USDT",
  ctType: "linear",
  ctVal: "0.01",
  ctMult: "1",
  ctValCcy: "BTC",
  tickSz: "0.1",
  lotSz: "0.01",
  minSz: "0.01",
  lever: "100",
  maxLmtSz: "100000000",
  groupId: "1",
  state: "live",
};
const fundingRow = {
  instId,
  fundingRate: "0.0001",
  fundingTime: "1785110400000",
  nextFundingTime: "1785139200000",
  ts,
};
const book = { asks: [["60000.2", "1.2", "0", "3"]], bids: [["60000.1", "0.95", "0", "4"]], ts, checksum: 0 };
const arg = (channel: string) => ({ channel, instId });

const publicFrames: readonly Json[] = [
  {
    arg: arg("tickers"),
    data: [{
      instType: "SWAP",
      instId,
      last: "1",
      bidPx: "60000",
      bidSz: "1",
      askPx: "60001",
      askSz: "2",
      ts,
    }],
  },
  { arg: arg("bbo-tbt"), data: [{ ...book, seqId: 7 }] },
  { arg: arg("books5"), data: [book] },
  { arg: arg("books"), action: "snapshot", data: [{ ...book, prevSeqId: -1, seqId: 10 }] },
  { arg: arg("books"), action: "update", data: [{ ...book, prevSeqId: 10, seqId: 11 }] },
  {
    arg: arg("trades"),
    data: [{ instId, tradeId: "1", px: "60000", sz: "1", side: "sell", ts, count: "1" }],
  },
  { arg: arg("mark-price"), data: [{ instType: "SWAP", instId, markPx: "60000.5", ts }] },
  {
    arg: { channel: "index-tickers", instId: "BTC-USDT" },
    data: [{ instId: "BTC-USDT", idxPx: "60000", ts }],
  },
  { arg: arg("funding-rate"), data: [fundingRow] },
  {
    arg: { channel: "status" },
    data: [{ state: "ongoing", serviceType: "5", env: "1", begin: ts, end: ts }],
  },
  { arg: { channel: "instruments", instType: "SWAP" }, data: [instrumentRow] },
  { event: "subscribe", arg: arg("trades"), connId: "a4d3ae55" },
  { event: "error", code: "60012", msg: "Invalid request", connId: "a4d3ae55" },
  { event: "notice", code: "64009", msg: "something", connId: "a4d3ae55" },
];
const accountFrames: readonly Json[] = [
  { arg: { channel: "orders", instType: "ANY", uid: "1" }, data: [orderRow] },
  { arg: { channel: "positions", instType: "ANY", uid: "1" }, data: [positionRow] },
  { arg: { channel: "account", uid: "1" }, data: [accountRow] },
  {
    id: "999",
    op: "order",
    code: "0",
    msg: "",
    data: [{ ordId: "1", clOrdId: "x", sCode: "0", sMsg: "", ts }],
  },
  { event: "channel-conn-count", channel: "orders", connCount: "2", connId: "a4d3ae55" },
];
const businessFrames: readonly Json[] = [
  { arg: { channel: "orders-algo", instType: "ANY", uid: "1" }, data: [algoRow] },
];

const fillRow = {
  instId,
  tradeId: "1518905529",
  ordId: "2497956918703120384",
  clOrdId: "fuzz1",
  billId: "5",
  side: "buy",
  fillPx: "60000.1",
  fillSz: "0.01",
  execType: "T",
  fee: "-0.3",
  feeCcy: "USDT",
  ts,
};
const itemRow = { ordId: "1", clOrdId: "fuzz1", algoId: "", algoClOrdId: "", ts, sCode: "0", sMsg: "" };
const candle = [ts, "60000", "60010", "59990", "60001", "12", "0.12", "7200", "1"];
const billRow = { billId: "9", instId, type: "8", ccy: "USDT", pnl: "-0.6", balChg: "-0.6", ts };
const ok = (...data: readonly Json[]): Json => ({ code: "0", msg: "", data });
const answers: Readonly<Record<string, Json>> = {
  "GET /api/v5/public/time": ok({ ts }),
  "GET /api/v5/public/instruments": ok(instrumentRow),
  "GET /api/v5/public/funding-rate": ok(fundingRow),
  "GET /api/v5/public/funding-rate-history": ok({
    instId,
    fundingRate: "0.0001",
    realizedRate: "0.0001",
    fundingTime: "1785000000000",
  }),
  "GET /api/v5/market/tickers": ok(),
  "GET /api/v5/market/candles": ok(candle),
  "GET /api/v5/market/history-candles": ok(candle),
  "GET /api/v5/system/status": ok({ state: "scheduled", serviceType: "5", env: "1" }),
  "GET /api/v5/account/config": ok({ posMode: "net_mode" }),
  "GET /api/v5/account/trade-fee": ok({ maker: "-0.0002", taker: "-0.0005", feeGroup: [] }),
  "GET /api/v5/account/balance": ok(accountRow),
  "GET /api/v5/account/positions": ok(positionRow),
  "GET /api/v5/account/bills": ok(billRow),
  "GET /api/v5/account/bills-archive": ok(billRow),
  "POST /api/v5/account/set-leverage": ok({ lever: "3" }),
  "GET /api/v5/trade/orders-pending": ok(orderRow),
  "GET /api/v5/trade/orders-algo-pending": ok(algoRow),
  "GET /api/v5/trade/order": ok(orderRow),
  "GET /api/v5/trade/order-algo": ok(algoRow),
  "GET /api/v5/trade/fills": ok(fillRow),
  "GET /api/v5/trade/fills-history": ok(fillRow),
  "POST /api/v5/trade/order": ok(itemRow),
  "POST /api/v5/trade/batch-orders": ok(itemRow, itemRow),
  "POST /api/v5/trade/cancel-order": ok(itemRow),
  "POST /api/v5/trade/cancel-batch-orders": ok(itemRow),
  "POST /api/v5/trade/amend-order": ok(itemRow),
  "POST /api/v5/trade/order-algo": ok({ ...itemRow, algoId: "7" }),
  "POST /api/v5/trade/cancel-algos": ok({ ...itemRow, algoId: "7" }),
  "POST /api/v5/trade/cancel-all-after": ok({ triggerTime: "0", ts }),
};

// Making them worse --------------------------------------------------------------------------------------------------------

const oddities: readonly (Json | undefined)[] = [
  undefined, // the field is gone
  null,
  true,
  0,
  -1,
  1e308,
  -1e308,
  9_007_199_254_740_993,
  "",
  " ",
  "0",
  "-5",
  "1e999",
  "-1e999",
  "NaN",
  "Infinity",
  "0x10",
  "1_000",
  "0." + "0".repeat(40) + "1",
  "9".repeat(400),
  "x".repeat(5_000),
  "\u0000\ud800",
  [],
  {},
  [[]],
  [["1"]],
  { a: { b: [null] } },
  "__proto__",
];

/** Paths to everything in a value. */
function pathsOf(value: Json, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  const inner = Array.isArray(value)
    ? value.flatMap((one, at) => pathsOf(one, [...path, at]))
    : typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([name, one]) => pathsOf(one, [...path, name]))
    : [];
  return path.length === 0 ? inner : [path, ...inner];
}

function replaced(value: Json, path: readonly (string | number)[], by: Json | undefined): Json {
  const [step, ...rest] = path;
  if (step === undefined) return by ?? null;
  if (Array.isArray(value)) {
    return value.flatMap((one, at) =>
      at !== step ? [one] : rest.length === 0 && by === undefined ? [] : [replaced(one, rest, by)]
    );
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, one]) =>
      name !== step
        ? [[name, one] as const]
        : rest.length === 0 && by === undefined
        ? []
        : [[name, replaced(one, rest, by)] as const]
    ),
  );
}

interface Change {
  readonly at: number;
  readonly oddity: number;
}
const changes = fc.array(
  fc.record({ at: fc.nat(10_000), oddity: fc.nat(oddities.length - 1) }),
  { minLength: 1, maxLength: 3 },
);

function worse(frame: Json, made: readonly Change[]): Json {
  let value = frame;
  for (const { at, oddity } of made) {
    const paths = pathsOf(value);
    const path = paths[at % paths.length];
    if (path !== undefined) value = replaced(value, path, oddities[oddity]);
  }
  return value;
}

// The adapter, and the host's check of what it says -------------------------------------------------------------------------

/** Throws when the host would stop the adapter for this message. */
function assertFit(message: PluginMessage): void {
  const parsed = parsePluginMessage(decodeJson(encodeMessage(message)), "exchange");
  assert(parsed.kind === "message", parsed.kind === "fault" ? `${message.type}: ${parsed.reason}` : "");
}

function assertEventFits(event: Event): void {
  const isPrice = (price: number) => Number.isNaN(price) || (price > 0 && Number.isFinite(price));
  const isSize = (size: number) => size >= 0 && Number.isFinite(size);
  const isTime = (tsMs: number) => tsMs > 0 && tsMs < 1e15;
  switch (event.kind) {
    case "quote":
      return assert(
        isPrice(event.bid) && isPrice(event.ask) && isSize(event.bidSize) && isSize(event.askSize) &&
          isTime(event.tsVenueMs),
        JSON.stringify(event),
      );
    case "trade":
      return assert(
        event.price > 0 && isPrice(event.price) && event.sizeBase > 0 && isSize(event.sizeBase) &&
          isTime(event.tsVenueMs),
        JSON.stringify(event),
      );
    case "mark":
      return assert(
        isPrice(event.markPrice) && isPrice(event.indexPrice) &&
          (Number.isNaN(event.fundingRate) || Number.isFinite(event.fundingRate)) &&
          (Number.isNaN(event.tsNextFundingMs) || isTime(event.tsNextFundingMs)),
        JSON.stringify(event),
      );
    case "book":
      return assert(decodeBook(encodeBook({ ...event.value, index: 0, sequence: 1 })) !== undefined);
    case "instrument":
      return assertFit({ type: "instrument", index: 0, instrument: event.value });
    case "order":
      return assertFit({ type: "order_report", report: event.value });
    case "fill":
      return assertFit({ type: "fill_report", fill: event.value });
    case "position":
      return assertFit({ type: "position_report", position: event.value });
    case "balance":
      return assertFit({ type: "balance_report", balance: event.value });
    case "funding":
      return assertFit({ type: "funding_report", payment: event.value });
    case "health":
      return assertFit({ type: "health", health: event.value });
    case "statistics":
      return assertFit({ type: "channel_statistics", channels: event.value });
    case "restored":
      return;
    default:
      return event satisfies never;
  }
}

interface Bench {
  readonly time: VirtualTime;
  readonly adapter: ExchangeAdapter;
  readonly published: Published;
  readonly sockets: FakeSockets;
  readonly log: ReturnType<typeof recordingLog>;
  /** Instead of the sound answer to a request. */
  readonly spoiled: Map<string, string>;
  misfits(): number;
}

const signal = new AbortController().signal;

async function started(): Promise<Bench> {
  const time = new VirtualTime();
  const published = new Published();
  const sockets = new FakeSockets();
  const log = recordingLog();
  const gauges = new Map<string, number>();
  const spoiled = new Map<string, string>();
  const adapter = new OkxAdapter({
    venue: "okx",
    environment: "live",
    endpoints: {
      restUrl: "https://okx.test",
      wsPublicUrl: "wss://okx.test/ws/v5/public",
      wsPrivateUrl: "wss://okx.test/ws/v5/private",
      wsBusinessUrl: "wss://okx.test/ws/v5/business",
    },
    symbols: ["*-PERP"],
    symbolFor: usualNames,
    secret: (name) => `made-up ${name}`,
    settings: { ...defaultSettings, deadMansSwitchSeconds: 0 },
    publish: published.port,
    clock: time,
    scheduler: time,
    random: constantRandom,
    log,
    gauge: (name, value) => void gauges.set(name, value),
  }, {
    openSocket: sockets.open,
    fetch: (url, init) => {
      const key = `${init.method} ${new URL(url).pathname}`;
      return Promise.resolve(new Response(spoiled.get(key) ?? JSON.stringify(answers[key] ?? ok())));
    },
  });
  const starting = adapter.start(signal);
  for (let i = 0; i < 50; i++) await drain(time);
  await starting;
  for (const socket of sockets.opened) socket.handlers.onOpen();
  const [open, account, business] = sockets.opened;
  open?.push({ event: "subscribe", arg: { channel: "status" } });
  for (const socket of [account, business]) socket?.push({ event: "login", code: "0", msg: "" });
  for (const channel of ["orders", "positions", "account"]) {
    account?.push({ event: "subscribe", arg: { channel } });
  }
  business?.push({ event: "subscribe", arg: { channel: "orders-algo" } });
  await drain(time);
  assertEquals(published.of("restored").length, 1);
  return {
    time,
    adapter,
    published,
    sockets,
    log,
    spoiled,
    misfits: () => (gauges.get("unreadable_frames") ?? 0) + (gauges.get("unreadable_private_rows") ?? 0),
  };
}

/** Lets a little time go by, and the platform's own promises (bodies of responses) settle. */
async function drain(time: VirtualTime): Promise<void> {
  await time.advance(1);
  await new Promise((resolve) => setTimeout(resolve, 0));
  await settle();
}

const sources = [["market data", 0, publicFrames], ["account", 1, accountFrames], [
  "trigger orders",
  2,
  businessFrames,
]] as const;

for (const [name, at, frames] of sources) {
  Deno.test(`${name}: frames with wrong types, huge numbers and nulls crash nothing and say nothing unfit`, async () => {
    const bench = await started();
    const socket = bench.sockets.opened[at];
    assert(socket !== undefined);
    let from = bench.published.events.length;
    fc.assert(
      fc.property(fc.nat(frames.length - 1), changes, (which, made) => {
        const frame = worse(frames[which] ?? null, made);
        socket.push(JSON.stringify(frame));
        for (; from < bench.published.events.length; from++) {
          const event = bench.published.events[from];
          if (event !== undefined) assertEventFits(event);
        }
        bench.published.events.length = 0;
        from = 0;
      }),
      { numRuns: 1_500 },
    );
    await bench.time.advance(1_000);
    assert(bench.misfits() > 150, `${bench.misfits()} misfits`);
    await stopped(bench);
  });

  Deno.test(`${name}: every frame is read with unknown fields, and each cut of it is one counted misfit`, async () => {
    const bench = await started();
    const socket = bench.sockets.opened[at];
    assert(socket !== undefined);
    let cuts = 0;
    for (const frame of frames) {
      const misfits = await misfitsAfter(bench);
      const news = bench.published.events.length;
      const isEvent = typeof frame === "object" && frame !== null && ("event" in frame || "op" in frame);
      socket.push(JSON.stringify(withUnknownFields(frame)));
      if (!isEvent) {
        assertEquals(await misfitsAfter(bench), misfits, JSON.stringify(frame));
        const isTold = bench.published.events.slice(news).some(({ kind }) => kind !== "health");
        assert(isTold || /instruments|"update"/.test(JSON.stringify(frame)), JSON.stringify(frame));
      }
      const text = JSON.stringify(frame);
      for (let end = 1; end < text.length; end += 7) {
        socket.push(text.slice(0, end));
        cuts += 1;
      }
    }
    for (const text of ["", "null", "[]", "7", '"text"', "{}", "[{}]", "\u0000", "ping"]) socket.push(text);
    const counted = await misfitsAfter(bench);
    assert(counted >= cuts, `${counted} counted of ${cuts}`);
    await stopped(bench);
  });
}

async function misfitsAfter(bench: Bench): Promise<number> {
  await bench.time.advance(1_000);
  return bench.misfits();
}

async function stopped(bench: Bench): Promise<void> {
  assertEquals(bench.log.lines.filter(({ message }) => /threw/.test(message)), []);
  const stopping = bench.adapter.stop();
  await drain(bench.time);
  await stopping;
}

function withUnknownFields(value: Json): Json {
  if (Array.isArray(value)) {
    // Levels of books and candles are lists whose places mean something.
    return value.map((one) => Array.isArray(one) ? one : withUnknownFields(one));
  }
  if (typeof value !== "object" || value === null) return value;
  const inner = Object.entries(value).map(([name, one]) => [name, withUnknownFields(one)]);
  return { unknownField: { deep: [1, null] }, ...Object.fromEntries(inner) };
}

const btc = parseInstrumentId("okx:BTC-PERP");
const key = { instrument: btc, clientOrderId: clientOrderId("fuzz1"), venueOrderId: undefined };
const order: OrderRequest = {
  instrument: btc,
  clientOrderId: clientOrderId("fuzz1"),
  side: "buy",
  sizeLots: sizeLots(3),
  reduceOnly: false,
  pricing: { kind: "limit", limitPriceTicks: priceTicks(600_001), timeInForce: "GTC", postOnly: false },
};
const stop: OrderRequest = {
  ...order,
  trigger: { kind: "stop", triggerPriceTicks: priceTicks(600_000) },
};

const spoiledRuns = 25;

/** Everything that can be asked of the adapter, with the requests whose answers are spoiled for it. */
const calls: readonly {
  readonly name: string;
  readonly requests: readonly string[];
  readonly ask: (adapter: ExchangeAdapter) => Promise<AdapterResponse>;
}[] = [
  {
    name: "submit",
    requests: ["POST /api/v5/trade/order"],
    ask: async ({ trading }) => ({ kind: "submit", outcome: await trading!.submit(order, signal) }),
  },
  {
    name: "submitBatch",
    requests: ["POST /api/v5/trade/batch-orders"],
    ask: async ({ trading }) => ({
      kind: "submit_batch",
      outcomes: await trading!.submitBatch!(
        [order, { ...order, clientOrderId: clientOrderId("fuzz9") }],
        signal,
      ),
    }),
  },
  {
    name: "submit with a trigger",
    requests: ["POST /api/v5/trade/order-algo"],
    ask: async ({ trading }) => ({ kind: "submit", outcome: await trading!.submit(stop, signal) }),
  },
  {
    name: "cancel",
    requests: ["POST /api/v5/trade/cancel-order", "POST /api/v5/trade/cancel-algos"],
    ask: async ({ trading }) => ({ kind: "cancel", outcome: await trading!.cancel(key, signal) }),
  },
  {
    name: "cancel of a trigger order",
    requests: ["POST /api/v5/trade/cancel-algos"],
    ask: async ({ trading }) => ({
      kind: "cancel",
      outcome: await trading!.cancel(
        { ...key, clientOrderId: clientOrderId("fuzz3"), isTrigger: true },
        signal,
      ),
    }),
  },
  {
    name: "amend",
    requests: ["POST /api/v5/trade/amend-order"],
    ask: async ({ trading }) => ({
      kind: "amend",
      outcome: await trading!.amend!({
        ...key,
        clientOrderId: clientOrderId("fuzz5"),
        side: "buy",
        sizeLots: sizeLots(5),
        limitPriceTicks: priceTicks(600_000),
      }, signal),
    }),
  },
  {
    name: "cancelAll",
    requests: [
      "GET /api/v5/trade/orders-pending",
      "GET /api/v5/trade/orders-algo-pending",
      "POST /api/v5/trade/cancel-batch-orders",
      "POST /api/v5/trade/cancel-algos",
    ],
    ask: async ({ trading }) => ({
      kind: "cancel_all",
      outcome: await trading!.cancelAll(undefined, signal),
    }),
  },
  {
    name: "queryOrder",
    requests: ["GET /api/v5/trade/order", "GET /api/v5/trade/order-algo"],
    ask: async ({ trading }) => ({ kind: "query_order", outcome: await trading!.queryOrder(key, signal) }),
  },
  {
    name: "openOrders",
    requests: ["GET /api/v5/trade/orders-pending", "GET /api/v5/trade/orders-algo-pending"],
    ask: async ({ trading }) => ({ kind: "open_orders", orders: await trading!.openOrders(signal) }),
  },
  {
    name: "fills",
    requests: ["GET /api/v5/trade/fills", "GET /api/v5/trade/fills-history"],
    ask: async ({ trading }) => ({ kind: "fills", fills: await trading!.fills(0, signal) }),
  },
  {
    name: "positions",
    requests: ["GET /api/v5/account/positions"],
    ask: async ({ trading }) => ({ kind: "positions", positions: await trading!.positions(signal) }),
  },
  {
    name: "balances",
    requests: ["GET /api/v5/account/balance"],
    ask: async ({ trading }) => ({ kind: "balances", balances: await trading!.balances(signal) }),
  },
  {
    name: "fundingPayments",
    requests: ["GET /api/v5/account/bills", "GET /api/v5/account/bills-archive"],
    ask: async ({ trading }) => ({
      kind: "funding_payments",
      payments: await trading!.fundingPayments!(0, signal),
    }),
  },
  {
    name: "setLeverage",
    requests: ["POST /api/v5/account/set-leverage"],
    ask: async ({ trading }) => ({
      kind: "set_leverage",
      outcome: await trading!.setLeverage!(btc, 3, "cross", signal),
    }),
  },
  {
    name: "klines",
    requests: ["GET /api/v5/market/candles", "GET /api/v5/market/history-candles"],
    ask: async ({ queries }) => ({
      kind: "klines",
      klines: await queries!.klines(
        btc,
        "1m",
        { fromMs: 1_785_095_000_000, toMs: 1_785_097_000_000 },
        signal,
      ),
    }),
  },
  {
    name: "fundingRates",
    requests: ["GET /api/v5/public/funding-rate-history"],
    ask: async ({ queries }) => ({
      kind: "funding_rates",
      rates: await queries!.fundingRates(btc, { fromMs: 1_784_000_000_000, toMs: 1_786_000_000_000 }, signal),
    }),
  },
  {
    name: "serverTimeMs",
    requests: ["GET /api/v5/public/time"],
    ask: async ({ queries }) => ({ kind: "server_time", tsVenueMs: await queries!.serverTimeMs(signal) }),
  },
  {
    name: "venueStatus",
    requests: ["GET /api/v5/system/status"],
    ask: async ({ queries }) => ({ kind: "venue_status", status: await queries!.venueStatus(signal) }),
  },
];

for (const { name, requests, ask } of calls) {
  Deno.test(`${name}(): spoiled answers end in an outcome that the host takes, or a typed error`, async () => {
    const bench = await started();
    // By REST: the socket's answers are fuzzed above.
    for (const socket of bench.sockets.opened) socket.handlers.onClose("gone");
    let outcomes = 0;
    let errors = 0;
    const body = fc.oneof(
      fc.tuple(fc.nat(requests.length - 1), changes).map(([which, made]) => {
        const request = requests[which] ?? "";
        return [request, JSON.stringify(worse(answers[request] ?? null, made))] as const;
      }),
      fc.tuple(fc.nat(requests.length - 1), fc.nat(500)).map(([which, end]) => {
        const request = requests[which] ?? "";
        return [request, JSON.stringify(answers[request]).slice(0, end)] as const;
      }),
    );
    await fc.assert(
      fc.asyncProperty(body, async ([request, text]) => {
        bench.spoiled.clear();
        bench.spoiled.set(request, text);
        let isSettled = false;
        const asked = ask(bench.adapter).finally(() => {
          isSettled = true;
        });
        asked.catch(() => undefined);
        for (let i = 0; i < 40 && !isSettled; i++) {
          await bench.time.advance(500); // limits of requests refill
          await new Promise((resolve) => setTimeout(resolve, 0));
        }
        assert(isSettled, "it never ended");
        try {
          assertFit({ type: "response", requestId: 1, response: await asked });
          outcomes += 1;
        } catch (error) {
          assert(error instanceof BerthError, String(error));
          assertFit({ type: "log", level: "info", message: error.code, fields: {} });
          errors += 1;
        }
      }),
      { numRuns: spoiledRuns },
    );
    assertEquals(outcomes + errors, spoiledRuns);
    bench.spoiled.clear();
    await stopped(bench);
  });
}

Deno.test("instruments: spoiled metadata is left out and told, the sound part is published", async () => {
  const bench = await started();
  fc.assert(
    fc.property(changes, (made) => {
      const row = worse(instrumentRow, made);
      const frame = { arg: { channel: "instruments", instType: "SWAP" }, data: [row, instrumentRow] };
      bench.sockets.opened[0]?.push(JSON.stringify(frame));
      for (const event of bench.published.of("instrument")) assertEventFits(event);
      bench.published.events.length = 0;
    }),
    { numRuns: 1_000 },
  );
  assert(bench.log.lines.some(({ message }) => message === "changes of instruments can't be read"));
  await stopped(bench);
});
