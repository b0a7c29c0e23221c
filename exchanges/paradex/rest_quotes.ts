/** Quotes by REST, one request a market, as many a pass as the public rate limit bears; the others in the next ones. */
import type { Clock, Log, Publish, Scheduler } from "@berth/sdk";
import type { RateBudget } from "@berth/sdk/venue/rate_budget.ts";
import { withDeadline } from "@berth/sdk/venue/waiting.ts";
import type { ListedInstrument } from "./instruments.ts";
import type { RestClient } from "./rest.ts";
import { bboSchema } from "./wire/json.ts";

const requestTimeoutMs = 3_000;
/** 1,500 requests a minute per address, shared with all else. */
const marketsAPass = 10;

export interface RestQuotesOptions {
  readonly rest: RestClient;
  readonly budget: RateBudget;
  readonly publish: Publish;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly log: Log;
}

export class RestQuotes {
  readonly #options: RestQuotesOptions;
  #nextMarket = 0;

  constructor(options: RestQuotesOptions) {
    this.#options = options;
  }

  async pass(markets: readonly ListedInstrument[], isNeeded: () => boolean): Promise<void> {
    if (markets.length === 0) return;
    const count = Math.min(marketsAPass, markets.length);
    const chosen = Array.from({ length: count }, (_, i) => markets[(this.#nextMarket + i) % markets.length]);
    this.#nextMarket = (this.#nextMarket + count) % markets.length;
    await Promise.all(
      chosen.map((listed) => listed === undefined ? undefined : this.#fetch(listed, isNeeded)),
    );
  }

  async #fetch(listed: ListedInstrument, isNeeded: () => boolean): Promise<void> {
    const { budget, clock, log, publish, rest, scheduler } = this.#options;
    const path = `/bbo/${listed.instrument.venueSymbol}`;
    try {
      const bbo = await withDeadline(
        scheduler,
        requestTimeoutMs,
        (signal) => rest.get(bboSchema, path, { signal, budget }),
      );
      if (!isNeeded()) return;
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
      const reason = error instanceof Error ? error.message : String(error);
      log.debug("quote by REST failed", { path, reason });
    }
  }
}
