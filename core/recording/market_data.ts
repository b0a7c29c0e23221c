/** Market data of the past: 64-byte records and books in the order of their receive times, in batches. */
import type { Instrument } from "../model/instrument.ts";
import type { IndexedBook } from "../protocol/codec.ts";

/** What comes next: some records, or one change of a book. */
export type MarketBatch =
  /** Whole records; the bytes are the reader's until the next batch. */
  | { readonly kind: "records"; readonly bytes: Uint8Array }
  | { readonly kind: "book"; readonly book: IndexedBook };

export interface MarketData {
  /** The index of a record or a book is the place in this list. */
  readonly instruments: readonly Instrument[];
  /** Receive times of the first and the last record, microseconds; for progress and the report. */
  readonly fromUs: number;
  readonly toUs: number;
  /** Where it comes from, for the report. */
  readonly description: string;
  /** In the order of `tsRecvUs`. */
  batches(): AsyncIterable<MarketBatch> | Iterable<MarketBatch>;
}
