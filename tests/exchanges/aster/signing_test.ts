/** Signatures against computed vectors, against another library, and nonces. */
import { assert, assertEquals } from "@std/assert";
import { bytesToHex } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { recoverAddressTyped } from "micro-eth-signer";
import * as v from "valibot";
import { NonceSource } from "../../../exchanges/aster/nonces.ts";
import { digestOfText, RequestSigner } from "../../../exchanges/aster/signing.ts";
import { sharedDataMissing, sharedPath } from "../../support/shared_data.ts";

// A key that the venue's own documentation publishes.
const privateKey = "0x4fd0a42218f3eae43a6ce26d22544e986139a01e5b34a62db53757ffca81bae1";
const agent = "0x21cf8ae13bb72632562c6fff438652ba1a151bb0";
const user = "0x63DD5aCC6b1aa0f563956C0e534DD30B6dcF7C4e";

const vectorSchema = v.object({
  name: v.string(),
  privateKey: v.string(),
  signer: v.string(),
  chainId: v.literal(1_666),
  msg: v.string(),
  digest: v.string(),
  signature: v.string(),
  wire: v.string(),
});

const vectorsPath = sharedPath("vectors/aster/v3_eip712.json");
Deno.test({
  name: `every computed signature comes out to the bit ${vectorsPath === undefined ? sharedDataMissing : ""}`,
  ignore: vectorsPath === undefined,
  fn: async () => {
    const found = JSON.parse(await Deno.readTextFile(vectorsPath ?? ""));
    const vectors = v.parse(v.array(vectorSchema), found);
    assert(vectors.length >= 3);
    for (const one of vectors) {
      const digest = digestOfText("mainnet")(one.msg);
      assertEquals(`0x${bytesToHex(digest)}`, one.digest, one.name);
      // What is signed there writes the agent's address in capitals too; ours writes it small.
      const params = new URLSearchParams(one.msg);
      const nonce = Number(params.get("nonce"));
      const signer = new RequestSigner({
        privateKey: one.privateKey,
        user: params.get("user") ?? "",
        network: "mainnet",
        nextNonce: () => nonce,
      });
      assertEquals(signer.address, one.signer.toLowerCase(), one.name);
      const [plain = ""] = one.msg.split("&nonce=");
      const signed = signer.sign(plain);
      const [text = ""] = signed.split("&signature=");
      assertEquals(text.toLowerCase(), one.msg.toLowerCase(), one.name);
      if (text === one.msg) assertEquals(signed, one.wire, one.name);
    }
  },
});

const types = {
  EIP712Domain: [
    { name: "name", type: "string" },
    { name: "version", type: "string" },
    { name: "chainId", type: "uint256" },
    { name: "verifyingContract", type: "address" },
  ],
  Message: [{ name: "msg", type: "string" }],
} as const;
const domainOf = (chainId: bigint) => ({
  name: "AsterSignTransaction",
  version: "1",
  chainId,
  verifyingContract: "0x0000000000000000000000000000000000000000",
});

const params = fc.dictionary(
  fc.stringMatching(/^[a-zA-Z]{1,16}$/),
  fc.oneof(fc.string(), fc.constantFrom('[{"symbol":"BTCUSDT"}]', "a b", "ä&=+%")),
  { maxKeys: 6 },
).filter((one) => !Object.keys(one).some((name) => ["nonce", "user", "signer", "signature"].includes(name)));

Deno.test("another library finds the agent behind any request, and only on its own network", () => {
  fc.assert(
    fc.property(params, fc.integer({ min: 1, max: 2 ** 52 }), (values, nonce) => {
      for (
        const [network, chainId, other] of [["mainnet", 1_666n, 714n], ["testnet", 714n, 1_666n]] as const
      ) {
        const signer = new RequestSigner({ privateKey, user, network, nextNonce: () => nonce });
        const plain = new URLSearchParams(values).toString();
        const sent = signer.sign(plain);
        const [, msg = "", signature = ""] = /^(.*)&signature=(0x[0-9a-f]{130})$/.exec(`&${sent}`) ?? [];
        const text = msg.slice(1);
        assertEquals(text, `${plain}${plain === "" ? "" : "&"}nonce=${nonce}&user=${user}&signer=${agent}`);
        const recovered = (chain: bigint) =>
          recoverAddressTyped(signature, {
            types,
            primaryType: "Message",
            domain: domainOf(chain),
            message: { msg: text },
          }).toLowerCase();
        assertEquals(recovered(chainId), agent);
        assert(recovered(other) !== agent);
      }
    }),
    { numRuns: 15 },
  );
});

Deno.test("nonces are the venue's microseconds, and each is given once, whatever its clock does", () => {
  fc.assert(fc.property(fc.array(fc.nat({ max: 50 }), { minLength: 1, maxLength: 200 }), (steps) => {
    let nowMs = 1_790_000_000_000;
    const nonces = new NonceSource({ nowMs: () => nowMs });
    let last = 0;
    steps.forEach((step, at) => {
      nowMs += step - 20; // it goes back, too
      const nonce = nonces.next();
      assert(nonce > last && Number.isSafeInteger(nonce));
      assert(nonce >= nowMs * 1_000 && nonce <= (1_790_000_000_000 + 50 * (at + 1)) * 1_000 + at);
      last = nonce;
    });
  }));
});
