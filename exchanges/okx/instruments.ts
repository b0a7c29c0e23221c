/** OKX's metadata as instruments, and sizes both ways: OKX deals in contracts, everything above in base units. */
import {
  BerthError,
  formatIncrements,
  formatScaled,
  type Increment,
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
import type { FeeRow, InstrumentRow } from "./wire.ts";

export const venue = venueId("okx");

/** An instrument with what its adapter alone needs. */
export interface OkxInstrument {
  readonly instrument: Instrument;
  readonly instId: string;
  /** Names the instrument in order operations of the socket. */
  readonly instIdCode: number | undefined;
  readonly instType: string;
  /** The index that it follows: `BTC-USDT`. */
  readonly indexId: string;
  /** One lot of ours is one lotSz of theirs, so both count the same whole lots. */
  readonly lotContracts: Increment;
}

const orOne = (text: string): string => (text === "" ? "1" : text);

/** The quote asset in an instrument's name: a swap of `BTC-USD_UM-SWAP` is quoted in USD and margined in it. */
const quoteOf = (instId: string): string => (instId.split("-")[1] ?? "").replace(/_.*$/, "");

/** berth's symbol: BTC-PERP for the preferred linear swap of an underlying; the others, inverse too, keep their quote asset. */
function symbolOf(row: InstrumentRow, preferred: PreferredSwaps): string {
  const [base = row.baseCcy, quote = row.quoteCcy, third = ""] = row.instId.split("-");
  if (row.instType === "SPOT") return `${base}-${quote}`;
  if (row.instType === "FUTURES") return `${base}-${quote.replaceAll("_", "")}-${third}`;
  return preferred.get(base) === row.instId ? `${base}-PERP` : `${base}-${quote.replaceAll("_", "")}-PERP`;
}

/** By base asset the swap that is its `BASE-PERP`. */
export type PreferredSwaps = ReadonlyMap<string, string>;

/**
 * Per underlying the linear swap whose quote asset comes first in the preference. What `known` names stays: within a
 * run a symbol never moves to another instrument, whatever is listed or delisted meanwhile.
 */
export function preferredSwaps(
  rows: readonly InstrumentRow[],
  quoteAssets: readonly string[],
  known: PreferredSwaps,
): PreferredSwaps {
  const best = new Map<string, { readonly instId: string; readonly rank: number }>();
  for (const row of rows) {
    if (row.instType !== "SWAP" || row.ctType === "inverse") continue;
    const [base = ""] = row.instId.split("-");
    const rank = quoteAssets.indexOf(quoteOf(row.instId));
    const other = best.get(base);
    if (rank >= 0 && (other === undefined || rank < other.rank)) best.set(base, { instId: row.instId, rank });
  }
  return new Map([...[...best].map(([base, { instId }]) => [base, instId] as const), ...known]);
}

const statuses: Readonly<Record<string, InstrumentStatus>> = {
  live: "trading",
  post_only: "post_only",
};

export interface FeeBps {
  readonly maker: number;
  readonly taker: number;
}

const invalid = (value: string, expected: string) =>
  new BerthError("MODEL_INVALID_DECIMAL", { value, expected });

/** A plain decimal without sign as digits and their scale. @throws {BerthError} MODEL_INVALID_DECIMAL */
function scaled(text: string): { readonly units: bigint; readonly decimals: number } {
  const match = /^(\d{1,30})(?:\.(\d{1,30}))?$/.exec(text);
  if (match === null) throw invalid(text, "decimal without sign");
  const [, whole = "0", fraction = ""] = match;
  return { units: BigInt(whole + fraction), decimals: fraction.length };
}

/** Exact product of decimal texts. @throws {BerthError} MODEL_INVALID_DECIMAL */
function multiply(...texts: readonly string[]): string {
  const factors = texts.map(scaled);
  const product = formatScaled(
    factors.reduce((product, { units }) => product * units, 1n),
    factors.reduce((sum, { decimals }) => sum + decimals, 0),
  );
  if (!/^\d{1,20}(\.\d{1,20})?$/.test(product)) throw invalid(product, "decimal of at most 20 places");
  return product;
}

/** Largest order in whole lots; what goes beyond 2^53 is as good as no limit. @throws {BerthError} MODEL_INVALID_DECIMAL */
function maxLots(row: InstrumentRow): number {
  if (row.maxLmtSz === "") return Number.MAX_SAFE_INTEGER;
  const most = scaled(row.maxLmtSz);
  const lot = scaled(row.lotSz);
  const lots = (most.units * 10n ** BigInt(lot.decimals)) / (lot.units * 10n ** BigInt(most.decimals));
  return lots > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(lots);
}

/** @throws {BerthError} MODEL_INVALID_DECIMAL, INSTRUMENT_OFF_TICK */
function minLots(row: InstrumentRow, lot: Increment): number {
  const lots = parseIncrements(row.minSz, lot);
  if (lots < 0) throw invalid(row.minSz, "size of zero or more");
  return lots;
}

/** @throws {BerthError} MODEL_INVALID_DECIMAL */
function leverageOf(row: InstrumentRow): number {
  if (row.lever === "") return 1;
  scaled(row.lever);
  return Number(row.lever);
}

/** No venue charges a tenth of the notional: what is beyond it is not a rate. */
const maxFeeBps = 1_000;

/** The rates of one row's fee group or settlement asset. OKX writes them as negative fractions where they are charged. */
export function feesOf(row: InstrumentRow, fees: FeeRow | undefined, fallback: FeeBps): FeeBps {
  if (fees === undefined) return fallback;
  const group = row.groupId === "" ? undefined : fees.feeGroup.find((one) => one.groupId === row.groupId);
  const bps = (texts: readonly (string | undefined)[], otherwise: number): number => {
    const found = texts.find((text) => text !== undefined && text !== "");
    // Six decimals of a bps: 0.0002 × 10,000 is no whole number in floats.
    const value = found === undefined ? otherwise : Number((-Number(found) * 10_000).toFixed(6));
    return Math.abs(value) <= maxFeeBps ? value : otherwise; // NaN is none either
  };
  const isUsdt = row.settleCcy === "USDT";
  const isUsdc = row.settleCcy === "USDC";
  return {
    maker: bps(
      [group?.maker, isUsdt ? fees.makerU : isUsdc ? fees.makerUSDC : "", fees.maker],
      fallback.maker,
    ),
    taker: bps(
      [group?.taker, isUsdt ? fees.takerU : isUsdc ? fees.takerUSDC : "", fees.taker],
      fallback.taker,
    ),
  };
}

/** Which lists must be asked for so that every symbol that these patterns match can be found. */
export function instrumentTypesOf(patterns: readonly string[]): readonly ("SWAP" | "FUTURES" | "SPOT")[] {
  const isOpen = patterns.some((pattern) => pattern.endsWith("*"));
  const isFuture = (pattern: string): boolean => /-[\d*]{1,6}$/.test(pattern);
  const isPerpetual = (pattern: string): boolean => pattern.endsWith("-PERP");
  return [
    ...(isOpen || patterns.some(isPerpetual) ? ["SWAP" as const] : []),
    ...(isOpen || patterns.some(isFuture) ? ["FUTURES" as const] : []),
    ...(isOpen || patterns.some((one) => !isPerpetual(one) && !isFuture(one)) ? ["SPOT" as const] : []),
  ];
}

/**
 * One row as an instrument. Fresh listings can be incomplete.
 * @param fundingIntervalHours as last learned; undefined before
 * @throws {BerthError} MODEL_INVALID_DECIMAL, INSTRUMENT_OFF_TICK, MODEL_INVALID_ID
 */
export function toInstrument(
  row: InstrumentRow,
  preferred: PreferredSwaps,
  fees: FeeBps,
  fundingIntervalHours?: number,
): OkxInstrument {
  const [base = "", quote = ""] = row.instId.split("-");
  const symbol = symbolOf(row, preferred);
  const lotContracts = increment(row.lotSz);
  const contractMultiplier = row.instType === "SPOT" ? "1" : multiply(orOne(row.ctVal), orOne(row.ctMult));
  const isInverse = row.ctType === "inverse";
  const instrument: Instrument = {
    id: instrumentId(venue, symbol),
    venue,
    symbol,
    venueSymbol: row.instId,
    kind: row.instType === "SPOT" ? "spot" : row.instType === "FUTURES" ? "future" : "perpetual",
    settlement: isInverse ? "inverse" : "linear",
    baseAsset: row.baseCcy || base,
    quoteAsset: row.quoteCcy || quote,
    settlementAsset: row.settleCcy || row.quoteCcy || quote,
    tick: increment(row.tickSz),
    lot: increment(multiply(row.lotSz, contractMultiplier)),
    contractMultiplier,
    minSizeLots: minLots(row, lotContracts),
    maxSizeLots: maxLots(row),
    minNotional: 0,
    makerFeeBps: fees.maker,
    takerFeeBps: fees.taker,
    maxLeverage: leverageOf(row),
    ...(fundingIntervalHours === undefined ? {} : { fundingIntervalHours }),
    status: statuses[row.state] ?? "halted",
  };
  const indexId = row.uly !== "" ? row.uly : `${base}-${quote}`;
  const { instId, instIdCode, instType } = row;
  return { instrument, instId, instIdCode, instType, indexId, lotContracts };
}

export const contractsText = (lots: SizeLots, one: OkxInstrument): string =>
  formatIncrements(lots, one.lotContracts);
export const priceText = (ticks: PriceTicks, one: OkxInstrument): string =>
  formatIncrements(ticks, one.instrument.tick);
/** @throws {BerthError} when the text is no multiple */
export const parseContracts = (text: string, one: OkxInstrument): SizeLots =>
  sizeLots(text === "" ? 0 : parseIncrements(text, one.lotContracts));
/** @throws {BerthError} when the text is no multiple */
export const parsePrice = (text: string, one: OkxInstrument): PriceTicks =>
  priceTicks(parseIncrements(text, one.instrument.tick));

/** Base units of one contract (inverse: quote units), for quotes. */
export const baseOfContract = (one: OkxInstrument): number => Number(one.instrument.contractMultiplier);

export type InstrumentBook = ListedInstruments<OkxInstrument>;

export const instrumentBook = (): InstrumentBook => new ListedInstruments(({ instId }) => instId);

/** Types of what is listed and can be traded. */
export const tradedTypes = (instruments: InstrumentBook): readonly string[] => [
  ...new Set(instruments.all().map(({ instType }) => instType).filter((one) => one !== "SPOT")),
];
