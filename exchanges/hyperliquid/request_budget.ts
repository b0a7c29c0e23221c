/**
 * What may still be sent. By network address: a weight of 1,200 a minute, an action 1 and a question 2, 20 or more. By
 * account: 10,000 requests and one for each USDC ever traded, cancels apart; the venue tells how many are left. A part
 * of each is kept for what takes risk away.
 *
 * @see https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/rate-limits-and-user-limits
 */
import type { Clock } from "@berth/sdk";

const weightPerMinute = 1_200;
const minuteMs = 60_000;
/** Shares of the weight that the less urgent leave to the more urgent. */
const reserves = { cancel: 0, order: 0.1, question: 0.3 } as const;
export type Urgency = keyof typeof reserves;

export class WeightBudget {
  readonly #clock: Clock;
  readonly #size: number;
  #tokens: number;
  #refilledMs: number;
  #pausedUntilMs = -Infinity;

  /** @param share of the venue's limit that this adapter uses, 0 to 1 */
  constructor(clock: Clock, share: number) {
    this.#clock = clock;
    this.#size = weightPerMinute * share;
    this.#tokens = this.#size;
    this.#refilledMs = clock.monotonicMs();
  }

  /** True when it may be sent now; it is then counted. Cancels go through a pause. */
  tryTake(weight: number, urgency: Urgency): boolean {
    const nowMs = this.#clock.monotonicMs();
    this.#tokens = Math.min(
      this.#size,
      this.#tokens + ((nowMs - this.#refilledMs) * this.#size) / minuteMs,
    );
    this.#refilledMs = nowMs;
    if (urgency !== "cancel" && nowMs < this.#pausedUntilMs) return false;
    if (this.#tokens < weight + reserves[urgency] * this.#size) return false;
    this.#tokens -= weight;
    return true;
  }

  /** Rows of an answer weigh too, once it is known how many they are. */
  charge(weight: number): void {
    this.#tokens -= weight;
  }

  /** The venue said "too many". */
  pause(durationMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#clock.monotonicMs() + durationMs);
  }
}

/** With an empty budget the venue lets one action pass in this time. */
const trickleMs = 10_000;

/** Requests that the account has left, from the venue's word and our own count since. */
export class AddressBudget {
  readonly #clock: Clock;
  #left = Infinity;
  #trickledMs = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Infinity before the venue's first word. */
  get left(): number {
    return this.#left;
  }

  /** The venue's word. */
  set({ used, cap }: { readonly used: number; readonly cap: number }): void {
    this.#left = cap - used;
  }

  /** True when orders or changes may be sent; they are then counted. */
  tryTake(count: number): boolean {
    if (this.#left < count && !this.#isTrickle()) return false;
    this.#left -= count;
    return true;
  }

  /** Cancels have an allowance of their own, and count. */
  count(count: number): void {
    this.#left -= count;
  }

  #isTrickle(): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#trickledMs < trickleMs) return false;
    this.#trickledMs = nowMs;
    return true;
  }
}
