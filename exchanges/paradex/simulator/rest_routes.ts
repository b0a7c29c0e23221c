/** REST of the simulated Paradex (paradex.md, sections 1, 2 and 4). */
import * as v from "valibot";
import { formatMoney, money } from "@berth/sdk";
import type { SimulatedLevel } from "../../simulation/ports.ts";
import { type ApiError, systemConfig } from "./accounts.ts";
import { listed, listingOf, marketRow, type ParadexListing, priceText, sizeText } from "./listing.ts";
import { OrderBudget } from "./order_budget.ts";
import { internalId, wireId } from "./order_rules.ts";
import { accountRow, fillRow, orderRow, positionRow, toJson } from "./rows.ts";
import type { SessionContext } from "./sessions.ts";

interface Call {
  readonly context: SessionContext;
  readonly request: Request;
  readonly query: URLSearchParams;
  /** Parts of the path after the pattern's fixed ones. */
  readonly parts: readonly string[];
  readonly body: unknown;
}

type Result = { readonly status: number; readonly body?: unknown } | ApiError;

interface Route {
  readonly method: string;
  readonly pattern: RegExp;
  readonly pool: "public" | "auth" | "private" | "orders";
  readonly handle: (call: Call) => Result;
}

const ok = (body: unknown): Result => ({ status: 200, body });
const notFound = (error: string, message: string): ApiError => ({ status: 400, error, message });

function withMarket(
  call: Call,
  market: string | null | undefined,
  act: (one: ParadexListing) => Result,
): Result {
  const one = listingOf(call.context.venue, market ?? "");
  return one === undefined ? notFound("MARKET_NOT_FOUND", `market ${market ?? ""} not found`) : act(one);
}

const levelText = (
  { priceTicks, sizeLots }: SimulatedLevel,
  one: ParadexListing,
): readonly [string, string] => [priceText(priceTicks, one), sizeText(sizeLots, one)];

function summaryRow(call: Call, one: ParadexListing): unknown {
  const { symbol } = one.simulated;
  const { venue } = call.context;
  const mark = venue.mark(symbol);
  const { bids: [bid], asks: [ask] } = venue.book(symbol, 1);
  const last = venue.recentTrades(symbol, 1)[0];
  return {
    symbol: one.market,
    mark_price: String(mark.markPrice),
    underlying_price: String(mark.indexPrice),
    last_traded_price: last === undefined ? "" : priceText(last.priceTicks, one),
    bid: bid === undefined ? "" : priceText(bid.priceTicks, one),
    bid_size: bid === undefined ? "" : sizeText(bid.sizeLots, one),
    ask: ask === undefined ? "" : priceText(ask.priceTicks, one),
    ask_size: ask === undefined ? "" : sizeText(ask.sizeLots, one),
    volume_24h: "0",
    total_volume: "0",
    open_interest: "0",
    funding_rate: mark.fundingRate.toFixed(12),
    price_change_rate_24h: "",
    external_fair_price: String(mark.indexPrice),
    created_at: mark.tsMs,
  };
}

const resolutions: Readonly<Record<string, number>> = {
  "1": 1,
  "3": 3,
  "5": 5,
  "15": 15,
  "30": 30,
  "60": 60,
};

/** Bars of the simulated trades, oldest first, as arrays of numbers. */
function klines(call: Call): Result {
  return withMarket(call, call.query.get("symbol"), (one) => {
    const minutes = resolutions[call.query.get("resolution") ?? ""];
    if (minutes === undefined) {
      return notFound("INVALID_REQUEST_PARAMETER", "resolution: must be one of 1, 3, 5, 15, 30, 60");
    }
    const tick = one.tick.units / 10 ** one.tick.decimals;
    const lot = one.lot.units / 10 ** one.lot.decimals;
    const bars = new Map<number, [number, number, number, number, number, number]>();
    for (
      const { priceTicks, sizeLots, tsMs } of call.context.venue.recentTrades(one.simulated.symbol, 1_000)
    ) {
      const start = Math.floor(tsMs / (minutes * 60_000)) * minutes * 60_000;
      const price = priceTicks * tick;
      const bar = bars.get(start) ?? [start, price, price, price, price, 0];
      bars.set(start, [
        start,
        bar[1],
        Math.max(bar[2], price),
        Math.min(bar[3], price),
        price,
        bar[5] + sizeLots * lot,
      ]);
    }
    return ok({ results: [...bars.values()].sort((a, b) => a[0] - b[0]) });
  });
}

/** A page of a list, newest first; the cursor is the index of the next row, in Base64. */
function page<Item>(call: Call, newestFirst: readonly Item[], row: (item: Item) => unknown): Result {
  const size = Math.min(1_000, Math.max(1, Number(call.query.get("page_size") ?? 100) || 100));
  const cursor = call.query.get("cursor");
  const from = cursor === null ? 0 : Number(atob(cursor));
  if (!Number.isInteger(from) || from < 0) return notFound("INVALID_REQUEST_PARAMETER", "cursor: is invalid");
  const next = from + size < newestFirst.length ? btoa(String(from + size)) : null;
  const prev = from > 0 ? btoa(String(Math.max(0, from - size))) : null;
  return ok({ next, prev, results: newestFirst.slice(from, from + size).map(row) });
}

function inWindow(call: Call, tsMs: number): boolean {
  const start = Number(call.query.get("start_at") ?? 0);
  const end = Number(call.query.get("end_at") ?? Infinity);
  return tsMs >= start && tsMs <= end;
}

function findOrder(
  call: Call,
  key: { readonly orderId: string } | { readonly clientOrderId: string },
): Result {
  const { venue, accountId, rows } = call.context;
  const order = venue.order(accountId, key);
  const isByClient = "clientOrderId" in key;
  // By client id only open orders are found; by id closed ones too, as the venue's own tests expect.
  const isVisible = order !== undefined && order.status !== "rejected" &&
    (!isByClient || order.status === "open");
  if (isVisible) return ok(orderRow(order, rows));
  return isByClient
    ? notFound("CLIENT_ORDER_ID_NOT_FOUND", "client order id not found")
    : notFound("ORDER_ID_NOT_FOUND", "order id not found");
}

function cancelOrder(
  call: Call,
  key: { readonly orderId: string } | { readonly clientOrderId: string },
): Result {
  const result = call.context.venue.cancel(call.context.accountId, key);
  if (result.kind === "cancelled") return { status: 204 };
  if (result.kind === "already_done") return notFound("ORDER_IS_CLOSED", "order is closed");
  return "orderId" in key
    ? notFound("ORDER_ID_NOT_FOUND", "order id not found")
    : notFound("CLIENT_ORDER_ID_NOT_FOUND", "client order id not found");
}

function createOrder(call: Call): Result {
  const checked = call.context.rules.check(call.body);
  if ("error" in checked) return checked;
  const { order } = call.context.rules.submit(checked);
  return { status: 201, body: orderRow(order, call.context.rows, "NEW") };
}

function createBatch(call: Call): Result {
  const items: readonly unknown[] = Array.isArray(call.body) ? call.body : [];
  if (items.length < 1 || items.length > 10) {
    return notFound("BATCH_SIZE_OUT_OF_RANGE", "batch size must be between 1 and 10");
  }
  const checked = items.map((item) => call.context.rules.check(item));
  const fault = checked.find((one) => "error" in one);
  if (fault !== undefined && "error" in fault) return fault;
  const orders = checked.flatMap((one) => ("error" in one ? [] : [call.context.rules.submit(one).order]));
  return {
    status: 201,
    body: { orders: orders.map((order) => orderRow(order, call.context.rows, "NEW")), errors: [] },
  };
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
  const { venue, accountId, rows } = call.context;
  const keys = [
    ...parsed.output.order_ids.map((id) => ({ orderId: internalId(id) })),
    ...parsed.output.client_order_ids.map((clientOrderId) => ({ clientOrderId })),
  ];
  const results = keys.map((key) => {
    const result = venue.cancel(accountId, key);
    const status = result.kind === "cancelled"
      ? "QUEUED_FOR_CANCELLATION"
      : result.kind === "already_done"
      ? "ALREADY_CLOSED"
      : "NOT_FOUND";
    const order = result.kind === "not_found" ? undefined : result.order;
    return {
      id: order === undefined ? "" : wireId(order.orderId),
      client_id: order?.clientOrderId ?? "",
      account: rows.address,
      status,
    };
  });
  return ok({ results });
}

function setMargin(call: Call): Result {
  return withMarket(call, call.parts[0], (one) => {
    const leverage = v.safeParse(v.object({ leverage: v.number() }), call.body);
    const isFine = leverage.success && leverage.output.leverage >= 1 &&
      leverage.output.leverage <= one.simulated.maxLeverage;
    if (!isFine) {
      return notFound(
        "INVALID_REQUEST_PARAMETER",
        `leverage: must be between 1 and ${one.simulated.maxLeverage}`,
      );
    }
    call.context.venue.setLeverage(call.context.accountId, one.simulated.symbol, leverage.output.leverage);
    return ok({
      account: call.context.rows.address,
      market: one.market,
      leverage: leverage.output.leverage,
      margin_type: "CROSS",
    });
  });
}

const route = (method: string, path: string, pool: Route["pool"], handle: Route["handle"]): Route => ({
  method,
  pattern: new RegExp(`^/v1${path.replaceAll("*", "([^/]+)")}$`),
  pool,
  handle,
});

const routes: readonly Route[] = [
  route("GET", "/system/config", "public", () => ok(systemConfig)),
  route(
    "GET",
    "/system/time",
    "public",
    ({ context }) => ok({ server_time: String(Math.round(context.venue.clock.nowMs())) }),
  ),
  route("GET", "/system/state", "public", () => ok({ status: "ok" })),
  route("GET", "/markets", "public", (call) => {
    const market = call.query.get("market");
    const markets = listed(call.context.venue).filter((one) => market === null || one.market === market);
    return market !== null && markets.length === 0
      ? notFound("MARKET_NOT_FOUND", `market ${market} not found`)
      : ok({ results: markets.map(marketRow) });
  }),
  route("GET", "/markets/summary", "public", (call) => {
    const market = call.query.get("market");
    if (market === "ALL") {
      return ok({ results: listed(call.context.venue).map((one) => summaryRow(call, one)) });
    }
    return withMarket(call, market, (one) => ok({ results: [summaryRow(call, one)] }));
  }),
  route("GET", "/markets/klines", "public", klines),
  route("GET", "/orderbook/*", "public", (call) =>
    withMarket(call, call.parts[0], (one) => {
      const depth = Math.min(100, Number(call.query.get("depth") ?? 20) || 20);
      const { bids, asks, sequence, tsMs } = call.context.venue.book(one.simulated.symbol, depth);
      const rows = (levels: readonly SimulatedLevel[]) => levels.map((level) => levelText(level, one));
      return ok({
        market: one.market,
        seq_no: sequence,
        last_updated_at: tsMs,
        asks: rows(asks),
        bids: rows(bids),
      });
    })),
  route("GET", "/bbo/*", "public", (call) =>
    withMarket(call, call.parts[0], (one) => {
      const { bids: [bid], asks: [ask], sequence, tsMs } = call.context.venue.book(one.simulated.symbol, 1);
      const [bidText = "", bidSize = ""] = bid === undefined ? [] : levelText(bid, one);
      const [askText = "", askSize = ""] = ask === undefined ? [] : levelText(ask, one);
      return ok({
        market: one.market,
        bid: bidText,
        bid_size: bidSize,
        ask: askText,
        ask_size: askSize,
        last_updated_at: tsMs,
        seq_no: sequence,
      });
    })),
  route(
    "GET",
    "/trades",
    "public",
    (call) =>
      withMarket(call, call.query.get("market"), (one) =>
        page(
          call,
          call.context.venue.recentTrades(one.simulated.symbol, 1_000).toReversed().filter((trade) =>
            inWindow(call, trade.tsMs)
          ),
          (trade) => ({
            id: `${trade.tradeId}201703994001`,
            market: one.market,
            side: trade.takerSide === "buy" ? "BUY" : "SELL",
            size: sizeText(trade.sizeLots, one),
            price: priceText(trade.priceTicks, one),
            created_at: trade.tsMs,
            trade_type: "FILL",
          }),
        )),
  ),
  route("GET", "/funding/data", "public", (call) =>
    withMarket(call, call.query.get("market"), (one) => {
      const mark = call.context.venue.mark(one.simulated.symbol);
      return page(call, [mark], () => ({
        market: one.market,
        funding_index: "0",
        funding_premium: String(mark.markPrice - mark.indexPrice),
        funding_rate: mark.fundingRate.toFixed(12),
        funding_rate_8h: mark.fundingRate.toFixed(8),
        funding_period_hours: one.simulated.fundingIntervalHours,
        created_at: mark.tsMs,
      }));
    })),
  route("POST", "/auth", "auth", ({ context, request }) => token(context, request, undefined)),
  route("POST", "/auth/*", "auth", ({ context, request, parts }) => token(context, request, parts[0])),
  route("POST", "/onboarding", "auth", ({ context, request, body }) => {
    const parsed = v.safeParse(v.looseObject({ public_key: v.string() }), body);
    if (!parsed.success) return notFound("VALIDATION_ERROR", "public_key: is required");
    return context.accounts.onboard(request.headers, parsed.output.public_key) ?? { status: 200 };
  }),
  route(
    "GET",
    "/account",
    "private",
    ({ context }) => ok(accountRow(context.venue.account(context.accountId), context.rows)),
  ),
  route(
    "GET",
    "/account/info",
    "private",
    ({ context }) =>
      ok({
        results: [{
          account: context.rows.address,
          kind: "main",
          parent_account: "",
          isolated_market: "",
          username: "",
          created_at: 0,
          fees: { maker_rate: "0", taker_rate: "0.00045" },
        }],
      }),
  ),
  route(
    "GET",
    "/balance",
    "private",
    ({ context }) =>
      ok({
        results: [{
          token: "USDC",
          size: formatMoney(money(context.venue.account(context.accountId).cash)),
          last_updated_at: context.venue.clock.nowMs(),
        }],
      }),
  ),
  route(
    "GET",
    "/positions",
    "private",
    ({ context }) =>
      ok({
        results: context.venue.positions(context.accountId).map((position) =>
          positionRow(position, context.rows)
        ),
      }),
  ),
  route("GET", "/account/margin", "private", ({ context }) =>
    ok({
      account: context.rows.address,
      margin_methodology: "cross_margin",
      configs: listed(context.venue).map((one) => ({
        market: one.market,
        leverage: one.simulated.maxLeverage,
        margin_type: "CROSS",
        isolated_margin_leverage: 1,
      })),
    })),
  route("POST", "/account/margin/*", "private", setMargin),
  route("POST", "/orders/batch", "orders", createBatch),
  route("DELETE", "/orders/batch", "orders", cancelBatch),
  route("POST", "/orders", "orders", createOrder),
  route("GET", "/orders", "private", (call) => {
    const market = call.query.get("market");
    const open = call.context.venue.openOrders(call.context.accountId);
    const rows = open.map((order) => orderRow(order, call.context.rows)).filter((row) =>
      market === null || row["market"] === market
    );
    return ok({ results: rows });
  }),
  route("DELETE", "/orders", "orders", (call) => {
    const market = call.query.get("market");
    const one = market === null ? undefined : listingOf(call.context.venue, market);
    if (market !== null && one === undefined) {
      return notFound("MARKET_NOT_FOUND", `market ${market} not found`);
    }
    call.context.venue.cancelAll(call.context.accountId, one?.simulated.symbol);
    return { status: 200 };
  }),
  route(
    "GET",
    "/orders/by_client_id/*",
    "private",
    (call) => findOrder(call, { clientOrderId: call.parts[0] ?? "" }),
  ),
  route(
    "DELETE",
    "/orders/by_client_id/*",
    "orders",
    (call) => cancelOrder(call, { clientOrderId: call.parts[0] ?? "" }),
  ),
  route("GET", "/orders-history", "private", (call) => {
    const { query, context } = call;
    const orders = context.venue.orderHistory(context.accountId).toReversed()
      .filter((order) => inWindow(call, order.tsCreatedMs))
      .filter((order) => (query.get("client_id") ?? order.clientOrderId) === order.clientOrderId)
      .map((order) => orderRow(order, context.rows))
      .filter((row) =>
        (query.get("market") ?? row["market"]) === row["market"] &&
        (query.get("status") ?? row["status"]) === row["status"]
      );
    return page(call, orders, (row) => row);
  }),
  route(
    "GET",
    "/orders/*",
    "private",
    (call) => findOrder(call, { orderId: internalId(call.parts[0] ?? "") }),
  ),
  route("PUT", "/orders/*", "orders", (call) => {
    const result = call.context.rules.modify(call.body);
    return "order" in result ? ok(orderRow(result.order, call.context.rows)) : result;
  }),
  route(
    "DELETE",
    "/orders/*",
    "orders",
    (call) => cancelOrder(call, { orderId: internalId(call.parts[0] ?? "") }),
  ),
  route("GET", "/fills", "private", (call) => {
    const market = call.query.get("market");
    const fills = call.context.venue.fills(call.context.accountId).toReversed()
      .filter((fill) => inWindow(call, fill.tsMs))
      .filter((fill) =>
        market === null || listingOf(call.context.venue, market)?.simulated.symbol === fill.symbol
      );
    return page(call, fills, (fill) => fillRow(fill, call.context.rows));
  }),
  route("GET", "/funding/payments", "private", (call) => page(call, [], (row) => row)),
];

function token(context: SessionContext, request: Request, pathKey: string | undefined): Result {
  const result = context.accounts.authenticate(request.headers, pathKey);
  return "token" in result ? ok({ jwt_token: result.token }) : result;
}

const isError = (result: Result): result is ApiError => "error" in result;

export class RestRoutes {
  readonly #context: SessionContext;
  readonly #budgets: Readonly<Record<Route["pool"], OrderBudget>>;

  constructor(context: SessionContext) {
    const { clock } = context.venue;
    this.#context = context;
    this.#budgets = {
      public: new OrderBudget(clock, [[1_500, 60_000]]),
      auth: new OrderBudget(clock, [[600, 60_000]]),
      private: new OrderBudget(clock, [[120, 1_000], [600, 60_000]]),
      orders: context.budget,
    };
  }

  async handle(request: Request): Promise<Response> {
    const result = await this.#answer(request);
    // An answer that never comes: the caller's own deadline ends the wait.
    if (result === "none") return await new Promise<Response>(() => {});
    return await new Promise((resolve) => this.#context.faults.delayedAlone(() => resolve(result)));
  }

  async #answer(request: Request): Promise<Response | "none"> {
    const url = new URL(request.url);
    const found = routes.find((one) => one.method === request.method && one.pattern.test(url.pathname));
    if (found === undefined) return respond({ status: 404, error: "NOT_FOUND", message: "not found" }, {});
    const budget = this.#budgets[found.pool];
    const isAdmitted = budget.admit();
    const { limit, remaining, windowS } = budget.state();
    const headers = {
      "x-ratelimit-limit": String(limit),
      "x-ratelimit-remaining": String(remaining),
      "x-ratelimit-reset": String(Math.ceil(this.#context.venue.clock.nowMs() / 1000 + windowS)),
      "x-ratelimit-window": String(windowS),
    };
    const fate = found.pool === "orders" ? this.#context.faults.requestFate() : "normal";
    if (fate === "lose_request") return "none";
    if (!isAdmitted || fate === "rate_limit") {
      return respond({ status: 429, error: "RATE_LIMIT_EXCEEDED", message: "rate limit exceeded" }, {
        ...headers,
        "retry-after": "1",
      });
    }
    if (fate === "reject") {
      return respond({ status: 503, error: "SERVICE_UNAVAILABLE", message: "service unavailable" }, headers);
    }
    if (found.pool === "private" || found.pool === "orders") {
      const bearer = /^Bearer (\S+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
      const fault = bearer === undefined
        ? { status: 401, error: "UNAUTHORIZED_ERROR", message: "missing or malformed jwt" }
        : this.#context.accounts.checkToken(bearer);
      if (fault !== undefined) return respond(fault, headers);
    }
    const text = await request.text();
    let body: unknown;
    try {
      body = text === "" ? undefined : JSON.parse(text);
    } catch {
      return respond({ status: 400, error: "BINDING_ERROR", message: "body is not JSON" }, headers);
    }
    const parts = (found.pattern.exec(url.pathname) ?? []).slice(1).map(decodeURIComponent);
    const response = respond(
      found.handle({ context: this.#context, request, query: url.searchParams, parts, body }),
      headers,
    );
    return fate === "lose_answer" ? "none" : response;
  }
}

function respond(result: Result, headers: Readonly<Record<string, string>>): Response {
  if (isError(result)) {
    return new Response(toJson({ error: result.error, message: result.message, data: null }), {
      status: result.status,
      headers: { ...headers, "content-type": "application/json" },
    });
  }
  if (result.body === undefined) return new Response(null, { status: result.status, headers });
  return new Response(toJson(result.body), {
    status: result.status,
    headers: { ...headers, "content-type": "application/json" },
  });
}
