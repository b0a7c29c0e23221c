/** A strategy with one order that rests far from the market. What becomes of it is told by its log. */
import { defineStrategy, instrumentId } from "@berth/sdk";

export default defineStrategy({
  kind: "strategy",
  id: "order_holder",
  version: "1.0.0",
  sdkVersion: 1,
  author: "tests",
  description: "Holds one resting order.",
  trading: { venues: ["alpha"], instruments: ["BTC-PERP"], data: ["quotes"], orders: "trade" },
  riskBudget: {
    maxOrderNotionalUsd: 1_000,
    maxPositionNotionalUsd: 1_000,
    maxOrdersPerSecond: 10,
    maxDailyLossUsd: 100,
  },
  onStop: "keep_positions",
  settings: {},
}, (ctx) => {
  let isPlaced = false;
  return {
    onQuote() {
      if (isPlaced) return;
      isPlaced = true;
      ctx.orders.submit({
        instrument: instrumentId("alpha", "BTC-PERP"),
        side: "buy",
        sizeBase: "0.01",
        limitPrice: "99.5",
      });
    },
    onOrder(order) {
      ctx.log.info("order", { ref: order.ref, status: order.status });
      if (order.status === "refused") isPlaced = false;
    },
  };
});
