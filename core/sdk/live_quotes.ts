/** Records of market data as a strategy sees them: one quote an instrument, updated in place, and new trades and marks. */
import type { InstrumentId } from "../model/ids.ts";
import type { Instrument } from "../model/instrument.ts";
import type { MarkUpdate, Trade } from "../model/market.ts";
import { absentIfNaN, recordOffsets } from "../protocol/records.ts";
import { QuoteMeter } from "./quote_meter.ts";

/** The public type is read-only. */
export interface LiveQuote {
  instrument: InstrumentId;
  bidPrice: number;
  bidSizeBase: number;
  askPrice: number;
  askSizeBase: number;
  sequence: number;
  tsVenueMs: number;
  tsRecvUs: number;
  source: "stream" | "rest";
}

export interface KnownInstrument {
  instrument: Instrument;
  readonly quote: LiveQuote;
  readonly meter: QuoteMeter;
  hasQuote: boolean;
}

export const knownInstrument = (instrument: Instrument): KnownInstrument => ({
  instrument,
  quote: {
    instrument: instrument.id,
    bidPrice: NaN,
    bidSizeBase: 0,
    askPrice: NaN,
    askSizeBase: 0,
    sequence: 0,
    tsVenueMs: 0,
    tsRecvUs: 0,
    source: "stream",
  },
  meter: new QuoteMeter(),
  hasQuote: false,
});

/** Hot path: reads the quote record at `at` into the instrument's own, and counts it. */
export function readQuote({ quote, meter }: KnownInstrument, view: DataView, at: number): void {
  quote.source = view.getUint8(at + recordOffsets.flag) === 1 ? "rest" : "stream";
  quote.sequence = view.getFloat64(at + recordOffsets.sequence, true);
  quote.tsVenueMs = view.getFloat64(at + recordOffsets.tsVenueMs, true);
  quote.tsRecvUs = view.getFloat64(at + recordOffsets.tsRecvUs, true);
  quote.bidPrice = view.getFloat64(at + recordOffsets.first, true);
  quote.bidSizeBase = view.getFloat64(at + recordOffsets.second, true);
  quote.askPrice = view.getFloat64(at + recordOffsets.third, true);
  quote.askSizeBase = view.getFloat64(at + recordOffsets.fourth, true);
  meter.onQuote(quote.sequence, quote.tsVenueMs, quote.tsRecvUs);
}

export const tradeAt = (instrument: InstrumentId, view: DataView, at: number): Trade => ({
  instrument,
  takerSide: view.getUint8(at + recordOffsets.flag) === 1 ? "sell" : "buy",
  price: view.getFloat64(at + recordOffsets.first, true),
  sizeBase: view.getFloat64(at + recordOffsets.second, true),
  sequence: view.getFloat64(at + recordOffsets.sequence, true),
  tsVenueMs: view.getFloat64(at + recordOffsets.tsVenueMs, true),
  tsRecvUs: view.getFloat64(at + recordOffsets.tsRecvUs, true),
});

export const markAt = (instrument: InstrumentId, view: DataView, at: number): MarkUpdate => ({
  instrument,
  markPrice: absentIfNaN(view.getFloat64(at + recordOffsets.first, true)),
  indexPrice: absentIfNaN(view.getFloat64(at + recordOffsets.second, true)),
  fundingRate: absentIfNaN(view.getFloat64(at + recordOffsets.third, true)),
  tsNextFundingMs: absentIfNaN(view.getFloat64(at + recordOffsets.fourth, true)),
  sequence: view.getFloat64(at + recordOffsets.sequence, true),
  tsVenueMs: view.getFloat64(at + recordOffsets.tsVenueMs, true),
  tsRecvUs: view.getFloat64(at + recordOffsets.tsRecvUs, true),
});
