/**
 * Orders from approval to their end. Every submission is sent once; what becomes of it is learnt from answers, the
 * private stream, queries and reconciliation, in any order and any number of times.
 *
 * Invariants:
 * 1. A submission is sent at most once: an order without an answer is asked about, never sent again.
 * 2. Only fills change `filledLots`, each by its fill id once, whatever the order's status.
 * 3. An order whose venue reports an end with more filled than we have fills of stays working (and counted as such)
 *    until these fills have come, so that "done" means all its fills were told.
 * 4. `not_found` ends an order only when it was said twice, after a grace time, with the account's fills read between.
 * 5. A cancel that was asked for is pursued until the order is done: refused, lost and late ones are sent again.
 */
import type { Fill } from "../model/account.ts";
import type { AdapterRequest } from "../model/adapter_request.ts";
import {
  type CauseId,
  causeId,
  type ClientOrderId,
  type PluginId,
  type VenueId,
  venueId,
  venueOf,
} from "../model/ids.ts";
import type { Facts, ReconciliationRepair } from "../model/journal_entry.ts";
import {
  type AmendedTerms,
  type AmendOutcome,
  type CancelOutcome,
  type CancelReason,
  isFinalStatus,
  isHostRef,
  type Order,
  type OrderIntent,
  type OrderQueryOutcome,
  type OrderReport,
  type RejectCode,
  type Rejection,
  type SubmitOutcome,
  type UnknownWhy,
} from "../model/order.ts";
import { largestLots, type OrderEvent, transition } from "../model/order_transitions.ts";
import { sizeLots } from "../model/ticks.ts";
import type { RiskApproved } from "../risk/gate.ts";
import type { ClientOrderIds } from "./client_order_ids.ts";
import { areSameTerms, type OrderChange, pricingAndSize, termsOf, termsReported } from "./order_terms.ts";

export type OrderNotice =
  | "ORDER_ILLEGAL_TRANSITION"
  | "ORDER_OVERFILLED"
  | "ORDER_UNKNOWN"
  | "ORDER_UNKNOWN_LASTS"
  | "ORDER_REVIVED"
  | "ORDER_ADOPTED"
  | "FILLS_MISSING"
  | "AMEND_REFUSED"
  | "CANCEL_REFUSED";

/** What the order manager needs of the engine around it. */
export interface OrderManagerPort {
  /** Hands a request to the venue's adapter. */
  send(venue: VenueId, request: AdapterRequest, afterJournal: boolean): void;
  /** Whether the venue's adapter runs and can be asked. */
  canSend(venue: VenueId): boolean;
  /** `before` is undefined for a new order; `event` names what happened. */
  orderChanged(before: Order | undefined, after: Order, event: string, cause: CauseId): void;
  filled(order: Order, fill: Fill): void;
  foreignFill(fill: Fill): void;
  /** Open orders of others on the account, and their end. */
  foreignOrder(venue: VenueId, report: OrderReport): void;
  /** Some fills did not come by the stream: the account's fills should be asked for. */
  fillsWanted(venue: VenueId): void;
  /** When the newest fills request that was answered had been sent; -Infinity for none. */
  fillsReadUs(venue: VenueId): number;
  repaired(venue: VenueId, repair: ReconciliationRepair): void;
  notice(code: OrderNotice, facts: Facts): void;
  /** Whose hash a client order id bears. */
  pluginOf(hash: string): PluginId;
}

export interface OrderManagerTiming {
  readonly queryEveryMs: number;
  readonly notFoundGraceMs: number;
}

/** An end that the venue has told of while fills are missing. */
interface AwaitedEnd {
  readonly event: "cancelled" | "expired" | "rejected" | "filled";
  readonly reason: RejectCode | CancelReason | undefined;
  readonly venueText: string | undefined;
  readonly reportedLots: number;
  readonly sinceUs: number;
}

interface Tracked {
  order: Order;
  readonly venue: VenueId;
  readonly sentUs: number;
  isAcknowledged: boolean;
  /** Ended by our own conclusion, not by the venue's word. */
  isConcluded: boolean;
  isCancelWanted: boolean;
  isCancelInFlight: boolean;
  nextCancelUs: number;
  cancelAttempts: number;
  isQueryWanted: boolean;
  isQueryInFlight: boolean;
  queryCauseUs: number;
  nextQueryUs: number;
  queryAttempts: number;
  notFoundCount: number;
  firstNotFoundUs: number;
  awaitedEnd: AwaitedEnd | undefined;
  /** When the newest amendment was answered or given up; undefined while it is on its way, or without one. */
  amendEndedUs: number | undefined;
}

/** Orders and fill ids that are kept after their end, for what comes late. */
const maxDoneOrders = 20_000;
const forgottenAtOnce = 1_000;
const maxFillIds = 200_000;
const checkpointFills = 5_000;
const maxBackoffFactor = 16;
/** Queries without an answer that are worth a line. */
const longUnknownAttempts = 8;
/** For fills of an order whose end was told; then the end counts, and a late fill is booked all the same. */
const missingFillsUs = 15_000_000;

export class OrderManager {
  readonly #port: OrderManagerPort;
  readonly #ids: ClientOrderIds;
  readonly #timing: OrderManagerTiming;
  readonly #tracked = new Map<ClientOrderId, Tracked>();
  readonly #working = new Map<ClientOrderId, Tracked>();
  /** In the order of their ends. */
  readonly #ended: ClientOrderId[] = [];
  readonly #byVenueId = new Map<string, ClientOrderId>();
  readonly #byRef = new Map<string, ClientOrderId>();
  readonly #fillIds = new Set<string>();

  constructor(port: OrderManagerPort, ids: ClientOrderIds, timing: OrderManagerTiming) {
    this.#port = port;
    this.#ids = ids;
    this.#timing = timing;
  }

  // ---- questions

  get(id: ClientOrderId): Order | undefined {
    return this.#tracked.get(id)?.order;
  }

  /** A plugin's order by its own name for it, the newest of that name. */
  byRef(plugin: PluginId, ref: string): Order | undefined {
    const id = this.#byRef.get(`${plugin}/${ref}`);
    return id === undefined ? undefined : this.get(id);
  }

  /** Not done, oldest first. */
  working(): readonly Order[] {
    return [...this.#working.values()].map(({ order }) => order);
  }

  get workingCount(): number {
    return this.#working.size;
  }

  /** The newest booked fills, newest last, for a checkpoint. */
  bookedFills(): readonly { readonly venue: VenueId; readonly fillId: string }[] {
    return [...this.#fillIds].slice(-checkpointFills).map((key) => {
      const slash = key.indexOf("/");
      return { venue: venueId(key.slice(0, slash)), fillId: key.slice(slash + 1) };
    });
  }

  // ---- commands

  /** Sends an approved order: journal first, then the adapter. */
  submit(intent: RiskApproved<OrderIntent>, nowUs: number): Order {
    const { plugin, ref, instrument, side, sizeLots: size, reduceOnly, reducesPlugin, pricing } = intent;
    const clientOrderId = this.#ids.next(plugin);
    const order: Order = {
      instrument,
      side,
      sizeLots: size,
      reduceOnly,
      ...(reducesPlugin === true ? { reducesPlugin } : {}),
      pricing,
      clientOrderId,
      plugin,
      ref,
      venueOrderId: undefined,
      status: "pending_new",
      filledLots: sizeLots(0),
      filledTicksLots: 0n,
      reason: undefined,
      venueText: undefined,
      cause: causeId(`intent/${plugin}/${ref}`),
      tsCreatedUs: nowUs,
      tsUpdatedUs: nowUs,
    };
    const tracked = this.#track(order, nowUs);
    this.#port.orderChanged(undefined, order, "created", order.cause);
    const request = { clientOrderId, instrument, side, sizeLots: size, reduceOnly, pricing };
    this.#port.send(tracked.venue, { kind: "submit", order: request }, true);
    return order;
  }

  /** Takes up orders of an earlier run: each is unknown until the venue was asked. */
  restore(
    orders: readonly Order[],
    bookedFills: readonly { readonly venue: VenueId; readonly fillId: string }[],
    nowUs: number,
  ): void {
    for (const { venue, fillId } of bookedFills) this.#rememberFill(`${venue}/${fillId}`);
    for (const order of orders) {
      if (isFinalStatus(order.status) || this.#tracked.has(order.clientOrderId)) continue;
      this.#ids.observe(order.clientOrderId);
      // The earlier run's clock may have been ahead of ours.
      const tracked = this.#track(order, Math.min(order.tsCreatedUs, nowUs));
      tracked.isAcknowledged = order.venueOrderId !== undefined;
      if (order.venueOrderId !== undefined) this.#linkVenueId(tracked, order.venueOrderId);
      tracked.isQueryWanted = true;
      if (order.amending !== undefined) tracked.amendEndedUs = nowUs; // its answer came to nobody
      const unknown: Order = { ...order, status: "unknown" };
      tracked.order = unknown;
      this.#port.orderChanged(undefined, unknown, "restored", order.cause);
    }
  }

  /** Asks for a cancel; nothing to do when the order is done. Pursued until it is. */
  cancel(id: ClientOrderId, nowUs: number, cause: CauseId): void {
    const tracked = this.#working.get(id);
    if (tracked === undefined || tracked.isCancelWanted) return;
    tracked.isCancelWanted = true;
    tracked.nextCancelUs = nowUs;
    this.#sendCancel(tracked, nowUs, cause);
  }

  /**
   * Asks the venue to change a limit order that works; false when it does not, or a change is on its way already. Until the
   * venue's word on it the larger size counts.
   */
  amend(id: ClientOrderId, amending: AmendedTerms, nowUs: number, cause: CauseId): boolean {
    const tracked = this.#working.get(id);
    if (tracked === undefined || tracked.isCancelWanted || tracked.awaitedEnd !== undefined) return false;
    const { status, pricing, instrument, side, venueOrderId } = tracked.order;
    const isResting = status === "accepted" || status === "partially_filled";
    if (!isResting || pricing.kind !== "limit" || !this.#port.canSend(tracked.venue)) return false;
    tracked.amendEndedUs = undefined;
    this.#apply(tracked, "replace_sent", nowUs, cause, {
      terms: { ...pricingAndSize(tracked.order), amending },
    });
    const request = {
      kind: "amend" as const,
      instrument,
      clientOrderId: id,
      venueOrderId,
      side,
      ...amending,
    };
    this.#port.send(tracked.venue, request, true);
    return true;
  }

  /**
   * A plugin starts anew and names its orders from the beginning: those of its earlier run get a name that no plugin
   * gives, `earlier_` and the client order id.
   */
  renameForNewRun(plugin: PluginId): void {
    for (const tracked of this.#working.values()) {
      const before = tracked.order;
      if (before.plugin !== plugin || isHostRef(before.ref)) continue;
      if (this.#byRef.get(`${plugin}/${before.ref}`) === before.clientOrderId) {
        this.#byRef.delete(`${plugin}/${before.ref}`);
      }
      tracked.order = { ...before, ref: `earlier_${before.clientOrderId}` };
      this.#byRef.set(`${plugin}/${tracked.order.ref}`, before.clientOrderId);
      this.#port.orderChanged(before, tracked.order, "renamed", before.cause);
    }
  }

  // ---- answers

  submitAnswered(id: ClientOrderId, outcome: SubmitOutcome, nowUs: number, cause: CauseId): void {
    const tracked = this.#tracked.get(id);
    if (tracked === undefined) return;
    switch (outcome.kind) {
      case "acknowledged":
        tracked.isAcknowledged = true;
        this.#linkVenueId(tracked, outcome.venueOrderId);
        this.#apply(tracked, "acknowledged", nowUs, cause, {});
        break;
      case "rejected":
        this.#rejected(tracked, outcome.code, outcome.venueText, nowUs, cause);
        break;
      case "unknown":
        this.#answerLost(tracked, outcome.why, nowUs, cause);
        break;
      default:
        outcome satisfies never;
    }
    if (tracked.isCancelWanted) this.#sendCancel(tracked, nowUs, cause);
  }

  cancelAnswered(id: ClientOrderId, outcome: CancelOutcome, nowUs: number, cause: CauseId): void {
    const tracked = this.#tracked.get(id);
    if (tracked === undefined) return;
    tracked.isCancelInFlight = false;
    if (isFinalStatus(tracked.order.status)) return;
    switch (outcome.kind) {
      case "acknowledged":
        // Acknowledged is not cancelled: the report says so, or the answer to a question if the report stays out.
        this.#retryCancelLater(tracked, nowUs);
        this.#wantQuery(tracked, nowUs, this.#timing.queryEveryMs);
        break;
      case "already_done":
        this.#retryCancelLater(tracked, nowUs);
        this.#port.fillsWanted(tracked.venue);
        this.#wantQuery(tracked, nowUs, 0);
        break;
      case "rejected":
        this.#cancelRefused(tracked, outcome.code, outcome.venueText, nowUs, cause);
        break;
      case "unknown":
        this.#retryCancelLater(tracked, nowUs);
        this.#answerLost(tracked, outcome.why, nowUs, cause);
        break;
      default:
        outcome satisfies never;
    }
  }

  #cancelRefused(tracked: Tracked, code: RejectCode, venueText: string, nowUs: number, cause: CauseId): void {
    this.#retryCancelLater(tracked, nowUs);
    if (code === "order_not_found" || code === "order_already_done") {
      this.#port.fillsWanted(tracked.venue);
      this.#wantQuery(tracked, nowUs, 0);
      return;
    }
    this.#port.notice("CANCEL_REFUSED", { clientOrderId: tracked.order.clientOrderId, code, venueText });
    // The venue would not cancel what nobody knows to be there: that makes it no more known.
    this.#apply(tracked, tracked.isAcknowledged ? "cancel_refused" : "answer_lost", nowUs, cause, {});
  }

  /** @param asked the terms that the answer is about: a late one may belong to an earlier amendment */
  amendAnswered(
    { clientOrderId, ...asked }: AmendedTerms & { readonly clientOrderId: ClientOrderId },
    outcome: AmendOutcome,
    nowUs: number,
    cause: CauseId,
  ): void {
    const tracked = this.#tracked.get(clientOrderId);
    if (tracked === undefined || isFinalStatus(tracked.order.status)) return;
    if (!areSameTerms(tracked.order.amending, asked)) return this.#wantQuery(tracked, nowUs, 0);
    tracked.amendEndedUs = nowUs;
    switch (outcome.kind) {
      case "acknowledged":
        this.#linkVenueId(tracked, outcome.venueOrderId);
        this.#settleAmendment(tracked, tracked.order.amending, nowUs, cause);
        // Acknowledged is what the gateway says; which terms hold is asked of the venue besides.
        this.#wantQuery(tracked, nowUs, this.#timing.queryEveryMs);
        break;
      case "already_done":
        this.#port.fillsWanted(tracked.venue);
        this.#wantQuery(tracked, nowUs, 0);
        break;
      case "rejected":
        this.#amendRefused(tracked, outcome, nowUs, cause);
        break;
      case "unknown":
        this.#answerLost(tracked, outcome.why, nowUs, cause);
        break;
      default:
        outcome satisfies never;
    }
  }

  #amendRefused(tracked: Tracked, { code, venueText }: Rejection, nowUs: number, cause: CauseId): void {
    if (code === "order_not_found" || code === "order_already_done") {
      this.#port.fillsWanted(tracked.venue);
      this.#wantQuery(tracked, nowUs, 0);
      return;
    }
    this.#port.notice("AMEND_REFUSED", { clientOrderId: tracked.order.clientOrderId, code, venueText });
    const terms = { ...pricingAndSize(tracked.order), amending: undefined };
    this.#apply(tracked, "replace_refused", nowUs, cause, { terms, reason: code, venueText });
  }

  /** The terms that hold from now on are known; undefined: the venue reports those from before. */
  #settleAmendment(tracked: Tracked, held: AmendedTerms | undefined, nowUs: number, cause: CauseId): void {
    if (tracked.order.amending === undefined) return;
    const terms = { ...pricingAndSize(tracked.order, held), amending: undefined };
    const { filledLots } = tracked.order;
    const isFilled = filledLots > 0 && filledLots >= terms.sizeLots;
    const event = isFilled ? "fill_complete" : held === undefined ? "reported_open" : "replaced";
    this.#apply(tracked, event, nowUs, cause, { terms });
  }

  queryAnswered(id: ClientOrderId, outcome: OrderQueryOutcome, nowUs: number, cause: CauseId): void {
    const tracked = this.#tracked.get(id);
    if (tracked === undefined) return;
    tracked.isQueryInFlight = false;
    switch (outcome.kind) {
      case "found":
        tracked.notFoundCount = 0;
        tracked.queryAttempts = 0;
        tracked.isQueryWanted = false;
        this.#reported(tracked, outcome.report, nowUs, cause, tracked.queryCauseUs);
        break;
      case "not_found":
        this.#notFound(tracked, nowUs, cause);
        break;
      case "failed":
        break; // asked again by tick()
      default:
        outcome satisfies never;
    }
  }

  /** A request about an order that will have no answer any more. */
  requestLost(request: AdapterRequest, why: UnknownWhy, nowUs: number, cause: CauseId): void {
    const outcome = { kind: "unknown", why, details: "" } as const;
    switch (request.kind) {
      case "submit_batch":
        for (const order of request.orders) this.submitAnswered(order.clientOrderId, outcome, nowUs, cause);
        return;
      case "cancel_batch":
        for (const order of request.orders) this.cancelAnswered(order.clientOrderId, outcome, nowUs, cause);
        return;
      case "submit":
        return this.submitAnswered(request.order.clientOrderId, outcome, nowUs, cause);
      case "cancel":
        return this.cancelAnswered(request.clientOrderId, outcome, nowUs, cause);
      case "amend":
        return this.amendAnswered(request, outcome, nowUs, cause);
      case "query_order":
        return this.queryAnswered(request.clientOrderId, { kind: "failed", details: why }, nowUs, cause);
      default:
        return;
    }
  }

  // ---- the venue's word

  /** A report of the private stream, of a query by others, or of a list of open orders. */
  report(venue: VenueId, report: OrderReport, nowUs: number, cause: CauseId, askedUs = -Infinity): void {
    const tracked = this.#find(venue, report.clientOrderId, report.venueOrderId);
    if (tracked !== undefined) return this.#reported(tracked, report, nowUs, cause, askedUs);
    if (this.#ids.isOurs(report.clientOrderId)) return this.#adopt(venue, report, nowUs, cause);
    this.#port.foreignOrder(venue, report);
  }

  /** A fill, from whatever source. Returns false for a repeat. */
  fill(venue: VenueId, fill: Fill, nowUs: number, source: "stream" | "reconciliation"): boolean {
    const key = `${venue}/${fill.fillId}`;
    if (this.#fillIds.has(key)) return false;
    this.#rememberFill(key);
    const tracked = this.#find(venue, fill.clientOrderId, fill.venueOrderId);
    if (tracked === undefined || tracked.order.instrument !== fill.instrument) {
      this.#port.foreignFill(fill);
      return true;
    }
    this.#book(tracked, fill, nowUs);
    if (source === "reconciliation") {
      const { clientOrderId } = tracked.order;
      this.#port.repaired(venue, { kind: "fill_recovered", clientOrderId, fillId: fill.fillId });
    }
    return true;
  }

  /**
   * The venue's complete list of open orders, asked for at `askedUs`. What we think works and it does not name is
   * asked about one by one; what it names is a report.
   */
  openOrders(
    venue: VenueId,
    reports: readonly OrderReport[],
    askedUs: number,
    nowUs: number,
    cause: CauseId,
  ): void {
    const named = new Set<Tracked>();
    for (const report of reports) {
      this.report(venue, report, nowUs, cause, askedUs);
      const tracked = this.#find(venue, report.clientOrderId, report.venueOrderId);
      if (tracked !== undefined) named.add(tracked);
    }
    const oldUs = askedUs - this.#timing.notFoundGraceMs * 1000;
    for (const tracked of this.#working.values()) {
      const isOld = tracked.order.tsUpdatedUs <= oldUs && tracked.sentUs <= oldUs;
      if (tracked.venue === venue && isOld && !named.has(tracked)) this.#wantQuery(tracked, nowUs, 0);
    }
  }

  // ---- time

  /** Sends what is due: cancels again, questions about what is not known. */
  tick(nowUs: number): void {
    for (const tracked of [...this.#working.values()]) {
      this.#endAwaited(tracked, nowUs);
      if (isFinalStatus(tracked.order.status) || !this.#port.canSend(tracked.venue)) continue;
      const cause = causeId(`timer/order/${tracked.order.clientOrderId}`);
      if (tracked.isCancelWanted && nowUs >= tracked.nextCancelUs) this.#sendCancel(tracked, nowUs, cause);
      if (tracked.isQueryWanted && nowUs >= tracked.nextQueryUs) this.#sendQuery(tracked, nowUs);
    }
  }

  // ---- inside

  #track(order: Order, sentUs: number): Tracked {
    const tracked: Tracked = {
      order,
      venue: venueOf(order.instrument),
      sentUs,
      isAcknowledged: false,
      isConcluded: false,
      isCancelWanted: false,
      isCancelInFlight: false,
      nextCancelUs: 0,
      cancelAttempts: 0,
      isQueryWanted: false,
      isQueryInFlight: false,
      queryCauseUs: 0,
      nextQueryUs: 0,
      queryAttempts: 0,
      notFoundCount: 0,
      firstNotFoundUs: 0,
      awaitedEnd: undefined,
      amendEndedUs: undefined,
    };
    this.#tracked.set(order.clientOrderId, tracked);
    this.#working.set(order.clientOrderId, tracked);
    this.#byRef.set(`${order.plugin}/${order.ref}`, order.clientOrderId);
    return tracked;
  }

  /** Ended orders are forgotten in lots, oldest first; what was revived meanwhile stays. */
  #forgetOldest(): void {
    if (this.#ended.length < maxDoneOrders + forgottenAtOnce) return;
    for (const id of this.#ended.splice(0, forgottenAtOnce)) {
      const tracked = this.#tracked.get(id);
      if (tracked === undefined || this.#working.has(id)) continue;
      this.#tracked.delete(id);
      const { plugin, ref, venueOrderId } = tracked.order;
      if (this.#byRef.get(`${plugin}/${ref}`) === id) this.#byRef.delete(`${plugin}/${ref}`);
      if (venueOrderId !== undefined) this.#byVenueId.delete(`${tracked.venue}/${venueOrderId}`);
    }
  }

  #rememberFill(key: string): void {
    this.#fillIds.add(key);
    if (this.#fillIds.size <= maxFillIds) return;
    for (const oldest of this.#fillIds) {
      this.#fillIds.delete(oldest);
      return;
    }
  }

  #find(venue: VenueId, clientId: ClientOrderId | undefined, venueOrderId: string): Tracked | undefined {
    const id = clientId !== undefined && this.#tracked.has(clientId)
      ? clientId
      : this.#byVenueId.get(`${venue}/${venueOrderId}`);
    const tracked = id === undefined ? undefined : this.#tracked.get(id);
    return tracked?.venue === venue ? tracked : undefined;
  }

  #linkVenueId(tracked: Tracked, venueOrderId: Order["venueOrderId"]): void {
    if (venueOrderId === undefined || tracked.order.venueOrderId === venueOrderId) return;
    this.#byVenueId.set(`${tracked.venue}/${venueOrderId}`, tracked.order.clientOrderId);
    tracked.order = { ...tracked.order, venueOrderId };
  }

  /** One row of the table of transitions. */
  #apply(
    tracked: Tracked,
    event: OrderEvent,
    nowUs: number,
    cause: CauseId,
    change: OrderChange,
  ): void {
    const before = tracked.order;
    const filledLots = change.filledLots ?? before.filledLots;
    const next = transition(before.status, event, filledLots);
    if (next.kind === "illegal") return this.#illegal(tracked, event, nowUs);
    if (next.kind === "ignore") {
      if (change.terms === undefined) return;
      tracked.order = { ...before, ...change.terms, tsUpdatedUs: nowUs };
      return this.#port.orderChanged(before, tracked.order, event, cause);
    }
    const isNew = next.status !== before.status;
    const after: Order = {
      ...before,
      ...change.terms,
      filledLots,
      filledTicksLots: change.filledTicksLots ?? before.filledTicksLots,
      reason: change.reason ?? (isNew ? undefined : before.reason),
      venueText: change.venueText ?? (isNew ? undefined : before.venueText),
      status: next.status,
      tsUpdatedUs: nowUs,
    };
    tracked.order = after;
    this.#index(tracked, before);
    if (isNew || after.filledLots !== before.filledLots || change.terms !== undefined) {
      this.#port.orderChanged(before, after, event, cause);
    }
  }

  #index(tracked: Tracked, before: Order): void {
    const { clientOrderId: id, status } = tracked.order;
    if (isFinalStatus(status)) {
      if (this.#working.delete(id)) this.#ended.push(id);
      this.#forgetOldest();
      tracked.awaitedEnd = undefined;
      tracked.isQueryWanted = false;
    } else if (isFinalStatus(before.status)) {
      this.#working.set(id, tracked);
      tracked.isConcluded = false;
      this.#port.notice("ORDER_REVIVED", { clientOrderId: id, before: before.status, after: status });
      this.#port.repaired(tracked.venue, { kind: "order_revived", clientOrderId: id });
    }
  }

  #illegal(tracked: Tracked, event: OrderEvent, nowUs: number): void {
    const { clientOrderId, status } = tracked.order;
    this.#port.notice("ORDER_ILLEGAL_TRANSITION", { clientOrderId, status, event });
    if (!isFinalStatus(status)) this.#wantQuery(tracked, nowUs, 0);
  }

  #answerLost(tracked: Tracked, why: UnknownWhy, nowUs: number, cause: CauseId): void {
    if (isFinalStatus(tracked.order.status)) return;
    const { clientOrderId, status } = tracked.order;
    if (status !== "unknown") this.#port.notice("ORDER_UNKNOWN", { clientOrderId, was: status, why });
    this.#apply(tracked, "answer_lost", nowUs, cause, {});
    this.#wantQuery(tracked, nowUs, 0);
  }

  #rejected(tracked: Tracked, reason: RejectCode, venueText: string, nowUs: number, cause: CauseId): void {
    // What has filled was not rejected: the rest is cancelled.
    const event = tracked.order.filledLots > 0 ? "cancelled" : "rejected";
    this.#apply(tracked, event, nowUs, cause, { reason, venueText });
  }

  /** @param askedUs when the venue was asked for it; -Infinity for what it told by itself, which may be old news */
  #reported(tracked: Tracked, report: OrderReport, nowUs: number, cause: CauseId, askedUs: number): void {
    tracked.isAcknowledged = true;
    tracked.notFoundCount = 0;
    this.#linkVenueId(tracked, report.venueOrderId);
    const isBehind = report.filledLots > tracked.order.filledLots;
    if (isBehind) this.#port.fillsWanted(tracked.venue);
    if (report.status === "open") {
      const event = tracked.isConcluded ? "found_alive" : "reported_open";
      const isEndTold = tracked.awaitedEnd !== undefined;
      if (isEndTold) return;
      this.#readTerms(tracked, report, nowUs, cause, askedUs);
      this.#apply(tracked, event, nowUs, cause, {});
      return;
    }
    if (isFinalStatus(tracked.order.status)) return;
    this.#endAmendment(tracked, report, cause);
    tracked.awaitedEnd ??= {
      event: report.status,
      reason: report.reason,
      venueText: report.venueText,
      reportedLots: report.filledLots,
      sinceUs: nowUs,
    };
    this.#endAwaited(tracked, nowUs, cause);
  }

  /** Which terms an amended order has, by the venue's word on it. */
  #readTerms(tracked: Tracked, report: OrderReport, nowUs: number, cause: CauseId, askedUs: number): void {
    const { order, amendEndedUs } = tracked;
    if (amendEndedUs === undefined && order.amending === undefined) return; // it was never amended
    // Only what was asked for after the amendment's answer, or its loss, is newer than the amendment.
    const isNewer = amendEndedUs !== undefined && askedUs >= amendEndedUs &&
      order.status !== "pending_replace";
    if (order.amending === undefined) {
      const held = isNewer ? termsOf(order, report) : undefined;
      if (held === undefined) return;
      const terms = { ...pricingAndSize(order, held), amending: undefined };
      return this.#apply(tracked, "replaced", nowUs, cause, { terms });
    }
    const found = termsReported(order, report);
    if (found === "amended") this.#settleAmendment(tracked, order.amending, nowUs, cause);
    else if (found === "unchanged" && isNewer) this.#settleAmendment(tracked, undefined, nowUs, cause);
  }

  /** The report of an end says which terms it ended with. */
  #endAmendment(tracked: Tracked, report: OrderReport, cause: CauseId): void {
    const before = tracked.order;
    if (before.amending === undefined) return;
    const held = termsReported(before, report) === "amended" ? before.amending : undefined;
    tracked.order = { ...before, ...pricingAndSize(before, held), amending: undefined };
    this.#port.orderChanged(before, tracked.order, "terms_known", cause);
  }

  /** Ends an order whose end was told, once its fills are there, or it is clear that they won't come. */
  #endAwaited(tracked: Tracked, nowUs: number, cause?: CauseId): void {
    const end = tracked.awaitedEnd;
    const { order } = tracked;
    if (end === undefined || isFinalStatus(order.status)) return;
    if (order.filledLots < end.reportedLots) {
      const isFillsRead = this.#port.fillsReadUs(tracked.venue) > end.sinceUs;
      const isLate = nowUs - end.sinceUs > missingFillsUs;
      if (!isLate || !isFillsRead) {
        if (isLate) this.#port.fillsWanted(tracked.venue);
        return;
      }
      const { clientOrderId, filledLots } = order;
      this.#port.notice("FILLS_MISSING", { clientOrderId, filledLots, reportedLots: end.reportedLots });
    }
    const { event, reason } = this.#endEvent(tracked, end);
    tracked.awaitedEnd = undefined;
    const because = cause ?? causeId(`timer/order/${order.clientOrderId}`);
    this.#apply(tracked, event, nowUs, because, { reason, venueText: end.venueText });
  }

  /** A venue that trims a reduce-only order calls it filled below our size: the rest is cancelled by the venue. */
  #endEvent(
    tracked: Tracked,
    end: AwaitedEnd,
  ): { readonly event: OrderEvent; readonly reason: RejectCode | CancelReason } {
    if (end.event === "filled") {
      const { filledLots, sizeLots: size } = tracked.order;
      return { event: filledLots >= size ? "fill_complete" : "cancelled", reason: end.reason ?? "venue" };
    }
    if (end.event === "expired") return { event: "expired", reason: end.reason ?? "venue" };
    if (end.event === "rejected" && tracked.order.filledLots === 0) {
      return { event: "rejected", reason: end.reason ?? "other" };
    }
    return { event: "cancelled", reason: end.reason ?? this.#cancelReason(tracked) };
  }

  #cancelReason(tracked: Tracked): CancelReason {
    if (tracked.isCancelWanted) return "requested";
    const { pricing } = tracked.order;
    const isImmediate = pricing.kind === "market" || pricing.timeInForce === "IOC";
    return isImmediate ? "ioc_remainder" : "venue";
  }

  #book(tracked: Tracked, fill: Fill, nowUs: number): void {
    const { order } = tracked;
    tracked.isAcknowledged = true;
    tracked.notFoundCount = 0;
    this.#linkVenueId(tracked, fill.venueOrderId);
    const filledLots = sizeLots(order.filledLots + fill.sizeLots);
    const filledTicksLots = order.filledTicksLots + BigInt(fill.priceTicks) * BigInt(fill.sizeLots);
    const size = largestLots(order);
    if (filledLots > size) {
      const { clientOrderId } = order;
      this.#port.notice("ORDER_OVERFILLED", { clientOrderId, sizeLots: size, filledLots });
    }
    this.#port.filled(order, fill);
    const event = filledLots >= size ? "fill_complete" : "fill_partial";
    const cause = causeId(`fill/${tracked.venue}/${fill.fillId}`);
    this.#apply(tracked, event, nowUs, cause, { filledLots, filledTicksLots });
    this.#endAwaited(tracked, nowUs, cause);
  }

  #adopt(venue: VenueId, report: OrderReport, nowUs: number, cause: CauseId): void {
    const parsed = report.clientOrderId === undefined ? undefined : this.#ids.parse(report.clientOrderId);
    if (report.status !== "open" || report.clientOrderId === undefined || parsed === undefined) return;
    this.#ids.observe(report.clientOrderId);
    const { clientOrderId, limitPriceTicks } = report;
    const order: Order = {
      instrument: report.instrument,
      side: report.side,
      sizeLots: report.sizeLots,
      reduceOnly: report.reduceOnly,
      pricing: limitPriceTicks === undefined
        ? { kind: "market", worstPriceTicks: undefined }
        : { kind: "limit", limitPriceTicks, timeInForce: "GTC", postOnly: false },
      clientOrderId,
      plugin: this.#port.pluginOf(parsed.pluginHash),
      ref: `adopted_${clientOrderId}`,
      venueOrderId: undefined,
      status: "accepted",
      filledLots: sizeLots(0),
      filledTicksLots: 0n,
      reason: undefined,
      venueText: undefined,
      cause,
      tsCreatedUs: nowUs,
      tsUpdatedUs: nowUs,
    };
    const tracked = this.#track(order, nowUs);
    tracked.isAcknowledged = true;
    this.#linkVenueId(tracked, report.venueOrderId);
    this.#port.orderChanged(undefined, tracked.order, "adopted", cause);
    this.#port.repaired(venue, { kind: "order_adopted", clientOrderId });
    this.#port.notice("ORDER_ADOPTED", { clientOrderId, venue });
    if (report.filledLots > 0) this.#port.fillsWanted(venue);
    this.cancel(clientOrderId, nowUs, cause);
  }

  #sendCancel(tracked: Tracked, nowUs: number, cause: CauseId): void {
    const { order, venue } = tracked;
    const isWaiting = order.status === "pending_new" || tracked.awaitedEnd !== undefined;
    if (isFinalStatus(order.status) || tracked.isCancelInFlight || isWaiting) return;
    if (!this.#port.canSend(venue)) return;
    tracked.isCancelInFlight = true;
    tracked.cancelAttempts += 1;
    const { instrument, clientOrderId, venueOrderId } = order;
    this.#apply(tracked, "cancel_sent", nowUs, cause, {});
    this.#port.send(venue, { kind: "cancel", instrument, clientOrderId, venueOrderId }, false);
  }

  #backoffUs(attempts: number): number {
    return this.#timing.queryEveryMs * 1000 * Math.min(maxBackoffFactor, 2 ** Math.max(0, attempts - 1));
  }

  #retryCancelLater(tracked: Tracked, nowUs: number): void {
    tracked.nextCancelUs = nowUs + 2 * this.#backoffUs(tracked.cancelAttempts);
  }

  #wantQuery(tracked: Tracked, nowUs: number, delayMs: number): void {
    if (tracked.isQueryWanted) return;
    tracked.isQueryWanted = true;
    tracked.queryAttempts = 0;
    tracked.nextQueryUs = nowUs + delayMs * 1000;
  }

  #sendQuery(tracked: Tracked, nowUs: number): void {
    // A submission without an answer may still be on its way out: "not found" would say nothing.
    if (tracked.isQueryInFlight || tracked.order.status === "pending_new") return;
    tracked.isQueryInFlight = true;
    tracked.queryCauseUs = nowUs;
    tracked.queryAttempts += 1;
    tracked.nextQueryUs = nowUs + this.#backoffUs(tracked.queryAttempts);
    const { instrument, clientOrderId, venueOrderId } = tracked.order;
    if (tracked.queryAttempts === longUnknownAttempts) {
      const seconds = Math.round((nowUs - tracked.order.tsUpdatedUs) / 1e6);
      this.#port.notice("ORDER_UNKNOWN_LASTS", { clientOrderId, status: tracked.order.status, seconds });
    }
    this.#port.send(tracked.venue, { kind: "query_order", instrument, clientOrderId, venueOrderId }, false);
  }

  #notFound(tracked: Tracked, nowUs: number, cause: CauseId): void {
    if (isFinalStatus(tracked.order.status)) return;
    if (tracked.queryCauseUs - tracked.sentUs < this.#timing.notFoundGraceMs * 1000) return; // too early to count
    if (tracked.notFoundCount === 0) {
      tracked.firstNotFoundUs = nowUs;
      this.#port.fillsWanted(tracked.venue);
    }
    tracked.notFoundCount += 1;
    const isFillsRead = this.#port.fillsReadUs(tracked.venue) >= tracked.firstNotFoundUs;
    if (tracked.notFoundCount < 2 || !isFillsRead || isFinalStatus(tracked.order.status)) return;
    const { clientOrderId, filledLots } = tracked.order;
    const event = tracked.isAcknowledged || filledLots > 0 ? "gone" : "never_arrived";
    tracked.isConcluded = true;
    this.#port.repaired(tracked.venue, { kind: "order_gone", clientOrderId });
    this.#apply(tracked, event, nowUs, cause, { reason: "not_found" });
  }
}
