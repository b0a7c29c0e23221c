/**
 * The interface between a venue's adapter and berth. An adapter is a plugin of kind `exchange`: it connects,
 * translates and signs; it decides nothing. What a venue can't do is a documented `false`, never a method that throws.
 *
 * Life: the host calls `create`, then `start`. `start` resolves when instruments are published; connections are
 * kept from then on by the adapter itself (exponential back-off with jitter, no limit of its own), reported as health.
 * While `start` waits for a venue that can't be reached, health says so at least every few seconds: `untilReached` does.
 */
import type { Balance, Fill, FundingPayment, MarginMode, VenuePosition } from "../model/account.ts";
import type { OrderKey, TimeRange } from "../model/adapter_request.ts";
import type { Clock, Random, Scheduler } from "../model/clock.ts";
import type { InstrumentId } from "../model/ids.ts";
import type { Instrument, InstrumentStatus } from "../model/instrument.ts";
import type { BookUpdate, FundingRate, Kline, KlineInterval } from "../model/market.ts";
import type {
  AmendOutcome,
  CancelOutcome,
  OrderQueryOutcome,
  OrderReport,
  OrderRequest,
  SettingOutcome,
  Side,
  SubmitOutcome,
} from "../model/order.ts";
import type { DataSource } from "../model/quote.ts";
import type { PriceTicks, SizeLots } from "../model/ticks.ts";
import type { ChannelStatistics, VenueHealth } from "../model/venue_health.ts";
import type { Environment, ExchangeManifest, MarketDataKind } from "./manifest.ts";
import type { SettingsShape, SettingValues } from "./settings.ts";
import type { Log } from "./strategy.ts";

export interface ExchangeCapabilities {
  readonly amend: boolean;
  readonly postOnly: boolean;
  readonly reduceOnly: boolean;
  readonly fillOrKill: boolean;
  readonly cancelAll: boolean;
  /** The venue cancels our orders by itself when we go silent. */
  readonly deadMansSwitch: boolean;
  /** Several orders, or cancels, in one request of the venue. Without it `submitBatch` and `cancelBatch` are absent. */
  readonly batchOrders: boolean;
  /** Orders with `trigger`, kept by the venue. */
  readonly stopOrders: boolean;
  readonly takeProfitOrders: boolean;
  readonly leverage: boolean;
  /** Positions may have margin of their own beside the account's. */
  readonly isolatedMargin: boolean;
}

/** A number given by {@link Publish.instrument}; the hot path names instruments by it. */
export type InstrumentIndex = number;

/**
 * Where normalized records go. The methods of the hot path take primitives and allocate nothing; they batch all
 * that is published in one turn of the event loop into one write.
 */
export interface Publish {
  /** Announces an instrument or its change; returns its index, the same for the same id. */
  instrument(instrument: Instrument): InstrumentIndex;
  /** A missing side is price NaN and size 0. `tsRecvUs` is the stamp taken when the frame arrived. */
  quote(
    index: InstrumentIndex,
    bidPrice: number,
    bidSizeBase: number,
    askPrice: number,
    askSizeBase: number,
    tsVenueMs: number,
    tsRecvUs: number,
    source: DataSource,
  ): void;
  trade(
    index: InstrumentIndex,
    takerSide: Side,
    price: number,
    sizeBase: number,
    tsVenueMs: number,
    tsRecvUs: number,
  ): void;
  /** NaN for what the venue did not state. */
  mark(
    index: InstrumentIndex,
    markPrice: number,
    indexPrice: number,
    fundingRate: number,
    tsNextFundingMs: number,
    tsVenueMs: number,
    tsRecvUs: number,
  ): void;
  book(update: Omit<BookUpdate, "sequence">): void;
  order(report: OrderReport): void;
  fill(fill: Fill): void;
  position(position: VenuePosition): void;
  balance(balance: Omit<Balance, "venue">): void;
  funding(payment: FundingPayment): void;
  health(health: Omit<VenueHealth, "venue" | "tsMs">): void;
  /** All channels there are, every few seconds. */
  statistics(channels: readonly ChannelStatistics[]): void;
  /** The private stream was interrupted and is live again: the host reconciles before it trades on. */
  privateStreamRestored(): void;
}

export interface MarketDataSubscription {
  readonly instrument: InstrumentId;
  readonly kinds: readonly MarketDataKind[];
}

export interface MarketData {
  /** Adds to what is subscribed; idempotent. Unknown instruments are a logged error. */
  subscribe(subscriptions: readonly MarketDataSubscription[]): void;
  unsubscribe(subscriptions: readonly MarketDataSubscription[]): void;
}

export type { OrderKey, TimeRange };

export interface AmendRequest extends OrderKey {
  readonly side: Side;
  /** New total size, what is filled included. */
  readonly sizeLots: SizeLots;
  readonly limitPriceTicks: PriceTicks;
}

/**
 * Requests of an account. Every request is sent once and ends in one outcome; none is ever retried by the adapter:
 * a request without an answer is `unknown`, not a second order. `signal` fires at the request's deadline.
 */
export interface Trading {
  submit(order: OrderRequest, signal: AbortSignal): Promise<SubmitOutcome>;
  /**
   * Present if `capabilities.batchOrders`. Any number: the adapter sends as many requests as the venue's limit asks
   * for. Not atomic: each order has its own outcome, in the order given.
   */
  submitBatch?(orders: readonly OrderRequest[], signal: AbortSignal): Promise<readonly SubmitOutcome[]>;
  cancel(order: OrderKey, signal: AbortSignal): Promise<CancelOutcome>;
  /** As `submitBatch`. */
  cancelBatch?(orders: readonly OrderKey[], signal: AbortSignal): Promise<readonly CancelOutcome[]>;
  /** Present if `capabilities.amend`. */
  amend?(request: AmendRequest, signal: AbortSignal): Promise<AmendOutcome>;
  /** All orders of the account, or of one instrument. Resolves when the venue accepted the request. */
  cancelAll(instrument: InstrumentId | undefined, signal: AbortSignal): Promise<CancelOutcome>;
  queryOrder(order: OrderKey, signal: AbortSignal): Promise<OrderQueryOutcome>;
  /** @throws when the venue can't be asked; the host tries again. */
  openOrders(signal: AbortSignal): Promise<readonly OrderReport[]>;
  /** Oldest first, all since `sinceMs` by venue time. @throws when the venue can't be asked. */
  fills(sinceMs: number, signal: AbortSignal): Promise<readonly Fill[]>;
  /** @throws when the venue can't be asked. */
  positions(signal: AbortSignal): Promise<readonly VenuePosition[]>;
  /** @throws when the venue can't be asked. */
  balances(signal: AbortSignal): Promise<readonly Omit<Balance, "venue">[]>;
  /** Oldest first, all since `sinceMs` by venue time. @throws when the venue can't be asked. */
  fundingPayments?(sinceMs: number, signal: AbortSignal): Promise<readonly FundingPayment[]>;
  /** Present if `capabilities.leverage`. A margin mode the venue does not have is rejected as `unsupported`. */
  setLeverage?(
    instrument: InstrumentId,
    leverage: number,
    marginMode: MarginMode,
    signal: AbortSignal,
  ): Promise<SettingOutcome>;
}

/** What can be asked of a venue without an account. A question is answered or throws, it is never half answered. */
export interface MarketQueries {
  /** What this venue has. */
  readonly klineIntervals: readonly KlineInterval[];
  /**
   * Those that opened in the range, oldest first, the unfinished one with them; where nothing was traded the venue may
   * leave one out. The host bounds the range to `maxHistoryRows`. @throws when the venue can't be asked.
   */
  klines(
    instrument: InstrumentId,
    interval: KlineInterval,
    range: TimeRange,
    signal: AbortSignal,
  ): Promise<readonly Kline[]>;
  /** Oldest first, at most `maxHistoryRows`, the newest of the range. @throws when the venue can't be asked. */
  fundingRates(
    instrument: InstrumentId,
    range: TimeRange,
    signal: AbortSignal,
  ): Promise<readonly FundingRate[]>;
  /** Milliseconds since the epoch by the venue's clock. @throws when the venue can't be asked. */
  serverTimeMs(signal: AbortSignal): Promise<number>;
  /** Of the venue as a whole; instruments carry their own. @throws when the venue can't be asked. */
  venueStatus(signal: AbortSignal): Promise<InstrumentStatus>;
}

export interface ExchangeAdapter {
  readonly capabilities: ExchangeCapabilities;
  /** Loads instruments, publishes them, opens connections. @throws when the venue refuses what can't mend by itself (keys, config). */
  start(signal: AbortSignal): Promise<void>;
  /**
   * `ctx.symbols` has more than before: publishes the instruments that match now. Without it they come when the adapter
   * next reads its instruments.
   */
  symbolsChanged?(signal: AbortSignal): Promise<void>;
  readonly marketData: MarketData;
  /** Absent where the venue can't be asked: the host is told `unsupported`. */
  readonly queries?: MarketQueries;
  /** Absent without credentials: market data only. */
  readonly trading?: Trading;
  stop(): Promise<void>;
}

export interface ExchangeContext<Shape extends SettingsShape = SettingsShape> {
  readonly venue: string;
  readonly environment: Environment;
  /** Base URLs by the names of the manifest, for this environment. */
  readonly endpoints: Readonly<Record<string, string>>;
  /**
   * Symbols the host wants (`BTC-PERP`), `*` as wildcard; an adapter publishes only instruments that match. The list
   * stays the same one and grows when strategies come that want more.
   */
  readonly symbols: readonly string[];
  /**
   * berth's symbol of an instrument, given what the adapter calls it by itself: the operator may have named it otherwise
   * (`venues.instruments`). Asked for each instrument before it is matched with {@link symbols} or published.
   *
   * @throws {BerthError} INSTRUMENT_NAME_REFUSED when it must be left out
   */
  readonly symbolFor: (venueSymbol: string, usual: string) => string;
  /** A granted secret, or undefined. */
  readonly secret: (name: string) => string | undefined;
  readonly settings: SettingValues<Shape>;
  readonly publish: Publish;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly log: Log;
  readonly gauge: (name: string, value: number) => void;
}

export interface ExchangeModule<Shape extends SettingsShape = SettingsShape> {
  readonly manifest: ExchangeManifest<Shape>;
  readonly create: (ctx: ExchangeContext<Shape>) => ExchangeAdapter | Promise<ExchangeAdapter>;
}

/** Ties a manifest to its factory, so that `ctx.settings` has the declared types. */
export function defineExchange<const Shape extends SettingsShape>(
  manifest: ExchangeManifest<Shape>,
  create: (ctx: ExchangeContext<Shape>) => ExchangeAdapter | Promise<ExchangeAdapter>,
): ExchangeModule<Shape> {
  return { manifest, create };
}
