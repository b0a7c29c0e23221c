/**
 * What a venue of paper keeps in its books: the account, orders, fills and funding payments, and what it answers when it
 * is asked about them. Every entry is told through `tell`.
 */
import type { AdapterEvent } from "../../model/adapter_event.ts";
import type { Fill, FundingPayment } from "../../model/account.ts";
import type { AccountQuestion, AdapterResponse } from "../../model/adapter_request.ts";
import {
  type ClientOrderId,
  fillId,
  type VenueId,
  type VenueOrderId,
  venueOrderId,
} from "../../model/ids.ts";
import type { Instrument } from "../../model/instrument.ts";
import { type Money, moneyTimesBps, notional } from "../../model/money.ts";
import type { CancelReason, OrderReport, OrderRequest, Side } from "../../model/order.ts";
import { priceTicks, sizeLots } from "../../model/ticks.ts";
import { PaperAccount, type PaperHolding } from "./paper_account.ts";
import { lotsLeft, type PaperOrder } from "./paper_orders.ts";
import { placeBehind } from "./queue_position.ts";

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

/** Everything of a venue's books that outlives a process: what it owes us and what it works for us. */
export interface PaperLedgerState {
  readonly total: Money;
  readonly holdings: readonly PaperHolding[];
  /** Open orders and the newest of those that are done, oldest first. */
  readonly orders: readonly KeptPaperOrder[];
  /** The newest, oldest first. */
  readonly fills: readonly Fill[];
  readonly payments: readonly FundingPayment[];
}

/** An order as it is kept. */
export interface KeptPaperOrder {
  readonly request: OrderRequest;
  readonly venueOrderId: VenueOrderId;
  /** When it was acknowledged. */
  readonly tsVenueMs: number;
  readonly filledLots: number;
  readonly status: OrderReport["status"];
  readonly reason: OrderReport["reason"];
  /** Before it in the queue; undefined where that is not known. */
  readonly aheadLots: number | undefined;
}

/** Fills and done orders that questions can still find. */
const maxKept = 10_000;
/** Of them, how many outlive a process: more than were on their way to a host that went down. */
const maxStored = 20;

export class PaperLedger {
  readonly account: PaperAccount;
  readonly #settings: PaperSettings;
  readonly #tell: (event: AdapterEvent) => void;
  readonly #orders = new Map<ClientOrderId, PaperOrder>();
  readonly #fills: Fill[] = [];
  readonly #payments: FundingPayment[] = [];
  #serial = 0;
  #isChanged = false;

  constructor(settings: PaperSettings, tell: (event: AdapterEvent) => void) {
    this.#settings = settings;
    this.#tell = tell;
    this.account = new PaperAccount(settings.asset, settings.startingBalance);
  }

  /** Whether an entry was made since this was asked last. */
  takeIsChanged(): boolean {
    const isChanged = this.#isChanged;
    this.#isChanged = false;
    return isChanged;
  }

  order(id: ClientOrderId): PaperOrder | undefined {
    return this.#orders.get(id);
  }

  openOrders(): readonly PaperOrder[] {
    return [...this.#orders.values()].filter(({ status }) => status === "open");
  }

  /** Enters an order that was accepted; it is reported when it rests or trades. */
  open(request: OrderRequest, tsVenueMs: number): PaperOrder {
    const report = acknowledged(request, venueOrderId(this.#nextId()), tsVenueMs);
    const order: PaperOrder = {
      request,
      report,
      filledLots: 0,
      status: "open",
      reason: undefined,
      place: undefined,
    };
    this.#orders.set(request.clientOrderId, order);
    this.#isChanged = true;
    if (this.#orders.size > maxKept) this.#forgetDone();
    return order;
  }

  /** Books an execution of an open order. */
  fill(
    order: PaperOrder,
    instrument: Instrument,
    ticks: number,
    lots: number,
    liquidity: Fill["liquidity"],
    atUs: number,
  ): void {
    const { request, report } = order;
    const feeBps = liquidity === "maker" ? instrument.makerFeeBps : instrument.takerFeeBps;
    const fee = moneyTimesBps(notional(ticks, lots, instrument), feeBps);
    const fill: Fill = {
      instrument: instrument.id,
      fillId: fillId(this.#nextId()),
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
    this.account.fill(instrument, request.side, ticks, lots, fee);
    keepNewest(this.#fills, fill);
    order.filledLots += lots;
    this.#tell({ kind: "fill_report", tsUs: atUs, venue: this.#settings.venue, fill });
    if (lotsLeft(order) === 0) this.end(order, "filled", undefined, atUs);
    else this.report(order, atUs);
    this.#reportBalance(atUs);
  }

  end(
    order: PaperOrder,
    status: "filled" | "cancelled",
    reason: CancelReason | undefined,
    atUs: number,
  ): void {
    order.status = status;
    order.reason = reason;
    this.report(order, atUs);
  }

  /** Pays or takes what is due on a position in an instrument. */
  payFunding(instrument: Instrument, rate: number, tsDueMs: number, nowUs: number): void {
    const amount = this.account.payFunding(instrument, rate);
    if (amount === 0n) return;
    const { venue, asset } = this.#settings;
    const payment: FundingPayment = {
      instrument: instrument.id,
      paymentId: `paper-${instrument.id}-${tsDueMs}`,
      amount,
      asset,
      tsVenueMs: tsDueMs,
    };
    keepNewest(this.#payments, payment);
    this.#tell({ kind: "funding_report", tsUs: nowUs, venue, payment });
    this.#reportBalance(nowUs);
  }

  /** Lots of a position that an order of this side would close. */
  reducibleLots(side: Side, instrument: Instrument): number {
    const lots = this.account.positionLots(instrument);
    return Math.max(0, side === "sell" ? lots : -lots);
  }

  answer(question: AccountQuestion, tsVenueMs: number): AdapterResponse {
    switch (question.kind) {
      case "query_order": {
        const order = this.#orders.get(question.clientOrderId);
        const outcome = order === undefined
          ? { kind: "not_found" as const }
          : { kind: "found" as const, report: reportOf(order, tsVenueMs) };
        return { kind: "query_order", outcome };
      }
      case "open_orders":
        return {
          kind: "open_orders",
          orders: this.openOrders().map((order) => reportOf(order, tsVenueMs)),
        };
      case "fills":
        return { kind: "fills", fills: this.#fills.filter((fill) => fill.tsVenueMs >= question.sinceMs) };
      case "positions":
        return { kind: "positions", positions: this.account.positions(tsVenueMs) };
      case "balances":
        return { kind: "balances", balances: [this.account.balance(tsVenueMs)] };
      case "funding_payments":
        return {
          kind: "funding_payments",
          payments: this.#payments.filter((payment) => payment.tsVenueMs >= question.sinceMs),
        };
      default:
        return question satisfies never;
    }
  }

  report(order: PaperOrder, atUs: number): void {
    const report = reportOf(order, Math.floor(atUs / 1000));
    this.#isChanged = true;
    this.#tell({ kind: "order_report", tsUs: atUs, venue: this.#settings.venue, report });
  }

  state(): PaperLedgerState {
    return {
      total: this.account.total,
      holdings: this.account.holdings(),
      orders: this.#keptOrders().map(({ request, report, filledLots, status, reason, place }) => ({
        request,
        venueOrderId: report.venueOrderId,
        tsVenueMs: report.tsVenueMs,
        filledLots,
        status,
        reason,
        aheadLots: place === undefined || place.aheadLots === Infinity ? undefined : place.aheadLots,
      })),
      fills: this.#fills.slice(-maxStored),
      payments: this.#payments.slice(-maxStored),
    };
  }

  /** Goes on from where an earlier venue stood. Its orders rest again behind what was ahead of them. */
  restore(state: PaperLedgerState): void {
    this.account.restore(state.total, state.holdings);
    this.#fills.push(...state.fills);
    this.#payments.push(...state.payments);
    for (const { request, filledLots, status, reason, aheadLots = Infinity, ...kept } of state.orders) {
      const report = acknowledged(request, kept.venueOrderId, kept.tsVenueMs);
      const place = placeBehind(aheadLots);
      this.#orders.set(request.clientOrderId, { request, report, filledLots, status, reason, place });
    }
  }

  #keptOrders(): readonly PaperOrder[] {
    const all = [...this.#orders.values()];
    const done = new Set(all.filter(({ status }) => status !== "open").slice(-maxStored));
    return all.filter((order) => order.status === "open" || done.has(order));
  }

  #nextId(): string {
    this.#serial += 1;
    return `paper-${this.#settings.runTag}-${this.#serial}`;
  }

  #reportBalance(atUs: number): void {
    const balance = this.account.balance(Math.floor(atUs / 1000));
    this.#isChanged = true;
    this.#tell({ kind: "balance_report", tsUs: atUs, venue: this.#settings.venue, balance });
  }

  #forgetDone(): void {
    for (const [id, { status }] of this.#orders) {
      if (status === "open") continue;
      this.#orders.delete(id);
      return;
    }
  }
}

function keepNewest<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > maxKept) list.shift();
}

const acknowledged = (request: OrderRequest, id: VenueOrderId, tsVenueMs: number): OrderReport => ({
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
});

const reportOf = (order: PaperOrder, tsVenueMs: number): OrderReport => ({
  ...order.report,
  filledLots: sizeLots(order.filledLots),
  status: order.status,
  reason: order.reason,
  tsVenueMs,
});
