/** OKX: perpetual swaps by API v5. Manifest and factory. */
import { defineExchange } from "@berth/sdk";
import { networkTransport } from "@berth/sdk/venue/transport.ts";
import { OkxAdapter } from "./adapter.ts";
import { settings } from "./settings.ts";

export default defineExchange({
  kind: "exchange",
  id: "okx",
  venue: "okx",
  version: "0.1.0",
  sdkVersion: 1,
  description: "OKX perpetual swaps: market data and orders over WebSocket, HMAC signatures.",
  author: "berth",
  endpoints: {
    live: {
      restUrl: { url: "https://www.okx.com", purpose: "market_data" },
      wsPublicUrl: { url: "wss://ws.okx.com:8443/ws/v5/public", purpose: "market_data" },
      wsPrivateUrl: { url: "wss://ws.okx.com:8443/ws/v5/private", purpose: "trading" },
      wsBusinessUrl: { url: "wss://ws.okx.com:8443/ws/v5/business", purpose: "trading" },
      // The AWS hosts: in older documentation only (autumn 2026).
      restUrlAlternative: { url: "https://aws.okx.com", purpose: "market_data" },
      wsPublicUrlAlternative: { url: "wss://wsaws.okx.com:8443/ws/v5/public", purpose: "market_data" },
      wsPrivateUrlAlternative: { url: "wss://wsaws.okx.com:8443/ws/v5/private", purpose: "trading" },
      wsBusinessUrlAlternative: { url: "wss://wsaws.okx.com:8443/ws/v5/business", purpose: "trading" },
    },
    testnet: {
      restUrl: { url: "https://www.okx.com", purpose: "market_data" },
      wsPublicUrl: { url: "wss://wspap.okx.com:8443/ws/v5/public", purpose: "market_data" },
      wsPrivateUrl: { url: "wss://wspap.okx.com:8443/ws/v5/private", purpose: "trading" },
      wsBusinessUrl: { url: "wss://wspap.okx.com:8443/ws/v5/business", purpose: "trading" },
      // Demo trading has no other hosts; REST is told apart by a header.
      restUrlAlternative: { url: "https://aws.okx.com", purpose: "market_data" },
      wsPublicUrlAlternative: { url: "wss://wspap.okx.com:8443/ws/v5/public", purpose: "market_data" },
      wsPrivateUrlAlternative: { url: "wss://wspap.okx.com:8443/ws/v5/private", purpose: "trading" },
      wsBusinessUrlAlternative: { url: "wss://wspap.okx.com:8443/ws/v5/business", purpose: "trading" },
    },
  },
  tradingSecrets: ["OKX_API_KEY", "OKX_SECRET_KEY", "OKX_PASSPHRASE"],
  packages: ["@noble/hashes", "valibot"],
  // 60 in 2 s an instrument.
  requestBudget: { requestsPerSecond: 25, burst: 50, reservedShare: 0.3 },
  settings,
}, (ctx) => new OkxAdapter(ctx, networkTransport));
