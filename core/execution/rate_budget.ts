/**
 * A venue's request allowance as a token bucket, part of which only cancels and reduce-only orders may use. These may
 * even overdraw it: a cancel that waits for politeness costs money, a 429 does not. New orders then wait until the
 * debt is paid.
 */
export interface RateBudgetSettings {
  readonly requestsPerSecond: number;
  readonly burst: number;
  /** Share of the burst that new orders can't use. */
  readonly reservedShare: number;
}

export class RateBudget {
  readonly #settings: RateBudgetSettings;
  #tokens: number;
  #tsUs: number | undefined;

  constructor(settings: RateBudgetSettings) {
    this.#settings = settings;
    this.#tokens = settings.burst;
  }

  get burst(): number {
    return this.#settings.burst;
  }

  tokens(nowUs: number): number {
    this.#refill(nowUs);
    return this.#tokens;
  }

  /** Whether a new order may be sent now. NaN settings give false. */
  allowsNewOrder(nowUs: number): boolean {
    return this.tokens(nowUs) - 1 >= this.#settings.burst * this.#settings.reservedShare;
  }

  /** Takes a token, into debt of at most one burst. */
  take(nowUs: number): void {
    this.#refill(nowUs);
    this.#tokens = Math.max(this.#tokens - 1, -this.#settings.burst);
  }

  #refill(nowUs: number): void {
    const elapsedUs = nowUs - (this.#tsUs ?? nowUs);
    this.#tsUs = Math.max(nowUs, this.#tsUs ?? nowUs);
    if (elapsedUs > 0) {
      const refilled = this.#tokens + (elapsedUs / 1e6) * this.#settings.requestsPerSecond;
      this.#tokens = Math.min(this.#settings.burst, refilled);
    }
  }
}
