/** Orders, fills, positions and the account in Paradex's words (paradex.md, 4.5 to 4.7). Numbers are decimal text. */
import { formatMoney, incrementValue, money } from "@berth/sdk";
import type {
  SimulatedAccount,
  SimulatedFill,
  SimulatedOrder,
  SimulatedPosition,
  SimulatedVenue,
} from "../../simulation/ports.ts";
import { listingOfSymbol, priceText, sizeText } from "./listing.ts";
import { cancelReasonOf, type OrderRules, type Placed } from "./order_rules.ts";
import type { TriggerOrder } from "./trigger_orders.ts";

type Row = Readonly<Record<string, unknown>>;

/** JSON text in which `bigint` stands as a bare number, as the venue writes `seq_no` beyond 2^53. */
export function toJson(value: unknown): string {
  const marked = JSON.stringify(
    value,
    (_key, field: unknown) => (typeof field === "bigint" ? `\u0001${field}\u0001` : field),
  );
  return marked.replaceAll(/"\\u0001(-?\d+)\\u0001"/g, "$1");
}

/** A counter that looks like the venue's: nanoseconds, always larger than before. */
export class SequenceNumbers {
  #last = 0n;

  next(nowMs: number): bigint {
    const stamp = BigInt(Math.round(nowMs)) * 1_000_000n;
    this.#last = stamp > this.#last ? stamp : this.#last + 1n;
    return this.#last;
  }
}

const averageText = (ticksLots: bigint, lots: number, tick: number): string =>
  lots === 0 ? "" : String(Number(((Number(ticksLots) / lots) * tick).toPrecision(15)));

export interface RowContext {
  readonly venue: SimulatedVenue;
  readonly address: string;
  /** Ids and terms as they went over the wire. */
  readonly rules: Pick<OrderRules, "factsOf" | "wireIdOf">;
  readonly sequence: SequenceNumbers;
}

/** An order; `status` overrides the state for the acknowledgement, which is always NEW. */
export function orderRow(order: SimulatedOrder, context: RowContext, status?: "NEW"): Row {
  const one = listingOfSymbol(order.symbol);
  const facts = context.rules.factsOf(order.orderId);
  const nowMs = context.venue.clock.nowMs();
  const isNew = status === "NEW";
  return {
    id: context.rules.wireIdOf(order.orderId),
    account: context.address,
    market: one.market,
    side: order.side === "buy" ? "BUY" : "SELL",
    type: facts?.type ?? (order.type === "market" ? "MARKET" : "LIMIT"),
    instruction: facts?.instruction ?? (order.postOnly ? "POST_ONLY" : order.timeInForce),
    size: sizeText(order.sizeLots, one),
    remaining_size: sizeText(isNew ? order.sizeLots : order.sizeLots - order.filledLots, one),
    price: order.type === "market" || order.limitPriceTicks === undefined
      ? "0"
      : priceText(order.limitPriceTicks, one),
    avg_fill_price: isNew
      ? ""
      : averageText(order.filledTicksLots, order.filledLots, incrementValue(one.tick)),
    trigger_price: facts?.triggerPrice ?? "0",
    status: status ?? (order.status === "open" ? "OPEN" : "CLOSED"),
    cancel_reason: isNew || order.status === "open" || order.status === "filled" ? "" : cancelReasonOf(order),
    client_id: order.clientOrderId,
    flags: facts?.flags ?? (order.reduceOnly ? ["REDUCE_ONLY"] : []),
    stp: "EXPIRE_TAKER",
    timestamp: facts?.signatureTsMs ?? order.tsCreatedMs,
    created_at: order.tsCreatedMs,
    last_updated_at: order.tsUpdatedMs,
    received_at: order.tsCreatedMs,
    published_at: nowMs,
    seq_no: context.sequence.next(nowMs),
    request_info: null,
  };
}

/** An order that waits for its price; `status` as in `orderRow`. */
export function triggerRow(order: TriggerOrder, context: RowContext, status?: "NEW"): Row {
  const { request } = order;
  const one = listingOfSymbol(request.symbol);
  const nowMs = context.venue.clock.nowMs();
  const isMarket = order.type.endsWith("MARKET");
  return {
    id: order.id,
    account: context.address,
    market: one.market,
    side: request.side === "buy" ? "BUY" : "SELL",
    type: order.type,
    instruction: order.instruction,
    size: sizeText(request.sizeLots, one),
    remaining_size: sizeText(request.sizeLots, one),
    price: isMarket || request.limitPriceTicks === undefined ? "0" : priceText(request.limitPriceTicks, one),
    avg_fill_price: "",
    trigger_price: priceText(order.triggerPriceTicks, one),
    status: status ?? order.status,
    cancel_reason: order.cancelReason,
    client_id: request.clientOrderId,
    flags: order.flags,
    stp: "EXPIRE_TAKER",
    timestamp: order.signatureTsMs,
    created_at: order.tsCreatedMs,
    last_updated_at: order.tsUpdatedMs,
    received_at: order.tsCreatedMs,
    published_at: nowMs,
    seq_no: context.sequence.next(nowMs),
    request_info: null,
  };
}

/** What was just placed, as the answer shows it. */
export const placedRow = (placed: Placed, context: RowContext): Row =>
  placed.kind === "order"
    ? orderRow(placed.order, context, "NEW")
    : triggerRow(placed.trigger, context, "NEW");

export function fillRow(fill: SimulatedFill, context: RowContext): Row {
  const one = listingOfSymbol(fill.symbol);
  const order = context.venue.order(fill.accountId, { orderId: fill.orderId });
  const before = context.venue.fills(fill.accountId).filter((other) =>
    other.orderId === fill.orderId && Number(other.fillId) <= Number(fill.fillId)
  );
  const filledLots = before.reduce((sum, other) => sum + other.sizeLots, 0);
  return {
    id: fill.fillId,
    account: context.address,
    market: one.market,
    order_id: context.rules.wireIdOf(fill.orderId),
    client_id: fill.clientOrderId,
    side: fill.side === "buy" ? "BUY" : "SELL",
    liquidity: fill.liquidity === "taker" ? "TAKER" : "MAKER",
    price: priceText(fill.priceTicks, one),
    size: sizeText(fill.sizeLots, one),
    remaining_size: sizeText(Math.max(0, (order?.sizeLots ?? filledLots) - filledLots), one),
    fee: formatMoney(money(fill.fee)),
    fee_currency: "USDC",
    realized_pnl: formatMoney(money(fill.realizedPnl)),
    realized_funding: "0",
    underlying_price: String(context.venue.mark(fill.symbol).indexPrice),
    fill_type: "FILL",
    flags: [],
    orderbook_seq_no: context.venue.book(fill.symbol, 0).sequence,
    created_at: fill.tsMs,
  };
}

/** `size` is signed on JSON. */
export function positionRow(position: SimulatedPosition, context: RowContext): Row {
  const one = listingOfSymbol(position.symbol);
  const lots = Math.abs(position.positionLots);
  const cost = position.costTicksLots < 0n ? -position.costTicksLots : position.costTicksLots;
  const average = averageText(cost, lots, incrementValue(one.tick));
  const mark = context.venue.mark(position.symbol).markPrice;
  const nowMs = context.venue.clock.nowMs();
  const sizeBase = position.positionLots * incrementValue(one.lot);
  const lastFill = context.venue.fills(position.accountId).findLast((fill) =>
    fill.symbol === position.symbol
  );
  return {
    id: `${context.address}-${one.market}`,
    account: context.address,
    market: one.market,
    status: lots === 0 ? "CLOSED" : "OPEN",
    side: position.positionLots < 0 ? "SHORT" : "LONG",
    size: sizeText(position.positionLots, one),
    average_entry_price: average === "" ? "0" : average,
    average_entry_price_usd: average === "" ? "0" : average,
    average_exit_price: "0",
    unrealized_pnl: lots === 0 ? "0" : String((mark - Number(average)) * sizeBase),
    unrealized_funding_pnl: "0",
    realized_positional_pnl: formatMoney(money(position.realizedPnl)),
    realized_positional_funding_pnl: formatMoney(money(-position.fundingPaid)),
    cost: average === "" ? "0" : String(Number(average) * Math.abs(sizeBase)),
    cost_usd: average === "" ? "0" : String(Number(average) * Math.abs(sizeBase)),
    cached_funding_index: "0",
    last_fill_id: lastFill?.fillId ?? "",
    leverage: String(position.leverage),
    liquidation_price: "",
    seq_no: context.sequence.next(nowMs),
    created_at: position.tsUpdatedMs,
    last_updated_at: position.tsUpdatedMs,
  };
}

export function accountRow(account: SimulatedAccount, context: RowContext): Row {
  const text = (value: bigint): string => formatMoney(money(value));
  const nowMs = context.venue.clock.nowMs();
  return {
    account: context.address,
    account_value: text(account.equity),
    total_collateral: text(account.cash),
    free_collateral: text(account.freeCollateral),
    initial_margin_requirement: text(account.initialMargin),
    maintenance_margin_requirement: text(account.maintenanceMargin),
    margin_cushion: text(account.equity - account.maintenanceMargin),
    settlement_asset: "USDC",
    status: "ACTIVE",
    seq_no: context.sequence.next(nowMs),
    updated_at: nowMs,
    last_seen_notification: 0,
  };
}
