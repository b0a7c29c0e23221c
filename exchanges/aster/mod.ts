/** Aster: perpetuals by API V3. Manifest and factory. */
import { defineExchange } from "@berth/sdk";
import { networkTransport } from "@berth/sdk/venue/transport.ts";
import { AsterAdapter } from "./adapter.ts";
import { settings } from "./settings.ts";

export default defineExchange({
  kind: "exchange",
  id: "aster",
  venue: "aster",
  version: "0.1.0",
  sdkVersion: 1,
  description: "Aster perpetuals: market data over WebSocket, orders over REST, signed by an agent's key.",
  author: "berth",
  endpoints: {
    live: {
      restUrl: { url: "https://fapi.asterdex.com", purpose: "market_data" },
      wsUrl: { url: "wss://fstream.asterdex.com", purpose: "market_data" },
    },
    testnet: {
      restUrl: { url: "https://fapi.asterdex-testnet.com", purpose: "market_data" },
      wsUrl: { url: "wss://fstream5.asterdex-testnet.com", purpose: "market_data" },
    },
  },
  tradingSecrets: ["ASTER_ACCOUNT_ADDRESS", "ASTER_AGENT_PRIVATE_KEY"],
  packages: ["@noble/curves", "@noble/hashes", "valibot"],
  // 1,200 orders a minute, by a weight of 2,400 that questions share.
  requestBudget: { requestsPerSecond: 15, burst: 50, reservedShare: 0.3 },
  settings,
}, (ctx) => new AsterAdapter(ctx, networkTransport));
