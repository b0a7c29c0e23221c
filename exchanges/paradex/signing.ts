/**
 * Signatures of Paradex: Starknet off-chain typed data, revision 0 (Pedersen, domain type `StarkNetDomain`), over
 * orders, changes of orders, the request for a token and onboarding. Message in, signature out; sends nothing.
 *
 * What an order's hash begins with never changes (types, domain, account), and market, side, type and list length
 * come from small sets. Their parts of the hash are added up once, so an order costs nine shortened hashes.
 *
 * @see https://docs.paradex.trade (API authentication; order signing), facts of 2026-09
 */
import { keccak_256 } from "@noble/hashes/sha3.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { BerthError } from "@berth/sdk";
import { curveOrder, type PreparedFirst, type PreparedOperand, type StarkCurve } from "./stark_curve.ts";

/** Paradex scales sizes and prices by 10^8 inside the signed message. */
export const chainDecimals = 8;

export type VenueSide = "BUY" | "SELL";

/** The fields of an order that the venue signs; size and price as the decimal text that is sent. */
export interface SignedOrder {
  /** Milliseconds since the epoch, sent as `signature_timestamp`. */
  readonly timestampMs: number;
  readonly market: string;
  readonly side: VenueSide;
  /** `LIMIT`, `MARKET`, … */
  readonly type: string;
  readonly size: string;
  /** `0` for market orders. */
  readonly price: string;
}

/** Signs for one account and key on one chain. */
export interface ParadexSigner {
  /** `["<r decimal>","<s decimal>"]`, the form of every signature on the wire. */
  order(order: SignedOrder): string;
  /** @param venueOrderId the venue's id of the order to change, decimal digits */
  modifyOrder(order: SignedOrder, venueOrderId: string): string;
  /** Signs the request for a token. Times in unix seconds. */
  auth(times: { readonly timestampS: number; readonly expirationS: number }): string;
  onboarding(): string;
}

/** The hashes behind the signatures; separate so that vectors and other implementations can be compared with them. */
export interface MessageHashes {
  order(order: SignedOrder): bigint;
  modifyOrder(order: SignedOrder, venueOrderId: string): bigint;
  auth(times: { readonly timestampS: number; readonly expirationS: number }): bigint;
  onboarding(): bigint;
}

const typeTexts = {
  domain: "StarkNetDomain(name:felt,chainId:felt,version:felt)",
  order: "Order(timestamp:felt,market:felt,side:felt,orderType:felt,size:felt,price:felt)",
  modifyOrder:
    "ModifyOrder(timestamp:felt,market:felt,side:felt,orderType:felt,size:felt,price:felt,id:felt)",
  request: "Request(method:felt,path:felt,body:felt,timestamp:felt,expiration:felt)",
  constant: "Constant(action:felt)",
} as const;

/** Keccak-256 of the ASCII text, its low 250 bits. */
export function starknetKeccak(text: string): bigint {
  return numberOf(keccak_256(asciiBytes(text))) & (2n ** 250n - 1n);
}

/**
 * A short string as a field element: its ASCII bytes as one big-endian number.
 * @throws {BerthError} MODEL_INVALID_ID when over 31 characters or not ASCII
 */
export function shortString(text: string): bigint {
  if (!/^[\x20-\x7e]{0,31}$/.test(text)) {
    throw new BerthError("MODEL_INVALID_ID", {
      kind: "short string",
      value: text,
      expected: "at most 31 ASCII characters",
    });
  }
  return numberOf(asciiBytes(text));
}

/** `felt` of typed data: a decimal or 0x number as that number, other text as a short string, empty text as 0. */
export function felt(text: string): bigint {
  return /^(0[xX][0-9a-fA-F]+|[0-9]+)$/.test(text) ? BigInt(text) : shortString(text);
}

/**
 * Decimal text × 10^8, digits beyond the eighth cut off (not rounded): `0.000000019` is 1.
 * @throws {BerthError} MODEL_INVALID_DECIMAL on anything but a plain decimal >= 0
 */
export function toChainUnits(text: string): bigint {
  const match = /^(\d{1,40})(?:\.(\d{1,40}))?$/.exec(text);
  if (match === null) {
    throw new BerthError("MODEL_INVALID_DECIMAL", { value: text, expected: "decimal >= 0" });
  }
  return BigInt((match[1] ?? "") + (match[2] ?? "").slice(0, chainDecimals).padEnd(chainDecimals, "0"));
}

/** Prepares all that does not depend on the message. `account` is the main account's address, also for a subkey. */
export function messageHashes(curve: StarkCurve, chainId: string, account: bigint): MessageHashes {
  const typeHash = (type: keyof typeof typeTexts) => starknetKeccak(typeTexts[type]);
  const domainHash = curve.hashList([typeHash("domain"), shortString("Paradex"), shortString(chainId), 1n]);
  const messagePrefix = [shortString("StarkNet Message"), domainHash, account]
    .reduce((hash, element) => curve.pedersen(hash, element), 0n);
  const message = curve.prepareFirst(messagePrefix);
  const four = curve.prepare(4n);
  const finish = (structHash: bigint) =>
    curve.pedersenPrepared(curve.pedersenFrom(message, structHash), four);
  const prepared = preparedOperands(curve);
  const orderStart = curve.prepareFirst(curve.pedersen(0n, typeHash("order")));
  const modifyStart = curve.prepareFirst(curve.pedersen(0n, typeHash("modifyOrder")));

  const orderFields = (start: PreparedFirst, order: SignedOrder): bigint => {
    let hash = curve.pedersenFrom(start, BigInt(order.timestampMs));
    hash = curve.pedersenPrepared(hash, prepared(shortString(order.market)));
    hash = curve.pedersenPrepared(hash, prepared(order.side === "BUY" ? 1n : 2n));
    hash = curve.pedersenPrepared(hash, prepared(shortString(order.type)));
    hash = curve.pedersen(hash, toChainUnits(order.size));
    return curve.pedersen(hash, toChainUnits(order.price));
  };
  const requestPrefix = [typeHash("request"), shortString("POST"), shortString("/v1/auth"), 0n];

  return {
    order: (order) => finish(curve.pedersenPrepared(orderFields(orderStart, order), prepared(7n))),
    modifyOrder: (order, venueOrderId) => {
      const withId = curve.pedersen(orderFields(modifyStart, order), orderIdFelt(venueOrderId));
      return finish(curve.pedersenPrepared(withId, prepared(8n)));
    },
    auth: ({ timestampS, expirationS }) =>
      finish(curve.hashList([...requestPrefix, BigInt(timestampS), BigInt(expirationS)])),
    onboarding: () => finish(curve.hashList([typeHash("constant"), shortString("Onboarding")])),
  };
}

/** Signs with `privateKey`, which may be the account's own or a registered subkey. */
export function paradexSigner(
  options: {
    readonly curve: StarkCurve;
    readonly chainId: string;
    readonly account: bigint;
    readonly privateKey: bigint;
  },
): ParadexSigner {
  const { curve, privateKey } = options;
  const hashes = messageHashes(curve, options.chainId, options.account);
  const signed = (hash: bigint): string => {
    const { r, s } = curve.sign(hash, privateKey);
    return `["${r}","${s}"]`;
  };
  return {
    order: (order) => signed(hashes.order(order)),
    modifyOrder: (order, venueOrderId) => signed(hashes.modifyOrder(order, venueOrderId)),
    auth: (times) => signed(hashes.auth(times)),
    onboarding: () => signed(hashes.onboarding()),
  };
}

/**
 * Reads a private key as it is pasted: hex with or without 0x. The venue's own page prints keys without their
 * leading zeros, so short ones are padded, not refused.
 * @throws {BerthError} CONFIG_INVALID, without the key in it
 */
export function parsePrivateKey(text: string, secretName: string): bigint {
  const trimmed = text.trim();
  const key = /^(0[xX])?[0-9a-fA-F]{1,64}$/.test(trimmed) ? BigInt(`0x${trimmed.replace(/^0[xX]/, "")}`) : 0n;
  if (!(key > 0n && key < curveOrder)) {
    throw new BerthError("CONFIG_INVALID", {
      file: "secrets",
      field: secretName,
      found: "no private key of the STARK curve",
      expected: "up to 63 hex digits as the venue shows them",
    });
  }
  return key;
}

/**
 * The STARK private key that belongs to an Ethereum wallet: SHA-256 of the signature's r (all 32 bytes, leading
 * zeros too) and a counter, until the number is below a multiple of the curve's order.
 *
 * paradex-py drops leading zero bytes of r and so gets another account for one key in 256; this follows the web app.
 *
 * @param ethereumSignature 65 bytes as hex: the EIP-712 signature over `{action: "STARK Key"}`
 * @throws {BerthError} CONFIG_INVALID when it is not 65 bytes of hex
 */
export function privateKeyFromEthereumSignature(ethereumSignature: string): bigint {
  const match = /^(?:0[xX])?([0-9a-fA-F]{64})[0-9a-fA-F]{66}$/.exec(ethereumSignature.trim());
  if (match === null) {
    throw new BerthError("CONFIG_INVALID", {
      file: "secrets",
      field: "Ethereum signature",
      found: "no 65 bytes of hex",
      expected: "r, s and v as hex",
    });
  }
  const r = bytesOfHex(match[1] ?? "");
  const limit = 2n ** 256n - (2n ** 256n % curveOrder);
  for (let index = 0;; index++) {
    const counter = index.toString(16);
    const digest = sha256(
      new Uint8Array([...r, ...bytesOfHex(counter.padStart(counter.length + counter.length % 2, "0"))]),
    );
    const key = numberOf(digest);
    if (key < limit) return key % curveOrder;
  }
}

/**
 * Address of the account contract that belongs to a public key.
 * @see https://docs.starknet.io (contract address formula)
 */
export function accountAddress(
  curve: StarkCurve,
  publicKey: bigint,
  classes: { readonly proxyHash: bigint; readonly accountHash: bigint },
): bigint {
  const calldata = [classes.accountHash, starknetKeccak("initialize"), 2n, publicKey, 0n];
  const hash = curve.hashList([
    shortString("STARKNET_CONTRACT_ADDRESS"),
    0n,
    publicKey,
    classes.proxyHash,
    curve.hashList(calldata),
  ]);
  return hash % (2n ** 251n - 256n);
}

/** `0x` hex without leading zeros, the form of addresses and public keys on the wire. */
export const hex = (value: bigint): string => `0x${value.toString(16)}`;

function orderIdFelt(venueOrderId: string): bigint {
  if (!/^\d{1,60}$/.test(venueOrderId)) {
    throw new BerthError("MODEL_INVALID_ID", {
      kind: "Paradex order id",
      value: venueOrderId,
      expected: "decimal digits",
    });
  }
  return BigInt(venueOrderId);
}

/** Operands from small sets (markets, sides, types, list lengths), prepared at first use. */
function preparedOperands(curve: StarkCurve): (operand: bigint) => PreparedOperand {
  const known = new Map<bigint, PreparedOperand>();
  const sizeLimit = 4096; // far above the number of markets; a limit all the same
  return (operand) => {
    const found = known.get(operand);
    if (found !== undefined) return found;
    if (known.size >= sizeLimit) known.clear();
    const prepared = curve.prepare(operand);
    known.set(operand, prepared);
    return prepared;
  };
}

const asciiBytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function bytesOfHex(digits: string): Uint8Array {
  return Uint8Array.from(
    { length: digits.length / 2 },
    (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
}

function numberOf(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}
