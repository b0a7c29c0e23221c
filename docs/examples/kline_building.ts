/** Building klines from trades, bars without a trade included, and an indicator over closed bars. */
import { defineStrategy, type InstrumentId, setting } from "@berth/sdk";
import { EMA } from "@berth/sdk/indicators";
import { KlineBuilder } from "@berth/sdk/klines";

export default defineStrategy({
  kind: "strategy",
  id: "example_kline_building",
  version: "1.0.0",
  sdkVersion: 1,
  author: "berth",
  description: "Builds one-minute bars from trades and logs each that closes, with an average.",
  trading: { venues: ["*"], instruments: ["BTC-PERP"], data: ["trades"], orders: "none" },
  riskBudget: {
    maxOrderNotionalUsd: 0,
    maxPositionNotionalUsd: 0,
    maxOrdersPerSecond: 0,
    maxDailyLossUsd: 0,
  },
  onStop: "keep_positions",
  settings: { bars: setting.number({ default: 9, min: 2, max: 200, description: "Bars of the average." }) },
}, (ctx) => {
  const builders = new Map<InstrumentId, KlineBuilder>();
  const average = new EMA(ctx.settings.bars);
  let loggedUpToMs = -Infinity;

  return {
    onStart() {
      ctx.time.every(1_000, () => {
        let built = 0;
        for (const [instrument, builder] of builders) {
          builder.advanceTo(ctx.time.epochMs()); // a silent minute ends too
          built += builder.builtCount;
          const bar = builder.getLastClosed();
          if (bar === undefined || bar.openTimeMs <= loggedUpToMs) continue;
          loggedUpToMs = bar.openTimeMs;
          average.update(bar.close, false);
          const { open, high, low, close, volumeBase } = bar;
          const ema = average.isStable ? average.getResultOrThrow() : NaN;
          ctx.log.info("bar", { instrument, open, high, low, close, volumeBase, ema });
        }
        ctx.gauge("klines", built);
      });
    },
    onTrade(trade) {
      const builder = builders.get(trade.instrument) ?? new KlineBuilder({ interval: "1m" });
      if (!builders.has(trade.instrument)) ctx.log.info("first trade", { instrument: trade.instrument });
      builders.set(trade.instrument, builder);
      builder.processTrade(trade);
    },
  };
});
