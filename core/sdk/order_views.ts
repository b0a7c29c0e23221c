/** Orders, fills and positions as a strategy sees them, and its numbers as the host takes them: pure. */
import { BerthError } from "../errors.ts";
import type { InstrumentId } from "../model/ids.ts";
import type { Instrument } from "../model/instrument.ts";
import { money, moneyToNumber, tickLotMoney } from "../model/money.ts";
import {
  isFinalStatus,
  type Order,
  type OrderPricing,
  type OrderTerms,
  type OrderTrigger,
} from "../model/order.ts";
import { isTwoSided, midPrice, type Quote } from "../model/quote.ts";
import {
  fitPriceFigures,
  type Increment,
  incrementsToNumber,
  parseIncrements,
  priceTicks,
  type RoundingDirection,
  roundToIncrements,
} from "../model/ticks.ts";
import type { HostMessage } from "../protocol/messages.ts";
import type { FillView, OrderOptions, OrderView, PositionView } from "./strategy.ts";

type FillMessage = Extract<HostMessage, { readonly type: "fill" }>;
type PositionMessage = Extract<HostMessage, { readonly type: "position" }>;

/** Where the host knows no instrument there is nothing to round against: it refuses what it does not know. */
export const unknownStep: Increment = { text: "0.00000001", units: 1, decimals: 8 };

/** Decimal text exactly, a float rounded. @throws {BerthError} MODEL_INVALID_DECIMAL, INSTRUMENT_OFF_TICK, MODEL_OUT_OF_RANGE */
export function toIncrements(value: number | string, step: Increment, direction: RoundingDirection): number {
  return typeof value === "string" ? parseIncrements(value, step) : roundToIncrements(value, step, direction);
}

/** A price in ticks that the venue takes. Decimal text is never moved. @throws {BerthError} INSTRUMENT_OFF_TICK */
export function toPriceTicks(
  value: number | string,
  instrument: Instrument | undefined,
  direction: RoundingDirection,
): number {
  const tick = instrument?.tick ?? unknownStep;
  const ticks = toIncrements(value, tick, direction);
  const fitted = fitPriceFigures(ticks, tick, instrument?.maxPriceFigures, direction);
  if (fitted === ticks || typeof value !== "string") return fitted;
  throw new BerthError("INSTRUMENT_OFF_TICK", {
    instrument: instrument?.id ?? "this instrument",
    value,
    increment: `${instrument?.maxPriceFigures ?? 0} significant figures`,
  });
}

/** How an order is priced, in ticks. @throws {BerthError} MODEL_INVALID_DECIMAL, INSTRUMENT_OFF_TICK, MODEL_OUT_OF_RANGE */
export function pricingOf(options: OrderOptions, instrument: Instrument | undefined): OrderPricing {
  if (options.limitPrice === undefined) return { kind: "market", worstPriceTicks: undefined };
  const direction = options.rounding ?? (options.side === "buy" ? "down" : "up");
  return {
    kind: "limit",
    limitPriceTicks: priceTicks(toPriceTicks(options.limitPrice, instrument, direction)),
    timeInForce: options.timeInForce ?? "GTC",
    postOnly: options.postOnly ?? false,
  };
}

/** Rounded to the tick that is reached later: a trigger never fires before its price. */
export function triggerOf({ trigger, side }: OrderOptions, tick: Increment): OrderTrigger | undefined {
  if (trigger === undefined) return undefined;
  const isFalling = (side === "sell") === (trigger.kind === "stop");
  const ticks = toIncrements(trigger.price, tick, isFalling ? "down" : "up");
  return { kind: trigger.kind, triggerPriceTicks: priceTicks(ticks) };
}

function limitPriceOf(terms: OrderTerms, tick: Increment): number | undefined {
  return terms.pricing.kind === "limit" ? incrementsToNumber(terms.pricing.limitPriceTicks, tick) : undefined;
}

/** An order that the host has not yet answered. */
export function pendingView(ref: string, terms: OrderTerms, instrument: Instrument | undefined): OrderView {
  const { tick, lot } = instrument ?? { tick: unknownStep, lot: unknownStep };
  return {
    ref,
    clientOrderId: undefined,
    instrument: terms.instrument,
    side: terms.side,
    sizeBase: incrementsToNumber(terms.sizeLots, lot),
    filledBase: 0,
    averageFillPrice: undefined,
    limitPrice: limitPriceOf(terms, tick),
    reduceOnly: terms.reduceOnly,
    status: "pending_new",
    reason: undefined,
    text: undefined,
    isDone: false,
  };
}

/** An order as the host knows it. */
export function orderView(ref: string, order: Order, { tick, lot }: Instrument): OrderView {
  const averageTicks = order.filledLots === 0 ? undefined : Number(order.filledTicksLots) / order.filledLots;
  return {
    ...pendingView(ref, order, undefined),
    clientOrderId: order.clientOrderId,
    sizeBase: incrementsToNumber(order.sizeLots, lot),
    filledBase: incrementsToNumber(order.filledLots, lot),
    averageFillPrice: averageTicks === undefined
      ? undefined
      : (averageTicks * tick.units) / 10 ** tick.decimals,
    limitPrice: limitPriceOf(order, tick),
    status: order.status,
    reason: order.reason,
    text: order.venueText,
    isDone: isFinalStatus(order.status),
  };
}

/** NaN where the instrument is not known. */
export function fillView(
  ref: string,
  fill: FillMessage["fill"],
  instrument: Instrument | undefined,
): FillView {
  return {
    ref,
    instrument: fill.instrument,
    side: fill.side,
    price: instrument === undefined ? NaN : incrementsToNumber(fill.priceTicks, instrument.tick),
    sizeBase: instrument === undefined ? NaN : incrementsToNumber(fill.sizeLots, instrument.lot),
    liquidity: fill.liquidity,
    fee: moneyToNumber(fill.fee),
    fillId: fill.fillId,
    tsVenueMs: fill.tsVenueMs,
  };
}

/** Flat where there never was a position. Valued at the quote's middle; at nothing while that is one-sided. */
export function positionView(
  id: InstrumentId,
  position: PositionMessage | undefined,
  instrument: Instrument | undefined,
  quote: Quote | undefined,
): PositionView {
  if (position === undefined || instrument === undefined) {
    return {
      instrument: id,
      sizeBase: 0,
      averageEntryPrice: undefined,
      realizedPnl: 0,
      unrealizedPnl: 0,
      feesPaid: 0,
    };
  }
  const sizeBase = incrementsToNumber(position.positionLots, instrument.lot);
  const cost = moneyToNumber(money(position.costTicksLots * tickLotMoney(instrument)));
  const isValued = sizeBase !== 0 && quote !== undefined && isTwoSided(quote);
  return {
    instrument: id,
    sizeBase,
    averageEntryPrice: sizeBase === 0 ? undefined : cost / sizeBase,
    realizedPnl: moneyToNumber(money(position.realizedPnl)),
    unrealizedPnl: isValued ? midPrice(quote) * sizeBase - cost : 0,
    feesPaid: moneyToNumber(money(position.feesPaid)),
  };
}
