/** Public keys of the simulated account, and signatures checked against them. Private keys are not kept. */
import { getStarkKey, Signature, verify } from "@scure/starknet";
import { type Felt, felt } from "./typed_data.ts";

/** x coordinate of the public key that belongs to a private key, `0x` hex. Short keys lack leading zeros. */
export const publicKeyOf = (privateKey: string): string =>
  getStarkKey(privateKey.replace(/^0x/, "").padStart(64, "0"));

/** True for `0x` hex texts of the same number; leading zeros don't count. */
export const isSameFelt = (a: string, b: string): boolean =>
  isHexFelt(a) && isHexFelt(b) && felt(a) === felt(b);
export const isHexFelt = (text: string): boolean => /^0x[0-9a-fA-F]{1,64}$/.test(text);

/** `["<r>","<s>"]` as decimal text, or undefined for anything else. */
export function parseSignature(text: string): { readonly r: bigint; readonly s: bigint } | undefined {
  const [, r, s] = /^\[\s*"(\d{1,80})"\s*,\s*"(\d{1,80})"\s*\]$/.exec(text.trim()) ?? [];
  return r === undefined || s === undefined ? undefined : { r: BigInt(r), s: BigInt(s) };
}

/**
 * A key by its x coordinate alone, as the venue stores it. Two points share it: which of them it is shows at the first
 * signature that fits.
 */
export class StarkPublicKey {
  /** `0x` hex. */
  readonly text: string;
  #points: readonly string[];

  constructor(text: string) {
    this.text = text;
    const x = felt(text).toString(16).padStart(64, "0");
    this.#points = [`02${x}`, `03${x}`];
  }

  /** True when `signature` signs exactly this hash. Anything unreadable is false. */
  verifies(hash: Felt, signature: string): boolean {
    const parsed = parseSignature(signature);
    if (parsed === undefined) return false;
    const point = this.#points.find((one) => isSigned(hash, parsed, one));
    if (point !== undefined) this.#points = [point];
    return point !== undefined;
  }
}

function isSigned(hash: Felt, { r, s }: { readonly r: bigint; readonly s: bigint }, point: string): boolean {
  try {
    return verify(new Signature(r, s), hash.toString(16).padStart(64, "0"), point);
  } catch {
    return false; // r, s or x lie outside the curve: not a signature
  }
}
