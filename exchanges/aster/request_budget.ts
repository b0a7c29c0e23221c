/**
 * What may still be sent. By network address: a weight of 2,400 a minute; by account: 1,200 orders a minute. The venue
 * counts by its own minutes, so ours are those that end now: whatever minute the venue takes, it holds no more. A part
 * is kept for what takes risk away.
 *
 * @see https://github.com/asterdex/api-docs "LIMITS": 429 on excess, 418 and a ban for those who go on after it
 */
import type { Clock } from "@berth/sdk";

const slotMs = 1_000;
/** A minute, and the second that has begun. */
const slots = 61;
/** Shares of the weight that the less urgent leave to the more urgent. */
const reserves = { cancel: 0, order: 0.1, question: 0.3 } as const;
export type Urgency = keyof typeof reserves;

/** What a request counts for. */
export interface RequestCost {
  readonly weight: number;
  readonly orders?: number;
}

/** A sum over the minute that ends now, to the second. */
class RollingMinute {
  readonly #counts = new Float64Array(slots);
  #slot = 0;
  #sum = 0;

  add(count: number, nowMs: number): void {
    this.#forget(nowMs);
    this.#counts[this.#slot % slots] = (this.#counts[this.#slot % slots] ?? 0) + count;
    this.#sum += count;
  }

  sum(nowMs: number): number {
    this.#forget(nowMs);
    return this.#sum;
  }

  #forget(nowMs: number): void {
    const slot = Math.floor(nowMs / slotMs);
    if (slot - this.#slot >= slots) {
      this.#counts.fill(0);
      this.#sum = 0;
      this.#slot = slot;
    }
    while (this.#slot < slot) {
      this.#slot += 1;
      this.#sum -= this.#counts[this.#slot % slots] ?? 0;
      this.#counts[this.#slot % slots] = 0;
    }
  }
}

export class RequestBudget {
  readonly #clock: Clock;
  readonly #share: number;
  readonly #weight = new RollingMinute();
  readonly #orders = new RollingMinute();
  #maxWeight: number;
  #maxOrders: number;
  #pausedUntilMs = -Infinity;
  #bannedUntilMs = -Infinity;

  /** @param share of the venue's limits that this adapter uses, 0 to 1 */
  constructor(clock: Clock, share: number) {
    this.#clock = clock;
    this.#share = share;
    this.#maxWeight = 2_400 * share;
    this.#maxOrders = 1_200 * share;
  }

  /** The limits as the venue states them. */
  setLimits({ weight, orders }: { readonly weight: number; readonly orders: number }): void {
    this.#maxWeight = weight * this.#share;
    this.#maxOrders = orders * this.#share;
  }

  /** True when it may be sent now; it is then counted. Cancels go through a pause: what they risk is a refusal. */
  tryTake({ weight, orders = 0 }: RequestCost, urgency: Urgency): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < (urgency === "cancel" ? this.#bannedUntilMs : this.#pausedUntilMs)) return false;
    const room = this.#maxWeight * (1 - reserves[urgency]) - this.#weight.sum(nowMs);
    if (room < weight || this.#orders.sum(nowMs) + orders > this.#maxOrders) return false;
    this.#weight.add(weight, nowMs);
    if (orders > 0) this.#orders.add(orders, nowMs);
    return true;
  }

  /** The venue's own count of the weight used in its minute: others may use the address too. */
  noteUsedWeight(used: number): void {
    const nowMs = this.#clock.monotonicMs();
    const unknown = used - this.#weight.sum(nowMs);
    if (unknown > 0) this.#weight.add(unknown, nowMs);
  }

  /** The venue said "too many": only cancels are sent meanwhile. */
  pause(durationMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#clock.monotonicMs() + durationMs);
  }

  /** The venue shut the address out: whatever is sent meanwhile makes it longer. */
  ban(durationMs: number): void {
    this.pause(durationMs);
    this.#bannedUntilMs = this.#pausedUntilMs;
  }
}
