/**
 * Nonces: the venue's time in milliseconds, each used once. The venue keeps the 100 highest of a signer and takes none
 * twice, so one process alone uses a key, and two requests of one millisecond get two numbers.
 */
import type { VenueTime } from "@berth/sdk/venue/venue_time.ts";

export class NonceSource {
  readonly #time: Pick<VenueTime, "nowMs">;
  #last = 0;

  constructor(time: Pick<VenueTime, "nowMs">) {
    this.#time = time;
  }

  next(): number {
    this.#last = Math.max(this.#time.nowMs(), this.#last + 1);
    return this.#last;
  }
}
