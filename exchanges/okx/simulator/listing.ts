/** What the simulated OKX lists: real ticks, lots and contract values; sizes on the wire are contracts. */
import { formatIncrements, type Increment, increment, parseIncrements } from "@berth/sdk";
import type { SimulatedInstrument } from "../../simulation/ports.ts";

export interface OkxListing {
  readonly instId: string;
  readonly instIdCode: number;
  /** Base units in one contract. */
  readonly ctVal: string;
  readonly lot: Increment;
  readonly tick: Increment;
  readonly simulated: SimulatedInstrument;
}

function listing(
  base: string,
  instIdCode: number,
  terms: {
    readonly ctVal: string;
    readonly tickSz: string;
    readonly lotSize: string;
    readonly lever: number;
  },
): OkxListing {
  const lotSz = "0.01";
  return {
    instId: `${base}-USDT-SWAP`,
    instIdCode,
    ctVal: terms.ctVal,
    lot: increment(lotSz),
    tick: increment(terms.tickSz),
    simulated: {
      symbol: `${base}-PERP`,
      venueSymbol: `${base}-USDT-SWAP`,
      baseAsset: base,
      quoteAsset: "USDT",
      settlementAsset: "USDT",
      tickSize: terms.tickSz,
      lotSize: terms.lotSize,
      contractMultiplier: terms.ctVal,
      minNotional: "0",
      minSizeLots: 1,
      maxSizeLots: 1_000_000_000,
      makerFee: "0.0002",
      takerFee: "0.0005",
      maxLeverage: terms.lever,
      fundingIntervalHours: 8,
    },
  };
}

/** Lot size in base units is lotSz × ctVal, written out so that nothing is computed in floats. */
export const listings: readonly OkxListing[] = [
  listing("BTC", 10_459, { ctVal: "0.01", tickSz: "0.1", lotSize: "0.0001", lever: 100 }),
  listing("ETH", 10_461, { ctVal: "0.1", tickSz: "0.01", lotSize: "0.001", lever: 100 }),
  listing("SOL", 10_475, { ctVal: "1", tickSz: "0.01", lotSize: "0.01", lever: 50 }),
  listing("DOGE", 10_471, { ctVal: "1000", tickSz: "0.00001", lotSize: "10", lever: 50 }),
];

const byInstId = new Map(listings.map((one) => [one.instId, one]));
const byCode = new Map(listings.map((one) => [one.instIdCode, one]));
const bySymbol = new Map(listings.map((one) => [one.simulated.symbol, one]));

export const listingOf = (instId: string): OkxListing | undefined => byInstId.get(instId);
export const listingOfCode = (instIdCode: number): OkxListing | undefined => byCode.get(instIdCode);

/** The listing of a symbol that the shared simulation names. */
export function listingOfSymbol(symbol: string): OkxListing {
  const found = bySymbol.get(symbol);
  if (found === undefined) throw new RangeError(`the simulated OKX lists no ${symbol}`);
  return found;
}

export const contractsText = (lots: number, one: OkxListing): string => formatIncrements(lots, one.lot);
export const priceText = (ticks: number, one: OkxListing): string => formatIncrements(ticks, one.tick);
/** @throws when the text is no multiple of the lot or the tick */
export const parseContracts = (text: string, one: OkxListing): number => parseIncrements(text, one.lot);
export const parsePrice = (text: string, one: OkxListing): number => parseIncrements(text, one.tick);

/** A time as OKX writes it: whole milliseconds. A simulation's clock may stand between two. */
export const timeText = (tsMs: number): string => String(Math.floor(tsMs));

/** One row of `public/instruments`. */
export function instrumentRow(one: OkxListing): Readonly<Record<string, unknown>> {
  const { baseAsset, maxLeverage } = one.simulated;
  return {
    instType: "SWAP",
    instId: one.instId,
    instIdCode: one.instIdCode,
    instFamily: `${baseAsset}-USDT`,
    uly: `${baseAsset}-USDT`,
    baseCcy: "",
    quoteCcy: "",
    settleCcy: "USDT",
    ctType: "linear",
    ctVal: one.ctVal,
    ctMult: "1",
    ctValCcy: baseAsset,
    tickSz: one.tick.text,
    lotSz: one.lot.text,
    minSz: one.lot.text,
    lever: String(maxLeverage),
    listTime: "1573557408000",
    expTime: "",
    state: "live",
    ruleType: "normal",
    maxLmtSz: "100000000",
    maxMktSz: "20000",
    maxLmtAmt: "20000000",
    groupId: "1",
    upcChg: [],
  };
}
