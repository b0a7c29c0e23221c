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
import { spawnedBy } from "./algo_orders.ts";
import { cancelSourceOfRefusal } from "./order_entry.ts";
import type { PositionMode } from "./position_mode.ts";

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
export function orderRow(
  order: SimulatedOrder,
  { fills, positions }: RowContext,
  fill?: SimulatedFill,
): Row {
  const one = listingOfSymbol(order.symbol);
  const trigger = spawnedBy(order.clientOrderId);
  const own = fills.filter((other) => other.orderId === order.orderId);
  const fee = own.reduce((sum, other) => sum + other.fee, 0n);
  const pnl = own.reduce((sum, other) => sum + other.realizedPnl, 0n);
  return {
    instType: "SWAP",
    instId: one.instId,
    ordId: order.orderId,
    clOrdId: trigger === undefined ? order.clientOrderId : "",
    tag: "",
    px: order.limitPriceTicks === undefined ? "" : priceText(order.limitPriceTicks, one),
    sz: contractsText(order.sizeLots, one),
    notionalUsd: "",
    ordType: ordTypeOf(order),
    side: order.side,
    posSide: positions.sideOf(order.orderId),
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
    algoId: trigger?.algoId ?? "",
    algoClOrdId: trigger?.algoClOrdId ?? "",
    attachAlgoOrds: [],
    cTime: timeText(order.tsCreatedMs),
    uTime: timeText(order.tsUpdatedMs),
  };
}

/** One row of `trade/fills`. */
export function fillRow(fill: SimulatedFill, positions: PositionMode): Row {
  const one = listingOfSymbol(fill.symbol);
  return {
    instType: "SWAP",
    instId: one.instId,
    tradeId: fill.tradeId,
    ordId: fill.orderId,
    clOrdId: spawnedBy(fill.clientOrderId) === undefined ? fill.clientOrderId : "",
    billId: fill.fillId,
    tag: "",
    fillPx: priceText(fill.priceTicks, one),
    fillSz: contractsText(fill.sizeLots, one),
    fillPnl: formatMoney(money(fill.realizedPnl)),
    side: fill.side,
    posSide: positions.sideOf(fill.orderId),
    execType: fill.liquidity === "taker" ? "T" : "M",
    feeCcy: "USDT",
    fee: negated(fill.fee),
    ts: timeText(fill.tsMs),
    fillTime: timeText(fill.tsMs),
  };
}

/** Rows of the positions channel: one in net mode, signed; long and short apart in the other, both without sign. */
export function positionRows(
  position: SimulatedPosition,
  venue: SimulatedVenue,
  positions: PositionMode,
): readonly Row[] {
  const { positionLots, symbol, tsUpdatedMs } = position;
  if (positions.mode === "net_mode") {
    const costTicksLots = position.costTicksLots < 0n ? -position.costTicksLots : position.costTicksLots;
    const row = {
      side: "net",
      lots: positionLots,
      costTicksLots,
      closableLots: Math.abs(positionLots),
      tsUpdatedMs,
    };
    return [positionRow(position, venue, row)];
  }
  return positions.legs(symbol).map((leg) =>
    positionRow(position, venue, { ...leg, closableLots: positions.closableLots(symbol, leg.side) })
  );
}

function positionRow(
  position: SimulatedPosition,
  venue: SimulatedVenue,
  { side, lots, costTicksLots, closableLots, tsUpdatedMs }: {
    readonly side: string;
    readonly lots: number;
    readonly costTicksLots: bigint;
    readonly closableLots: number;
    readonly tsUpdatedMs: number;
  },
): Row {
  const one = listingOfSymbol(position.symbol);
  const mark = venue.mark(position.symbol);
  const average = averagePriceText(costTicksLots, Math.abs(lots), one.tick.text);
  const sizeBase = (side === "short" ? -lots : lots) * Number(one.simulated.lotSize);
  return {
    instType: "SWAP",
    instId: one.instId,
    posId: `pos${one.instIdCode}${side}`,
    mgnMode: "cross",
    posSide: side,
    pos: contractsText(lots, one),
    availPos: contractsText(closableLots, one),
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
    cTime: timeText(tsUpdatedMs),
    uTime: timeText(tsUpdatedMs),
    pTime: timeText(venue.clock.nowMs()),
  };
}

/** What rows are made of beside their own record. */
export interface RowContext {
  readonly fills: readonly SimulatedFill[];
  readonly positions: PositionMode;
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
