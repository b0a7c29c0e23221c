/** Typed data against another library's signatures, for any domain and any record. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { hexToBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { addr, signTyped } from "micro-eth-signer";
import {
  addressWord,
  boolWord,
  digestIn,
  hashText,
  numberWord,
  signatureText,
  structHash,
  WalletKey,
} from "@berth/sdk/venue/eip712.ts";

const types = {
  EIP712Domain: [
    { name: "name", type: "string" },
    { name: "version", type: "string" },
    { name: "chainId", type: "uint256" },
    { name: "verifyingContract", type: "address" },
  ],
  Base: [{ name: "nonce", type: "uint256" }, { name: "signer", type: "address" }],
  Order: [
    { name: "base", type: "Base" },
    { name: "amount", type: "int256" },
    { name: "asset", type: "uint64" },
    { name: "isBuy", type: "bool" },
    { name: "parent", type: "bytes32" },
    { name: "msg", type: "string" },
  ],
} as const;
const baseText = "Base(uint256 nonce,address signer)";
const baseType = hashText(baseText);
const orderType = hashText(
  `Order(Base base,int256 amount,uint64 asset,bool isBuy,bytes32 parent,string msg)${baseText}`,
);

const hexOf = (digits: number) =>
  fc.bigInt({ min: 1n, max: 16n ** BigInt(digits) - 1n }).map((value) =>
    value.toString(16).padStart(digits, "0")
  );
const address = hexOf(40).map((digits) => `0x${digits}`);
const uint = (bits: bigint) => fc.bigInt({ min: 0n, max: 2n ** bits - 1n });
const domain = fc.record({
  name: fc.string(),
  version: fc.string(),
  chainId: uint(64n),
  verifyingContract: address,
});
const message = fc.record({
  base: fc.record({ nonce: uint(256n), signer: address }),
  amount: fc.bigInt({ min: -(2n ** 255n), max: 2n ** 255n - 1n }),
  asset: uint(64n),
  isBuy: fc.boolean(),
  parent: hexOf(64).map((digits) => hexToBytes(digits)),
  msg: fc.string({ unit: "binary" }),
});

Deno.test("signatures are those of another library for any domain, record and key", () => {
  fc.assert(
    // Twice below the order of the curve, so that each is a key.
    fc.property(hexOf(62), domain, message, (digits, domain, message) => {
      const privateKey = `0x00${digits}`;
      const key = new WalletKey(privateKey);
      assertEquals(key.address, addr.fromPrivateKey(privateKey).toLowerCase());
      const { amount, asset, base, isBuy, msg, parent } = message;
      const record = structHash(
        orderType,
        structHash(baseType, numberWord(base.nonce), addressWord(base.signer)),
        numberWord(amount),
        numberWord(asset),
        boolWord(isBuy),
        parent,
        hashText(msg),
      );
      const theirs = signTyped({ types, primaryType: "Order", domain, message }, privateKey, false);
      assertEquals(signatureText(key.sign(digestIn(domain)(record))), theirs);
    }),
    { numRuns: 40 },
  );
});

Deno.test("what does not fit a word, or is no address, is refused", () => {
  for (const value of [2n ** 256n, -(2n ** 255n) - 1n, 0.5, NaN]) assertThrows(() => numberWord(value));
  for (const text of ["", "0x12", `0x${"g".repeat(40)}`, "a".repeat(42)]) {
    assertThrows(() => addressWord(text));
  }
});

Deno.test("what is no key is refused without repeating it", () => {
  const order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
  for (const text of ["", "0x12", "0".repeat(64), order, "g".repeat(64), `0x${"1".repeat(66)}`]) {
    const error = assertThrows(() => new WalletKey(text));
    assert(error instanceof RangeError && (text === "" || !error.message.includes(text)), String(error));
  }
});
