/** What is particular to Aster's adapter against its simulated venue. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { BerthError } from "@berth/sdk";
import { simulated, withBench } from "../../support/venue_bench.ts";
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

const otherKey = `0x${"12".repeat(32)}`;
simulated(
  "a key that is no agent of the account is refused in the venue's words, and not repeated in them",
  () =>
    withBench(aster, { credentials: { ASTER_AGENT_PRIVATE_KEY: otherKey } }, async ({ adapter, signal }) => {
      const error = await assertRejects(() => adapter.start(signal), BerthError);
      assertEquals(error.code, "VENUE_REFUSED");
      assert(error.message.includes("-2015"), error.message);
      assertEquals(error.message.includes("1212"), false);
    }),
);
