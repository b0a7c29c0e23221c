/** Paradex: perpetual futures on a Starknet app-chain. Manifest and factory. */
import { defineExchange } from "@berth/sdk";
import { networkTransport } from "@berth/sdk/venue/transport.ts";
import { ParadexAdapter } from "./adapter.ts";
import { optionalSecrets } from "./credentials.ts";
import { settings } from "./settings.ts";

export default defineExchange({
  kind: "exchange",
  id: "paradex",
  venue: "paradex",
  version: "0.1.0",
  sdkVersion: 1,
  description:
    "Paradex perpetual futures: market data in binary form, orders over WebSocket, STARK signatures.",
  author: "berth",
  // One host each serves public and private data alike, so paper trading needs both.
  endpoints: {
    live: {
      rest: { url: "https://api.prod.paradex.trade/v1", purpose: "market_data" },
      ws: { url: "wss://ws.api.prod.paradex.trade/v1", purpose: "market_data" },
      wsAlternative: { url: "wss://ws-public.api.prod.paradex.trade/v1", purpose: "market_data" },
    },
    testnet: {
      rest: { url: "https://api.testnet.paradex.trade/v1", purpose: "market_data" },
      ws: { url: "wss://ws.api.testnet.paradex.trade/v1", purpose: "market_data" },
      wsAlternative: { url: "wss://ws-public.api.testnet.paradex.trade/v1", purpose: "market_data" },
    },
  },
  tradingSecrets: ["PARADEX_ACCOUNT", "PARADEX_PRIVATE_KEY"],
  optionalSecrets,
  packages: ["@noble/curves", "@noble/hashes", "valibot"],
  // 800 a second an account.
  requestBudget: { requestsPerSecond: 100, burst: 200, reservedShare: 0.3 },
  settings,
}, (ctx) => new ParadexAdapter(ctx, networkTransport));
