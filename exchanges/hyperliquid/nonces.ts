/**
 * Nonces: milliseconds since the epoch, each used once. The venue keeps the 100 highest of a signer and takes none
 * twice, so one process alone uses a key, and two requests of one millisecond get two numbers.
 */
import type { Clock } from "@berth/sdk";

export class NonceSource {
  readonly #clock: Pick<Clock, "epochMs">;
  #last = 0;

  constructor(clock: Pick<Clock, "epochMs">) {
    this.#clock = clock;
  }

  next(): number {
    this.#last = Math.max(Math.floor(this.#clock.epochMs()), this.#last + 1);
    return this.#last;
  }
}
