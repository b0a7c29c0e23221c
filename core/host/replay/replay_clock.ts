/** The time of a recording: stands still until it is moved. */
import type { Clock } from "../../model/clock.ts";

export class ReplayClock implements Clock {
  readonly #startUs: number;
  #nowUs: number;

  constructor(startUs: number) {
    this.#startUs = startUs;
    this.#nowUs = startUs;
  }

  epochMs(): number {
    return this.#nowUs / 1000;
  }

  epochUs(): number {
    return this.#nowUs;
  }

  monotonicMs(): number {
    return (this.#nowUs - this.#startUs) / 1000;
  }

  /** It never goes back. */
  moveTo(epochUs: number): void {
    this.#nowUs = Math.max(this.#nowUs, epochUs);
  }
}
