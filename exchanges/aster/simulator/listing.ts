/** What the simulated Aster lists, with filters as the venue documents them. */
import { formatIncrements, type Increment, increment, parseIncrements } from "@berth/sdk";
import type { SimulatedInstrument } from "../../simulation/ports.ts";

export interface AsterListing {
  readonly symbol: string;
  readonly lot: Increment;
  readonly tick: Increment;
  readonly simulated: SimulatedInstrument;
}

/** An aggressive price further than this share beyond the mark is refused: the shared engine's own band. */
const priceBand = 0.05;
export const maxOpenOrders = 200;
export const maxTriggerOrders = 100;

function listing(
  base: string,
  terms: {
    readonly tickSize: string;
    readonly stepSize: string;
    readonly maxQty: number;
    readonly maxLeverage: number;
  },
): AsterListing {
  const lot = increment(terms.stepSize);
  return {
    symbol: `${base}USDT`,
    lot,
    tick: increment(terms.tickSize),
    simulated: {
      symbol: `${base}-PERP`,
      venueSymbol: `${base}USDT`,
      baseAsset: base,
      quoteAsset: "USDT",
      settlementAsset: "USDT",
      tickSize: terms.tickSize,
      lotSize: terms.stepSize,
      contractMultiplier: "1",
      minNotional: "5",
      minSizeLots: 1,
      maxSizeLots: Math.round(terms.maxQty / Number(terms.stepSize)),
      makerFee: "0.0002",
      takerFee: "0.0004",
      maxLeverage: terms.maxLeverage,
      fundingIntervalHours: 8,
    },
  };
}

export const listings: readonly AsterListing[] = [
  listing("BTC", { tickSize: "0.1", stepSize: "0.001", maxQty: 1_000, maxLeverage: 125 }),
  listing("ETH", { tickSize: "0.01", stepSize: "0.001", maxQty: 10_000, maxLeverage: 100 }),
  listing("SOL", { tickSize: "0.01", stepSize: "0.01", maxQty: 100_000, maxLeverage: 75 }),
  listing("DOGE", { tickSize: "0.00001", stepSize: "1", maxQty: 50_000_000, maxLeverage: 75 }),
];

const byName = new Map(listings.map((one) => [one.symbol, one]));
const byUnderlying = new Map(listings.map((one) => [one.simulated.symbol, one]));

export const listingOf = (symbol: string): AsterListing | undefined => byName.get(symbol);

/** The listing of a symbol that the shared simulation names. */
export function listingOfSymbol(symbol: string): AsterListing {
  const found = byUnderlying.get(symbol);
  if (found === undefined) throw new RangeError(`the simulated Aster lists no ${symbol}`);
  return found;
}

export const sizeText = (lots: number, one: AsterListing): string => formatIncrements(lots, one.lot);
export const priceText = (ticks: number, one: AsterListing): string => formatIncrements(ticks, one.tick);
/** @throws when the text is no multiple of the lot or the tick */
export const parseSize = (text: string, one: AsterListing): number => parseIncrements(text, one.lot);
export const parsePrice = (text: string, one: AsterListing): number => parseIncrements(text, one.tick);

/** One row of `exchangeInfo`. */
export function symbolRow(one: AsterListing): Readonly<Record<string, unknown>> {
  const { baseAsset, maxLeverage, maxSizeLots, minNotional, tickSize } = one.simulated;
  const lotFilter = {
    maxQty: sizeText(maxSizeLots, one),
    minQty: one.lot.text,
    stepSize: one.lot.text,
  };
  return {
    symbol: one.symbol,
    pair: one.symbol,
    contractType: "PERPETUAL",
    deliveryDate: 4_133_404_800_000,
    onboardDate: 1_598_252_400_000,
    status: "TRADING",
    maintMarginPercent: "2.5000",
    requiredMarginPercent: (100 / maxLeverage).toFixed(4),
    baseAsset,
    quoteAsset: "USDT",
    marginAsset: "USDT",
    // Not the steps: whoever takes them for that is refused.
    pricePrecision: one.tick.decimals + 1,
    quantityPrecision: one.lot.decimals + 1,
    baseAssetPrecision: 8,
    quotePrecision: 8,
    underlyingType: "COIN",
    settlePlan: 0,
    triggerProtect: "0.15",
    filters: [
      { filterType: "PRICE_FILTER", minPrice: tickSize, maxPrice: "100000000", tickSize },
      { filterType: "LOT_SIZE", ...lotFilter },
      { filterType: "MARKET_LOT_SIZE", ...lotFilter },
      { filterType: "MAX_NUM_ORDERS", limit: maxOpenOrders },
      { filterType: "MAX_NUM_ALGO_ORDERS", limit: maxTriggerOrders },
      { filterType: "MIN_NOTIONAL", notional: minNotional },
      {
        filterType: "PERCENT_PRICE",
        multiplierUp: (1 + priceBand).toFixed(4),
        multiplierDown: (1 - priceBand).toFixed(4),
        multiplierDecimal: 4,
      },
    ],
    OrderType: ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET"],
    timeInForce: ["GTC", "IOC", "FOK", "GTX"],
    liquidationFee: "0.010000",
    marketTakeBound: "0.30",
  };
}

/** Whole milliseconds: a simulation's clock may stand between two. */
export const wholeMs = (tsMs: number): number => Math.floor(tsMs);
