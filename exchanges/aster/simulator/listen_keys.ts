/** The address of the account's stream: one key that holds for an hour, extended by who asks for it again. */
import type { SimulationClock, SimulationRandom } from "../../simulation/ports.ts";
import { hexText } from "../../simulation/random.ts";

const lifeMs = 3_600_000;

export class ListenKeys {
  readonly #clock: SimulationClock;
  readonly #random: SimulationRandom;
  readonly #onExpired: (key: string) => void;
  #key: string | undefined;
  #cancelExpiry: () => void = () => {};

  constructor(clock: SimulationClock, random: SimulationRandom, onExpired: (key: string) => void) {
    this.#clock = clock;
    this.#random = random;
    this.#onExpired = onExpired;
  }

  /** The active key, or a new one; it holds for an hour from now. */
  open(): string {
    const key = this.#key ?? hexText(this.#random, 64);
    this.#hold(key);
    return key;
  }

  /** False when there is none. */
  extend(): boolean {
    if (this.#key !== undefined) this.#hold(this.#key);
    return this.#key !== undefined;
  }

  close(): boolean {
    const was = this.#key;
    this.stop();
    this.#key = undefined;
    if (was !== undefined) this.#onExpired(was);
    return was !== undefined;
  }

  isActive(key: string): boolean {
    return key === this.#key;
  }

  stop(): void {
    this.#cancelExpiry();
  }

  #hold(key: string): void {
    this.#key = key;
    this.#cancelExpiry();
    this.#cancelExpiry = this.#clock.schedule(lifeMs, () => this.close());
  }
}
