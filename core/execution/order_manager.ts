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
  type SubmitOutcome,
  type UnknownWhy,
} from "../model/order.ts";
import type { RiskApproved } from "../risk/gate.ts";
import type { ClientOrderIds } from "./client_order_ids.ts";
import type { OrderManagerPort, OrderManagerTiming } from "./order_manager_port.ts";
import { type AskedAmendment, OrderAmendments } from "./order_amendments.ts";
import { OrderLife } from "./order_life.ts";
import { OrderPursuit } from "./order_pursuit.ts";
import { adoptedOrder, newOrder } from "./order_records.ts";
import { type Tracked, TrackedOrders, wantQuery } from "./tracked_orders.ts";

export class OrderManager {
  readonly #port: OrderManagerPort;
  readonly #ids: ClientOrderIds;
  readonly #timing: OrderManagerTiming;
  readonly #known = new TrackedOrders();
  readonly #life: OrderLife;
  readonly #amendments: OrderAmendments;
  readonly #pursuit: OrderPursuit;

  constructor(port: OrderManagerPort, ids: ClientOrderIds, timing: OrderManagerTiming) {
    this.#port = port;
    this.#ids = ids;
    this.#timing = timing;
    this.#life = new OrderLife(port, this.#known);
    this.#amendments = new OrderAmendments(port, timing, this.#known, this.#life);
    this.#pursuit = new OrderPursuit(port, timing, this.#life);
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
    const { clientOrderId, instrument, side, sizeLots: size, reduceOnly, pricing, trigger } = order;
    const tracked = this.#known.track(order, nowUs);
    this.#port.orderChanged(undefined, order, "created", order.cause);
    const terms = { clientOrderId, instrument, side, sizeLots: size, reduceOnly, pricing };
    const request = trigger === undefined ? terms : { ...terms, trigger };
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
    this.#pursuit.sendCancel(tracked, nowUs, cause);
  }

  /** Notes, and has journalled, what is to take an order's place; undefined: nothing is. */
  intendReplacement(id: ClientOrderId, replacement: AmendedTerms | undefined, cause: CauseId): void {
    const tracked = this.#known.working(id);
    if (tracked === undefined || tracked.order.replacement === replacement) return;
    const before = tracked.order;
    tracked.order = { ...before, replacement };
    this.#port.orderChanged(before, tracked.order, replacement ? "replacing" : "not_replaced", cause);
  }

  /** @see OrderAmendments.send */
  amend(id: ClientOrderId, amending: AmendedTerms, nowUs: number, cause: CauseId): boolean {
    return this.#amendments.send(id, amending, nowUs, cause);
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
        this.#life.apply(tracked, "acknowledged", nowUs, cause, {});
        break;
      case "rejected":
        this.#rejected(tracked, outcome.code, outcome.venueText, nowUs, cause);
        break;
      case "unknown":
        this.#life.answerLost(tracked, outcome.why, nowUs, cause);
        break;
      default:
        outcome satisfies never;
    }
    if (tracked.isCancelWanted) this.#pursuit.sendCancel(tracked, nowUs, cause);
  }

  cancelAnswered(id: ClientOrderId, outcome: CancelOutcome, nowUs: number, cause: CauseId): void {
    const tracked = this.#known.get(id);
    if (tracked === undefined) return;
    tracked.isCancelInFlight = false;
    if (isFinalStatus(tracked.order.status)) return;
    switch (outcome.kind) {
      case "acknowledged":
        // Acknowledged is not cancelled: the report says so, or the answer to a question if the report stays out.
        this.#pursuit.retryCancelLater(tracked, nowUs);
        wantQuery(tracked, nowUs, this.#timing.queryEveryMs);
        break;
      case "already_done":
        this.#pursuit.retryCancelLater(tracked, nowUs);
        this.#port.fillsWanted(tracked.venue);
        wantQuery(tracked, nowUs, 0);
        break;
      case "rejected":
        this.#cancelRefused(tracked, outcome.code, outcome.venueText, nowUs, cause);
        break;
      case "unknown":
        this.#pursuit.retryCancelLater(tracked, nowUs);
        this.#life.answerLost(tracked, outcome.why, nowUs, cause);
        break;
      default:
        outcome satisfies never;
    }
  }

  #cancelRefused(tracked: Tracked, code: RejectCode, venueText: string, nowUs: number, cause: CauseId): void {
    this.#pursuit.retryCancelLater(tracked, nowUs);
    if (code === "order_not_found" || code === "order_already_done") {
      this.#port.fillsWanted(tracked.venue);
      wantQuery(tracked, nowUs, 0);
      return;
    }
    this.#port.notice("CANCEL_REFUSED", { clientOrderId: tracked.order.clientOrderId, code, venueText });
    // The venue would not cancel what nobody knows to be there: that makes it no more known.
    this.#life.apply(tracked, tracked.isAcknowledged ? "cancel_refused" : "answer_lost", nowUs, cause, {});
  }

  amendAnswered(asked: AskedAmendment, outcome: AmendOutcome, nowUs: number, cause: CauseId): void {
    this.#amendments.answered(asked, outcome, nowUs, cause);
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
        this.#pursuit.notFound(tracked, nowUs, cause);
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
        return this.#amendments.answered(request, outcome, nowUs, cause);
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
    this.#life.book(tracked, fill, nowUs);
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
      if (tracked.venue === venue && isOld && !named.has(tracked)) wantQuery(tracked, nowUs, 0);
    }
  }

  // ---- time

  /** Sends what is due: cancels again, questions about what is not known. */
  tick(nowUs: number): void {
    for (const tracked of this.#known.allWorking()) {
      this.#life.endAwaited(tracked, nowUs);
      if (isFinalStatus(tracked.order.status) || !this.#port.canSend(tracked.venue)) continue;
      const cause = causeId(`timer/order/${tracked.order.clientOrderId}`);
      if (tracked.isCancelWanted && nowUs >= tracked.nextCancelUs) {
        this.#pursuit.sendCancel(tracked, nowUs, cause);
      }
      if (tracked.isQueryWanted && nowUs >= tracked.nextQueryUs) this.#pursuit.sendQuery(tracked, nowUs);
    }
  }

  // ---- inside

  #rejected(tracked: Tracked, reason: RejectCode, venueText: string, nowUs: number, cause: CauseId): void {
    // What has filled was not rejected: the rest is cancelled.
    const event = tracked.order.filledLots > 0 ? "cancelled" : "rejected";
    this.#life.apply(tracked, event, nowUs, cause, { reason, venueText });
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
      this.#amendments.read(tracked, report, nowUs, cause, askedUs);
      this.#life.apply(tracked, event, nowUs, cause, {});
      return;
    }
    if (isFinalStatus(tracked.order.status)) return;
    this.#amendments.end(tracked, report, cause);
    tracked.awaitedEnd ??= {
      event: report.status,
      reason: report.reason,
      venueText: report.venueText,
      reportedLots: report.filledLots,
      sinceUs: nowUs,
    };
    this.#life.endAwaited(tracked, nowUs, cause);
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
}
