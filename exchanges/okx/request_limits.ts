/**
 * OKX's documented limits of REST requests, a token bucket for each endpoint: a question waits for its token as long as
 * its deadline allows. Orders, changes and cancels have their own budget (rate_budget.ts), for they never wait.
 *
 * Cancels in batches, of trigger orders and by the dead man's switch are limited apart from everything else by the venue
 * itself, so no amount of questions keeps them back.
 *
 * @see https://www.okx.com/docs-v5, each endpoint's "Rate Limit" (autumn 2026)
 */
import type { Clock, Scheduler } from "@berth/sdk";
import { RateBudget, type RateLimit } from "@berth/sdk/venue/rate_budget.ts";
import { delay } from "@berth/sdk/venue/waiting.ts";

/** Requests in 2 s. */
const per2s: Readonly<Record<string, number>> = {
  "/api/v5/public/time": 10,
  "/api/v5/public/instruments": 20,
  "/api/v5/public/funding-rate": 10,
  "/api/v5/public/funding-rate-history": 10,
  "/api/v5/market/tickers": 20,
  "/api/v5/market/candles": 40,
  "/api/v5/market/history-candles": 20,
  "/api/v5/account/balance": 10,
  "/api/v5/account/positions": 10,
  "/api/v5/account/config": 5,
  "/api/v5/account/trade-fee": 5,
  "/api/v5/account/set-leverage": 20,
  "/api/v5/account/bills": 10,
  "/api/v5/account/bills-archive": 10,
  "/api/v5/trade/orders-pending": 60,
  "/api/v5/trade/orders-algo-pending": 20,
  "/api/v5/trade/order-algo": 20,
  "/api/v5/trade/cancel-algos": 20,
  "/api/v5/trade/fills": 60,
  "/api/v5/trade/fills-history": 10,
};
/** So few that no share is taken of them: the switch is renewed and disarmed by one program alone. */
const fewest: Readonly<Record<string, RateLimit>> = {
  "/api/v5/system/status": { requests: 1, perMs: 5_000 },
  "/api/v5/trade/cancel-all-after": { requests: 1, perMs: 1_000 },
};
/** Of what is not listed: as strict as the strictest. */
const strictest = 5;
const windowMs = 2_000;

/** These are bounded where they are made, by instrument. */
const ownBudget: ReadonlySet<string> = new Set([
  "/api/v5/trade/order",
  "/api/v5/trade/cancel-order",
  "/api/v5/trade/amend-order",
  "/api/v5/trade/batch-orders",
  "/api/v5/trade/cancel-batch-orders",
]);

export class RequestLimits {
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;
  readonly #share: number;
  readonly #budgets = new Map<string, RateBudget>();
  /** Those who wait for one endpoint's token do so one after the other. */
  readonly #queues = new Map<string, Promise<void>>();

  /** @param share of the venue's limits that this adapter uses, 0 to 1 */
  constructor(ports: { readonly clock: Clock; readonly scheduler: Scheduler }, share: number) {
    this.#clock = ports.clock;
    this.#scheduler = ports.scheduler;
    this.#share = share;
  }

  /** Resolves to true when a request of this kind may be sent, false when `signal` fires first. */
  async admit(method: "GET" | "POST", path: string, signal: AbortSignal): Promise<boolean> {
    if (method === "POST" && ownBudget.has(path)) return true;
    // The same path may be asked and ordered: each has its own limit.
    const key = `${method} ${path}`;
    const budget = this.#budget(key, path);
    if (!this.#queues.has(key) && budget.tryTake()) return true;
    const turn = (this.#queues.get(key) ?? Promise.resolve()).then(() => this.#take(budget, signal));
    const settled = turn.then(() => {
      if (this.#queues.get(key) === settled) this.#queues.delete(key);
    });
    this.#queues.set(key, settled);
    return await turn;
  }

  /** The venue said "too many" of this endpoint. */
  pause(method: "GET" | "POST", path: string, durationMs: number): void {
    this.#budget(`${method} ${path}`, path).pause(durationMs);
  }

  async #take(budget: RateBudget, signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      if (budget.tryTake()) return true;
      await delay(this.#scheduler, Math.max(1, budget.waitMs()), signal);
    }
    return false;
  }

  #budget(key: string, path: string): RateBudget {
    const known = this.#budgets.get(key);
    if (known !== undefined) return known;
    const documented = key === "GET /api/v5/trade/order" ? 60 : per2s[path] ?? strictest;
    const limit = fewest[path] ?? {
      requests: Math.max(1, Math.floor(documented * this.#share)),
      perMs: windowMs,
    };
    const made = new RateBudget(this.#clock, [limit]);
    this.#budgets.set(key, made);
    return made;
  }
}
