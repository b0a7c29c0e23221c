/**
 * Positions by owner and instrument, booked from fills alone, exact.
 *
 * Invariants:
 * 1. `positionLots` is the signed sum of the fills' lots.
 * 2. `costTicksLots` is what the open lots cost: closing k of n lots takes `cost × k / n`, truncated towards zero, and
 *    the rest stays, so that nothing is lost by rounding; flat is cost 0.
 * 3. `cash + cost = Σ of the sells − Σ of the buys + Σ of the buys that are open` holds as
 *    `realizedTicksLots − costTicksLots = Σ −sign × ticks × lots`.
 * 4. A fill through zero closes all and opens the rest at its own price.
 */
import { type Side, sideSign } from "../model/order.ts";
import { type SizeLots, sizeLots } from "../model/ticks.ts";

/** One position; ticks × lots, so the instrument's value of a tick × lot makes money of it. */
export interface Position {
  /** Long positive. */
  readonly positionLots: SizeLots;
  /** Signed as the position: 3 lots long from 100 is 300, 3 lots short -300. */
  readonly costTicksLots: bigint;
  readonly realizedTicksLots: bigint;
}

export const flatPosition: Position = {
  positionLots: sizeLots(0),
  costTicksLots: 0n,
  realizedTicksLots: 0n,
};

/** A position after a fill. Long 2 from 100, sell 3 at 110: short 1 from 110, realized 20. */
export function applyFill(position: Position, side: Side, priceTicks: number, lots: number): Position {
  const signed = sideSign(side) * lots;
  const price = BigInt(priceTicks);
  const held = position.positionLots;
  const isOpening = held === 0 || held > 0 === signed > 0;
  if (isOpening) {
    return {
      positionLots: sizeLots(held + signed),
      costTicksLots: position.costTicksLots + price * BigInt(signed),
      realizedTicksLots: position.realizedTicksLots,
    };
  }
  const closed = Math.min(Math.abs(held), lots);
  // Truncated towards zero, as bigint division does: the remainder of the division stays with the open lots.
  const takenCost = (position.costTicksLots * BigInt(closed)) / BigInt(Math.abs(held));
  const closedSigned = BigInt(held > 0 ? closed : -closed);
  const opened = signed + (held > 0 ? closed : -closed);
  return {
    positionLots: sizeLots(held + signed),
    costTicksLots: position.costTicksLots - takenCost + price * BigInt(opened),
    realizedTicksLots: position.realizedTicksLots + price * closedSigned - takenCost,
  };
}

/** Unrealized profit at a price, in ticks × lots: a float, for marks are estimates. NaN stays NaN, except when flat. */
export function unrealizedTicksLots(position: Position, markTicks: number): number {
  return position.positionLots === 0 ? 0 : position.positionLots * markTicks - Number(position.costTicksLots);
}

/** Average entry price in ticks; undefined when flat. */
export const averageEntryTicks = (position: Position): number | undefined =>
  position.positionLots === 0 ? undefined : Number(position.costTicksLots) / position.positionLots;
