/**
 * One symbol, many venues: `BTC-PERP` is BTC-USD-PERP at one venue and BTC-USDT-SWAP at another. Strategies speak berth's
 * symbols; adapters translate. Tick, lot and limits differ and are the venue's own.
 */
import { defineStrategy } from "@berth/sdk";

export default defineStrategy({
  kind: "strategy",
  id: "example_symbol_mapping",
  version: "1.0.0",
  sdkVersion: 1,
  author: "berth",
  description: "Logs what each symbol is called at each venue, with tick, lot and fees.",
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
  const told = new Set<string>();
  return {
    onQuote({ instrument }) {
      if (told.has(instrument)) return;
      told.add(instrument);
      const found = ctx.instruments.get(instrument);
      if (found === undefined) return;
      const { symbol, venue, venueSymbol, tick, lot, takerFeeBps } = found;
      const venues = ctx.instruments.bySymbol(symbol).length;
      ctx.log.info("symbol", {
        symbol,
        venue,
        venueSymbol,
        tick: tick.text,
        lot: lot.text,
        takerFeeBps,
        venues,
      });
    },
  };
});
