/**
 * The three frequent messages, read straight into records that are reused: no bigint, no strings, no garbage but
 * for a name seen for the first time. Their layout is that of sbe_schema.ts; a test compares the offsets below with
 * the table and the results with the general decoder.
 *
 * Numbers are the i64 / 10^8 as double: division of two exactly represented numbers, so the result is the double
 * nearest to the decimal. (A product with 1e-8 is not.) Raw i64 values are exact up to 2^53, a price of 90 million.
 */
import { headerBytes, sbeSchemaId } from "./sbe.ts";

export const hotTemplates = { trade: 1, bbo: 2, book: 3, heartbeat: 40 } as const;

/** Why a frame can't be read; `ok` otherwise. */
export type HotResult = "ok" | "truncated" | "short_block" | "wrong_schema";

/** Names of markets by their bytes: looked up for each frame, made once. */
export class MarketNames {
  readonly #byHash = new Map<number, { readonly bytes: Uint8Array; readonly name: string }>();
  readonly #limit = 4096;

  /** The name in `view` at `offset`; equal bytes give the same string object. */
  read(view: DataView, offset: number, length: number): string {
    let hash = length;
    for (let i = 0; i < length; i++) hash = (Math.imul(hash, 31) + view.getUint8(offset + i)) | 0;
    const known = this.#byHash.get(hash);
    if (known !== undefined && isAt(known.bytes, view, offset, length)) return known.name;
    const bytes = new Uint8Array(view.buffer, view.byteOffset + offset, length).slice();
    const name = new TextDecoder().decode(bytes);
    if (known === undefined && this.#byHash.size < this.#limit) this.#byHash.set(hash, { bytes, name });
    return name;
  }
}

function isAt(bytes: Uint8Array, view: DataView, offset: number, length: number): boolean {
  if (bytes.length !== length) return false;
  for (let i = 0; i < length; i++) if (bytes[i] !== view.getUint8(offset + i)) return false;
  return true;
}

/** Offsets from the start of the block. */
export const bboOffsets = { ts: 0, seq: 8, bidPrice: 16, bidSize: 24, askPrice: 32, askSize: 40 } as const;
export const tradeOffsets = {
  ts: 0,
  seq: 8,
  side: 24,
  price: 25,
  size: 33,
  createdAt: 41,
  tradeType: 49,
} as const;
export const bookOffsets = { ts: 0, seq: 8, pkgType: 16 } as const;
const bboBlockBytes = 48;
const tradeBlockBytes = 50;
const bookBlockBytes = 89;
const levelBytes = 16;

/** A missing side is NaN. */
export interface BboRecord {
  market: string;
  sequence: number;
  tsUs: number;
  bidPrice: number;
  bidSize: number;
  askPrice: number;
  askSize: number;
}
export const emptyBbo = (): BboRecord => ({
  market: "",
  sequence: 0,
  tsUs: 0,
  bidPrice: Number.NaN,
  bidSize: Number.NaN,
  askPrice: Number.NaN,
  askSize: Number.NaN,
});

export interface TradeRecord {
  market: string;
  sequence: number;
  createdAtUs: number;
  /** Side of the taker; "" for a value that the schema lacks. */
  side: "BUY" | "SELL" | "";
  price: number;
  size: number;
  /** Number of the schema's FillType. */
  tradeType: number;
}
export const emptyTrade = (): TradeRecord => ({
  market: "",
  sequence: 0,
  createdAtUs: 0,
  side: "",
  price: Number.NaN,
  size: Number.NaN,
  tradeType: 0,
});

/** One side's levels as raw 10^-8 units; the first `count` entries are valid, the arrays grow as needed. */
export interface LevelRows {
  count: number;
  prices: Float64Array;
  sizes: Float64Array;
}
export interface BookRecord {
  market: string;
  sequence: number;
  tsUs: number;
  isSnapshot: boolean;
  readonly bids: LevelRows;
  readonly asks: LevelRows;
}
const emptyRows = (): LevelRows => ({
  count: 0,
  prices: new Float64Array(128),
  sizes: new Float64Array(128),
});
export const emptyBook = (): BookRecord => ({
  market: "",
  sequence: 0,
  tsUs: 0,
  isSnapshot: false,
  bids: emptyRows(),
  asks: emptyRows(),
});

/** i64 as a double: exact within ±2^53. */
function i64(view: DataView, offset: number): number {
  return view.getInt32(offset + 4, true) * 4_294_967_296 + view.getUint32(offset, true);
}

/** i64 / 10^8; null, which is −2^63, gives NaN. */
function decimal(view: DataView, offset: number): number {
  const high = view.getInt32(offset + 4, true);
  const low = view.getUint32(offset, true);
  if (high === -2_147_483_648 && low === 0) return Number.NaN;
  return (high * 4_294_967_296 + low) / 1e8;
}

/** Checks header and block; returns the end of the block, or a negative number that `faultOf` names. */
function blockEnd(view: DataView, minBlockBytes: number): number {
  if (view.byteLength < headerBytes) return -1;
  if (view.getUint16(4, true) !== sbeSchemaId) return -3;
  const length = view.getUint16(0, true);
  if (headerBytes + length > view.byteLength) return -1;
  return length < minBlockBytes ? -2 : headerBytes + length;
}
const faultOf = (
  end: number,
): HotResult => (end === -1 ? "truncated" : end === -2 ? "short_block" : "wrong_schema");

/** End of the text at `offset`, -1 when it is cut off. */
function textEnd(view: DataView, offset: number): number {
  if (offset >= view.byteLength) return -1;
  const end = offset + 1 + view.getUint8(offset);
  return end > view.byteLength ? -1 : end;
}

/** Reads a frame of template 2 into `out`; leaves `out` as it was unless the result is `ok`. */
export function decodeBbo(view: DataView, names: MarketNames, out: BboRecord): HotResult {
  const end = blockEnd(view, bboBlockBytes);
  if (end < 0) return faultOf(end);
  const nameEnd = textEnd(view, end);
  if (nameEnd === -1) return "truncated";
  out.market = names.read(view, end + 1, nameEnd - end - 1);
  out.tsUs = i64(view, headerBytes + bboOffsets.ts);
  out.sequence = i64(view, headerBytes + bboOffsets.seq);
  out.bidPrice = decimal(view, headerBytes + bboOffsets.bidPrice);
  out.bidSize = decimal(view, headerBytes + bboOffsets.bidSize);
  out.askPrice = decimal(view, headerBytes + bboOffsets.askPrice);
  out.askSize = decimal(view, headerBytes + bboOffsets.askSize);
  return "ok";
}

/** Reads a frame of template 1 into `out`. */
export function decodeTrade(view: DataView, names: MarketNames, out: TradeRecord): HotResult {
  const end = blockEnd(view, tradeBlockBytes);
  if (end < 0) return faultOf(end);
  const nameEnd = textEnd(view, end);
  if (nameEnd === -1) return "truncated";
  // A later version's trade id as text follows; it is not read, but a cut one says that the frame is cut.
  if (nameEnd < view.byteLength && textEnd(view, nameEnd) === -1) return "truncated";
  const side = view.getUint8(headerBytes + tradeOffsets.side);
  out.market = names.read(view, end + 1, nameEnd - end - 1);
  out.sequence = i64(view, headerBytes + tradeOffsets.seq);
  out.createdAtUs = i64(view, headerBytes + tradeOffsets.createdAt);
  out.side = side === 1 ? "BUY" : side === 2 ? "SELL" : "";
  out.price = decimal(view, headerBytes + tradeOffsets.price);
  out.size = decimal(view, headerBytes + tradeOffsets.size);
  out.tradeType = view.getUint8(headerBytes + tradeOffsets.tradeType);
  return "ok";
}

/** Reads a frame of template 3 into `out`. */
export function decodeBook(view: DataView, names: MarketNames, out: BookRecord): HotResult {
  const end = blockEnd(view, bookBlockBytes);
  if (end < 0) return faultOf(end);
  const bidsEnd = groupEnd(view, end);
  if (bidsEnd < 0) return faultOf(bidsEnd);
  const asksEnd = groupEnd(view, bidsEnd);
  if (asksEnd < 0) return faultOf(asksEnd);
  const nameEnd = textEnd(view, asksEnd);
  if (nameEnd === -1) return "truncated";
  out.market = names.read(view, asksEnd + 1, nameEnd - asksEnd - 1);
  out.tsUs = i64(view, headerBytes + bookOffsets.ts);
  out.sequence = i64(view, headerBytes + bookOffsets.seq);
  out.isSnapshot = view.getUint8(headerBytes + bookOffsets.pkgType) === 0;
  readLevels(view, end, out.bids);
  readLevels(view, bidsEnd, out.asks);
  return "ok";
}

function groupEnd(view: DataView, start: number): number {
  if (start + 4 > view.byteLength) return -1;
  const entryLength = view.getUint16(start, true);
  const count = view.getUint16(start + 2, true);
  const end = start + 4 + entryLength * count;
  if (end > view.byteLength) return -1;
  return count > 0 && entryLength < levelBytes ? -2 : end;
}

function readLevels(view: DataView, start: number, rows: LevelRows): void {
  const entryLength = view.getUint16(start, true);
  const count = view.getUint16(start + 2, true);
  if (rows.prices.length < count) {
    rows.prices = new Float64Array(2 * count);
    rows.sizes = new Float64Array(2 * count);
  }
  rows.count = count;
  for (let i = 0, offset = start + 4; i < count; i++, offset += entryLength) {
    rows.prices[i] = i64(view, offset);
    rows.sizes[i] = i64(view, offset + 8);
  }
}
