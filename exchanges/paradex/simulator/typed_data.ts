/**
 * Starknet typed data, revision 0, as the venue checks it (paradex.md, section 3): written for the simulator alone,
 * so that a mistake of the adapter's signing can't hide in shared code.
 */
import { getPublicKey, getStarkKey, keccak, pedersen, Signature, verify } from "@scure/starknet";

type Felt = bigint;

const asciiFelt = (text: string): Felt =>
  [...new TextEncoder().encode(text)].reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);

/** Numbers and numeric texts stand for themselves, every other text for its ASCII bytes. */
export function felt(value: string | number | bigint): Felt {
  if (typeof value !== "string") return BigInt(value);
  if (/^(\d+|0x[0-9a-fA-F]+)$/.test(value)) return BigInt(value);
  if (value.length > 31) throw new RangeError(`${value.slice(0, 40)} is too long for a felt`);
  return asciiFelt(value);
}

/** ped(…ped(ped(0, e1), e2)…, n). */
export function hashElements(elements: readonly Felt[]): Felt {
  const chain = elements.reduce((hash, element) => BigInt(pedersen(hash, element)), 0n);
  return BigInt(pedersen(chain, BigInt(elements.length)));
}

const typeHash = (signature: string): Felt => keccak(new TextEncoder().encode(signature));

const domainType = typeHash("StarkNetDomain(name:felt,chainId:felt,version:felt)");
const messageTypes = {
  order: typeHash("Order(timestamp:felt,market:felt,side:felt,orderType:felt,size:felt,price:felt)"),
  modify: typeHash(
    "ModifyOrder(timestamp:felt,market:felt,side:felt,orderType:felt,size:felt,price:felt,id:felt)",
  ),
  request: typeHash("Request(method:felt,path:felt,body:felt,timestamp:felt,expiration:felt)"),
  constant: typeHash("Constant(action:felt)"),
} as const;
export type MessageType = keyof typeof messageTypes;

/** Hashes messages of one chain; the domain's own hash is made once. */
export class TypedDataHasher {
  readonly #domainHash: Felt;

  constructor(chainId: string) {
    this.#domainHash = hashElements([domainType, felt("Paradex"), felt(chainId), felt("1")]);
  }

  hash(type: MessageType, account: string, fields: readonly (string | number | bigint)[]): Felt {
    const struct = hashElements([messageTypes[type], ...fields.map(felt)]);
    return hashElements([felt("StarkNet Message"), this.#domainHash, felt(account), struct]);
  }
}

/** An account's key as the venue stores it: the public point; the private key is not kept. */
export interface AccountKey {
  /** x coordinate, `0x` hex. */
  readonly publicKey: string;
  readonly point: Uint8Array;
}

export function accountKey(privateKey: string): AccountKey {
  const padded = privateKey.replace(/^0x/, "").padStart(64, "0");
  return { publicKey: getStarkKey(padded), point: getPublicKey(padded, true) };
}

/** True when `signature` (`["r","s"]` as decimal text) signs this hash with this key. Anything unreadable is false. */
export function isSignedBy(key: AccountKey, hash: Felt, signature: string): boolean {
  const match = /^\["(\d{1,80})","(\d{1,80})"\]$/.exec(signature.replaceAll(" ", ""));
  const [, r, s] = match ?? [];
  if (r === undefined || s === undefined) return false;
  try {
    return verify(new Signature(BigInt(r), BigInt(s)), hash.toString(16), key.point);
  } catch {
    return false; // r or s outside the curve: not a signature
  }
}

const addressBound = 2n ** 251n - 256n;

/** Account address of a public key behind the venue's proxy contract (3.5). */
export function accountAddress(publicKey: string, proxyHash: string, accountHash: string): string {
  const callData = hashElements([
    felt(accountHash),
    keccak(new TextEncoder().encode("initialize")),
    2n,
    felt(publicKey),
    0n,
  ]);
  const address = hashElements([
    asciiFelt("STARKNET_CONTRACT_ADDRESS"),
    0n,
    felt(publicKey),
    felt(proxyHash),
    callData,
  ]);
  return `0x${(address % addressBound).toString(16)}`;
}
