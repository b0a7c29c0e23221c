/**
 * The venue's positions against ours. What differs after all fills have been read is foreign to us: somebody else's
 * orders, or money that was there before. It is counted into the account, shown, and left alone.
 */

export interface ComparedPosition {
  readonly index: number;
  readonly venueLots: number;
  /** Sum of our plugins' positions. */
  readonly ourLots: number;
  /** What was taken as foreign so far. */
  readonly foreignLots: number;
  /** A fill was booked since the question was asked, or an order of ours may be filling right now. */
  readonly isMoving: boolean;
}

export interface PositionDifference {
  readonly index: number;
  /** Venue − ours. */
  readonly differenceLots: number;
}

export interface ComparisonResult {
  /** Seen twice, or first of all while nothing moves: to be booked as foreign. */
  readonly confirmed: readonly PositionDifference[];
  /** To be looked at again. */
  readonly suspected: readonly PositionDifference[];
}

/**
 * One look at an account.
 *
 * @param suspectedBefore differences of the look before this one
 * @param look whether it is the first of a connection, right after fills were read; whether fills were read since
 * the look before
 */
export function comparePositions(
  positions: readonly ComparedPosition[],
  suspectedBefore: readonly PositionDifference[],
  look: { readonly isFirst: boolean; readonly areFillsRead: boolean },
): ComparisonResult {
  const confirmed: PositionDifference[] = [];
  const suspected: PositionDifference[] = [];
  for (const { index, venueLots, ourLots, foreignLots, isMoving } of positions) {
    const differenceLots = venueLots - ourLots;
    if (differenceLots === foreignLots) continue;
    const isRepeated = suspectedBefore.some((before) =>
      before.index === index && before.differenceLots === differenceLots
    );
    const difference = { index, differenceLots };
    const isConfirmed = look.isFirst ? !isMoving : isRepeated && look.areFillsRead;
    if (isConfirmed) confirmed.push(difference);
    else suspected.push(difference);
  }
  return { confirmed, suspected };
}
