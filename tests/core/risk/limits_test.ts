import { assertEquals } from "@std/assert";
import type { OrderPricing } from "../../../core/model/order.ts";
import { increment, priceTicks, sizeLots } from "../../../core/model/ticks.ts";
import { checkOrder } from "../../../core/risk/gate.ts";
import { type RefusalCode, refusalCodes, refusalText } from "../../../core/model/refusals.ts";
import { noLimits } from "../../support/engine_builders.ts";
import { type FactChanges, factsOf } from "./order_facts_builder.ts";

interface Case {
  readonly name: string;
  readonly given: FactChanges;
  /** `passes`, or the refusal's code. */
  readonly expected: "passes" | RefusalCode;
}

/** NaN and the like, where a checked constructor would not let them through: as a hostile or broken peer sends them. */
const lots = (value: number) => unchecked(sizeLots, value);
const ticks = (value: number) => unchecked(priceTicks, value);
function unchecked<T>(make: (value: number) => T, value: number): T {
  const record: { at: T } = { at: make(1) };
  Reflect.set(record, "at", value);
  return record.at;
}
const limit = (
  priceInTicks: number,
  changes: Partial<Extract<OrderPricing, { kind: "limit" }>> = {},
): OrderPricing => ({
  kind: "limit",
  limitPriceTicks: ticks(priceInTicks),
  timeInForce: "GTC",
  postOnly: false,
  ...changes,
});
const market: OrderPricing = { kind: "market", worstPriceTicks: undefined };
const reducingLong = {
  intent: { side: "sell" as const, reduceOnly: true },
  reducible: { pluginPositionLots: 10, accountPositionLots: 10, entryTicks: 490_000 },
};
/** The account is flat: another plugin holds the other side. */
const offsetLong = { ...reducingLong, reducible: { ...reducingLong.reducible, accountPositionLots: 0 } };

const cases: readonly Case[] = [
  { name: "an order within every limit", given: {}, expected: "passes" },
  // terms
  { name: "a size of NaN", given: { intent: { sizeLots: lots(NaN) } }, expected: "ORDER_INVALID" },
  { name: "a size of 0", given: { intent: { sizeLots: lots(0) } }, expected: "ORDER_INVALID" },
  { name: "a negative size", given: { intent: { sizeLots: lots(-1) } }, expected: "ORDER_INVALID" },
  { name: "half a lot", given: { intent: { sizeLots: lots(0.5) } }, expected: "ORDER_INVALID" },
  { name: "a size beyond 2^53", given: { intent: { sizeLots: lots(2 ** 53) } }, expected: "ORDER_INVALID" },
  { name: "a price of NaN", given: { intent: { pricing: limit(NaN) } }, expected: "ORDER_INVALID" },
  { name: "a price of 0", given: { intent: { pricing: limit(0) } }, expected: "ORDER_INVALID" },
  { name: "a negative price", given: { intent: { pricing: limit(-1) } }, expected: "ORDER_INVALID" },
  { name: "an infinite price", given: { intent: { pricing: limit(Infinity) } }, expected: "ORDER_INVALID" },
  { name: "a ref with a space", given: { intent: { ref: "a b" } }, expected: "ORDER_INVALID" },
  { name: "an empty ref", given: { intent: { ref: "" } }, expected: "ORDER_INVALID" },
  {
    name: "post-only with IOC",
    given: { intent: { pricing: limit(499_000, { postOnly: true, timeInForce: "IOC" }) } },
    expected: "ORDER_INVALID",
  },
  { name: "a ref of a working order", given: { facts: { isRefInUse: true } }, expected: "ORDER_REF_IN_USE" },
  // permission
  { name: "a shutdown", given: { facts: { isShuttingDown: true } }, expected: "HOST_SHUTTING_DOWN" },
  {
    name: "a plugin that was stopped",
    given: { facts: { isPluginRunning: false } },
    expected: "PLUGIN_NOT_RUNNING",
  },
  {
    name: "a grant without orders",
    given: { facts: { grantedOrders: "none" } },
    expected: "NOT_GRANTED_ORDERS",
  },
  {
    name: "an instrument that was not granted",
    given: { facts: { isInstrumentGranted: false } },
    expected: "NOT_GRANTED_INSTRUMENT",
  },
  {
    name: "a new order under a reduce-only grant",
    given: { facts: { grantedOrders: "reduce_only" } },
    expected: "NOT_GRANTED_INCREASE",
  },
  {
    name: "a reduce-only order under a reduce-only grant",
    given: { ...reducingLong, facts: { grantedOrders: "reduce_only" } },
    expected: "passes",
  },
  // account
  { name: "no adapter", given: { account: { isConnected: false } }, expected: "ACCOUNT_NOT_CONNECTED" },
  { name: "no keys", given: { account: { hasTrading: false } }, expected: "ACCOUNT_WITHOUT_TRADING" },
  {
    name: "no reconciliation yet",
    given: { account: { isReconciled: false } },
    expected: "ACCOUNT_NOT_RECONCILED",
  },
  {
    name: "no reconciliation yet, reduce-only",
    given: { ...reducingLong, account: { isReconciled: false } },
    expected: "ACCOUNT_NOT_RECONCILED",
  },
  {
    name: "a clock that is off, the host closing what another plugin offsets",
    given: { ...offsetLong, facts: { origin: "host" }, market: { leastLatencyMs: 9_000 } },
    expected: "passes",
  },
  {
    name: "a clock that is off, the plugin closing what another plugin offsets",
    given: { ...offsetLong, market: { leastLatencyMs: 9_000 } },
    expected: "CLOCK_SKEW",
  },
  {
    name: "the plugin's halt, the host closing what another plugin offsets",
    given: { ...offsetLong, facts: { origin: "host" }, plugin: { state: "halted" } },
    expected: "passes",
  },
  {
    name: "the account's halt, the host closing what another plugin offsets",
    given: { ...offsetLong, facts: { origin: "host" }, venue: { state: "halted" } },
    expected: "TRADING_HALTED",
  },
  {
    name: "another berth on the account",
    given: { account: { otherHost: { tag: "k3f9", kind: "fill", ageMs: 60_000 } } },
    expected: "ACCOUNT_OTHER_HOST",
  },
  {
    name: "another berth on the account, reduce-only",
    given: { ...reducingLong, account: { otherHost: { tag: "k3f9", kind: "fill", ageMs: 60_000 } } },
    expected: "passes",
  },
  {
    name: "a private stream that reconnects",
    given: { account: { privateStream: "reconnecting" } },
    expected: "PRIVATE_STREAM_DOWN",
  },
  {
    name: "a private stream that never reported",
    given: { account: { privateStream: "unknown" } },
    expected: "PRIVATE_STREAM_DOWN",
  },
  {
    name: "paper, which needs no private stream",
    given: { account: { privateStream: "none" } },
    expected: "passes",
  },
  {
    name: "a private stream that is down, reduce-only",
    given: { ...reducingLong, account: { privateStream: "stopped" } },
    expected: "passes",
  },
  // states
  {
    name: "a plugin that is reducing",
    given: { plugin: { state: "reducing" } },
    expected: "TRADING_REDUCING",
  },
  {
    name: "an account that is reducing",
    given: { venue: { state: "reducing" } },
    expected: "TRADING_REDUCING",
  },
  { name: "everything reducing", given: { global: { state: "reducing" } }, expected: "TRADING_REDUCING" },
  {
    name: "a reduce-only order while everything is reducing",
    given: { ...reducingLong, global: { state: "reducing" } },
    expected: "passes",
  },
  {
    name: "a reduce-only order of a plugin in a halt",
    given: { ...reducingLong, global: { state: "halted" } },
    expected: "TRADING_HALTED",
  },
  {
    name: "a reduce-only order of the host in a halt",
    given: { ...reducingLong, global: { state: "halted" }, facts: { origin: "host", isShuttingDown: true } },
    expected: "passes",
  },
  {
    name: "a new order of the host in a halt",
    given: { global: { state: "halted" }, facts: { origin: "host" } },
    expected: "TRADING_HALTED",
  },
  {
    name: "the stricter of two states",
    given: { plugin: { state: "reducing" }, venue: { state: "halted" } },
    expected: "TRADING_HALTED",
  },
  // instrument
  {
    name: "an inverse contract",
    given: { instrument: { settlement: "inverse" } },
    expected: "INSTRUMENT_UNSUPPORTED",
  },
  {
    name: "settlement in what is no dollar",
    given: { instrument: { settlementAsset: "BTC" } },
    expected: "INSTRUMENT_UNSUPPORTED",
  },
  {
    name: "a halted instrument",
    given: { instrument: { status: "halted" } },
    expected: "INSTRUMENT_NOT_TRADING",
  },
  {
    name: "a taker where the venue is post-only",
    given: { instrument: { status: "post_only" } },
    expected: "INSTRUMENT_NOT_TRADING",
  },
  {
    name: "a maker where the venue is post-only",
    given: { instrument: { status: "post_only" }, intent: { pricing: limit(499_000, { postOnly: true }) } },
    expected: "passes",
  },
  {
    name: "one lot below the smallest order",
    given: { instrument: { minSizeLots: 11 } },
    expected: "ORDER_SIZE_TOO_SMALL",
  },
  { name: "the smallest order", given: { instrument: { minSizeLots: 10 } }, expected: "passes" },
  {
    name: "a smallest order of NaN",
    given: { instrument: { minSizeLots: NaN } },
    expected: "ORDER_SIZE_TOO_SMALL",
  },
  {
    name: "one lot above the largest order",
    given: { instrument: { maxSizeLots: 9 } },
    expected: "ORDER_SIZE_TOO_LARGE",
  },
  { name: "the largest order", given: { instrument: { maxSizeLots: 10 } }, expected: "passes" },
  { name: "the symbol's largest size", given: { facts: { maxOrderSizeBase: 0.01 } }, expected: "passes" },
  {
    name: "a lot above the symbol's largest size",
    given: { facts: { maxOrderSizeBase: 0.009 } },
    expected: "ORDER_SIZE_LIMIT",
  },
  {
    name: "three lots of 0.1 against 0.3, which floats make 0.30000000000000004",
    given: {
      intent: { sizeLots: lots(3) },
      instrument: { lot: increment("0.1") },
      facts: { maxOrderSizeBase: 0.3 },
    },
    expected: "passes",
  },
  {
    name: "a largest size of NaN",
    given: { facts: { maxOrderSizeBase: NaN } },
    expected: "ORDER_SIZE_LIMIT",
  },
  {
    name: "a cent below the venue's smallest value",
    given: { instrument: { minNotional: 500.01 } },
    expected: "ORDER_BELOW_MIN_NOTIONAL",
  },
  { name: "the venue's smallest value", given: { instrument: { minNotional: 500 } }, expected: "passes" },
  // quote and mark
  { name: "no bid", given: { market: { bidPrice: NaN } }, expected: "QUOTE_MISSING" },
  { name: "no ask", given: { market: { askPrice: NaN } }, expected: "QUOTE_MISSING" },
  { name: "a bid of 0", given: { market: { bidPrice: 0 } }, expected: "QUOTE_MISSING" },
  { name: "a quote at the age limit", given: { market: { quoteAgeMs: 2_000 } }, expected: "passes" },
  { name: "a quote a millisecond older", given: { market: { quoteAgeMs: 2_001 } }, expected: "QUOTE_STALE" },
  { name: "a quote that never came", given: { market: { quoteAgeMs: Infinity } }, expected: "QUOTE_STALE" },
  { name: "a quote of unknown age", given: { market: { quoteAgeMs: NaN } }, expected: "QUOTE_STALE" },
  {
    name: "a crossed quote",
    given: { market: { bidPrice: 50_001, isCrossed: true } },
    expected: "QUOTE_CROSSED",
  },
  { name: "a locked quote", given: { market: { bidPrice: 50_000.5 } }, expected: "QUOTE_CROSSED" },
  { name: "no mark price", given: { market: { markPrice: NaN } }, expected: "MARK_MISSING" },
  { name: "a mark price of 0", given: { market: { markPrice: 0 } }, expected: "MARK_MISSING" },
  { name: "a mark price at the age limit", given: { market: { markAgeMs: 15_000 } }, expected: "passes" },
  {
    name: "a mark price a millisecond older",
    given: { market: { markAgeMs: 15_001 } },
    expected: "MARK_STALE",
  },
  { name: "a mark price of unknown age", given: { market: { markAgeMs: NaN } }, expected: "MARK_STALE" },
  {
    name: "a stale quote, reduce-only",
    given: { ...reducingLong, market: { quoteAgeMs: 60_000 } },
    expected: "passes",
  },
  {
    name: "no price of any kind but the entry, reduce-only at market",
    given: {
      ...reducingLong,
      intent: { ...reducingLong.intent, pricing: market },
      market: { bidPrice: NaN, askPrice: NaN, markPrice: NaN, lastTradePrice: NaN },
    },
    expected: "passes",
  },
  {
    name: "no price whatever, reduce-only at market",
    given: {
      ...reducingLong,
      intent: { ...reducingLong.intent, pricing: market },
      reducible: { ...reducingLong.reducible, entryTicks: NaN },
      market: { bidPrice: NaN, askPrice: NaN, markPrice: NaN, lastTradePrice: NaN },
    },
    expected: "PRICE_UNBOUNDED",
  },
  // clocks
  { name: "clocks at the limit", given: { market: { leastLatencyMs: 2_000 } }, expected: "passes" },
  { name: "clocks beyond it", given: { market: { leastLatencyMs: 2_000.1 } }, expected: "CLOCK_SKEW" },
  {
    name: "a venue from the future at the limit",
    given: { market: { leastLatencyMs: -2_000 } },
    expected: "passes",
  },
  {
    name: "a venue from further in the future",
    given: { market: { leastLatencyMs: -2_000.1 } },
    expected: "CLOCK_SKEW",
  },
  { name: "a venue that states no time", given: { market: { leastLatencyMs: NaN } }, expected: "passes" },
  // collar: 200 bps from the mark is 51,000, 100 bps from the ask 50,000.5 is 50,500.505
  { name: "a buy at the quote collar", given: { intent: { pricing: limit(505_005) } }, expected: "passes" },
  {
    name: "a buy a tick beyond it",
    given: { intent: { pricing: limit(505_006) } },
    expected: "PRICE_COLLAR_QUOTE",
  },
  {
    name: "a buy at the mark collar",
    given: { intent: { pricing: limit(510_000) }, marketLimits: { collarQuoteBps: 500 } },
    expected: "passes",
  },
  {
    name: "a buy a tick beyond it",
    given: { intent: { pricing: limit(510_001) }, marketLimits: { collarQuoteBps: 500 } },
    expected: "PRICE_COLLAR_MARK",
  },
  { name: "a buy far below the market", given: { intent: { pricing: limit(10_000) } }, expected: "passes" },
  // 100 bps from the bid 49,999.5 is 49,499.505
  {
    name: "a sell at the quote collar",
    given: { intent: { side: "sell", pricing: limit(494_996) } },
    expected: "passes",
  },
  {
    name: "a sell a tick beyond it",
    given: { intent: { side: "sell", pricing: limit(494_995) } },
    expected: "PRICE_COLLAR_QUOTE",
  },
  {
    name: "a sell far above the market",
    given: { intent: { side: "sell", pricing: limit(900_000) } },
    expected: "passes",
  },
  { name: "a collar of NaN", given: { marketLimits: { collarMarkBps: NaN } }, expected: "MARK_MISSING" },
  // order notional: 10 lots at 50,000.0 is 500 USD
  {
    name: "an order's value at the limit",
    given: { limits: { maxOrderNotionalUsd: 500 } },
    expected: "passes",
  },
  {
    name: "an order's value a millionth above",
    given: { limits: { maxOrderNotionalUsd: 499.999999 } },
    expected: "ORDER_NOTIONAL",
  },
  {
    name: "an order's value against a limit of NaN",
    given: { limits: { maxOrderNotionalUsd: NaN } },
    expected: "ORDER_NOTIONAL",
  },
  {
    name: "an order's value against a limit of 0",
    given: { limits: { maxOrderNotionalUsd: 0 } },
    expected: "ORDER_NOTIONAL",
  },
  {
    name: "a low sell limit is valued at the mark",
    given: { intent: { side: "sell", pricing: limit(499_000) }, limits: { maxOrderNotionalUsd: 499.5 } },
    expected: "ORDER_NOTIONAL",
  },
  {
    name: "a market buy is valued at its bound",
    given: { intent: { pricing: market }, limits: { maxOrderNotionalUsd: 505.004 } },
    expected: "ORDER_NOTIONAL",
  },
  {
    name: "an order's value beyond the account's limit",
    given: { venue: { limits: { ...noLimits, maxOrderNotionalUsd: 499 } } },
    expected: "ORDER_NOTIONAL",
  },
  {
    name: "an order's value beyond the global limit",
    given: { global: { limits: { ...noLimits, maxOrderNotionalUsd: 499 } } },
    expected: "ORDER_NOTIONAL",
  },
  // exposures
  ...exposureCases("maxPositionNotionalUsd", "positionUsd", "POSITION_LIMIT"),
  ...exposureCases("maxNetExposureUsd", "netUsd", "NET_EXPOSURE"),
  ...exposureCases("maxGrossExposureUsd", "grossUsd", "GROSS_EXPOSURE"),
  {
    name: "a net exposure with an instrument that has no price",
    given: { limits: { maxNetExposureUsd: 1e9 }, exposure: { unpriced: "beta:ETH-PERP" } },
    expected: "EXPOSURE_UNKNOWN",
  },
  // leverage: 500 gross over 10,000 equity is 0.05
  {
    name: "leverage at the limit",
    given: { venue: { limits: { ...noLimits, maxLeverage: 0.05 } } },
    expected: "passes",
  },
  {
    name: "leverage above it",
    given: { venue: { limits: { ...noLimits, maxLeverage: 0.0499 } } },
    expected: "LEVERAGE",
  },
  {
    name: "leverage with an unknown exposure",
    given: { venue: { limits: { ...noLimits, maxLeverage: 5 } }, exposure: { grossUsd: NaN } },
    expected: "LEVERAGE",
  },
  {
    name: "leverage without equity",
    given: { venue: { limits: { ...noLimits, maxLeverage: 5 } }, exposure: { equityUsd: 0 } },
    expected: "EQUITY_UNKNOWN",
  },
  {
    name: "leverage with unknown equity",
    given: { global: { limits: { ...noLimits, maxLeverage: 5 } }, exposure: { equityUsd: NaN } },
    expected: "EQUITY_UNKNOWN",
  },
  {
    name: "leverage of a plugin, which has no equity",
    given: { limits: { maxLeverage: 0.001 } },
    expected: "passes",
  },
  // counts
  {
    name: "the last position allowed",
    given: { limits: { maxOpenPositions: 1 } },
    expected: "passes",
  },
  {
    name: "one position more",
    given: { limits: { maxOpenPositions: 1 }, exposure: { positions: 2 } },
    expected: "OPEN_POSITIONS",
  },
  {
    name: "the last open order allowed",
    given: {
      limits: { maxOpenOrders: 3 },
      plugin: { openOrders: 2, limits: { ...noLimits, maxOpenOrders: 3 } },
    },
    expected: "passes",
  },
  {
    name: "one open order more",
    given: { plugin: { openOrders: 3, limits: { ...noLimits, maxOpenOrders: 3 } } },
    expected: "OPEN_ORDERS",
  },
  { name: "an open-order limit of NaN", given: { limits: { maxOpenOrders: NaN } }, expected: "OPEN_ORDERS" },
  {
    name: "the last order of a second",
    given: { plugin: { ordersLastSecond: 4, limits: { ...noLimits, maxOrdersPerSecond: 5 } } },
    expected: "passes",
  },
  {
    name: "one order more in a second",
    given: { plugin: { ordersLastSecond: 5, limits: { ...noLimits, maxOrdersPerSecond: 5 } } },
    expected: "ORDER_RATE",
  },
  { name: "request tokens for one more order", given: { account: { requestTokens: 7 } }, expected: "passes" },
  {
    name: "request tokens that are kept for cancels",
    given: { account: { requestTokens: 6.9 } },
    expected: "RATE_BUDGET",
  },
  {
    name: "request tokens kept for cancels, reduce-only",
    given: { ...reducingLong, account: { requestTokens: 0 } },
    expected: "passes",
  },
  { name: "request tokens of NaN", given: { account: { requestTokens: NaN } }, expected: "RATE_BUDGET" },
  {
    name: "cancels per fill at the limit",
    given: { plugin: { cancels: 200, fills: 10, limits: { ...noLimits, maxCancelToFillRatio: 20 } } },
    expected: "passes",
  },
  {
    name: "one cancel more",
    given: { plugin: { cancels: 201, fills: 10, limits: { ...noLimits, maxCancelToFillRatio: 20 } } },
    expected: "CANCEL_TO_FILL",
  },
  {
    name: "many cancels per fill, but few yet",
    given: { plugin: { cancels: 99, fills: 0, limits: { ...noLimits, maxCancelToFillRatio: 20 } } },
    expected: "passes",
  },
  // losses
  {
    name: "a loss below the limit",
    given: { plugin: { dayPnlUsd: -99.99, limits: { ...noLimits, maxDailyLossUsd: 100 } } },
    expected: "passes",
  },
  {
    name: "a loss at the limit",
    given: { plugin: { dayPnlUsd: -100, limits: { ...noLimits, maxDailyLossUsd: 100 } } },
    expected: "DAILY_LOSS",
  },
  {
    name: "a profit against a loss limit of 0",
    given: { plugin: { dayPnlUsd: 1, limits: { ...noLimits, maxDailyLossUsd: 0 } } },
    expected: "passes",
  },
  {
    name: "nothing lost against a loss limit of 0",
    given: { plugin: { dayPnlUsd: 0, limits: { ...noLimits, maxDailyLossUsd: 0 } } },
    expected: "passes",
  },
  { name: "a loss limit of NaN", given: { limits: { maxDailyLossUsd: NaN } }, expected: "DAILY_LOSS" },
  {
    name: "an unknown profit",
    given: { plugin: { dayPnlUsd: NaN, limits: { ...noLimits, maxDailyLossUsd: 100 } } },
    expected: "PNL_UNKNOWN",
  },
  {
    name: "a drawdown below the limit",
    given: { global: { drawdownUsd: 99.99, limits: { ...noLimits, maxDrawdownUsd: 100 } } },
    expected: "passes",
  },
  {
    name: "a drawdown at the limit",
    given: { global: { drawdownUsd: 100, limits: { ...noLimits, maxDrawdownUsd: 100 } } },
    expected: "DRAWDOWN",
  },
  {
    name: "an unknown drawdown",
    given: { global: { drawdownUsd: NaN, limits: { ...noLimits, maxDrawdownUsd: 100 } } },
    expected: "PNL_UNKNOWN",
  },
  { name: "a drawdown limit of NaN", given: { limits: { maxDrawdownUsd: NaN } }, expected: "DRAWDOWN" },
  {
    name: "losses in a row below the limit",
    given: { plugin: { consecutiveLosses: 2, limits: { ...noLimits, maxConsecutiveLosses: 3 } } },
    expected: "passes",
  },
  {
    name: "losses in a row at the limit",
    given: { plugin: { consecutiveLosses: 3, limits: { ...noLimits, maxConsecutiveLosses: 3 } } },
    expected: "CONSECUTIVE_LOSSES",
  },
  {
    name: "losses in a row against NaN",
    given: { limits: { maxConsecutiveLosses: NaN } },
    expected: "CONSECUTIVE_LOSSES",
  },
  // margin: 500 at leverage 5 takes 100; a tenth of 10,000 is kept
  { name: "margin down to the buffer", given: { account: { availableUsd: 1_100 } }, expected: "passes" },
  {
    name: "margin a cent below it",
    given: { account: { availableUsd: 1_099.99 } },
    expected: "MARGIN_BUFFER",
  },
  {
    name: "an instrument that allows little leverage",
    given: { account: { availableUsd: 1_100 }, instrument: { maxLeverage: 2 } },
    expected: "MARGIN_BUFFER",
  },
  { name: "free margin of NaN", given: { account: { availableUsd: NaN } }, expected: "EQUITY_UNKNOWN" },
  { name: "a total of NaN", given: { account: { totalUsd: NaN } }, expected: "EQUITY_UNKNOWN" },
  {
    name: "a new order while a leg group is resumed",
    given: { facts: { isGroupResuming: true } },
    expected: "GROUP_RESUMING",
  },
  // reduce-only
  { name: "a reduce-only order of the whole position", given: reducingLong, expected: "passes" },
  {
    name: "a reduce-only order of a lot more",
    given: { ...reducingLong, intent: { ...reducingLong.intent, sizeLots: lots(11) } },
    expected: "REDUCE_ONLY_WOULD_INCREASE",
  },
  {
    name: "a reduce-only order of what is being closed already",
    given: { ...reducingLong, reducible: { ...reducingLong.reducible, pluginReducingLots: 1 } },
    expected: "REDUCE_ONLY_WOULD_INCREASE",
  },
  {
    name: "a reduce-only order on the wrong side",
    given: { ...reducingLong, intent: { side: "buy", reduceOnly: true } },
    expected: "REDUCE_ONLY_WOULD_INCREASE",
  },
  {
    name: "a reduce-only order when flat",
    given: { intent: { reduceOnly: true } },
    expected: "REDUCE_ONLY_WOULD_INCREASE",
  },
  {
    name: "a reduce-only order that another plugin's position offsets, judged as new",
    given: {
      ...reducingLong,
      reducible: { ...reducingLong.reducible, accountPositionLots: 0 },
      limits: { maxOrderNotionalUsd: 1 },
    },
    expected: "ORDER_NOTIONAL",
  },
  {
    name: "a reduce-only order under limits that nothing new passes",
    given: {
      ...reducingLong,
      limits: {
        maxOrderNotionalUsd: 0,
        maxPositionNotionalUsd: 0,
        maxNetExposureUsd: 0,
        maxGrossExposureUsd: 0,
        maxOpenOrders: 0,
        maxOrdersPerSecond: 0,
        maxDailyLossUsd: 0,
        maxDrawdownUsd: 0,
        maxConsecutiveLosses: 0,
      },
      account: { availableUsd: NaN, equityUsd: NaN, totalUsd: NaN, privateStream: "stopped" },
      instrument: { minSizeLots: 1_000, minNotional: 1e6, status: "cancel_only" },
    },
    expected: "passes",
  },
];

function exposureCases(
  key: "maxPositionNotionalUsd" | "maxNetExposureUsd" | "maxGrossExposureUsd",
  fact: "positionUsd" | "netUsd" | "grossUsd",
  code: RefusalCode,
): readonly Case[] {
  const at = (value: number, limitUsd: number): FactChanges => ({
    limits: { [key]: limitUsd },
    exposure: { [fact]: value },
  });
  return [
    { name: `${fact} at its limit`, given: at(1_000, 1_000), expected: "passes" },
    { name: `${fact} a cent above`, given: at(1_000.01, 1_000), expected: code },
    { name: `${fact} of NaN`, given: at(NaN, 1_000), expected: code },
    { name: `${fact} against a limit of NaN`, given: at(1_000, NaN), expected: code },
  ];
}

const codeOf = (given: FactChanges): "passes" | RefusalCode => {
  const decision = checkOrder(factsOf(given));
  return decision.kind === "approved" ? "passes" : decision.refusal.code;
};

for (const { name, given, expected } of cases) {
  Deno.test(`checkOrder() ${expected === "passes" ? "passes" : `refuses (${expected})`} ${name}`, () => {
    assertEquals(codeOf(given), expected);
  });
}

Deno.test("every refusal of the gate has its row in the table", () => {
  // Known before there are facts: the engine's own tests have it.
  const elsewhere = [
    "INSTRUMENT_UNKNOWN",
    "PLUGIN_FLATTENING",
    // Of leg groups as a whole: leg_groups_test.ts.
    "GROUP_INVALID",
    "TRIGGER_TOO_MANY", // of orders that wait: trigger_orders_test.ts
    "AMEND_IMPOSSIBLE", // of changes: amend_test.ts
    "REPLACE_ABANDONED", // after a crash: replacement_recovery_test.ts
    "EXIT_INVALID", // of exit plans: exit_plans_test.ts
    "EXIT_UNDER_WAY",
    "EXIT_IN_GROUP",
    "GROUP_TOO_MANY",
    "GROUP_NAKED_NOTIONAL",
    "GROUP_UNWIND_REFUSED",
    "GROUP_UNSWEPT",
    "GROUP_STRAY_ORDER",
    "GROUP_UNVERIFIED",
    "GROUP_OPPOSITE_POSITION",
  ];
  const seen = new Set<string>([...cases.map(({ expected }) => expected), ...elsewhere]);
  assertEquals(refusalCodes.filter((code) => !seen.has(code)), []);
});

Deno.test("a refusal's text has its numbers, and an unknown code is shown with its facts", () => {
  const decision = checkOrder(factsOf({ limits: { maxOrderNotionalUsd: 499 } }));
  if (decision.kind !== "refused") throw new Error("passed");
  const { code, facts } = decision.refusal;
  assertEquals(
    refusalText(code, { ...facts }),
    "The order's value would be 500 USD (limit 499 USD, plugin/maker).",
  );
  assertEquals(refusalText("OF_TOMORROW", { a: 1 }), 'OF_TOMORROW {"a":1}');
});
