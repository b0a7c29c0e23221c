/**
 * One instrument's order book with price-time priority. It knows orders by price, size and owner, nothing of money
 * or protocols.
 *
 * Invariants:
 * 1. After every call the book is not crossed.
 * 2. A level's size is the sum of what its orders have left; empty levels don't exist.
 * 3. At one price the order that came first is filled first.
 */
import type { Side, SimulatedLevel } from "./ports.ts";

/** An order that rests. `remainingLots` shrinks as it is filled. */
export interface RestingOrder {
  readonly orderId: string;
  readonly accountId: string;
  readonly side: Side;
  readonly priceTicks: number;
  remainingLots: number;
}

interface Level {
  readonly priceTicks: number;
  readonly orders: RestingOrder[];
  sizeLots: number;
}

export interface Taker {
  readonly accountId: string;
  readonly side: Side;
  readonly sizeLots: number;
  /** Absent: any price. */
  readonly limitPriceTicks: number | undefined;
}

export interface MatchResult {
  readonly remainingLots: number;
  /** Stopped by a resting order of the same account: self-trade prevention expires the taker. */
  readonly isSelfTrade: boolean;
}

export class MatchingEngine {
  /** Best first: bids from high to low, asks from low to high. */
  readonly #bids: Level[] = [];
  readonly #asks: Level[] = [];
  readonly #byId = new Map<string, RestingOrder>();
  readonly #changed: Readonly<Record<Side, Set<number>>> = { buy: new Set(), sell: new Set() };

  /**
   * Fills the taker against the other side while its limit allows it.
   * @param onFill called for each resting order that is hit, after its size was reduced
   */
  match(
    taker: Taker,
    onFill: (maker: RestingOrder, priceTicks: number, sizeLots: number) => void,
  ): MatchResult {
    const levels = taker.side === "buy" ? this.#asks : this.#bids;
    let remainingLots = taker.sizeLots;
    for (let level = levels[0]; level !== undefined && remainingLots > 0; level = levels[0]) {
      if (!reaches(taker, level.priceTicks)) break;
      const maker = level.orders[0];
      if (maker === undefined) break;
      if (maker.accountId === taker.accountId) return { remainingLots, isSelfTrade: true };
      const sizeLots = Math.min(remainingLots, maker.remainingLots);
      remainingLots -= sizeLots;
      this.#reduce(level, maker, sizeLots);
      onFill(maker, level.priceTicks, sizeLots);
    }
    return { remainingLots, isSelfTrade: false };
  }

  /** Lots that a taker would get now; stops at its own orders. */
  available(taker: Taker): number {
    let lots = 0;
    for (const level of taker.side === "buy" ? this.#asks : this.#bids) {
      if (!reaches(taker, level.priceTicks)) break;
      for (const order of level.orders) {
        if (order.accountId === taker.accountId || lots >= taker.sizeLots) return lots;
        lots += order.remainingLots;
      }
    }
    return lots;
  }

  /** Puts an order behind those of its price. It must not cross. */
  rest(order: RestingOrder): void {
    const levels = order.side === "buy" ? this.#bids : this.#asks;
    const at = this.#position(levels, order.side, order.priceTicks);
    const found = levels[at];
    const level = found?.priceTicks === order.priceTicks
      ? found
      : { priceTicks: order.priceTicks, orders: [], sizeLots: 0 };
    if (level !== found) levels.splice(at, 0, level);
    level.orders.push(order);
    level.sizeLots += order.remainingLots;
    this.#byId.set(order.orderId, order);
    this.#changed[order.side].add(order.priceTicks);
  }

  /** Takes an order out; false when it is not in the book. */
  remove(orderId: string): boolean {
    const order = this.#byId.get(orderId);
    const level = order === undefined ? undefined : this.#levelOf(order);
    if (order === undefined || level === undefined) return false;
    this.#reduce(level, order, order.remainingLots);
    return true;
  }

  /** Makes a resting order smaller in place, keeping its priority. */
  shrink(orderId: string, remainingLots: number): boolean {
    const order = this.#byId.get(orderId);
    const level = order === undefined ? undefined : this.#levelOf(order);
    if (order === undefined || level === undefined || remainingLots > order.remainingLots) return false;
    this.#reduce(level, order, order.remainingLots - remainingLots);
    return true;
  }

  resting(orderId: string): RestingOrder | undefined {
    return this.#byId.get(orderId);
  }

  bestTicks(side: Side): number | undefined {
    return (side === "buy" ? this.#bids : this.#asks)[0]?.priceTicks;
  }

  /** True when an order of this side and price would trade at once. */
  wouldCross(side: Side, priceTicks: number): boolean {
    const best = this.bestTicks(side === "buy" ? "sell" : "buy");
    return best !== undefined && (side === "buy" ? best <= priceTicks : best >= priceTicks);
  }

  levels(side: Side, depth: number): readonly SimulatedLevel[] {
    return (side === "buy" ? this.#bids : this.#asks).slice(0, depth).map(({ priceTicks, sizeLots }) => ({
      priceTicks,
      sizeLots,
    }));
  }

  /** Prices of a side that changed since the last call, with their size now (0: gone). */
  takeChanges(side: Side): readonly SimulatedLevel[] {
    const changed = this.#changed[side];
    if (changed.size === 0) return [];
    const levels = side === "buy" ? this.#bids : this.#asks;
    const changes = [...changed].map((priceTicks) => {
      const level = levels[this.#position(levels, side, priceTicks)];
      return { priceTicks, sizeLots: level?.priceTicks === priceTicks ? level.sizeLots : 0 };
    });
    changed.clear();
    return changes;
  }

  #levelOf(order: RestingOrder): Level | undefined {
    const levels = order.side === "buy" ? this.#bids : this.#asks;
    const level = levels[this.#position(levels, order.side, order.priceTicks)];
    return level?.priceTicks === order.priceTicks ? level : undefined;
  }

  /** Index of the price in its side, or where it belongs. */
  #position(levels: readonly Level[], side: Side, priceTicks: number): number {
    let low = 0;
    let high = levels.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const price = levels[middle]?.priceTicks ?? 0;
      if (side === "buy" ? price > priceTicks : price < priceTicks) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #reduce(level: Level, order: RestingOrder, sizeLots: number): void {
    order.remainingLots -= sizeLots;
    level.sizeLots -= sizeLots;
    this.#changed[order.side].add(level.priceTicks);
    if (order.remainingLots > 0) return;
    level.orders.splice(level.orders.indexOf(order), 1);
    this.#byId.delete(order.orderId);
    if (level.orders.length > 0) return;
    const levels = order.side === "buy" ? this.#bids : this.#asks;
    levels.splice(levels.indexOf(level), 1);
  }
}

function reaches(taker: Taker, priceTicks: number): boolean {
  if (taker.limitPriceTicks === undefined) return true;
  return taker.side === "buy" ? priceTicks <= taker.limitPriceTicks : priceTicks >= taker.limitPriceTicks;
}
