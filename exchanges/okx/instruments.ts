/** OKX's metadata as instruments, and sizes both ways: OKX deals in contracts, everything above in base units. */
import {
  formatIncrements,
  formatScaled,
  type Increment,
  increment,
  type Instrument,
  type InstrumentId,
  instrumentId,
  type InstrumentStatus,
  parseIncrements,
  type PriceTicks,
  priceTicks,
  type SizeLots,
  sizeLots,
  venueId,
} from "@berth/sdk";
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

/** Exact product of decimal texts. */
function multiply(...texts: readonly string[]): string {
  let units = 1n;
  let decimals = 0;
  for (const text of texts) {
    const [whole = "0", fraction = ""] = text.split(".");
    units *= BigInt(whole + fraction);
    decimals += fraction.length;
  }
  return formatScaled(units, decimals);
}

const orOne = (text: string): string => (text === "" ? "1" : text);

/** berth's symbol: BTC-PERP for the preferred linear swap of an underlying; the others, inverse too, keep their quote asset. */
function symbolOf(row: InstrumentRow, preferred: ReadonlySet<string>): string {
  const [base = row.baseCcy, quote = row.quoteCcy, third = ""] = row.instId.split("-");
  if (row.instType === "SPOT") return `${base}-${quote}`;
  if (row.instType === "FUTURES") return `${base}-${quote}-${third}`;
  return preferred.has(row.instId) ? `${base}-PERP` : `${base}-${quote.replaceAll("_", "")}-PERP`;
}

/** Per underlying the linear swap whose quote asset comes first in the preference. */
export function preferredSwaps(
  rows: readonly InstrumentRow[],
  quoteAssets: readonly string[],
): ReadonlySet<string> {
  const best = new Map<string, { readonly instId: string; readonly rank: number }>();
  for (const row of rows) {
    if (row.instType !== "SWAP" || row.ctType === "inverse") continue;
    const [base = "", quote = ""] = row.instId.split("-");
    const rank = quoteAssets.indexOf(quote);
    const known = best.get(base);
    if (rank >= 0 && (known === undefined || rank < known.rank)) best.set(base, { instId: row.instId, rank });
  }
  return new Set([...best.values()].map((one) => one.instId));
}

const statuses: Readonly<Record<string, InstrumentStatus>> = {
  live: "trading",
  post_only: "post_only",
};

export interface FeeBps {
  readonly maker: number;
  readonly taker: number;
}

/** Largest order in lots; what goes beyond 2^53 is as good as no limit. */
function maxLots(row: InstrumentRow): number {
  if (row.maxLmtSz === "") return Number.MAX_SAFE_INTEGER;
  return Math.min(Number.MAX_SAFE_INTEGER, Math.floor(Number(row.maxLmtSz) / Number(row.lotSz)));
}

/** The rates of one row's fee group or settlement asset. OKX writes them as negative fractions where they are charged. */
export function feesOf(row: InstrumentRow, fees: FeeRow | undefined, fallback: FeeBps): FeeBps {
  if (fees === undefined) return fallback;
  const group = row.groupId === "" ? undefined : fees.feeGroup.find((one) => one.groupId === row.groupId);
  const bps = (texts: readonly (string | undefined)[], otherwise: number): number => {
    const found = texts.find((text) => text !== undefined && text !== "");
    // Six decimals of a bps: 0.0002 × 10,000 is no whole number in floats.
    const value = found === undefined ? otherwise : Number((-Number(found) * 10_000).toFixed(6));
    return Number.isFinite(value) ? value : otherwise;
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
  preferred: ReadonlySet<string>,
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
    minSizeLots: parseIncrements(row.minSz, lotContracts),
    maxSizeLots: maxLots(row),
    minNotional: 0,
    makerFeeBps: fees.maker,
    takerFeeBps: fees.taker,
    maxLeverage: row.lever === "" ? 1 : Number(row.lever),
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

/** The adapter's instruments by both names. */
export class InstrumentBook {
  readonly #byInstId = new Map<string, OkxInstrument>();
  readonly #byId = new Map<InstrumentId, OkxInstrument>();

  add(one: OkxInstrument): void {
    this.#byInstId.set(one.instId, one);
    this.#byId.set(one.instrument.id, one);
  }

  byInstId(instId: string): OkxInstrument | undefined {
    return this.#byInstId.get(instId);
  }

  byId(id: InstrumentId): OkxInstrument | undefined {
    return this.#byId.get(id);
  }

  all(): readonly OkxInstrument[] {
    return [...this.#byId.values()];
  }
}

/** `*` stands for any run of characters. */
export function matchesAny(symbol: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const parts = pattern.split("*").map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${parts.join(".*")}$`).test(symbol);
  });
}
