/** Following a stream: every quote and trade as it comes, and how well the venue's connection does. */
import { defineStrategy, setting, type VenueId } from "@berth/sdk";

export default defineStrategy({
  kind: "strategy",
  id: "example_streaming",
  version: "1.0.0",
  sdkVersion: 1,
  author: "berth",
  description: "Counts quotes and trades by venue and logs them with latency and age.",
  trading: { venues: ["*"], instruments: ["*-PERP"], data: ["quotes", "trades"], orders: "none" },
  riskBudget: {
    maxOrderNotionalUsd: 0,
    maxPositionNotionalUsd: 0,
    maxOrdersPerSecond: 0,
    maxDailyLossUsd: 0,
  },
  onStop: "keep_positions",
  settings: { everyMs: setting.number({ default: 2_000, min: 100, description: "Between two lines, ms." }) },
}, (ctx) => {
  const counts = new Map<VenueId, { quotes: number; trades: number }>();
  const of = (instrument: string) => {
    const venue = ctx.venues().find((one) => instrument.startsWith(`${one}:`));
    if (venue === undefined) return undefined;
    const found = counts.get(venue) ?? { quotes: 0, trades: 0 };
    counts.set(venue, found);
    return found;
  };

  return {
    onStart() {
      ctx.time.every(ctx.settings.everyMs, () => {
        for (const [venue, { quotes, trades }] of counts) {
          const { updatesPerSecond = 0, latencyP99Ms = NaN } = ctx.health(venue) ?? {};
          ctx.log.info("stream", { venue, quotes, trades, updatesPerSecond, latencyP99Ms });
        }
      });
    },
    // The record is updated in place by the next quote: copy what is to be kept.
    onQuote({ instrument }) {
      const count = of(instrument);
      if (count !== undefined) count.quotes += 1;
    },
    onTrade({ instrument }) {
      const count = of(instrument);
      if (count !== undefined) count.trades += 1;
    },
    onVenueHealth({ venue, marketData }) {
      if (marketData !== "connected") ctx.log.warn("stream is away", { venue, marketData });
    },
  };
});
