/** REST of the simulated OKX (okx.md, section 4): one table of endpoints with their limits. */
import * as v from "valibot";
import { checkRestSignature } from "./authentication.ts";
import { contractsText, instrumentRow, listingOf, type OkxListing, priceText, timeText } from "./listing.ts";
import type { AlgoAnswer } from "./algo_orders.ts";
import type { Fields, ItemAnswer } from "./order_entry.ts";
import { accountRow, fillRow, orderRow, positionRows } from "./rows.ts";
import { listedInstruments, type SessionContext } from "./sessions.ts";
import { statusRows } from "./maintenance.ts";

interface Call {
  readonly context: SessionContext;
  readonly query: URLSearchParams;
  /** Parsed JSON body of a POST: one record or a list of them. */
  readonly items: readonly Fields[];
}

type Result =
  | { readonly kind: "data"; readonly data: readonly unknown[] }
  | { readonly kind: "items"; readonly items: readonly ItemAnswer[] }
  | { readonly kind: "error"; readonly code: string; readonly msg: string };

interface Route {
  readonly per2s: number;
  readonly isPrivate: boolean;
  /** Draws faults of order requests. */
  readonly isOrder?: boolean;
  readonly handle: (call: Call) => Result;
}

const data = (rows: readonly unknown[]): Result => ({ kind: "data", data: rows });
const failure = (code: string, msg: string): Result => ({ kind: "error", code, msg });
const unknownInstrument = failure("51001", "Instrument ID doesn't exist.");

function withInstrument(call: Call, act: (one: OkxListing) => Result): Result {
  const one = listingOf(call.query.get("instId") ?? "");
  return one === undefined || !listedInstruments(call.context.venue).includes(one)
    ? unknownInstrument
    : act(one);
}

const limitOf = (call: Call, max: number): number => {
  const limit = Number(call.query.get("limit") ?? max);
  return Number.isInteger(limit) && limit > 0 ? Math.min(limit, max) : max;
};

function ordersPage(call: Call, isOpenOnly: boolean): Result {
  const { venue, accountId, positions } = call.context;
  const fills = venue.fills(accountId);
  const orders = isOpenOnly
    ? venue.openOrders(accountId)
    : venue.orderHistory(accountId).filter((order) => order.status !== "open");
  const instId = call.query.get("instId");
  const after = call.query.get("after");
  const rows = orders
    .filter((order) => order.status !== "rejected" || order.refusal === "post_only_would_cross")
    .filter((order) => instId === null || listingOf(instId)?.simulated.symbol === order.symbol)
    .filter((order) => after === null || Number(order.orderId) < Number(after))
    .sort((a, b) => Number(b.orderId) - Number(a.orderId));
  return data(rows.slice(0, limitOf(call, 100)).map((order) => orderRow(order, { fills, positions })));
}

function fillsPage(call: Call): Result {
  const { venue, accountId } = call.context;
  const { query } = call;
  const begin = Number(query.get("begin") ?? 0);
  const end = Number(query.get("end") ?? Infinity);
  const after = Number(query.get("after") ?? Infinity);
  const instId = query.get("instId");
  const ordId = query.get("ordId");
  const rows = venue.fills(accountId)
    .filter((fill) => fill.tsMs >= begin && fill.tsMs <= end && Number(fill.fillId) < after)
    .filter((fill) => instId === null || listingOf(instId)?.simulated.symbol === fill.symbol)
    .filter((fill) => ordId === null || fill.orderId === ordId)
    .toReversed();
  return data(rows.slice(0, limitOf(call, 100)).map((fill) => fillRow(fill, call.context.positions)));
}

function candles(call: Call, maxRows: number): Result {
  return withInstrument(call, (one) => {
    const rows = call.context.history.candles(one, call.query);
    return rows === undefined
      ? failure("51000", "Parameter bar error")
      : data(rows.slice(0, limitOf(call, maxRows)));
  });
}

/** Funding payments alone are booked on bills here. */
function bills(call: Call): Result {
  const type = call.query.get("type");
  const rows = type === null || type === "8"
    ? call.context.history.fundingBills(call.context.accountId, call.query)
    : [];
  return data(rows.slice(0, limitOf(call, 100)));
}

/** Top-level codes as for orders: 0 all went well, 1 none, 2 some. */
const algoResult = (answers: readonly AlgoAnswer[]): Result => ({
  kind: "items",
  items: answers.map((answer) => ({ ordId: "", ts: "", ...answer })),
});

function setLeverage(call: Call): Result {
  const [fields = {}] = call.items;
  const one = listingOf(String(fields["instId"] ?? ""));
  const lever = Number(fields["lever"]);
  const mgnMode = String(fields["mgnMode"] ?? "");
  if (one === undefined) return unknownInstrument;
  if (mgnMode !== "cross" && mgnMode !== "isolated") return failure("51000", "Parameter mgnMode error");
  const isHedged = call.context.positions.mode === "long_short_mode";
  if (mgnMode === "isolated" && isHedged && !["long", "short"].includes(String(fields["posSide"] ?? ""))) {
    return failure("51000", "Parameter posSide error");
  }
  if (!(lever >= 1 && lever <= one.simulated.maxLeverage)) {
    return failure("59102", "Leverage exceeds the maximum leverage.");
  }
  call.context.venue.setLeverage(call.context.accountId, one.simulated.symbol, lever);
  return data([{ instId: one.instId, lever: String(lever), mgnMode, posSide: fields["posSide"] ?? "" }]);
}

function setPositionMode({ context, items }: Call): Result {
  const posMode = items[0]?.["posMode"];
  if (posMode !== "net_mode" && posMode !== "long_short_mode") {
    return failure("51000", "Parameter posMode error");
  }
  return context.positions.set(posMode)
    ? data([{ posMode }])
    : failure("59000", "Your settings failed: close all positions and orders first.");
}

function closePosition(call: Call): Result {
  const { venue, accountId } = call.context;
  const one = listingOf(String(call.items[0]?.["instId"] ?? ""));
  if (one === undefined) return unknownInstrument;
  const lots =
    venue.positions(accountId).find((position) => position.symbol === one.simulated.symbol)?.positionLots ??
      0;
  if (lots === 0) return failure("51023", "Position does not exist");
  venue.submit({
    accountId,
    symbol: one.simulated.symbol,
    clientOrderId: "",
    side: lots > 0 ? "sell" : "buy",
    type: "market",
    timeInForce: "IOC",
    postOnly: false,
    reduceOnly: true,
    sizeLots: Math.abs(lots),
  });
  return data([{ instId: one.instId, posSide: "net", clOrdId: "", tag: "" }]);
}

const entryRoute = (act: "place" | "cancel" | "amend", per2s: number): Route => ({
  per2s,
  isPrivate: true,
  isOrder: true,
  handle: ({ context, items }) => ({
    kind: "items",
    items: items.slice(0, 20).map((fields) => context.entry[act](fields, false)),
  }),
});

function queryOrder(call: Call): Result {
  return withInstrument(call, () => {
    const { venue, accountId, entry, positions } = call.context;
    const order = entry.find(Object.fromEntries(call.query));
    const isKnown = order !== undefined &&
      (order.status !== "rejected" || order.refusal === "post_only_would_cross");
    return isKnown
      ? data([orderRow(order, { fills: venue.fills(accountId), positions })])
      : failure("51603", "Order does not exist");
  });
}

/** The table of endpoints; `armDeadMansSwitch` is the one thing that needs a timer. */
function routes(armDeadMansSwitch: (seconds: number) => Result): Readonly<Record<string, Route>> {
  const open = (per2s: number, handle: Route["handle"]): Route => ({ per2s, isPrivate: false, handle });
  const closed = (per2s: number, handle: Route["handle"]): Route => ({ per2s, isPrivate: true, handle });
  const listed = ({ context }: Call) => listedInstruments(context.venue);
  return {
    "GET /api/v5/public/time": open(
      10,
      ({ context }) => data([{ ts: timeText(context.venue.clock.nowMs()) }]),
    ),
    "GET /api/v5/public/instruments": open(
      20,
      (call) =>
        data(
          call.query.get("instType") === "SWAP"
            ? listed(call).filter((one) => (call.query.get("instId") ?? one.instId) === one.instId).map(
              instrumentRow,
            )
            : [],
        ),
    ),
    "GET /api/v5/market/tickers": open(
      20,
      (call) => data(listed(call).map((one) => call.context.feed.ticker(one.simulated.symbol))),
    ),
    "GET /api/v5/market/ticker": open(
      20,
      (call) => withInstrument(call, (one) => data([call.context.feed.ticker(one.simulated.symbol)])),
    ),
    "GET /api/v5/market/books": open(
      40,
      (call) =>
        withInstrument(call, (one) =>
          data([
            call.context.feed.depthRow(
              one.simulated.symbol,
              Math.min(400, Number(call.query.get("sz") ?? 1) || 1),
            ),
          ])),
    ),
    "GET /api/v5/market/trades": open(
      100,
      (call) =>
        withInstrument(call, (one) =>
          data(
            call.context.venue.recentTrades(one.simulated.symbol, limitOf(call, 500)).toReversed().map((
              trade,
            ) => ({
              instId: one.instId,
              tradeId: trade.tradeId,
              px: priceText(trade.priceTicks, one),
              sz: contractsText(trade.sizeLots, one),
              side: trade.takerSide,
              ts: timeText(trade.tsMs),
            })),
          )),
    ),
    "GET /api/v5/market/candles": open(40, (call) => candles(call, 300)),
    "GET /api/v5/market/history-candles": open(20, (call) => candles(call, 100)),
    "GET /api/v5/public/funding-rate-history": open(
      10,
      (call) => withInstrument(call, (one) => data(call.context.history.fundingRates(one, call.query))),
    ),
    "GET /api/v5/system/status": open(1, ({ context }) => data(statusRows(context.venue))),
    "GET /api/v5/account/bills": closed(10, bills),
    "GET /api/v5/account/bills-archive": closed(10, bills),
    "GET /api/v5/public/funding-rate": open(
      10,
      (call) => withInstrument(call, (one) => data([call.context.feed.fundingRow(one)])),
    ),
    "GET /api/v5/public/mark-price": open(10, (call) =>
      data(
        listed(call).map((one) => {
          const mark = call.context.venue.mark(one.simulated.symbol);
          return {
            instType: "SWAP",
            instId: one.instId,
            markPx: mark.markPrice.toFixed(one.tick.decimals),
            ts: timeText(mark.tsMs),
          };
        }),
      )),
    "GET /api/v5/account/balance": closed(
      10,
      ({ context }) =>
        data([accountRow(context.venue.account(context.accountId), context.venue.clock.nowMs())]),
    ),
    "GET /api/v5/account/positions": closed(
      10,
      ({ context }) =>
        data(
          context.venue.positions(context.accountId)
            .flatMap((one) => positionRows(one, context.venue, context.positions))
            .filter(({ pos }) => pos !== "0"),
        ),
    ),
    "GET /api/v5/account/config": closed(
      5,
      ({ context }) =>
        data([{
          acctLv: "2",
          posMode: context.positions.mode,
          uid: "614488474791936",
          level: "Lv1",
          perm: "read_only,trade",
          acctStpMode: "cancel_maker",
        }]),
    ),
    "GET /api/v5/account/trade-fee": closed(
      5,
      ({ query }) =>
        query.get("instType") === "SWAP"
          ? data([{
            instType: "SWAP",
            level: "Lv1",
            maker: "-0.0002",
            taker: "-0.0005",
            makerU: "-0.0002",
            takerU: "-0.0005",
            category: "1",
            ts: "0",
          }])
          : data([]),
    ),
    "GET /api/v5/account/leverage-info": closed(
      20,
      (call) =>
        withInstrument(
          call,
          (one) => data([{ instId: one.instId, mgnMode: "cross", posSide: "net", lever: "10" }]),
        ),
    ),
    "POST /api/v5/account/set-leverage": closed(20, setLeverage),
    "POST /api/v5/account/set-position-mode": closed(5, setPositionMode),
    "POST /api/v5/trade/order": entryRoute("place", 60),
    "POST /api/v5/trade/batch-orders": entryRoute("place", 300),
    "POST /api/v5/trade/cancel-order": entryRoute("cancel", 60),
    "POST /api/v5/trade/cancel-batch-orders": entryRoute("cancel", 300),
    "POST /api/v5/trade/amend-order": entryRoute("amend", 60),
    "POST /api/v5/trade/amend-batch-orders": entryRoute("amend", 300),
    "POST /api/v5/trade/close-position": closed(20, closePosition),
    "POST /api/v5/trade/cancel-all-after": closed(
      2,
      ({ items }) => armDeadMansSwitch(Number(items[0]?.["timeOut"])),
    ),
    "POST /api/v5/trade/order-algo": {
      ...closed(20, ({ context, items: [fields = {}] }) => algoResult([context.algos.place(fields)])),
      isOrder: true,
    },
    "POST /api/v5/trade/cancel-algos": {
      ...closed(
        20,
        ({ context, items }) => algoResult(items.slice(0, 10).map((one) => context.algos.cancel(one))),
      ),
      isOrder: true,
    },
    "GET /api/v5/trade/order-algo": closed(20, ({ context, query }) => {
      const row = context.algos.row(Object.fromEntries(query));
      return row === undefined ? failure("51603", "Order does not exist") : data([row]);
    }),
    "GET /api/v5/trade/orders-algo-pending": closed(
      20,
      (call) =>
        /conditional/.test(call.query.get("ordType") ?? "")
          ? data(call.context.algos.pending(call.query).slice(0, limitOf(call, 100)))
          : data([]),
    ),
    "GET /api/v5/trade/order": closed(60, queryOrder),
    "GET /api/v5/trade/orders-pending": closed(60, (call) => ordersPage(call, true)),
    "GET /api/v5/trade/orders-history": closed(40, (call) => ordersPage(call, false)),
    "GET /api/v5/trade/fills": closed(60, fillsPage),
    "GET /api/v5/trade/fills-history": closed(10, fillsPage),
  };
}

const bodySchema = v.union([
  v.array(v.record(v.string(), v.unknown())),
  v.pipe(v.record(v.string(), v.unknown()), v.transform((one) => [one])),
]);

function itemsOf(body: string): readonly Fields[] | undefined {
  if (body === "") return [];
  try {
    const parsed = v.safeParse(bodySchema, JSON.parse(body));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined; // answered as a parameter error
  }
}

function respond(result: Result): Response {
  const json = (status: number, code: string, msg: string, rows: readonly unknown[]): Response =>
    Response.json({ code, msg, data: rows }, { status });
  switch (result.kind) {
    case "data":
      return json(200, "0", "", result.data);
    case "error":
      return json(result.code.startsWith("501") ? 401 : 200, result.code, result.msg, []);
    case "items": {
      const failed = result.items.filter((item) => item.sCode !== "0").length;
      const code = failed === 0 ? "0" : failed === result.items.length ? "1" : "2";
      return json(200, code, code === "1" ? "All operations failed" : "", result.items);
    }
    default:
      return result satisfies never;
  }
}

export interface RestRoutes {
  handle(request: Request): Promise<Response>;
  stop(): void;
}

export function createRestRoutes(context: SessionContext): RestRoutes {
  let disarm = (): void => {};
  const table = routes((seconds) => {
    if (!(seconds === 0 || (seconds >= 10 && seconds <= 120))) {
      return failure("51000", "Parameter timeOut error");
    }
    disarm();
    const nowMs = context.venue.clock.nowMs();
    if (seconds > 0) {
      disarm = context.venue.clock.schedule(
        seconds * 1000,
        () => void context.venue.cancelAll(context.accountId, undefined, "dead_mans_switch"),
      );
    }
    return data([{
      triggerTime: seconds === 0 ? "0" : timeText(nowMs + seconds * 1000),
      tag: "",
      ts: timeText(nowMs),
    }]);
  });
  const answer = async (request: Request): Promise<Response | "none"> => {
    const url = new URL(request.url);
    const key = `${request.method} ${url.pathname}`;
    const route = table[key];
    if (route === undefined) {
      return Response.json({ code: "404", msg: "Not Found", data: [] }, { status: 404 });
    }
    const body = await request.text();
    if (route.isPrivate) {
      const signed = {
        headers: request.headers,
        method: request.method,
        pathAndQuery: url.pathname + url.search,
        body,
      };
      const fault = checkRestSignature(context.credentials, signed, context.venue.clock.nowMs());
      if (fault !== undefined) return Response.json({ ...fault, data: [] }, { status: 401 });
    }
    const fate = route.isOrder === true ? context.faults.requestFate() : "normal";
    if (fate === "lose_request") return "none";
    if (!context.limits.admit(key, route.per2s) || fate === "rate_limit") {
      return Response.json({
        code: "50011",
        msg: "Rate limit reached. Please refer to API documentation and throttle requests accordingly.",
        data: [],
      }, { status: 429 });
    }
    if (fate === "reject") {
      return Response.json({ code: "50026", msg: "System error, please try again later.", data: [] }, {
        status: 500,
      });
    }
    const items = itemsOf(body);
    if (items === undefined) return respond(failure("50002", "JSON syntax error"));
    const response = respond(route.handle({ context, query: url.searchParams, items }));
    return fate === "lose_answer" ? "none" : response;
  };
  return {
    async handle(request) {
      const response = await answer(request);
      // An answer that never comes: the caller's own deadline ends the wait.
      if (response === "none") return await new Promise<Response>(() => {});
      return await new Promise((resolve) => context.faults.delayedAlone(() => resolve(response)));
    },
    stop: () => disarm(),
  };
}
