/** EdgeX: perpetuals by its V2 interface. Manifest and factory. */
import { defineExchange } from "@berth/sdk";
import { networkTransport } from "@berth/sdk/venue/transport.ts";
import { EdgexAdapter } from "./adapter.ts";
import { settings } from "./settings.ts";

export default defineExchange({
  kind: "exchange",
  id: "edgex",
  venue: "edgex",
  version: "0.1.0",
  sdkVersion: 1,
  description: "EdgeX perpetuals (V2): market data over WebSocket, orders by REST with EIP-712 signatures.",
  author: "berth",
  // EdgeX publishes no testnet of V2 (autumn 2026).
  endpoints: {
    live: {
      restUrl: { url: "https://edgex-prod-v2.edgex.exchange", purpose: "market_data" },
      wsPublicUrl: {
        url: "wss://edgex-quote-prod-v2.edgex.exchange/api/v1/public/ws",
        purpose: "market_data",
      },
      wsPrivateUrl: {
        url: "wss://edgex-quote-prod-v2.edgex.exchange/api/v1/private/ws",
        purpose: "trading",
      },
    },
  },
  tradingSecrets: [
    "EDGEX_ACCOUNT_ID",
    "EDGEX_API_KEY",
    "EDGEX_API_SECRET",
    "EDGEX_API_PASSPHRASE",
    "EDGEX_SIGNER_PRIVATE_KEY",
  ],
  packages: ["@noble/hashes", "@noble/curves", "valibot"],
  // The venue documents none; the adapter's own setting is 240 a minute.
  requestBudget: { requestsPerSecond: 4, burst: 12, reservedShare: 0.3 },
  settings,
}, (ctx) => new EdgexAdapter(ctx, networkTransport));
