/** Endpoints of the simulated Aster that place, change, cancel and find orders. */
import { isVenueError, missing, refusal } from "./errors.ts";
import type { Answer as OrderAnswer, Orders } from "./orders.ts";
import { type Answer, ofSymbol, type Params, type RestContext, type Route, weightOf } from "./routes.ts";

const closed = (route: Omit<Route, "isSigned">): Route => ({ ...route, isSigned: true });
const one = (): number => 1;

const maxBatchOrders = 5;
const maxBatchCancels = 10;

/** A list of a parameter's JSON; undefined for what is none. */
function listOf(text: string | undefined): readonly unknown[] | undefined {
  try {
    const found: unknown = JSON.parse(text ?? "");
    return Array.isArray(found) ? found : undefined;
  } catch {
    return undefined; // answered as a malformed parameter
  }
}

const asItem = (answer: OrderAnswer): Answer =>
  isVenueError(answer) ? { code: answer.code, msg: answer.msg } : answer;

function placeBatch(params: Params, { orders }: RestContext): Answer {
  const list = listOf(params.get("batchOrders"));
  if (list === undefined || list.length === 0) return missing("batchOrders");
  if (list.length > maxBatchOrders) return refusal(-4082, "Invalid number of batch place orders.");
  return list.map((item) => {
    if (typeof item !== "object" || item === null) return asItem(missing("batchOrders"));
    const texts = Object.entries(item).map(([name, value]) => [name, String(value)] as const);
    return asItem(orders.place(new Map(texts)));
  });
}

function cancelBatch(params: Params, { orders }: RestContext): Answer {
  const symbol = params.get("symbol");
  if (symbol === undefined) return missing("symbol");
  const key = params.has("orderIdList") ? "orderId" : "origClientOrderId";
  const list = listOf(params.get(`${key}List`));
  if (list === undefined || list.length === 0) return missing("orderIdList");
  if (list.length > maxBatchCancels) return refusal(-4032, "Exceed maximum cancel order size.");
  const isOfKind = list.every((id) => key === "orderId" ? Number.isSafeInteger(id) : typeof id === "string");
  if (!isOfKind) return missing(`${key}List`);
  return list.map((id) => asItem(orders.cancel(new Map([["symbol", symbol], [key, String(id)]]))));
}

const single =
  (act: (orders: Orders, params: Params) => OrderAnswer) =>
  (params: Params, { orders }: RestContext): Answer => act(orders, params);

const keys = ["symbol", "orderId", "origClientOrderId"];

export const tradeRoutes: Readonly<Record<string, Route>> = {
  "POST /fapi/v3/order": closed({
    weight: weightOf(1),
    orders: one,
    isOrder: true,
    handle: single((orders, params) => orders.place(params)),
  }),
  "PUT /fapi/v3/order": closed({
    weight: weightOf(1),
    orders: one,
    isOrder: true,
    params: [...keys, "quantity", "price"],
    handle: single((orders, params) => orders.amend(params)),
  }),
  "DELETE /fapi/v3/order": closed({
    weight: weightOf(1),
    isOrder: true,
    params: keys,
    handle: single((orders, params) => orders.cancel(params)),
  }),
  "POST /fapi/v3/batchOrders": closed({
    weight: weightOf(5),
    orders: (params) => listOf(params.get("batchOrders"))?.length ?? 0,
    isOrder: true,
    params: ["batchOrders"],
    handle: placeBatch,
  }),
  "DELETE /fapi/v3/batchOrders": closed({
    weight: weightOf(1),
    isOrder: true,
    params: ["symbol", "orderIdList", "origClientOrderIdList"],
    handle: cancelBatch,
  }),
  "DELETE /fapi/v3/allOpenOrders": closed({
    weight: weightOf(1),
    isOrder: true,
    params: ["symbol"],
    handle: ofSymbol((listing, _, { orders }) => {
      orders.cancelAll(listing, "user");
      return { code: "200", msg: "The operation of cancel all open order is done." };
    }),
  }),
  "POST /fapi/v3/countdownCancelAll": closed({
    weight: weightOf(10),
    params: ["symbol", "countdownTime"],
    handle: ofSymbol((listing, params, { countdowns }) => {
      const text = params.get("countdownTime") ?? "";
      if (!/^\d{1,9}$/.test(text)) return missing("countdownTime");
      countdowns.set(listing, Number(text));
      return { symbol: listing.symbol, countdownTime: text };
    }),
  }),
  "GET /fapi/v3/order": closed({
    weight: weightOf(1),
    params: keys,
    handle: single((orders, params) => orders.find(params)),
  }),
  "GET /fapi/v3/openOrders": closed({
    weight: (params) => params.has("symbol") ? 1 : 40,
    params: ["symbol"],
    handle: (params, context) =>
      params.has("symbol")
        ? ofSymbol((listing) => context.orders.open(listing))(params, context)
        : context.orders.open(undefined),
  }),
};
