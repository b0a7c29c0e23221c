/** Hyperliquid: what one order's signature costs, beside another client's hash of the same action. */
import { createL1ActionHash } from "@nktkas/hyperliquid/signing";
import { limitType, orderAction, wireOrder } from "../../exchanges/hyperliquid/actions.ts";
import { actionHash, ActionSigner } from "../../exchanges/hyperliquid/signing.ts";

// A throw-away key that the venue's own SDK publishes in its tests.
const signer = new ActionSigner(
  "0123456789012345678901234567890123456789012345678901234567890123",
  "testnet",
);
const action = orderAction([
  wireOrder({
    asset: 0,
    isBuy: true,
    price: "83412",
    size: "0.0123",
    reduceOnly: false,
    type: limitType("Ioc"),
    cloid: `0x${"b1".repeat(16)}`,
  }),
]);
let nonce = 1_790_000_000_000;

Deno.bench("hash of an order, @nktkas/hyperliquid", { group: "hash", baseline: true }, () => {
  createL1ActionHash({ action: { ...action }, nonce: nonce++ });
});
Deno.bench("hash of an order", { group: "hash" }, () => void actionHash(action, { nonce: nonce++ }));
Deno.bench(
  "hash and signature of an order",
  { group: "sign" },
  () => void signer.sign(action, { nonce: nonce++ }),
);
