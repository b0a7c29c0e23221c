/**
 * Other berths on an account. Two hosts each keep to the limits and break them together, so where another one works an
 * order, or traded lately, nothing new is opened until a person has decided: the other was stopped (`set_state` to active),
 * or it is gone for good and its orders are ours (`take_over`).
 *
 * A journal that was lost leaves a host that looks like another one, with a tag of its own: the same two ways lead on.
 */
/** The newest that was seen of another berth on one account. */
export interface OtherHostSign {
  /** Second to fifth letter of its client order ids. */
  readonly tag: string;
  readonly kind: "order" | "fill";
  /** When the order was seen working, or the venue's time of the fill; milliseconds since the epoch. */
  readonly tsSeenMs: number;
}

/** A berth that traded this lately may still run: its orders are not taken over from under it. */
const quietMs = 10_000;

/** One account's signs, by tag. */
export class OtherHosts {
  readonly #signs = new Map<string, OtherHostSign>();
  /** Fills up to here were known when an operator let trading go on. */
  #acknowledgedMs = -Infinity;

  /** Returns true for a berth that was not known here. A fill from before the acknowledgement is no sign. */
  note(sign: OtherHostSign): boolean {
    if (sign.kind === "fill" && sign.tsSeenMs <= this.#acknowledgedMs) return false;
    const known = this.#signs.get(sign.tag);
    if (known === undefined || sign.tsSeenMs >= known.tsSeenMs) this.#signs.set(sign.tag, sign);
    return known === undefined;
  }

  get all(): readonly OtherHostSign[] {
    return [...this.#signs.values()];
  }

  get newest(): OtherHostSign | undefined {
    let newest: OtherHostSign | undefined;
    for (const sign of this.#signs.values()) {
      if (newest === undefined || sign.tsSeenMs > newest.tsSeenMs) newest = sign;
    }
    return newest;
  }

  /** An operator lets trading go on: only what comes after counts. */
  acknowledge(nowMs: number): void {
    this.#acknowledgedMs = nowMs;
    this.#signs.clear();
  }

  forget(tag: string): void {
    this.#signs.delete(tag);
  }
}

/** Why a host's orders can't be taken over now, in words; undefined when they can. */
export function takeOverObstacle(
  signs: readonly OtherHostSign[],
  tag: string,
  nowMs: number,
): string | undefined {
  const sign = signs.find((one) => one.tag === tag);
  if (sign === undefined) return `no berth ${tag} was seen on this account`;
  const ageMs = Math.round(nowMs - sign.tsSeenMs);
  return sign.kind === "fill" && ageMs < quietMs
    ? `berth ${tag} traded ${ageMs} ms ago: stop it first, and wait ${quietMs / 1000} s`
    : undefined;
}
