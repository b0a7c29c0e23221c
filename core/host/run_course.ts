/** What the parts of a host tell the run that they belong to: that it failed, that it stops, what was left at its end. */
import type { ShutdownRemains } from "../engine/events.ts";

export class RunCourse {
  readonly #remains = Promise.withResolvers<ShutdownRemains>();
  readonly #failed = Promise.withResolvers<unknown>();
  /** The orderly stop has begun. */
  isStopping = false;
  /** Everything was brought to an end that must be; the journal keeps it. */
  isClean = false;

  /** What the engine says of the orders when it has shut down. */
  get remains(): Promise<ShutdownRemains> {
    return this.#remains.promise;
  }

  /** Resolves with the first error that the run can't go on after. */
  get failed(): Promise<unknown> {
    return this.#failed.promise;
  }

  readonly fail = (error: unknown): void => this.#failed.resolve(error);

  readonly shutDown = (remains: ShutdownRemains): void => this.#remains.resolve(remains);
}
