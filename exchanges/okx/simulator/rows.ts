/** Orders, fills, positions and balances in OKX's words (okx.md, 3.4). Numbers are decimal text, sizes are contracts. */
import { formatMoney, increment, incrementValue, money } from "@berth/sdk";
import type {
  SimulatedAccount,
  SimulatedFill,
  SimulatedOrder,
  SimulatedPosition,
  SimulatedVenue,
} from "../../simulation/ports.ts";
import { contractsText, listingOfSymbol, priceText, timeText } from "./listing.ts";
import { cancelSourceOfRefusal } from "./order_entry.ts";

type Row = Readonly<Record<string, unknown>>;

const negated = (value: bigint): string => formatMoney(money(-value));

function ordTypeOf(order: SimulatedOrder): string {
  if (order.type === "market") return "market";
  if (order.postOnly) return "post_only";
  return order.timeInForce === "GTC" ? "limit" : order.timeInForce.toLowerCase();
}

function stateOf(order: SimulatedOrder): string {
  if (order.status === "open") return order.filledLots > 0 ? "partially_filled" : "live";
  return order.status === "filled" ? "filled" : "canceled";
}

const cancelSources: Readonly<Record<NonNullable<SimulatedOrder["cancelReason"]>, string>> = {
  user: "1",
  ioc_remainder: "14",
  reduce_only: "17",
  self_trade: "32",
  dead_mans_switch: "20",
  disconnect: "0",
};

function cancelSourceOf(order: SimulatedOrder): string {
  if (order.refusal !== undefined) return cancelSourceOfRefusal[order.refusal] ?? "0";
  return order.cancelReason === undefined ? "" : cancelSources[order.cancelReason];
}

/** Average price with the digits that a quotient needs. */
export function averagePriceText(ticksLots: bigint, lots: number, tickSize: string): string {
  if (lots === 0) return "";
  const tick = increment(tickSize);
  return String(Number(((Number(ticksLots) / lots) * incrementValue(tick)).toPrecision(15)));
}

/** One row of the orders channel and of the order queries; `fill` adds the execution that caused the push. */
export function orderRow(order: SimulatedOrder, fills: readonly SimulatedFill[], fill?: SimulatedFill): Row {
  const one = listingOfSymbol(order.symbol);
  const own = fills.filter((other) => other.orderId === order.orderId);
  const fee = own.reduce((sum, other) => sum + other.fee, 0n);
  const pnl = own.reduce((sum, other) => sum + other.realizedPnl, 0n);
  return {
    instType: "SWAP",
    instId: one.instId,
    ordId: order.orderId,
    clOrdId: order.clientOrderId,
    tag: "",
    px: order.limitPriceTicks === undefined ? "" : priceText(order.limitPriceTicks, one),
    sz: contractsText(order.sizeLots, one),
    notionalUsd: "",
    ordType: ordTypeOf(order),
    side: order.side,
    posSide: "net",
    tdMode: "cross",
    tgtCcy: "",
    accFillSz: contractsText(order.filledLots, one),
    avgPx: averagePriceText(order.filledTicksLots, order.filledLots, one.tick.text),
    fillPx: fill === undefined ? "" : priceText(fill.priceTicks, one),
    fillSz: fill === undefined ? "0" : contractsText(fill.sizeLots, one),
    tradeId: fill?.tradeId ?? "",
    fillTime: fill === undefined ? "" : timeText(fill.tsMs),
    execType: fill === undefined ? "" : fill.liquidity === "taker" ? "T" : "M",
    fillFee: fill === undefined ? "0" : negated(fill.fee),
    fillFeeCcy: fill === undefined ? "" : "USDT",
    fillPnl: fill === undefined ? "0" : formatMoney(money(fill.realizedPnl)),
    fee: negated(fee),
    feeCcy: "USDT",
    rebate: "0",
    rebateCcy: "USDT",
    pnl: formatMoney(money(pnl)),
    state: stateOf(order),
    lever: "10",
    reduceOnly: String(order.reduceOnly),
    category: "normal",
    source: "",
    cancelSource: cancelSourceOf(order),
    amendSource: "",
    amendResult: "",
    reqId: "",
    code: "0",
    msg: "",
    stpId: "",
    stpMode: "cancel_taker",
    algoId: "",
    algoClOrdId: "",
    attachAlgoOrds: [],
    cTime: timeText(order.tsCreatedMs),
    uTime: timeText(order.tsUpdatedMs),
  };
}

/** One row of `trade/fills`. */
export function fillRow(fill: SimulatedFill): Row {
  const one = listingOfSymbol(fill.symbol);
  return {
    instType: "SWAP",
    instId: one.instId,
    tradeId: fill.tradeId,
    ordId: fill.orderId,
    clOrdId: fill.clientOrderId,
    billId: fill.fillId,
    tag: "",
    fillPx: priceText(fill.priceTicks, one),
    fillSz: contractsText(fill.sizeLots, one),
    fillPnl: formatMoney(money(fill.realizedPnl)),
    side: fill.side,
    posSide: "net",
    execType: fill.liquidity === "taker" ? "T" : "M",
    feeCcy: "USDT",
    fee: negated(fill.fee),
    ts: timeText(fill.tsMs),
    fillTime: timeText(fill.tsMs),
  };
}

/** One row of the positions channel, net mode: `pos` is signed. */
export function positionRow(position: SimulatedPosition, venue: SimulatedVenue): Row {
  const one = listingOfSymbol(position.symbol);
  const mark = venue.mark(position.symbol);
  const lots = Math.abs(position.positionLots);
  const costTicksLots = position.costTicksLots < 0n ? -position.costTicksLots : position.costTicksLots;
  const average = averagePriceText(costTicksLots, lots, one.tick.text);
  const sizeBase = position.positionLots * Number(one.simulated.lotSize);
  return {
    instType: "SWAP",
    instId: one.instId,
    posId: `pos${one.instIdCode}`,
    mgnMode: "cross",
    posSide: "net",
    pos: contractsText(position.positionLots, one),
    availPos: contractsText(lots, one),
    avgPx: average,
    markPx: String(mark.markPrice),
    upl: lots === 0 ? "" : String((mark.markPrice - Number(average)) * sizeBase),
    lever: String(position.leverage),
    liqPx: "",
    imr: "",
    mmr: "",
    mgnRatio: "",
    margin: "",
    notionalUsd: String(Math.abs(sizeBase) * mark.markPrice),
    adl: "1",
    ccy: "USDT",
    realizedPnl: formatMoney(money(position.realizedPnl - position.feesPaid - position.fundingPaid)),
    fee: negated(position.feesPaid),
    fundingFee: negated(position.fundingPaid),
    cTime: timeText(position.tsUpdatedMs),
    uTime: timeText(position.tsUpdatedMs),
    pTime: timeText(venue.clock.nowMs()),
  };
}

/** The account channel's and `account/balance`'s row. */
export function accountRow(account: SimulatedAccount, nowMs: number): Row {
  const asText = (value: bigint): string => formatMoney(money(value));
  const available = account.freeCollateral > 0n ? account.freeCollateral : 0n;
  return {
    totalEq: asText(account.equity),
    adjEq: "",
    imr: asText(account.initialMargin),
    mmr: asText(account.maintenanceMargin),
    mgnRatio: "",
    uTime: timeText(nowMs),
    details: [{
      ccy: "USDT",
      eq: asText(account.equity),
      cashBal: asText(account.cash),
      availBal: asText(available),
      availEq: asText(available),
      frozenBal: asText(account.initialMargin),
      upl: asText(account.unrealizedPnl),
      uTime: timeText(nowMs),
    }],
  };
}
