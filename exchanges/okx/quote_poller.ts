/**
 * Quotes by REST while the stream is down: one request a second for all tickers, of which the wanted ones are
 * published as `rest`. Whoever needs fresh ones sees their age.
 */
import type { Clock, ConnectionState, Log, Scheduler } from "@berth/sdk";
import type { RestClient } from "./rest.ts";

/** A reconnect is often done sooner than this. */
const graceMs = 3_000;
const everyMs = 1_000;

export interface QuotePollerOptions {
  readonly rest: RestClient;
  /** Lists in which the wanted instruments are: `SWAP`. Empty when none is wanted. */
  readonly wantedTypes: () => readonly string[];
  readonly onRow: (row: unknown) => void;
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
      await this.#pass();
      if (!this.#isStopped) this.start();
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  async #pass(): Promise<void> {
    const { clock, log, onRow, rest, streamState, wantedTypes } = this.#options;
    if (streamState() === "connected") {
      this.#downSinceMs = undefined;
      return;
    }
    this.#downSinceMs ??= clock.monotonicMs();
    if (clock.monotonicMs() - this.#downSinceMs < graceMs) return;
    for (const instType of wantedTypes()) {
      const result = await rest.get("/api/v5/market/tickers", { instType }, { isPrivate: false });
      if (streamState() === "connected" || this.#isStopped) return; // the stream's quotes are newer
      if (result.kind === "rows") result.rows.forEach(onRow);
      else log.debug("quotes by REST failed", { instType, kind: result.kind });
    }
  }
}
