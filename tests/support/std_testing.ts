/**
 * `@std/testing` over `@sinonjs/fake-timers` and `node:test`, with the official package's names. The import map's line
 * can be swapped for the JSR package unchanged.
 */
import { install } from "npm:@sinonjs/fake-timers@15.5.0";
export { afterEach, beforeEach, describe, it } from "node:test";

/** Replaces Date, timers and performance.now until it is restored; `using time = new FakeTime()`. */
export class FakeTime {
  readonly #clock: ReturnType<typeof install>;

  constructor(start: number | string | Date = Date.now()) {
    this.#clock = install({ now: new Date(start).getTime() });
  }

  get now(): number {
    return this.#clock.now;
  }

  /** Moves time on, running what falls due. */
  tick(ms = 0): void {
    this.#clock.tick(ms);
  }

  /** Like {@link tick}, letting promises settle in between. */
  async tickAsync(ms = 0): Promise<void> {
    await this.#clock.tickAsync(ms);
  }

  /** Runs the next timer; false when there is none. */
  next(): boolean {
    const before = this.#clock.countTimers();
    this.#clock.next();
    return before > 0;
  }

  async runMicrotasks(): Promise<void> {
    await this.#clock.tickAsync(0);
  }

  restore(): void {
    this.#clock.uninstall();
  }

  [Symbol.dispose](): void {
    this.restore();
  }
}
