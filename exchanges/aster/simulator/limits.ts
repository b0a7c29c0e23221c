/**
 * Weights and orders of a minute, counted from the full minute on as the venue's headers tell it, and the ban of those who
 * go on after a 429.
 */
import type { SimulationClock } from "../../simulation/ports.ts";

const minuteMs = 60_000;
export const maxWeight = 2_400;
export const maxOrders = 1_200;
/** Requests refused in one minute before the address is banned; the venue does not say how many. */
const refusedBeforeBan = 50;
const banMs = 120_000;

export type LimitVerdict = "admitted" | "too_many" | "banned";

export class Limits {
  readonly #clock: SimulationClock;
  #minute = 0;
  #weight = 0;
  #orders = 0;
  #refused = 0;
  #bannedUntilMs = -Infinity;

  constructor(clock: SimulationClock) {
    this.#clock = clock;
  }

  get usedWeight(): number {
    return this.#weight;
  }
  get usedOrders(): number {
    return this.#orders;
  }

  /** Seconds until a refused request may be sent again. */
  get retryAfterS(): number {
    const nowMs = this.#clock.nowMs();
    const untilMs = Math.max(this.#bannedUntilMs, (Math.floor(nowMs / minuteMs) + 1) * minuteMs);
    return Math.ceil((untilMs - nowMs) / 1_000);
  }

  take(weight: number, orders: number): LimitVerdict {
    const nowMs = this.#clock.nowMs();
    const minute = Math.floor(nowMs / minuteMs);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#weight = this.#orders = this.#refused = 0;
    }
    if (nowMs < this.#bannedUntilMs) return "banned";
    // What is refused counts too.
    this.#weight += weight;
    if (this.#weight <= maxWeight && this.#orders + orders <= maxOrders) {
      this.#orders += orders;
      return "admitted";
    }
    this.#refused += 1;
    if (this.#refused > refusedBeforeBan) this.#bannedUntilMs = nowMs + banMs;
    return "too_many";
  }
}
