/**
 * The stop that is kept at the venue behind an exit plan's own: what should stand there, and what is to be done so that
 * it does. Pure, and reckoned from the working orders alone, so that a restarted host goes on with what the venue has.
 *
 * Invariants:
 * 1. The old stop is cancelled when the venue has confirmed the new one, never before: in between two stand, and both
 *    only reduce.
 * 2. At most two stand on purpose; while nobody knows of one whether it stands, none is placed.
 * 3. A stop that is missing or of the wrong size is placed as soon as the pause allows, by the request budget kept for
 *    such orders; one whose price alone has moved waits for a longer pause and for budget to spare.
 * 4. While the position is being closed the stop stands as it is: it goes when the position is gone.
 */
import type { ClientOrderId } from "../../model/ids.ts";
import type { Instrument } from "../../model/instrument.ts";
import { oppositeSide, type Order, type Side } from "../../model/order.ts";
import {
  fittedTicks,
  incrementValue,
  type PriceTicks,
  priceTicks,
  type SizeLots,
  sizeLots,
} from "../../model/ticks.ts";
import { type Direction, priceAt } from "./exit_levels.ts";

export interface ResidentStopSettings {
  /** Off: the host's own stops are the only ones. */
  readonly enabled: boolean;
  /** How far behind the host's stop the venue's stands, bps of its price: so far the host normally comes first. */
  readonly marginBps: number;
}

export const defaultResidentStops: ResidentStopSettings = { enabled: true, marginBps: 50 };

/** The stop that should stand. */
export interface WantedStop {
  readonly side: Side;
  readonly sizeLots: SizeLots;
  readonly triggerPriceTicks: PriceTicks;
}

export interface StopBasis {
  readonly direction: Direction;
  /** Not 0. */
  readonly positionLots: number;
  /** Where the host's own stop stands. */
  readonly stopPrice: number;
  readonly marginBps: number;
}

/**
 * Behind the host's stop, rounded away from the market. A long position with a stop at 95 and a margin of 50 bps:
 * 94.525; a short one with a stop at 105: 105.525.
 */
export function wantedStop(
  { direction, positionLots, stopPrice, marginBps }: StopBasis,
  instrument: Pick<Instrument, "tick" | "maxPriceFigures" | "maxSizeLots">,
): WantedStop | undefined {
  const { tick, maxSizeLots } = instrument;
  const price = priceAt(direction, stopPrice, -marginBps);
  const exactTicks = price / incrementValue(tick);
  if (!(exactTicks >= 1 && exactTicks < maxTicks)) return undefined;
  const ticks = fittedTicks(price, instrument, direction === "long" ? "down" : "up");
  const lots = Math.abs(positionLots);
  return {
    side: direction === "long" ? "sell" : "buy",
    sizeLots: sizeLots(maxSizeLots > 0 ? Math.min(lots, maxSizeLots) : lots),
    triggerPriceTicks: priceTicks(ticks),
  };
}

/** Whether the mark price has reached a stop already: a venue takes no such stop. NaN reaches nothing. */
export const isStopReached = ({ side, triggerPriceTicks }: WantedStop, markTicks: number): boolean =>
  side === "sell" ? markTicks <= triggerPriceTicks : markTicks >= triggerPriceTicks;

/** Beyond it a price is no whole number of ticks that can be told exactly. */
const maxTicks = 2 ** 50;

/** What is to be at the venue. */
export type StopAim =
  | { readonly kind: "stand"; readonly stop: WantedStop }
  /** What stands stays as it is, and nothing is placed. */
  | { readonly kind: "keep" }
  | { readonly kind: "remove" };

export interface ResidentStopView {
  readonly aim: StopAim;
  /** The working stops of one plugin on one instrument, oldest first. */
  readonly standing: readonly Order[];
  readonly nowUs: number;
  /** When the last one was placed; -Infinity before. */
  readonly placedUs: number;
  /** Nothing is placed before: the venue refused, or took one away. */
  readonly notBeforeUs: number;
  /** Whether the venue's request budget allows for more than what must be. */
  readonly isBudgetSpare: boolean;
  readonly marginBps: number;
}

export interface ResidentStopStep {
  readonly place: WantedStop | undefined;
  readonly cancel: readonly ClientOrderId[];
}

/** The churn gate: from one stop to the next of another size, and of another price alone. */
const resizePauseUs = 1_000_000;
const repricePauseUs = 5_000_000;

const nothing: ResidentStopStep = { place: undefined, cancel: [] };
const idOf = ({ clientOrderId }: Order): ClientOrderId => clientOrderId;

/** Whether the venue has said that it works. */
export const isConfirmed = ({ status }: Order): boolean =>
  status === "accepted" || status === "partially_filled";

const hasSize = (order: Order, stop: WantedStop): boolean =>
  order.side === stop.side && order.sizeLots - order.filledLots === stop.sizeLots;

/** Within half the margin of where it should be: no reason for another. */
function hasPrice({ trigger }: Order, { triggerPriceTicks }: WantedStop, marginBps: number): boolean {
  if (trigger === undefined) return false;
  const offBps = Math.abs(trigger.triggerPriceTicks / triggerPriceTicks - 1) * 10_000;
  return offBps <= marginBps / 2;
}

export function decideResidentStop(view: ResidentStopView): ResidentStopStep {
  const { aim, standing } = view;
  switch (aim.kind) {
    case "keep":
      return nothing;
    case "remove":
      return { place: undefined, cancel: standing.map(idOf) };
    case "stand":
      return towards(aim.stop, view);
    default:
      return aim satisfies never;
  }
}

function towards(stop: WantedStop, view: ResidentStopView): ResidentStopStep {
  const { standing, marginBps } = view;
  const wrong = standing.filter(({ side }) => side === oppositeSide(stop.side)).map(idOf);
  const right = standing.filter(({ side }) => side === stop.side);
  const fitting = right.findLast((order) => hasSize(order, stop) && hasPrice(order, stop, marginBps));
  if (fitting !== undefined) {
    const old = isConfirmed(fitting) ? right.filter((order) => order !== fitting).map(idOf) : [];
    return { place: undefined, cancel: [...wrong, ...old] };
  }
  const isPlacing = right.every(isConfirmed) && right.length < 2 && isDue(right, stop, view);
  return { place: isPlacing ? stop : undefined, cancel: [...wrong, ...beyondOne(right)] };
}

/** Of two that both don't fit any more, the newer stays until the next one stands. */
const beyondOne = (right: readonly Order[]): readonly ClientOrderId[] =>
  right.length > 1 && right.every(isConfirmed) ? right.slice(0, -1).map(idOf) : [];

function isDue(right: readonly Order[], stop: WantedStop, view: ResidentStopView): boolean {
  const { nowUs, placedUs, notBeforeUs, isBudgetSpare } = view;
  if (nowUs < notBeforeUs) return false;
  if (right.length === 0) return true;
  const isRepricing = right.some((order) => hasSize(order, stop));
  const pauseUs = isRepricing ? repricePauseUs : resizePauseUs;
  return nowUs >= placedUs + pauseUs && (!isRepricing || isBudgetSpare);
}

/** What is known of a stop's ends: how long to wait after the venue did not keep one. */
export interface StopTrouble {
  readonly failures: number;
  readonly notBeforeUs: number;
}

export const noTrouble: StopTrouble = { failures: 0, notBeforeUs: -Infinity };

const firstPauseUs = 1_000_000;
const maxPauseUs = 300_000_000;
/** One that stood so long was no failure. */
const stoodUs = 60_000_000;

/** After a stop ended by neither a fill nor our own cancel: pauses of 1 s, 2 s, 4 s, … up to five minutes. */
export function troubleAfter(before: StopTrouble, stop: Order, nowUs: number): StopTrouble {
  const failures = nowUs - stop.tsCreatedUs >= stoodUs ? 1 : before.failures + 1;
  return { failures, notBeforeUs: nowUs + Math.min(maxPauseUs, firstPauseUs * 2 ** (failures - 1)) };
}
