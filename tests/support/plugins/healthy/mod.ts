/** A strategy that does its work: it counts quotes and says so every 100 ms. Runs beside misbehaving ones. */
import { defineStrategy } from "@berth/sdk";

export default defineStrategy({
  kind: "strategy",
  id: "healthy",
  version: "1.0.0",
  sdkVersion: 1,
  author: "tests",
  description: "Counts quotes.",
  trading: { venues: ["*"], instruments: ["*-PERP"], data: ["quotes"], orders: "none" },
  riskBudget: {
    maxOrderNotionalUsd: 0,
    maxPositionNotionalUsd: 0,
    maxOrdersPerSecond: 0,
    maxDailyLossUsd: 0,
  },
  onStop: "keep_positions",
  settings: {},
}, (ctx) => {
  let quotes = 0;
  let gaps = 0;
  const last = new Map<string, number>();
  return {
    onStart() {
      ctx.time.every(100, () => ctx.log.info("alive", { quotes, gaps }));
    },
    onQuote(quote) {
      quotes += 1;
      const before = last.get(quote.instrument);
      if (before !== undefined && quote.sequence !== before + 1) gaps += 1;
      last.set(quote.instrument, quote.sequence);
    },
  };
});
