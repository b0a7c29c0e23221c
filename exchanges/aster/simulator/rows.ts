/** Orders, trades, positions and balances in Aster's words, for REST and for the user data stream. Numbers are decimal text. */
import { formatMoney, incrementValue, money } from "@berth/sdk";
import type {
  SimulatedAccount,
  SimulatedFill,
  SimulatedOrder,
  SimulatedPosition,
  SimulatedVenue,
} from "../../simulation/ports.ts";
import { type AsterListing, listingOfSymbol, priceText, sizeText, wholeMs } from "./listing.ts";
import type { Waiting } from "./order_entry.ts";

type Row = Readonly<Record<string, unknown>>;

/** An order as its rows tell it. */
export interface OrderFacts {
  readonly one: AsterListing;
  readonly number: string;
  readonly clientOrderId: string;
  readonly side: "BUY" | "SELL";
  readonly status: string;
  readonly type: string;
  readonly origType: string;
  readonly timeInForce: string;
  readonly sizeLots: number;
  readonly filledLots: number;
  readonly averagePrice: string;
  readonly limitPriceTicks: number | undefined;
  readonly stopPriceTicks: number | undefined;
  readonly workingType: string;
  readonly reduceOnly: boolean;
  readonly tsCreatedMs: number;
  readonly tsUpdatedMs: number;
}

/** Average price with the digits that a quotient needs. */
export function averagePriceText(ticksLots: bigint, lots: number, one: AsterListing): string {
  if (lots === 0) return "0";
  return String(Number(((Number(ticksLots) / lots) * incrementValue(one.tick)).toPrecision(15)));
}

function statusOf(order: SimulatedOrder): string {
  switch (order.status) {
    case "open":
      return order.filledLots > 0 ? "PARTIALLY_FILLED" : "NEW";
    case "filled":
      return "FILLED";
    case "rejected":
      return "EXPIRED";
    case "cancelled":
      return order.cancelReason === "user" || order.cancelReason === "dead_mans_switch"
        ? "CANCELED"
        : "EXPIRED";
    default:
      return order.status satisfies never;
  }
}

export function orderFacts(order: SimulatedOrder, cameOf: Waiting | undefined): OrderFacts {
  const one = listingOfSymbol(order.symbol);
  const type = order.type === "market" ? "MARKET" : "LIMIT";
  const trigger = cameOf?.checked.trigger;
  return {
    one,
    number: cameOf?.orderId ?? order.orderId,
    clientOrderId: order.clientOrderId,
    side: order.side === "buy" ? "BUY" : "SELL",
    status: statusOf(order),
    type,
    origType: trigger?.type ?? type,
    // What is told of a market order beside its type.
    timeInForce: type === "MARKET" ? "GTC" : order.postOnly ? "GTX" : order.timeInForce,
    sizeLots: order.sizeLots,
    filledLots: order.filledLots,
    averagePrice: averagePriceText(order.filledTicksLots, order.filledLots, one),
    limitPriceTicks: order.limitPriceTicks,
    stopPriceTicks: trigger?.stopPriceTicks,
    workingType: trigger?.workingType ?? "CONTRACT_PRICE",
    reduceOnly: order.reduceOnly,
    tsCreatedMs: wholeMs(order.tsCreatedMs),
    tsUpdatedMs: wholeMs(order.tsUpdatedMs),
  };
}

export function waitingFacts({ checked, orderId, status, tsCreatedMs, tsUpdatedMs }: Waiting): OrderFacts {
  const { one, request, timeInForce, trigger } = checked;
  return {
    one,
    number: orderId,
    clientOrderId: request.clientOrderId,
    side: request.side === "buy" ? "BUY" : "SELL",
    status,
    type: trigger?.type ?? "",
    origType: trigger?.type ?? "",
    timeInForce,
    sizeLots: request.sizeLots,
    filledLots: 0,
    averagePrice: "0",
    limitPriceTicks: request.limitPriceTicks,
    stopPriceTicks: trigger?.stopPriceTicks,
    workingType: trigger?.workingType ?? "CONTRACT_PRICE",
    reduceOnly: request.reduceOnly,
    tsCreatedMs,
    tsUpdatedMs,
  };
}

const textOrZero = (ticks: number | undefined, one: AsterListing): string =>
  ticks === undefined ? "0" : priceText(ticks, one);

/** An order as REST tells it. */
export const orderRow = (facts: OrderFacts): Row => ({
  clientOrderId: facts.clientOrderId,
  cumQty: sizeText(facts.filledLots, facts.one),
  cumQuote: "0",
  executedQty: sizeText(facts.filledLots, facts.one),
  orderId: Number(facts.number),
  avgPrice: facts.averagePrice,
  origQty: sizeText(facts.sizeLots, facts.one),
  price: textOrZero(facts.limitPriceTicks, facts.one),
  reduceOnly: facts.reduceOnly,
  side: facts.side,
  positionSide: "BOTH",
  status: facts.status,
  stopPrice: textOrZero(facts.stopPriceTicks, facts.one),
  closePosition: false,
  symbol: facts.one.symbol,
  time: facts.tsCreatedMs,
  timeInForce: facts.timeInForce,
  type: facts.type,
  origType: facts.origType,
  updateTime: facts.tsUpdatedMs,
  workingType: facts.workingType,
  priceProtect: false,
});

/** `ORDER_TRADE_UPDATE`; `fill` is the execution that it tells. */
export function orderEvent(facts: OrderFacts, fill: SimulatedFill | undefined, nowMs: number): Row {
  const { one, status } = facts;
  return {
    e: "ORDER_TRADE_UPDATE",
    E: wholeMs(nowMs),
    T: facts.tsUpdatedMs,
    o: {
      s: one.symbol,
      c: facts.clientOrderId,
      S: facts.side,
      o: facts.type,
      f: facts.timeInForce,
      q: sizeText(facts.sizeLots, one),
      p: textOrZero(facts.limitPriceTicks, one),
      ap: facts.averagePrice,
      sp: textOrZero(facts.stopPriceTicks, one),
      x: fill !== undefined ? "TRADE" : status === "PARTIALLY_FILLED" ? "NEW" : status,
      X: status,
      i: Number(facts.number),
      l: fill === undefined ? "0" : sizeText(fill.sizeLots, one),
      z: sizeText(facts.filledLots, one),
      L: fill === undefined ? "0" : priceText(fill.priceTicks, one),
      // Not there without a commission.
      ...(fill === undefined ? {} : { N: "USDT", n: formatMoney(money(fill.fee)) }),
      T: fill === undefined ? facts.tsUpdatedMs : wholeMs(fill.tsMs),
      t: fill === undefined ? 0 : Number(fill.tradeId),
      b: "0",
      a: "0",
      m: fill?.liquidity === "maker",
      R: facts.reduceOnly,
      wt: facts.workingType,
      ot: facts.origType,
      ps: "BOTH",
      cp: false,
      rp: fill === undefined ? "0" : formatMoney(money(fill.realizedPnl)),
    },
  };
}

/** One row of `userTrades`: what is charged is negative there, as the documentation shows it. */
export function tradeRow(fill: SimulatedFill, orderNumber: string): Row {
  const one = listingOfSymbol(fill.symbol);
  return {
    buyer: fill.side === "buy",
    commission: formatMoney(money(-fill.fee)),
    commissionAsset: "USDT",
    id: Number(fill.tradeId),
    maker: fill.liquidity === "maker",
    orderId: Number(orderNumber),
    price: priceText(fill.priceTicks, one),
    qty: sizeText(fill.sizeLots, one),
    quoteQty: "0",
    realizedPnl: formatMoney(money(fill.realizedPnl)),
    side: fill.side === "buy" ? "BUY" : "SELL",
    positionSide: "BOTH",
    symbol: one.symbol,
    time: wholeMs(fill.tsMs),
  };
}

const entryPriceText = ({ costTicksLots, positionLots }: SimulatedPosition, one: AsterListing): string =>
  averagePriceText(costTicksLots < 0n ? -costTicksLots : costTicksLots, Math.abs(positionLots), one);

function unrealizedText(position: SimulatedPosition, venue: SimulatedVenue): string {
  const one = listingOfSymbol(position.symbol);
  const { markPrice } = venue.mark(position.symbol);
  const entry = Number(entryPriceText(position, one));
  return position.positionLots === 0
    ? "0"
    : ((markPrice - entry) * position.positionLots * incrementValue(one.lot)).toFixed(8);
}

/** One row of `positionRisk`; flat ones are listed too. */
export function positionRow(position: SimulatedPosition, venue: SimulatedVenue, marginType: string): Row {
  const one = listingOfSymbol(position.symbol);
  return {
    entryPrice: entryPriceText(position, one),
    marginType: marginType === "ISOLATED" ? "isolated" : "cross",
    isAutoAddMargin: "false",
    isolatedMargin: "0.00000000",
    leverage: String(position.leverage),
    liquidationPrice: "0",
    markPrice: String(venue.mark(position.symbol).markPrice),
    maxNotionalValue: "20000000",
    positionAmt: sizeText(position.positionLots, one),
    symbol: one.symbol,
    unRealizedProfit: unrealizedText(position, venue),
    positionSide: "BOTH",
    updateTime: wholeMs(position.tsUpdatedMs),
  };
}

/** `ACCOUNT_UPDATE`. Funding with cross margin tells the balance alone. */
export function accountEvent(
  position: SimulatedPosition,
  venue: SimulatedVenue,
  account: SimulatedAccount,
  change: { readonly isFunding: boolean; readonly balanceChange: bigint },
): Row {
  const one = listingOfSymbol(position.symbol);
  const wallet = formatMoney(money(account.cash));
  const nowMs = wholeMs(venue.clock.nowMs());
  return {
    e: "ACCOUNT_UPDATE",
    E: nowMs,
    T: nowMs,
    a: {
      m: change.isFunding ? "FUNDING_FEE" : "ORDER",
      B: [{ a: "USDT", wb: wallet, cw: wallet, bc: formatMoney(money(change.balanceChange)) }],
      P: change.isFunding ? [] : [{
        s: one.symbol,
        pa: sizeText(position.positionLots, one),
        ep: entryPriceText(position, one),
        cr: formatMoney(money(position.realizedPnl)),
        up: unrealizedText(position, venue),
        mt: "cross",
        iw: "0",
        ps: "BOTH",
      }],
    },
  };
}

/** One row of `balance`. */
export function balanceRow(account: SimulatedAccount, nowMs: number): Row {
  const available = formatMoney(money(account.freeCollateral > 0n ? account.freeCollateral : 0n));
  return {
    accountAlias: "SgsR",
    asset: "USDT",
    balance: formatMoney(money(account.cash)),
    crossWalletBalance: formatMoney(money(account.cash)),
    crossUnPnl: formatMoney(money(account.unrealizedPnl)),
    availableBalance: available,
    maxWithdrawAmount: available,
    marginAvailable: true,
    updateTime: wholeMs(nowMs),
  };
}
