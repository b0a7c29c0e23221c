/**
 * What the simulated Hyperliquid lists, at the real venue's asset indexes and decimals. The places between belong to
 * coins that are delisted here, as the real list has them too: an index is never given away again.
 */
import { fitPriceFigures, formatIncrements, type Increment, increment, parseIncrements } from "@berth/sdk";
import type { SimulatedInstrument, SimulatedVenue } from "../../simulation/ports.ts";

/** Prices of perpetuals have at most this many decimals less those of the size. */
const maxDecimals = 6;
export const maxPriceFigures = 5;

export interface HyperliquidListing {
  /** Position in the universe, which names the asset in orders. */
  readonly asset: number;
  readonly coin: string;
  readonly szDecimals: number;
  readonly tick: Increment;
  readonly lot: Increment;
  readonly simulated: SimulatedInstrument;
}

interface UniverseEntry {
  readonly name: string;
  readonly szDecimals: number;
  readonly maxLeverage: number;
  readonly isListed: boolean;
}

const listed = (name: string, szDecimals: number, maxLeverage: number): UniverseEntry => ({
  name,
  szDecimals,
  maxLeverage,
  isListed: true,
});
const delisted = (name: string, szDecimals: number): UniverseEntry => ({
  name,
  szDecimals,
  maxLeverage: 3,
  isListed: false,
});

const universe: readonly UniverseEntry[] = [
  listed("BTC", 5, 40),
  listed("ETH", 4, 25),
  delisted("ATOM", 2),
  delisted("MATIC", 1),
  delisted("DYDX", 1),
  listed("SOL", 2, 20),
  delisted("AVAX", 2),
  delisted("BNB", 3),
  delisted("APE", 1),
  delisted("OP", 1),
  delisted("LTC", 2),
  delisted("ARB", 1),
  listed("DOGE", 0, 10),
];

const stepText = (decimals: number): string => decimals === 0 ? "1" : `0.${"0".repeat(decimals - 1)}1`;

function listingOf({ name, szDecimals, maxLeverage }: UniverseEntry, asset: number): HyperliquidListing {
  const tickSize = stepText(maxDecimals - szDecimals);
  const lotSize = stepText(szDecimals);
  return {
    asset,
    coin: name,
    szDecimals,
    tick: increment(tickSize),
    lot: increment(lotSize),
    simulated: {
      symbol: `${name}-PERP`,
      venueSymbol: name,
      baseAsset: name,
      quoteAsset: "USDC",
      settlementAsset: "USDC",
      tickSize,
      maxPriceFigures,
      lotSize,
      contractMultiplier: "1",
      minNotional: "10",
      minSizeLots: 1,
      maxSizeLots: 1_000_000_000_000,
      makerFee: "0.00015",
      takerFee: "0.00045",
      maxLeverage,
      fundingIntervalHours: 1,
    },
  };
}

export const listings: readonly HyperliquidListing[] = universe.flatMap((entry, asset) =>
  entry.isListed ? [listingOf(entry, asset)] : []
);

const byAsset = new Map(listings.map((one) => [one.asset, one]));
const byCoin = new Map(listings.map((one) => [one.coin, one]));
const bySymbol = new Map(listings.map((one) => [one.simulated.symbol, one]));

/** What is listed and traded in this simulation. */
export const isTraded = (one: HyperliquidListing, venue: SimulatedVenue): boolean =>
  venue.instrument(one.simulated.symbol) !== undefined;

export const listingByAsset = (asset: number): HyperliquidListing | undefined => byAsset.get(asset);
export const listingByCoin = (coin: string): HyperliquidListing | undefined => byCoin.get(coin);

/** @throws RangeError for a symbol that the shared simulation does not name */
export function listingBySymbol(symbol: string): HyperliquidListing {
  const found = bySymbol.get(symbol);
  if (found === undefined) throw new RangeError(`the simulated Hyperliquid lists no ${symbol}`);
  return found;
}

/** True for what the universe names, delisted or not: only these coins can be subscribed. */
export const isCoin = (coin: string): boolean => universe.some(({ name }) => name === coin);

/** `meta`. */
export function metaRow(venue: SimulatedVenue): Readonly<Record<string, unknown>> {
  return {
    universe: universe.map(({ name, szDecimals, maxLeverage }, asset) => {
      const one = byAsset.get(asset);
      const isGone = one === undefined || !isTraded(one, venue);
      return {
        szDecimals,
        name,
        maxLeverage,
        marginTableId: maxLeverage,
        ...(isGone ? { isDelisted: true } : {}),
      };
    }),
    marginTables: [],
    collateralToken: 0,
  };
}

/** As the venue writes prices: at least one decimal. */
export function priceText(ticks: number, one: HyperliquidListing): string {
  const text = formatIncrements(ticks, one.tick);
  return text.includes(".") ? text : `${text}.0`;
}
export const sizeText = (lots: number, one: HyperliquidListing): string => {
  const text = formatIncrements(lots, one.lot);
  return text.includes(".") ? text : `${text}.0`;
};

export type Parsed = { readonly kind: "count"; readonly count: number } | { readonly kind: "off" };

function parse(text: string, step: Increment): Parsed {
  try {
    return { kind: "count", count: parseIncrements(text, step) };
  } catch {
    return { kind: "off" }; // answered in the venue's own words
  }
}

/** A price in ticks, or `off` where it has too many decimals or figures. */
export function parsePrice(text: string, one: HyperliquidListing): Parsed {
  const parsed = parse(text, one.tick);
  const isFit = parsed.kind === "count" &&
    fitPriceFigures(parsed.count, one.tick, maxPriceFigures, "down") === parsed.count;
  return isFit ? parsed : { kind: "off" };
}
export const parseSize = (text: string, one: HyperliquidListing): Parsed => parse(text, one.lot);
