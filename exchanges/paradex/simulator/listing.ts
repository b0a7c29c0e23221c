/** What the simulated Paradex lists, with the published ticks, increments and fees (paradex.md, 4.4 and 6.7). */
import { formatIncrements, type Increment, increment, parseIncrements } from "@berth/sdk";
import type { SimulatedInstrument, SimulatedVenue } from "../../simulation/ports.ts";

export interface ParadexListing {
  readonly market: string;
  readonly tick: Increment;
  readonly lot: Increment;
  readonly simulated: SimulatedInstrument;
}

function listing(base: string, tickSize: string, lotSize: string, maxSizeLots: number): ParadexListing {
  return {
    market: `${base}-USD-PERP`,
    tick: increment(tickSize),
    lot: increment(lotSize),
    simulated: {
      symbol: `${base}-PERP`,
      venueSymbol: `${base}-USD-PERP`,
      baseAsset: base,
      quoteAsset: "USD",
      settlementAsset: "USDC",
      tickSize,
      lotSize,
      contractMultiplier: "1",
      minNotional: "10",
      minSizeLots: 1,
      maxSizeLots,
      makerFee: "0",
      takerFee: "0.00045",
      maxLeverage: 50,
      fundingIntervalHours: 8,
    },
  };
}

export const listings: readonly ParadexListing[] = [
  listing("BTC", "0.1", "0.00001", 10_000_000),
  listing("ETH", "0.01", "0.0001", 20_000_000),
  listing("SOL", "0.001", "0.01", 5_000_000),
  listing("DOGE", "0.00001", "1", 50_000_000),
];

const byMarket = new Map(listings.map((one) => [one.market, one]));
const bySymbol = new Map(listings.map((one) => [one.simulated.symbol, one]));

/** The listing of a market that this run simulates. */
export function listingOf(venue: SimulatedVenue, market: string): ParadexListing | undefined {
  const one = byMarket.get(market);
  return one !== undefined && venue.instrument(one.simulated.symbol) !== undefined ? one : undefined;
}

export function listingOfSymbol(symbol: string): ParadexListing {
  const found = bySymbol.get(symbol);
  if (found === undefined) throw new RangeError(`the simulated Paradex lists no ${symbol}`);
  return found;
}

export const listed = (venue: SimulatedVenue): readonly ParadexListing[] =>
  listings.filter((one) => venue.instrument(one.simulated.symbol) !== undefined);

export const priceText = (ticks: number, one: ParadexListing): string => formatIncrements(ticks, one.tick);
export const sizeText = (lots: number, one: ParadexListing): string => formatIncrements(lots, one.lot);

/** Whole increments of a text, or undefined when it is no multiple. */
export function tryParse(text: string, step: Increment): number | undefined {
  try {
    return parseIncrements(text, step);
  } catch {
    return undefined; // answered in the venue's own words
  }
}

/** Decimal text × 10^8, digits beyond cut off: the number that is signed. Undefined when it is no decimal. */
export function signedScale(text: string): bigint | undefined {
  const match = /^(\d{1,30})(?:\.(\d{0,30}))?$/.exec(text);
  if (match === null) return undefined;
  return BigInt((match[1] ?? "") + (match[2] ?? "").slice(0, 8).padEnd(8, "0"));
}

/** One row of `GET /markets`. */
export function marketRow(one: ParadexListing): Readonly<Record<string, unknown>> {
  const { baseAsset, minNotional, maxSizeLots, maxLeverage, fundingIntervalHours } = one.simulated;
  return {
    symbol: one.market,
    base_currency: baseAsset,
    quote_currency: "USD",
    settlement_currency: "USDC",
    order_size_increment: one.lot.text,
    price_tick_size: one.tick.text,
    min_notional: minNotional,
    max_order_size: sizeText(maxSizeLots, one),
    open_at: 1698756879745,
    expiry_at: 0,
    asset_kind: "PERP",
    market_kind: "cross",
    trading_mode: "STANDARD",
    position_limit: sizeText(maxSizeLots, one),
    price_bands_width: "0.05",
    max_open_orders: 150,
    max_slippage: "0.05",
    max_tob_spread: "0.1",
    max_funding_rate: "0.02",
    max_funding_rate_change: "0.0002",
    funding_period_hours: fundingIntervalHours,
    funding_multiplier: 1,
    interest_rate: "0.0001",
    clamp_rate: "0.0005",
    oracle_ewma_factor: "0.2",
    delta1_cross_margin_params: {
      imf_base: String(1 / maxLeverage),
      imf_shift: "0",
      imf_factor: "0",
      mmf_factor: "0.5",
    },
    price_feed_id: "simulated",
    tags: [],
  };
}
