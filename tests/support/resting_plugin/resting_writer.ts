/** A strategy with one order that rests far from the market, and that fills the journal with what it saves. */
import { defineStrategy, type InstrumentId } from "@berth/sdk";

const filling = "x".repeat(8_000);

export default defineStrategy({
  kind: "strategy",
  id: "resting_writer",
  version: "1.0.0",
  sdkVersion: 1,
  author: "tests",
  description: "Holds one resting order and saves much.",
  trading: { venues: ["okx"], instruments: ["BTC-PERP"], data: ["quotes"], orders: "trade" },
  riskBudget: {
    maxOrderNotionalUsd: 2_000,
    maxPositionNotionalUsd: 2_000,
    maxOrdersPerSecond: 10,
    maxDailyLossUsd: 100,
  },
  onStop: "keep_positions",
  settings: {},
}, (ctx) => {
  let isOpen = false;
  let saved = 0;
  const rest = (instrument: InstrumentId, bidPrice: number): void => {
    isOpen = true;
    ctx.orders.submit({ instrument, side: "buy", sizeBase: 0.01, limitPrice: bidPrice * 0.97 });
  };
  return {
    onQuote(quote) {
      if (!isOpen && quote.bidPrice > 0) rest(quote.instrument, quote.bidPrice);
    },
    onOrder(order) {
      ctx.log.info("order", { status: order.status });
      if (order.status === "refused") isOpen = false;
      if (order.status === "accepted") ctx.time.every(20, () => ctx.state.save({ saved: saved++, filling }));
    },
  };
});
