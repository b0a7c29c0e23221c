/**
 * Where a resting order of paper stands among the real ones at its price. Venues show sizes by price, not orders, so the
 * place is an estimate, and each doubt is decided against us:
 *
 * 1. On arrival everything shown at the price is ahead; what is not shown (deeper than the feed goes) is unknown and
 *    ahead too, without bound, until the price is seen.
 * 2. A trade at the price takes from what is ahead first, and reaches us with what it has left.
 * 3. A size that shrinks without a trade was cancelled behind us. Only when less is shown than was thought ahead has
 *    some of it gone from there.
 * 4. A trade is often printed after the quote that it changed. What a shrinking size took from the queue within
 *    {@link printLagUs} before a trade is that trade, and is not counted twice.
 *
 * Rules 1 to 3 are the risk-averse queue model of hftbacktest
 * (https://hftbacktest.readthedocs.io/en/latest/order_fill.html), after Rigtorp's estimator
 * (https://rigtorp.se/2013/06/08/estimating-order-queue-position.html) with the probability of a cancel ahead of us at
 * its lowest. Rule 4 takes the place of their subtracting trades from later size changes, which needs a feed that
 * prints trades first.
 */

/** How late a trade may be printed behind the quote that shows it. */
export const printLagUs = 1_000_000;

export interface QueuePlace {
  /** Lots of others that trade before us; Infinity for what can't be seen. */
  aheadLots: number;
  /** Lots that shrinking sizes took from `aheadLots` and whose trades may still be printed. */
  unprintedLots: number;
  /** Until when they may. */
  unprintedUntilUs: number;
}

/** The place of an order that arrives. @param shownLots at its price and on its side; Infinity when it can't be seen */
export const placeBehind = (shownLots: number): QueuePlace => ({
  aheadLots: shownLots,
  unprintedLots: 0,
  unprintedUntilUs: -Infinity,
});

/** The price is shown with this size now: no more than that can be ahead. */
export function seeSize(place: QueuePlace, shownLots: number, nowUs: number): void {
  if (!(shownLots < place.aheadLots)) return;
  // Out of an unknown queue nothing is known to have traded.
  const gone = place.aheadLots === Infinity ? 0 : place.aheadLots - shownLots;
  place.aheadLots = shownLots;
  if (gone === 0) return;
  place.unprintedLots = nowUs <= place.unprintedUntilUs ? place.unprintedLots + gone : gone;
  place.unprintedUntilUs = nowUs + printLagUs;
}

/** A trade at the order's price. @returns lots of it that reach the order */
export function seeTrade(place: QueuePlace, tradedLots: number, nowUs: number): number {
  let left = tradedLots;
  if (place.unprintedLots > 0) {
    const known = nowUs <= place.unprintedUntilUs ? Math.min(left, place.unprintedLots) : 0;
    place.unprintedLots = nowUs <= place.unprintedUntilUs ? place.unprintedLots - known : 0;
    left -= known;
  }
  const before = Math.min(left, place.aheadLots);
  if (place.aheadLots !== Infinity) place.aheadLots -= before;
  return left - before;
}
