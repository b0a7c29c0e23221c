/** Ten thousand orders as different as a seeded generator makes them: hash and signature are another client's, bit for bit. */
import { assertEquals } from "@std/assert";
import { createL1ActionHash, signL1Action } from "@nktkas/hyperliquid/signing";
import { bytesToHex } from "@noble/hashes/utils.js";
import { limitType, orderAction, triggerType, wireOrder } from "../../exchanges/hyperliquid/actions.ts";
import { actionHash, ActionSigner } from "../../exchanges/hyperliquid/signing.ts";
import { seededRandom } from "../../exchanges/simulation/random.ts";
import { typedDataWallet } from "../exchanges/hyperliquid/wallet.ts";

// A throw-away key that the venue's own SDK publishes in its tests.
const key = "0x0123456789012345678901234567890123456789012345678901234567890123";
const count = 10_000;
/** The other client's signature takes a hundred times as long as its hash. */
const signedEvery = 10;

Deno.test(`${count} random orders are hashed and signed as another client does it`, async () => {
  const random = seededRandom(20_261_121);
  const wallet = typedDataWallet(key);
  const whole = (most: number): number => Math.floor(random.next() * most);
  const decimal = (): string => {
    const [number, places] = [whole(10_000_000), whole(7)];
    return String(Number((number / 10 ** places).toFixed(places)));
  };
  const cloid = (): string => `0x${Array.from({ length: 32 }, () => whole(16).toString(16)).join("")}`;
  const signers = { mainnet: new ActionSigner(key, "mainnet"), testnet: new ActionSigner(key, "testnet") };
  for (let i = 0; i < count; i++) {
    const action = orderAction(
      Array.from({ length: 1 + whole(3) }, () =>
        wireOrder({
          asset: whole(random.next() < 0.5 ? 200 : 120_000),
          isBuy: random.next() < 0.5,
          price: decimal(),
          size: decimal(),
          reduceOnly: random.next() < 0.3,
          type: random.next() < 0.7
            ? limitType((["Alo", "Ioc", "Gtc"] as const)[whole(3)] ?? "Gtc")
            : triggerType(random.next() < 0.5, decimal(), random.next() < 0.5 ? "tp" : "sl"),
          cloid: cloid(),
        })),
    );
    const nonce = 1_700_000_000_000 + whole(100_000_000_000);
    const expiresAfterMs = random.next() < 0.5 ? nonce + 15_000 : undefined;
    const expiry = expiresAfterMs === undefined ? {} : { expiresAfter: expiresAfterMs };
    const theirs = createL1ActionHash({ action: { ...action }, nonce, ...expiry });
    assertEquals(`0x${bytesToHex(actionHash(action, { nonce, expiresAfterMs }))}`, theirs);
    if (i % signedEvery !== 0) continue;
    const isTestnet = random.next() < 0.5;
    const signed = await signL1Action({ wallet, action: { ...action }, nonce, isTestnet, ...expiry });
    const ours = signers[isTestnet ? "testnet" : "mainnet"].sign(action, { nonce, expiresAfterMs });
    assertEquals([BigInt(ours.r), BigInt(ours.s), ours.v], [BigInt(signed.r), BigInt(signed.s), signed.v]);
  }
});
