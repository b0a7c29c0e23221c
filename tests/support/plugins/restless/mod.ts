/** A strategy that never rests: orders of every kind at random on all venues, so that a host can be killed while it trades. */
import { defineStrategy } from "@berth/sdk";

export default defineStrategy({
  kind: "strategy",
  id: "restless",
  version: "1.0.0",
  sdkVersion: 1,
  author: "tests",
  description: "Trades at random, for crash tests.",
  trading: { venues: ["*"], instruments: ["BTC-PERP"], data: ["quotes"], orders: "trade" },
  riskBudget: {
    maxOrderNotionalUsd: 5_000,
    maxPositionNotionalUsd: 20_000,
    maxOrdersPerSecond: 15,
    maxDailyLossUsd: 5_000,
  },
  onStop: "keep_positions",
  settings: {},
}, (ctx) => {
  const act = (): void => {
    const instruments = ctx.instruments.all();
    const instrument = instruments[Math.floor(ctx.random() * instruments.length)];
    const quote = instrument === undefined ? undefined : ctx.quotes.get(instrument.id);
    const working = ctx.orders.working();
    if (working.length > 6) {
      const one = working[Math.floor(ctx.random() * working.length)];
      if (one !== undefined) ctx.orders.cancel(one.ref);
      return;
    }
    if (instrument === undefined || quote === undefined || !(quote.bidPrice > 0 && quote.askPrice > 0)) {
      return;
    }
    const side = ctx.positions.get(instrument.id).sizeBase > 0 === ctx.random() < 0.7 ? "sell" : "buy";
    const draw = ctx.random();
    const near = side === "buy" ? quote.bidPrice : quote.askPrice;
    const far = side === "buy" ? quote.askPrice : quote.bidPrice;
    ctx.orders.submit({
      instrument: instrument.id,
      side,
      sizeBase: (200 + 1_500 * ctx.random()) / quote.askPrice,
      ...(draw < 0.3 ? {} : { limitPrice: draw < 0.6 ? far : near }),
      timeInForce: draw < 0.5 ? "IOC" : "GTC",
      postOnly: draw > 0.85,
    });
  };
  return {
    onStart() {
      ctx.time.every(60, act);
    },
  };
});
