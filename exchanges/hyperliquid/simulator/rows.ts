/** The venue's rows: orders, fills, positions, books. What the venue rounds (fees, funding) is exact here, so that books agree to the last unit. */
import { formatMoney, formatScaled, increment, money, tickLotMoney } from "@berth/sdk";
import type {
  SimulatedAccount,
  SimulatedFill,
  SimulatedLevel,
  SimulatedOrder,
  SimulatedPosition,
  SimulatedVenue,
} from "../../simulation/ports.ts";
import { type HyperliquidListing, listingBySymbol, priceText, sizeText } from "./listing.ts";

export type Row = Readonly<Record<string, unknown>>;

/** A trigger order waits beside the book; the engine does not know it yet. */
export interface TriggerOrder {
  readonly oid: number;
  readonly cloid: string | undefined;
  readonly one: HyperliquidListing;
  readonly isBuy: boolean;
  readonly limitPx: string;
  readonly size: string;
  readonly reduceOnly: boolean;
  readonly isMarket: boolean;
  readonly triggerPx: string;
  readonly tpsl: "tp" | "sl";
  readonly tsMs: number;
}

/** Orders without a cloid carry an id that is no cloid. */
export const cloidOf = (clientOrderId: string): string | undefined =>
  clientOrderId.startsWith("0x") ? clientOrderId : undefined;

/** The venue states whole milliseconds; the simulation counts finer. */
export const wholeMs = (tsMs: number): number => Math.floor(tsMs);

const optional = (name: string, value: unknown): Row => (value === undefined ? {} : { [name]: value });

/** Numbers of orders are the engine's, except where a triggered order keeps the one it was known by. */
export class OrderNumbers {
  readonly #aliases = new Map<string, number>();
  readonly #engineIds = new Map<number, string>();

  alias(engineId: string, oid: number): void {
    this.#aliases.set(engineId, oid);
    this.#engineIds.set(oid, engineId);
  }
  oidOf(engineId: string): number {
    return this.#aliases.get(engineId) ?? Number(engineId);
  }
  engineIdOf(oid: number): string {
    return this.#engineIds.get(oid) ?? String(oid);
  }
}

export function statusOf(order: SimulatedOrder): string {
  if (order.status === "open" || order.status === "filled") return order.status;
  if (order.status === "rejected") {
    switch (order.refusal) {
      case "post_only_would_cross":
        return "badAloPxRejected";
      case "insufficient_margin":
        return "perpMarginRejected";
      case "reduce_only_would_increase":
        return "reduceOnlyRejected";
      case "notional_below_minimum":
        return "minTradeNtlRejected";
      case "too_many_open_orders":
        return "tooManyOpenOrdersRejected";
      case "price_outside_band":
        return "oracleRejected";
      default:
        return "rejected";
    }
  }
  switch (order.cancelReason) {
    case "ioc_remainder":
      return order.filledLots === 0 ? "iocCancelRejected" : "canceled";
    case "reduce_only":
      return "reduceOnlyCanceled";
    case "self_trade":
      return "selfTradeCanceled";
    case "dead_mans_switch":
      return "scheduledCancel";
    default:
      return "canceled";
  }
}

/** A row of `openOrders`; `sz` is what is left. */
export function openOrderRow(order: SimulatedOrder, numbers: OrderNumbers): Row {
  const one = listingBySymbol(order.symbol);
  return {
    coin: one.coin,
    side: order.side === "buy" ? "B" : "A",
    limitPx: priceText(order.limitPriceTicks ?? 0, one),
    sz: sizeText(order.sizeLots - order.filledLots, one),
    oid: numbers.oidOf(order.orderId),
    timestamp: wholeMs(order.tsCreatedMs),
    origSz: sizeText(order.sizeLots, one),
    ...optional("cloid", cloidOf(order.clientOrderId)),
    ...(order.reduceOnly ? { reduceOnly: true } : {}),
  };
}

export function frontendOrderRow(order: SimulatedOrder, numbers: OrderNumbers): Row {
  return {
    ...openOrderRow(order, numbers),
    triggerCondition: "N/A",
    isTrigger: false,
    triggerPx: "0.0",
    children: [],
    isPositionTpsl: false,
    reduceOnly: order.reduceOnly,
    orderType: "Limit",
    tif: order.postOnly ? "Alo" : order.timeInForce === "IOC" ? "Ioc" : "Gtc",
    cloid: cloidOf(order.clientOrderId) ?? null,
  };
}

export function triggerRow(order: TriggerOrder): Row {
  const { one, isBuy, tpsl, isMarket, triggerPx } = order;
  const isAbove = isBuy === (tpsl === "sl");
  const kind = tpsl === "sl" ? "Stop" : "Take Profit";
  return {
    coin: one.coin,
    side: isBuy ? "B" : "A",
    limitPx: order.limitPx,
    sz: order.size,
    oid: order.oid,
    timestamp: wholeMs(order.tsMs),
    triggerCondition: `Price ${isAbove ? "above" : "below"} ${triggerPx}`,
    isTrigger: true,
    triggerPx,
    children: [],
    isPositionTpsl: false,
    reduceOnly: order.reduceOnly,
    orderType: `${kind} ${isMarket ? "Market" : "Limit"}`,
    origSz: order.size,
    tif: null,
    cloid: order.cloid ?? null,
  };
}

export const updateRow = (order: SimulatedOrder, numbers: OrderNumbers): Row => ({
  order: openOrderRow(order, numbers),
  status: statusOf(order),
  statusTimestamp: wholeMs(order.tsUpdatedMs),
});

/** The part of `openOrders`' fields that `orderUpdates` has of a trigger order. */
export function triggerUpdateRow(order: TriggerOrder, status: string, nowMs: number): Row {
  const { one, isBuy, limitPx, size, oid, tsMs, cloid, reduceOnly } = order;
  return {
    order: {
      coin: one.coin,
      side: isBuy ? "B" : "A",
      limitPx,
      sz: size,
      oid,
      timestamp: wholeMs(tsMs),
      origSz: size,
      ...optional("cloid", cloid),
      ...(reduceOnly ? { reduceOnly: true } : {}),
    },
    status,
    statusTimestamp: wholeMs(nowMs),
  };
}

function directionOf(before: number, after: number): string {
  if (before > 0 && after < 0) return "Long > Short";
  if (before < 0 && after > 0) return "Short > Long";
  const isLong = before > 0 || (before === 0 && after > 0);
  return `${Math.abs(after) > Math.abs(before) ? "Open" : "Close"} ${isLong ? "Long" : "Short"}`;
}

export function fillRow(fill: SimulatedFill, numbers: OrderNumbers): Row {
  const one = listingBySymbol(fill.symbol);
  const before = fill.positionLotsAfter - (fill.side === "buy" ? fill.sizeLots : -fill.sizeLots);
  return {
    coin: one.coin,
    px: priceText(fill.priceTicks, one),
    sz: sizeText(fill.sizeLots, one),
    side: fill.side === "buy" ? "B" : "A",
    time: wholeMs(fill.tsMs),
    startPosition: sizeText(before, one),
    dir: directionOf(before, fill.positionLotsAfter),
    closedPnl: formatMoney(money(fill.realizedPnl)),
    hash: `0x${BigInt(fill.tradeId).toString(16).padStart(64, "0")}`,
    oid: numbers.oidOf(fill.orderId),
    crossed: fill.liquidity === "taker",
    fee: formatMoney(money(fill.fee)),
    tid: Number(fill.tradeId),
    ...optional("cloid", cloidOf(fill.clientOrderId)),
    feeToken: "USDC",
    twapId: null,
  };
}

export interface MarginMode {
  readonly isCross: boolean;
  readonly leverage: number;
}

function positionRow(
  position: SimulatedPosition,
  venue: SimulatedVenue,
  modeOf: (symbol: string) => MarginMode,
): Row {
  const one = listingBySymbol(position.symbol);
  const mark = venue.mark(position.symbol);
  const lots = position.positionLots;
  const unit = tickLotMoney({ tick: one.tick, lot: one.lot });
  const markTicks = Math.round(mark.markPrice / (one.tick.units / 10 ** one.tick.decimals));
  const value = BigInt(Math.abs(lots)) * BigInt(markTicks) * unit;
  const pnl = BigInt(lots) * BigInt(markTicks) * unit - position.costTicksLots * unit;
  const { isCross, leverage } = modeOf(position.symbol);
  const entryTicks = Number(position.costTicksLots) / lots;
  const entry = (entryTicks * one.tick.units) / 10 ** one.tick.decimals;
  const margin = value / BigInt(leverage);
  return {
    type: "oneWay",
    position: {
      coin: one.coin,
      szi: sizeText(lots, one),
      leverage: isCross
        ? { type: "cross", value: leverage }
        : { type: "isolated", value: leverage, rawUsd: formatMoney(money(margin - value)) },
      entryPx: String(Number(entry.toFixed(8))),
      positionValue: formatMoney(money(value)),
      unrealizedPnl: formatMoney(money(pnl)),
      returnOnEquity: margin === 0n ? "0.0" : String(Number(pnl) / Number(margin)),
      liquidationPx: null,
      marginUsed: formatMoney(money(margin)),
      maxLeverage: one.simulated.maxLeverage,
      cumFunding: {
        allTime: formatMoney(money(position.fundingPaid)),
        sinceOpen: formatMoney(money(position.fundingPaid)),
        sinceChange: "0.0",
      },
    },
  };
}

/** `clearinghouseState`. */
export function accountRow(
  account: SimulatedAccount,
  positions: readonly SimulatedPosition[],
  venue: SimulatedVenue,
  modeOf: (symbol: string) => MarginMode,
): Row {
  const asText = (value: bigint): string => formatMoney(money(value));
  const open = positions.filter((position) => position.positionLots !== 0);
  const rows = open.map((position) => positionRow(position, venue, modeOf));
  const notional = open.reduce((sum, position) => {
    const instrument = venue.instrument(position.symbol);
    if (instrument === undefined) return sum;
    const tick = increment(instrument.tickSize);
    const lot = increment(instrument.lotSize);
    const ticks = Math.round(venue.mark(position.symbol).markPrice / (tick.units / 10 ** tick.decimals));
    return sum + BigInt(Math.abs(position.positionLots)) * BigInt(ticks) * tickLotMoney({ tick, lot });
  }, 0n);
  // The venue's equity with the profit of the rows above, so that both are of one moment.
  const pnl = account.unrealizedPnl;
  const equity = account.cash + pnl;
  const summary = {
    accountValue: asText(equity),
    totalNtlPos: asText(notional),
    totalRawUsd: asText(equity - notional),
    totalMarginUsed: asText(account.initialMargin),
  };
  return {
    marginSummary: summary,
    crossMarginSummary: summary,
    crossMaintenanceMarginUsed: asText(account.maintenanceMargin),
    withdrawable: asText(account.freeCollateral > 0n ? account.freeCollateral : 0n),
    assetPositions: rows,
    time: wholeMs(venue.clock.nowMs()),
  };
}

export const levelRow = (level: SimulatedLevel, one: HyperliquidListing): Row => ({
  px: priceText(level.priceTicks, one),
  sz: sizeText(level.sizeLots, one),
  n: 1,
});

/** `l2Book`. */
export function bookRow(one: HyperliquidListing, venue: SimulatedVenue, depth: number): Row {
  const { bids, asks, tsMs } = venue.book(one.simulated.symbol, depth);
  return {
    coin: one.coin,
    time: wholeMs(tsMs),
    levels: [bids.map((level) => levelRow(level, one)), asks.map((level) => levelRow(level, one))],
  };
}

/** The context of one asset, as `metaAndAssetCtxs` and `activeAssetCtx` have it. */
export function contextRow(one: HyperliquidListing, venue: SimulatedVenue): Row {
  const mark = venue.mark(one.simulated.symbol);
  const { bids: [bid], asks: [ask] } = venue.book(one.simulated.symbol, 1);
  const price = (value: number): string => value.toFixed(one.tick.decimals);
  const mid = bid === undefined || ask === undefined ? null : midText(bid.priceTicks + ask.priceTicks, one);
  const premium = (mark.markPrice - mark.indexPrice) / mark.indexPrice;
  return {
    funding: mark.fundingRate.toFixed(10),
    openInterest: "0.0",
    prevDayPx: price(mark.indexPrice),
    dayNtlVlm: "0.0",
    premium: Number.isFinite(premium) ? premium.toFixed(10) : null,
    oraclePx: price(mark.indexPrice),
    markPx: price(mark.markPrice),
    midPx: mid,
    impactPxs: bid === undefined || ask === undefined
      ? null
      : [priceText(bid.priceTicks, one), priceText(ask.priceTicks, one)],
    dayBaseVlm: "0.0",
  };
}

/** Half of a sum of ticks, which may lie between two of them. */
function midText(sumTicks: number, one: HyperliquidListing): string {
  const places = one.tick.decimals + 1;
  const text = formatScaled(BigInt(sumTicks) * 5n, places);
  return text.includes(".") ? text : `${text}.0`;
}
