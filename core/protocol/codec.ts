/**
 * Messages as bytes. JSON in UTF-8, with `bigint` as `{"$int":"123"}` so that money is exact on both sides, and
 * `undefined` as null so that no field is lost on the way; books as a
 * binary frame: u32 index, u8 kind, u8 zero, u16 zero, f64 sequence, f64 tsVenueMs, f64 tsRecvUs, u32 bid count,
 * u32 ask count, then (f64 price ticks, f64 size lots) per level.
 *
 * The codec keeps its own references to the built-ins it needs: a plugin that replaces `JSON.parse` in its own process
 * changes nothing here.
 */
import type { BookLevel } from "../model/market.ts";
import { priceTicks, sizeLots } from "../model/ticks.ts";
import type { HostMessage, PluginMessage } from "./messages.ts";

const { parse, stringify } = JSON;
const toBigInt = BigInt;
const textEncoder = new TextEncoder();
const textDecoder = new TextDecoder("utf-8", { fatal: true });
const encodeText = textEncoder.encode.bind(textEncoder);
const decodeText = textDecoder.decode.bind(textDecoder);

function replaceValue(_key: string, value: unknown): unknown {
  if (value === undefined) return null;
  return typeof value === "bigint" ? { $int: value.toString() } : value;
}

function reviveBigInt(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("$int" in value)) return value;
  const { $int: digits } = value;
  return typeof digits === "string" && /^-?\d{1,80}$/.test(digits) ? toBigInt(digits) : value;
}

/** A message's bytes. */
export function encodeMessage(message: HostMessage | PluginMessage): Uint8Array {
  return encodeText(stringify(message, replaceValue));
}

/** Like {@link reviveBigInt}; null becomes an absent field, which reads as `undefined`. */
function reviveTrusted(key: string, value: unknown): unknown {
  return value === null ? undefined : reviveBigInt(key, value);
}

/** The host's message, as its plugin reads it: the host is trusted, so its shape is not checked again. */
export function decodeHostMessage(payload: Uint8Array): HostMessage {
  return parse(decodeText(payload), reviveTrusted);
}

/** What the bytes say, unchecked. @throws {SyntaxError | TypeError} when they are no JSON in UTF-8 */
export function decodeJson(payload: Uint8Array): unknown {
  return parse(decodeText(payload), reviveBigInt);
}

export interface IndexedBook {
  readonly index: number;
  readonly kind: "snapshot" | "delta" | "invalid";
  readonly bids: readonly BookLevel[];
  readonly asks: readonly BookLevel[];
  readonly sequence: number;
  readonly tsVenueMs: number;
  readonly tsRecvUs: number;
}

const bookHeadBytes = 40;
const bookKinds = ["snapshot", "delta", "invalid"] as const;

export function encodeBook(book: IndexedBook): Uint8Array {
  const bytes = new Uint8Array(bookHeadBytes + 16 * (book.bids.length + book.asks.length));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, book.index, true);
  view.setUint8(4, bookKinds.indexOf(book.kind));
  view.setFloat64(8, book.sequence, true);
  view.setFloat64(16, book.tsVenueMs, true);
  view.setFloat64(24, book.tsRecvUs, true);
  view.setUint32(32, book.bids.length, true);
  view.setUint32(36, book.asks.length, true);
  let at = bookHeadBytes;
  for (const side of [book.bids, book.asks]) {
    for (const level of side) {
      view.setFloat64(at, level.priceTicks, true);
      view.setFloat64(at + 8, level.sizeLots, true);
      at += 16;
    }
  }
  return bytes;
}

/** The book of a frame, or undefined when the bytes are none. */
export function decodeBook(payload: Uint8Array): IndexedBook | undefined {
  if (payload.length < bookHeadBytes) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const kind = bookKinds[view.getUint8(4)];
  const bidCount = view.getUint32(32, true);
  const askCount = view.getUint32(36, true);
  if (kind === undefined || payload.length !== bookHeadBytes + 16 * (bidCount + askCount)) return undefined;
  const bids = readLevels(view, bookHeadBytes, bidCount);
  const asks = readLevels(view, bookHeadBytes + 16 * bidCount, askCount);
  if (bids === undefined || asks === undefined) return undefined;
  return {
    index: view.getUint32(0, true),
    kind,
    bids,
    asks,
    sequence: view.getFloat64(8, true),
    tsVenueMs: view.getFloat64(16, true),
    tsRecvUs: view.getFloat64(24, true),
  };
}

function readLevels(view: DataView, from: number, count: number): readonly BookLevel[] | undefined {
  const levels: BookLevel[] = [];
  for (let at = from; at < from + 16 * count; at += 16) {
    const price = view.getFloat64(at, true);
    const size = view.getFloat64(at + 8, true);
    if (!Number.isSafeInteger(price) || !Number.isSafeInteger(size) || size < 0) return undefined;
    levels.push({ priceTicks: priceTicks(price), sizeLots: sizeLots(size) });
  }
  return levels;
}
