/**
 * Whose a fill is where the venue's list of fills names no order id of ours: the order itself says it, as its report did
 * or when it is asked about, once.
 */
import type { Fill } from "../../model/account.ts";
import type { ClientOrderId } from "../../model/ids.ts";

/** Orders that are remembered, oldest first. */
const maxKnown = 5_000;

export class FillOwners {
  readonly #ask: (fill: Fill, signal: AbortSignal) => Promise<ClientOrderId | undefined>;
  /** By the venue's order id; undefined for orders that are not ours. */
  readonly #known = new Map<string, ClientOrderId | undefined>();

  /** @param ask about the order of a fill; undefined for one that is not ours, or that the venue has forgotten. What it throws is thrown on */
  constructor(ask: (fill: Fill, signal: AbortSignal) => Promise<ClientOrderId | undefined>) {
    this.#ask = ask;
  }

  /** A report said whose an order is. */
  note(venueOrderId: string, owner: ClientOrderId | undefined): void {
    this.#known.delete(venueOrderId);
    this.#known.set(venueOrderId, owner);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= maxKnown) break;
      this.#known.delete(oldest);
    }
  }

  /**
   * The same fills under our ids; others' stay without one.
   * @throws when an order can't be asked about: its fill would look like somebody else's
   */
  async named(fills: readonly Fill[], signal: AbortSignal): Promise<readonly Fill[]> {
    const named: Fill[] = [];
    for (const fill of fills) {
      const isNamed = fill.clientOrderId !== undefined;
      named.push(isNamed ? fill : { ...fill, clientOrderId: await this.#ownerOf(fill, signal) });
    }
    return named;
  }

  async #ownerOf(fill: Fill, signal: AbortSignal): Promise<ClientOrderId | undefined> {
    if (this.#known.has(fill.venueOrderId)) return this.#known.get(fill.venueOrderId);
    const owner = await this.#ask(fill, signal);
    this.note(fill.venueOrderId, owner);
    return owner;
  }
}
