/** Endpoints of the simulated Aster without an account. */
import { refusal } from "./errors.ts";
import { maxOrders, maxWeight } from "./limits.ts";
import { type AsterListing, priceText, sizeText, symbolRow, wholeMs } from "./listing.ts";
import { depthWeights } from "./public_feed.ts";
import { listed, ofSymbol, type Params, type RestContext, type Route, weightOf } from "./routes.ts";

const open = (route: Omit<Route, "isSigned">): Route => ({ ...route, isSigned: false });

/** Whole and within bounds; undefined for what is not. */
export function countOf(params: Params, name: string, usual: number, most: number): number | undefined {
  const count = Number(params.get(name) ?? usual);
  return Number.isInteger(count) && count > 0 && count <= most ? count : undefined;
}

const intervals: readonly string[] = [
  "1m",
  "3m",
  "5m",
  "15m",
  "30m",
  "1h",
  "2h",
  "4h",
  "6h",
  "8h",
  "12h",
  "1d",
  "3d",
  "1w",
  "1M",
];

const badLimit = refusal(-1130, "Data sent for parameter 'limit' is not valid.");

function isWithin(params: Params, tsMs: number): boolean {
  return tsMs >= Number(params.get("startTime") ?? 0) && tsMs <= Number(params.get("endTime") ?? Infinity);
}

/** From the oldest on where a start is named, else the newest. */
function page<T>(rows: readonly T[], params: Params, limit: number): readonly T[] {
  return params.has("startTime") ? rows.slice(0, limit) : rows.slice(-limit);
}

function klines(one: AsterListing, params: Params, { history }: RestContext) {
  const interval = params.get("interval") ?? "";
  if (!intervals.includes(interval)) return refusal(-1120, "Invalid interval.");
  const limit = countOf(params, "limit", 500, 1_500);
  if (limit === undefined) return badLimit;
  const bars = history.bars(one.simulated.symbol, interval).filter(({ startMs }) =>
    isWithin(params, startMs)
  );
  return page(bars, params, limit).map((bar) => [
    bar.startMs,
    priceText(bar.open, one),
    priceText(bar.high, one),
    priceText(bar.low, one),
    priceText(bar.close, one),
    sizeText(bar.lots, one),
    bar.endMs - 1,
    "0",
    1,
    "0",
    "0",
    "0",
  ]);
}

function klinesWeight(params: Params): number {
  const limit = Number(params.get("limit") ?? 500);
  return limit < 100 ? 1 : limit < 500 ? 2 : limit <= 1_000 ? 5 : 10;
}

function fundingRates(one: AsterListing, params: Params, { history }: RestContext) {
  const limit = countOf(params, "limit", 100, 1_000);
  if (limit === undefined) return badLimit;
  const rates = history.fundingRates(one.simulated.symbol).filter(({ tsMs }) => isWithin(params, tsMs));
  return page(rates, params, limit).map(({ rate, tsMs }) => ({
    symbol: one.symbol,
    fundingRate: rate.toFixed(8),
    fundingTime: wholeMs(tsMs),
  }));
}

export const marketRoutes: Readonly<Record<string, Route>> = {
  "GET /fapi/v3/ping": open({ weight: weightOf(1), params: [], handle: () => ({}) }),
  "GET /fapi/v3/time": open({
    weight: weightOf(1),
    params: [],
    handle: (_, { venue }) => ({ serverTime: wholeMs(venue.clock.nowMs()) }),
  }),
  "GET /fapi/v3/exchangeInfo": open({
    weight: weightOf(1),
    params: [],
    handle: (_, { venue }) => ({
      exchangeFilters: [],
      rateLimits: [
        { interval: "MINUTE", intervalNum: 1, limit: maxWeight, rateLimitType: "REQUEST_WEIGHT" },
        { interval: "MINUTE", intervalNum: 1, limit: maxOrders, rateLimitType: "ORDERS" },
      ],
      serverTime: wholeMs(venue.clock.nowMs()),
      assets: [{ asset: "USDT", marginAvailable: true, autoAssetExchange: 0 }],
      symbols: listed(venue).map(symbolRow),
      timezone: "UTC",
    }),
  }),
  "GET /fapi/v3/fundingInfo": open({
    weight: weightOf(1),
    params: ["symbol"],
    handle: (_, { venue }) =>
      listed(venue).map((one) => ({
        symbol: one.symbol,
        interestRate: "0.00010000",
        time: wholeMs(venue.clock.nowMs()),
        fundingIntervalHours: one.simulated.fundingIntervalHours,
        fundingFeeCap: 0.03,
        fundingFeeFloor: -0.03,
      })),
  }),
  "GET /fapi/v3/depth": open({
    weight: (params) => depthWeights.get(params.get("limit") ?? "500") ?? 1,
    params: ["symbol", "limit"],
    handle: ofSymbol((one, params, { feed }) => {
      const limit = params.get("limit") ?? "500";
      return depthWeights.has(limit)
        ? feed.depth(one, Number(limit))
        : refusal(-4021, `'${limit}' is not valid depth limit.`);
    }),
  }),
  "GET /fapi/v3/ticker/bookTicker": open({
    weight: (params) => params.has("symbol") ? 1 : 2,
    params: ["symbol"],
    handle: (params, context) =>
      params.has("symbol")
        ? ofSymbol((one) => context.feed.tickerRow(one))(params, context)
        : listed(context.venue).map((one) => context.feed.tickerRow(one)),
  }),
  "GET /fapi/v3/premiumIndex": open({
    weight: weightOf(1),
    params: ["symbol"],
    handle: ofSymbol((one, _, { venue }) => {
      const mark = venue.mark(one.simulated.symbol);
      return {
        symbol: one.symbol,
        markPrice: mark.markPrice.toFixed(8),
        indexPrice: mark.indexPrice.toFixed(8),
        estimatedSettlePrice: mark.indexPrice.toFixed(8),
        lastFundingRate: mark.fundingRate.toFixed(8),
        nextFundingTime: wholeMs(mark.tsNextFundingMs),
        interestRate: "0.00010000",
        time: wholeMs(mark.tsMs),
      };
    }),
  }),
  "GET /fapi/v3/klines": open({
    weight: klinesWeight,
    params: ["symbol", "interval", "startTime", "endTime", "limit"],
    handle: ofSymbol(klines),
  }),
  "GET /fapi/v3/fundingRate": open({
    weight: weightOf(1),
    params: ["symbol", "startTime", "endTime", "limit"],
    handle: ofSymbol(fundingRates),
  }),
};
