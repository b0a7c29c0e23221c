/**
 * Quotes by REST while the stream is down: one pass a second over the markets whose quotes are wanted, as many as the
 * public rate limit bears. They are marked `rest`; whoever needs fresh ones sees their age.
 */
import type { Clock, ConnectionState, Log, Publish, Scheduler } from "@berth/sdk";
import type { ListedInstrument } from "./instruments.ts";
import type { RateBudget } from "./rate_budget.ts";
import { type RestClient, withDeadline } from "./rest.ts";
import { bboSchema } from "./wire/json.ts";

/** A reconnect is often done sooner than this. */
const graceMs = 3_000;
const passEveryMs = 1_000;
const requestTimeoutMs = 3_000;
/** 1,500 requests a minute per address, shared with all else. */
const marketsAPass = 10;

export interface QuotePollerOptions {
  readonly rest: RestClient;
  readonly budget: RateBudget;
  readonly publish: Publish;
  readonly wanted: () => readonly ListedInstrument[];
  readonly streamState: () => ConnectionState;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly log: Log;
}

export class QuotePoller {
  readonly #options: QuotePollerOptions;
  #cancel: () => void = () => {};
  #downSinceMs: number | undefined;
  #nextMarket = 0;
  #isStopped = false;

  constructor(options: QuotePollerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#downSinceMs = this.#options.clock.monotonicMs();
    this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  #schedule(): void {
    if (this.#isStopped) return;
    this.#cancel = this.#options.scheduler.after(
      passEveryMs,
      () => void this.#pass().finally(() => this.#schedule()),
    );
  }

  async #pass(): Promise<void> {
    const { clock, streamState, wanted } = this.#options;
    if (streamState() === "connected") {
      this.#downSinceMs = undefined;
      return;
    }
    this.#downSinceMs ??= clock.monotonicMs();
    const markets = wanted();
    if (clock.monotonicMs() - this.#downSinceMs < graceMs || markets.length === 0) return;
    const count = Math.min(marketsAPass, markets.length);
    const chosen = Array.from({ length: count }, (_, i) => markets[(this.#nextMarket + i) % markets.length]);
    this.#nextMarket = (this.#nextMarket + count) % markets.length;
    await Promise.all(chosen.map((listed) => listed === undefined ? undefined : this.#poll(listed)));
  }

  async #poll(listed: ListedInstrument): Promise<void> {
    const { budget, clock, log, publish, rest, scheduler, streamState } = this.#options;
    const path = `/bbo/${listed.instrument.venueSymbol}`;
    try {
      const bbo = await withDeadline(
        scheduler,
        requestTimeoutMs,
        (signal) => rest.get(bboSchema, path, { signal, budget }),
      );
      if (streamState() === "connected") return; // the stream's quotes are newer
      const price = (text: string) => (text === "" ? Number.NaN : Number(text));
      publish.quote(
        listed.index,
        price(bbo.bid),
        Number(bbo.bid_size),
        price(bbo.ask),
        Number(bbo.ask_size),
        bbo.last_updated_at,
        clock.epochUs(),
        "rest",
      );
    } catch (error) {
      log.debug("quote by REST failed", {
        path,
        reason: error instanceof Error ? error.message : String(error),
      });
    }
  }
}
