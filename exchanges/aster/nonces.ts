/**
 * Nonces: the venue's time in microseconds, each used once. The venue takes none that is 10 s off its clock or was used
 * before, and keeps the last 100 of a user: one process alone uses an agent.
 */
import type { VenueTime } from "@berth/sdk/venue/venue_time.ts";

export class NonceSource {
  readonly #time: Pick<VenueTime, "nowMs">;
  #lastUs = 0;

  constructor(time: Pick<VenueTime, "nowMs">) {
    this.#time = time;
  }

  next(): number {
    this.#lastUs = Math.max(this.#time.nowMs() * 1_000, this.#lastUs + 1);
    return this.#lastUs;
  }
}
