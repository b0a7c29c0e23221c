/** System, markets, tokens: what the simulated Paradex answers without an account's token. */
import * as v from "valibot";
import type { SimulatedLevel } from "../../simulation/ports.ts";
import { systemConfig } from "./accounts.ts";
import { listed, marketRow, type ParadexListing, priceText, sizeText } from "./listing.ts";
import {
  type Call,
  inWindow,
  levelText,
  notFound,
  ok,
  page,
  type Result,
  type Route,
  route,
  withMarket,
} from "./routes.ts";
import type { SessionContext } from "./sessions.ts";

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
    const from = Number(call.query.get("start_at") ?? 0);
    const to = Number(call.query.get("end_at") ?? Infinity);
    const wanted = [...bars.values()].filter(([start]) => start >= from && start <= to);
    return ok({ results: wanted.sort((a, b) => a[0] - b[0]) });
  });
}

const derivationInfo = {
  class_hash: systemConfig.paraclear_account_hash,
  proxy_class_hash: systemConfig.paraclear_account_proxy_hash,
};

export const marketRoutes: readonly Route[] = [
  route("GET", "/system/config", "public", () => ok(systemConfig)),
  route(
    "GET",
    "/system/time",
    "public",
    ({ context }) => ok({ server_time: String(Math.round(context.venue.clock.nowMs())) }),
  ),
  route(
    "GET",
    "/system/state",
    "public",
    ({ context }) => ok({ status: context.venue.isMaintenance ? "cancel_only" : "ok" }),
  ),
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
      const rows = call.context.feed.fundingHistory(one.simulated.symbol).filter(({ tsMs }) =>
        inWindow(call, tsMs)
      );
      return page(call, rows.toReversed(), (mark) => ({
        market: one.market,
        funding_index: "0",
        funding_premium: String(mark.markPrice - mark.indexPrice),
        funding_rate: mark.fundingRate.toFixed(12),
        funding_rate_8h: mark.fundingRate.toFixed(8),
        funding_period_hours: one.simulated.fundingIntervalHours,
        created_at: mark.tsMs,
      }));
    })),
  route("GET", "/onboarding", "public", ({ context, query }) => {
    const publicKey = query.get("public_key") ?? "";
    const found = context.accounts.lookUp(publicKey);
    return found === undefined
      ? notFound("PUBLIC_KEY_INVALID", "public_key: is invalid")
      : ok({ account_signer_type: "starknet", ...found, derivation_info: derivationInfo });
  }),
  route("POST", "/auth", "auth", ({ context, request }) => token(context, request, undefined)),
  route("POST", "/auth/*", "auth", ({ context, request, parts }) => token(context, request, parts[0])),
  route("POST", "/onboarding", "auth", ({ context, request, body }) => {
    const parsed = v.safeParse(v.looseObject({ public_key: v.string() }), body);
    if (!parsed.success) return notFound("VALIDATION_ERROR", "public_key: is required");
    return context.accounts.onboard(request.headers, parsed.output.public_key) ?? { status: 200 };
  }),
];

function token(context: SessionContext, request: Request, pathKey: string | undefined): Result {
  const result = context.accounts.authenticate(request.headers, pathKey);
  return "token" in result ? ok({ jwt_token: result.token }) : result;
}
