/** EdgeX's contracts as instruments. Sizes are base units on both sides; ids and settlement terms come from the metadata. */
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
import { feeLimitRate, resolutionOf, type SettlementTerms } from "./order_signing.ts";
import type { Coin, Contract, TradeSetting } from "./wire.ts";

export const venue = venueId("edgex");

/** An instrument with what its adapter alone needs. */
export interface EdgexInstrument {
  readonly instrument: Instrument;
  readonly contractId: string;
  readonly terms: SettlementTerms;
}

/** No venue charges a tenth of the notional: what is beyond it is not a rate. */
const maxFeeBps = 1_000;
const minutesPerHour = 60;

/** Six decimals of a bps: 0.00045 × 10,000 is no whole number in floats. */
function bps(rate: string, what: string): number {
  const value = Number((Number(rate) * 10_000).toFixed(6));
  if (rate !== "" && Math.abs(value) <= maxFeeBps) return value;
  throw new BerthError("MODEL_INVALID_DECIMAL", { value: rate, expected: `a ${what} rate` });
}

/** @throws {BerthError} MODEL_OUT_OF_RANGE */
function positiveNumber(text: string | null | undefined, what: string): number {
  const number = Number(text ?? "");
  if (number > 0 && number <= 1e6) return number;
  throw new BerthError("MODEL_OUT_OF_RANGE", {
    what,
    value: String(text),
    range: "above 0, up to 1,000,000",
  });
}

function statusOf({ enableTrade, enableOpenPosition }: Contract): InstrumentStatus {
  if (!enableTrade) return "halted";
  // What is held may be closed: the host lets orders that reduce through in every state.
  return enableOpenPosition ? "trading" : "cancel_only";
}

/** Largest order in whole lots; what goes beyond 2^53 is as good as no limit. @throws {BerthError} MODEL_INVALID_DECIMAL */
function maxLots(text: string, stepSize: string): number {
  try {
    const lots = parseIncrements(text, increment(stepSize));
    return lots > 0 ? lots : Number.MAX_SAFE_INTEGER;
  } catch (error) {
    if (error instanceof BerthError && error.code === "MODEL_OUT_OF_RANGE") return Number.MAX_SAFE_INTEGER;
    throw error;
  }
}

/**
 * One contract as an instrument.
 *
 * @param symbol berth's: `BASE-PERP` of one contract of each base, which the caller chooses
 * @param setting of the account, where it has terms of its own
 * @throws {BerthError} MODEL_INVALID_DECIMAL, INSTRUMENT_OFF_TICK, MODEL_OUT_OF_RANGE, MODEL_INVALID_ID;
 *   RangeError without a resolution
 */
export function toInstrument(
  contract: Contract,
  { base, quote, symbol, setting }: {
    readonly base: Coin;
    readonly quote: Coin;
    readonly symbol: string;
    readonly setting: TradeSetting | undefined;
  },
): EdgexInstrument {
  const lot = increment(contract.stepSize);
  const own = setting?.isSetFeeRate === true ? setting : undefined;
  const hasLeverage = setting?.isSetMaxLeverage === true;
  const instrument: Instrument = {
    id: instrumentId(venue, symbol),
    venue,
    symbol,
    venueSymbol: contract.contractName,
    kind: "perpetual",
    settlement: "linear",
    baseAsset: base.coinName,
    quoteAsset: quote.coinName,
    settlementAsset: quote.coinName,
    tick: increment(contract.tickSize),
    lot,
    contractMultiplier: "1",
    minSizeLots: parseIncrements(contract.minOrderSize, lot),
    maxSizeLots: maxLots(contract.maxOrderSize, contract.stepSize),
    minNotional: 0,
    makerFeeBps: bps(own?.makerFeeRate || contract.defaultMakerFeeRate, "maker fee"),
    takerFeeBps: bps(own?.takerFeeRate || contract.defaultTakerFeeRate, "taker fee"),
    maxLeverage: positiveNumber(
      hasLeverage ? setting.maxLeverage : contract.riskTierList[0]?.maxLeverage,
      "largest leverage",
    ),
    fundingIntervalHours: positiveNumber(contract.fundingRateIntervalMin, "funding interval") /
      minutesPerHour,
    status: statusOf(contract),
  };
  const terms: SettlementTerms = {
    contractId: contract.contractId,
    collateralCoinId: contract.quoteCoinId,
    contractResolution: resolutionOf(contract.resolution || contract.starkExResolution || ""),
    collateralResolution: resolutionOf(quote.resolution || quote.starkExResolution || ""),
    feeRate: feeLimitRate(contract.defaultTakerFeeRate, contract.defaultMakerFeeRate),
  };
  return { instrument, contractId: contract.contractId, terms };
}

export const sizeText = (lots: SizeLots, one: EdgexInstrument): string =>
  formatIncrements(lots, one.instrument.lot);
export const priceText = (ticks: PriceTicks, one: EdgexInstrument): string =>
  formatIncrements(ticks, one.instrument.tick);
/** Signed where a position is meant. @throws {BerthError} when the text is no multiple */
export const parseSize = (text: string, one: EdgexInstrument): SizeLots =>
  sizeLots(text === "" ? 0 : parseIncrements(text, one.instrument.lot));
/** @throws {BerthError} when the text is no multiple */
export const parsePrice = (text: string, one: EdgexInstrument): PriceTicks =>
  priceTicks(parseIncrements(text, one.instrument.tick));

export type InstrumentBook = ListedInstruments<EdgexInstrument>;

export const instrumentBook = (): InstrumentBook => new ListedInstruments(({ contractId }) => contractId);
