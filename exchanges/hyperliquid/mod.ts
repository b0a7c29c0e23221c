/** Hyperliquid: perpetuals of HyperCore. Manifest and factory. */
import { defineExchange } from "@berth/sdk";
import { networkTransport } from "@berth/sdk/venue/transport.ts";
import { HyperliquidAdapter } from "./adapter.ts";
import { settings } from "./settings.ts";

export default defineExchange({
  kind: "exchange",
  id: "hyperliquid",
  venue: "hyperliquid",
  version: "0.1.0",
  sdkVersion: 1,
  description:
    "Hyperliquid perpetuals: market data and orders over WebSocket, actions signed by an agent's key.",
  author: "berth",
  endpoints: {
    live: {
      restUrl: { url: "https://api.hyperliquid.xyz", purpose: "market_data" },
      wsUrl: { url: "wss://api.hyperliquid.xyz/ws", purpose: "market_data" },
    },
    testnet: {
      restUrl: { url: "https://api.hyperliquid-testnet.xyz", purpose: "market_data" },
      wsUrl: { url: "wss://api.hyperliquid-testnet.xyz/ws", purpose: "market_data" },
    },
  },
  tradingSecrets: ["HYPERLIQUID_ACCOUNT_ADDRESS", "HYPERLIQUID_AGENT_PRIVATE_KEY"],
  packages: ["@msgpack/msgpack", "@noble/curves", "@noble/hashes", "valibot"],
  // A weight of 1,200 a minute, actions and questions together.
  requestBudget: { requestsPerSecond: 10, burst: 40, reservedShare: 0.3 },
  settings,
}, (ctx) => new HyperliquidAdapter(ctx, networkTransport));
