/**
 * Typed records of Ethereum, hashed and signed: what venues ask for whose accounts are wallets. A record's type is
 * written out once, and what never changes of it is hashed once; an order costs the hashes of its own words alone.
 *
 * @see https://eips.ethereum.org/EIPS/eip-712
 */
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";

const wordBytes = 32;
const wordLimit = 1n << 256n;

/** Keccak-256 of the parts, one after the other. */
export const hashBytes = (...parts: readonly Uint8Array[]): Uint8Array => keccak_256(concatBytes(...parts));

/** A `string` field, or the text of a type. */
export const hashText = (text: string): Uint8Array => keccak_256(utf8ToBytes(text));

/**
 * A number as 32 bytes, big-endian: any `uint`, and any `int` in two's complement.
 * @throws {RangeError} for what 256 bits don't hold, and for a number that is no whole one
 */
export function numberWord(value: bigint | number): Uint8Array {
  const whole = BigInt(value);
  if (whole >= wordLimit || whole < -(wordLimit >> 1n)) throw new RangeError("the number has over 256 bits");
  const unsigned = whole < 0n ? whole + wordLimit : whole;
  return hexToBytes(unsigned.toString(16).padStart(2 * wordBytes, "0"));
}

/** An `address` field. @param address `0x` and 40 hex digits of any case. @throws {RangeError} for what is none */
export function addressWord(address: string): Uint8Array {
  if (!isAddress(address)) throw new RangeError("an address has 0x and 40 hex digits");
  return hexToBytes(address.slice(2).toLowerCase().padStart(2 * wordBytes, "0"));
}

export const boolWord = (value: boolean): Uint8Array => numberWord(value ? 1 : 0);

/** A record's hash: of its type, `Message(string msg)`, and of its fields as 32 bytes each. */
export const structHash = (typeHash: Uint8Array, ...words: readonly Uint8Array[]): Uint8Array =>
  hashBytes(typeHash, ...words);

export const zeroAddress = "0x0000000000000000000000000000000000000000";

/** Whom a signature is meant for: one made for another domain is worth nothing there. */
export interface TypedDataDomain {
  readonly name: string;
  readonly version: string;
  readonly chainId: bigint | number;
  /** {@link zeroAddress} where a venue has no contract that checks. */
  readonly verifyingContract: string;
}

const domainType = hashText(
  "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
);

export const domainSeparator = (domain: TypedDataDomain): Uint8Array =>
  structHash(
    domainType,
    hashText(domain.name),
    hashText(domain.version),
    numberWord(domain.chainId),
    addressWord(domain.verifyingContract),
  );

/** Of a domain, what makes a record's hash the digest that is signed. */
export function digestIn(domain: TypedDataDomain): (recordHash: Uint8Array) => Uint8Array {
  const start = concatBytes(Uint8Array.of(0x19, 0x01), domainSeparator(domain));
  return (recordHash) => hashBytes(start, recordHash);
}

export const isAddress = (text: string): boolean => /^0x[0-9a-fA-F]{40}$/.test(text);
export const isPrivateKey = (text: string): boolean => /^(0x)?[0-9a-fA-F]{64}$/.test(text);

export interface Signature {
  /** 32 bytes each, `0x` and 64 hex digits. */
  readonly r: string;
  readonly s: string;
  readonly v: 27 | 28;
}

/** `0x`, r, s and v: 65 bytes as hex digits. */
export const signatureText = ({ r, s, v }: Signature): string => `${r}${s.slice(2)}${v.toString(16)}`;

/** One secp256k1 key of Ethereum. */
export class WalletKey {
  readonly #key: Uint8Array;
  /** Lower case. */
  readonly address: string;

  /** @param privateKey 64 hex digits, with or without `0x`. @throws {RangeError} when it is no key of the curve; never with the key in its text */
  constructor(privateKey: string) {
    if (!isPrivateKey(privateKey.trim())) throw new RangeError("the private key must have 64 hex digits");
    this.#key = hexToBytes(privateKey.trim().replace(/^0x/, ""));
    if (!secp256k1.utils.isValidSecretKey(this.#key)) throw new RangeError("the private key is no key");
    this.address = addressOf(secp256k1.getPublicKey(this.#key, false));
  }

  /** @param digest 32 bytes, as of {@link digestIn} */
  sign(digest: Uint8Array): Signature {
    // One byte that says which of two keys it is, then r and s.
    const bytes = secp256k1.sign(digest, this.#key, { prehash: false, format: "recovered" });
    return {
      r: `0x${bytesToHex(bytes.subarray(1, 33))}`,
      s: `0x${bytesToHex(bytes.subarray(33, 65))}`,
      v: bytes[0] === 0 ? 27 : 28,
    };
  }
}

/** The last 20 bytes of the hash of an uncompressed public key. */
const addressOf = (publicKey: Uint8Array): string =>
  `0x${bytesToHex(keccak_256(publicKey.subarray(1)).subarray(12))}`;
