import { assert, assertEquals } from "@std/assert";
import {
  type OrderRequest,
  parseInstrumentId,
  priceTicks,
  sizeLots,
  type SubmitOutcome,
  venueOrderId,
} from "@berth/sdk";
import type { CallResult } from "../../../exchanges/paradex/connection.ts";
import { paradexSigner } from "../../../exchanges/paradex/signing.ts";
import { btcInstrument } from "./fakes.ts";
import {
  account,
  bench,
  created,
  curve,
  type HttpAnswer,
  key,
  keyWithId,
  limitOrder,
  never,
  privateKey,
  result,
  sentBody,
} from "./trading_bench.ts";

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
  assertEquals((await trading.submit({ ...limitOrder, reduceOnly: true }, never)).kind, "acknowledged");
  const cancels: string[] = [];
  for (let i = 0; i < 2; i++) cancels.push((await trading.cancel(key, never)).kind);
  assertEquals(cancels, ["acknowledged", "rejected"]);
  assertEquals(calls.length, 10);
  await time.advance(1_000);
  assertEquals((await trading.submit(limitOrder, never)).kind, "acknowledged");
});

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
