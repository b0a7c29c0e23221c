/** Endpoints of the simulated Aster about the account: its stream, its settings, what it holds and what it did. */
import { formatMoney, money } from "@berth/sdk";
import type { SimulatedPosition } from "../../simulation/ports.ts";
import { missing, refusal } from "./errors.ts";
import { type AsterListing, listingOfSymbol, wholeMs } from "./listing.ts";
import { countOf } from "./market_routes.ts";
import {
  type Answer,
  listed,
  ofSymbol,
  type Params,
  type RestContext,
  type Route,
  weightOf,
} from "./routes.ts";
import { balanceRow, positionRow, tradeRow } from "./rows.ts";

const closed = (route: Omit<Route, "isSigned">): Route => ({ ...route, isSigned: true });
const weekMs = 7 * 86_400_000;
const noKey = refusal(-1125, "This listenKey does not exist.");
const badLimit = refusal(-1130, "Data sent for parameter 'limit' is not valid.");

function positionOf({ accountId, venue }: RestContext, symbol: string): SimulatedPosition {
  const held = venue.positions(accountId).find((position) => position.symbol === symbol);
  return held ?? {
    accountId,
    symbol,
    positionLots: 0,
    costTicksLots: 0n,
    realizedPnl: 0n,
    feesPaid: 0n,
    fundingPaid: 0n,
    leverage: 20,
    tsUpdatedMs: 0,
  };
}

function setPositionMode(params: Params, { accountId, orders, settings, venue }: RestContext): Answer {
  const mode = params.get("dualSidePosition");
  if (mode !== "true" && mode !== "false") return missing("dualSidePosition");
  if (settings.isHedged === (mode === "true")) return refusal(-4059, "No need to change position side.");
  if (orders.open(undefined).length > 0) {
    return refusal(-4067, "Position side cannot be changed if there exists open orders.");
  }
  if (venue.positions(accountId).some(({ positionLots }) => positionLots !== 0)) {
    return refusal(-4068, "Position side cannot be changed if there exists position.");
  }
  settings.isHedged = mode === "true";
  return { code: 200, msg: "success" };
}

function setMarginType(one: AsterListing, params: Params, context: RestContext): Answer {
  const type = params.get("marginType");
  if (type !== "CROSSED" && type !== "ISOLATED") return missing("marginType");
  const { orders, settings } = context;
  if (settings.marginType(one) === type) return refusal(-4046, "No need to change margin type.");
  if (orders.open(one).length > 0) {
    return refusal(-4047, "Margin type cannot be changed if there exists open orders.");
  }
  if (positionOf(context, one.simulated.symbol).positionLots !== 0) {
    return refusal(-4048, "Margin type cannot be changed if there exists position.");
  }
  settings.setMarginType(one, type);
  return { code: 200, msg: "success" };
}

function setLeverage(one: AsterListing, params: Params, { accountId, onConfig, venue }: RestContext): Answer {
  const text = params.get("leverage") ?? "";
  const leverage = Number(text);
  if (!/^\d{1,3}$/.test(text) || leverage < 1 || leverage > one.simulated.maxLeverage) {
    return refusal(-4028, `Leverage ${text.slice(0, 20)} is not valid`);
  }
  venue.setLeverage(accountId, one.simulated.symbol, leverage);
  const nowMs = wholeMs(venue.clock.nowMs());
  onConfig({ e: "ACCOUNT_CONFIG_UPDATE", E: nowMs, T: nowMs, ac: { s: one.symbol, l: leverage } });
  return { leverage, maxNotionalValue: "1000000", symbol: one.symbol };
}

/** Without times those of the last week; a stretch of more is refused. */
function trades(one: AsterListing, params: Params, { accountId, orders, venue }: RestContext): Answer {
  const limit = countOf(params, "limit", 500, 1_000);
  if (limit === undefined) return badLimit;
  const nowMs = venue.clock.nowMs();
  const hasTimes = params.has("startTime") || params.has("endTime");
  const fromId = params.get("fromId");
  if (fromId !== undefined && hasTimes) {
    return refusal(-1128, "Combination of optional parameters invalid.");
  }
  const endMs = Number(params.get("endTime") ?? nowMs);
  const startMs = Number(params.get("startTime") ?? endMs - weekMs);
  if (!(startMs <= endMs)) return refusal(-1023, "Start time is greater than end time.");
  if (endMs - startMs > weekMs) return refusal(-4165, "Maximum time interval is 7 days");
  const own = venue.fills(accountId).filter(({ symbol, tradeId, tsMs }) =>
    symbol === one.simulated.symbol &&
    (fromId === undefined
      ? wholeMs(tsMs) >= startMs && wholeMs(tsMs) <= endMs
      : Number(tradeId) >= Number(fromId))
  );
  const isFromOldest = fromId !== undefined || params.has("startTime");
  return (isFromOldest ? own.slice(0, limit) : own.slice(-limit))
    .map((fill) => tradeRow(fill, orders.numberOf(fill.orderId)));
}

/** Commissions and funding: what the simulation books. Oldest first. */
function income(params: Params, { accountId, history, venue }: RestContext): Answer {
  const limit = countOf(params, "limit", 100, 1_000);
  if (limit === undefined) return badLimit;
  const startMs = Number(params.get("startTime") ?? venue.clock.nowMs() - weekMs);
  const endMs = Number(params.get("endTime") ?? Infinity);
  const row = (type: string, symbol: string, amount: bigint, tsMs: number, id: string, tradeId: string) => ({
    symbol: listingOfSymbol(symbol).symbol,
    incomeType: type,
    income: formatMoney(money(-amount)),
    asset: "USDT",
    info: type,
    time: wholeMs(tsMs),
    tranId: id,
    tradeId,
  });
  const fees = venue.fills(accountId).map((fill) =>
    row("COMMISSION", fill.symbol, fill.fee, fill.tsMs, fill.fillId, fill.tradeId)
  );
  const funding = history.fundingPayments(accountId).map(({ amount, number, symbol, tsMs }) =>
    row("FUNDING_FEE", symbol, amount, tsMs, String(number), "")
  );
  const type = params.get("incomeType");
  return [...fees, ...funding]
    .filter(({ incomeType, time }) =>
      (type === undefined || incomeType === type) && time >= startMs && time <= endMs
    )
    .sort((a, b) => a.time - b.time).slice(0, limit);
}

const brackets = (one: AsterListing) => ({
  symbol: one.symbol,
  brackets: [{
    bracket: 1,
    initialLeverage: one.simulated.maxLeverage,
    notionalCap: 1_000_000,
    notionalFloor: 0,
    maintMarginRatio: 0.0065,
    cum: 0,
  }],
});

export const accountRoutes: Readonly<Record<string, Route>> = {
  "POST /fapi/v3/listenKey": closed({
    weight: weightOf(1),
    params: [],
    handle: (_, { keys }) => ({ listenKey: keys.open() }),
  }),
  "PUT /fapi/v3/listenKey": closed({
    weight: weightOf(1),
    params: [],
    handle: (_, { keys }) => keys.extend() ? {} : noKey,
  }),
  "DELETE /fapi/v3/listenKey": closed({
    weight: weightOf(1),
    params: [],
    handle: (_, { keys }) => keys.close() ? {} : noKey,
  }),
  "GET /fapi/v3/positionSide/dual": closed({
    weight: weightOf(30),
    params: [],
    handle: (_, { settings }) => ({ dualSidePosition: settings.isHedged }),
  }),
  "POST /fapi/v3/positionSide/dual": closed({
    weight: weightOf(1),
    params: ["dualSidePosition"],
    handle: setPositionMode,
  }),
  "POST /fapi/v3/marginType": closed({
    weight: weightOf(1),
    params: ["symbol", "marginType"],
    handle: ofSymbol(setMarginType),
  }),
  "POST /fapi/v3/leverage": closed({
    weight: weightOf(1),
    params: ["symbol", "leverage"],
    handle: ofSymbol(setLeverage),
  }),
  "GET /fapi/v3/leverageBracket": closed({
    weight: weightOf(1),
    params: ["symbol"],
    handle: (params, context) =>
      params.has("symbol")
        ? ofSymbol((one) => brackets(one))(params, context)
        : listed(context.venue).map(brackets),
  }),
  "GET /fapi/v3/commissionRate": closed({
    weight: weightOf(20),
    params: ["symbol"],
    handle: ofSymbol((one) => ({
      symbol: one.symbol,
      makerCommissionRate: one.simulated.makerFee,
      takerCommissionRate: one.simulated.takerFee,
    })),
  }),
  "GET /fapi/v3/balance": closed({
    weight: weightOf(5),
    params: [],
    handle: (_, { accountId, venue }) => [balanceRow(venue.account(accountId), venue.clock.nowMs())],
  }),
  "GET /fapi/v3/positionRisk": closed({
    weight: weightOf(5),
    params: ["symbol"],
    handle: (params, context) => {
      const row = (one: AsterListing) =>
        positionRow(
          positionOf(context, one.simulated.symbol),
          context.venue,
          context.settings.marginType(one),
        );
      return params.has("symbol")
        ? ofSymbol((one) => [row(one)])(params, context)
        : listed(context.venue).map(row);
    },
  }),
  "GET /fapi/v3/userTrades": closed({
    weight: weightOf(5),
    params: ["symbol", "startTime", "endTime", "fromId", "limit"],
    handle: ofSymbol(trades),
  }),
  "GET /fapi/v3/income": closed({
    weight: weightOf(30),
    params: ["symbol", "incomeType", "startTime", "endTime", "limit"],
    handle: income,
  }),
};
