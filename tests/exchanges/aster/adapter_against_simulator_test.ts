/** What is particular to Aster's adapter against its simulated venue. */
import { testAdapterContract } from "../adapter_contract.ts";
import { aster } from "./bench.ts";

testAdapterContract({
  subject: aster,
  lot: "0.001",
  settlementAsset: "USDT",
  takerFee: 2_400_040_000_000_000_000n, // 60,001 × 0.1 BTC × 4 bps
  orderRequest: "POST /fapi/v3/order",
  cancelOfNothing: "already_done",
  takesUnboundedMarket: true,
  hasBookDeltas: true,
  tooMany: "rejected",
});
