/**
 * Watches trades of two legs by the venues' own fills: how much of one leg is alone, in USD, and for how long while it
 * could have been put right (the host runs, both accounts are compared, nobody halted anything).
 */
import type { Order } from "../../core/model/order.ts";
import { maxNakedMs, maxNakedNotionalUsd } from "./pair_trader.ts";

/** Less than either venue takes as an order. */
const dustUsd = 40;
/** Prices move between the preflight's look and the fill. */
const driftFactor = 1.05;
export const sampleMs = 100;

interface WatchedGroup {
  /** Base units by fills, buys positive, over both venues. */
  netBase: number;
  price: number;
  nakedMs: number;
}

export interface NakedWatchOptions {
  readonly fail: (what: string) => void;
  /** What a lost answer and its questions may cost besides the bound. */
  readonly slackMs: number;
}

export class NakedWatch {
  readonly #options: NakedWatchOptions;
  readonly #groups = new Map<string, WatchedGroup>();
  readonly #groupOfOrder = new Map<string, WatchedGroup>();
  #isOver = false;
  longestMs = 0;
  largestUsd = 0;

  constructor(options: NakedWatchOptions) {
    this.#options = options;
  }

  get groups(): number {
    return this.#groups.size;
  }

  /** From now on positions are closed by other orders than the groups'. */
  end(): void {
    this.#isOver = true;
  }

  onOrder({ ref, clientOrderId }: Pick<Order, "ref" | "clientOrderId">): void {
    const id = /^group:(.+):\d+$/.exec(ref)?.[1];
    if (id === undefined) return;
    const group = this.#groups.get(id) ?? { netBase: 0, price: NaN, nakedMs: 0 };
    this.#groups.set(id, group);
    this.#groupOfOrder.set(clientOrderId, group);
  }

  onFill(clientOrderId: string, signedBase: number, price: number): void {
    const group = this.#groupOfOrder.get(clientOrderId);
    if (group === undefined) return;
    group.netBase += signedBase;
    group.price = price;
    if (this.#isOver) return;
    const usd = nakedUsd(group);
    this.largestUsd = Math.max(this.largestUsd, usd);
    if (usd > maxNakedNotionalUsd * driftFactor) {
      this.#options.fail(`a leg of ${usd.toFixed(0)} USD is alone, allowed are ${maxNakedNotionalUsd}`);
    }
  }

  get isAnyNaked(): boolean {
    return !this.#isOver && [...this.#groups.values()].some((group) => nakedUsd(group) > dustUsd);
  }

  /** Every `sampleMs`. */
  sample(isAble: boolean): void {
    for (const [id, group] of this.#groups) {
      if (nakedUsd(group) <= dustUsd) group.nakedMs = 0;
      else if (isAble) group.nakedMs += sampleMs;
      this.longestMs = Math.max(this.longestMs, group.nakedMs);
      const limitMs = maxNakedMs + this.#options.slackMs;
      if (this.#isOver || group.nakedMs <= limitMs || group.nakedMs > limitMs + sampleMs) continue;
      this.#options.fail(
        `${id}: a leg of ${nakedUsd(group).toFixed(0)} USD is alone for ${group.nakedMs} ms`,
      );
    }
  }

  /** Groups of which one leg is alone still. */
  left(): readonly string[] {
    if (this.#isOver) return [];
    return [...this.#groups].filter(([, group]) => nakedUsd(group) > dustUsd)
      .map(([id, group]) => `${id}: a leg of ${nakedUsd(group).toFixed(0)} USD is alone`);
  }
}

const nakedUsd = ({ netBase, price }: WatchedGroup): number => Math.abs(netBase) * (price > 0 ? price : 0);
