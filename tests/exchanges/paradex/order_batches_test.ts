/** Orders with triggers, and orders and cancels in batches. */
import { assert, assertEquals } from "@std/assert";
import { clientOrderId, money, type OrderRequest, priceTicks, venueOrderId } from "@berth/sdk";
import { paradexSigner } from "../../../exchanges/paradex/signing.ts";
import {
  account,
  bench,
  created,
  curve,
  json,
  limitOrder,
  never,
  privateKey,
  result,
  sentBody,
} from "./trading_bench.ts";

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
    // By REST, though the socket is there: cancel-on-disconnect ends what was sent over it.
    const { calls, https, trading } = bench({
      call: () => result({ order: created }),
      http: () => json({ ...created, status: "UNTRIGGERED" }),
    });
    const trigger = { kind, triggerPriceTicks: priceTicks(640_005) };
    const outcome = await trading.submit({ ...limitOrder, reduceOnly, pricing, trigger }, never);
    assertEquals(outcome.kind, "acknowledged", type);
    assertEquals([calls, https.map(({ method, url }) => `${method} ${url}`)], [[], ["POST /orders"]]);
    const body = sentBody(https[0]?.body);
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
