/**
 * What may still be sent before OKX's limits are reached. OKX counts orders, changes and cancels of an instrument each
 * for itself, 60 requests in 2 s, those in batches apart, 300 of them in 2 s, and orders and changes of the account together, 1000 in 2 s. A cancel has its own bucket here
 * too, so that no burst of orders can lock us out of taking them back; and orders leave a fifth of the account's bucket
 * to changes.
 *
 * @see https://www.okx.com/docs-v5 "Rate limits", "Sub-account rate limit" (autumn 2026)
 */
import type { Clock } from "@berth/sdk";
import { RateBudget } from "@berth/sdk/venue/rate_budget.ts";

/** `close`: an order that only reduces; it may use what orders leave. */
export type BudgetKind = "order" | "close" | "amend" | "cancel";

const windowMs = 2_000;
const perInstrument = 60;
const perInstrumentInBatches = 300;
const perAccount = 1_000;
/** Share of the account's bucket that orders leave: a change takes risk away more often than an order does. */
const amendReserve = 0.2;
/** Share of an instrument's bucket that orders leave to those that only reduce: the venue counts both in one. */
const closeReserve = 0.2;

export class OrderBudget {
  readonly #clock: Clock;
  readonly #share: number;
  readonly #account: RateBudget;
  readonly #perInstrument = new Map<string, RateBudget>();

  /** @param share of the venue's limits that this adapter uses, 0 to 1 */
  constructor(clock: Clock, share: number) {
    this.#clock = clock;
    this.#share = share;
    this.#account = this.#budget(perAccount);
  }

  /** True when the request may be sent now; it is then counted. Cancels go through a pause. */
  tryTake(kind: BudgetKind, instId: string, isBatch = false): boolean {
    const own = this.#ofInstrument(`${kind === "close" ? "order" : kind}:${instId}`, isBatch);
    if (kind === "cancel") return own.tryTake();
    const ofOwn = kind === "order" ? closeReserve : 0;
    const ofAccount = kind === "order" ? amendReserve : 0;
    if (!(own.canTake(ofOwn) && this.#account.canTake(ofAccount))) return false;
    return own.tryTake(ofOwn) && this.#account.tryTake(ofAccount);
  }

  /** The venue said "too many": orders and changes wait, cancels do not. */
  pause(durationMs: number): void {
    this.#account.pause(durationMs);
  }

  #ofInstrument(name: string, isBatch: boolean): RateBudget {
    const key = isBatch ? `batch/${name}` : name;
    const known = this.#perInstrument.get(key);
    if (known !== undefined) return known;
    const made = this.#budget(isBatch ? perInstrumentInBatches : perInstrument);
    this.#perInstrument.set(key, made);
    return made;
  }

  #budget(limit: number): RateBudget {
    const requests = Math.max(1, Math.floor(limit * this.#share));
    return new RateBudget(this.#clock, [{ requests, perMs: windowMs }]);
  }
}
