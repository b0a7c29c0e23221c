/**
 * Asking a venue: bars and funding rates of the past come over its REST interface, by the same adapter that trades. The
 * adapter signs, keeps the venue's rate limits and asks long ranges in pages.
 */
import { BerthError, defineStrategy, type InstrumentId, setting } from "@berth/sdk";

export default defineStrategy({
  kind: "strategy",
  id: "example_rest_history",
  version: "1.0.0",
  sdkVersion: 1,
  author: "berth",
  description: "Asks for the past of each instrument once and logs what it was.",
  trading: { venues: ["*"], instruments: ["BTC-PERP"], data: ["quotes"], orders: "none" },
  riskBudget: {
    maxOrderNotionalUsd: 0,
    maxPositionNotionalUsd: 0,
    maxOrdersPerSecond: 0,
    maxDailyLossUsd: 0,
  },
  onStop: "keep_positions",
  settings: { hours: setting.number({ default: 2, min: 1, max: 48, description: "How far back." }) },
}, (ctx) => {
  const asked = new Set<InstrumentId>();

  async function ask(instrument: InstrumentId): Promise<void> {
    const toMs = ctx.time.epochMs();
    const range = { fromMs: toMs - ctx.settings.hours * 3_600_000, toMs };
    try {
      const klines = await ctx.history.klines(instrument, "1m", range);
      const closes = klines.map(({ closePrice }) => closePrice);
      ctx.log.info("klines", { instrument, bars: klines.length, high: Math.max(...closes) });
      const rates = await ctx.history.fundingRates(instrument, range);
      ctx.log.info("funding rates", { instrument, count: rates.length });
    } catch (error) {
      if (!(error instanceof BerthError)) throw error;
      ctx.log.warn("no history", { instrument, why: error.message }); // the venue has none, or is busy
    }
  }

  return {
    onQuote({ instrument }) {
      if (asked.has(instrument)) return;
      asked.add(instrument);
      void ask(instrument);
    },
  };
});
