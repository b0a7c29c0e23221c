/** A two-sided quote that is young and not crossed, and a young mark price: what all else is reckoned from. */
import { type EntryLimit, rounded } from "./limit.ts";

export const freshQuote: EntryLimit = {
  name: "fresh_quote",
  holdsForReducing: false,
  check({ market, marketLimits, instrument: { id: instrument } }) {
    if (!(market.bidPrice > 0)) return { code: "QUOTE_MISSING", facts: { instrument, side: "bid" } };
    if (!(market.askPrice > 0)) return { code: "QUOTE_MISSING", facts: { instrument, side: "ask" } };
    if (!(market.quoteAgeMs <= marketLimits.maxQuoteAgeMs)) {
      const facts = { instrument, ageMs: rounded(market.quoteAgeMs, 0), limitMs: marketLimits.maxQuoteAgeMs };
      return { code: "QUOTE_STALE", facts };
    }
    if (market.isCrossed || !(market.bidPrice < market.askPrice)) {
      const { bidPrice, askPrice } = market;
      return { code: "QUOTE_CROSSED", facts: { instrument, bidPrice, askPrice } };
    }
    if (!(market.markPrice > 0)) return { code: "MARK_MISSING", facts: { instrument } };
    if (!(market.markAgeMs <= marketLimits.maxMarkAgeMs)) {
      const facts = { instrument, ageMs: rounded(market.markAgeMs, 0), limitMs: marketLimits.maxMarkAgeMs };
      return { code: "MARK_STALE", facts };
    }
    return undefined;
  },
};
