/** Orders of the simulated Paradex over REST (paradex.md, 4.6). */
import * as v from "valibot";
import { listingOf } from "./listing.ts";
import type { OrderKey } from "./order_rules.ts";
import { type Call, inWindow, notFound, ok, page, type Result, type Route, route } from "./routes.ts";
import { orderRow, placedRow, triggerRow } from "./rows.ts";

const statuses = {
  cancelled: "QUEUED_FOR_CANCELLATION",
  already_done: "ALREADY_CLOSED",
  not_found: "NOT_FOUND",
} as const;

const missing = (key: OrderKey): Result =>
  "id" in key
    ? notFound("ORDER_ID_NOT_FOUND", "order id not found")
    : notFound("CLIENT_ORDER_ID_NOT_FOUND", "client order id not found");

function findOrder(call: Call, key: OrderKey): Result {
  const { accountId, rows, rules, venue } = call.context;
  const trigger = rules.triggers.find(key);
  // By client id only open orders are found; by id closed ones too, as the venue's own tests expect.
  if (trigger !== undefined && ("id" in key || trigger.status === "UNTRIGGERED")) {
    return ok(triggerRow(trigger, rows));
  }
  const order = venue.order(
    accountId,
    "id" in key ? { orderId: rules.engineId(key.id) } : { clientOrderId: key.clientId },
  );
  const isVisible = order !== undefined && ("id" in key || order.status === "open");
  return isVisible ? ok(orderRow(order, rows)) : missing(key);
}

function cancelOrder(call: Call, key: OrderKey): Result {
  const end = call.context.rules.cancel(key);
  if (end.kind === "cancelled") return { status: 204 };
  return end.kind === "already_done" ? notFound("ORDER_IS_CLOSED", "order is closed") : missing(key);
}

function createOrder(call: Call): Result {
  const checked = call.context.rules.check(call.body);
  if ("error" in checked) return checked;
  return { status: 201, body: placedRow(call.context.rules.place(checked), call.context.rows) };
}

function createBatch(call: Call): Result {
  const items: readonly unknown[] = Array.isArray(call.body) ? call.body : [];
  if (items.length < 1 || items.length > 10) {
    return notFound("BATCH_SIZE_OUT_OF_RANGE", "batch size must be between 1 and 10");
  }
  const { rows, rules } = call.context;
  // Form and signatures of all come first: one that fails refuses the batch. What two of a batch share fails later.
  const checked = items.map((item) => rules.check(item));
  const fault = checked.find((one) => "error" in one);
  if (fault !== undefined && "error" in fault) return fault;
  const orders: unknown[] = [];
  const errors: unknown[] = [];
  for (const item of items) {
    const again = rules.check(item);
    if ("error" in again) errors.push({ error: again.error, message: again.message });
    else orders.push(placedRow(rules.place(again), rows));
  }
  return { status: 201, body: { orders, errors } };
}

const cancelBatchSchema = v.object({
  order_ids: v.optional(v.array(v.string()), []),
  client_order_ids: v.optional(v.array(v.string()), []),
});

function cancelBatch(call: Call): Result {
  const parsed = v.safeParse(cancelBatchSchema, call.body);
  if (!parsed.success) {
    return notFound("VALIDATION_ERROR", "order_ids and client_order_ids must be lists of text");
  }
  const { rows, rules } = call.context;
  const keys: readonly OrderKey[] = [
    ...parsed.output.order_ids.map((id) => ({ id })),
    ...parsed.output.client_order_ids.map((clientId) => ({ clientId })),
  ];
  const results = keys.map((key) => {
    const end = rules.cancel(key);
    const named = end.kind === "not_found"
      ? { id: "id" in key ? key.id : "", client_id: "clientId" in key ? key.clientId : "", market: "" }
      : { id: end.id, client_id: end.clientId, market: end.market };
    return { ...named, account: rows.address, status: statuses[end.kind] };
  });
  return ok({ results });
}

export const orderRoutes: readonly Route[] = [
  route("POST", "/orders/batch", "orders", createBatch),
  route("DELETE", "/orders/batch", "orders", cancelBatch),
  route("POST", "/orders", "orders", createOrder),
  route("GET", "/orders", "private", (call) => {
    const market = call.query.get("market");
    const { accountId, rows: context, rules, venue } = call.context;
    const rows = [
      ...rules.triggers.waiting().map((order) => triggerRow(order, context)),
      ...venue.openOrders(accountId).map((order) => orderRow(order, context)),
    ];
    return ok({ results: rows.filter((row) => market === null || row["market"] === market) });
  }),
  route("DELETE", "/orders", "orders", (call) => {
    const market = call.query.get("market");
    const one = market === null ? undefined : listingOf(call.context.venue, market);
    if (market !== null && one === undefined) {
      return notFound("MARKET_NOT_FOUND", `market ${market} not found`);
    }
    call.context.rules.cancelAll(one?.simulated.symbol);
    return { status: 200 };
  }),
  route(
    "GET",
    "/orders/by_client_id/*",
    "private",
    (call) => findOrder(call, { clientId: call.parts[0] ?? "" }),
  ),
  route(
    "DELETE",
    "/orders/by_client_id/*",
    "orders",
    (call) => cancelOrder(call, { clientId: call.parts[0] ?? "" }),
  ),
  route("GET", "/orders-history", "private", (call) => {
    const { query, context } = call;
    const { rows: shown, rules } = context;
    const isMeant = (row: Readonly<Record<string, unknown>>): boolean =>
      ["client_id", "market", "side", "status", "type"].every((name) =>
        (query.get(name) ?? row[name]) === row[name]
      );
    const orders = [
      ...context.venue.orderHistory(context.accountId).map((order) => orderRow(order, shown)),
      ...[...rules.triggers.closed(), ...rules.triggers.waiting()].map((order) => triggerRow(order, shown)),
    ]
      .filter((row) => inWindow(call, Number(row["created_at"])) && isMeant(row))
      .sort((a, b) => Number(b["created_at"]) - Number(a["created_at"]));
    return page(call, orders, (row) => row);
  }),
  route(
    "GET",
    "/orders/*",
    "private",
    (call) => findOrder(call, { id: call.parts[0] ?? "" }),
  ),
  route("PUT", "/orders/*", "orders", (call) => {
    const result = call.context.rules.modify(call.body);
    return "order" in result ? ok(orderRow(result.order, call.context.rows)) : result;
  }),
  route(
    "DELETE",
    "/orders/*",
    "orders",
    (call) => cancelOrder(call, { id: call.parts[0] ?? "" }),
  ),
];
