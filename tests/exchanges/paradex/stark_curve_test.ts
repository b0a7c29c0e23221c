import { assert, assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "@berth/sdk";
import fc from "fast-check";
import * as scure from "@scure/starknet";
import { curveOrder, fieldPrime, StarkCurve } from "../../../exchanges/paradex/stark_curve.ts";

const curve = new StarkCurve();
const padded = (value: bigint): string => value.toString(16).padStart(64, "0");
const feltArbitrary = fc.oneof(
  fc.bigInt({ min: 0n, max: fieldPrime - 1n }),
  fc.bigInt({ min: 0n, max: 300n }),
  fc.integer({ min: 0, max: 251 }).map((bit) => 1n << BigInt(bit)),
  fc.constantFrom(0n, fieldPrime - 1n, 2n ** 248n - 1n, 2n ** 248n, 2n ** 251n),
);

Deno.test("pedersen() is that of @scure/starknet, edges of the windows included", () => {
  fc.assert(
    fc.property(feltArbitrary, feltArbitrary, (a, b) => {
      const expected = BigInt(scure.pedersen(a, b));
      assertEquals(curve.pedersen(a, b), expected);
      assertEquals(curve.pedersenPrepared(a, curve.prepare(b)), expected);
      assertEquals(curve.pedersenFrom(curve.prepareFirst(a), b), expected);
    }),
    { numRuns: 150 },
  );
});

Deno.test("sign() and publicKey() are those of @scure/starknet", () => {
  const key = fc.bigInt({ min: 1n, max: curveOrder - 1n });
  const hash = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 251n - 1n }),
    fc.bigInt({ min: 0n, max: 2n ** 240n }),
  );
  fc.assert(
    fc.property(hash, key, (h, k) => {
      const { r, s } = scure.sign(padded(h), padded(k));
      assertEquals(curve.sign(h, k), { r, s });
      assertEquals(curve.publicKey(k), BigInt(scure.getStarkKey(padded(k))));
    }),
    { numRuns: 150 },
  );
});

Deno.test("a nonce candidate with a leading zero byte is taken as StarkWare's signer takes it", () => {
  // One in 256 hashes has such a candidate: among 1500 in a row there are some for any key.
  const key = 0x139fe4d6f02e666e86a6f58e65060f115cd3c185bd9e98bd829636931458f79n;
  for (let h = 1n; h <= 1500n; h++) {
    const { r, s } = scure.sign(padded(h), padded(key));
    const mine = curve.sign(h, key);
    assert(mine.r === r && mine.s === s, `hash ${h}`);
  }
});

Deno.test("what is no field element, message hash or key is refused", () => {
  const refused = (act: () => unknown) =>
    assertEquals(assertThrows(act, BerthError).code, "MODEL_OUT_OF_RANGE");
  refused(() => curve.pedersen(fieldPrime, 1n));
  refused(() => curve.pedersen(1n, -1n));
  refused(() => curve.sign(2n ** 251n, 1n));
  refused(() => curve.sign(1n, 0n));
  refused(() => curve.sign(1n, curveOrder));
  refused(() => curve.publicKey(0n));
});
