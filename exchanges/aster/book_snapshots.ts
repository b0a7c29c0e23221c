/** Asks for the snapshots that books start from, and again when one is broken or was not given. */
import type { Clock, Log, Random, Scheduler } from "@berth/sdk";
import { BookResync } from "@berth/sdk/venue/book_resync.ts";
import type { MarketDataReader } from "./market_data.ts";
import type { RestClient } from "./rest.ts";

/** Levels a side: the most that the venue gives, at its largest weight. */
const limit = "1000";
const weight = 20;

export interface BookSnapshotsOptions {
  readonly rest: RestClient;
  readonly reader: Pick<MarketDataReader, "awaitBook" | "onRestDepth">;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly log: Log;
}

export class BookSnapshots {
  readonly #options: BookSnapshotsOptions;
  readonly #resync: BookResync;
  /** The newest question for each symbol: answers to older ones say nothing. */
  readonly #newest = new Map<string, number>();
  #count = 0;

  constructor(options: BookSnapshotsOptions) {
    this.#options = options;
    const { clock, random, scheduler } = options;
    this.#resync = new BookResync({ clock, scheduler, random, refresh: (symbol) => void this.ask(symbol) });
  }

  /** The book has a gap, or there was no snapshot: another one soon, after growing waits. */
  onGap(symbol: string): void {
    this.#resync.onGap(symbol);
  }

  /** Its changes come from now on. */
  async ask(symbol: string): Promise<void> {
    const { clock, log, reader, rest } = this.#options;
    const question = ++this.#count;
    this.#newest.set(symbol, question);
    reader.awaitBook(symbol);
    const result = await rest.request("GET", "/fapi/v3/depth", { symbol, limit }, {
      isSigned: false,
      weight,
    });
    if (this.#newest.get(symbol) !== question) return;
    if (result.kind === "data") return reader.onRestDepth(symbol, result.data, clock.epochUs());
    log.warn("a book's snapshot was not given", { symbol, kind: result.kind });
    this.onGap(symbol);
  }

  /** Nobody wants this book any more. */
  forget(symbol: string): void {
    this.#newest.delete(symbol);
    this.#resync.forget(symbol);
  }

  /** The connection is gone, or the adapter stops. */
  clear(): void {
    this.#newest.clear();
    this.#resync.clear();
  }
}
