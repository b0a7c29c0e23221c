import { assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "@berth/sdk";
import fc from "fast-check";
import * as v from "valibot";
import { typedData } from "starknet";
import {
  accountAddress,
  felt,
  hex,
  messageHashes,
  paradexSigner,
  parsePrivateKey,
  privateKeyFromEthereumSignature,
  shortString,
  type SignedOrder,
  toChainUnits,
} from "../../../exchanges/paradex/signing.ts";
import { StarkCurve } from "../../../exchanges/paradex/stark_curve.ts";
import { readVectors, skippedWithoutVectors } from "./vectors.ts";

const curve = new StarkCurve();

const mainnetOrder = v.object({
  signature_timestamp: v.number(),
  market: v.string(),
  side: v.picklist(["BUY", "SELL"]),
  type: v.string(),
  size: v.string(),
  price: v.string(),
  id: v.optional(v.string(), ""),
});
const authMessage = v.object({ timestamp: v.number(), expiration: v.number() });
const chainMessage = v.object({
  timestamp: v.string(),
  market: v.string(),
  side: v.picklist(["1", "2"]),
  orderType: v.string(),
  size: v.string(),
  price: v.string(),
  id: v.optional(v.string(), ""),
});
const signed = { name: v.string(), hash: v.string(), r: v.string(), s: v.string(), signature: v.string() };
const vectorFile = v.object({
  account: v.string(),
  private_key: v.string(),
  chain_id: v.string(),
  vectors: v.array(v.union([
    v.object({
      ...signed,
      kind: v.picklist(["order", "modify"]),
      order: mainnetOrder,
      chain_size: v.string(),
      chain_price: v.string(),
    }),
    v.object({ ...signed, kind: v.picklist(["order", "modify"]), message: chainMessage }),
    v.object({ ...signed, kind: v.literal("auth"), message: authMessage }),
    v.object({ ...signed, kind: v.literal("onboarding") }),
  ])),
});
type Vector = v.InferOutput<typeof vectorFile>["vectors"][number];

/** `300000000` of chain units to `3.00000000`. */
const fromChainUnits = (units: string): string => {
  const digits = units.padStart(9, "0");
  return `${digits.slice(0, -8)}.${digits.slice(-8)}`;
};

function orderOf(vector: Extract<Vector, { kind: "order" | "modify" }>): { order: SignedOrder; id: string } {
  if ("order" in vector) {
    const { signature_timestamp: timestampMs, id, ...rest } = vector.order;
    return { order: { timestampMs, ...rest }, id };
  }
  const { timestamp, market, side, orderType, size, price, id } = vector.message;
  return {
    id,
    order: {
      timestampMs: Number(timestamp),
      market,
      side: side === "1" ? "BUY" : "SELL",
      type: orderType,
      size: fromChainUnits(size),
      price: fromChainUnits(price),
    },
  };
}

for (const file of ["signing_mainnet.json", "signing_testnet.json"]) {
  const data = readVectors(file, (value) => v.parse(vectorFile, value));
  if (data === undefined) {
    Deno.test({ name: `${file} ${skippedWithoutVectors}`, ignore: true, fn: () => {} });
    continue;
  }
  const account = BigInt(data.account);
  const privateKey = parsePrivateKey(data.private_key, "TEST_KEY");
  const hashes = messageHashes(curve, data.chain_id, account);
  const signer = paradexSigner({ curve, chainId: data.chain_id, account, privateKey });
  for (const vector of data.vectors) {
    Deno.test(`${file}: ${vector.name} has the published hash and signature`, () => {
      switch (vector.kind) {
        case "auth": {
          const times = { timestampS: vector.message.timestamp, expirationS: vector.message.expiration };
          assertEquals(hex(hashes.auth(times)), vector.hash);
          return assertEquals(signer.auth(times), vector.signature);
        }
        case "onboarding":
          assertEquals(hex(hashes.onboarding()), vector.hash);
          return assertEquals(signer.onboarding(), vector.signature);
        case "order":
        case "modify": {
          const { order, id } = orderOf(vector);
          if ("chain_size" in vector) {
            assertEquals(toChainUnits(order.size), BigInt(vector.chain_size));
            assertEquals(toChainUnits(order.price), BigInt(vector.chain_price));
          }
          const isChange = vector.kind === "modify";
          assertEquals(hex(isChange ? hashes.modifyOrder(order, id) : hashes.order(order)), vector.hash);
          const signature = isChange ? signer.modifyOrder(order, id) : signer.order(order);
          assertEquals(signature, `["${BigInt(vector.r)}","${BigInt(vector.s)}"]`);
          return assertEquals(signature, vector.signature);
        }
      }
    });
  }
}

const derivationFile = v.object({
  config: v.object({ paraclear_account_proxy_hash: v.string(), paraclear_account_hash: v.string() }),
  vectors: v.array(v.object({
    name: v.string(),
    eth_signature: v.string(),
    private_key: v.string(),
    public_key: v.string(),
    address: v.string(),
  })),
});
const derivation = readVectors("key_derivation.json", (value) => v.parse(derivationFile, value));
if (derivation === undefined) {
  Deno.test({ name: `key_derivation.json ${skippedWithoutVectors}`, ignore: true, fn: () => {} });
} else {
  for (const vector of derivation.vectors) {
    Deno.test(`an Ethereum signature gives private key, public key and address: ${vector.name}`, () => {
      const privateKey = privateKeyFromEthereumSignature(vector.eth_signature);
      assertEquals(hex(privateKey), vector.private_key);
      const publicKey = curve.publicKey(privateKey);
      assertEquals(hex(publicKey), vector.public_key);
      const classes = {
        proxyHash: BigInt(derivation.config.paraclear_account_proxy_hash),
        accountHash: BigInt(derivation.config.paraclear_account_hash),
      };
      assertEquals(hex(accountAddress(curve, publicKey, classes)), vector.address);
    });
  }
}

const feltType = (name: string) => ({ name, type: "felt" });
const starknetTypes = {
  StarkNetDomain: ["name", "chainId", "version"].map(feltType),
  Order: ["timestamp", "market", "side", "orderType", "size", "price"].map(feltType),
  ModifyOrder: ["timestamp", "market", "side", "orderType", "size", "price", "id"].map(feltType),
};
/** Not via `toChainUnits`: plain bigint arithmetic on the parts. */
const decimalOf = (whole: number, fraction: number, places: number) =>
  places === 0 ? String(whole) : `${whole}.${String(fraction % 10 ** places).padStart(places, "0")}`;

Deno.test("random orders and changes hash as npm starknet hashes them", () => {
  const chainId = "PRIVATE_SN_POTC_SEPOLIA";
  const account = 0x129c135ed63df9353885e292be4426b8ed6122b13c6c0e1bb787288a1f5adfan;
  const hashes = messageHashes(curve, chainId, account);
  const amount = fc.tuple(fc.nat(99_999_999), fc.nat(99_999_999), fc.integer({ min: 0, max: 8 }));
  const order = fc.record({
    timestampMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
    market: fc.constantFrom("BTC-USD-PERP", "kPEPE-USD-PERP", "1INCH-USD-PERP", "BTC-USD-15SEP25-55000-C"),
    side: fc.constantFrom("BUY" as const, "SELL" as const),
    type: fc.constantFrom("LIMIT", "MARKET", "STOP_LOSS_LIMIT", "TAKE_PROFIT_MARKET"),
    size: amount,
    price: amount,
    id: fc.option(fc.stringMatching(/^[1-9]\d{24,27}$/), { nil: undefined }),
  });
  const scaled = ([whole, fraction, places]: readonly [number, number, number]) =>
    (BigInt(whole) * 10n ** 8n + BigInt(fraction % 10 ** places) * 10n ** BigInt(8 - places)).toString();
  fc.assert(
    fc.property(order, (o) => {
      const expected = typedData.getMessageHash({
        domain: { name: "Paradex", chainId: hex(shortString(chainId)), version: "1" },
        primaryType: o.id === undefined ? "Order" : "ModifyOrder",
        types: starknetTypes,
        message: {
          timestamp: String(o.timestampMs),
          market: o.market,
          side: o.side === "BUY" ? "1" : "2",
          orderType: o.type,
          size: scaled(o.size),
          price: scaled(o.price),
          ...(o.id === undefined ? {} : { id: o.id }),
        },
      }, hex(account));
      const mine: SignedOrder = { ...o, size: decimalOf(...o.size), price: decimalOf(...o.price) };
      const actual = o.id === undefined ? hashes.order(mine) : hashes.modifyOrder(mine, o.id);
      assertEquals(hex(actual), expected);
    }),
    { numRuns: 60 },
  );
});

for (
  const [text, units] of [
    ["0.000000009", 0n],
    ["0.000000019", 1n],
    ["1.000000019", 100_000_001n],
    ["0.10", 10_000_000n],
    ["0.1", 10_000_000n],
    ["92233720368.54775808", 9_223_372_036_854_775_808n],
    ["0", 0n],
  ] as const
) {
  Deno.test(`toChainUnits() cuts ${text} to ${units}`, () => assertEquals(toChainUnits(text), units));
}
for (const text of ["", "-1", "1e3", "NaN", " 1", "1.", ".5", "0x10"]) {
  Deno.test(`toChainUnits() refuses ${JSON.stringify(text)}`, () => {
    assertEquals(assertThrows(() => toChainUnits(text), BerthError).code, "MODEL_INVALID_DECIMAL");
  });
}

Deno.test("felt() reads numbers as numbers, other text as ASCII and empty text as 0", () => {
  assertEquals(felt("1"), 1n);
  assertEquals(felt("0x10"), 16n);
  assertEquals(felt(""), 0n);
  assertEquals(felt("1INCH-USD-PERP"), shortString("1INCH-USD-PERP"));
  assertEquals(shortString("AB"), 0x4142n);
  assertThrows(() => shortString("a".repeat(32)), BerthError);
});

Deno.test("a private key printed without its leading zeros is the padded key", () => {
  assertEquals(parsePrivateKey("0x0139fe", "K"), parsePrivateKey("139fe", "K"));
  assertEquals(parsePrivateKey(" 0X139FE\n", "K"), 0x139fen);
});

Deno.test("a wrong private key is refused without being shown", () => {
  for (const text of ["0", "hello", "0x8" + "f".repeat(63), "1".repeat(65)]) {
    const error = assertThrows(() => parsePrivateKey(text, "PARADEX_PRIVATE_KEY"), BerthError);
    assertEquals(error.code, "CONFIG_INVALID");
    if (text.length > 2) assertEquals(JSON.stringify([error.message, error.text]).includes(text), false);
  }
});
