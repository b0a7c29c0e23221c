/**
 * The life of an order: a post-only bid that waits a while and is taken back if it does not fill; once it fills, the host
 * guards the position by stop, target and longest time, and closes it even if this strategy is gone. Every intent passes
 * the risk gate; what it refuses comes to `onOrder` with its code.
 */
import { defineStrategy, setting } from "@berth/sdk";

export default defineStrategy({
  kind: "strategy",
  id: "example_order_execution",
  version: "1.0.0",
  sdkVersion: 1,
  author: "berth",
  description: "Bids at the best bid; the host guards what it bought and sells it after a while.",
  trading: { venues: ["paradex"], instruments: ["BTC-PERP"], data: ["quotes"], orders: "trade" },
  riskBudget: {
    maxOrderNotionalUsd: 500,
    maxPositionNotionalUsd: 500,
    maxOrdersPerSecond: 5,
    maxDailyLossUsd: 50,
  },
  onStop: "flatten",
  settings: {
    sizeUsd: setting.number({ default: 200, min: 10, max: 400, description: "Value of the order, USD." }),
    patienceMs: setting.number({ default: 1_500, min: 100, description: "For which a bid waits, ms." }),
    holdMs: setting.number({ default: 2_000, min: 100, description: "For which a position is held, ms." }),
  },
}, (ctx) => {
  let working: string | undefined;
  let restUntilMs = 0;

  return {
    onQuote(quote) {
      const { instrument, bidPrice } = quote;
      const nowMs = ctx.time.epochMs();
      if (working !== undefined || nowMs < restUntilMs || !(bidPrice > 0)) return;
      if (ctx.positions.get(instrument).sizeBase !== 0) return;
      const ref = ctx.orders.submit({
        instrument,
        side: "buy",
        sizeBase: ctx.settings.sizeUsd / bidPrice,
        limitPrice: bidPrice,
        postOnly: true,
        exits: { stopLossBps: 100, takeProfitBps: 200, maxHoldMs: ctx.settings.holdMs },
        because: [quote],
      });
      working = ref;
      ctx.log.info("placed", { instrument, limitPrice: bidPrice });
      ctx.time.after(ctx.settings.patienceMs, () => {
        if (working === ref) ctx.orders.cancel(ref);
      });
    },
    onFill({ instrument, side, price, sizeBase, fee }) {
      ctx.log.info("filled", { instrument, side, price, sizeBase, fee });
    },
    onOrder({ ref, status, isDone, reason = "" }) {
      if (ref !== working || !isDone) return;
      working = undefined;
      restUntilMs = ctx.time.epochMs() + 500;
      ctx.log.info("ended", { status, reason });
    },
  };
});
