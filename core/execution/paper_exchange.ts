/**
 * A venue of paper: takes the requests that would go to an adapter and fills them against live quotes, so that paper
 * trading runs the same engine over the same events. Deterministic: time comes with every call.
 *
 * What it assumes, always to our disadvantage:
 * - A request takes `latencyMs` to the venue, its answer as long back; fills are at the quote of the arrival.
 * - A taker gets the best price's shown size and no more; what an order took is gone until the quote changes.
 * - A resting order is filled at its price only when the market trades through it: the opposite best price, or a
 *   trade, is beyond it. Being touched is not enough, for everybody else was in the queue before.
 */
import type { Balance, Fill, FundingPayment, VenuePosition } from "../model/account.ts";
import type { AdapterRequest, AdapterResponse } from "../model/adapter_request.ts";
import { type ClientOrderId, fillId, type InstrumentId, type VenueId, venueOrderId } from "../model/ids.ts";
import type { Instrument } from "../model/instrument.ts";
import { type Money, moneyTimesBps, notional } from "../model/money.ts";
import type {
  CancelOutcome,
  CancelReason,
  OrderReport,
  OrderRequest,
  RejectCode,
  SubmitOutcome,
} from "../model/order.ts";
import { incrementValue, priceTicks, roundToIncrements, sizeLots } from "../model/ticks.ts";
import { margin, PaperAccount } from "./paper_account.ts";

export interface PaperSettings {
  readonly venue: VenueId;
  /** What the account is kept in, such as USDC. */
  readonly asset: string;
  readonly startingBalance: Money;
  /** One way. */
  readonly latencyMs: number;
  /** Makes ids that no earlier run made: a run's start time or number, letters and digits. */
  readonly runTag: string;
}

/** What an adapter would have said; each is an `EngineEvent`. */
export type PaperEvent =
  | {
    readonly kind: "adapter_response";
    readonly tsUs: number;
    readonly venue: VenueId;
    readonly requestId: number;
    readonly response: AdapterResponse;
  }
  | {
    readonly kind: "order_report";
    readonly tsUs: number;
    readonly venue: VenueId;
    readonly report: OrderReport;
  }
  | { readonly kind: "fill_report"; readonly tsUs: number; readonly venue: VenueId; readonly fill: Fill }
  | {
    readonly kind: "position_report";
    readonly tsUs: number;
    readonly venue: VenueId;
    readonly position: VenuePosition;
  }
  | {
    readonly kind: "balance_report";
    readonly tsUs: number;
    readonly venue: VenueId;
    readonly balance: Omit<Balance, "venue">;
  }
  | {
    readonly kind: "funding_report";
    readonly tsUs: number;
    readonly venue: VenueId;
    readonly payment: FundingPayment;
  };

/** What `PaperExchange` knows of a market. */
interface PaperMarket {
  instrument: Instrument;
  bidPrice: number;
  bidSizeBase: number;
  askPrice: number;
  askSizeBase: number;
  /** Lots already taken from the present quote. */
  takenBidLots: number;
  takenAskLots: number;
  fundingRate: number;
  tsNextFundingMs: number;
  readonly resting: PaperOrder[];
}

interface PaperOrder {
  readonly request: OrderRequest;
  readonly report: OrderReport;
  filledLots: number;
  status: OrderReport["status"];
  reason: OrderReport["reason"];
}

interface Arrival {
  readonly atUs: number;
  readonly requestId: number;
  readonly request: AdapterRequest;
}

/** Ticks or lots beyond this are no price and no size, but a broken feed. */
const maxCount = Number.MAX_SAFE_INTEGER / 2;
/** Fills and done orders that queries can still find. */
const maxKept = 10_000;

export class PaperExchange {
  readonly #settings: PaperSettings;
  readonly #account: PaperAccount;
  readonly #markets: (PaperMarket | undefined)[] = [];
  readonly #indexes = new Map<InstrumentId, number>();
  readonly #orders = new Map<ClientOrderId, PaperOrder>();
  readonly #fills: Fill[] = [];
  readonly #payments: FundingPayment[] = [];
  readonly #arrivals: Arrival[] = [];
  readonly #departures: PaperEvent[] = [];
  #serial = 0;

  constructor(settings: PaperSettings) {
    this.#settings = settings;
    this.#account = new PaperAccount(settings.asset, settings.startingBalance);
  }

  /** By the host's number; again when it changes. */
  registerInstrument(index: number, instrument: Instrument): void {
    const known = this.#markets[index];
    this.#indexes.set(instrument.id, index);
    if (known !== undefined) {
      known.instrument = instrument;
      return;
    }
    this.#markets[index] = {
      instrument,
      bidPrice: NaN,
      bidSizeBase: 0,
      askPrice: NaN,
      askSizeBase: 0,
      takenBidLots: 0,
      takenAskLots: 0,
      fundingRate: NaN,
      tsNextFundingMs: NaN,
      resting: [],
    };
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
    const market = this.#markets[index];
    if (market === undefined) return;
    this.#arriveDue(nowUs); // what came before this quote meets the one before
    if (bidPrice !== market.bidPrice || bidSizeBase !== market.bidSizeBase) market.takenBidLots = 0;
    if (askPrice !== market.askPrice || askSizeBase !== market.askSizeBase) market.takenAskLots = 0;
    market.bidPrice = bidPrice;
    market.bidSizeBase = bidSizeBase;
    market.askPrice = askPrice;
    market.askSizeBase = askSizeBase;
    if (market.resting.length > 0) this.#fillThrough(market, askPrice, bidPrice, nowUs);
  }

  onTrade(index: number, price: number, nowUs: number): void {
    const market = this.#markets[index];
    this.#arriveDue(nowUs);
    if (market !== undefined && market.resting.length > 0) this.#fillThrough(market, price, price, nowUs);
  }

  /** Marks value the account; the funding of the time before is paid when its time has come. */
  onMark(
    index: number,
    markPrice: number,
    fundingRate: number,
    tsNextFundingMs: number,
    nowUs: number,
  ): void {
    const market = this.#markets[index];
    if (market === undefined) return;
    this.#arriveDue(nowUs);
    this.#account.setMark(market.instrument, markPrice);
    this.#payFunding(market, nowUs);
    if (fundingRate === fundingRate) market.fundingRate = fundingRate;
    if (tsNextFundingMs === tsNextFundingMs) market.tsNextFundingMs = tsNextFundingMs;
  }

  /** Deals with what has arrived by now; returns what has reached the host by now, in order. */
  advance(nowUs: number): readonly PaperEvent[] {
    this.#arriveDue(nowUs);
    const due = this.#departures.findIndex((event) => event.tsUs > nowUs);
    return this.#departures.splice(0, due < 0 ? this.#departures.length : due);
  }

  #arriveDue(nowUs: number): void {
    while ((this.#arrivals[0]?.atUs ?? Infinity) <= nowUs) {
      const arrival = this.#arrivals.shift();
      if (arrival !== undefined) this.#arrive(arrival);
    }
  }

  /** When `advance` will next have something to do; Infinity for never, as things stand. */
  nextDueUs(): number {
    return Math.min(this.#arrivals[0]?.atUs ?? Infinity, this.#departures[0]?.tsUs ?? Infinity);
  }

  // ---- requests

  #arrive({ atUs, requestId, request }: Arrival): void {
    const response = this.#respond(request, atUs);
    const answer = { kind: "adapter_response" as const, venue: this.#settings.venue, requestId, response };
    this.#depart({ ...answer, tsUs: atUs }, atUs);
    if (request.kind === "submit" && response.kind === "submit" && response.outcome.kind === "acknowledged") {
      this.#match(request.order.clientOrderId, atUs);
    }
  }

  #respond(request: AdapterRequest, atUs: number): AdapterResponse {
    const tsVenueMs = Math.floor(atUs / 1000);
    switch (request.kind) {
      case "submit":
        return { kind: "submit", outcome: this.#submit(request.order, tsVenueMs) };
      case "submit_batch":
        return {
          kind: "submit_batch",
          outcomes: request.orders.map((order) => this.#submit(order, tsVenueMs)),
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
      case "query_order": {
        const order = this.#orders.get(request.clientOrderId);
        return {
          kind: "query_order",
          outcome: order === undefined
            ? { kind: "not_found" }
            : { kind: "found", report: reportOf(order, tsVenueMs) },
        };
      }
      case "open_orders": {
        const open = [...this.#orders.values()].filter(({ status }) => status === "open");
        return { kind: "open_orders", orders: open.map((order) => reportOf(order, tsVenueMs)) };
      }
      case "fills":
        return { kind: "fills", fills: this.#fills.filter((fill) => fill.tsVenueMs >= request.sinceMs) };
      case "positions":
        return { kind: "positions", positions: this.#account.positions(tsVenueMs) };
      case "balances":
        return { kind: "balances", balances: [this.#account.balance(tsVenueMs)] };
      case "set_leverage":
        return {
          kind: "set_leverage",
          outcome: rejected("unsupported", "paper trading has no leverage to set"),
        };
      case "funding_payments":
        return {
          kind: "funding_payments",
          payments: this.#payments.filter((payment) => payment.tsVenueMs >= request.sinceMs),
        };
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

  #submit(request: OrderRequest, tsVenueMs: number): SubmitOutcome {
    const market = this.#market(request.instrument);
    if (market === undefined) return rejected("instrument_unknown", request.instrument);
    if (this.#orders.has(request.clientOrderId)) return rejected("duplicate_client_order_id", "");
    const fault = this.#fault(request, market);
    if (fault !== undefined) return rejected(fault, "paper");
    this.#serial += 1;
    const id = venueOrderId(`paper-${this.#settings.runTag}-${this.#serial}`);
    const report: OrderReport = {
      instrument: request.instrument,
      clientOrderId: request.clientOrderId,
      venueOrderId: id,
      side: request.side,
      sizeLots: request.sizeLots,
      filledLots: sizeLots(0),
      limitPriceTicks: request.pricing.kind === "limit" ? request.pricing.limitPriceTicks : undefined,
      reduceOnly: request.reduceOnly,
      status: "open",
      reason: undefined,
      venueText: undefined,
      tsVenueMs,
    };
    const order: PaperOrder = { request, report, filledLots: 0, status: "open", reason: undefined };
    this.#orders.set(request.clientOrderId, order);
    if (this.#orders.size > maxKept) this.#forgetDone();
    return { kind: "acknowledged", venueOrderId: id, tsVenueMs };
  }

  #fault(request: OrderRequest, market: PaperMarket): RejectCode | undefined {
    const { instrument } = market;
    const { pricing } = request;
    if (instrument.status === "halted" || instrument.status === "cancel_only") {
      return "instrument_not_trading";
    }
    if (request.trigger !== undefined) return "unsupported"; // no trigger is watched here
    if (request.sizeLots > instrument.maxSizeLots) return "invalid_size";
    if (request.reduceOnly && this.#reducible(request, instrument) <= 0) return "reduce_only_would_increase";
    const takeable = this.#takeable(request, market);
    if (pricing.kind === "limit") {
      if (pricing.postOnly && takeable.lots > 0) return "post_only_would_cross";
      if (pricing.timeInForce === "FOK" && takeable.lots < request.sizeLots) return "fok_not_filled";
    } else if (pricing.worstPriceTicks === undefined) return "invalid_price";
    const price = pricing.kind === "limit" ? pricing.limitPriceTicks : pricing.worstPriceTicks ?? 0;
    const isReducing = request.reduceOnly || this.#reducible(request, instrument) >= request.sizeLots;
    const needed = margin(instrument, notional(price, request.sizeLots, instrument));
    return isReducing || this.#account.available >= needed ? undefined : "insufficient_margin";
  }

  /** Lots of a position that an order of this side would close. */
  #reducible({ side }: Pick<OrderRequest, "side">, instrument: Instrument): number {
    const lots = this.#account.positionLots(instrument);
    return Math.max(0, side === "sell" ? lots : -lots);
  }

  /** What an order could take from the best opposite price now: whole ticks, whole lots. */
  #takeable(request: OrderRequest, market: PaperMarket): { readonly ticks: number; readonly lots: number } {
    const { instrument, takenAskLots, takenBidLots } = market;
    const isBuy = request.side === "buy";
    const price = isBuy ? market.askPrice : market.bidPrice;
    const sizeBase = isBuy ? market.askSizeBase : market.bidSizeBase;
    const isThere = price > 0 && price / incrementValue(instrument.tick) < maxCount &&
      sizeBase > 0 && sizeBase / incrementValue(instrument.lot) < maxCount;
    if (!isThere) return { ticks: 0, lots: 0 };
    const ticks = roundToIncrements(price, instrument.tick, isBuy ? "up" : "down");
    const shown = roundToIncrements(sizeBase, instrument.lot, "down") - (isBuy ? takenAskLots : takenBidLots);
    const { pricing } = request;
    const worst = pricing.kind === "limit" ? pricing.limitPriceTicks : pricing.worstPriceTicks ?? 0;
    const isMarketable = isBuy ? ticks <= worst : ticks >= worst;
    return { ticks, lots: isMarketable ? Math.max(0, shown) : 0 };
  }

  #cancel(id: ClientOrderId, atUs: number): CancelOutcome {
    const order = this.#orders.get(id);
    if (order === undefined) return rejected("order_not_found", "");
    if (order.status !== "open") return { kind: "already_done", venueText: order.status };
    this.#end(order, "cancelled", "requested", atUs);
    return { kind: "acknowledged" };
  }

  #cancelAll(instrument: InstrumentId | undefined, atUs: number): CancelOutcome {
    for (const order of [...this.#orders.values()]) {
      const isMeant = instrument === undefined || order.request.instrument === instrument;
      if (isMeant && order.status === "open") this.#end(order, "cancelled", "requested", atUs);
    }
    return { kind: "acknowledged" };
  }

  // ---- matching

  /** A new order against the present quote; what is left rests, or ends. */
  #match(id: ClientOrderId, atUs: number): void {
    const order = this.#orders.get(id);
    const market = order === undefined ? undefined : this.#market(order.request.instrument);
    if (order === undefined || market === undefined) return;
    const { request } = order;
    const { ticks, lots } = this.#takeable(request, market);
    const allowed = request.reduceOnly ? this.#reducible(request, market.instrument) : request.sizeLots;
    const taken = Math.min(lots, request.sizeLots, allowed);
    if (taken > 0) {
      if (request.side === "buy") market.takenAskLots += taken;
      else market.takenBidLots += taken;
      this.#fill(order, market, ticks, taken, "taker", atUs);
    }
    if (order.status !== "open") return;
    const { pricing } = request;
    const mayRest = pricing.kind === "limit" && pricing.timeInForce === "GTC";
    if (!mayRest) return this.#end(order, "cancelled", "ioc_remainder", atUs);
    market.resting.push(order);
    this.#report(order, atUs);
  }

  /** Resting buys above `lowest`, resting sells below `highest`: the market went through them. */
  #fillThrough(market: PaperMarket, lowest: number, highest: number, nowUs: number): void {
    const tick = incrementValue(market.instrument.tick);
    for (const order of [...market.resting]) {
      const { pricing, side } = order.request;
      if (pricing.kind !== "limit") continue;
      const price = pricing.limitPriceTicks * tick;
      const half = tick / 2; // floats are compared between ticks
      const isThrough = side === "buy" ? lowest < price - half : highest > price + half;
      if (!isThrough) continue;
      const left = order.request.sizeLots - order.filledLots;
      const reducible = this.#reducible(order.request, market.instrument);
      const lots = order.request.reduceOnly ? Math.min(left, reducible) : left;
      if (lots > 0) this.#fill(order, market, pricing.limitPriceTicks, lots, "maker", nowUs);
      if (order.status === "open") this.#end(order, "cancelled", "reduce_only", nowUs);
    }
  }

  #fill(
    order: PaperOrder,
    market: PaperMarket,
    ticks: number,
    lots: number,
    liquidity: Fill["liquidity"],
    atUs: number,
  ): void {
    const { instrument } = market;
    const { request, report } = order;
    const feeBps = liquidity === "maker" ? instrument.makerFeeBps : instrument.takerFeeBps;
    const fee = moneyTimesBps(notional(ticks, lots, instrument), feeBps);
    this.#serial += 1;
    const fill: Fill = {
      instrument: instrument.id,
      fillId: fillId(`paper-${this.#settings.runTag}-${this.#serial}`),
      venueOrderId: report.venueOrderId,
      clientOrderId: request.clientOrderId,
      side: request.side,
      priceTicks: priceTicks(ticks),
      sizeLots: sizeLots(lots),
      liquidity,
      fee,
      feeAsset: this.#settings.asset,
      tsVenueMs: Math.floor(atUs / 1000),
      tsRecvUs: atUs + this.#settings.latencyMs * 1000,
    };
    this.#account.fill(instrument, request.side, ticks, lots, fee);
    this.#fills.push(fill);
    if (this.#fills.length > maxKept) this.#fills.shift();
    order.filledLots += lots;
    const { venue } = this.#settings;
    this.#depart({ kind: "fill_report", tsUs: atUs, venue, fill }, atUs);
    if (order.filledLots >= request.sizeLots) this.#end(order, "filled", undefined, atUs);
    else this.#report(order, atUs);
    this.#reportAccount(atUs);
  }

  #end(
    order: PaperOrder,
    status: "filled" | "cancelled",
    reason: CancelReason | undefined,
    atUs: number,
  ): void {
    order.status = status;
    order.reason = reason;
    const resting = this.#market(order.request.instrument)?.resting;
    const at = resting?.indexOf(order) ?? -1;
    if (at >= 0) resting?.splice(at, 1);
    this.#report(order, atUs);
  }

  #payFunding(market: PaperMarket, nowUs: number): void {
    if (!(market.tsNextFundingMs <= nowUs / 1000)) return;
    const { tsNextFundingMs, fundingRate, instrument } = market;
    market.tsNextFundingMs = NaN;
    const amount = this.#account.payFunding(instrument, fundingRate);
    if (amount === 0n) return;
    const { venue, asset } = this.#settings;
    const payment: FundingPayment = {
      instrument: instrument.id,
      paymentId: `paper-${instrument.id}-${tsNextFundingMs}`,
      amount,
      asset,
      tsVenueMs: tsNextFundingMs,
    };
    this.#payments.push(payment);
    if (this.#payments.length > maxKept) this.#payments.shift();
    this.#depart({ kind: "funding_report", tsUs: nowUs, venue, payment }, nowUs);
    this.#reportAccount(nowUs);
  }

  // ---- what is told

  #report(order: PaperOrder, atUs: number): void {
    const report = reportOf(order, Math.floor(atUs / 1000));
    this.#depart({ kind: "order_report", tsUs: atUs, venue: this.#settings.venue, report }, atUs);
  }

  #reportAccount(atUs: number): void {
    const balance = this.#account.balance(Math.floor(atUs / 1000));
    this.#depart({ kind: "balance_report", tsUs: atUs, venue: this.#settings.venue, balance }, atUs);
  }

  #depart(event: PaperEvent, atUs: number): void {
    this.#departures.push({ ...event, tsUs: atUs + this.#settings.latencyMs * 1000 });
  }

  #market(instrument: InstrumentId): PaperMarket | undefined {
    const index = this.#indexes.get(instrument);
    return index === undefined ? undefined : this.#markets[index];
  }

  #forgetDone(): void {
    for (const [id, { status }] of this.#orders) {
      if (status === "open") continue;
      this.#orders.delete(id);
      return;
    }
  }
}

const rejected = (code: RejectCode, venueText: string) => ({
  kind: "rejected" as const,
  code,
  venueCode: code,
  venueText,
});

const reportOf = (order: PaperOrder, tsVenueMs: number): OrderReport => ({
  ...order.report,
  filledLots: sizeLots(order.filledLots),
  status: order.status,
  reason: order.reason,
  tsVenueMs,
});
