/** The scalper as berth loads it: manifest and the strategy with its usual signal. */
import { defineStrategy } from "@berth/sdk";
import { analystHosts, analystUrl } from "./analyst.ts";
import { exitsOf, Scalper } from "./scalper.ts";
import { settings } from "./settings.ts";
import { signalOf } from "./signal.ts";

export default defineStrategy({
  kind: "strategy",
  id: "paradex_scalper",
  version: "0.1.0",
  sdkVersion: 1,
  author: "berth",
  description: "Scalps on Paradex by indicators of short bars, with targets and stops that the host holds.",
  startsDisabled: true,
  ...(analystUrl === "" ? {} : { permissions: { net: analystHosts(analystUrl) } }),
  trading: { venues: ["paradex"], instruments: ["*-PERP"], data: ["quotes", "trades"], orders: "trade" },
  riskBudget: {
    // Room above `maxPositionUsd`: a market order counts at its worst price, a collar beyond the quote.
    maxOrderNotionalUsd: 1_100,
    maxPositionNotionalUsd: 1_100,
    maxOrdersPerSecond: 5,
    maxDailyLossUsd: 100,
  },
  onStop: "flatten",
  settings,
}, (ctx) => new Scalper(ctx, { signal: signalOf, exits: exitsOf, send: fetch }));
