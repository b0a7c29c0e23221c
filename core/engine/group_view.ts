/** A leg's market as the engine knows it now, for the decisions of leg groups. */
import type { LegGroup, LegIndex } from "../model/leg_group.ts";
import type { LegView } from "../execution/leg_groups/repair_choice.ts";
import type { BookLevel } from "../model/market.ts";
import { type Side, sideSign } from "../model/order.ts";
import { incrementValue } from "../model/ticks.ts";
import type { InstrumentIndex } from "./events.ts";
import type { OrderBook } from "../model/order_book.ts";
import type { Rooms } from "./rooms.ts";

/** Average price of taking `lots` from a book's side, in ticks; NaN when it does not hold so many. */
function depthTicks(levels: readonly BookLevel[], lots: number): number {
  let left = lots;
  let cost = 0;
  for (const { priceTicks, sizeLots } of levels) {
    const taken = Math.min(left, sizeLots);
    cost += taken * priceTicks;
    left -= taken;
    if (left <= 0) return cost / lots;
  }
  return NaN;
}

/** What so many lots cost now: by the book where a whole and young one is kept, else the best price. NaN: nobody knows. */
export function executablePrice(
  rooms: Rooms,
  book: OrderBook | undefined,
  index: InstrumentIndex,
  side: Side,
  lots: number,
): number {
  const { quotes, time, market, instruments } = rooms;
  const { maxQuoteAgeMs } = market.now;
  const tick = instruments.get(index)?.tick;
  if (tick === undefined || !(quotes.quoteAgeMs(index, time.nowUs) <= maxQuoteAgeMs)) return NaN;
  if (quotes.isCrossed(index)) return NaN;
  const best = side === "buy" ? quotes.askPrice(index) : quotes.bidPrice(index);
  const isBookYoung = book?.state === "whole" && time.nowUs - book.tsRecvUs <= maxQuoteAgeMs * 1000;
  if (book === undefined || !isBookYoung || lots <= 0) return best;
  const deep = depthTicks(side === "buy" ? book.asks : book.bids, lots) * incrementValue(tick);
  // A book that is thinner than the order says only that the best price is too good.
  return Number.isNaN(deep) ? best : side === "buy" ? Math.max(deep, best) : Math.min(deep, best);
}

export function legView(
  rooms: Rooms,
  bookOf: (index: InstrumentIndex) => OrderBook | undefined,
  group: LegGroup,
  leg: LegIndex,
): LegView | undefined {
  const { instruments, portfolio } = rooms;
  const { instrument: id, side } = group.terms.legs[leg];
  const index = instruments.indexOf(id);
  const instrument = index === undefined ? undefined : instruments.get(index);
  if (index === undefined || instrument === undefined) return undefined;
  return {
    tick: instrument.tick,
    maxPriceFigures: instrument.maxPriceFigures,
    takerFeeBps: instrument.takerFeeBps,
    minSizeLots: instrument.minSizeLots,
    maxSizeLots: instrument.maxSizeLots,
    executablePrice: (wanted, lots) => executablePrice(rooms, bookOf(index), index, wanted, lots),
    availableLots: sideSign(side) * portfolio.positionLots(group.plugin, index),
  };
}
