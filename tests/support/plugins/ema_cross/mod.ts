/** Follows two moving averages of one minute's closes with market orders: something that trades in a backtest. */
import { defineStrategy, type InstrumentId, setting } from "@berth/sdk";
import { KlineBuilder } from "@berth/sdk/klines";

export default defineStrategy({
  kind: "strategy",
  id: "ema_cross",
  version: "0.1.0",
  sdkVersion: 1,
  author: "berth",
  description: "Buys when the fast average is above the slow one and sells when it is below.",
  trading: { venues: ["*"], instruments: ["BTC-PERP"], data: ["quotes", "trades"], orders: "trade" },
  riskBudget: {
    maxOrderNotionalUsd: 5_000,
    maxPositionNotionalUsd: 5_000,
    maxOrdersPerSecond: 5,
    maxDailyLossUsd: 1_000,
  },
  onStop: "keep_positions",
  settings: {
    fast: setting.number({ default: 30, min: 1, description: "Bars of the fast average." }),
    slow: setting.number({ default: 240, min: 1, description: "Bars of the slow average." }),
    sizeBase: setting.number({ default: 0.02, min: 0, description: "Position in base units." }),
    stopBps: setting.number({ default: 0, min: 0, description: "Stop loss and trailing stop; 0 for none." }),
  },
}, (ctx) => {
  const bars = new KlineBuilder({ interval: "1m", historyLength: 2 });
  let fast = NaN;
  let slow = NaN;
  let seen = 0;
  let side: "buy" | "sell" | undefined;
  const smooth = (before: number, value: number, periods: number): number =>
    Number.isNaN(before) ? value : before + (2 / (periods + 1)) * (value - before);
  const { stopBps } = ctx.settings;
  const trailing = { activationBps: stopBps, distanceBps: stopBps };
  const guarded = stopBps > 0 ? { exits: { stopLossBps: stopBps, trailing } } : {};
  const turn = (instrument: InstrumentId, to: "buy" | "sell"): void => {
    const held = ctx.positions.get(instrument).sizeBase;
    const wanted = to === "buy" ? ctx.settings.sizeBase : -ctx.settings.sizeBase;
    const change = wanted - held;
    side = to;
    if (change !== 0) {
      const order = { instrument, side: change > 0 ? "buy" as const : "sell" as const };
      ctx.orders.submit({ ...order, sizeBase: Math.abs(change), ...guarded });
    }
  };
  return {
    onTrade(trade) {
      const before = bars.getLastClosed()?.openTimeMs;
      bars.processTrade(trade);
      const closed = bars.getLastClosed();
      if (closed === undefined || closed.openTimeMs === before) return;
      fast = smooth(fast, closed.close, ctx.settings.fast);
      slow = smooth(slow, closed.close, ctx.settings.slow);
      if (++seen < ctx.settings.slow) return;
      if (fast > slow && side !== "buy") turn(trade.instrument, "buy");
      if (fast < slow && side !== "sell") turn(trade.instrument, "sell");
    },
  };
});
