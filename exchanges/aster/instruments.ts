/** Aster's metadata as instruments. Sizes are base units on both sides. */
import * as v from "valibot";
import {
  BerthError,
  formatIncrements,
  increment,
  type Instrument,
  instrumentId,
  type InstrumentStatus,
  parseIncrements,
  type PriceTicks,
  priceTicks,
  type SizeLots,
  sizeLots,
  venueId,
} from "@berth/sdk";
import { ListedInstruments } from "@berth/sdk/venue/listed_instruments.ts";
import { lotFilterSchema, notionalFilterSchema, priceFilterSchema, type SymbolRow } from "./wire.ts";

export const venue = venueId("aster");

/** An instrument with the venue's name for it. */
export interface AsterInstrument {
  readonly instrument: Instrument;
  readonly symbol: string;
}

export interface FeeBps {
  readonly maker: number;
  readonly taker: number;
}

/** What other requests than the list of symbols say of an instrument; undefined where they did not. */
export interface InstrumentExtras {
  readonly fees: FeeBps;
  readonly maxLeverage: number | undefined;
  readonly fundingIntervalHours: number | undefined;
}

/** By base asset the symbol that is its `BASE-PERP`. */
export type PreferredSymbols = ReadonlyMap<string, string>;

export const isPerpetual = (row: SymbolRow): boolean => row.contractType === "PERPETUAL";

/**
 * Per underlying the perpetual whose quote asset comes first in the preference. What `known` names stays: within a run a
 * symbol never moves to another instrument, whatever is listed or delisted meanwhile.
 */
export function preferredSymbols(
  rows: readonly SymbolRow[],
  quoteAssets: readonly string[],
  known: PreferredSymbols,
): PreferredSymbols {
  const best = new Map<string, { readonly symbol: string; readonly rank: number }>();
  for (const { baseAsset, quoteAsset, symbol } of rows) {
    const rank = quoteAssets.indexOf(quoteAsset);
    const other = best.get(baseAsset);
    if (rank >= 0 && (other === undefined || rank < other.rank)) best.set(baseAsset, { symbol, rank });
  }
  return new Map([...[...best].map(([base, { symbol }]) => [base, symbol] as const), ...known]);
}

/** berth's symbol, unless the operator has another: others than the preferred one keep their quote asset in it. */
export const usualSymbol = (
  { baseAsset, quoteAsset, symbol }: SymbolRow,
  preferred: PreferredSymbols,
): string => preferred.get(baseAsset) === symbol ? `${baseAsset}-PERP` : `${baseAsset}-${quoteAsset}-PERP`;

const statuses: Readonly<Record<string, InstrumentStatus>> = { TRADING: "trading" };

/** @throws {BerthError} MODEL_INVALID_DECIMAL for a filter that is absent or can't be read */
function filterOf<T>(row: SymbolRow, type: string, schema: v.GenericSchema<unknown, T>): T {
  const found = v.safeParse(schema, row.filters.find(({ filterType }) => filterType === type));
  if (found.success) return found.output;
  throw new BerthError("MODEL_INVALID_DECIMAL", { value: `${row.symbol} ${type}`, expected: "a filter" });
}

/**
 * One row as an instrument of this symbol. Precision comes from the filters, never from `pricePrecision` and `quantityPrecision`.
 * @throws {BerthError} MODEL_INVALID_DECIMAL, INSTRUMENT_OFF_TICK, MODEL_OUT_OF_RANGE, MODEL_INVALID_ID
 */
export function toInstrument(
  row: SymbolRow,
  symbol: string,
  extras: InstrumentExtras,
): AsterInstrument {
  const tick = increment(filterOf(row, "PRICE_FILTER", priceFilterSchema).tickSize);
  const { maxQty, minQty, stepSize } = filterOf(row, "LOT_SIZE", lotFilterSchema);
  const lot = increment(stepSize);
  const { notional } = filterOf(row, "MIN_NOTIONAL", notionalFilterSchema);
  const hours = extras.fundingIntervalHours;
  return {
    symbol: row.symbol,
    instrument: {
      id: instrumentId(venue, symbol),
      venue,
      symbol,
      venueSymbol: row.symbol,
      kind: "perpetual",
      settlement: "linear",
      baseAsset: row.baseAsset,
      quoteAsset: row.quoteAsset,
      settlementAsset: row.marginAsset,
      tick,
      lot,
      contractMultiplier: "1",
      minSizeLots: parseIncrements(minQty, lot),
      maxSizeLots: maxLots(maxQty, stepSize),
      minNotional: Number(notional),
      makerFeeBps: extras.fees.maker,
      takerFeeBps: extras.fees.taker,
      maxLeverage: extras.maxLeverage ?? leverageOfMargin(row.requiredMarginPercent),
      ...(hours === undefined ? {} : { fundingIntervalHours: hours }),
      status: statuses[row.status] ?? "halted",
    },
  };
}

/** A largest size need not be a multiple of the step: what exceeds it is cut. */
function maxLots(maxQty: string, stepSize: string): number {
  const [whole = "0"] = maxQty.split(".");
  try {
    return parseIncrements(maxQty, increment(stepSize));
  } catch {
    const lots = Math.floor(Number(whole) / Number(stepSize));
    return Number.isSafeInteger(lots) ? lots : Number.MAX_SAFE_INTEGER;
  }
}

/** Where no bracket is known: an initial margin of 5 % is a leverage of 20. */
function leverageOfMargin(percent: string | undefined): number {
  const leverage = Math.floor(100 / Number(percent));
  return leverage >= 1 && leverage <= 1_000 ? leverage : 1;
}

/** No venue charges a tenth of the notional: what is beyond it is not a rate. */
const maxFeeBps = 1_000;

/** A rate of the venue, `0.0004`, in bps; undefined for what can be none. */
export function bpsOf(rate: string): number | undefined {
  // Six decimals of a bps: 0.0002 × 10,000 is no whole number in floats.
  const bps = Number((Number(rate) * 10_000).toFixed(6));
  return Math.abs(bps) <= maxFeeBps ? bps : undefined;
}

export const sizeText = (lots: SizeLots, one: AsterInstrument): string =>
  formatIncrements(lots, one.instrument.lot);
export const priceText = (ticks: PriceTicks, one: AsterInstrument): string =>
  formatIncrements(ticks, one.instrument.tick);
/** @throws {BerthError} when the text is no multiple */
export const parseSize = (text: string, one: AsterInstrument): SizeLots =>
  sizeLots(parseIncrements(text, one.instrument.lot));
/** @throws {BerthError} when the text is no multiple */
export const parsePrice = (text: string, one: AsterInstrument): PriceTicks =>
  priceTicks(parseIncrements(text, one.instrument.tick));

export type InstrumentBook = ListedInstruments<AsterInstrument>;

export const instrumentBook = (): InstrumentBook => new ListedInstruments(({ symbol }) => symbol);
