/**
 * Hyperliquid's metadata as instruments. Prices have at most five significant figures and at most 6 − szDecimals
 * decimals, whole numbers aside; the tick is the finest step that the decimals allow, so that it never changes under
 * orders and positions, and the figures are a limit beside it.
 *
 * @see https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/tick-and-lot-size
 */
import {
  fitPriceFigures,
  formatIncrements,
  increment,
  type Instrument,
  instrumentId,
  parseIncrements,
  type PriceTicks,
  priceTicks,
  type Side,
  type SizeLots,
  sizeLots,
  venueId,
} from "@berth/sdk";
import { ListedInstruments } from "@berth/sdk/venue/listed_instruments.ts";
import type { AssetRow } from "./wire.ts";

export const venue = venueId("hyperliquid");

const maxPriceDecimals = 6;
export const maxPriceFigures = 5;
const minNotionalUsd = 10;

/** An instrument with what its adapter alone needs. */
export interface HyperliquidInstrument {
  readonly instrument: Instrument;
  /** The venue's name for it: `BTC`, `kPEPE`. */
  readonly coin: string;
  /** Its place in the venue's list, which names it in orders. Not the same on mainnet and testnet. */
  readonly asset: number;
}

export interface FeeBps {
  readonly maker: number;
  readonly taker: number;
}

/** What a coin's perpetual is called unless the operator named it otherwise. */
export const usualSymbol = (coin: string): string => `${coin}-PERP`;

const stepText = (decimals: number): string => decimals === 0 ? "1" : `0.${"0".repeat(decimals - 1)}1`;

/**
 * One row of `meta` as an instrument.
 * @param asset its place in the list
 * @throws {BerthError} MODEL_INVALID_ID for a coin that makes no symbol, such as one of a builder's market (`xyz:TSLA`)
 */
export function toInstrument(row: AssetRow, asset: number, fees: FeeBps): HyperliquidInstrument {
  const { name: coin, szDecimals, maxLeverage, isDelisted } = row;
  const symbol = usualSymbol(coin);
  const instrument: Instrument = {
    id: instrumentId(venue, symbol),
    venue,
    symbol,
    venueSymbol: coin,
    kind: "perpetual",
    settlement: "linear",
    baseAsset: coin,
    quoteAsset: "USDC",
    settlementAsset: "USDC",
    tick: increment(stepText(maxPriceDecimals - szDecimals)),
    maxPriceFigures,
    lot: increment(stepText(szDecimals)),
    contractMultiplier: "1",
    minSizeLots: 1,
    maxSizeLots: Number.MAX_SAFE_INTEGER,
    minNotional: minNotionalUsd,
    makerFeeBps: fees.maker,
    takerFeeBps: fees.taker,
    maxLeverage,
    fundingIntervalHours: 1,
    status: isDelisted === true ? "halted" : "trading",
  };
  return { instrument, coin, asset };
}

/** Rates as fractions, `0.00045`, in bps; six decimals of a bps, for 0.00045 × 10,000 is no whole number in floats. */
export function feesOf(
  rates: { readonly userAddRate: string; readonly userCrossRate: string } | undefined,
  fallback: FeeBps,
): FeeBps {
  if (rates === undefined) return fallback;
  const bps = (text: string): number => Number((Number(text) * 10_000).toFixed(6));
  return { maker: bps(rates.userAddRate), taker: bps(rates.userCrossRate) };
}

/**
 * A price as the venue takes it. One with too many figures, such as a bound that the risk gate set, moves away from the
 * market: a buy down, a sell up, so that nothing is paid that was not allowed.
 */
export function priceText(
  ticks: PriceTicks,
  side: Side,
  { instrument: { tick } }: HyperliquidInstrument,
): string {
  return formatIncrements(
    fitPriceFigures(ticks, tick, maxPriceFigures, side === "buy" ? "down" : "up"),
    tick,
  );
}
/** A trigger's price; the nearest that the venue takes. */
export const triggerPriceText = (
  ticks: PriceTicks,
  { instrument: { tick } }: HyperliquidInstrument,
): string => formatIncrements(fitPriceFigures(ticks, tick, maxPriceFigures, "nearest"), tick);
export const sizeText = (lots: SizeLots, one: HyperliquidInstrument): string =>
  formatIncrements(lots, one.instrument.lot);
/** @throws {BerthError} when the text is no multiple */
export const parseSize = (text: string, one: HyperliquidInstrument): SizeLots =>
  sizeLots(parseIncrements(text, one.instrument.lot));
/** @throws {BerthError} when the text is no multiple */
export const parsePrice = (text: string, one: HyperliquidInstrument): PriceTicks =>
  priceTicks(parseIncrements(text, one.instrument.tick));

/** Numbers of all coins of the venue's list, wanted or not: "cancel all" is the account's. */
export type AssetNumbers = ReadonlyMap<string, number>;

export type InstrumentBook = ListedInstruments<HyperliquidInstrument>;

export const instrumentBook = (): InstrumentBook => new ListedInstruments(({ coin }) => coin);
