/**
 * Paradex: what an order's signature and a frame of market data cost. The references run beside them: starknet.js
 * for the hash, `@scure/starknet` for hash function and signature, the general decoder for the fast one.
 */
import * as scure from "@scure/starknet";
import { typedData } from "starknet";
import { messageHashes, paradexSigner } from "../../exchanges/paradex/signing.ts";
import { StarkCurve } from "../../exchanges/paradex/stark_curve.ts";
import { decodeFrame } from "../../exchanges/paradex/wire/sbe.ts";
import {
  decodeBbo,
  decodeBook,
  emptyBbo,
  emptyBook,
  MarketNames,
} from "../../exchanges/paradex/wire/sbe_hot.ts";
import { sbeMessages } from "../../exchanges/paradex/wire/sbe_schema.ts";
import { encodeFrame, viewOf } from "../exchanges/paradex/wire/sbe_encoder.ts";

const curve = new StarkCurve();
const account = 0x129c135ed63df9353885e292be4426b8ed6122b13c6c0e1bb787288a1f5adfan;
const privateKey = 0x543b6cf6c91817a87174aaea4fb370ac1c694e864d7740d728f8344d53e815n;
const chainId = "PRIVATE_SN_POTC_SEPOLIA";
const hashes = messageHashes(curve, chainId, account);
const signer = paradexSigner({ curve, chainId, account, privateKey });
let timestampMs = 1_759_400_000_000;
const order = () => ({
  timestampMs: timestampMs++,
  market: "BTC-USD-PERP",
  side: "BUY",
  type: "LIMIT",
  size: "0.01234",
  price: "65123.4",
} as const);
const felts = ["timestamp", "market", "side", "orderType", "size", "price"].map((name) => ({
  name,
  type: "felt",
}));
const reference = () =>
  typedData.getMessageHash({
    domain: { name: "Paradex", chainId: "0x505249564154455f534e5f504f54435f5345504f4c4941", version: "1" },
    primaryType: "Order",
    types: {
      StarkNetDomain: ["name", "chainId", "version"].map((name) => ({ name, type: "felt" })),
      Order: felts,
    },
    message: {
      timestamp: String(timestampMs++),
      market: "BTC-USD-PERP",
      side: "1",
      orderType: "LIMIT",
      size: "1234000",
      price: "6512340000000",
    },
  }, `0x${account.toString(16)}`);

Deno.bench("order hash, starknet.js", { group: "order hash", baseline: true }, () => void reference());
Deno.bench("order hash", { group: "order hash" }, () => void hashes.order(order()));
Deno.bench("order hash and signature", { group: "order hash" }, () => void signer.order(order()));

const [a, b] = [account, 2n ** 250n - 3n];
Deno.bench(
  "pedersen, @scure/starknet",
  { group: "pedersen", baseline: true },
  () => void scure.pedersen(a, b),
);
Deno.bench("pedersen", { group: "pedersen" }, () => void curve.pedersen(a, b));

const hashText = account.toString(16).padStart(64, "0");
const keyText = privateKey.toString(16).padStart(64, "0");
Deno.bench(
  "sign, @scure/starknet",
  { group: "sign", baseline: true },
  () => void scure.sign(hashText, keyText),
);
Deno.bench("sign", { group: "sign" }, () => void curve.sign(account, privateKey));

function frame(name: string, fields: Parameters<typeof encodeFrame>[1]["fields"], levels = 0): DataView {
  const spec = sbeMessages.find((candidate) => candidate.name === name);
  if (spec === undefined) throw new Error(name);
  const rows = Array.from({ length: levels }, (_, i) => ({ price: String(65_000 + i), size: "0.5" }));
  return viewOf(encodeFrame(spec, { version: 1, fields, groups: { bids: rows, asks: rows } }));
}
const names = new MarketNames();
const bbo = frame("Bbo", {
  ts: 1_791_421_923_325_000n,
  seq: 7_687_292_570n,
  bidPrice: "83422.7",
  bidSize: "0.00015",
  askPrice: "83452.9",
  askSize: "0.00031",
  market: "BTC-USD-PERP",
});
const bboOut = emptyBbo();
Deno.bench("bbo frame, general decoder", { group: "bbo frame", baseline: true }, () => void decodeFrame(bbo));
Deno.bench("bbo frame", { group: "bbo frame" }, () => void decodeBbo(bbo, names, bboOut));

const bookFields = Object.fromEntries(
  (sbeMessages.find((spec) => spec.name === "Book")?.fields ?? []).map((field) => [field.name, null]),
);
const book = frame(
  "Book",
  { ...bookFields, ts: 1n, seq: 1n, pkgType: "SNAPSHOT", market: "BTC-USD-PERP" },
  100,
);
const bookOut = emptyBook();
Deno.bench(
  "book of 2 × 100 levels, general decoder",
  { group: "book", baseline: true },
  () => void decodeFrame(book),
);
Deno.bench("book of 2 × 100 levels", { group: "book" }, () => void decodeBook(book, names, bookOut));
