/** What is particular to Paradex's adapter against its simulated venue: refusals, keys, onboarding. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { BerthError, sizeLots } from "@berth/sdk";
import { accountId, limit, orderUpdate, simulated, started, withBench } from "../../support/venue_bench.ts";
import { testAdapterContract } from "../adapter_contract.ts";
import { newcomerToParadex, paradex } from "./bench.ts";

testAdapterContract({
  subject: paradex,
  lot: "0.00001",
  settlementAsset: "USDC",
  takerFee: 2_700_045_000_000_000_000n, // 60,001 × 0.1 BTC × 4.5 bps
  orderRequest: "POST /v1/orders",
  cancelOfNothing: "rejected",
  takesUnboundedMarket: true,
  hasBookDeltas: true,
  tooMany: "rejected",
});

simulated(
  "orders that risk or matching refuses are rejected with a reason",
  () =>
    withBench(paradex, {}, async (bench) => {
      const { published, signal, trading } = bench;
      await started(bench);
      const cases = [
        ["post1", {
          pricing: limit(600_010, "GTC", true),
        }, "post_only_would_cross"],
        ["margin1", { sizeLots: sizeLots(9_000_000) }, "insufficient_margin"],
        ["tiny1", { sizeLots: sizeLots(1) }, "below_min_notional"],
        [
          "reduce1",
          { reduceOnly: true, side: "sell", pricing: limit(600_000) },
          "reduce_only_would_increase",
        ],
      ] as const;
      for (const [id, change, code] of cases) {
        const outcome = await trading.submit(bench.market.order(id, change), signal);
        // Where the venue answers with a general validation error, its words are passed on, not guessed at.
        const isGeneral = outcome.kind === "rejected" && outcome.venueCode === "VALIDATION_ERROR";
        if (isGeneral) assertEquals(outcome.code, "other");
        else if (outcome.kind === "rejected") assertEquals(outcome.code, code, `${id}: ${outcome.venueText}`);
        else {
          assert(outcome.kind === "acknowledged", JSON.stringify(outcome));
          assertEquals((await published.next(id, orderUpdate(id, "rejected"))).reason, code, id);
        }
      }
      const unfilled = await trading.submit(bench.market.order("ioc1", { pricing: limit(599_000) }), signal);
      assertEquals(unfilled.kind, "acknowledged");
      const ended = await published.next("the IOC order", orderUpdate("ioc1", "cancelled"));
      assertEquals([ended.reason, ended.filledLots], ["ioc_remainder", sizeLots(0)]);
      assertEquals((await trading.submit(bench.market.order("same1"), signal)).kind, "acknowledged");
      await published.next("the first of two", orderUpdate("same1", "open"));
      const twice = await trading.submit(bench.market.order("same1"), signal);
      assert(twice.kind === "rejected" && twice.code === "duplicate_client_order_id", JSON.stringify(twice));
    }),
);

simulated(
  "a wrong key is refused in the venue's words",
  () =>
    withBench(paradex, { credentials: { PARADEX_PRIVATE_KEY: "0x1234567" } }, async ({ adapter, signal }) => {
      const error = await assertRejects(() => adapter.start(signal), BerthError);
      assertEquals(error.code, "VENUE_REFUSED");
      assert(/STARKNET_SIGNATURE_VERIFICATION_FAILED|INVALID_SUBKEY/.test(error.message), error.message);
      assertEquals(error.message.includes("1234567"), false);
    }),
);

simulated(
  "an account that never called the venue is onboarded on the way",
  () =>
    withBench(newcomerToParadex, {}, async (bench) => {
      await started(bench);
      const posts = bench.requests.map(({ line }) => line).filter((line) => line.startsWith("POST"));
      const [token = ""] = posts.filter((line) => line.startsWith("POST /v1/auth/"));
      assertEquals(posts.slice(0, 3), [token, "POST /v1/onboarding", token]);
      assertEquals(
        (await bench.trading.submit(bench.market.order("first1"), bench.signal)).kind,
        "acknowledged",
      );
    }),
);

simulated(
  "when the connection ends, the venue takes the orders back",
  () =>
    withBench(paradex, {}, async (bench) => {
      const { adapter, published, signal, trading, venue } = bench;
      await started(bench);
      await trading.submit(bench.market.order("leave1"), signal);
      await published.next("the open order", orderUpdate("leave1", "open"));
      const isCancelled = new Promise<void>((resolve) => {
        venue.subscribe((e) => {
          if (e.kind === "order" && e.order.status === "cancelled") resolve();
        });
      });
      await adapter.stop();
      await isCancelled;
      assertEquals(venue.order(accountId, { clientOrderId: "leave1" })?.cancelReason, "disconnect");
    }),
);
