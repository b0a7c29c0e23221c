/** What buying on one venue and selling on another would bring, before fees. */
import type { QuoteRow } from "./ports.ts";

export interface VenueSpread {
  readonly symbol: string;
  readonly buyVenue: string;
  readonly sellVenue: string;
  /** (bid where we sell / ask where we buy − 1) × 10⁴. Bid 43255 against ask 43250 is 1.16. */
  readonly spreadBps: number;
}

/** Bid of one quote against the ask of another in bps; NaN where a side is missing. */
export function spreadBps(sell: QuoteRow, buy: QuoteRow): number {
  if (!(sell.bidPrice > 0 && buy.askPrice > 0)) return NaN;
  return (sell.bidPrice / buy.askPrice - 1) * 10_000;
}

/** For selling at `quote`: the cheapest other venue of the same symbol. Undefined where there is none. */
export function bestSpreadFor(quote: QuoteRow, quotes: readonly QuoteRow[]): VenueSpread | undefined {
  return spreadsOf(quotes.filter((other) => other.symbol === quote.symbol))
    .filter((spread) => spread.sellVenue === quote.venue)
    .reduce<VenueSpread | undefined>(
      (best, spread) => best === undefined || spread.spreadBps > best.spreadBps ? spread : best,
      undefined,
    );
}

/** Every direction between two venues of one symbol. */
export function spreadsOf(quotes: readonly QuoteRow[]): readonly VenueSpread[] {
  return quotes.flatMap((sell) =>
    quotes
      .filter((buy) => buy.symbol === sell.symbol && buy.venue !== sell.venue)
      .map((buy) => ({
        symbol: sell.symbol,
        buyVenue: buy.venue,
        sellVenue: sell.venue,
        spreadBps: spreadBps(sell, buy),
      }))
      .filter((spread) => Number.isFinite(spread.spreadBps))
  );
}
