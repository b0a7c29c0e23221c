/**
 * Sequence and checksum rules of the `books` channel (OKX docs, order book channel): a snapshot replaces, an update is
 * valid if its `prevSeqId` is the last `seqId`; an empty update with equal ids is a heartbeat; a smaller `seqId` with a
 * matching `prevSeqId` is a reset after maintenance. Recordings from before June 2026 have no ids and a CRC32 instead.
 */
import type { BookRow } from "./wire.ts";

export type BookVerdict = "snapshot" | "delta" | "heartbeat" | "gap" | "ignore";

const checksumLevels = 25;

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

/** CRC-32 (IEEE) as a signed 32-bit number, the way OKX writes it. */
export function crc32Signed(text: string): number {
  let crc = 0xffffffff;
  for (let at = 0; at < text.length; at++) {
    crc = (crcTable[(crc ^ text.charCodeAt(at)) & 0xff] ?? 0) ^ (crc >>> 8);
  }
  return ~crc;
}

/** Levels of one side by price, best first, in the venue's own texts. */
class SideTexts {
  readonly #isBid: boolean;
  #levels: { readonly price: string; readonly size: string }[] = [];

  constructor(isBid: boolean) {
    this.#isBid = isBid;
  }

  clear(): void {
    this.#levels = [];
  }

  set(price: string, size: string): void {
    const value = Number(price);
    const at = this.#levels.findIndex((
      level,
    ) => (this.#isBid ? Number(level.price) <= value : Number(level.price) >= value));
    const isThere = at >= 0 && Number(this.#levels[at]?.price) === value;
    if (Number(size) === 0) {
      if (isThere) this.#levels.splice(at, 1);
    } else this.#levels.splice(at < 0 ? this.#levels.length : at, isThere ? 1 : 0, { price, size });
  }

  at(index: number): { readonly price: string; readonly size: string } | undefined {
    return this.#levels[index];
  }
}

export class BookChecker {
  #lastSeqId: number | undefined;
  #isValid = false;
  #hasTexts = false;
  readonly #bids = new SideTexts(true);
  readonly #asks = new SideTexts(false);

  /** True from a snapshot to the next gap. */
  get isValid(): boolean {
    return this.#isValid;
  }

  reset(): void {
    this.#isValid = false;
    this.#lastSeqId = undefined;
    this.#bids.clear();
    this.#asks.clear();
  }

  /** What to do with one row of the channel. After a gap everything up to the next snapshot is ignored. */
  take(isSnapshot: boolean, row: BookRow): BookVerdict {
    if (isSnapshot) {
      this.reset();
      this.#isValid = true;
    } else if (!this.#isValid) return "ignore";
    else if (row.prevSeqId !== this.#lastSeqId) return this.#gap(); // both absent in recordings of old
    if (!isSnapshot && row.bids.length + row.asks.length === 0 && row.seqId === row.prevSeqId) {
      return "heartbeat";
    }
    this.#lastSeqId = row.seqId;
    // Texts are kept only where the venue still sends a checksum, which a snapshot shows.
    if (isSnapshot) this.#hasTexts = row.checksum !== 0;
    if (this.#hasTexts) this.#keepTexts(row);
    if (this.#hasTexts && row.checksum !== 0 && !this.#hasChecksum(row)) return this.#gap();
    return isSnapshot ? "snapshot" : "delta";
  }

  #keepTexts(row: BookRow): void {
    for (const [price = "", size = ""] of row.bids) this.#bids.set(price, size);
    for (const [price = "", size = ""] of row.asks) this.#asks.set(price, size);
  }

  #gap(): BookVerdict {
    this.reset();
    return "gap";
  }

  #hasChecksum(row: BookRow): boolean {
    const parts: string[] = [];
    for (let level = 0; level < checksumLevels; level++) {
      for (const side of [this.#bids, this.#asks]) {
        const found = side.at(level);
        if (found !== undefined) parts.push(found.price, found.size);
      }
    }
    return crc32Signed(parts.join(":")) === row.checksum;
  }
}
