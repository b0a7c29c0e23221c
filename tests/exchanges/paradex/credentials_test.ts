import { assertEquals, assertThrows } from "@std/assert";
import { ethSigToPrivate } from "@scure/starknet";
import { hash as starknetHash } from "starknet";
import * as v from "valibot";
import { BerthError } from "@berth/sdk";
import { readOnlyToken } from "../../../exchanges/paradex/authentication.ts";
import { credentialsOf, identityOf, starkKey } from "../../../exchanges/paradex/credentials.ts";
import {
  deriveAccount,
  ethereumAddressOf,
  parseEthereumKey,
  signStarkKeyRequest,
} from "../../../exchanges/paradex/ethereum_key.ts";
import { hex } from "../../../exchanges/paradex/signing.ts";
import { StarkCurve } from "../../../exchanges/paradex/stark_curve.ts";
import { readVectors, skippedWithoutVectors } from "./vectors.ts";

const curve = new StarkCurve();
/** Made up; the class hashes are the venue's published ones. */
const ethereumKey = `0x${"1234567890abcdef".repeat(4)}`;
const config = {
  starknet_chain_id: "PRIVATE_SN_POTC_SEPOLIA",
  l1_chain_id: "11155111",
  paraclear_account_hash: "0x41cb0280ebadaa75f996d8d92c6f265f6d040bb3ba442e5f86a554f1765244e",
  paraclear_account_proxy_hash: "0x3530cc4759d78042f1b543bf797f5f3d647cde0388c33734cf91b7f7b9314a9",
};
const secretsOf = (secrets: Readonly<Record<string, string>>) =>
  credentialsOf({ secret: (name) => secrets[name] });

const vectorFile = v.object({
  vectors: v.array(v.object({
    name: v.string(),
    l1_private_key: v.string(),
    l1_address: v.string(),
    l1_chain_id: v.number(),
    eth_signature: v.string(),
    private_key: v.string(),
    address: v.string(),
  })),
});
const derivation = readVectors("key_derivation.json", (value) => v.parse(vectorFile, value));
if (derivation === undefined) {
  Deno.test({ name: `key_derivation.json ${skippedWithoutVectors}`, ignore: true, fn: () => {} });
} else {
  for (const vector of derivation.vectors) {
    Deno.test(`an Ethereum key gives signature, wallet, key and account: ${vector.name}`, () => {
      const key = parseEthereumKey(vector.l1_private_key, "test");
      assertEquals(signStarkKeyRequest(key, BigInt(vector.l1_chain_id)), vector.eth_signature);
      assertEquals(ethereumAddressOf(key), vector.l1_address.toLowerCase());
      const account = deriveAccount(curve, key, {
        l1ChainId: BigInt(vector.l1_chain_id),
        proxyHash: BigInt(config.paraclear_account_proxy_hash),
        accountHash: BigInt(config.paraclear_account_hash),
      });
      assertEquals([hex(account.privateKey), hex(account.address)], [vector.private_key, vector.address]);
    });
  }
}

Deno.test("an Ethereum key's account is that of other libraries, and it signs for it", () => {
  const credentials = secretsOf({ PARADEX_L1_PRIVATE_KEY: ethereumKey });
  if (credentials?.kind !== "ethereum_key") throw new Error("no Ethereum key was read");
  const identity = identityOf(credentials, config, starkKey);
  const signature = signStarkKeyRequest(credentials.key, 11_155_111n);
  const privateKey = BigInt(`0x${ethSigToPrivate(signature)}`);
  assertEquals(identity.publicKey, curve.publicKey(privateKey));
  const expected = starknetHash.calculateContractAddressFromHash(
    hex(identity.publicKey),
    config.paraclear_account_proxy_hash,
    [
      config.paraclear_account_hash,
      starknetHash.getSelectorFromName("initialize"),
      "2",
      hex(identity.publicKey),
      "0",
    ],
    0,
  );
  assertEquals(hex(identity.account), hex(BigInt(expected)));
  assertEquals(identity.ethereumAddress, ethereumAddressOf(credentials.key));
});

Deno.test("the account's own key comes first, then the Ethereum key, then the read-only token", () => {
  const own = { PARADEX_ACCOUNT: " 0x1234 ", PARADEX_PRIVATE_KEY: "0x5678" };
  const others = { PARADEX_L1_PRIVATE_KEY: ethereumKey, PARADEX_READ_ONLY_TOKEN: " a.b.c\n" };
  assertEquals(secretsOf({ ...own, ...others }), {
    kind: "stark_key",
    account: { address: 0x1234n, privateKey: 0x5678n },
  });
  assertEquals(secretsOf(others)?.kind, "ethereum_key");
  assertEquals(secretsOf({ PARADEX_READ_ONLY_TOKEN: " a.b.c\n" }), {
    kind: "read_only_token",
    token: "a.b.c",
  });
  assertEquals(secretsOf({ PARADEX_ACCOUNT: "0x1234" }), undefined);
  assertEquals(secretsOf({}), undefined);
});

Deno.test("what is no key or no address is refused without being repeated", () => {
  for (
    const secrets of [
      { PARADEX_ACCOUNT: "my account", PARADEX_PRIVATE_KEY: "0x5678" },
      { PARADEX_ACCOUNT: "0x1", PARADEX_PRIVATE_KEY: "seventeen" },
      { PARADEX_L1_PRIVATE_KEY: "seventeen" },
      { PARADEX_L1_PRIVATE_KEY: `0x${"0".repeat(64)}` },
      { PARADEX_L1_PRIVATE_KEY: `0x${"f".repeat(64)}` },
    ]
  ) {
    const error = assertThrows(() => secretsOf(secrets), BerthError);
    assertEquals(error instanceof BerthError && error.code, "CONFIG_INVALID");
    assertEquals(/seventeen|my account|ffff/.test(String(error)), false);
  }
});

Deno.test("an account can't be derived where the venue does not say from what", () => {
  const credentials = secretsOf({ PARADEX_L1_PRIVATE_KEY: ethereumKey });
  if (credentials?.kind !== "ethereum_key") throw new Error("no Ethereum key was read");
  const error = assertThrows(
    () => identityOf(credentials, { ...config, l1_chain_id: "" }, starkKey),
    BerthError,
  );
  assertEquals(error instanceof BerthError && error.code, "VENUE_ANSWER_INVALID");
});

Deno.test("a read-only token is used until the venue refuses it", async () => {
  const tokens = readOnlyToken("a.b.c");
  tokens.reject("another");
  assertEquals(await tokens.token(), "a.b.c");
  tokens.reject("a.b.c");
  assertEquals(
    await tokens.token().catch((error) => error instanceof BerthError && error.code),
    "VENUE_REFUSED",
  );
});
