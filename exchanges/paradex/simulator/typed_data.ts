/**
 * Starknet typed data, revision 0, as the venue hashes it (paradex.md, section 3): written for the simulator alone, so
 * that a mistake of the adapter's signing can't hide in shared code.
 *
 * A Pedersen step takes about half a millisecond, so everything that two messages have in common is hashed once: the
 * types, the domain, and the chain up to the account.
 */
import { keccak, pedersen } from "@scure/starknet";

export type Felt = bigint;
/** A field's value before it is encoded: text that is no number stands for its ASCII bytes. */
export type FieldValue = string | number | bigint;

const maxShortString = 31;

/** ASCII bytes, big-endian. @throws {RangeError} beyond 31 characters or outside ASCII */
function shortString(text: string): Felt {
  if (text.length > maxShortString || !/^[\x00-\x7f]*$/.test(text)) {
    throw new RangeError(`${text.slice(0, 40)} is no short string`);
  }
  return [...new TextEncoder().encode(text)].reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/**
 * Numbers and numeric texts stand for themselves, every other text for its ASCII bytes: `"1"` is 1, `""` is 0.
 * @throws {RangeError} when the text is no short string
 */
export function felt(value: FieldValue): Felt {
  if (typeof value !== "string") return BigInt(value);
  return /^(\d+|0x[0-9a-fA-F]+)$/.test(value) ? BigInt(value) : shortString(value);
}

const ped = (a: Felt, b: Felt): Felt => BigInt(pedersen(a, b));
const extend = (chain: Felt, elements: readonly Felt[]): Felt => elements.reduce(ped, chain);

/** ped(…ped(ped(0, e1), e2)…, n). */
export function hashElements(elements: readonly Felt[]): Felt {
  return ped(extend(0n, elements), BigInt(elements.length));
}

/** Keccak-256 cut to 250 bits. */
const starknetKeccak = (text: string): Felt => keccak(new TextEncoder().encode(text));

/** Fields of the messages that the venue knows, in the order in which they are signed; all are `felt`. */
export const messageTypes = {
  Order: ["timestamp", "market", "side", "orderType", "size", "price"],
  ModifyOrder: ["timestamp", "market", "side", "orderType", "size", "price", "id"],
  Request: ["method", "path", "body", "timestamp", "expiration"],
  Constant: ["action"],
} as const;
export type MessageType = keyof typeof messageTypes;
export type Message<Type extends MessageType> = Readonly<
  Record<(typeof messageTypes)[Type][number], FieldValue>
>;

const domainFields = ["name", "chainId", "version"];

/** `starknet_keccak("Order(timestamp:felt,market:felt,…)")`. */
export function typeHash(name: string, fields: readonly string[]): Felt {
  return starknetKeccak(`${name}(${fields.map((field) => `${field}:felt`).join(",")})`);
}

/** Hashes the messages of one account on one chain. */
export class TypedDataHasher {
  /** The chain over "StarkNet Message", the domain's hash and the account. */
  readonly #prefix: Felt;
  readonly #typePrefixes = new Map<MessageType, Felt>();

  /** @param account main account's address, also for messages that a subkey signs */
  constructor(chainId: string, account: string) {
    const domain = [typeHash("StarkNetDomain", domainFields), felt("Paradex"), felt(chainId), felt("1")];
    this.#prefix = extend(0n, [felt("StarkNet Message"), hashElements(domain), felt(account)]);
  }

  hash<Type extends MessageType>(type: Type, message: Message<Type>): Felt {
    const fields: readonly (keyof Message<Type>)[] = messageTypes[type];
    const values = fields.map((field) => felt(message[field]));
    const struct = ped(extend(this.#typePrefix(type), values), BigInt(values.length + 1));
    return ped(ped(this.#prefix, struct), 4n);
  }

  /** ped(0, type hash). */
  #typePrefix(type: MessageType): Felt {
    const known = this.#typePrefixes.get(type);
    if (known !== undefined) return known;
    const prefix = ped(0n, typeHash(type, messageTypes[type]));
    this.#typePrefixes.set(type, prefix);
    return prefix;
  }
}

const addressBound = 2n ** 251n - 256n;

/** Account address of a public key behind the venue's proxy contract (3.5), `0x` hex. */
export function accountAddress(publicKey: string, proxyHash: string, accountHash: string): string {
  const callData = [felt(accountHash), starknetKeccak("initialize"), 2n, felt(publicKey), 0n];
  const address = hashElements([
    shortString("STARKNET_CONTRACT_ADDRESS"),
    0n,
    felt(publicKey),
    felt(proxyHash),
    hashElements(callData),
  ]);
  return `0x${(address % addressBound).toString(16)}`;
}
