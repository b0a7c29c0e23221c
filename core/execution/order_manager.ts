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
import { type CauseId, causeId, type ClientOrderId, type PluginId, type VenueId } from "../model/ids.ts";
import {
  type AmendedTerms,
  type AmendOutcome,
  type CancelOutcome,
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
import type { OrderManagerPort, OrderManagerTiming } from "./order_manager_port.ts";
import { adoptedOrder, endEvent, newOrder } from "./order_records.ts";
import { areSameTerms, type OrderChange, pricingAndSize, termsOf, termsReported } from "./order_terms.ts";
import { type Tracked, TrackedOrders } from "./tracked_orders.ts";

const maxBackoffFactor = 16;
/** Queries without an answer that are worth a line. */
const longUnknownAttempts = 8;
/** For fills of an order whose end was told; then the end counts, and a late fill is booked all the same. */
const missingFillsUs = 15_000_000;

export class OrderManager {
  readonly #port: OrderManagerPort;
  readonly #ids: ClientOrderIds;
  readonly #timing: OrderManagerTiming;
  readonly #known = new TrackedOrders();

  constructor(port: OrderManagerPort, ids: ClientOrderIds, timing: OrderManagerTiming) {
    this.#port = port;
    this.#ids = ids;
    this.#timing = timing;
  }

  // ---- questions

  get(id: ClientOrderId): Order | undefined {
    return this.#known.get(id)?.order;
  }

  /** A plugin's order by its own name for it, the newest of that name. */
  byRef(plugin: PluginId, ref: string): Order | undefined {
    return this.#known.byRef(plugin, ref)?.order;
  }

  /** Not done, oldest first. */
  working(): readonly Order[] {
    return this.#known.allWorking().map(({ order }) => order);
  }

  get workingCount(): number {
    return this.#known.workingCount;
  }

  /** The newest booked fills, newest last, for a checkpoint. */
  bookedFills(): readonly { readonly venue: VenueId; readonly fillId: string }[] {
    return this.#known.bookedFills();
  }

  // ---- commands

  /** Sends an approved order: journal first, then the adapter. */
  submit(intent: RiskApproved<OrderIntent>, nowUs: number): Order {
    const order = newOrder(intent, this.#ids.next(intent.plugin), nowUs);
    const { clientOrderId, instrument, side, sizeLots: size, reduceOnly, pricing } = order;
    const tracked = this.#known.track(order, nowUs);
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
    for (const { venue, fillId } of bookedFills) this.#known.rememberFill(`${venue}/${fillId}`);
    for (const order of orders) {
      if (isFinalStatus(order.status) || this.#known.has(order.clientOrderId)) continue;
      this.#ids.observe(order.clientOrderId);
      // The earlier run's clock may have been ahead of ours.
      const tracked = this.#known.track(order, Math.min(order.tsCreatedUs, nowUs));
      tracked.isAcknowledged = order.venueOrderId !== undefined;
      if (order.venueOrderId !== undefined) this.#known.linkVenueId(tracked, order.venueOrderId);
      tracked.isQueryWanted = true;
      if (order.amending !== undefined) tracked.amendEndedUs = nowUs; // its answer came to nobody
      const unknown: Order = { ...order, status: "unknown" };
      tracked.order = unknown;
      this.#port.orderChanged(undefined, unknown, "restored", order.cause);
    }
  }

  /** Asks for a cancel; nothing to do when the order is done. Pursued until it is. */
  cancel(id: ClientOrderId, nowUs: number, cause: CauseId): void {
    const tracked = this.#known.working(id);
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
    const tracked = this.#known.working(id);
    if (tracked === undefined || tracked.isCancelWanted || tracked.awaitedEnd !== undefined) return false;
    const { status, pricing, instrument, side, venueOrderId, amending: before } = tracked.order;
    const isResting = status === "accepted" || status === "partially_filled";
    if (
      !isResting || before !== undefined || pricing.kind !== "limit" || !this.#port.canSend(tracked.venue)
    ) return false;
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
    for (const tracked of this.#known.allWorking()) {
      const before = tracked.order;
      if (before.plugin !== plugin || isHostRef(before.ref)) continue;
      this.#known.rename(tracked, `earlier_${before.clientOrderId}`);
      this.#port.orderChanged(before, tracked.order, "renamed", before.cause);
    }
  }

  // ---- answers

  submitAnswered(id: ClientOrderId, outcome: SubmitOutcome, nowUs: number, cause: CauseId): void {
    const tracked = this.#known.get(id);
    if (tracked === undefined) return;
    switch (outcome.kind) {
      case "acknowledged":
        tracked.isAcknowledged = true;
        this.#known.linkVenueId(tracked, outcome.venueOrderId);
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
    const tracked = this.#known.get(id);
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
    const tracked = this.#known.get(clientOrderId);
    if (tracked === undefined || isFinalStatus(tracked.order.status)) return;
    if (!areSameTerms(tracked.order.amending, asked)) return this.#wantQuery(tracked, nowUs, 0);
    tracked.amendEndedUs = nowUs;
    switch (outcome.kind) {
      case "acknowledged":
        this.#known.linkVenueId(tracked, outcome.venueOrderId);
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
    const tracked = this.#known.get(id);
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
    const tracked = this.#known.find(venue, report.clientOrderId, report.venueOrderId);
    if (tracked !== undefined) return this.#reported(tracked, report, nowUs, cause, askedUs);
    if (this.#ids.isOurs(report.clientOrderId)) return this.#adopt(venue, report, nowUs, cause);
    this.#port.foreignOrder(venue, report);
  }

  /** A fill, from whatever source. Returns false for a repeat. */
  fill(venue: VenueId, fill: Fill, nowUs: number, source: "stream" | "reconciliation"): boolean {
    const key = `${venue}/${fill.fillId}`;
    if (this.#known.hasFill(key)) return false;
    this.#known.rememberFill(key);
    const tracked = this.#known.find(venue, fill.clientOrderId, fill.venueOrderId);
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
      const tracked = this.#known.find(venue, report.clientOrderId, report.venueOrderId);
      if (tracked !== undefined) named.add(tracked);
    }
    const oldUs = askedUs - this.#timing.notFoundGraceMs * 1000;
    for (const tracked of this.#known.allWorking()) {
      const isOld = tracked.order.tsUpdatedUs <= oldUs && tracked.sentUs <= oldUs;
      if (tracked.venue === venue && isOld && !named.has(tracked)) this.#wantQuery(tracked, nowUs, 0);
    }
  }

  // ---- time

  /** Sends what is due: cancels again, questions about what is not known. */
  tick(nowUs: number): void {
    for (const tracked of this.#known.allWorking()) {
      this.#endAwaited(tracked, nowUs);
      if (isFinalStatus(tracked.order.status) || !this.#port.canSend(tracked.venue)) continue;
      const cause = causeId(`timer/order/${tracked.order.clientOrderId}`);
      if (tracked.isCancelWanted && nowUs >= tracked.nextCancelUs) this.#sendCancel(tracked, nowUs, cause);
      if (tracked.isQueryWanted && nowUs >= tracked.nextQueryUs) this.#sendQuery(tracked, nowUs);
    }
  }

  // ---- inside

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
      this.#known.ended(id);
      tracked.awaitedEnd = undefined;
      tracked.isQueryWanted = false;
    } else if (isFinalStatus(before.status)) {
      this.#known.revived(tracked);
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
    this.#known.linkVenueId(tracked, report.venueOrderId);
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
    if (before.amending === undefined && tracked.amendEndedUs === undefined) return;
    const held = termsOf(before, report);
    if (before.amending === undefined && held === undefined) return;
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
    const { event, reason } = endEvent(tracked, end);
    tracked.awaitedEnd = undefined;
    const because = cause ?? causeId(`timer/order/${order.clientOrderId}`);
    this.#apply(tracked, event, nowUs, because, { reason, venueText: end.venueText });
  }

  #book(tracked: Tracked, fill: Fill, nowUs: number): void {
    const { order } = tracked;
    tracked.isAcknowledged = true;
    tracked.notFoundCount = 0;
    this.#known.linkVenueId(tracked, fill.venueOrderId);
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
    const { clientOrderId } = report;
    const order = adoptedOrder(report, clientOrderId, this.#port.pluginOf(parsed.pluginHash), cause, nowUs);
    const tracked = this.#known.track(order, nowUs);
    tracked.isAcknowledged = true;
    this.#known.linkVenueId(tracked, report.venueOrderId);
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
