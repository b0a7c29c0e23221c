/**
 * The interface between a strategy and berth. A strategy is one module with a default export made by
 * {@link defineStrategy}; it needs no other import than `@berth/sdk`.
 *
 * ```ts
 * import { defineStrategy, setting } from "@berth/sdk";
 *
 * export default defineStrategy({
 *   kind: "strategy", id: "hello", version: "0.1.0", sdkVersion: 1, author: "you",
 *   description: "Logs each quote that is wider than a limit.",
 *   trading: { venues: ["*"], instruments: ["BTC-PERP"], data: ["quotes"], orders: "none" },
 *   riskBudget: { maxOrderNotionalUsd: 0, maxPositionNotionalUsd: 0, maxOrdersPerSecond: 0, maxDailyLossUsd: 0 },
 *   onStop: "keep_positions",
 *   settings: { wideBps: setting.number({ default: 5, min: 0, description: "Spread in bps that is worth a line." }) },
 * }, (ctx) => ({
 *   onQuote(quote) {
 *     const bps = (quote.askPrice / quote.bidPrice - 1) * 10_000;
 *     if (bps > ctx.settings.wideBps) ctx.log.info("wide", { instrument: quote.instrument, bps });
 *   },
 * }));
 * ```
 */
import type { Fill } from "../model/account.ts";
import type { ClientOrderId, InstrumentId, VenueId } from "../model/ids.ts";
import type { Instrument } from "../model/instrument.ts";
import type { BookUpdate, MarkUpdate, Trade } from "../model/market.ts";
import type { CancelReason, OrderStatus, RejectCode, Side, TimeInForce } from "../model/order.ts";
import type { RefusalCode } from "../model/refusals.ts";
import type { Quote } from "../model/quote.ts";
import type { QuoteFinding, QuoteThresholds } from "../model/quote_health.ts";
import type { RoundingDirection } from "../model/ticks.ts";
import type { VenueHealth } from "../model/venue_health.ts";
import type { AccountView } from "./accounts.ts";
import type { ExitOptions, Exits, ExitView } from "./exits.ts";
import type { Books } from "./books.ts";
import type { Groups, GroupView } from "./groups.ts";
import type { History } from "./history.ts";
import type { Environment, StrategyManifest } from "./manifest.ts";
import type { PanelOptions } from "./panels.ts";
import type { QuoteStatistics } from "./quote_meter.ts";
import type { SettingsShape, SettingValues } from "./settings.ts";

/**
 * Callbacks, all optional. They run one at a time in the order of events. Records passed to `onQuote` and returned
 * by `ctx.quotes` are live: the same object is updated in place by the next quote of its instrument; copy what you
 * want to keep. A callback that throws is reported; several in a row restart the plugin.
 */
export interface Strategy {
  onStart?(): void | Promise<void>;
  onQuote?(quote: Quote): void;
  onTrade?(trade: Trade): void;
  onBook?(update: BookUpdate): void;
  /** Mark price, index price or funding changed. */
  onMark?(update: MarkUpdate): void;
  /** One of your orders changed its state, or was refused by the gate. */
  onOrder?(order: OrderView): void;
  /** One of your orders was executed, wholly or in part: the only thing that makes a position. */
  onFill?(fill: FillView): void;
  onPosition?(position: PositionView): void;
  /** What guards one of your positions changed: armed, fired, ended. */
  onExit?(exit: ExitView): void;
  /** One of your leg groups changed, or was refused. The orders of its legs come to `onOrder` and `onFill` too. */
  onGroup?(group: GroupView): void;
  onVenueHealth?(health: VenueHealth): void;
  /** The operator changed the settings; `ctx.settings` has the new ones already. */
  onSettings?(): void;
  /** Before the end. Orders still working afterwards are cancelled by the host. */
  onStop?(reason: string): void | Promise<void>;
}

/** Your order as the host knows it. Sizes in base units, prices as float; exact numbers stay in the host. */
export interface OrderView {
  /** The name `submit` returned. */
  readonly ref: string;
  readonly clientOrderId: ClientOrderId | undefined;
  readonly instrument: InstrumentId;
  readonly side: Side;
  readonly sizeBase: number;
  readonly filledBase: number;
  readonly averageFillPrice: number | undefined;
  readonly limitPrice: number | undefined;
  readonly reduceOnly: boolean;
  /** `waiting`: in the host, for its price. `refused` is the risk gate's no: nothing was sent. */
  readonly status: OrderStatus | "waiting" | "refused";
  /** A venue's no or a cancel's reason in our words, or the gate's `RefusalCode` (docs/refusals.md). */
  readonly reason: RejectCode | CancelReason | RefusalCode | string | undefined;
  readonly text: string | undefined;
  readonly isDone: boolean;
}

export interface FillView {
  readonly ref: string;
  readonly instrument: InstrumentId;
  readonly side: Side;
  readonly price: number;
  readonly sizeBase: number;
  readonly liquidity: Fill["liquidity"];
  /** In the settlement asset, positive is charged. */
  readonly fee: number;
  readonly fillId: string;
  readonly tsVenueMs: number;
}

/** Your own virtual position on one instrument (other plugins' are not in it). */
export interface PositionView {
  readonly instrument: InstrumentId;
  /** Long positive. */
  readonly sizeBase: number;
  readonly averageEntryPrice: number | undefined;
  /** In the settlement asset, before fees. */
  readonly realizedPnl: number;
  readonly unrealizedPnl: number;
  readonly feesPaid: number;
}

export interface OrderOptions {
  readonly instrument: InstrumentId;
  readonly side: Side;
  /** Base units; rounded down to a lot. Decimal text is taken exactly and refused off the lot. */
  readonly sizeBase: number | string;
  /** Absent for a market order, which the gate bounds by its collar. Decimal text is taken exactly. */
  readonly limitPrice?: number | string;
  /** How a float price becomes ticks. Default: a buy down, a sell up (never worse than asked). */
  readonly rounding?: RoundingDirection;
  /** Default GTC. Ignored for a market order. */
  readonly timeInForce?: TimeInForce;
  readonly postOnly?: boolean;
  readonly reduceOnly?: boolean;
  /**
   * The order waits in the host until its price is reached: a sell by the bid, a buy by the ask. A sell `stop` fires when the
   * price falls to it, a sell `take_profit` when it rises to it; a buy the other way round. Then it passes the gate.
   */
  readonly trigger?: { readonly kind: "stop" | "take_profit"; readonly price: number | string };
  /** Guards the position that this order makes; an order whose plan can't be taken is refused. */
  readonly exits?: ExitOptions;
  /** Quotes this decision rests on, for the explanation chain; at most 8. */
  readonly because?: readonly Quote[];
}

/** What is to be different. */
export interface OrderChange {
  /** In all, what is filled included; base units, rounded down to a lot. */
  readonly sizeBase?: number | string;
  readonly limitPrice?: number | string;
  /** How a float price becomes ticks. Default: a buy down, a sell up. */
  readonly rounding?: RoundingDirection;
}

export interface QuoteWithAge {
  readonly quote: Quote;
  /** Now − receive time. */
  readonly ageMs: number;
}

export interface Quotes {
  get(instrument: InstrumentId): Quote | undefined;
  /** Infinity when there is none. */
  ageMs(instrument: InstrumentId): number;
  /** The quotes of one symbol (`BTC-PERP`) on all venues. The array is reused by the next call. */
  all(symbol: string): readonly Quote[];
  /** Highest bid and lowest ask over venues whose quote is two-sided and at most `maxAgeMs` old. They may be crossed: that is arbitrage. */
  best(
    symbol: string,
    maxAgeMs: number,
  ): { readonly bid: Quote | undefined; readonly ask: Quote | undefined };
  /** The quote of one instrument with its age, as they are now. */
  withAge(instrument: InstrumentId): QuoteWithAge | undefined;
  /** Updates, rate, latency and age of one instrument. */
  statistics(instrument: InstrumentId): QuoteStatistics;
  /** What is wrong with an instrument's data or its venue's connection, worst first; empty when all is well. */
  findings(instrument: InstrumentId, thresholds?: Partial<QuoteThresholds>): readonly QuoteFinding[];
}

export interface Instruments {
  get(instrument: InstrumentId): Instrument | undefined;
  /** All that this plugin may see. */
  all(): readonly Instrument[];
  bySymbol(symbol: string): readonly Instrument[];
  symbols(): readonly string[];
}

export interface Orders {
  /**
   * Hands an intent to the host and returns its ref at once; what becomes of it comes by `onOrder` and `onFill`.
   * @throws {BerthError} MODEL_INVALID_DECIMAL, INSTRUMENT_OFF_TICK, MODEL_OUT_OF_RANGE on numbers that can't be an order
   */
  submit(order: OrderOptions): string;
  /**
   * Asks for another size or price of a limit order that works: amended where the venue can, else cancelled and placed anew
   * under the same ref with what is left, which costs the place in the queue. The newest of several changes counts. A
   * refused change leaves the order as it is and says why in `onOrder`.
   * @throws {BerthError} MODEL_INVALID_DECIMAL, INSTRUMENT_OFF_TICK, MODEL_OUT_OF_RANGE on numbers that can't be an order
   */
  amend(ref: string, change: OrderChange): void;
  /** Asks for cancellation; the order may still fill until `onOrder` says that it is done. */
  cancel(ref: string): void;
  /** Cancels all of this plugin's orders, or those of one instrument. */
  cancelAll(instrument?: InstrumentId): void;
  get(ref: string): OrderView | undefined;
  /** Not done yet, oldest first. */
  working(): readonly OrderView[];
}

export interface Positions {
  /** A flat position when there never was one. */
  get(instrument: InstrumentId): PositionView;
  all(): readonly PositionView[];
}

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** Time of the run: real in sim, paper and live; virtual in backtest and replay. Use it instead of Date and setTimeout. */
export interface Time {
  epochMs(): number;
  epochUs(): number;
  /** Runs `task` once after `delayMs`; the returned function cancels. */
  after(delayMs: number, task: () => void): () => void;
  /** Runs `task` every `periodMs`; the returned function ends it. */
  every(periodMs: number, task: () => void): () => void;
}

/** An opportunity as it is shown, journalled and alerted on. Prices and sizes are estimates of the moment. */
export interface OpportunityRecord {
  readonly symbol: string;
  readonly buy: InstrumentId;
  readonly sell: InstrumentId;
  readonly buyPrice: number;
  readonly sellPrice: number;
  readonly sizeBase: number;
  /** Both venues' best prices. */
  readonly buyBidPrice: number;
  readonly buyAskPrice: number;
  readonly sellBidPrice: number;
  readonly sellAskPrice: number;
  /** Difference of the best prices, or of the resting and the best one, in bps of their mean. */
  readonly spreadBps: number;
  readonly grossBps: number;
  readonly feesBps: number;
  /** Gross minus the fees of the opening legs. */
  readonly netBps: number;
  /** Lost against the best prices by the size; in `grossBps` already. */
  readonly slippageBps: number;
  /** Funding expected until it is closed; positive is received. */
  readonly fundingBps: number;
  /** What is left after all legs' fees and funding if it closes at equal prices. */
  readonly expectedBps: number;
  readonly score: number;
  /** How it is to be executed, in words: at most 200 characters. */
  readonly plan: string;
  readonly isTaken: boolean;
  /** Why it was passed over; absent when taken. */
  readonly skipped?: string;
}

export interface StrategyContext<Shape extends SettingsShape = SettingsShape> {
  readonly pluginId: string;
  readonly environment: Environment;
  /** Validated values of the declared settings. */
  readonly settings: SettingValues<Shape>;
  readonly venues: () => readonly VenueId[];
  readonly quotes: Quotes;
  readonly books: Books;
  readonly instruments: Instruments;
  readonly orders: Orders;
  /** How positions are to end, held by the host. */
  readonly exits: Exits;
  /** Trades of two legs that the host holds. */
  readonly groups: Groups;
  readonly positions: Positions;
  /** The account on a venue where this plugin may trade; undefined until the venue has told its balances. */
  readonly account: (venue: VenueId) => AccountView | undefined;
  /** Klines and funding rates of the past, asked of the venue. Not to be had in a backtest over bars. */
  readonly history: History;
  readonly time: Time;
  /** Uniform in [0, 1), seeded by the run. */
  readonly random: () => number;
  readonly log: Log;
  /** A number for display and metrics, newest wins: `gauge("half_life_s", 12.5)`. */
  readonly gauge: (name: string, value: number) => void;
  readonly opportunity: (record: OpportunityRecord) => void;
  /**
   * Shows what it is doing: status, readings, signals. `make` is called when the panel is sent, a few times a second; the
   * newest wins. In a backtest nobody looks, and it is not called.
   */
  readonly panel: (make: () => PanelOptions) => void;
  readonly health: (venue: VenueId) => VenueHealth | undefined;
  /** A secret that the manifest names and the operator granted; undefined for any other. Never a venue's keys. */
  readonly secret: (name: string) => string | undefined;
  /** Small state that survives reload and restart (JSON, at most 64 KiB). */
  readonly state: {
    readonly saved: () => unknown;
    readonly save: (value: unknown) => void;
  };
}

export interface StrategyModule<Shape extends SettingsShape = SettingsShape> {
  readonly manifest: StrategyManifest<Shape>;
  readonly create: (ctx: StrategyContext<Shape>) => Strategy | Promise<Strategy>;
}

/** Ties a manifest to its factory, so that `ctx.settings` has the declared types. */
export function defineStrategy<const Shape extends SettingsShape>(
  manifest: StrategyManifest<Shape>,
  create: (ctx: StrategyContext<Shape>) => Strategy | Promise<Strategy>,
): StrategyModule<Shape> {
  return { manifest, create };
}
