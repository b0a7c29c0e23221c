/**
 * The signature that each order carries (EIP-712, secp256k1): exact amounts at the resolutions of contract and
 * collateral, a fee limit, a nonce made from the client order id, an expiry. The venue's settlement checks it, so an
 * amount that is off by one unit is a refused order.
 *
 * The documentation's pages disagree with the venue's two SDKs about the nonce and the fee; the SDKs are followed.
 *
 * @see https://github.com/edgex-Tech/edgex-python-sdk (2.x, June 2026)
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { formatScaled, money, moneyDecimals, parseMoney } from "@berth/sdk";
import {
  addressWord,
  boolWord,
  digestIn,
  hashText,
  numberWord,
  signatureText,
  structHash,
  type TypedDataDomain,
  WalletKey,
} from "@berth/sdk/venue/eip712.ts";

const baseType = "OrderBase(uint256 nonce,address signer,uint64 accountId,uint256 expirationTimestamp)";
const baseTypeHash = hashText(baseType);
const orderTypeHash = hashText(
  "LimitOrderParams(OrderBase base,int256 amountSynthetic,int256 amountCollateral,uint256 amountFee," +
    "uint64 assetIdSynthetic,uint64 assetIdCollateral,bool isBuyingSynthetic,bytes32 parentOrderHash," +
    `uint256 subOrderIndex)${baseType}`,
);
const marginTypeHash = hashText(
  "SetMarginPreferenceParams(uint64 accountId,uint64 assetId,uint8 marginMode,uint256 nonce,address signer)",
);

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** The signature outlives the order by the time that settlement may take. */
const signatureLifeMs = 30 * dayMs;
const settlementMs = 8 * dayMs;
const marginSignatureLifeMs = 14 * dayMs;
const one = 10n ** BigInt(moneyDecimals);

/** What settlement knows of a contract, from the venue's metadata. */
export interface SettlementTerms {
  /** Ids of contract and collateral coin, 64-bit. */
  readonly contractId: string;
  readonly collateralCoinId: string;
  /** Units of settlement in one base unit, and in one of the collateral. */
  readonly contractResolution: bigint;
  readonly collateralResolution: bigint;
  /** Fraction; the larger of the contract's two. */
  readonly feeRate: string;
}

/** Where signatures are good: chain and contract of the venue's metadata. */
export const settlementDomain = (chainId: bigint, verifyingContract: string): TypedDataDomain => ({
  name: "EdgeX",
  version: "1",
  chainId,
  verifyingContract,
});

/** First 32 bits of the id's hash: two ids may share one, which the venue then refuses. */
export function nonceOf(clientId: string): bigint {
  const [a = 0, b = 0, c = 0, d = 0] = sha256(utf8ToBytes(clientId));
  return BigInt(((a << 24) | (b << 16) | (c << 8) | d) >>> 0);
}

export interface SignableOrder {
  readonly isBuy: boolean;
  /** Decimal texts, in base units and in collateral per base unit. */
  readonly size: string;
  /** Limit, or the worst that is acceptable. */
  readonly price: string;
  readonly clientOrderId: string;
}

/** Decimal text, with which an order is sent. */
export interface SignedFields {
  readonly l2Nonce: string;
  readonly l2Value: string;
  readonly l2Size: string;
  readonly l2LimitFee: string;
  readonly l2ExpireTime: string;
  readonly l2Signature: string;
  readonly expireTime: string;
}

/** What an order comes to in units of settlement. All are positive, for buys and sells. */
export interface OrderAmounts {
  readonly synthetic: bigint;
  readonly collateral: bigint;
  /** Whole collateral coins: 0.044 of a dollar is 1. */
  readonly limitFee: bigint;
  /** Decimal text. */
  readonly value: string;
}

/** @throws {BerthError} MODEL_INVALID_DECIMAL */
export function orderAmounts(
  { size, price }: Pick<SignableOrder, "size" | "price">,
  terms: Pick<SettlementTerms, "contractResolution" | "collateralResolution" | "feeRate">,
): OrderAmounts {
  const sizeUnits = parseMoney(size);
  const value = sizeUnits * parseMoney(price); // at the square of the scale
  const feeScaled = value * parseMoney(terms.feeRate);
  const wholeFee = one * one * one;
  return {
    synthetic: (sizeUnits * terms.contractResolution) / one,
    collateral: (value * terms.collateralResolution) / (one * one),
    limitFee: (feeScaled + wholeFee - 1n) / wholeFee,
    value: formatScaled(value, 2 * moneyDecimals),
  };
}

/** One signer of one account; the domain is known once the venue's metadata is read. */
export class OrderSigner {
  readonly #key: WalletKey;
  readonly #accountId: string;
  #digestOf: ((recordHash: Uint8Array) => Uint8Array) | undefined;

  /** @throws {RangeError} when it is no key of the curve; never with the key in its text */
  constructor(privateKey: string, accountId: string) {
    this.#key = new WalletKey(privateKey);
    this.#accountId = accountId;
  }

  get address(): string {
    return this.#key.address;
  }

  setDomain(domain: TypedDataDomain): void {
    this.#digestOf = digestIn(domain);
  }

  /** @throws {BerthError} MODEL_INVALID_DECIMAL; Error before the domain is known */
  signOrder(order: SignableOrder, terms: SettlementTerms, nowMs: number): SignedFields {
    const amounts = orderAmounts(order, terms);
    const nonce = nonceOf(order.clientOrderId);
    const l2ExpireMs = nowMs + signatureLifeMs;
    const expireMs = l2ExpireMs - settlementMs;
    const base = structHash(
      baseTypeHash,
      numberWord(nonce),
      addressWord(this.address),
      numberWord(BigInt(this.#accountId)),
      numberWord(Math.floor(expireMs / 1_000)),
    );
    const record = structHash(
      orderTypeHash,
      base,
      numberWord(amounts.synthetic),
      numberWord(amounts.collateral),
      numberWord(amounts.limitFee * terms.collateralResolution),
      numberWord(BigInt(terms.contractId)),
      numberWord(BigInt(terms.collateralCoinId)),
      boolWord(order.isBuy),
      numberWord(0),
      numberWord(0),
    );
    return {
      l2Nonce: String(nonce),
      l2Value: amounts.value,
      l2Size: order.size,
      l2LimitFee: String(amounts.limitFee),
      l2ExpireTime: String(l2ExpireMs),
      l2Signature: this.#sign(record),
      expireTime: String(expireMs),
    };
  }

  /** Fields of `setMarginMode`. @param requestId unique: it makes the nonce */
  signMarginMode(
    { contractId, marginMode, requestId, nowMs }: {
      readonly contractId: string;
      /** 0 is cross, 1 isolated. */
      readonly marginMode: 0 | 1;
      readonly requestId: string;
      readonly nowMs: number;
    },
  ): Readonly<Record<string, string>> {
    const nonce = nonceOf(requestId);
    const record = structHash(
      marginTypeHash,
      numberWord(BigInt(this.#accountId)),
      numberWord(BigInt(contractId)),
      numberWord(marginMode),
      numberWord(nonce),
      addressWord(this.address),
    );
    return {
      contractId,
      marginMode: String(marginMode),
      l2Nonce: String(nonce),
      l2ExpireTime: String(Math.ceil(nowMs / hourMs) * hourMs + marginSignatureLifeMs),
      signer: this.address,
      l2Signature: this.#sign(record),
    };
  }

  #sign(record: Uint8Array): string {
    if (this.#digestOf === undefined) throw new Error("the venue's metadata is not read yet");
    return signatureText(this.#key.sign(this.#digestOf(record)));
  }
}

/** Resolutions are decimal or `0x` hex text. @throws {RangeError} for what is neither, or zero */
export function resolutionOf(text: string): bigint {
  if (!/^(0x[0-9a-fA-F]{1,32}|\d{1,30})$/.test(text)) throw new RangeError("no resolution is stated");
  const units = BigInt(text);
  if (units === 0n) throw new RangeError("the resolution is zero");
  return units;
}

/** The larger of two rates as text; 0.001 where none is stated, as the venue's SDKs take it. */
export function feeLimitRate(takerRate: string, makerRate: string): string {
  const rates = [takerRate, makerRate].filter((rate) => rate !== "").map(parseMoney);
  const largest = rates.reduce((a, b) => (b > a ? b : a), money(-one));
  return largest > 0n ? formatScaled(largest, moneyDecimals) : "0.001";
}
