/** Signatures against published vectors, against another client's own code, and their properties. */
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { decode } from "@msgpack/msgpack";
import { createL1ActionHash, signL1Action } from "@nktkas/hyperliquid/signing";
import { bytesToHex } from "@noble/hashes/utils.js";
import fc from "fast-check";
import * as v from "valibot";
import {
  type Action,
  cancelAction,
  cancelByCloidAction,
  limitType,
  modifyAction,
  orderAction,
  scheduleCancelAction,
  triggerType,
  updateLeverageAction,
  wireOrder,
} from "../../../exchanges/hyperliquid/actions.ts";
import { actionDigest, actionHash, ActionSigner } from "../../../exchanges/hyperliquid/signing.ts";
import { approveAgentSchema } from "../../../exchanges/hyperliquid/simulator/actions.ts";
import { approvalDigest } from "../../../exchanges/hyperliquid/simulator/authentication.ts";
import { sharedDataMissing, sharedPath } from "../../support/shared_data.ts";
import { structHash, typedDataWallet } from "./wallet.ts";

// A throw-away key that the venue's own SDK publishes in its tests.
const key = "0x0123456789012345678901234567890123456789012345678901234567890123";

const signatureSchema = v.object({ r: v.string(), s: v.string(), v: v.picklist([27, 28]) });
const networkSchema = v.object({ digest: v.string(), signature: signatureSchema });
const vectorSchema = v.object({
  name: v.string(),
  privateKey: v.string(),
  signer: v.string(),
  action: v.custom<Action>((value) => typeof value === "object" && value !== null && "type" in value),
  nonce: v.number(),
  vaultAddress: v.nullable(v.string()),
  expiresAfter: v.nullable(v.number()),
  connectionId: v.string(),
  mainnet: networkSchema,
  testnet: networkSchema,
});

const vectorsPath = sharedPath("vectors/hyperliquid/signing_l1.json");
Deno.test({
  name: `every published signature comes out to the bit ${
    vectorsPath === undefined ? sharedDataMissing : ""
  }`,
  ignore: vectorsPath === undefined,
  fn: async () => {
    const vectors = v.parse(v.array(vectorSchema), JSON.parse(await Deno.readTextFile(vectorsPath ?? "")));
    assert(vectors.length >= 10);
    for (const one of vectors) {
      const terms = {
        nonce: one.nonce,
        vaultAddress: one.vaultAddress ?? undefined,
        expiresAfterMs: one.expiresAfter ?? undefined,
      };
      assertEquals(`0x${bytesToHex(actionHash(one.action, terms))}`, one.connectionId, one.name);
      for (const network of ["mainnet", "testnet"] as const) {
        const signer = new ActionSigner(one.privateKey, network);
        assertEquals(signer.address, one.signer, one.name);
        const digest = `0x${bytesToHex(actionDigest(one.action, terms, network))}`;
        assertEquals(digest, one[network].digest, one.name);
        assertEquals(signer.sign(one.action, terms), one[network].signature, one.name);
      }
    }
  },
});

const decimal = fc.tuple(fc.nat({ max: 10_000_000 }), fc.integer({ min: 0, max: 6 })).map(([units, places]) =>
  String(Number((units / 10 ** places).toFixed(places)))
).filter((text) => !text.includes("e"));
const cloid = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map((value) =>
  `0x${value.toString(16).padStart(32, "0")}`
);
const asset = fc.nat({ max: 110_000 });
const oid = fc.integer({ min: 1, max: 2 ** 45 });
const order = fc.record({
  asset,
  isBuy: fc.boolean(),
  price: decimal,
  size: decimal,
  reduceOnly: fc.boolean(),
  type: fc.oneof(
    fc.constantFrom("Alo" as const, "Ioc" as const, "Gtc" as const).map(limitType),
    fc.tuple(fc.boolean(), decimal, fc.constantFrom("tp" as const, "sl" as const)).map(
      ([isMarket, price, kind]) => triggerType(isMarket, price, kind),
    ),
  ),
  cloid,
}).map(wireOrder);
const anyAction: fc.Arbitrary<Action> = fc.oneof(
  fc.array(order, { minLength: 1, maxLength: 40 }).map(orderAction),
  fc.array(fc.record({ asset, oid }), { minLength: 1, maxLength: 40 }).map(cancelAction),
  fc.array(fc.record({ asset, cloid }), { minLength: 1, maxLength: 20 }).map(cancelByCloidAction),
  fc.array(fc.record({ oid: fc.oneof(oid, cloid), order }), { minLength: 1, maxLength: 20 }).map(
    modifyAction,
  ),
  fc.option(fc.integer({ min: 1, max: 2 ** 42 }), { nil: undefined }).map(scheduleCancelAction),
  fc.tuple(asset, fc.boolean(), fc.integer({ min: 1, max: 50 })).map(([index, isCross, leverage]) =>
    updateLeverageAction(index, isCross, leverage)
  ),
  fc.constant({ type: "noop" } as const),
);
const anyTerms = fc.record({
  nonce: fc.integer({ min: 0, max: 2 ** 43 }),
  vaultAddress: fc.option(
    fc.bigInt({ min: 0n, max: 2n ** 160n - 1n }).map((value) =>
      `0x${value.toString(16).padStart(40, "0")}` as const
    ),
    { nil: undefined },
  ),
  expiresAfterMs: fc.option(fc.integer({ min: 1, max: 2 ** 43 }), { nil: undefined }),
});

Deno.test("hashes are those of another client for any action and terms", () => {
  fc.assert(
    fc.property(anyAction, anyTerms, (action, terms) => {
      const { nonce, vaultAddress, expiresAfterMs } = terms;
      const theirs = createL1ActionHash({
        action: { ...action },
        nonce,
        ...(vaultAddress === undefined ? {} : { vaultAddress }),
        ...(expiresAfterMs === undefined ? {} : { expiresAfter: expiresAfterMs }),
      });
      assertEquals(`0x${bytesToHex(actionHash(action, terms))}`, theirs);
    }),
    { numRuns: 500 },
  );
});

Deno.test("signatures are those of another client and of an EIP-712 library", async () => {
  const wallet = typedDataWallet(key);
  await fc.assert(
    fc.asyncProperty(anyAction, anyTerms, fc.boolean(), async (action, terms, isTestnet) => {
      const { nonce, vaultAddress, expiresAfterMs } = terms;
      const theirs = await signL1Action({
        wallet,
        action: { ...action },
        nonce,
        isTestnet,
        ...(vaultAddress === undefined ? {} : { vaultAddress }),
        ...(expiresAfterMs === undefined ? {} : { expiresAfter: expiresAfterMs }),
      });
      const ours = new ActionSigner(key, isTestnet ? "testnet" : "mainnet").sign(action, terms);
      // The other client cuts leading zeros.
      const number = (hex: string) => BigInt(hex);
      assertEquals([number(ours.r), number(ours.s), ours.v], [
        number(theirs.r),
        number(theirs.s),
        theirs.v,
      ]);
    }),
    { numRuns: 40 },
  );
});

Deno.test("the address is the key's, and a signature of one network is none of the other", () => {
  const signers = (["mainnet", "testnet"] as const).map((network) => new ActionSigner(key, network));
  for (const signer of signers) assertEquals(signer.address, "0x14791697260e4c9a71f18484c9f997b308e59325");
  const [mainnet, testnet] = signers.map((signer) => signer.sign({ type: "noop" }, { nonce: 1 }));
  assertNotEquals(mainnet, testnet);
});

Deno.test("what is no key is refused without repeating it", () => {
  for (const text of ["", "0x12", `${"0".repeat(64)}`, "f".repeat(64), "g".repeat(64), `${key}00`]) {
    const error = assertThrows(() => new ActionSigner(text, "mainnet"));
    assert(error instanceof Error && (text === "" || !error.message.includes(text)), String(error));
  }
});

Deno.test("keys are written in the documented order and absent ones are absent", async () => {
  const { encode } = await import("@msgpack/msgpack");
  const built = orderAction([
    wireOrder({
      asset: 1,
      isBuy: true,
      price: "100",
      size: "1",
      reduceOnly: false,
      type: triggerType(true, "103", "sl"),
      cloid: `0x${"0".repeat(32)}`,
    }),
  ]);
  const keysOf = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(keysOf)
      : typeof value === "object" && value !== null
      ? Object.entries(value).map(([name, inner]) => [name, keysOf(inner)])
      : "";
  assertEquals(keysOf(decode(encode(built))), [
    ["type", ""],
    ["orders", [[
      ["a", ""],
      ["b", ""],
      ["p", ""],
      ["s", ""],
      ["r", ""],
      ["t", [["trigger", [["isMarket", ""], ["triggerPx", ""], ["tpsl", ""]]]]],
      ["c", ""],
    ]]],
    ["grouping", ""],
  ]);
  assertEquals(Object.keys(scheduleCancelAction(undefined)), ["type"]);
});

const userSignedPath = sharedPath("vectors/hyperliquid/signing_user_signed.json");
const userSignedSchema = v.object({
  primaryType: v.string(),
  privateKey: v.string(),
  signer: v.string(),
  signatureChainId: v.string(),
  types: v.array(v.object({ name: v.string(), type: v.string() })),
  message: v.record(v.string(), v.unknown()),
  structHash: v.string(),
  digest: v.string(),
});
Deno.test({
  name: `the approval of an agent is read as published ${
    userSignedPath === undefined ? sharedDataMissing : ""
  }`,
  ignore: userSignedPath === undefined,
  fn: async () => {
    const found = JSON.parse(await Deno.readTextFile(userSignedPath ?? ""));
    const vectors = v.parse(v.array(userSignedSchema), found);
    for (const { types, primaryType, message, structHash: expected } of vectors) {
      assertEquals(`0x${bytesToHex(structHash({ [primaryType]: types }, primaryType, message))}`, expected);
    }
    const [approval] = vectors.filter(({ primaryType }) => primaryType.endsWith("ApproveAgent"));
    assert(approval !== undefined);
    const terms = v.parse(approveAgentSchema, {
      ...approval.message,
      type: "approveAgent",
      signatureChainId: approval.signatureChainId,
    });
    assertEquals(`0x${bytesToHex(approvalDigest(terms))}`, approval.digest);
  },
});
