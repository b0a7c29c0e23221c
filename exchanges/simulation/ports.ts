/**
 * What a venue's protocol simulator (`exchanges/<venue>/simulator.ts`) needs of the shared simulation: one
 * matching engine, one ledger and one market for all venues. The protocol simulators translate their venue's
 * wire format to and from these records, check signatures, precision and limits as the venue does, and keep no
 * order or balance of their own.
 *
 * Prices are whole ticks and sizes whole lots of the instrument (safe integers); money is a `bigint` at scale
 * 1e-18 of the settlement asset; times are milliseconds of the simulation's clock, which is handed in.
 */

import type { ServerSocket } from "./sockets.ts";

/** Time and randomness are handed in, so that a seeded run on virtual time repeats exactly. */
export interface SimulationClock {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Runs `task` once after `delayMs`; the returned function cancels it. */
  schedule(delayMs: number, task: () => void): () => void;
}

/** A seeded source of randomness; `next()` is uniform in [0, 1). */
export interface SimulationRandom {
  next(): number;
  /** An independent stream, a pure function of this stream's seed and `label`. */
  fork(label: string): SimulationRandom;
}

/** A perpetual future as the simulated venue lists it. Sizes are in base units: `lotSize` is one lot. */
export interface SimulatedInstrument {
  /** berth's symbol, e.g. `BTC-PERP`. */
  readonly symbol: string;
  /** The venue's own name, e.g. `BTC-USD-PERP` or `BTC-USDT-SWAP`. */
  readonly venueSymbol: string;
  readonly baseAsset: string;
  readonly quoteAsset: string;
  readonly settlementAsset: string;
  /** Decimal text, e.g. `0.1`. */
  readonly tickSize: string;
  /** Significant figures of a price at most, whole numbers aside; absent where the tick alone decides. */
  readonly maxPriceFigures?: number;
  /** Decimal text in base units, e.g. `0.00001`. On OKX: lotSz × ctVal × ctMult. */
  readonly lotSize: string;
  /** Base units in one venue contract (`1` where the venue deals in base units). Decimal text. */
  readonly contractMultiplier: string;
  /** Smallest order value in the quote asset, decimal text; `0` for none. */
  readonly minNotional: string;
  readonly minSizeLots: number;
  readonly maxSizeLots: number;
  /** Decimal text fractions, e.g. `0.0005`; negative is a rebate. */
  readonly makerFee: string;
  readonly takerFee: string;
  readonly maxLeverage: number;
  readonly fundingIntervalHours: number;
}

export type Side = "buy" | "sell";
export type SimulatedOrderType = "limit" | "market";
export type SimulatedTimeInForce = "GTC" | "IOC" | "FOK";

export interface SimulatedOrderRequest {
  readonly accountId: string;
  readonly symbol: string;
  readonly clientOrderId: string;
  readonly side: Side;
  readonly type: SimulatedOrderType;
  readonly timeInForce: SimulatedTimeInForce;
  readonly postOnly: boolean;
  readonly reduceOnly: boolean;
  readonly sizeLots: number;
  /** Absent for market orders unless the venue bounds them. */
  readonly limitPriceTicks?: number;
}

/** Why the matching engine or the ledger refused or ended an order; a protocol simulator maps it to its venue's words. */
export type SimulatedRefusal =
  | "insufficient_margin"
  | "post_only_would_cross"
  | "reduce_only_would_increase"
  | "fok_not_filled"
  | "size_below_minimum"
  | "size_above_maximum"
  | "notional_below_minimum"
  | "price_outside_band"
  | "too_many_open_orders"
  | "no_liquidity"
  | "duplicate_client_order_id"
  | "self_trade"
  | "maintenance";

export type SimulatedCancelReason =
  | "user"
  | "ioc_remainder"
  | "reduce_only"
  | "self_trade"
  | "dead_mans_switch"
  | "disconnect";

export type SimulatedOrderStatus = "open" | "filled" | "cancelled" | "rejected";

/** A snapshot: a new record for each change. */
export interface SimulatedOrder {
  readonly orderId: string;
  readonly clientOrderId: string;
  readonly accountId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly type: SimulatedOrderType;
  readonly timeInForce: SimulatedTimeInForce;
  readonly postOnly: boolean;
  readonly reduceOnly: boolean;
  readonly sizeLots: number;
  readonly filledLots: number;
  /** Sum over fills of ticks × lots; the average price is this over `filledLots`. */
  readonly filledTicksLots: bigint;
  readonly limitPriceTicks: number | undefined;
  readonly status: SimulatedOrderStatus;
  readonly refusal: SimulatedRefusal | undefined;
  readonly cancelReason: SimulatedCancelReason | undefined;
  readonly tsCreatedMs: number;
  readonly tsUpdatedMs: number;
}

export interface SimulatedFill {
  /** Unique over the venue; one per order touched, so a trade makes two. */
  readonly fillId: string;
  readonly tradeId: string;
  readonly orderId: string;
  readonly clientOrderId: string;
  readonly accountId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly liquidity: "maker" | "taker";
  readonly priceTicks: number;
  readonly sizeLots: number;
  /** Money at 1e-18; positive is charged, negative a rebate. */
  readonly fee: bigint;
  /** Money at 1e-18 realized by this fill before its fee; 0 for an opening fill. */
  readonly realizedPnl: bigint;
  /** Position after this fill, signed lots. */
  readonly positionLotsAfter: number;
  readonly tsMs: number;
}

export interface SimulatedTrade {
  readonly tradeId: string;
  readonly symbol: string;
  /** Side of the taker. */
  readonly takerSide: Side;
  readonly priceTicks: number;
  readonly sizeLots: number;
  readonly tsMs: number;
}

/** Aggregated level. In a delta, `sizeLots` 0 removes the price. */
export interface SimulatedLevel {
  readonly priceTicks: number;
  readonly sizeLots: number;
}

export interface SimulatedBook {
  readonly symbol: string;
  /** Best first. */
  readonly bids: readonly SimulatedLevel[];
  readonly asks: readonly SimulatedLevel[];
  /** Per instrument, +1 with every change of the book. */
  readonly sequence: number;
  readonly tsMs: number;
}

export interface SimulatedPosition {
  readonly accountId: string;
  readonly symbol: string;
  /** Signed, long positive. */
  readonly positionLots: number;
  /** Sum of ticks × lots of the open position at entry (average-cost basis), signed like the position. */
  readonly costTicksLots: bigint;
  readonly realizedPnl: bigint;
  readonly feesPaid: bigint;
  readonly fundingPaid: bigint;
  readonly leverage: number;
  readonly tsUpdatedMs: number;
}

export interface SimulatedAccount {
  readonly accountId: string;
  readonly settlementAsset: string;
  /** Deposits + realized PnL − fees − funding paid. Money at 1e-18. */
  readonly cash: bigint;
  readonly unrealizedPnl: bigint;
  readonly equity: bigint;
  readonly initialMargin: bigint;
  readonly maintenanceMargin: bigint;
  readonly freeCollateral: bigint;
}

export interface SimulatedMark {
  readonly symbol: string;
  /** Decimal-safe floats: estimates, never settled to the unit. */
  readonly markPrice: number;
  readonly indexPrice: number;
  /** Per funding interval of the instrument. */
  readonly fundingRate: number;
  readonly tsNextFundingMs: number;
  readonly tsMs: number;
}

export type SimulatedEvent =
  | {
    readonly kind: "book";
    readonly symbol: string;
    readonly sequence: number;
    readonly tsMs: number;
    readonly changedBids: readonly SimulatedLevel[];
    readonly changedAsks: readonly SimulatedLevel[];
  }
  | { readonly kind: "trade"; readonly trade: SimulatedTrade }
  | { readonly kind: "mark"; readonly mark: SimulatedMark }
  | { readonly kind: "order"; readonly order: SimulatedOrder }
  | { readonly kind: "fill"; readonly fill: SimulatedFill; readonly order: SimulatedOrder }
  | { readonly kind: "position"; readonly position: SimulatedPosition }
  | { readonly kind: "account"; readonly account: SimulatedAccount }
  | { readonly kind: "maintenance"; readonly isOn: boolean };

export type SubmitResult =
  | { readonly kind: "accepted"; readonly order: SimulatedOrder }
  | { readonly kind: "rejected"; readonly refusal: SimulatedRefusal; readonly order: SimulatedOrder };

export type CancelResult =
  | { readonly kind: "cancelled"; readonly order: SimulatedOrder }
  | { readonly kind: "already_done"; readonly order: SimulatedOrder }
  | { readonly kind: "not_found" };

export type AmendResult =
  | { readonly kind: "amended"; readonly order: SimulatedOrder }
  | { readonly kind: "rejected"; readonly refusal: SimulatedRefusal }
  | { readonly kind: "already_done"; readonly order: SimulatedOrder }
  | { readonly kind: "not_found" };

/**
 * One simulated venue. Calls take effect at once and emit their events synchronously, in causal order, before
 * they return; the protocol simulator adds latency and faults.
 */
export interface SimulatedVenue {
  readonly venue: string;
  readonly instruments: readonly SimulatedInstrument[];
  readonly clock: SimulationClock;
  instrument(symbol: string): SimulatedInstrument | undefined;
  instrumentByVenueSymbol(venueSymbol: string): SimulatedInstrument | undefined;
  /** `depth` levels a side, best first. */
  book(symbol: string, depth: number): SimulatedBook;
  mark(symbol: string): SimulatedMark;
  recentTrades(symbol: string, limit: number): readonly SimulatedTrade[];
  submit(request: SimulatedOrderRequest): SubmitResult;
  /** By venue order id, or by client order id. Only the account's own orders are found. */
  cancel(
    accountId: string,
    id: { readonly orderId: string } | { readonly clientOrderId: string },
    reason?: SimulatedCancelReason,
  ): CancelResult;
  /** All of the account, or of one instrument. Returns the cancelled orders. */
  cancelAll(accountId: string, symbol?: string, reason?: SimulatedCancelReason): readonly SimulatedOrder[];
  /** New total size (filled included) and/or price. Loses time priority unless only the size shrinks. */
  amend(
    accountId: string,
    id: { readonly orderId: string } | { readonly clientOrderId: string },
    change: { readonly sizeLots?: number; readonly limitPriceTicks?: number },
  ): AmendResult;
  order(
    accountId: string,
    id: { readonly orderId: string } | { readonly clientOrderId: string },
  ): SimulatedOrder | undefined;
  openOrders(accountId: string): readonly SimulatedOrder[];
  /** Newest last; ended orders too. */
  orderHistory(accountId: string): readonly SimulatedOrder[];
  /** Newest last. */
  fills(accountId: string): readonly SimulatedFill[];
  /** Non-zero and once-traded ones. */
  positions(accountId: string): readonly SimulatedPosition[];
  account(accountId: string): SimulatedAccount;
  setLeverage(accountId: string, symbol: string, leverage: number): void;
  /** New orders are refused while it lasts. */
  readonly isMaintenance: boolean;
  /** All events of the venue; private ones carry their `accountId`. Returns the unsubscribe function. */
  subscribe(listener: (event: SimulatedEvent) => void): () => void;
}

/** Faults of the protocol layer, drawn per message by the protocol simulator. Probabilities in [0, 1]; all default to 0. */
export interface FaultProfile {
  /** One-way delay added to each answer and push: base plus a uniform share of the jitter. */
  readonly latencyMs: number;
  readonly latencyJitterMs: number;
  readonly dropPrivatePush: number;
  readonly duplicatePrivatePush: number;
  /** A public delta is left out, so that the reader sees a gap. */
  readonly gapPublic: number;
  /** The request takes effect, its answer never comes. */
  readonly loseAnswer: number;
  /** The request never takes effect, no answer comes. */
  readonly loseRequest: number;
  readonly rateLimit: number;
  readonly reject: number;
  /** Mean time between forced disconnects of each socket, 0 for never. */
  readonly disconnectEveryMs: number;
}

/** Credentials that the simulator accepts, made up for each run by the host and handed to adapter and simulator alike. */
export type SimulatedCredentials = Readonly<Record<string, string>>;

/** A protocol simulator without a server around it. */
export interface ProtocolOptions {
  readonly venue: SimulatedVenue;
  readonly accountId: string;
  readonly credentials: SimulatedCredentials;
  readonly faults: FaultProfile;
  readonly random: SimulationRandom;
}

export interface ProtocolSimulatorOptions extends ProtocolOptions {
  readonly hostname: "127.0.0.1";
  /** 0 picks a free port. */
  readonly port: number;
}

/** The venue's protocol by itself: whoever brings requests and sockets decides how they travel. */
export interface VenueProtocol {
  /** Anything but a WebSocket. A promise that never resolves is an answer that never comes. */
  handleRequest(request: Request): Promise<Response>;
  /** What the venue says to a WebSocket's request; `accept` is called when the socket is open. */
  upgrade(request: Request): SocketUpgrade;
  /** What the venue draws from now on. */
  setFaults(faults: FaultProfile): void;
  /** Client ids of the orders that wait for a price: they are in no book yet, and the matching engine has none of them. */
  waitingOrders(): readonly string[];
  /** Ends all sessions and timers. */
  stop(): void;
}

export type SocketUpgrade =
  | { readonly kind: "refused"; readonly response: Response }
  | {
    readonly kind: "accepted";
    /** Seconds after which a client that answers no ping is given up; 0 for never. */
    readonly idleTimeoutS: number;
    accept(socket: ServerSocket): void;
  };

export interface ProtocolSimulator {
  /** Named base URLs under the same keys as the adapter's endpoints setting, e.g. `{ restUrl, wsUrl }`. */
  readonly endpoints: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** What each `exchanges/<venue>/simulator.ts` exports. */
export interface SimulatorModule {
  /** Instruments the venue lists in the simulation, with the real venue's ticks, lots and fees. */
  readonly simulatedInstruments: readonly SimulatedInstrument[];
  /** Makes credentials of the shape this venue uses (valid keys, made up from `random`). */
  makeCredentials(random: SimulationRandom): Promise<SimulatedCredentials>;
  startSimulator(options: ProtocolSimulatorOptions): Promise<ProtocolSimulator>;
}
