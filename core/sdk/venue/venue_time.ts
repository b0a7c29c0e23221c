/**
 * The venue's time, from its last word and the machine's steady clock since: a wall clock that jumps moves neither the
 * expiry of orders nor their nonces. A machine that slept finds out by the venue's refusals, and asks again.
 */
import type { Clock } from "../../model/clock.ts";

export class VenueTime {
  readonly #clock: Clock;
  /** Venue time when the steady clock was at zero; undefined before the venue's first word. */
  #startMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The venue said `epochMs` now. */
  set(epochMs: number): void {
    this.#startMs = epochMs - this.#clock.monotonicMs();
  }

  /** Whole milliseconds since the epoch. */
  nowMs(): number {
    return Math.floor(
      this.#startMs === undefined ? this.#clock.epochMs() : this.#startMs + this.#clock.monotonicMs(),
    );
  }
}
