import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  BerthError,
  clientOrderId,
  money,
  type OrderRequest,
  parseInstrumentId,
  priceTicks,
  sizeLots,
  type SubmitOutcome,
  venueOrderId,
} from "@berth/sdk";
import { AccountQueries } from "../../../exchanges/paradex/account_queries.ts";
import { CommandChannel } from "../../../exchanges/paradex/command_channel.ts";
import { Authentication } from "../../../exchanges/paradex/authentication.ts";
import type { CallResult } from "../../../exchanges/paradex/connection.ts";
import { ParadexTrading } from "../../../exchanges/paradex/orders.ts";
import { PrivateStream } from "../../../exchanges/paradex/private_stream.ts";
import { RateBudget, type RateLimit } from "@berth/sdk/venue/rate_budget.ts";
import { RestClient } from "../../../exchanges/paradex/rest.ts";
import { paradexSigner } from "../../../exchanges/paradex/signing.ts";
import { StarkCurve } from "../../../exchanges/paradex/stark_curve.ts";
import { FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import {
  btcInstrument,
  btcOnly,
  constantRandom,
  misfitsOf,
  recordingLog,
  recordingPublish,
  VirtualTime,
} from "./fakes.ts";

const curve = new StarkCurve();
const account = 0x129f3dc1b8962d8a87abc692424c78fda963ade0e1cd17bf3d1c26f8d41ee7an;
const privateKey = 0x0139fe4d6f02e666e86a6f58e65060f115cd3c185bd9e98bd829636931458f79n;
const never = new AbortController().signal;

interface HttpCall {
  readonly method: string;
  readonly url: string;
  readonly body: unknown;
}
type HttpAnswer = { readonly status: number; readonly body?: string } | "hang" | "fail";

function bench(options: {
  readonly call?: (method: string, params: unknown) => CallResult;
  readonly http?: (call: HttpCall) => HttpAnswer;
  readonly orderLimits?: readonly RateLimit[];
} = {}) {
  const time = new VirtualTime();
  const calls: { method: string; params: unknown }[] = [];
  const https: HttpCall[] = [];
  const log = recordingLog();
  const publish = recordingPublish();
  const instruments = btcOnly();
  const stream = new PrivateStream({
    publish,
    instruments,
    statistics: new FeedStatistics(time),
    misfits: misfitsOf(time, log),
    log,
  });
  const fetch = (url: string, init: RequestInit): Promise<Response> => {
    if (url.includes("/auth/")) return Promise.resolve(new Response('{"jwt_token":"jwt"}'));
    const call = {
      method: init.method ?? "",
      url: url.replace("https://venue.test/v1", ""),
      body: typeof init.body === "string" ? JSON.parse(init.body) : undefined,
    };
    https.push(call);
    const answer = options.http?.(call) ??
      { status: 404, body: '{"error":"NOT_FOUND","message":"scripted"}' };
    if (answer === "fail") return Promise.reject(new TypeError("connection reset"));
    if (answer === "hang") {
      return new Promise((_, reject) =>
        init.signal?.addEventListener("abort", () => reject(new Error("aborted")))
      );
    }
    return Promise.resolve(
      new Response(answer.status === 204 ? null : answer.body ?? "", { status: answer.status }),
    );
  };
  const rest = new RestClient("https://venue.test/v1", fetch, time);
  const signer = paradexSigner({ curve, chainId: "PRIVATE_SN_PARACLEAR_MAINNET", account, privateKey });
  const authentication = new Authentication({
    rest,
    identity: () => ({ account, publicKey: 1n, signer, ethereumAddress: "" }),
    venueNowMs: time.epochMs,
    scheduler: time,
    random: constantRandom,
    log,
    ethereumAddress: "",
  });
  const unlimited = [{ requests: 1e6, perMs: 1 }];
  const orderBudget = new RateBudget(time, options.orderLimits ?? unlimited);
  const channel = new CommandChannel({
    rest,
    entry: {
      call: (method, params) => {
        calls.push({ method, params });
        return Promise.resolve(options.call?.(method, params) ?? { kind: "not_sent", details: "connecting" });
      },
    },
    tokens: authentication,
    budget: orderBudget,
  });
  const budget = new RateBudget(time, unlimited);
  const trading = new ParadexTrading({
    channel,
    queries: new AccountQueries({ rest, tokens: authentication, instruments, stream, budget, clock: time }),
    signer,
    instruments,
    stream,
    orderBudget,
    venueNowMs: time.epochMs,
    recvWindowMs: 5_000,
  });
  return { trading, calls, https, time, stream };
}

const limitOrder: OrderRequest = {
  instrument: btcInstrument.id,
  clientOrderId: clientOrderId("a1"),
  side: "buy",
  sizeLots: sizeLots(1_000),
  reduceOnly: false,
  pricing: { kind: "limit", limitPriceTicks: priceTicks(651_234), timeInForce: "GTC", postOnly: true },
};
const created = {
  id: "1759400000131201703010000",
  market: "BTC-USD-PERP",
  side: "BUY",
  type: "LIMIT",
  size: "0.01",
  remaining_size: "0.01",
  price: "65123.4",
  status: "NEW",
  client_id: "a1",
  created_at: 1_759_400_000_140,
  last_updated_at: 1_759_400_000_140,
  seq_no: 1_759_400_000_140,
};
const result = (value: unknown): CallResult => ({ kind: "result", result: value });
const sentBody = (value: unknown): Record<string, unknown> => {
  assert(typeof value === "object" && value !== null);
  return { ...value };
};

Deno.test("a limit order is sent over the connection in the venue's form, signed over the digits that are sent", async () => {
  const { calls, https, trading } = bench({ call: () => result({ order: created, received_at: 1 }) });
  const outcome = await trading.submit(limitOrder, never);
  assertEquals(outcome, {
    kind: "acknowledged",
    venueOrderId: venueOrderId(created.id),
    tsVenueMs: 1_759_400_000_140,
  });
  const { signature, ...body } = sentBody(calls[0]?.params);
  assertEquals([calls[0]?.method, https.length], ["order.create", 0]);
  assertEquals(body, {
    market: "BTC-USD-PERP",
    side: "BUY",
    type: "LIMIT",
    size: "0.01",
    price: "65123.4",
    instruction: "POST_ONLY",
    client_id: "a1",
    recv_window: 5_000,
    signature_timestamp: 1_759_400_000_000,
  });
  const signer = paradexSigner({ curve, chainId: "PRIVATE_SN_PARACLEAR_MAINNET", account, privateKey });
  assertEquals(
    signature,
    signer.order({
      timestampMs: 1_759_400_000_000,
      market: "BTC-USD-PERP",
      side: "BUY",
      type: "LIMIT",
      size: "0.01",
      price: "65123.4",
    }),
  );
});

const forms: readonly {
  readonly name: string;
  readonly change: Partial<OrderRequest>;
  readonly expected: Readonly<Record<string, unknown>>;
}[] = [
  {
    name: "GTC",
    change: {
      pricing: { kind: "limit", limitPriceTicks: priceTicks(10), timeInForce: "GTC", postOnly: false },
    },
    expected: { type: "LIMIT", price: "1", instruction: "GTC" },
  },
  {
    name: "IOC",
    change: {
      pricing: { kind: "limit", limitPriceTicks: priceTicks(10), timeInForce: "IOC", postOnly: false },
    },
    expected: { type: "LIMIT", price: "1", instruction: "IOC" },
  },
  {
    name: "a market order with a worst price is a limit IOC there",
    change: { pricing: { kind: "market", worstPriceTicks: priceTicks(15) }, side: "sell" },
    expected: { type: "LIMIT", price: "1.5", instruction: "IOC", side: "SELL" },
  },
  {
    name: "a market order without one is a MARKET order at price 0",
    change: { pricing: { kind: "market", worstPriceTicks: undefined } },
    expected: { type: "MARKET", price: "0", instruction: "GTC" },
  },
  { name: "reduce-only is a flag", change: { reduceOnly: true }, expected: { flags: ["REDUCE_ONLY"] } },
];
for (const { name, change, expected } of forms) {
  Deno.test(`order form: ${name}`, async () => {
    const { calls, trading } = bench({ call: () => result({ order: created }) });
    await trading.submit({ ...limitOrder, ...change }, never);
    const body = sentBody(calls[0]?.params);
    for (const [field, value] of Object.entries(expected)) assertEquals(body[field], value, field);
  });
}

Deno.test("orders in the same millisecond get different signature times", async () => {
  const { calls, trading } = bench({ call: () => result({ order: created }) });
  await trading.submit(limitOrder, never);
  await trading.submit(limitOrder, never);
  const times = calls.map((call) => sentBody(call.params)["signature_timestamp"]);
  assertEquals(times, [1_759_400_000_000, 1_759_400_000_001]);
});

const outcomes: readonly {
  readonly name: string;
  readonly call?: CallResult;
  readonly http?: HttpAnswer;
  readonly expected: Partial<SubmitOutcome>;
}[] = [
  {
    name: "a refusal over the connection is rejected with our code and the venue's words",
    call: { kind: "error", code: 100, message: "DUPLICATED_CLIENT_ID client id exists" },
    expected: {
      kind: "rejected",
      code: "duplicate_client_order_id",
      venueCode: "DUPLICATED_CLIENT_ID",
      venueText: "DUPLICATED_CLIENT_ID client id exists",
    },
  },
  {
    name: "too many requests over the connection",
    call: { kind: "error", code: 42901, message: "rate limit exceeded" },
    expected: {
      kind: "rejected",
      code: "rate_limited",
      venueCode: "42901",
      venueText: "rate limit exceeded",
    },
  },
  {
    name: "silence is unknown",
    call: { kind: "unknown", why: "timeout", details: "no answer to order.create" },
    expected: { kind: "unknown", why: "timeout", details: "no answer to order.create" },
  },
  {
    name: "the server's own trouble is unknown",
    call: { kind: "error", code: -32603, message: "internal error" },
    expected: { kind: "unknown", why: "garbled_reply", details: "-32603 internal error" },
  },
  {
    name: "an answer without an order is unknown",
    call: result({ ok: true }),
    expected: { kind: "unknown", why: "garbled_reply", details: "no order in the answer" },
  },
  {
    name: "an order that is closed by risk in the answer is rejected",
    call: result({ order: { ...created, status: "CLOSED", cancel_reason: "NOT_ENOUGH_MARGIN" } }),
    expected: {
      kind: "rejected",
      code: "insufficient_margin",
      venueCode: "NOT_ENOUGH_MARGIN",
      venueText: "NOT_ENOUGH_MARGIN",
    },
  },
  {
    name: "without a connection REST takes the order, its answer is the bare order",
    http: { status: 201, body: JSON.stringify(created) },
    expected: {
      kind: "acknowledged",
      venueOrderId: venueOrderId(created.id),
      tsVenueMs: 1_759_400_000_140,
    },
  },
  {
    name: "HTTP 400 is the venue's no",
    http: { status: 400, body: '{"error":"INVALID_ORDER_SIZE","message":"size too small","data":null}' },
    expected: {
      kind: "rejected",
      code: "invalid_size",
      venueCode: "INVALID_ORDER_SIZE",
      venueText: "size too small",
    },
  },
  {
    name: "HTTP 429 without JSON is the rate limit",
    http: { status: 429, body: "slow down" },
    expected: { kind: "rejected", code: "rate_limited", venueCode: "HTTP_429", venueText: "slow down" },
  },
  {
    name: "HTTP 503 is the server's own timeout: unknown",
    http: { status: 503, body: "" },
    expected: { kind: "unknown", why: "garbled_reply", details: "HTTP 503 " },
  },
  {
    name: "HTTP 200 with nonsense is unknown",
    http: { status: 200, body: "<html>" },
    expected: { kind: "unknown", why: "garbled_reply", details: "HTTP 200 without JSON" },
  },
  {
    name: "a reset connection is unknown",
    http: "fail",
    expected: { kind: "unknown", why: "disconnected", details: "connection reset" },
  },
];
for (const { name, call, http, expected } of outcomes) {
  Deno.test(`submit: ${name}`, async () => {
    const { calls, https, trading } = bench({
      ...(call === undefined ? {} : { call: () => call }),
      ...(http === undefined ? {} : { http: () => http }),
    });
    assertEquals<Partial<SubmitOutcome>>(await trading.submit(limitOrder, never), expected);
    // Sent once, one way or the other.
    assertEquals([calls.length, https.length], [1, call === undefined ? 1 : 0]);
  });
}

Deno.test("submit: a REST request that hangs is unknown at the deadline", async () => {
  const { trading } = bench({ http: () => "hang" });
  const controller = new AbortController();
  const outcome = trading.submit(limitOrder, controller.signal);
  setTimeout(() => controller.abort(), 0);
  assertEquals(await outcome, { kind: "unknown", why: "timeout", details: "the deadline passed" });
});

Deno.test("submit: nothing is sent for what the venue can't do, nor after the deadline", async () => {
  const { calls, https, trading } = bench({ call: () => ({ kind: "not_sent", details: "past" }) });
  const fok = await trading.submit({
    ...limitOrder,
    pricing: { kind: "limit", limitPriceTicks: priceTicks(1), timeInForce: "FOK", postOnly: false },
  }, never);
  assert(fok.kind === "rejected" && fok.code === "unsupported");
  const both = await trading.submit({
    ...limitOrder,
    pricing: { kind: "limit", limitPriceTicks: priceTicks(1), timeInForce: "IOC", postOnly: true },
  }, never);
  assert(both.kind === "rejected" && both.code === "unsupported");
  const foreign = await trading.submit(
    { ...limitOrder, instrument: parseInstrumentId("paradex:NO-PERP") },
    never,
  );
  assert(foreign.kind === "rejected" && foreign.code === "instrument_unknown");
  assertEquals(calls.length, 0);
  const late = await trading.submit(limitOrder, AbortSignal.abort());
  assert(late.kind === "rejected" && late.venueCode === "LOCAL");
  assertEquals(https.length, 0);
});

Deno.test("orders leave a share of the rate budget to cancels and to orders that only reduce", async () => {
  const { calls, time, trading } = bench({
    call: (method) => result(method === "order.create" ? { order: created } : { status: "ok" }),
    orderLimits: [{ requests: 10, perMs: 1_000 }],
  });
  const kinds: string[] = [];
  for (let i = 0; i < 10; i++) kinds.push((await trading.submit(limitOrder, never)).kind);
  assertEquals(kinds, [...Array(8).fill("acknowledged"), "rejected", "rejected"]);
  const key = { instrument: btcInstrument.id, clientOrderId: clientOrderId("a1"), venueOrderId: undefined };
  assertEquals((await trading.submit({ ...limitOrder, reduceOnly: true }, never)).kind, "acknowledged");
  const cancels: string[] = [];
  for (let i = 0; i < 2; i++) cancels.push((await trading.cancel(key, never)).kind);
  assertEquals(cancels, ["acknowledged", "rejected"]);
  assertEquals(calls.length, 10);
  await time.advance(1_000);
  assertEquals((await trading.submit(limitOrder, never)).kind, "acknowledged");
});

const key = { instrument: btcInstrument.id, clientOrderId: clientOrderId("a1"), venueOrderId: undefined };
const keyWithId = { ...key, venueOrderId: venueOrderId("175") };
const cancelCases: readonly {
  readonly name: string;
  readonly key: typeof key | typeof keyWithId;
  readonly call?: CallResult;
  readonly http?: HttpAnswer;
  readonly sent?: unknown;
  readonly url?: string;
  readonly expected: Readonly<Record<string, unknown>>;
}[] = [
  {
    name: "by the venue's id where that is known",
    key: keyWithId,
    call: result({ order_id: "175", status: "QUEUED_FOR_CANCELLATION" }),
    sent: { id: "175" },
    expected: { kind: "acknowledged" },
  },
  {
    name: "by client order id with the market, which the venue finds faster",
    key,
    call: result({ order_id: "175", status: "QUEUED_FOR_CANCELLATION" }),
    sent: { client_id: "a1", market: "BTC-USD-PERP" },
    expected: { kind: "acknowledged" },
  },
  {
    name: "a closed order is done already",
    key: keyWithId,
    call: { kind: "error", code: 100, message: "ORDER_IS_CLOSED" },
    expected: { kind: "already_done", venueText: "ORDER_IS_CLOSED" },
  },
  {
    name: "the venue's own id that it no longer finds is a closed order",
    key: keyWithId,
    call: { kind: "error", code: 100, message: "ORDER_ID_NOT_FOUND" },
    expected: { kind: "already_done", venueText: "ORDER_ID_NOT_FOUND" },
  },
  {
    name: "a client order id that it does not find is not found",
    key,
    call: { kind: "error", code: 100, message: "CLIENT_ORDER_ID_NOT_FOUND" },
    expected: {
      kind: "rejected",
      code: "order_not_found",
      venueCode: "CLIENT_ORDER_ID_NOT_FOUND",
      venueText: "CLIENT_ORDER_ID_NOT_FOUND",
    },
  },
  {
    name: "silence is unknown",
    key,
    call: { kind: "unknown", why: "disconnected", details: "closed" },
    expected: { kind: "unknown", why: "disconnected", details: "closed" },
  },
  {
    name: "by REST, which answers 204 without a body",
    key,
    http: { status: 204 },
    url: "/orders/by_client_id/a1?market=BTC-USD-PERP",
    expected: { kind: "acknowledged" },
  },
];
for (const item of cancelCases) {
  Deno.test(`cancel: ${item.name}`, async () => {
    const { call, http } = item;
    const { calls, https, trading } = bench({
      ...(call === undefined ? {} : { call: () => call }),
      ...(http === undefined ? {} : { http: () => http }),
    });
    assertEquals<unknown>(await trading.cancel(item.key, never), item.expected);
    if (item.sent !== undefined) assertEquals(calls[0], { method: "order.cancel", params: item.sent });
    if (item.url !== undefined) assertEquals([https[0]?.method, https[0]?.url], ["DELETE", item.url]);
  });
}

Deno.test("cancelAll() is for the account or one market", async () => {
  const { calls, trading } = bench({ call: () => result({ status: "ok" }) });
  assertEquals(await trading.cancelAll(undefined, never), { kind: "acknowledged" });
  assertEquals(await trading.cancelAll(btcInstrument.id, never), { kind: "acknowledged" });
  assertEquals(calls, [
    { method: "order.cancel_all", params: {} },
    { method: "order.cancel_all", params: { market: "BTC-USD-PERP" } },
  ]);
  const byRest = bench({ http: () => ({ status: 200, body: "{}" }) });
  assertEquals(await byRest.trading.cancelAll(btcInstrument.id, never), { kind: "acknowledged" });
  assertEquals(byRest.https[0], { method: "DELETE", url: "/orders?market=BTC-USD-PERP", body: undefined });
});

const amendment = {
  ...keyWithId,
  side: "buy" as const,
  sizeLots: sizeLots(2_000),
  limitPriceTicks: priceTicks(652_001),
};
Deno.test("amend() signs the order as it shall stand, the venue's id included", async () => {
  const { calls, trading } = bench({ call: () => result({ order: { ...created, id: "176" } }) });
  assertEquals(await trading.amend(amendment, never), {
    kind: "acknowledged",
    venueOrderId: venueOrderId("176"),
  });
  const signer = paradexSigner({ curve, chainId: "PRIVATE_SN_PARACLEAR_MAINNET", account, privateKey });
  const terms = {
    market: "BTC-USD-PERP",
    side: "BUY",
    type: "LIMIT",
    size: "0.02",
    price: "65200.1",
  } as const;
  assertEquals(calls[0], {
    method: "order.modify",
    params: {
      id: "175",
      ...terms,
      signature: signer.modifyOrder({ ...terms, timestampMs: 1_759_400_000_000 }, "175"),
      signature_timestamp: 1_759_400_000_000,
    },
  });
});
for (
  const [name, message, expected] of [
    ["an order that is not open any more is done", "ORDER_IS_NOT_OPEN order is not open", {
      kind: "already_done",
      venueText: "ORDER_IS_NOT_OPEN order is not open",
    }],
    [
      "an order that stands like that already needs no change",
      "INVALID_REQUEST_PARAMETER no order parameters changed",
      {
        kind: "acknowledged",
        venueOrderId: "175",
      },
    ],
  ] as const
) {
  Deno.test(`amend: ${name}`, async () => {
    const { trading } = bench({ call: () => ({ kind: "error", code: 100, message }) });
    assertEquals<unknown>(await trading.amend(amendment, never), expected);
  });
}
Deno.test("amend: without the venue's id nothing is sent", async () => {
  const { calls, trading } = bench();
  const outcome = await trading.amend({ ...amendment, venueOrderId: undefined }, never);
  assertEquals([outcome.kind, calls.length], ["rejected", 0]);
});

const json = (value: unknown): HttpAnswer => ({ status: 200, body: JSON.stringify(value) });
const notFound: HttpAnswer = { status: 404, body: '{"error":"ORDER_ID_NOT_FOUND","message":""}' };

Deno.test("queryOrder() looks among open orders, then in the history, and believes only its own id", async () => {
  const open = bench({ http: () => json(created) });
  const found = await open.trading.queryOrder(key, never);
  assert(found.kind === "found" && found.report.status === "open");
  assertEquals(open.https.map((call) => call.url), ["/orders/by_client_id/a1"]);

  const closed = bench({
    http: (call) =>
      call.url.startsWith("/orders-history")
        ? json({
          results: [{ ...created, client_id: "other" }, {
            ...created,
            status: "CLOSED",
            remaining_size: "0",
          }],
        })
        : notFound,
  });
  const filled = await closed.trading.queryOrder(key, never);
  assert(filled.kind === "found" && filled.report.status === "filled");
  assertEquals(closed.https[1]?.url, "/orders-history?client_id=a1&market=BTC-USD-PERP&page_size=100");

  const absent = bench({
    http: (call) => call.url.startsWith("/orders-history") ? json({ results: [] }) : notFound,
  });
  assertEquals(await absent.trading.queryOrder(keyWithId, never), { kind: "not_found" });
  assertEquals(absent.https[0]?.url, "/orders/175");

  const away = bench({ http: () => "fail" });
  assertEquals((await away.trading.queryOrder(key, never)).kind, "failed");
  const halfAway = bench({ http: (call) => call.url.startsWith("/orders-history") ? "fail" : notFound });
  assertEquals((await halfAway.trading.queryOrder(key, never)).kind, "failed");
});

Deno.test("fills() reads all pages and gives them oldest first", async () => {
  const fill = (id: number, tsMs: number) => ({
    id: String(id),
    market: id === 3 ? "SOL-USD-PERP" : "BTC-USD-PERP",
    order_id: "175",
    client_id: "a1",
    side: "BUY",
    liquidity: "TAKER",
    price: "65000",
    size: "0.01",
    fee: "0.29",
    created_at: tsMs,
  });
  const { https, trading } = bench({
    http: (call) =>
      call.url.includes("cursor=next1")
        ? json({ next: null, results: [fill(2, 100), fill(1, 100), fill(0, 50)] })
        : json({ next: "next1", results: [fill(5, 300), fill(4, 200), fill(3, 150)] }),
  });
  const fills = await trading.fills(100, never);
  assertEquals(fills.map((f) => f.fillId), ["1", "2", "4", "5"]);
  assertEquals(https.map((call) => call.url), [
    "/fills?start_at=100&page_size=100",
    "/fills?start_at=100&page_size=100&cursor=next1",
  ]);
});

Deno.test("openOrders(), positions() and balances() give our words for known markets", async () => {
  const { trading } = bench({
    http: (call) => {
      if (call.url === "/orders") return json({ results: [created, { ...created, market: "SOL-USD-PERP" }] });
      if (call.url === "/positions") {
        return json({
          results: [{ market: "BTC-USD-PERP", side: "SHORT", size: "-0.5", average_entry_price: "60000" }],
        });
      }
      return json({
        account_value: "1",
        total_collateral: "1000.5",
        free_collateral: "900",
        settlement_asset: "USDC",
      });
    },
  });
  assertEquals((await trading.openOrders(never)).map((order) => order.venueOrderId), [created.id]);
  assertEquals((await trading.positions(never)).map((position) => position.positionLots), [-50_000]);
  assertEquals((await trading.balances(never)).map((balance) => balance.total), [
    1_000_500_000_000_000_000_000n,
  ]);
});

Deno.test("a query that can't be answered throws a typed error", async () => {
  for (
    const [http, code] of [
      ["fail", "VENUE_UNREACHABLE"],
      [{ status: 429, body: "" }, "VENUE_UNREACHABLE"],
      [{ status: 401, body: '{"error":"INVALID_TOKEN","message":""}' }, "VENUE_REFUSED"],
      [json({ results: [{ id: 1 }] }), "VENUE_ANSWER_INVALID"],
    ] as const
  ) {
    const { trading } = bench({ http: () => http });
    assertEquals((await assertRejects(() => trading.openOrders(never), BerthError)).code, code);
  }
});

Deno.test("setLeverage() posts whole numbers only", async () => {
  const { https, trading } = bench({ http: () => json({}) });
  const outcome = await trading.setLeverage(btcInstrument.id, 5, "cross", never);
  assertEquals(outcome, { kind: "acknowledged" });
  assertEquals(https[0], {
    method: "POST",
    url: "/account/margin/BTC-USD-PERP",
    body: { leverage: 5, margin_type: "CROSS" },
  });
  for (const leverage of [0, 2.5, Number.NaN]) {
    assertEquals((await trading.setLeverage(btcInstrument.id, leverage, "cross", never)).kind, "rejected");
  }
  assertEquals(https.length, 1);
});

// Triggers and batches -----------------------------------------------------------------------------------------------

Deno.test("an order with a trigger is sent under the venue's type for it", async () => {
  const limit = (postOnly = false): OrderRequest["pricing"] => ({
    kind: "limit",
    limitPriceTicks: priceTicks(651_234),
    timeInForce: "GTC",
    postOnly,
  });
  const market: OrderRequest["pricing"] = { kind: "market", worstPriceTicks: priceTicks(700_000) };
  const rows = [
    ["stop", true, market, "STOP_LOSS_MARKET", "0", "GTC"],
    ["stop", true, limit(), "STOP_LOSS_LIMIT", "65123.4", "GTC"],
    ["stop", false, market, "STOP_MARKET", "0", "GTC"],
    ["stop", false, limit(true), "STOP_LIMIT", "65123.4", "POST_ONLY"],
    ["take_profit", true, market, "TAKE_PROFIT_MARKET", "0", "GTC"],
    ["take_profit", true, limit(), "TAKE_PROFIT_LIMIT", "65123.4", "GTC"],
  ] as const;
  const signer = paradexSigner({ curve, chainId: "PRIVATE_SN_PARACLEAR_MAINNET", account, privateKey });
  for (const [kind, reduceOnly, pricing, type, price, instruction] of rows) {
    const { calls, trading } = bench({
      call: () => result({ order: { ...created, status: "UNTRIGGERED" } }),
    });
    const trigger = { kind, triggerPriceTicks: priceTicks(640_005) };
    const outcome = await trading.submit({ ...limitOrder, reduceOnly, pricing, trigger }, never);
    assertEquals(outcome.kind, "acknowledged", type);
    const body = sentBody(calls[0]?.params);
    assertEquals(
      [body["type"], body["price"], body["instruction"], body["trigger_price"], body["flags"]],
      [type, price, instruction, "64000.5", reduceOnly ? ["REDUCE_ONLY"] : undefined],
    );
    const timestampMs = Number(body["signature_timestamp"]);
    const terms = { timestampMs, market: "BTC-USD-PERP", side: "BUY", type, size: "0.01", price } as const;
    assertEquals(body["signature"], signer.order(terms));
  }
});

Deno.test("what no trigger of the venue can do is refused before anything is sent", async () => {
  const { calls, https, trading } = bench();
  const ioc = { kind: "limit", limitPriceTicks: priceTicks(1), timeInForce: "IOC", postOnly: false } as const;
  const stop = { kind: "stop", triggerPriceTicks: priceTicks(640_000) } as const;
  const refused = [
    { ...limitOrder, trigger: { ...stop, kind: "take_profit" } },
    { ...limitOrder, trigger: stop, pricing: ioc },
    { ...limitOrder, trigger: stop, reduceOnly: true }, // post-only
  ] as const;
  for (const order of refused) {
    const outcome = await trading.submit(order, never);
    assertEquals(outcome.kind === "rejected" ? outcome.code : outcome.kind, "unsupported");
  }
  const amended = await trading.amend({
    ...limitOrder,
    venueOrderId: venueOrderId(created.id),
    isTrigger: true,
    limitPriceTicks: priceTicks(5),
  }, never);
  assertEquals(amended.kind === "rejected" ? amended.code : amended.kind, "unsupported");
  assertEquals([calls.length, https.length], [0, 0]);
});

const numbered = (count: number): OrderRequest[] =>
  Array.from({ length: count }, (_, i) => ({ ...limitOrder, clientOrderId: clientOrderId(`b${i}`) }));
const outcomeText = (outcome: { readonly kind: string }): string =>
  "code" in outcome ? String(outcome.code) : outcome.kind;

Deno.test("a batch goes out ten at a time, each order with its own answer in the order of the request", async () => {
  const { calls, trading } = bench({
    call: (_method, params) => {
      const orders = sentBody(params)["orders"];
      assert(Array.isArray(orders));
      return result({
        results: orders.map((order, i) =>
          i === 1 ? { error: "NOT_ENOUGH_MARGIN" } : {
            order: { ...created, id: `${i}7`, client_id: order.client_id },
            created_at: 1,
          }
        ),
      });
    },
  });
  const outcomes = await trading.submitBatch(numbered(12), never);
  assertEquals(calls.map(({ method }) => method), ["order.create_batch", "order.create_batch"]);
  assertEquals(outcomes.map(outcomeText), [
    "acknowledged",
    "insufficient_margin",
    ...Array.from({ length: 8 }, () => "acknowledged"),
    "acknowledged",
    "insufficient_margin",
  ]);
  assertEquals(outcomes[2]?.kind === "acknowledged" && outcomes[2].venueOrderId, venueOrderId("27"));
});

Deno.test("by REST taken orders are told from refused ones by their client ids, and guessed at never", async () => {
  const order = (id: string) => ({ ...created, id: `9${id.slice(1)}`, client_id: id });
  const margin = { error: "MARKET_MARGIN_RESTRICTED", message: "no" };
  const rows = [
    [{ orders: [order("b2"), order("b0")], errors: [margin] }, [
      "acknowledged",
      "insufficient_margin",
      "acknowledged",
    ]],
    [{ orders: [order("b1")], errors: [margin] }, ["unknown", "acknowledged", "unknown"]],
    [{ orders: [], errors: null }, ["unknown", "unknown", "unknown"]],
    ["nonsense", ["unknown", "unknown", "unknown"]],
  ] as const;
  for (const [body, expected] of rows) {
    const { https, trading } = bench({ http: () => json(body) });
    const outcomes = await trading.submitBatch(numbered(3), never);
    assertEquals([https[0]?.method, https[0]?.url], ["POST", "/orders/batch"]);
    assertEquals(outcomes.map(outcomeText), [...expected]);
  }
});

Deno.test("an order of a batch that can't be sent is refused alone; an empty budget refuses the others", async () => {
  const [first, second] = numbered(2);
  assert(first !== undefined && second !== undefined);
  const fok = { ...limitOrder.pricing, kind: "limit", timeInForce: "FOK", postOnly: false } as const;
  const { calls, trading } = bench({
    call: () => result({ results: [{ order: { ...created, client_id: "b1" } }] }),
    orderLimits: [{ requests: 2, perMs: 1e9 }],
  });
  const batch = [{ ...first, pricing: { ...fok, limitPriceTicks: priceTicks(5) } }, second];
  assertEquals((await trading.submitBatch(batch, never)).map(outcomeText), ["unsupported", "acknowledged"]);
  assertEquals((await trading.submitBatch(batch, never)).map(outcomeText), ["unsupported", "rate_limited"]);
  assertEquals(calls.length, 1);
  assertEquals(await trading.submitBatch([], never), []);
});

Deno.test("a batch whose answer never comes is unknown, every order of it", async () => {
  const { trading } = bench({ call: () => ({ kind: "unknown", why: "timeout", details: "" }) });
  assertEquals((await trading.submitBatch(numbered(3), never)).map(outcomeText), [
    "unknown",
    "unknown",
    "unknown",
  ]);
});

Deno.test("a cancel batch over the connection names the venue's ids, with client ids it goes by REST", async () => {
  const byId = (id: string) => ({ ...limitOrder, venueOrderId: venueOrderId(id) });
  const live = bench({
    call: () =>
      result({
        results: [
          { id: "3", market: "BTC-USD-PERP", status: "ALREADY_CLOSED" },
          { id: "1", market: "BTC-USD-PERP", status: "QUEUED_FOR_CANCELLATION" },
          { id: "2", market: "", status: "NOT_FOUND" },
        ],
      }),
  });
  const outcomes = await live.trading.cancelBatch([byId("1"), byId("2"), byId("3"), byId("4")], never);
  assertEquals(live.calls, [{ method: "order.cancel_batch", params: { order_ids: ["1", "2", "3", "4"] } }]);
  assertEquals(outcomes.map(outcomeText), ["acknowledged", "already_done", "already_done", "unknown"]);

  const rest = bench({
    http: () =>
      json({
        results: [
          { id: "1", client_id: "", status: "QUEUED_FOR_CANCELLATION" },
          { id: "", client_id: "", status: "NOT_FOUND" },
        ],
      }),
  });
  const unplaced = { ...limitOrder, clientOrderId: clientOrderId("gone"), venueOrderId: undefined };
  assertEquals((await rest.trading.cancelBatch([byId("1"), unplaced], never)).map(outcomeText), [
    "acknowledged",
    "order_not_found",
  ]);
  assertEquals([rest.calls.length, rest.https[0]?.body], [0, {
    order_ids: ["1"],
    client_order_ids: ["gone"],
  }]);
});

Deno.test("funding payments are read over all pages, oldest first, with what we pay as positive", async () => {
  const row = (id: string, created_at: number) => ({
    id,
    account: "0x1",
    market: "BTC-USD-PERP",
    payment: "-0.5",
    created_at,
  });
  const { https, trading } = bench({
    http: ({ url }) =>
      json(
        url.includes("cursor")
          ? { results: [row("1", 10), row("0", 5)] }
          : { next: "c", results: [row("2", 20)] },
      ),
  });
  const payments = await trading.fundingPayments(10, never);
  assertEquals(https.length, 2);
  assertEquals(payments.map(({ amount, paymentId }) => [paymentId, amount]), [
    ["1", money(5n * 10n ** 17n)],
    ["2", money(5n * 10n ** 17n)],
  ]);
});
