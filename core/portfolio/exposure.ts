/** Worst-case exposure: every working, in-flight and unknown order of one side filled, none of the other. Estimates in USD. */

/** Position and open orders of one owner on one instrument, in lots. Reduce-only orders are not in the open lots: the venue
 * never lets them pass through zero. */
export interface ExposureCell {
  readonly index: number;
  /** Signed, long positive. */
  readonly positionLots: number;
  readonly openBuyLots: number;
  readonly openSellLots: number;
}

/** How an instrument's lots become USD. */
export interface Valuation {
  /** Value of one lot, NaN when there is no price young enough. */
  readonly lotUsd: (index: number) => number;
  /** The same number for instruments of one underlying on all venues: their longs and shorts offset. */
  readonly underlying: (index: number) => number;
}

/** An order that is not in the cells yet. */
export interface AddedOrder {
  readonly index: number;
  readonly buyLots: number;
  readonly sellLots: number;
  /** At least this much a lot, whatever the valuation says; NaN for no such floor. */
  readonly lotUsd: number;
}

export interface Exposure {
  /** Of the added order's instrument. */
  readonly positionUsd: number;
  /** Instruments that are held or would be. */
  readonly positions: number;
  /** The largest of one instrument. */
  readonly largestPositionUsd: number;
  readonly grossUsd: number;
  readonly netUsd: number;
  /** Index of an instrument without a price, -1 for none. Sums are NaN then. */
  readonly unpricedIndex: number;
}

/**
 * The larger of the two one-sided outcomes.
 * Long 3, buys 5, sells 10: max(|3 + 5|, |3 - 10|) gives 8.
 */
export const worstCase = (position: number, buys: number, sells: number): number =>
  Math.max(Math.abs(position + buys), Math.abs(position - sells));

interface UnderlyingSum {
  position: number;
  buys: number;
  sells: number;
}

const noOrder: AddedOrder = { index: -1, buyLots: 0, sellLots: 0, lotUsd: NaN };

/** Sums over the cells of one scope, with an order added to one of them. */
export function exposureOf(
  cells: Iterable<ExposureCell>,
  valuation: Valuation,
  added: AddedOrder = noOrder,
): Exposure {
  const sums = new Map<number, UnderlyingSum>();
  let positionUsd = NaN;
  let largestPositionUsd = 0;
  let positions = 0;
  let grossUsd = 0;
  let unpricedIndex = -1;
  const add = (index: number, position: number, buys: number, sells: number, floorUsd: number): number => {
    if (position === 0 && buys === 0 && sells === 0) return 0;
    const known = valuation.lotUsd(index);
    const lotUsd = known < floorUsd ? floorUsd : known;
    if (!(lotUsd >= 0)) unpricedIndex = index;
    const underlying = valuation.underlying(index);
    const sum = sums.get(underlying) ?? { position: 0, buys: 0, sells: 0 };
    sum.position += position * lotUsd;
    sum.buys += buys * lotUsd;
    sum.sells += sells * lotUsd;
    sums.set(underlying, sum);
    const worstUsd = worstCase(position, buys, sells) * lotUsd;
    positions += 1;
    grossUsd += worstUsd;
    if (!(worstUsd <= largestPositionUsd)) largestPositionUsd = worstUsd;
    return worstUsd;
  };
  let isAdded = false;
  for (const cell of cells) {
    const isOrders = cell.index === added.index;
    const buys = cell.openBuyLots + (isOrders ? added.buyLots : 0);
    const sells = cell.openSellLots + (isOrders ? added.sellLots : 0);
    const worstUsd = add(cell.index, cell.positionLots, buys, sells, isOrders ? added.lotUsd : NaN);
    if (isOrders) {
      isAdded = true;
      positionUsd = worstUsd;
    }
  }
  if (!isAdded && added.index >= 0) {
    positionUsd = add(added.index, 0, added.buyLots, added.sellLots, added.lotUsd);
  }
  let netUsd = 0;
  for (const sum of sums.values()) netUsd += worstCase(sum.position, sum.buys, sum.sells);
  return { positionUsd, positions, largestPositionUsd, grossUsd, netUsd, unpricedIndex };
}
