/**
 * The life of one order: rows of the table of transitions applied to what is known of it, fills booked, and an end that
 * was told kept back until its fills are there.
 */
import type { Fill } from "../model/account.ts";
import { type CauseId, causeId } from "../model/ids.ts";
import { isFinalStatus, type Order, type UnknownWhy } from "../model/order.ts";
import { largestLots, type OrderEvent, transition } from "../model/order_transitions.ts";
import { sizeLots } from "../model/ticks.ts";
import type { OrderManagerPort } from "./order_manager_port.ts";
import { endEvent } from "./order_records.ts";
import type { OrderChange } from "./order_terms.ts";
import { type Tracked, type TrackedOrders, wantQuery } from "./tracked_orders.ts";

/** For fills of an order whose end was told; then the end counts, and a late fill is booked all the same. */
const missingFillsUs = 15_000_000;

export class OrderLife {
  readonly #port: OrderManagerPort;
  readonly #known: TrackedOrders;

  constructor(port: OrderManagerPort, known: TrackedOrders) {
    this.#port = port;
    this.#known = known;
  }

  /** One row of the table of transitions; its change is told. */
  apply(
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
    if (!isFinalStatus(status)) wantQuery(tracked, nowUs, 0);
  }

  /** Nobody knows what became of a request: the venue is asked. */
  answerLost(tracked: Tracked, why: UnknownWhy, nowUs: number, cause: CauseId): void {
    if (isFinalStatus(tracked.order.status)) return;
    const { clientOrderId, status } = tracked.order;
    if (status !== "unknown") this.#port.notice("ORDER_UNKNOWN", { clientOrderId, was: status, why });
    this.apply(tracked, "answer_lost", nowUs, cause, {});
    wantQuery(tracked, nowUs, 0);
  }

  /** Ends an order whose end was told, once its fills are there, or it is clear that they won't come. */
  endAwaited(tracked: Tracked, nowUs: number, cause?: CauseId): void {
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
    this.apply(tracked, event, nowUs, because, { reason, venueText: end.venueText });
  }

  /** A fill that is not a repeat; over-fills are booked and shown. */
  book(tracked: Tracked, fill: Fill, nowUs: number): void {
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
    this.apply(tracked, event, nowUs, cause, { filledLots, filledTicksLots });
    this.endAwaited(tracked, nowUs, cause);
  }
}
