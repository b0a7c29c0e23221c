/**
 * Hyperliquid's signatures of trading actions: the action as msgpack, its hash inside an EIP-712 record, secp256k1.
 * Any byte that the venue writes differently gives another signer, which it then says does not exist: keys keep the
 * order in which they are documented, decimals have no trailing zeros, hex is lower case, absent keys are absent.
 *
 * @see https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/signing
 */
import { encode } from "@msgpack/msgpack";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Action } from "./actions.ts";

export interface Signature {
  /** 32 bytes each, `0x` and 64 hex digits. */
  readonly r: string;
  readonly s: string;
  readonly v: 27 | 28;
}

/** What is signed beside the action. */
export interface ActionTerms {
  /** Milliseconds since the epoch, unique per signer. */
  readonly nonce: number;
  /** Sub-account or vault that the action is for. */
  readonly vaultAddress?: string | undefined;
  /** The venue refuses the action after this time. Its presence alters the hash. */
  readonly expiresAfterMs?: number | undefined;
}

/** The network that a signature is good for: one made for testnet moves nothing on mainnet. */
export type Network = "mainnet" | "testnet";

const hash = (...parts: readonly Uint8Array[]): Uint8Array => keccak_256(concatBytes(...parts));
const hashText = (text: string): Uint8Array => keccak_256(utf8ToBytes(text));

/** Big-endian, as many bytes as asked for. */
function unsigned(value: number, bytes: number): Uint8Array {
  const out = new Uint8Array(bytes);
  new DataView(out.buffer).setBigUint64(bytes - 8, BigInt(value));
  return out;
}

/** The domain is the same on both networks. */
const domainSeparator = hash(
  hashText("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
  hashText("Exchange"),
  hashText("1"),
  unsigned(1_337, 32),
  new Uint8Array(32),
);
const agentType = hashText("Agent(string source,bytes32 connectionId)");
const digestStart = concatBytes(Uint8Array.of(0x19, 0x01), domainSeparator);
const agentStarts: Readonly<Record<Network, Uint8Array>> = {
  mainnet: concatBytes(agentType, hashText("a")),
  testnet: concatBytes(agentType, hashText("b")),
};

/** Hash of an action with its terms, which the venue calls its connection id. */
export function actionHash(action: Action, terms: ActionTerms): Uint8Array {
  const { nonce, vaultAddress, expiresAfterMs } = terms;
  return hash(
    encode(action),
    unsigned(nonce, 8),
    vaultAddress === undefined ? Uint8Array.of(0) : concatBytes(Uint8Array.of(1), addressBytes(vaultAddress)),
    expiresAfterMs === undefined
      ? new Uint8Array(0)
      : concatBytes(Uint8Array.of(0), unsigned(expiresAfterMs, 8)),
  );
}

const addressBytes = (address: string): Uint8Array => hexToBytes(address.slice(2).toLowerCase());

/** What is signed for an action: the EIP-712 digest. */
export const actionDigest = (action: Action, terms: ActionTerms, network: Network): Uint8Array =>
  hash(digestStart, hash(agentStarts[network], actionHash(action, terms)));

export const isAddress = (text: string): boolean => /^0x[0-9a-fA-F]{40}$/.test(text);
export const isPrivateKey = (text: string): boolean => /^(0x)?[0-9a-fA-F]{64}$/.test(text);

/** One key that signs actions; usually an agent's, which can trade and not withdraw. */
export class ActionSigner {
  readonly #key: Uint8Array;
  readonly #network: Network;
  /** Lower case. */
  readonly address: string;

  /** @param privateKey 64 hex digits, with or without `0x`. @throws when it is no key of the curve; never with the key in its text */
  constructor(privateKey: string, network: Network) {
    if (!isPrivateKey(privateKey.trim())) throw new RangeError("the private key must have 64 hex digits");
    this.#key = hexToBytes(privateKey.trim().replace(/^0x/, ""));
    this.#network = network;
    if (!secp256k1.utils.isValidSecretKey(this.#key)) throw new RangeError("the private key is no key");
    this.address = addressOf(secp256k1.getPublicKey(this.#key, false));
  }

  sign(action: Action, terms: ActionTerms): Signature {
    const digest = actionDigest(action, terms, this.#network);
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
