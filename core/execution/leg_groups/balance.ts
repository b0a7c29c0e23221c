/** Whether the legs of a group stand in the proportion of their sizes, in whole lots of each venue. */
import { heldLots, type LegGroup, type LegIndex, type LegTotals, otherLeg } from "../../model/leg_group.ts";

export interface Imbalance {
  /** The leg that holds more of its size than the other. */
  readonly excess: LegIndex;
  /** Lots of that leg to close for both to be even; rounded down, and all of it when the other holds nothing. */
  readonly excessLots: number;
  /** Lots of the other leg to open for both to be even, rounded down: 0 when less than one is missing. */
  readonly laggingLots: number;
}

/** Truncating division of non-negative integers whose product may exceed 2^53. */
const scaled = (lots: number, by: number, over: number): number =>
  Number((BigInt(lots) * BigInt(by)) / BigInt(over));

/** The same, rounded up. */
const scaledUp = (lots: number, by: number, over: number): number =>
  Number((BigInt(lots) * BigInt(by) + BigInt(over) - 1n) / BigInt(over));

/**
 * The leg that is ahead, and by how much; undefined when they are even: both hold nothing, or both something and less
 * than a lot is missing on either side. A leg below zero (a venue filled more than was asked) counts as holding
 * nothing here; `overclosedLeg` names it.
 *
 * Sizes 1000 and 100 lots, held 500 and 20: leg 0 is ahead, by 300 of its own lots, and 30 of the other's are missing.
 */
export function imbalanceOf({ terms, totals }: Pick<LegGroup, "terms" | "totals">): Imbalance | undefined {
  const held = totals.map((leg) => Math.max(0, heldLots(leg)));
  const [first = 0, second = 0] = held;
  const [firstSize, secondSize] = [terms.legs[0].sizeLots, terms.legs[1].sizeLots];
  const ahead = BigInt(first) * BigInt(secondSize) - BigInt(second) * BigInt(firstSize);
  if (ahead === 0n) return undefined;
  const excess: LegIndex = ahead > 0n ? 0 : 1;
  const lagging = otherLeg(excess);
  const [excessHeld, laggingHeld] = excess === 0 ? [first, second] : [second, first];
  const [excessSize, laggingSize] = [terms.legs[excess].sizeLots, terms.legs[lagging].sizeLots];
  const laggingLots = scaled(excessHeld, laggingSize, excessSize) - laggingHeld;
  const excessLots = excessHeld - scaledUp(laggingHeld, excessSize, laggingSize);
  const isLone = laggingHeld === 0;
  return laggingLots > 0 || isLone ? { excess, excessLots, laggingLots } : undefined;
}

/** A leg of which more was closed than opened. */
export function overclosedLeg(totals: readonly [LegTotals, LegTotals]): LegIndex | undefined {
  if (heldLots(totals[0]) < 0) return 0;
  return heldLots(totals[1]) < 0 ? 1 : undefined;
}

/** Lots of the second leg that the first one's fills ask for, rounded down. */
export function hedgeLots({ terms, totals }: Pick<LegGroup, "terms" | "totals">): number {
  const first = Math.max(0, heldLots(totals[0]));
  return scaled(first, terms.legs[1].sizeLots, terms.legs[0].sizeLots);
}
