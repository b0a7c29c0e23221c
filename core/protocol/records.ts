/**
 * Fixed 64-byte records, little-endian, for what is frequent. One layout for quotes, trades and marks:
 *
 * | offset | type | quote | trade | mark |
 * |---|---|---|---|---|
 * | 0 | u8 | kind 1 | kind 2 | kind 3 |
 * | 1 | u8 | 1: from REST | 1: taker sold | |
 * | 4 | u32 | instrument index | same | same |
 * | 8 | f64 | sequence | same | same |
 * | 16 | f64 | tsVenueMs | same | same |
 * | 24 | f64 | tsRecvUs | same | same |
 * | 32 | f64 | bidPrice | price | markPrice, NaN for none |
 * | 40 | f64 | bidSizeBase | sizeBase | indexPrice, NaN for none |
 * | 48 | f64 | askPrice | | fundingRate, NaN for none |
 * | 56 | f64 | askSizeBase | | tsNextFundingMs, NaN for none |
 *
 * Free functions over a `DataView`: nothing is allocated.
 */

export const recordBytes = 64;
export const recordKinds = { quote: 1, trade: 2, mark: 3 } as const;
export type RecordKind = (typeof recordKinds)[keyof typeof recordKinds];

export const recordOffsets = {
  kind: 0,
  flag: 1,
  index: 4,
  sequence: 8,
  tsVenueMs: 16,
  tsRecvUs: 24,
  first: 32,
  second: 40,
  third: 48,
  fourth: 56,
} as const;

/** Writes one record at `at`. The last four numbers mean what the table says for the kind. */
export function writeRecord(
  view: DataView,
  at: number,
  kind: RecordKind,
  flag: 0 | 1,
  index: number,
  sequence: number,
  tsVenueMs: number,
  tsRecvUs: number,
  first: number,
  second: number,
  third: number,
  fourth: number,
): void {
  view.setUint32(at, kind | (flag << 8), true);
  view.setUint32(at + 4, index, true);
  view.setFloat64(at + 8, sequence, true);
  view.setFloat64(at + 16, tsVenueMs, true);
  view.setFloat64(at + 24, tsRecvUs, true);
  view.setFloat64(at + 32, first, true);
  view.setFloat64(at + 40, second, true);
  view.setFloat64(at + 48, third, true);
  view.setFloat64(at + 56, fourth, true);
}

/** Kind of the record at `at`, or 0 for a byte that is none. */
export function recordKindAt(view: DataView, at: number): RecordKind | 0 {
  const kind = view.getUint8(at);
  return kind === 1 || kind === 2 || kind === 3 ? kind : 0;
}

/** NaN stands for "not stated" on the wire, `undefined` in records. */
export const absentIfNaN = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value);
