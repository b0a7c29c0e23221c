/** REST of the simulated EdgeX (edgex.md, section 4): one table of endpoints. */
import * as v from "valibot";
import { checkSignature, signedQuery, signedText } from "./authentication.ts";
import { type EdgexListing, listedIn, listingOf, metadata, ordersPerMinute, type Row } from "./listing.ts";
import { keysOf } from "./order_entry.ts";
import { isMarginModeSignedBy } from "./order_signatures.ts";
import { accountAsset, fillRow, type WireOrder } from "./rows.ts";
import type { SessionContext } from "./sessions.ts";

export interface RestContext extends SessionContext {
  /** Lower case: whose signatures are good. */
  readonly signer: string;
}

interface Call {
  readonly context: RestContext;
  readonly query: URLSearchParams;
  readonly body: Row;
}

type Result =
  | { readonly kind: "data"; readonly data: unknown }
  | { readonly kind: "error"; readonly status: number; readonly code: string; readonly msg: string };

interface Route {
  readonly isPrivate: boolean;
  /** Draws faults of order requests. */
  readonly isOrder?: boolean;
  readonly handle: (call: Call) => Result;
}

const minuteMs = 60_000;
/** Of any kind, by one account; not documented. */
const requestsPerMinute = 1_200;
const maxPageRows = { active: 200, other: 100, klines: 200 } as const;

const data = (found: unknown): Result => ({ kind: "data", data: found });
const failure = (code: string, msg: string, status = 200): Result => ({ kind: "error", status, code, msg });

function withContract(call: Call, act: (one: EdgexListing) => Result): Result {
  const contractId = call.query.get("contractId") ?? "";
  const one = listingOf(contractId, call.context.venue);
  return one === undefined
    ? failure("INVALID_CONTRACT_ID", `invalid contractId:${contractId.slice(0, 40)}`)
    : act(one);
}

/** A page of rows that are newest first; the offset counts rows. */
function page(call: Call, rows: readonly Row[], maxSize: number): Result {
  const size = Number(call.query.get("size") ?? maxSize);
  if (!Number.isInteger(size) || size < 1 || size > maxSize) {
    return failure("INVALID_GET_PAGE_SIZE", `size must be in 1..${maxSize}`);
  }
  const offset = Number(call.query.get("offsetData") || "0");
  if (!Number.isInteger(offset) || offset < 0) return failure("INVALID_OFFSET_DATA", "offsetData");
  const next = offset + size;
  return data({
    dataList: rows.slice(offset, next),
    nextPageOffsetData: next < rows.length ? String(next) : "",
  });
}

/** A filter of ids, comma-separated; everything passes an empty one. */
function passes(call: Call, name: string, value: unknown): boolean {
  const wanted = (call.query.get(name) ?? "").split(",").filter((id) => id !== "");
  return wanted.length === 0 || wanted.includes(String(value));
}

/** From the first, up to and without the second; 0 and nothing stand for no bound. */
function isWithin(call: Call, from: string, to: string, time: unknown): boolean {
  const tsMs = Number(time);
  const end = Number(call.query.get(to) || "0");
  return tsMs >= Number(call.query.get(from) || "0") && (end === 0 || tsMs < end);
}
const isCreatedWithin = (call: Call, time: unknown): boolean =>
  isWithin(call, "filterStartCreatedTimeInclusive", "filterEndCreatedTimeExclusive", time);

function orderPage(call: Call, orders: readonly WireOrder[], maxSize: number): Result {
  const rows = orders.map((one) => call.context.entry.row(one)).filter((row) =>
    passes(call, "filterContractIdList", row["contractId"]) &&
    passes(call, "filterOrderIdList", row["id"]) &&
    passes(call, "filterStatusList", row["status"]) &&
    passes(call, "filterTypeList", row["type"]) &&
    isCreatedWithin(call, row["createdTime"])
  );
  return page(call, rows, maxSize);
}

function ordersBy(
  call: Call,
  name: string,
  keyOf: (id: string) => { readonly id: string } | { readonly clientOrderId: string },
): Result {
  const ids = (call.query.get(name) ?? "").split(",").filter((id) => id !== "");
  if (ids.length === 0) return failure("GATEWAY_PARAM_INVALID", `${name} is required`, 400);
  return data(ids.flatMap((id) => {
    const found = call.context.entry.find(keyOf(id));
    return found === undefined ? [] : [call.context.entry.row(found)];
  }));
}

function fillsPage(call: Call): Result {
  const { accountId, entry, venue } = call.context;
  const rows = venue.fills(accountId).toReversed().map((fill) => fillRow(fill, entry.orderIdOf(fill)));
  return page(
    call,
    rows.filter((row) =>
      passes(call, "filterContractIdList", row["contractId"]) &&
      passes(call, "filterOrderIdList", row["orderId"]) &&
      isCreatedWithin(call, row["createdTime"])
    ),
    maxPageRows.other,
  );
}

function transactionsPage(call: Call): Result {
  const { accountId, history } = call.context;
  const rows = history.fundingTransactions(accountId).filter((row) =>
    passes(call, "filterTypeList", row["type"]) && isCreatedWithin(call, row["createdTime"])
  );
  return page(call, rows, maxPageRows.other);
}

function klines(call: Call): Result {
  return withContract(call, (one) => {
    if (call.query.get("priceType") !== "LAST_PRICE") {
      return failure("GATEWAY_PARAM_INVALID", "priceType", 400);
    }
    const rows = call.context.history.klines(one, call.query.get("klineType") ?? "");
    if (rows === undefined) return failure("GATEWAY_PARAM_INVALID", "klineType", 400);
    const within = rows.filter((row) =>
      isWithin(call, "filterBeginKlineTimeInclusive", "filterEndKlineTimeExclusive", row["klineTime"])
    );
    return page(call, within, maxPageRows.klines);
  });
}

function fundingRates(call: Call): Result {
  return withContract(call, (one) => {
    const rows = call.context.history.fundingRates(one).filter((row) =>
      isWithin(call, "filterBeginTimeInclusive", "filterEndTimeExclusive", row["fundingTime"])
    );
    return page(call, rows, maxPageRows.other);
  });
}

const idList = v.pipe(v.array(v.pipe(v.string(), v.nonEmpty())), v.minLength(1), v.maxLength(100));
const cancelByIdSchema = v.object({ orderIdList: idList });
const cancelByClientIdSchema = v.object({ clientOrderIdList: idList });
const cancelAllSchema = v.object({
  filterContractIdList: v.optional(v.nullable(v.array(v.string())), []),
  filterOrderTypeList: v.optional(v.nullable(v.array(v.string())), []),
});
const leverageSchema = v.object({
  contractId: v.string(),
  leverage: v.pipe(v.string(), v.regex(/^\d{1,3}$/)),
});
const marginModeSchema = v.object({
  contractId: v.string(),
  marginMode: v.picklist(["0", "1"]),
  l2Nonce: v.pipe(v.string(), v.regex(/^\d{1,10}$/)),
  l2ExpireTime: v.pipe(v.string(), v.regex(/^\d{13}$/)),
  signer: v.string(),
  l2Signature: v.string(),
});

function withBody<T>(call: Call, schema: v.GenericSchema<unknown, T>, act: (body: T) => Result): Result {
  const parsed = v.safeParse(schema, call.body);
  if (parsed.success) return act(parsed.output);
  const [issue] = parsed.issues;
  return failure("GATEWAY_PARAM_INVALID", `${v.getDotPath(issue) ?? "body"}: ${issue.message}`, 400);
}

function cancelAll(call: Call): Result {
  const { entry } = call.context;
  return withBody(call, cancelAllSchema, ({ filterContractIdList, filterOrderTypeList }) => {
    const isMeant = (one: WireOrder): boolean =>
      (filterContractIdList === null || filterContractIdList.length === 0 ||
        filterContractIdList.includes(keysOf(one).contractId)) &&
      (filterOrderTypeList === null || filterOrderTypeList.length === 0 ||
        filterOrderTypeList.includes(one.terms.type));
    const results = entry.active().filter(isMeant).map(({ id }) => [id, entry.cancel({ id })]);
    return data({ cancelResultMap: Object.fromEntries(results) });
  });
}

function setLeverage(call: Call): Result {
  const { accountId, entry, venue } = call.context;
  return withBody(call, leverageSchema, ({ contractId, leverage }) => {
    const one = listingOf(contractId, venue);
    if (one === undefined) return failure("INVALID_CONTRACT_ID", "invalid contractId");
    const wanted = Number(leverage);
    if (wanted < 1 || wanted > one.simulated.maxLeverage) return failure("INVALID_LEVERAGE", "leverage");
    const hasOrders = entry.active().some((order) => keysOf(order).contractId === contractId);
    if (hasOrders) return failure("ACCOUNT_UPDATE_LEVERAGE_FAILED_ORDER", "there are active orders");
    venue.setLeverage(accountId, one.simulated.symbol, wanted);
    return data(null);
  });
}

/** The shared ledger knows cross margin alone: the mode is checked and kept, and changes no margin. */
function setMarginMode(call: Call): Result {
  const { credentials, signer, venue } = call.context;
  return withBody(call, marginModeSchema, (body) => {
    if (listingOf(body.contractId, venue) === undefined) return failure("INVALID_CONTRACT_ID", "contractId");
    if (body.signer.toLowerCase() !== signer) return failure("INVALID_SIGNER", "unknown signer");
    if (Number(body.l2ExpireTime) <= venue.clock.nowMs()) return failure("INVALID_L2_EXPIRE_TIME", "expired");
    const isSigned = isMarginModeSignedBy(signer, {
      accountId: credentials["EDGEX_ACCOUNT_ID"] ?? "0",
      contractId: body.contractId,
      marginMode: Number(body.marginMode),
      l2Nonce: BigInt(body.l2Nonce),
      l2Signature: body.l2Signature,
    });
    return isSigned ? data(null) : failure("INVALID_L2_SIGNATURE", "l2Signature does not verify");
  });
}

const open = (handle: Route["handle"]): Route => ({ isPrivate: false, handle });
const closed = (handle: Route["handle"]): Route => ({ isPrivate: true, handle });
const order = (handle: Route["handle"]): Route => ({ isPrivate: true, isOrder: true, handle });

const accountRow = ({ context }: Call): Result =>
  data({
    id: context.credentials["EDGEX_ACCOUNT_ID"],
    clientAccountId: "main",
    status: "NORMAL",
    createOrderPerMinuteLimit: ordersPerMinute,
    createOrderDelayMilliseconds: 0,
    defaultTradeSetting: { isSetFeeRate: false, takerFeeRate: "", makerFeeRate: "", isSetMaxLeverage: false },
    contractIdToTradeSetting: {},
  });

const routes: Readonly<Record<string, Route>> = {
  "GET /api/v2/public/meta/getServerTime": open(({ context }) =>
    data({ timeMillis: String(Math.floor(context.venue.clock.nowMs())) })
  ),
  "GET /api/v2/public/meta/getMetaData": open(({ context }) => data(metadata(context.venue))),
  "GET /api/v2/public/quote/getTicker": open((call) =>
    call.query.has("contractId")
      ? withContract(call, (one) => data([call.context.feed.tickerRow(one)]))
      : data(listedIn(call.context.venue).map((one) => call.context.feed.tickerRow(one)))
  ),
  "GET /api/v2/public/quote/getDepth": open((call) =>
    withContract(call, (one) => {
      const level = Number(call.query.get("level"));
      return level === 15 || level === 200
        ? data([call.context.feed.depthRow(one, level)])
        : failure("GATEWAY_PARAM_INVALID", "level must be 15 or 200", 400);
    })
  ),
  "GET /api/v2/public/quote/getKline": open(klines),
  "GET /api/v2/public/funding/getFundingRatePage": open(fundingRates),
  "GET /api/v2/private/account/getAccountById": closed(accountRow),
  "GET /api/v2/private/account/getAccountAsset": closed(({ context }) =>
    data(accountAsset(context.venue, context.accountId))
  ),
  "GET /api/v2/private/account/getPositionTransactionPage": closed(transactionsPage),
  "POST /api/v2/private/account/updateLeverageSetting": closed(setLeverage),
  "POST /api/v2/private/account/setMarginMode": closed(setMarginMode),
  "POST /api/v2/private/order/createOrder": order(({ body, context }) => {
    const created = context.entry.create(body);
    return created.kind === "created"
      ? data({ orderId: created.orderId })
      : failure(created.code, created.msg);
  }),
  "POST /api/v2/private/order/cancelOrderById": order((call) =>
    withBody(call, cancelByIdSchema, ({ orderIdList }) =>
      data({
        cancelResultMap: Object.fromEntries(
          orderIdList.map((id) => [id, call.context.entry.cancel({ id })]),
        ),
      }))
  ),
  "POST /api/v2/private/order/cancelOrderByClientOrderId": order((call) =>
    withBody(call, cancelByClientIdSchema, ({ clientOrderIdList }) =>
      data({
        cancelResultMap: Object.fromEntries(
          clientOrderIdList.map((id) => [id, call.context.entry.cancel({ clientOrderId: id })]),
        ),
      }))
  ),
  "POST /api/v2/private/order/cancelAllOrder": order(cancelAll),
  "GET /api/v2/private/order/getActiveOrderPage": closed((call) =>
    orderPage(call, call.context.entry.active(), maxPageRows.active)
  ),
  "GET /api/v2/private/order/getHistoryOrderPage": closed((call) =>
    orderPage(call, call.context.entry.ended(), maxPageRows.other)
  ),
  "GET /api/v2/private/order/getOrderById": closed((call) => ordersBy(call, "orderIdList", (id) => ({ id }))),
  "GET /api/v2/private/order/getOrderByClientOrderId": closed((call) =>
    ordersBy(call, "clientOrderIdList", (clientOrderId) => ({ clientOrderId }))
  ),
  "GET /api/v2/private/order/getHistoryOrderByClientOrderId": closed((call) =>
    ordersBy(call, "clientOrderIdList", (clientOrderId) => ({ clientOrderId }))
  ),
  "GET /api/v2/private/order/getHistoryOrderFillTransactionPage": closed(fillsPage),
};

/** Requests and orders of the last minute. */
class MinuteLimit {
  readonly #clock: RestContext["venue"]["clock"];
  readonly #size: number;
  readonly #times: number[] = [];

  constructor(clock: RestContext["venue"]["clock"], size: number) {
    this.#clock = clock;
    this.#size = size;
  }

  admit(): boolean {
    const nowMs = this.#clock.nowMs();
    while ((this.#times[0] ?? Infinity) <= nowMs - minuteMs) this.#times.shift();
    if (this.#times.length >= this.#size) return false;
    this.#times.push(nowMs);
    return true;
  }
}

const recordSchema = v.record(v.string(), v.unknown());

function bodyOf(text: string): Row | undefined {
  try {
    const parsed = v.safeParse(recordSchema, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined; // answered as a parameter error
  }
}

export interface RestRoutes {
  handle(request: Request): Promise<Response>;
}

export function createRestRoutes(context: RestContext): RestRoutes {
  const { clock } = context.venue;
  const requests = new MinuteLimit(clock, requestsPerMinute);
  const orders = new MinuteLimit(clock, ordersPerMinute);
  const respond = (result: Result): Response => {
    const isError = result.kind === "error";
    const now = String(Math.floor(clock.nowMs()));
    return Response.json({
      code: isError ? result.code : "SUCCESS",
      data: isError ? null : result.data,
      msg: isError ? result.msg : null,
      errorParam: null,
      requestTime: now,
      responseTime: now,
      traceId: "0123456789abcdef0123456789abcdef",
    }, { status: isError ? result.status : 200 });
  };
  const tooMany = (): Response => new Response("Too Many Requests", { status: 429 });
  const answer = async (request: Request): Promise<Response | "none"> => {
    const { pathname, searchParams } = new URL(request.url);
    const route = routes[`${request.method} ${pathname}`];
    if (route === undefined) return new Response("Not Found", { status: 404 });
    const text = await request.text();
    const body = request.method === "POST" ? bodyOf(text) : {};
    if (body === undefined) return respond(failure("GATEWAY_PARAM_INVALID", "body is no JSON record", 400));
    if (route.isPrivate) {
      const content = request.method === "POST" ? signedText(body) : signedQuery(searchParams);
      const signed = { headers: request.headers, method: request.method, path: pathname, content };
      const fault = checkSignature(context.credentials, signed, clock.nowMs());
      if (fault !== undefined) return respond({ kind: "error", ...fault });
      const accountId = request.method === "POST" ? body["accountId"] : searchParams.get("accountId");
      if (accountId !== context.credentials["EDGEX_ACCOUNT_ID"]) {
        return respond(failure("ACCOUNT_PERMISSION_DENIED", "account does not belong to this key", 403));
      }
    }
    const fate = route.isOrder === true ? context.faults.requestFate() : "normal";
    if (fate === "lose_request") return "none";
    const isOrder = pathname.endsWith("/createOrder");
    if (!requests.admit() || (isOrder && !orders.admit()) || fate === "rate_limit") return tooMany();
    if (fate === "reject") return respond(failure("SYSTEM_ERROR", "system error"));
    const response = respond(route.handle({ context, query: searchParams, body }));
    return fate === "lose_answer" ? "none" : response;
  };
  return {
    async handle(request) {
      const response = await answer(request);
      // An answer that never comes: the caller's own deadline ends the wait.
      if (response === "none") return await new Promise<Response>(() => {});
      return await new Promise((resolve) => context.faults.delayedAlone(() => resolve(response)));
    },
  };
}
