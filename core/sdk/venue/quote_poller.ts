/**
 * Quotes by REST while the stream is down: once a second the adapter is asked to fetch what is wanted and to publish it
 * as `rest`. Whoever needs fresh quotes sees their age.
 */
import type { Clock, Scheduler } from "../../model/clock.ts";
import type { ConnectionState } from "../../model/venue_health.ts";
import type { Log } from "../strategy.ts";

/** A reconnect is often done sooner than this. */
const graceMs = 3_000;
const everyMs = 1_000;

export interface QuotePollerOptions {
  /** One pass. Before each publication `isNeeded` is to be asked: once it is false the stream's quotes are newer. */
  readonly poll: (isNeeded: () => boolean) => Promise<void>;
  readonly streamState: () => ConnectionState;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly log: Log;
}

export class QuotePoller {
  readonly #options: QuotePollerOptions;
  #cancel: () => void = () => {};
  #downSinceMs: number | undefined;
  #isStopped = false;

  constructor(options: QuotePollerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#cancel = this.#options.scheduler.after(everyMs, async () => {
      try {
        await this.#pass();
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.#options.log.debug("quotes by REST failed", { reason });
      }
      if (!this.#isStopped) this.start();
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  async #pass(): Promise<void> {
    const { clock, poll } = this.#options;
    if (!this.#isDown()) {
      this.#downSinceMs = undefined;
      return;
    }
    this.#downSinceMs ??= clock.monotonicMs();
    if (clock.monotonicMs() - this.#downSinceMs >= graceMs) await poll(() => this.#isDown());
  }

  #isDown(): boolean {
    return !this.#isStopped && this.#options.streamState() !== "connected";
  }
}
