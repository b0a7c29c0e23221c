/** What an adapter does again and again while it runs. */
import { describeError } from "../../errors.ts";
import type { Scheduler } from "../../model/clock.ts";
import type { Log } from "../strategy.ts";

export class RepeatedTasks {
  readonly #scheduler: Scheduler;
  readonly #log: Log;
  readonly #cancels = new Map<string, () => void>();
  #isStopped = false;

  constructor({ scheduler, log }: { readonly scheduler: Scheduler; readonly log: Log }) {
    this.#scheduler = scheduler;
    this.#log = log;
  }

  /** Runs `task` `periodMs` after each of its ends; a failure is a log line, the next run a new chance. */
  every(name: string, periodMs: number, task: () => void | Promise<void>): void {
    if (this.#isStopped) return;
    const cancel = this.#scheduler.after(periodMs, async () => {
      try {
        await task();
      } catch (error) {
        this.#log.warn(`${name} failed`, { reason: describeError(error) });
      }
      this.every(name, periodMs, task);
    });
    this.#cancels.set(name, cancel);
  }

  stop(): void {
    this.#isStopped = true;
    for (const cancel of this.#cancels.values()) cancel();
  }
}
