/** Market data of a backtest: 64-byte records in the order of their receive times, in batches. */
import type { Instrument } from "../model/instrument.ts";

export interface MarketData {
  /** A record's index is the place in this list. */
  readonly instruments: readonly Instrument[];
  /** Receive times of the first and the last record, microseconds; for progress and the report. */
  readonly fromUs: number;
  readonly toUs: number;
  /** Where it comes from, for the report. */
  readonly description: string;
  /** Whole records each, in the order of `tsRecvUs`; a batch is the reader's until the next one. */
  batches(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}
