/** Dead man's switches, one a symbol: without another word all orders of it are cancelled. */
import type { SimulationClock } from "../../simulation/ports.ts";
import type { AsterListing } from "./listing.ts";

export class Countdowns {
  readonly #clock: SimulationClock;
  readonly #onElapsed: (one: AsterListing) => void;
  readonly #cancels = new Map<AsterListing, () => void>();

  constructor(clock: SimulationClock, onElapsed: (one: AsterListing) => void) {
    this.#clock = clock;
    this.#onElapsed = onElapsed;
  }

  /** @param ms 0 ends it */
  set(one: AsterListing, ms: number): void {
    this.#cancels.get(one)?.();
    this.#cancels.delete(one);
    if (ms > 0) this.#cancels.set(one, this.#clock.schedule(ms, () => this.#onElapsed(one)));
  }

  stop(): void {
    for (const cancel of this.#cancels.values()) cancel();
  }
}
