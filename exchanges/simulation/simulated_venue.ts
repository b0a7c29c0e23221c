/**
 * One simulated venue: an order book per instrument, orders with their life, and a ledger. It enforces what every
 * venue enforces (size, notional, margin, post-only, reduce-only); precision, signatures and limits of requests are
 * the protocol simulators' part.
 *
 * Events are emitted synchronously in causal order: fills and their orders, then position and account, then the book.
 */
import { increment, parseMoney, tickLotMoney } from "@berth/sdk";
import { Ledger, type OpenLots } from "./ledger.ts";
import { MatchingEngine, type RestingOrder } from "./matching_engine.ts";
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
const maxOpenOrders = 150;
/** Orders and fills kept per account, oldest dropped first. */
const maxHistory = 20_000;

type OrderId = { readonly orderId: string } | { readonly clientOrderId: string };

interface Market {
  readonly instrument: SimulatedInstrument;
  readonly engine: MatchingEngine;
  readonly tickLot: bigint;
  readonly minNotional: bigint;
  readonly trades: SimulatedTrade[];
  mark: SimulatedMark;
  markTicks: number;
  sequence: number;
}

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
  readonly #priceBand: number;
  readonly #markets = new Map<string, Market>();
  readonly #byVenueSymbol = new Map<string, SimulatedInstrument>();
  readonly #ledger: Ledger;
  readonly #orders = new Map<string, SimulatedOrder>();
  readonly #openByAccount = new Map<string, Map<string, SimulatedOrder>>();
  readonly #historyByAccount = new Map<string, string[]>();
  readonly #fillsByAccount = new Map<string, SimulatedFill[]>();
  readonly #listeners = new Set<(event: SimulatedEvent) => void>();
  readonly #houseLadders = new Map<string, Map<number, string>>();
  #nextId: number;
  #isMaintenance = false;

  constructor(options: SimulatedVenueOptions) {
    this.venue = options.venue;
    this.instruments = options.instruments;
    this.clock = options.clock;
    this.#priceBand = options.priceBand ?? 0.05;
    this.#nextId = options.firstId ?? 1;
    this.#ledger = new Ledger(options.instruments, (symbol) => this.#markets.get(symbol)?.markTicks ?? 0);
    for (const instrument of options.instruments) {
      this.#byVenueSymbol.set(instrument.venueSymbol, instrument);
      this.#markets.set(instrument.symbol, {
        instrument,
        engine: new MatchingEngine(),
        tickLot: tickLotMoney({ tick: increment(instrument.tickSize), lot: increment(instrument.lotSize) }),
        minNotional: parseMoney(instrument.minNotional),
        trades: [],
        mark: emptyMark(instrument.symbol, this.clock.nowMs()),
        markTicks: 0,
        sequence: 0,
      });
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
    const order = this.#newOrder(request);
    const refusal = this.#refusalOf(request, market);
    if (refusal !== undefined) {
      return { kind: "rejected", refusal, order: this.#end(order, "rejected", refusal, undefined) };
    }
    this.#keep(order);
    this.#emitOrder(order);
    this.#execute(order.orderId, market);
    this.#publish(market);
    const after = this.#orders.get(order.orderId) ?? order;
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
    const refusal = this.#sizeRefusal(request, market) ??
      this.#marginRefusal({ ...request, sizeLots: remainingLots }, market, order);
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
    return { kind: "amended", order: this.#orders.get(order.orderId) ?? amended };
  }

  order(accountId: string, id: OrderId): SimulatedOrder | undefined {
    if ("orderId" in id) {
      const order = this.#orders.get(id.orderId);
      return order?.accountId === accountId ? order : undefined;
    }
    const open = [...(this.#openByAccount.get(accountId)?.values() ?? [])].find((one) =>
      one.clientOrderId === id.clientOrderId
    );
    if (open !== undefined) return open;
    return this.orderHistory(accountId).findLast((one) => one.clientOrderId === id.clientOrderId);
  }

  openOrders(accountId: string): readonly SimulatedOrder[] {
    return [...(this.#openByAccount.get(accountId)?.values() ?? [])];
  }

  orderHistory(accountId: string): readonly SimulatedOrder[] {
    return (this.#historyByAccount.get(accountId) ?? []).flatMap((orderId) => {
      const order = this.#orders.get(orderId);
      return order === undefined ? [] : [order];
    });
  }

  fills(accountId: string): readonly SimulatedFill[] {
    return this.#fillsByAccount.get(accountId) ?? [];
  }

  positions(accountId: string): readonly SimulatedPosition[] {
    return this.#ledger.positions(accountId);
  }

  account(accountId: string): SimulatedAccount {
    return this.#ledger.account(accountId, (symbol) => this.#openLots(accountId, symbol));
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
    const order = this.#orders.get(orderId);
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
    const after = this.#orders.get(orderId);
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
    const order = this.#orders.get(orderId);
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
    const fills = this.#fillsByAccount.get(order.accountId) ?? [];
    this.#fillsByAccount.set(order.accountId, fills);
    fills.push(fill);
    if (fills.length > maxHistory) fills.splice(0, maxHistory / 2);
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

  #refusalOf(request: SimulatedOrderRequest, market: Market): SimulatedRefusal | undefined {
    if (this.#isMaintenance) return "maintenance";
    const open = this.openOrders(request.accountId);
    const { clientOrderId } = request; // venues that take orders without one see it empty
    if (clientOrderId !== "" && open.some((order) => order.clientOrderId === clientOrderId)) {
      return "duplicate_client_order_id";
    }
    if (open.filter((order) => order.symbol === request.symbol).length >= maxOpenOrders) {
      return "too_many_open_orders";
    }
    return this.#sizeRefusal(request, market) ?? this.#priceRefusal(request, market) ??
      this.#marginRefusal(request, market, undefined);
  }

  #sizeRefusal(request: SimulatedOrderRequest, market: Market): SimulatedRefusal | undefined {
    const { instrument, markTicks, tickLot, minNotional } = market;
    if (!(request.sizeLots >= instrument.minSizeLots)) return "size_below_minimum";
    if (!(request.sizeLots <= instrument.maxSizeLots)) return "size_above_maximum";
    const value = BigInt(request.limitPriceTicks ?? markTicks) * BigInt(request.sizeLots) * tickLot;
    const { positionLots } = this.#ledger.position(request.accountId, request.symbol);
    const closesAll = request.reduceOnly && request.sizeLots === Math.abs(positionLots);
    return value < minNotional && !closesAll ? "notional_below_minimum" : undefined;
  }

  #priceRefusal(request: SimulatedOrderRequest, { engine, markTicks }: Market): SimulatedRefusal | undefined {
    const { side, limitPriceTicks } = request;
    if (limitPriceTicks !== undefined && markTicks > 0) {
      const edge = side === "buy" ? markTicks * (1 + this.#priceBand) : markTicks * (1 - this.#priceBand);
      if (side === "buy" ? limitPriceTicks > edge : limitPriceTicks < edge) return "price_outside_band";
    }
    if (request.postOnly && limitPriceTicks !== undefined && engine.wouldCross(side, limitPriceTicks)) {
      return "post_only_would_cross";
    }
    const taker = { accountId: request.accountId, side, sizeLots: request.sizeLots, limitPriceTicks };
    if (request.type === "market" && engine.available(taker) === 0) return "no_liquidity";
    return request.timeInForce === "FOK" && engine.available(taker) < request.sizeLots
      ? "fok_not_filled"
      : undefined;
  }

  /** Reduce-only against the position; margin by the worst case with all open orders and this one. */
  #marginRefusal(
    request: SimulatedOrderRequest,
    market: Market,
    replaced: SimulatedOrder | undefined,
  ): SimulatedRefusal | undefined {
    const { accountId, symbol, side, sizeLots } = request;
    const { positionLots } = this.#ledger.position(accountId, symbol);
    if (request.reduceOnly) {
      const reducible = side === "sell" ? positionLots : -positionLots;
      return sizeLots <= reducible ? undefined : "reduce_only_would_increase";
    }
    const before = this.account(accountId);
    const after = this.#ledger.account(accountId, (other) => {
      const open = this.#openLots(accountId, other);
      if (other !== symbol) return open;
      const freed = replaced === undefined ? 0 : replaced.sizeLots - replaced.filledLots;
      const added = sizeLots - freed;
      return side === "buy"
        ? { ...open, buyLots: open.buyLots + added }
        : { ...open, sellLots: open.sellLots + added };
    });
    const isWithin = after.initialMargin <= after.equity || after.initialMargin <= before.initialMargin;
    return isWithin && market.markTicks > 0 ? undefined : "insufficient_margin";
  }

  #openLots(accountId: string, symbol: string): OpenLots {
    let buyLots = 0;
    let sellLots = 0;
    for (const order of this.#openByAccount.get(accountId)?.values() ?? []) {
      if (order.symbol !== symbol || order.reduceOnly) continue;
      if (order.side === "buy") buyLots += order.sizeLots - order.filledLots;
      else sellLots += order.sizeLots - order.filledLots;
    }
    return { buyLots, sellLots };
  }

  #newOrder(request: SimulatedOrderRequest): SimulatedOrder {
    const nowMs = this.clock.nowMs();
    return {
      orderId: String(this.#nextId++),
      clientOrderId: request.clientOrderId,
      accountId: request.accountId,
      symbol: request.symbol,
      side: request.side,
      type: request.type,
      timeInForce: request.timeInForce,
      postOnly: request.postOnly,
      reduceOnly: request.reduceOnly,
      sizeLots: request.sizeLots,
      filledLots: 0,
      filledTicksLots: 0n,
      limitPriceTicks: request.limitPriceTicks,
      status: "open",
      refusal: undefined,
      cancelReason: undefined,
      tsCreatedMs: nowMs,
      tsUpdatedMs: nowMs,
    };
  }

  #keep(order: SimulatedOrder): void {
    if (!this.#orders.has(order.orderId)) {
      const history = this.#historyByAccount.get(order.accountId) ?? [];
      this.#historyByAccount.set(order.accountId, history);
      history.push(order.orderId);
      if (history.length > maxHistory) {
        for (const orderId of history.splice(0, maxHistory / 2)) this.#orders.delete(orderId);
      }
    }
    this.#orders.set(order.orderId, order);
    const open = this.#openByAccount.get(order.accountId) ?? new Map<string, SimulatedOrder>();
    this.#openByAccount.set(order.accountId, open);
    if (order.status === "open") open.set(order.orderId, order);
    else open.delete(order.orderId);
  }

  #update(order: SimulatedOrder, change: Partial<SimulatedOrder>): SimulatedOrder {
    const updated = { ...order, ...change, tsUpdatedMs: this.clock.nowMs() };
    this.#keep(updated);
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

const emptyMark = (symbol: string, tsMs: number): SimulatedMark => ({
  symbol,
  markPrice: 0,
  indexPrice: 0,
  fundingRate: 0,
  tsNextFundingMs: tsMs,
  tsMs,
});
