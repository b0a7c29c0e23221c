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
  /** What the order came to, once that was told. */
  end: OrderReport | undefined;
}

const maxChains = 2_000;

const newChain = (): Chain => ({
  filledBefore: new Map(),
  replacing: undefined,
  replacingFilled: 0,
  heldBack: undefined,
  end: undefined,
});

export class OrderChains {
  readonly #chains = new Map<ClientOrderId, Chain>();

  /** @param filledLots what is filled of the whole order, as far as known */
  begin(id: ClientOrderId, replaced: VenueOrderId, filledLots: number): void {
    const chain = this.#chains.get(id) ?? newChain();
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
    if (chain === undefined) return undefined;
    chain.end ??= chain.heldBack;
    const report = chain.heldBack;
    chain.replacing = undefined;
    chain.heldBack = undefined;
    return report;
  }

  /** A report of one number as one of the whole order; undefined for the cancel that a change causes. */
  take(report: OrderReport): OrderReport | undefined {
    const { clientOrderId: id, venueOrderId: number } = report;
    const chain = id === undefined ? undefined : this.#chains.get(id);
    if (chain === undefined) return report;
    if (report.status === "rejected") return this.#refused(chain, report);
    const before = chain.filledBefore.get(number);
    if (before !== undefined) {
      chain.filledBefore.set(number, Math.max(before, report.filledLots));
      return undefined; // its place was taken by another number
    }
    // Another number under the same cloid while a change is under way: the change is done.
    if (chain.replacing !== undefined && chain.replacing !== number) this.#replaced(chain, chain.replacing);
    const whole = this.#whole(chain, report);
    if (chain.replacing === number && report.status === "cancelled") {
      chain.heldBack = whole;
      return undefined;
    }
    if (whole.status !== "open") chain.end = whole;
    return whole;
  }

  /** The new order of a change was refused: the order is what its last number came to. */
  #refused(chain: Chain, report: OrderReport): OrderReport | undefined {
    if (chain.replacing !== undefined) return undefined; // the answer to the change says more
    if (chain.end !== undefined) return chain.end;
    const filledLots = sizeLots(this.#filledBefore(chain, undefined) + chain.replacingFilled);
    return { ...report, status: "cancelled", reason: "venue", sizeLots: filledLots, filledLots };
  }

  /** Its cancel, where that was seen, knows best what the number filled. */
  #replaced(chain: Chain, number: VenueOrderId): void {
    const { heldBack } = chain;
    const before = this.#filledBefore(chain, number);
    const filled = heldBack === undefined ? chain.replacingFilled : heldBack.filledLots - before;
    chain.filledBefore.set(number, filled);
    chain.replacing = undefined;
    chain.replacingFilled = 0;
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
