/**
 * Watches trades of two legs by the venues' own fills: how much of one leg is alone, in USD, and for how long while it
 * could have been put right (the host runs, both accounts are compared, nobody halted anything).
 */
import type { LegGroup, LegGroupIntent, LegGroupTerms } from "../../core/model/leg_group.ts";
import type { Order } from "../../core/model/order.ts";

/** Less than either venue takes as an order. */
const dustUsd = 40;
/** Prices move between the preflight's look and the fill. */
const driftFactor = 1.05;
export const sampleMs = 100;

/** What a plugin asked for. */
type Bounds = Pick<LegGroupTerms, "maxNakedNotionalUsd" | "maxNakedMs">;

interface WatchedGroup {
  readonly plugin: string;
  readonly bounds: Bounds;
  /** Base units by fills, buys positive, by venue and symbol. */
  readonly heldBase: Map<string, number>;
  price: number;
  nakedMs: number;
}

/** A fill in base units, buys positive. */
export interface WatchedFill {
  readonly clientOrderId: string;
  readonly venue: string;
  readonly symbol: string;
  readonly signedBase: number;
  readonly price: number;
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
  /** Plugins by the orders that flatten them: what those close, groups hold no more. */
  readonly #flattened = new Map<string, string>();
  /** By plugin and the plugin's own name, from what it asked, not from what the engine made of it. */
  readonly #asked = new Map<string, Bounds>();
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

  onIntent({ plugin, ref, terms }: LegGroupIntent): void {
    this.#asked.set(`${plugin} ${ref}`, terms);
  }

  onGroup({ id, plugin, ref }: LegGroup): void {
    if (this.#groups.has(id)) return;
    const bounds = this.#asked.get(`${plugin} ${ref}`);
    if (bounds === undefined) return this.#options.fail(`${id} is a group that nobody asked for`);
    this.#groups.set(id, { plugin, bounds, heldBase: new Map(), price: NaN, nakedMs: 0 });
  }

  onOrder({ ref, clientOrderId, plugin }: Pick<Order, "ref" | "clientOrderId" | "plugin">): void {
    if (ref.startsWith("flatten_")) this.#flattened.set(clientOrderId, plugin);
    const id = /^group:(.+):\d+$/.exec(ref)?.[1];
    if (id === undefined) return;
    const group = this.#groups.get(id);
    if (group === undefined) return this.#options.fail(`${clientOrderId} is of the unknown group ${id}`);
    this.#groupOfOrder.set(clientOrderId, group);
  }

  onFill(fill: WatchedFill): void {
    const plugin = this.#flattened.get(fill.clientOrderId);
    if (plugin !== undefined) return this.#takeAway(plugin, fill);
    const group = this.#groupOfOrder.get(fill.clientOrderId);
    if (group === undefined) return;
    const place = placeOf(fill);
    group.heldBase.set(place, (group.heldBase.get(place) ?? 0) + fill.signedBase);
    group.price = fill.price;
    if (this.#isOver) return;
    const usd = nakedUsd(group);
    this.largestUsd = Math.max(this.largestUsd, usd);
    const { maxNakedNotionalUsd } = group.bounds;
    if (usd > maxNakedNotionalUsd * driftFactor) {
      this.#options.fail(
        `a leg of ${usd.toFixed(0)} USD is alone, allowed are ${maxNakedNotionalUsd.toFixed(0)}`,
      );
    }
  }

  /** The plugin is being flattened: which group a fill takes from makes no difference to what is alone in the end. */
  #takeAway(plugin: string, fill: WatchedFill): void {
    let left = fill.signedBase;
    for (const group of this.#groups.values()) {
      const held = group.heldBase.get(placeOf(fill)) ?? 0;
      if (group.plugin !== plugin || Math.sign(held) !== -Math.sign(left)) continue;
      const taken = Math.sign(left) * Math.min(Math.abs(left), Math.abs(held));
      group.heldBase.set(placeOf(fill), held + taken);
      left -= taken;
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
      const limitMs = group.bounds.maxNakedMs + this.#options.slackMs;
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

const placeOf = ({ venue, symbol }: WatchedFill): string => `${venue} ${symbol}`;

function nakedUsd({ heldBase, price }: WatchedGroup): number {
  let netBase = 0;
  for (const held of heldBase.values()) netBase += held;
  return Math.abs(netBase) * (price > 0 ? price : 0);
}
