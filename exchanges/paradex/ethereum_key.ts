/**
 * The Paradex account of an Ethereum wallet, derived as the venue's web app does it: the wallet signs a fixed typed
 * message, the signature's r seeds the STARK key, and the key's account contract has a computable address.
 *
 * @see https://eips.ethereum.org/EIPS/eip-712; https://docs.paradex.trade "Account derivation" (2026-08)
 */
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { BerthError } from "@berth/sdk";
import { accountAddress, privateKeyFromEthereumSignature } from "./signing.ts";
import type { StarkCurve } from "./stark_curve.ts";

/** What the venue's `GET /system/config` says of accounts. */
export interface DerivationConfig {
  readonly l1ChainId: bigint;
  readonly proxyHash: bigint;
  readonly accountHash: bigint;
}

export interface DerivedAccount {
  readonly address: bigint;
  readonly privateKey: bigint;
  /** `0x` and 40 lower-case hex digits. */
  readonly ethereumAddress: string;
}

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const joined = (...parts: readonly Uint8Array[]): Uint8Array => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};
const toHex = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

function word(value: bigint): Uint8Array {
  const digits = value.toString(16).padStart(64, "0");
  return Uint8Array.from({ length: 32 }, (_, at) => Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16));
}

/** EIP-712 hash of `{action: "STARK Key"}` in the venue's domain. */
export function starkKeyRequestHash(l1ChainId: bigint): Uint8Array {
  const domainType = keccak_256(ascii("EIP712Domain(string name,string version,uint256 chainId)"));
  const domain = keccak_256(
    joined(domainType, keccak_256(ascii("Paradex")), keccak_256(ascii("1")), word(l1ChainId)),
  );
  const message = keccak_256(
    joined(keccak_256(ascii("Constant(string action)")), keccak_256(ascii("STARK Key"))),
  );
  return keccak_256(joined(Uint8Array.of(0x19, 0x01), domain, message));
}

/**
 * Reads an Ethereum private key, hex with or without 0x.
 * @throws {BerthError} CONFIG_INVALID, without the key in it
 */
export function parseEthereumKey(text: string, secretName: string): Uint8Array {
  const digits = /^(?:0[xX])?([0-9a-fA-F]{64})$/.exec(text.trim())?.[1];
  const key = digits === undefined ? undefined : word(BigInt(`0x${digits}`));
  if (key !== undefined && secp256k1.utils.isValidSecretKey(key)) return key;
  throw new BerthError("CONFIG_INVALID", {
    file: "secrets",
    field: secretName,
    found: "no Ethereum private key",
    expected: "64 hex digits",
  });
}

/** The 65-byte signature of the request, as hex: r, s, v. */
export function signStarkKeyRequest(ethereumKey: Uint8Array, l1ChainId: bigint): string {
  const hash = starkKeyRequestHash(l1ChainId);
  const bytes = secp256k1.sign(hash, ethereumKey, { prehash: false, format: "recovered" });
  const [recovery = 0, ...rs] = bytes;
  return `0x${toHex(Uint8Array.from(rs))}${(27 + recovery).toString(16)}`;
}

/** Address of the wallet: the last 20 bytes of the Keccak hash of its public key. */
export function ethereumAddressOf(ethereumKey: Uint8Array): string {
  const point = secp256k1.getPublicKey(ethereumKey, false).slice(1);
  return `0x${toHex(keccak_256(point).slice(12))}`;
}

/** Key and address on Paradex that belong to an Ethereum key. */
export function deriveAccount(
  curve: StarkCurve,
  ethereumKey: Uint8Array,
  config: DerivationConfig,
): DerivedAccount {
  const privateKey = privateKeyFromEthereumSignature(signStarkKeyRequest(ethereumKey, config.l1ChainId));
  return {
    privateKey,
    address: accountAddress(curve, curve.publicKey(privateKey), config),
    ethereumAddress: ethereumAddressOf(ethereumKey),
  };
}
