/** Measures what reaches a strategy: callbacks a second, and the time from a record's stamp to its callback. */
import { defineStrategy } from "@berth/sdk";

export default defineStrategy({
  kind: "strategy",
  id: "meter",
  version: "1.0.0",
  sdkVersion: 1,
  author: "benchmarks",
  description: "Counts quotes and their delays.",
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
  let count = 0;
  const delaysUs = new Float64Array(1 << 16);
  let kept = 0;
  return {
    onStart() {
      ctx.time.every(1_000, () => {
        const delays = delaysUs.subarray(0, Math.min(kept, delaysUs.length)).slice().sort();
        const at = (share: number): number =>
          delays[Math.min(delays.length - 1, Math.floor(delays.length * share))] ?? 0;
        ctx.log.info("meter", { quotes: count, p50Us: at(0.5), p99Us: at(0.99), p999Us: at(0.999) });
        kept = 0;
        count = 0;
      });
    },
    onQuote(quote) {
      count += 1;
      if (kept < delaysUs.length) delaysUs[kept++] = ctx.time.epochUs() - quote.tsRecvUs;
    },
  };
});
