/** Orders, fills, positions and balances in EdgeX's words (edgex.md, sections 3.2 and 4). Numbers are decimal text. */
import { formatMoney, increment, money, tickLotMoney } from "@berth/sdk";
import type {
  SimulatedAccount,
  SimulatedFill,
  SimulatedOrder,
  SimulatedPosition,
  SimulatedVenue,
} from "../../simulation/ports.ts";
import { collateral, listingOfSymbol, priceText, type Row, sizeText, timeText } from "./listing.ts";

const moneyText = (value: bigint): string => formatMoney(money(value));

/** What one tick of one lot is worth. */
function unitOf(symbol: string): bigint {
  const { simulated } = listingOfSymbol(symbol);
  return tickLotMoney({ tick: increment(simulated.tickSize), lot: increment(simulated.lotSize) });
}

/** What came with an order and is nothing to the matching engine. */
export interface OrderTerms {
  /** As on the wire, `STOP_MARKET` and the like. */
  readonly type: string;
  readonly timeInForce: string;
  readonly price: string;
  readonly triggerPrice: string;
  readonly triggerPriceType: string;
  readonly expireTime: string;
}

/** An order on the wire: one that waits for a price, or one that the matching engine knows. */
export interface WireOrder {
  readonly id: string;
  readonly terms: OrderTerms;
  readonly order: SimulatedOrder;
}

const refusalReasons: Readonly<Partial<Record<NonNullable<SimulatedOrder["refusal"]>, string>>> = {
  post_only_would_cross: "COULD_NOT_FILL",
  fok_not_filled: "COULD_NOT_FILL",
  no_liquidity: "COULD_NOT_FILL",
  reduce_only_would_increase: "REDUCE_ONLY_CANCELED",
  insufficient_margin: "MARGIN_NOT_ENOUGH",
  self_trade: "INTERNAL_FAILED",
};
/** Refusals of matching, which EdgeX takes in first and then cancels. */
export const isLateRefusal = (refusal: SimulatedOrder["refusal"]): boolean =>
  refusal !== undefined && refusalReasons[refusal] !== undefined;

const cancelReasons: Readonly<Record<NonNullable<SimulatedOrder["cancelReason"]>, string>> = {
  user: "USER_CANCELED",
  ioc_remainder: "COULD_NOT_FILL",
  reduce_only: "REDUCE_ONLY_CANCELED",
  self_trade: "INTERNAL_FAILED",
  dead_mans_switch: "SYSTEM_LIMIT_EVICTED",
  disconnect: "SYSTEM_LIMIT_EVICTED",
};

const statusOf = ({ status }: SimulatedOrder): string =>
  status === "open" ? "OPEN" : status === "filled" ? "FILLED" : "CANCELED";

function cancelReasonOf({ cancelReason, refusal }: SimulatedOrder): string {
  if (refusal !== undefined) return refusalReasons[refusal] ?? "INTERNAL_FAILED";
  return cancelReason === undefined ? "" : cancelReasons[cancelReason];
}

function matched(order: SimulatedOrder, fills: readonly SimulatedFill[]): Row {
  const fee = fills.filter(({ orderId }) => orderId === order.orderId)
    .reduce((sum, fill) => sum + fill.fee, 0n);
  return {
    cumMatchSize: sizeText(order.filledLots, listingOfSymbol(order.symbol)),
    cumMatchValue: moneyText(order.filledTicksLots * unitOf(order.symbol)),
    cumMatchFee: moneyText(fee),
  };
}

/** A whole row. */
export function orderRow(
  { id, order, terms }: WireOrder,
  fills: readonly SimulatedFill[],
  status = statusOf(order),
): Row {
  const one = listingOfSymbol(order.symbol);
  const match = matched(order, fills);
  return {
    id,
    userId: "600162890833461506",
    accountId: order.accountId,
    coinId: collateral.coinId,
    contractId: one.contractId,
    side: order.side === "buy" ? "BUY" : "SELL",
    price: terms.price,
    size: sizeText(order.sizeLots, one),
    clientOrderId: order.clientOrderId,
    type: terms.type,
    timeInForce: terms.timeInForce,
    reduceOnly: order.reduceOnly,
    triggerPrice: terms.triggerPrice === "" ? "0" : terms.triggerPrice,
    triggerPriceType: terms.triggerPriceType === "" ? "UNKNOWN_PRICE_TYPE" : terms.triggerPriceType,
    expireTime: terms.expireTime,
    sourceKey: "",
    isPositionTpsl: false,
    isLiquidate: false,
    isDeleverage: false,
    status,
    cancelReason: cancelReasonOf(order) === "" ? "UNKNOWN_ORDER_CANCEL_REASON" : cancelReasonOf(order),
    // What is matched settles later; here it never lags by more than it is asked.
    cumFillSize: match["cumMatchSize"],
    cumFillValue: match["cumMatchValue"],
    cumFillFee: match["cumMatchFee"],
    ...match,
    cumFailSize: "0",
    createdTime: timeText(order.tsCreatedMs),
    updatedTime: timeText(order.tsUpdatedMs),
  };
}

/** What the stream says of an order that it has told before. */
export function orderChangeRow(row: Row): Row {
  const { cancelReason, contractId, cumMatchFee, cumMatchSize, cumMatchValue, id, side, status, type } = row;
  return {
    id,
    contractId,
    side,
    type,
    status,
    cancelReason,
    cumMatchSize,
    cumMatchValue,
    cumMatchFee,
    updatedTime: row["updatedTime"],
  };
}

/** A whole row of the list of fills. */
export function fillRow(fill: SimulatedFill, orderId: string): Row {
  const one = listingOfSymbol(fill.symbol);
  return {
    id: fill.fillId,
    userId: "600162890833461506",
    accountId: fill.accountId,
    coinId: collateral.coinId,
    contractId: one.contractId,
    orderId,
    orderSide: fill.side === "buy" ? "BUY" : "SELL",
    fillSize: sizeText(fill.sizeLots, one),
    fillValue: moneyText(BigInt(fill.priceTicks) * BigInt(fill.sizeLots) * unitOf(fill.symbol)),
    fillFee: moneyText(fill.fee),
    fillPrice: priceText(fill.priceTicks, one),
    liquidateFee: "0",
    realizePnl: moneyText(fill.realizedPnl - fill.fee),
    direction: fill.liquidity === "taker" ? "TAKER" : "MAKER",
    isLiquidate: false,
    isDeleverage: false,
    matchFillId: fill.tradeId,
    matchTime: timeText(fill.tsMs),
    censorStatus: "CENSOR_SUCCESS",
    createdTime: timeText(fill.tsMs),
    updatedTime: timeText(fill.tsMs),
  };
}

/** What the stream says of a fill: contract and side are its order's. */
export function pushedFillRow(row: Row): Row {
  const { contractId: _contract, orderSide: _side, realizePnl: _pnl, ...pushed } = row;
  return pushed;
}

export function positionRow(position: SimulatedPosition): Row {
  const one = listingOfSymbol(position.symbol);
  return {
    userId: "600162890833461506",
    accountId: position.accountId,
    coinId: collateral.coinId,
    contractId: one.contractId,
    openSize: sizeText(position.positionLots, one),
    openValue: moneyText(position.costTicksLots * unitOf(position.symbol)),
    openFee: "0",
    fundingFee: moneyText(-position.fundingPaid),
    updatedTime: timeText(position.tsUpdatedMs),
  };
}

/** Opening takes a position's value off the collateral, closing puts it back. */
export function collateralRow(venue: SimulatedVenue, account: SimulatedAccount): Row {
  const openValue = venue.positions(account.accountId).reduce(
    (sum, { costTicksLots, symbol }) => sum + costTicksLots * unitOf(symbol),
    0n,
  );
  return {
    coinId: collateral.coinId,
    amount: moneyText(account.cash - openValue),
    cumDepositAmount: "0",
    cumWithdrawAmount: "0",
    cumTransferInAmount: "0",
    cumTransferOutAmount: "0",
    updatedTime: timeText(venue.clock.nowMs()),
  };
}

/** `getAccountAsset`. */
export function accountAsset(venue: SimulatedVenue, accountId: string): Row {
  const account = venue.account(accountId);
  const open = venue.positions(accountId).filter(({ positionLots }) => positionLots !== 0);
  return {
    account: { id: accountId, status: "NORMAL" },
    collateralList: [collateralRow(venue, account)],
    positionList: open.map(positionRow),
    positionAssetList: open.map((position) => ({
      contractId: listingOfSymbol(position.symbol).contractId,
      unrealizePnl: "0",
      liquidatePrice: "0",
      currentLeverage: String(position.leverage),
    })),
    collateralAssetModelList: [{
      coinId: collateral.coinId,
      totalEquity: moneyText(account.equity),
      availableAmount: moneyText(account.freeCollateral > 0n ? account.freeCollateral : 0n),
      initialMarginRequirement: moneyText(account.initialMargin),
    }],
    oraclePriceList: venue.instruments.map(({ symbol }) => {
      const one = listingOfSymbol(symbol);
      return { contractId: one.contractId, price: venue.mark(symbol).markPrice.toFixed(one.tick.decimals) };
    }),
  };
}
