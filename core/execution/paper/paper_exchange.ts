/**
 * A venue of paper: takes the requests that would go to an adapter and fills them against live or recorded market data,
 * so that paper trading runs the same engine over the same events. Deterministic: time comes with every call.
 *
 * What it assumes, always to our disadvantage:
 * - A request takes `latencyMs` to the venue, its answer as long back; fills are at the market of the arrival.
 * - A taker walks the order book where the venue publishes one, else gets the best price's shown size and no more. What
 *   an order took is gone until the market shows another size there (paper_market.ts).
 * - A resting order stands behind what is shown at its price when it arrives (queue_position.ts). Trades reach it when
 *   those before it are filled, and fill no more of all our orders than their size. A quote or book on the other side that
 *   is beyond its price fills it up to the size shown there; one at its price does not.
 * - Our orders are not in the market data: nobody else sees them, and they move no price.
 */
import type { AdapterEvent } from "../../model/adapter_event.ts";
import type { AdapterRequest, AdapterResponse } from "../../model/adapter_request.ts";
import type { ClientOrderId, InstrumentId } from "../../model/ids.ts";
import type { Instrument } from "../../model/instrument.ts";
import { notional } from "../../model/money.ts";
import type { CancelOutcome, OrderRequest, RejectCode, Side, SubmitOutcome } from "../../model/order.ts";
import { margin } from "./paper_account.ts";
import { lotsLeft, type PaperBookUpdate, type PaperMarketFeed, type PaperOrder } from "./paper_orders.ts";
import { PaperLedger, type PaperLedgerState, type PaperSettings } from "./paper_ledger.ts";
import { countOf, PaperMarket } from "./paper_market.ts";
import { placeBehind, seeSize, seeTrade } from "./queue_position.ts";
import { limitTicksOf, RestingOrders } from "./resting_orders.ts";

interface Arrival {
  readonly atUs: number;
  readonly requestId: number;
  readonly request: AdapterRequest;
}

interface Room {
  readonly market: PaperMarket;
  readonly resting: RestingOrders;
}

export class PaperExchange implements PaperMarketFeed {
  readonly #settings: PaperSettings;
  readonly #ledger: PaperLedger;
  readonly #rooms: (Room | undefined)[] = [];
  readonly #indexes = new Map<InstrumentId, number>();
  readonly #arrivals: Arrival[] = [];
  readonly #departures: AdapterEvent[] = [];

  constructor(settings: PaperSettings) {
    this.#settings = settings;
    this.#ledger = new PaperLedger(settings, (event) => this.#depart(event));
  }

  /** By the host's number; again when it changes. */
  registerInstrument(index: number, instrument: Instrument): void {
    const known = this.#rooms[index];
    this.#indexes.set(instrument.id, index);
    if (known !== undefined) {
      known.market.instrument = instrument;
      return;
    }
    const room: Room = { market: new PaperMarket(instrument), resting: new RestingOrders() };
    this.#rooms[index] = room;
    for (const order of this.#ledger.openOrders()) { // of an earlier process
      if (order.request.instrument === instrument.id && order.place !== undefined) room.resting.add(order);
    }
  }

  /** Books to go on from, before the first instrument is registered. */
  restore(state: PaperLedgerState): void {
    this.#ledger.restore(state);
  }

  /** The venue's books when they have changed since this was asked last, else undefined. */
  takeChangedState(): PaperLedgerState | undefined {
    return this.#ledger.takeIsChanged() ? this.#ledger.state() : undefined;
  }

  /** The feed was lost: until it is back nothing is shown, so nothing is filled. */
  forgetMarkets(): void {
    for (const room of this.#rooms) room?.market.forget();
  }

  /** Hands a request over; its answer is among the events of a later `advance`. */
  request(requestId: number, request: AdapterRequest, nowUs: number): void {
    this.#arrivals.push({ atUs: nowUs + this.#settings.latencyMs * 1000, requestId, request });
  }

  onQuote(
    index: number,
    bidPrice: number,
    bidSizeBase: number,
    askPrice: number,
    askSizeBase: number,
    nowUs: number,
  ): void {
    const room = this.#rooms[index];
    if (room === undefined) return;
    this.#arriveDue(nowUs); // what came before this quote meets the one before
    room.market.setQuote(bidPrice, bidSizeBase, askPrice, askSizeBase, nowUs);
    if (!room.resting.isEmpty) this.#marketMoved(room, nowUs);
  }

  onBook(index: number, update: PaperBookUpdate, nowUs: number): void {
    const room = this.#rooms[index];
    if (room === undefined) return;
    this.#arriveDue(nowUs);
    room.market.applyBook(update, nowUs);
    if (!room.resting.isEmpty) this.#marketMoved(room, nowUs);
  }

  onTrade(index: number, takerSide: Side, price: number, sizeBase: number, nowUs: number): void {
    const room = this.#rooms[index];
    this.#arriveDue(nowUs);
    if (room === undefined || room.resting.isEmpty) return;
    const { tick, lot } = room.market.instrument;
    const ticks = countOf(price, tick, "nearest");
    const lots = countOf(sizeBase, lot, "down");
    if (ticks === undefined || lots === undefined) return;
    this.#tradeReaches(room, "buy", takerSide === "sell", ticks, lots, nowUs);
    this.#tradeReaches(room, "sell", takerSide === "buy", ticks, lots, nowUs);
  }

  /** Marks value the account; the funding of the time before is paid when its time has come. */
  onMark(
    index: number,
    markPrice: number,
    fundingRate: number,
    tsNextFundingMs: number,
    nowUs: number,
  ): void {
    const market = this.#rooms[index]?.market;
    if (market === undefined) return;
    this.#arriveDue(nowUs);
    this.#ledger.account.setMark(market.instrument, markPrice);
    if (market.tsNextFundingMs <= nowUs / 1000) {
      const tsDueMs = market.tsNextFundingMs;
      market.tsNextFundingMs = NaN;
      this.#ledger.payFunding(market.instrument, market.fundingRate, tsDueMs, nowUs);
    }
    if (fundingRate === fundingRate) market.fundingRate = fundingRate;
    if (tsNextFundingMs === tsNextFundingMs) market.tsNextFundingMs = tsNextFundingMs;
  }

  /** When an instrument's funding is due next; NaN when the feed has not said. */
  fundingDueMs(index: number): number {
    return this.#rooms[index]?.market.tsNextFundingMs ?? NaN;
  }

  /** Deals with what has arrived by now; returns what has reached the host by now, in order. */
  advance(nowUs: number): readonly AdapterEvent[] {
    this.#arriveDue(nowUs);
    const due = this.#departures.findIndex((event) => event.tsUs > nowUs);
    return this.#departures.splice(0, due < 0 ? this.#departures.length : due);
  }

  /** When `advance` will next have something to do; Infinity for never, as things stand. */
  nextDueUs(): number {
    return Math.min(this.#arrivals[0]?.atUs ?? Infinity, this.#departures[0]?.tsUs ?? Infinity);
  }

  // ---- requests

  #arriveDue(nowUs: number): void {
    while ((this.#arrivals[0]?.atUs ?? Infinity) <= nowUs) {
      const arrival = this.#arrivals.shift();
      if (arrival !== undefined) this.#arrive(arrival);
    }
  }

  #arrive({ atUs, requestId, request }: Arrival): void {
    const entered: PaperOrder[] = [];
    const response = this.#respond(request, atUs, entered);
    this.#depart({
      kind: "adapter_response",
      venue: this.#settings.venue,
      requestId,
      response,
      tsUs: atUs,
    });
    for (const order of entered) this.#match(order, atUs);
  }

  /** @param entered gets the orders that were accepted */
  #respond(request: AdapterRequest, atUs: number, entered: PaperOrder[]): AdapterResponse {
    const tsVenueMs = Math.floor(atUs / 1000);
    switch (request.kind) {
      case "submit":
        return { kind: "submit", outcome: this.#submit(request.order, atUs, entered) };
      case "submit_batch":
        return {
          kind: "submit_batch",
          outcomes: request.orders.map((order) => this.#submit(order, atUs, entered)),
        };
      case "cancel_batch":
        return {
          kind: "cancel_batch",
          outcomes: request.orders.map(({ clientOrderId }) => this.#cancel(clientOrderId, atUs)),
        };
      case "cancel":
        return { kind: "cancel", outcome: this.#cancel(request.clientOrderId, atUs) };
      case "cancel_all":
        return { kind: "cancel_all", outcome: this.#cancelAll(request.instrument, atUs) };
      case "amend":
        return { kind: "amend", outcome: rejected("unsupported", "paper trading does not amend") };
      case "set_leverage":
        return {
          kind: "set_leverage",
          outcome: rejected("unsupported", "paper trading has no leverage to set"),
        };
      case "query_order":
      case "open_orders":
      case "fills":
      case "positions":
      case "balances":
      case "funding_payments":
        return this.#ledger.answer(request, tsVenueMs);
      case "klines":
      case "funding_rates":
      case "server_time":
      case "venue_status":
        return {
          kind: "failed",
          code: "unsupported",
          venueCode: "",
          details: "asked of the venue's adapter, not of the paper account",
        };
      default:
        return request satisfies never;
    }
  }

  #submit(request: OrderRequest, atUs: number, entered: PaperOrder[]): SubmitOutcome {
    const market = this.#room(request.instrument)?.market;
    if (market === undefined) return rejected("instrument_unknown", request.instrument);
    if (this.#ledger.order(request.clientOrderId) !== undefined) {
      return rejected("duplicate_client_order_id", "");
    }
    const fault = this.#fault(request, market, atUs);
    if (fault !== undefined) return rejected(fault, "paper");
    const tsVenueMs = Math.floor(atUs / 1000);
    const order = this.#ledger.open(request, tsVenueMs);
    entered.push(order);
    return { kind: "acknowledged", venueOrderId: order.report.venueOrderId, tsVenueMs };
  }

  #fault(request: OrderRequest, market: PaperMarket, atUs: number): RejectCode | undefined {
    const { instrument } = market;
    const { pricing, side } = request;
    if (instrument.status === "halted" || instrument.status === "cancel_only") {
      return "instrument_not_trading";
    }
    if (request.trigger !== undefined) return "unsupported"; // no trigger is watched here
    if (request.sizeLots > instrument.maxSizeLots) return "invalid_size";
    const reducible = this.#ledger.reducibleLots(side, instrument);
    if (request.reduceOnly && reducible <= 0) return "reduce_only_would_increase";
    const price = worstTicksOf(request);
    if (price === undefined) return "invalid_price";
    if (pricing.kind === "limit") {
      const takeable = takeableLots(market, side, price, request.sizeLots, atUs);
      if (pricing.postOnly && takeable > 0) return "post_only_would_cross";
      if (pricing.timeInForce === "FOK" && takeable < request.sizeLots) return "fok_not_filled";
    }
    const isReducing = request.reduceOnly || reducible >= request.sizeLots;
    const needed = margin(instrument, notional(price, request.sizeLots, instrument));
    return isReducing || this.#ledger.account.available >= needed ? undefined : "insufficient_margin";
  }

  #cancel(id: ClientOrderId, atUs: number): CancelOutcome {
    const order = this.#ledger.order(id);
    if (order === undefined) return rejected("order_not_found", "");
    if (order.status !== "open") return { kind: "already_done", venueText: order.status };
    this.#end(order, "requested", atUs);
    return { kind: "acknowledged" };
  }

  #cancelAll(instrument: InstrumentId | undefined, atUs: number): CancelOutcome {
    for (const order of this.#ledger.openOrders()) {
      const isMeant = instrument === undefined || order.request.instrument === instrument;
      if (isMeant) this.#end(order, "requested", atUs);
    }
    return { kind: "acknowledged" };
  }

  // ---- matching

  /** A new order against the present market; what is left rests, or ends. */
  #match(order: PaperOrder, atUs: number): void {
    const { request } = order;
    const { pricing, side } = request;
    const room = this.#room(request.instrument);
    const worstTicks = worstTicksOf(request);
    if (room === undefined || worstTicks === undefined) return;
    for (const offer of room.market.offers(side, worstTicks, atUs)) {
      const lots = Math.min(offer.lots, this.#fillableLots(order, room.market));
      if (lots <= 0) break;
      room.market.take(side, offer, lots);
      this.#ledger.fill(order, room.market.instrument, offer.ticks, lots, "taker", atUs);
    }
    if (order.status !== "open") return;
    const mayRest = pricing.kind === "limit" && pricing.timeInForce === "GTC";
    if (!mayRest) return this.#end(order, "ioc_remainder", atUs);
    order.place = placeBehind(room.market.shownLots(side, worstTicks, atUs));
    room.resting.add(order);
    this.#ledger.report(order, atUs);
  }

  /** Quote or book have changed: queues may be shorter, and whoever the market went through is filled. */
  #marketMoved({ market, resting }: Room, nowUs: number): void {
    for (const side of ["buy", "sell"] as const) {
      for (const order of resting.of(side)) {
        const ticks = limitTicksOf(order);
        if (order.place !== undefined) seeSize(order.place, market.shownLots(side, ticks, nowUs), nowUs);
        const beyond = side === "buy" ? ticks - 1 : ticks + 1;
        for (const offer of market.offers(side, beyond, nowUs)) {
          const lots = Math.min(offer.lots, lotsLeft(order));
          market.take(side, offer, lots);
          this.#fillResting(order, market, lots, nowUs);
          if (order.status !== "open") break;
        }
      }
    }
  }

  /** A trade meets our orders of one side: those it went through, then those at its price whose turn it is. */
  #tradeReaches(
    { market, resting }: Room,
    side: Side,
    isTakerOpposite: boolean,
    tradeTicks: number,
    tradedLots: number,
    nowUs: number,
  ): void {
    let left = tradedLots;
    for (const order of resting.of(side)) {
      const ticks = limitTicksOf(order);
      const isThrough = side === "buy" ? tradeTicks < ticks : tradeTicks > ticks;
      const isAt = tradeTicks === ticks && isTakerOpposite;
      if (left <= 0 || !(isThrough || isAt) || order.place === undefined) return;
      const reaching = isThrough ? left : seeTrade(order.place, left, nowUs);
      const lots = Math.min(reaching, lotsLeft(order));
      left -= lots;
      if (lots > 0) this.#fillResting(order, market, lots, nowUs);
    }
  }

  #fillResting(order: PaperOrder, market: PaperMarket, lots: number, nowUs: number): void {
    const fillable = Math.min(lots, this.#fillableLots(order, market));
    const ticks = limitTicksOf(order);
    if (fillable > 0) this.#ledger.fill(order, market.instrument, ticks, fillable, "maker", nowUs);
    if (order.status !== "open") this.#room(order.request.instrument)?.resting.remove(order);
    else if (fillable < lots) this.#end(order, "reduce_only", nowUs);
  }

  /** What is left of an order, or what is left to reduce. */
  #fillableLots(order: PaperOrder, { instrument }: PaperMarket): number {
    const { reduceOnly, side } = order.request;
    const left = lotsLeft(order);
    return reduceOnly ? Math.min(left, this.#ledger.reducibleLots(side, instrument)) : left;
  }

  #end(order: PaperOrder, reason: "requested" | "ioc_remainder" | "reduce_only", atUs: number): void {
    this.#room(order.request.instrument)?.resting.remove(order);
    this.#ledger.end(order, "cancelled", reason, atUs);
  }

  /** An event of the venue's present moment reaches the host a latency later. */
  #depart(event: AdapterEvent): void {
    this.#departures.push({ ...event, tsUs: event.tsUs + this.#settings.latencyMs * 1000 });
  }

  #room(instrument: InstrumentId): Room | undefined {
    const index = this.#indexes.get(instrument);
    return index === undefined ? undefined : this.#rooms[index];
  }
}

/** Undefined for a market order without a bound. */
const worstTicksOf = ({ pricing }: OrderRequest): number | undefined =>
  pricing.kind === "limit" ? pricing.limitPriceTicks : pricing.worstPriceTicks;

/** Lots that a taker would get, counted no further than `enough`. */
function takeableLots(
  market: PaperMarket,
  side: Side,
  worstTicks: number,
  enough: number,
  nowUs: number,
): number {
  let lots = 0;
  for (const offer of market.offers(side, worstTicks, nowUs)) {
    lots += offer.lots;
    if (lots >= enough) break;
  }
  return lots;
}

const rejected = (code: RejectCode, venueText: string) => ({
  kind: "rejected" as const,
  code,
  venueCode: code,
  venueText,
});
