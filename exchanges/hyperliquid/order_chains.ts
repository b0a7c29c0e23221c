/**
 * Orders that were changed. Hyperliquid cancels the old one and places another under a new number, with the same
 * cloid; both ends are told, in either order, and sizes count anew. Here they are one order again: its size is what
 * the earlier ones filled and the last one's own, and the cancel that a change causes is not its end.
 */
import { type ClientOrderId, type OrderReport, sizeLots, type VenueOrderId } from "@berth/sdk";

interface Chain {
  /** What earlier numbers filled. */
  readonly filledBefore: Map<VenueOrderId, number>;
  /** A change of this number is under way; so much of it was filled when it was sent. */
  replacing: VenueOrderId | undefined;
  replacingFilled: number;
  /** Its cancel, seen while that was so. */
  heldBack: OrderReport | undefined;
}

const maxChains = 2_000;

export class OrderChains {
  readonly #chains = new Map<ClientOrderId, Chain>();

  /** What was filled under earlier numbers. */
  filledBefore(id: ClientOrderId): number {
    return this.#filledBefore(this.#chains.get(id), undefined);
  }

  /** @param filledLots what is filled of the whole order, as far as known */
  begin(id: ClientOrderId, replaced: VenueOrderId, filledLots: number): void {
    const chain = this.#chains.get(id) ??
      { filledBefore: new Map(), replacing: undefined, replacingFilled: 0, heldBack: undefined };
    this.#chains.delete(id); // the youngest last
    this.#chains.set(id, chain);
    chain.replacing = replaced;
    chain.replacingFilled = filledLots - this.#filledBefore(chain, replaced);
    chain.heldBack = undefined;
    for (const oldest of this.#chains.keys()) {
      if (this.#chains.size <= maxChains) break;
      this.#chains.delete(oldest);
    }
  }

  /** The change is done. */
  succeed(id: ClientOrderId): void {
    const chain = this.#chains.get(id);
    if (chain?.replacing === undefined) return;
    this.#replaced(chain, chain.replacing);
  }

  /** The change was refused: a cancel that came with it is the order's end, to be told. */
  fail(id: ClientOrderId): OrderReport | undefined {
    const chain = this.#chains.get(id);
    const report = chain?.heldBack;
    if (chain !== undefined) {
      chain.replacing = undefined;
      chain.heldBack = undefined;
    }
    return report;
  }

  /** A report of one number as one of the whole order; undefined for the cancel that a change causes. */
  take(report: OrderReport): OrderReport | undefined {
    const { clientOrderId: id, venueOrderId: number } = report;
    const chain = id === undefined ? undefined : this.#chains.get(id);
    if (chain === undefined) return report;
    const isReplaced = chain.filledBefore.has(number);
    if (isReplaced || chain.replacing === number) {
      if (isReplaced) chain.filledBefore.set(number, report.filledLots);
      const whole = this.#whole(chain, report);
      if (report.status === "open" || report.status === "filled") return isReplaced ? undefined : whole;
      if (isReplaced) return undefined;
      chain.heldBack = whole;
      return undefined;
    }
    // Another number under the same cloid while a change is under way: the change is done.
    if (chain.replacing !== undefined) this.#replaced(chain, chain.replacing);
    return this.#whole(chain, report);
  }

  /** Its cancel, where that was seen, knows best what the number filled. */
  #replaced(chain: Chain, number: VenueOrderId): void {
    const { heldBack } = chain;
    const before = this.#filledBefore(chain, number);
    const filled = heldBack === undefined ? chain.replacingFilled : heldBack.filledLots - before;
    chain.filledBefore.set(number, filled);
    chain.replacing = undefined;
    chain.heldBack = undefined;
  }

  #whole(chain: Chain, report: OrderReport): OrderReport {
    const before = this.#filledBefore(chain, report.venueOrderId);
    if (before === 0) return report;
    return {
      ...report,
      sizeLots: sizeLots(report.sizeLots + before),
      filledLots: sizeLots(report.filledLots + before),
    };
  }

  #filledBefore(chain: Chain | undefined, except: VenueOrderId | undefined): number {
    let sum = 0;
    for (const [number, lots] of chain?.filledBefore ?? []) if (number !== except) sum += lots;
    return sum;
  }
}
