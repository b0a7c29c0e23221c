/**
 * Client order ids as the venue's cloids, 128-bit numbers, and back without loss. Ours, lower-case letters and digits,
 * are numbers of base 36 behind a mark byte; a cloid that someone else chose is its 32 hex digits.
 */
import { type ClientOrderId, clientOrderId } from "@berth/sdk";

/** First byte of a cloid made from one of our ids. */
const mark = "b1";
const maxLength = 23; // 36^23 with a leading 1 needs 120 bits
const ownPattern = /^[0-9a-z]{1,23}$/;
const rawPattern = /^[0-9a-f]{32}$/;

/** `0x` and 32 hex digits; undefined for an id that has no cloid (capital letters, over 23 characters). */
export function cloidOf(id: ClientOrderId): string | undefined {
  if (rawPattern.test(id)) return `0x${id}`;
  if (id.length > maxLength || !ownPattern.test(id)) return undefined;
  let number = 1n; // keeps leading zeros
  for (const character of id) number = number * 36n + BigInt(parseInt(character, 36));
  return `0x${mark}${number.toString(16).padStart(30, "0")}`;
}

/** The id that a cloid stands for; undefined for what is no cloid. */
export function clientIdOf(cloid: string): ClientOrderId | undefined {
  const hex = cloid.toLowerCase().replace(/^0x/, "");
  if (!rawPattern.test(hex)) return undefined;
  if (hex.startsWith(mark)) {
    const text = BigInt(`0x${hex.slice(2)}`).toString(36);
    const id = text.slice(1);
    if (text.startsWith("1") && ownPattern.test(id)) return clientOrderId(id);
  }
  return clientOrderId(hex);
}
