import { assertEquals } from "@std/assert";
import { ownSigner, randomOrders, referenceHash, referenceSignature, seeded } from "../bench/signing.ts";

Deno.test("10,000 random orders have the hash and the signature of starknet.js, to the last bit", () => {
  const own = ownSigner();
  const orders = randomOrders(seeded(20_261_121));
  let compared = 0;
  for (const order of orders) {
    const hash = own.hash(order);
    assertEquals(`0x${hash.toString(16)}`, referenceHash(order), JSON.stringify(order));
    const { r, s } = own.sign(hash);
    const expected = referenceSignature(`0x${hash.toString(16)}`);
    assertEquals([r, s], [expected.r, expected.s], JSON.stringify(order));
    compared += 1;
    if (compared === 10_000) break;
  }
  assertEquals(compared, 10_000);
});
