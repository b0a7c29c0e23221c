/** Markets of the venue as berth's instruments, and the way between the two names. */
import {
  type ExchangeContext,
  increment,
  type Instrument,
  instrumentId,
  type InstrumentIndex,
  type InstrumentStatus,
  parseIncrements,
  venueId,
} from "@berth/sdk";
import { matchesAny } from "@berth/sdk/venue/symbol_patterns.ts";
import { ListedInstruments } from "@berth/sdk/venue/listed_instruments.ts";
import { type MarketRecord, marketSchema } from "./wire/json.ts";
import { read } from "./wire/records.ts";

/** Account fee rates as decimal text fractions: `0.00045`. */
export interface FeeRates {
  readonly maker: string;
  readonly taker: string;
}

/** berth's symbol of a perpetual unless the operator named it otherwise: `BTC-USD-PERP` is `BTC-PERP`. */
export const symbolOfMarket = (market: MarketRecord): string => `${market.base_currency}-PERP`;

/** The system's state as the status of every instrument. */
export function statusOfSystem(state: string): InstrumentStatus {
  switch (state) {
    case "ok":
      return "trading";
    case "post_only":
      return "post_only";
    case "cancel_only":
      return "cancel_only";
    default:
      return "halted"; // `maintenance`, and whatever the venue may invent
  }
}

export type MarketReading =
  | { readonly kind: "instrument"; readonly instrument: Instrument }
  /** Not a perpetual with an order book, or not asked for. */
  | { readonly kind: "other" }
  | { readonly kind: "misfit"; readonly details: string };

/**
 * One row of `GET /markets`.
 * @param fees of the account; without them the market's own, without those `fallbackFees`
 */
export function readMarket(
  row: unknown,
  options: {
    readonly venue: string;
    readonly symbols: readonly string[];
    readonly symbolFor: ExchangeContext["symbolFor"];
    readonly fees: FeeRates | undefined;
    readonly fallbackFees: FeeRates;
    readonly status: InstrumentStatus;
    readonly nowMs: number;
  },
): MarketReading {
  const parsed = read(marketSchema, row);
  if (parsed.kind === "misfit") return parsed;
  const market = parsed.value;
  if (market.asset_kind !== "PERP" || market.trading_mode !== "STANDARD") return { kind: "other" };
  try {
    const symbol = options.symbolFor(market.symbol, symbolOfMarket(market));
    if (!matchesAny(symbol, options.symbols)) return { kind: "other" };
    return { kind: "instrument", instrument: instrumentOf(market, symbol, options) };
  } catch (error) {
    return {
      kind: "misfit",
      details: `${market.symbol}: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

function instrumentOf(
  market: MarketRecord,
  symbol: string,
  options: Parameters<typeof readMarket>[1],
): Instrument {
  const lot = increment(market.order_size_increment);
  const fees = options.fees ?? marketFees(market) ?? options.fallbackFees;
  const marginFraction = Number(market.delta1_cross_margin_params?.imf_base ?? Number.NaN);
  return {
    id: instrumentId(options.venue, symbol),
    venue: venueId(options.venue),
    symbol,
    venueSymbol: market.symbol,
    kind: "perpetual",
    settlement: "linear",
    baseAsset: market.base_currency,
    quoteAsset: market.quote_currency,
    settlementAsset: market.settlement_currency,
    tick: increment(market.price_tick_size),
    lot,
    contractMultiplier: "1",
    minSizeLots: 1,
    maxSizeLots: market.max_order_size === ""
      ? Number.MAX_SAFE_INTEGER
      : parseIncrements(market.max_order_size, lot),
    minNotional: Number(market.min_notional),
    makerFeeBps: feeBps(fees.maker),
    takerFeeBps: feeBps(fees.taker),
    // Leverage is 1 / initial margin fraction; 1 where the venue states none.
    maxLeverage: marginFraction > 0 ? Math.floor(1 / marginFraction + 1e-9) : 1,
    fundingIntervalHours: market.funding_period_hours ?? 8,
    status: market.open_at > options.nowMs ? "halted" : options.status,
  };
}

function marketFees(market: MarketRecord): FeeRates | undefined {
  const pair = market.fee_config?.api_fee;
  if (pair?.maker_fee === undefined || pair.taker_fee === undefined) return undefined;
  return { maker: pair.maker_fee.fee, taker: pair.taker_fee.fee };
}

/** `0.00045` is 4.5 bps; rounded to a millionth of a basis point to shed the float's last digits. */
export const feeBps = (fraction: string): number => Math.round(Number(fraction) * 1e10) / 1e6;

export interface ListedInstrument {
  readonly instrument: Instrument;
  readonly index: InstrumentIndex;
}

export type InstrumentList = ListedInstruments<ListedInstrument>;

export const instrumentList = (): InstrumentList =>
  new ListedInstruments(({ instrument }) => instrument.venueSymbol);
