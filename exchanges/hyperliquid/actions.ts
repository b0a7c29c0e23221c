/**
 * Trading actions as they are signed and sent. The order of keys is part of the signature: every record here is
 * written in the documented order, and an optional key is there or not there, never `undefined` or `null`.
 *
 * @see https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/exchange-endpoint
 */

/** `Alo` adds liquidity only, `Ioc` is filled at once as far as possible, `Gtc` rests. */
export type WireTimeInForce = "Alo" | "Ioc" | "Gtc";

export type WireOrderType =
  | { readonly limit: { readonly tif: WireTimeInForce } }
  | {
    readonly trigger: {
      readonly isMarket: boolean;
      readonly triggerPx: string;
      readonly tpsl: "tp" | "sl";
    };
  };

export interface WireOrder {
  /** Asset index in `meta`. */
  readonly a: number;
  readonly b: boolean;
  /** Decimal text without trailing zeros. */
  readonly p: string;
  readonly s: string;
  readonly r: boolean;
  readonly t: WireOrderType;
  readonly c: string;
}

export interface OrderAction {
  readonly type: "order";
  readonly orders: readonly WireOrder[];
  readonly grouping: "na";
}
export interface CancelAction {
  readonly type: "cancel";
  readonly cancels: readonly { readonly a: number; readonly o: number }[];
}
export interface CancelByCloidAction {
  readonly type: "cancelByCloid";
  readonly cancels: readonly { readonly asset: number; readonly cloid: string }[];
}
export interface BatchModifyAction {
  readonly type: "batchModify";
  readonly modifies: readonly { readonly oid: number | string; readonly order: WireOrder }[];
}
export interface ScheduleCancelAction {
  readonly type: "scheduleCancel";
  /** When everything is cancelled; absent to take it back. */
  readonly time?: number;
}
export interface UpdateLeverageAction {
  readonly type: "updateLeverage";
  readonly asset: number;
  readonly isCross: boolean;
  readonly leverage: number;
}
export interface NoopAction {
  readonly type: "noop";
}
export type Action =
  | OrderAction
  | CancelAction
  | CancelByCloidAction
  | BatchModifyAction
  | ScheduleCancelAction
  | UpdateLeverageAction
  | NoopAction;

export const wireOrder = (
  order: {
    readonly asset: number;
    readonly isBuy: boolean;
    readonly price: string;
    readonly size: string;
    readonly reduceOnly: boolean;
    readonly type: WireOrderType;
    readonly cloid: string;
  },
): WireOrder => ({
  a: order.asset,
  b: order.isBuy,
  p: order.price,
  s: order.size,
  r: order.reduceOnly,
  t: order.type,
  c: order.cloid,
});

export const limitType = (tif: WireTimeInForce): WireOrderType => ({ limit: { tif } });
export const triggerType = (isMarket: boolean, triggerPx: string, tpsl: "tp" | "sl"): WireOrderType => ({
  trigger: { isMarket, triggerPx, tpsl },
});

export const orderAction = (orders: readonly WireOrder[]): OrderAction => ({
  type: "order",
  orders,
  grouping: "na",
});
export const cancelAction = (
  cancels: readonly { readonly asset: number; readonly oid: number }[],
): CancelAction => ({ type: "cancel", cancels: cancels.map(({ asset, oid }) => ({ a: asset, o: oid })) });
export const cancelByCloidAction = (
  cancels: readonly { readonly asset: number; readonly cloid: string }[],
): CancelByCloidAction => ({
  type: "cancelByCloid",
  cancels: cancels.map(({ asset, cloid }) => ({ asset, cloid })),
});
export const modifyAction = (
  modifies: readonly { readonly oid: number | string; readonly order: WireOrder }[],
): BatchModifyAction => ({
  type: "batchModify",
  modifies: modifies.map(({ oid, order }) => ({ oid, order })),
});
export const scheduleCancelAction = (timeMs: number | undefined): ScheduleCancelAction =>
  timeMs === undefined ? { type: "scheduleCancel" } : { type: "scheduleCancel", time: timeMs };
export const updateLeverageAction = (
  asset: number,
  isCross: boolean,
  leverage: number,
): UpdateLeverageAction => ({ type: "updateLeverage", asset, isCross, leverage });
export const noopAction: NoopAction = { type: "noop" };

/** Entries of an action; the venue's request weight and address budget count them. */
export function lengthOf(action: Action): number {
  switch (action.type) {
    case "order":
      return action.orders.length;
    case "cancel":
    case "cancelByCloid":
      return action.cancels.length;
    case "batchModify":
      return action.modifies.length;
    case "scheduleCancel":
    case "updateLeverage":
    case "noop":
      return 1;
    default:
      return action satisfies never;
  }
}
