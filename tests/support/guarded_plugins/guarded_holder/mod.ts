/** A strategy that buys once and leaves its position to an exit plan with a stop. */
import { defineStrategy, instrumentId } from "@berth/sdk";

const instrument = instrumentId("paradex", "BTC-PERP");

export default defineStrategy({
  kind: "strategy",
  id: "guarded_holder",
  version: "1.0.0",
  sdkVersion: 1,
  author: "tests",
  description: "Holds one guarded position.",
  trading: { venues: ["paradex"], instruments: ["BTC-PERP"], data: ["quotes"], orders: "trade" },
  riskBudget: {
    maxOrderNotionalUsd: 2_000,
    maxPositionNotionalUsd: 2_000,
    maxOrdersPerSecond: 10,
    maxDailyLossUsd: 500,
  },
  onStop: "keep_positions",
  settings: {},
}, (ctx) => {
  let isBought = ctx.state.saved() === "bought";
  return {
    onQuote() {
      if (isBought) return;
      isBought = true;
      ctx.state.save("bought");
      ctx.orders.submit({ instrument, side: "buy", sizeBase: "0.01", exits: { stopLossBps: 100 } });
    },
    onOrder(order) {
      if (order.status === "refused" || order.status === "rejected") isBought = false;
    },
  };
});
