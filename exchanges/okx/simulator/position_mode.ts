/**
 * Net or long/short positions of the simulated account. The shared ledger knows one signed position an instrument; in
 * long/short mode the two sides are kept here, by the side that each order was placed for. Margin is that of the net
 * position, which is less than the venue would hold: said so because everything else is as strict as the venue.
 */
import type { SimulatedEvent, SimulatedOrder, SimulatedVenue } from "../../simulation/ports.ts";

export type PositionModeName = "net_mode" | "long_short_mode";
export type LegSide = "long" | "short";

export interface Leg {
  readonly symbol: string;
  readonly side: LegSide;
  /** Never negative. */
  readonly lots: number;
  /** Sum of ticks × lots at entry. */
  readonly costTicksLots: bigint;
  readonly tsUpdatedMs: number;
}

const isOpening = (side: "buy" | "sell", leg: LegSide): boolean => (side === "buy") === (leg === "long");

export class PositionMode {
  readonly #venue: SimulatedVenue;
  readonly #accountId: string;
  readonly #legs = new Map<string, Leg>();
  /** Which side each order is for, by its venue id. */
  readonly #sides = new Map<string, LegSide>();
  #mode: PositionModeName = "net_mode";
  #placing: LegSide | undefined;

  constructor(venue: SimulatedVenue, accountId: string) {
    this.#venue = venue;
    this.#accountId = accountId;
    // Heard before any session's own listener: what is pushed is then told from legs that are up to date.
    venue.subscribe((event) => this.#onEvent(event));
  }

  get mode(): PositionModeName {
    return this.#mode;
  }

  /** @returns false while there are positions or orders, as at the venue */
  set(mode: PositionModeName): boolean {
    if (mode === this.#mode) return true;
    const isFlat = this.#venue.positions(this.#accountId).every(({ positionLots }) => positionLots === 0) &&
      [...this.#legs.values()].every(({ lots }) => lots === 0);
    if (!isFlat || this.#venue.openOrders(this.#accountId).length > 0) return false;
    this.#mode = mode;
    return true;
  }

  /** Runs `place` for one side; the orders that it makes are that side's. */
  placeFor<T>(side: LegSide | undefined, place: () => T): T {
    this.#placing = side;
    try {
      return place();
    } finally {
      this.#placing = undefined;
    }
  }

  sideOf(orderId: string): LegSide | "net" {
    return this.#sides.get(orderId) ?? "net";
  }

  /** Both sides of an instrument that was ever traded, or of all. */
  legs(symbol?: string): readonly Leg[] {
    return [...this.#legs.values()].filter((leg) => symbol === undefined || leg.symbol === symbol);
  }

  /** What an order that closes this side may still take. */
  closableLots(symbol: string, side: LegSide): number {
    const held = this.#legs.get(`${symbol}/${side}`)?.lots ?? 0;
    const closing = this.#venue.openOrders(this.#accountId)
      .filter((order) => order.symbol === symbol && this.#isClosing(order, side))
      .reduce((sum, order) => sum + order.sizeLots - order.filledLots, 0);
    return Math.max(0, held - closing);
  }

  #isClosing(order: SimulatedOrder, side: LegSide): boolean {
    return this.#sides.get(order.orderId) === side && !isOpening(order.side, side);
  }

  #onEvent(event: SimulatedEvent): void {
    if (event.kind !== "order" && event.kind !== "fill") return;
    const { order } = event;
    if (order.accountId !== this.#accountId) return;
    if (this.#placing !== undefined && !this.#sides.has(order.orderId)) {
      this.#sides.set(order.orderId, this.#placing);
    }
    if (event.kind !== "fill") return;
    const side = this.#sides.get(order.orderId);
    if (side === undefined) return;
    const { priceTicks, sizeLots, symbol, tsMs } = event.fill;
    const key = `${symbol}/${side}`;
    const before = this.#legs.get(key) ?? { symbol, side, lots: 0, costTicksLots: 0n, tsUpdatedMs: tsMs };
    const opens = isOpening(order.side, side);
    const lots = opens ? before.lots + sizeLots : before.lots - sizeLots;
    const costTicksLots = opens
      ? before.costTicksLots + BigInt(priceTicks) * BigInt(sizeLots)
      : before.lots === 0
      ? 0n
      : (before.costTicksLots * BigInt(lots)) / BigInt(before.lots);
    this.#legs.set(key, { symbol, side, lots, costTicksLots, tsUpdatedMs: tsMs });
  }
}
