/**
 * Who signed an order. The typed data is hashed and the signer recovered by an EIP-712 library; the adapter signs with
 * code of its own, so that a mistake of either shows (edgex.md, 2.2).
 */
import { createHash } from "node:crypto";
import { recoverAddressTyped } from "micro-eth-signer";
import { chain, collateral, type EdgexListing } from "./listing.ts";

const EIP712Domain = [
  { name: "name", type: "string" },
  { name: "version", type: "string" },
  { name: "chainId", type: "uint256" },
  { name: "verifyingContract", type: "address" },
] as const;
const orderTypes = {
  EIP712Domain,
  OrderBase: [
    { name: "nonce", type: "uint256" },
    { name: "signer", type: "address" },
    { name: "accountId", type: "uint64" },
    { name: "expirationTimestamp", type: "uint256" },
  ],
  LimitOrderParams: [
    { name: "base", type: "OrderBase" },
    { name: "amountSynthetic", type: "int256" },
    { name: "amountCollateral", type: "int256" },
    { name: "amountFee", type: "uint256" },
    { name: "assetIdSynthetic", type: "uint64" },
    { name: "assetIdCollateral", type: "uint64" },
    { name: "isBuyingSynthetic", type: "bool" },
    { name: "parentOrderHash", type: "bytes32" },
    { name: "subOrderIndex", type: "uint256" },
  ],
} as const;
const marginTypes = {
  EIP712Domain,
  SetMarginPreferenceParams: [
    { name: "accountId", type: "uint64" },
    { name: "assetId", type: "uint64" },
    { name: "marginMode", type: "uint8" },
    { name: "nonce", type: "uint256" },
    { name: "signer", type: "address" },
  ],
} as const;
const domain = { name: "EdgeX", version: "1", chainId: chain.id, verifyingContract: chain.contract } as const;

/** The nonce that belongs to a client order id. */
export const nonceFor = (clientOrderId: string): bigint =>
  BigInt(`0x${createHash("sha256").update(clientOrderId, "utf8").digest("hex").slice(0, 8)}`);

/** Decimal text at a resolution, what is beyond it cut off. */
export function unitsOf(text: string, resolution: bigint): bigint {
  const [whole = "0", fraction = ""] = text.split(".");
  return (BigInt(whole + fraction) * resolution) / 10n ** BigInt(fraction.length);
}

export interface OrderToCheck {
  readonly one: EdgexListing;
  readonly accountId: string;
  readonly isBuy: boolean;
  readonly l2Size: string;
  readonly l2Value: string;
  readonly l2LimitFee: string;
  readonly l2Nonce: bigint;
  readonly expireMs: number;
  /** `0x` is optional: both forms appear in official material. */
  readonly l2Signature: string;
}

export function isOrderSignedBy(signer: string, order: OrderToCheck): boolean {
  const message = {
    base: {
      nonce: order.l2Nonce,
      signer,
      accountId: BigInt(order.accountId),
      expirationTimestamp: BigInt(Math.floor(order.expireMs / 1_000)),
    },
    amountSynthetic: unitsOf(order.l2Size, order.one.resolution),
    amountCollateral: unitsOf(order.l2Value, collateral.resolution),
    amountFee: BigInt(order.l2LimitFee) * collateral.resolution,
    assetIdSynthetic: BigInt(order.one.contractId),
    assetIdCollateral: BigInt(collateral.coinId),
    isBuyingSynthetic: order.isBuy,
    parentOrderHash: new Uint8Array(32),
    subOrderIndex: 0n,
  };
  return isSigner(signer, order.l2Signature, (signature) =>
    recoverAddressTyped(signature, {
      types: orderTypes,
      primaryType: "LimitOrderParams",
      domain,
      message,
    }));
}

export function isMarginModeSignedBy(
  signer: string,
  change: {
    readonly accountId: string;
    readonly contractId: string;
    readonly marginMode: number;
    readonly l2Nonce: bigint;
    readonly l2Signature: string;
  },
): boolean {
  const message = {
    accountId: BigInt(change.accountId),
    assetId: BigInt(change.contractId),
    marginMode: BigInt(change.marginMode),
    nonce: change.l2Nonce,
    signer,
  };
  return isSigner(signer, change.l2Signature, (signature) =>
    recoverAddressTyped(signature, {
      types: marginTypes,
      primaryType: "SetMarginPreferenceParams",
      domain,
      message,
    }));
}

function isSigner(signer: string, signature: string, recover: (signature: string) => string): boolean {
  const text = signature.startsWith("0x") ? signature : `0x${signature}`;
  if (!/^0x[0-9a-fA-F]{130}$/.test(text)) return false;
  try {
    return recover(text).toLowerCase() === signer.toLowerCase();
  } catch {
    return false; // r and s that no key can have made
  }
}
