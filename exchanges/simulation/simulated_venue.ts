/**
 * One simulated venue: an order book per instrument, orders with their life, and a ledger. It enforces what every
 * venue enforces (size, notional, margin, post-only, reduce-only); precision, signatures and limits of requests are
 * the protocol simulators' part.
 *
 * Events are emitted synchronously in causal order: fills and their orders, then position and account, then the book.
 */
import { Admission } from "./admission.ts";
import { Ledger } from "./ledger.ts";
import { type Market, newMarket } from "./market.ts";
import type { RestingOrder } from "./matching_engine.ts";
import { newOrder, OrderArchive, type OrderId } from "./order_archive.ts";
import type {
  AmendResult,
  CancelResult,
  Side,
  SimulatedAccount,
  SimulatedBook,
  SimulatedCancelReason,
  SimulatedEvent,
  SimulatedFill,
  SimulatedInstrument,
  SimulatedMark,
  SimulatedOrder,
  SimulatedOrderRequest,
  SimulatedPosition,
  SimulatedRefusal,
  SimulatedTrade,
  SimulatedVenue,
  SimulationClock,
  SubmitResult,
} from "./ports.ts";

/** Owner of the orders that the market model rests: no ledger, no events of its own. */
export const houseAccount = "house";

const maxTradesKept = 1_000;
export interface SimulatedVenueOptions {
  readonly venue: string;
  readonly instruments: readonly SimulatedInstrument[];
  readonly clock: SimulationClock;
  /** Aggressive limit prices further than this fraction beyond the mark are refused. */
  readonly priceBand?: number;
  /** First order number, so that ids differ between runs. */
  readonly firstId?: number;
}

/** What the market model and the process around it may do besides trading. */
export interface SimulatedVenueControl extends SimulatedVenue {
  deposit(accountId: string, amount: string): void;
  setMark(mark: SimulatedMark): void;
  /** Replaces the house's ladder of one side: price → lots. Crossing orders of others are filled. */
  quoteHouse(symbol: string, side: Side, levels: ReadonlyMap<number, number>): void;
  /** A trade by an outside taker. */
  takeHouse(symbol: string, side: Side, sizeLots: number): void;
  applyFunding(symbol: string): void;
  setMaintenance(isOn: boolean): void;
}

export function createSimulatedVenue(options: SimulatedVenueOptions): SimulatedVenueControl {
  return new Venue(options);
}

class Venue implements SimulatedVenueControl {
  readonly venue: string;
  readonly instruments: readonly SimulatedInstrument[];
  readonly clock: SimulationClock;
  readonly #markets = new Map<string, Market>();
  readonly #byVenueSymbol = new Map<string, SimulatedInstrument>();
  readonly #ledger: Ledger;
  readonly #archive = new OrderArchive();
  readonly #admission: Admission;
  readonly #listeners = new Set<(event: SimulatedEvent) => void>();
  readonly #houseLadders = new Map<string, Map<number, string>>();
  #nextId: number;
  #isMaintenance = false;

  constructor(options: SimulatedVenueOptions) {
    this.venue = options.venue;
    this.instruments = options.instruments;
    this.clock = options.clock;
    this.#nextId = options.firstId ?? 1;
    this.#ledger = new Ledger(options.instruments, (symbol) => this.#markets.get(symbol)?.markTicks ?? 0);
    this.#admission = new Admission(this.#archive, this.#ledger, options.priceBand ?? 0.05);
    for (const instrument of options.instruments) {
      this.#byVenueSymbol.set(instrument.venueSymbol, instrument);
      this.#markets.set(instrument.symbol, newMarket(instrument, this.clock.nowMs()));
    }
  }

  instrument(symbol: string): SimulatedInstrument | undefined {
    return this.#markets.get(symbol)?.instrument;
  }

  instrumentByVenueSymbol(venueSymbol: string): SimulatedInstrument | undefined {
    return this.#byVenueSymbol.get(venueSymbol);
  }

  book(symbol: string, depth: number): SimulatedBook {
    const { engine, sequence } = this.#market(symbol);
    const tsMs = this.clock.nowMs();
    return { symbol, bids: engine.levels("buy", depth), asks: engine.levels("sell", depth), sequence, tsMs };
  }

  mark(symbol: string): SimulatedMark {
    return this.#market(symbol).mark;
  }

  recentTrades(symbol: string, limit: number): readonly SimulatedTrade[] {
    return this.#market(symbol).trades.slice(-limit);
  }

  submit(request: SimulatedOrderRequest): SubmitResult {
    const market = this.#market(request.symbol);
    const order = newOrder(request, String(this.#nextId++), this.clock.nowMs());
    const refusal = this.#isMaintenance ? "maintenance" : this.#admission.refusalOf(request, market);
    if (refusal !== undefined) {
      return { kind: "rejected", refusal, order: this.#end(order, "rejected", refusal, undefined) };
    }
    this.#archive.keep(order);
    this.#emitOrder(order);
    this.#execute(order.orderId, market);
    this.#publish(market);
    const after = this.#archive.byId(order.orderId) ?? order;
    return after.status === "rejected" && after.refusal !== undefined
      ? { kind: "rejected", refusal: after.refusal, order: after }
      : { kind: "accepted", order: after };
  }

  cancel(accountId: string, id: OrderId, reason: SimulatedCancelReason = "user"): CancelResult {
    const order = this.order(accountId, id);
    if (order === undefined) return { kind: "not_found" };
    if (order.status !== "open") return { kind: "already_done", order };
    const market = this.#market(order.symbol);
    market.engine.remove(order.orderId);
    const cancelled = this.#end(order, "cancelled", undefined, reason);
    this.#emitAccount(accountId);
    this.#publish(market);
    return { kind: "cancelled", order: cancelled };
  }

  cancelAll(
    accountId: string,
    symbol?: string,
    reason: SimulatedCancelReason = "user",
  ): readonly SimulatedOrder[] {
    return this.openOrders(accountId)
      .filter((order) => symbol === undefined || order.symbol === symbol)
      .flatMap((order) => {
        const result = this.cancel(accountId, { orderId: order.orderId }, reason);
        return result.kind === "cancelled" ? [result.order] : [];
      });
  }

  amend(
    accountId: string,
    id: OrderId,
    change: { readonly sizeLots?: number; readonly limitPriceTicks?: number },
  ): AmendResult {
    const order = this.order(accountId, id);
    if (order === undefined) return { kind: "not_found" };
    if (order.status !== "open") return { kind: "already_done", order };
    const market = this.#market(order.symbol);
    const sizeLots = change.sizeLots ?? order.sizeLots;
    const limitPriceTicks = change.limitPriceTicks ?? order.limitPriceTicks;
    const remainingLots = sizeLots - order.filledLots;
    if (remainingLots <= 0) return { kind: "rejected", refusal: "size_below_minimum" };
    const { limitPriceTicks: _before, ...terms } = order;
    const request = { ...terms, sizeLots, ...(limitPriceTicks === undefined ? {} : { limitPriceTicks }) };
    const refusal = this.#admission.amendRefusalOf(request, remainingLots, market, order);
    if (refusal !== undefined) return { kind: "rejected", refusal };
    const isCrossing = limitPriceTicks !== undefined && market.engine.wouldCross(order.side, limitPriceTicks);
    if (order.postOnly && isCrossing) return { kind: "rejected", refusal: "post_only_would_cross" };
    const amended = this.#update(order, { sizeLots, limitPriceTicks });
    const keepsPriority = limitPriceTicks === order.limitPriceTicks && sizeLots < order.sizeLots;
    if (keepsPriority) market.engine.shrink(order.orderId, remainingLots);
    else market.engine.remove(order.orderId);
    this.#emitOrder(amended);
    if (!keepsPriority) this.#execute(order.orderId, market);
    this.#publish(market);
    return { kind: "amended", order: this.#archive.byId(order.orderId) ?? amended };
  }

  order(accountId: string, id: OrderId): SimulatedOrder | undefined {
    return this.#archive.order(accountId, id);
  }

  openOrders(accountId: string): readonly SimulatedOrder[] {
    return this.#archive.open(accountId);
  }

  orderHistory(accountId: string): readonly SimulatedOrder[] {
    return this.#archive.history(accountId);
  }

  fills(accountId: string): readonly SimulatedFill[] {
    return this.#archive.fills(accountId);
  }

  positions(accountId: string): readonly SimulatedPosition[] {
    return this.#ledger.positions(accountId);
  }

  account(accountId: string): SimulatedAccount {
    return this.#ledger.account(accountId, (symbol) => this.#archive.openLots(accountId, symbol));
  }

  setLeverage(accountId: string, symbol: string, leverage: number): void {
    this.#ledger.setLeverage(accountId, symbol, leverage);
  }

  subscribe(listener: (event: SimulatedEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  deposit(accountId: string, amount: string): void {
    this.#ledger.deposit(accountId, amount);
  }

  setMark(mark: SimulatedMark): void {
    const market = this.#market(mark.symbol);
    market.mark = mark;
    market.markTicks = Math.round(mark.markPrice / Number(market.instrument.tickSize));
    this.#emit({ kind: "mark", mark });
  }

  quoteHouse(symbol: string, side: Side, levels: ReadonlyMap<number, number>): void {
    const market = this.#market(symbol);
    const key = `${symbol}/${side}`;
    const ladder = this.#houseLadders.get(key) ?? new Map<number, string>();
    this.#houseLadders.set(key, ladder);
    for (const [priceTicks, orderId] of ladder) {
      const resting = market.engine.resting(orderId);
      if (resting !== undefined && levels.get(priceTicks) === resting.remainingLots) continue;
      market.engine.remove(orderId);
      ladder.delete(priceTicks);
    }
    for (const [priceTicks, sizeLots] of levels) {
      if (ladder.has(priceTicks)) continue;
      const taker = { accountId: houseAccount, side, sizeLots, limitPriceTicks: priceTicks };
      const { remainingLots } = market.engine.match(
        taker,
        (maker, price, lots) => this.#onMatch(market, undefined, side, maker, price, lots),
      );
      if (remainingLots === 0 || market.engine.wouldCross(side, priceTicks)) continue;
      const orderId = `house-${this.#nextId++}`;
      market.engine.rest({ orderId, accountId: houseAccount, side, priceTicks, remainingLots });
      ladder.set(priceTicks, orderId);
    }
    this.#publish(market);
  }

  takeHouse(symbol: string, side: Side, sizeLots: number): void {
    const market = this.#market(symbol);
    const taker = { accountId: "outside", side, sizeLots, limitPriceTicks: undefined };
    market.engine.match(
      taker,
      (maker, price, lots) => this.#onMatch(market, undefined, side, maker, price, lots),
    );
    this.#publish(market);
  }

  applyFunding(symbol: string): void {
    const { mark } = this.#market(symbol);
    for (const { accountId } of this.#ledger.bookFunding(symbol, mark.fundingRate, this.clock.nowMs())) {
      this.#emitPosition(accountId, symbol);
      this.#emitAccount(accountId);
    }
  }

  get isMaintenance(): boolean {
    return this.#isMaintenance;
  }

  setMaintenance(isOn: boolean): void {
    if (this.#isMaintenance === isOn) return;
    this.#isMaintenance = isOn;
    this.#emit({ kind: "maintenance", isOn });
  }

  /** Matches an open order that is not in the book yet, and rests or ends what is left. */
  #execute(orderId: string, market: Market): void {
    const order = this.#archive.byId(orderId);
    if (order === undefined) return;
    const sizeLots = order.sizeLots - order.filledLots;
    const taker = {
      accountId: order.accountId,
      side: order.side,
      sizeLots,
      limitPriceTicks: order.limitPriceTicks,
    };
    const result = market.engine.match(
      taker,
      (maker, price, lots) => this.#onMatch(market, orderId, order.side, maker, price, lots),
    );
    const after = this.#archive.byId(orderId);
    if (after === undefined || after.status !== "open") return;
    const isImmediate = order.type === "market" || order.timeInForce !== "GTC";
    if (result.isSelfTrade) this.#end(after, "cancelled", "self_trade", "self_trade");
    else if (isImmediate) this.#end(after, "cancelled", undefined, "ioc_remainder");
    else if (after.limitPriceTicks !== undefined) {
      const { accountId, side, limitPriceTicks: priceTicks } = after;
      market.engine.rest({ orderId, accountId, side, priceTicks, remainingLots: result.remainingLots });
    }
    this.#emitAccount(order.accountId);
  }

  /** One execution between a taker (an account's order, or the house when undefined) and a resting order. */
  #onMatch(
    market: Market,
    takerId: string | undefined,
    takerSide: Side,
    maker: RestingOrder,
    priceTicks: number,
    sizeLots: number,
  ): void {
    const tradeId = String(this.#nextId++);
    const trade: SimulatedTrade = {
      tradeId,
      symbol: market.instrument.symbol,
      takerSide,
      priceTicks,
      sizeLots,
      tsMs: this.clock.nowMs(),
    };
    market.trades.push(trade);
    if (market.trades.length > maxTradesKept) market.trades.splice(0, maxTradesKept / 2);
    this.#emit({ kind: "trade", trade });
    if (takerId !== undefined) this.#book(market, takerId, trade, false);
    if (maker.accountId !== houseAccount) this.#book(market, maker.orderId, trade, true);
  }

  #book(market: Market, orderId: string, trade: SimulatedTrade, isMaker: boolean): void {
    const order = this.#archive.byId(orderId);
    if (order === undefined) return;
    const { priceTicks, sizeLots, tsMs, tradeId, symbol } = trade;
    const booked = this.#ledger.bookFill(order.accountId, symbol, {
      side: order.side,
      priceTicks,
      sizeLots,
      isMaker,
      tsMs,
    });
    const filledLots = order.filledLots + sizeLots;
    const updated = this.#update(order, {
      filledLots,
      filledTicksLots: order.filledTicksLots + BigInt(priceTicks) * BigInt(sizeLots),
      status: filledLots === order.sizeLots ? "filled" : "open",
    });
    const fill: SimulatedFill = {
      fillId: String(this.#nextId++),
      tradeId,
      orderId,
      clientOrderId: order.clientOrderId,
      accountId: order.accountId,
      symbol,
      side: order.side,
      liquidity: isMaker ? "maker" : "taker",
      priceTicks,
      sizeLots,
      ...booked,
      tsMs,
    };
    this.#archive.keepFill(fill);
    this.#emit({ kind: "fill", fill, order: updated });
    this.#emitOrder(updated);
    this.#emitPosition(order.accountId, symbol);
    this.#emitAccount(order.accountId);
    this.#trimReduceOnly(market, order.accountId);
  }

  /** When a position shrinks, reduce-only orders that exceed it are cancelled. */
  #trimReduceOnly(market: Market, accountId: string): void {
    const { positionLots } = this.#ledger.position(accountId, market.instrument.symbol);
    for (const order of this.openOrders(accountId)) {
      if (!order.reduceOnly || order.symbol !== market.instrument.symbol) continue;
      if (market.engine.resting(order.orderId) === undefined) continue; // still being matched
      const reducible = order.side === "sell" ? Math.max(0, positionLots) : Math.max(0, -positionLots);
      if (order.sizeLots - order.filledLots <= reducible) continue;
      market.engine.remove(order.orderId);
      this.#end(order, "cancelled", undefined, "reduce_only");
    }
  }

  #update(order: SimulatedOrder, change: Partial<SimulatedOrder>): SimulatedOrder {
    const updated = { ...order, ...change, tsUpdatedMs: this.clock.nowMs() };
    this.#archive.keep(updated);
    return updated;
  }

  #end(
    order: SimulatedOrder,
    status: "cancelled" | "rejected",
    refusal: SimulatedRefusal | undefined,
    cancelReason: SimulatedCancelReason | undefined,
  ): SimulatedOrder {
    const ended = this.#update(order, { status, refusal, cancelReason });
    this.#emitOrder(ended);
    return ended;
  }

  #publish(market: Market): void {
    const changedBids = market.engine.takeChanges("buy");
    const changedAsks = market.engine.takeChanges("sell");
    if (changedBids.length + changedAsks.length === 0) return;
    market.sequence += 1;
    const { instrument: { symbol }, sequence } = market;
    this.#emit({ kind: "book", symbol, sequence, tsMs: this.clock.nowMs(), changedBids, changedAsks });
  }

  #emitOrder(order: SimulatedOrder): void {
    this.#emit({ kind: "order", order });
  }

  #emitPosition(accountId: string, symbol: string): void {
    this.#emit({ kind: "position", position: this.#ledger.position(accountId, symbol) });
  }

  #emitAccount(accountId: string): void {
    this.#emit({ kind: "account", account: this.account(accountId) });
  }

  #emit(event: SimulatedEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #market(symbol: string): Market {
    const market = this.#markets.get(symbol);
    if (market === undefined) {
      throw new RangeError(`${this.venue} lists no ${symbol}: ask instrument() first`);
    }
    return market;
  }
}
