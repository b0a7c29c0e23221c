/** Reports the delay of every quote, from a record's stamp to its callback: for hosts that are not flooded. */
import { defineStrategy } from "@berth/sdk";

export default defineStrategy({
  kind: "strategy",
  id: "delays",
  version: "1.0.0",
  sdkVersion: 1,
  author: "benchmarks",
  description: "Tells the delay of each quote.",
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
  let delaysUs: number[] = [];
  return {
    onStart() {
      ctx.time.every(1_000, () => {
        ctx.log.info("delays", { us: delaysUs.join(" ") });
        delaysUs = [];
      });
    },
    onQuote: (quote) => void delaysUs.push(ctx.time.epochUs() - quote.tsRecvUs),
  };
});
