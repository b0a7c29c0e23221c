/**
 * What may still be sent before OKX's limits are reached: token buckets with continuous refill. OKX counts orders,
 * changes and cancels of an instrument each for itself, 60 in 2 s, and orders and changes of the account together,
 * 1000 in 2 s. A cancel has its own bucket here too, so that no burst of orders can lock us out of taking them back;
 * and orders leave a fifth of the account's bucket to changes.
 *
 * @see https://www.okx.com/docs-v5 "Rate limits", "Sub-account rate limit" (autumn 2026)
 */
import type { Clock } from "@berth/sdk";

export type BudgetKind = "order" | "amend" | "cancel";

const windowMs = 2_000;
const perInstrument = 60;
const perAccount = 1_000;
/** Share of the account's bucket that orders leave: a change takes risk away more often than an order does. */
const amendReserve = 0.2;

interface Bucket {
  readonly size: number;
  tokens: number;
  refilledMs: number;
}

export class RateBudget {
  readonly #clock: Clock;
  readonly #share: number;
  readonly #buckets = new Map<string, Bucket>();
  #pausedUntilMs = -Infinity;

  /** @param share of the venue's limits that this adapter uses, 0 to 1 */
  constructor(clock: Clock, share: number) {
    this.#clock = clock;
    this.#share = share;
  }

  /** True when the request may be sent now; it is then counted. Cancels go through a pause. */
  tryTake(kind: BudgetKind, instId: string): boolean {
    const own = this.#bucket(`${kind}:${instId}`, perInstrument);
    if (kind === "cancel") return take(own, 0);
    if (this.#clock.monotonicMs() < this.#pausedUntilMs) return false;
    const account = this.#bucket("account", perAccount);
    const reserved = kind === "order" ? amendReserve * account.size : 0;
    if (!(own.tokens >= 1 && account.tokens >= 1 + reserved)) return false;
    return take(own, 0) && take(account, reserved);
  }

  /** The venue said "too many": orders and changes wait, cancels do not. */
  pause(durationMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#clock.monotonicMs() + durationMs);
  }

  #bucket(name: string, limit: number): Bucket {
    const nowMs = this.#clock.monotonicMs();
    const size = Math.max(1, Math.floor(limit * this.#share));
    const bucket = this.#buckets.get(name) ?? { size, tokens: size, refilledMs: nowMs };
    this.#buckets.set(name, bucket);
    bucket.tokens = Math.min(size, bucket.tokens + ((nowMs - bucket.refilledMs) * size) / windowMs);
    bucket.refilledMs = nowMs;
    return bucket;
  }
}

function take(bucket: Bucket, reserved: number): boolean {
  if (!(bucket.tokens >= 1 + reserved)) return false;
  bucket.tokens -= 1;
  return true;
}
