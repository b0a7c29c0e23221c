/** What is particular to EdgeX's adapter against its simulated venue. */
import { testAdapterContract } from "../adapter_contract.ts";
import { edgex } from "./bench.ts";

testAdapterContract({
  subject: edgex,
  lot: "0.001",
  settlementAsset: "USDC",
  takerFee: 2_700_045_000_000_000_000n, // 60,001 × 0.1 BTC × 4.5 bps
  orderRequest: "POST /api/v2/private/order/createOrder",
  cancelOfNothing: "already_done",
  takesUnboundedMarket: true,
  hasBookDeltas: true,
  tooMany: "unknown",
});
