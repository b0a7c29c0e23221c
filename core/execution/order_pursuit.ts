/**
 * What is asked of the venue until its answer is known: cancels, which are sent again when they were refused, lost or
 * late, and questions about orders that nobody knows the state of.
 */
import type { CauseId } from "../model/ids.ts";
import type { OrderKey } from "../model/adapter_request.ts";
import { isFinalStatus, type Order } from "../model/order.ts";
import type { OrderLife } from "./order_life.ts";
import type { OrderManagerPort, OrderManagerTiming } from "./order_manager_port.ts";
import type { Tracked } from "./tracked_orders.ts";

const maxBackoffFactor = 16;
/** Queries without an answer that are worth a line. */
const longUnknownAttempts = 8;

export class OrderPursuit {
  readonly #port: OrderManagerPort;
  readonly #timing: OrderManagerTiming;
  readonly #life: OrderLife;

  constructor(port: OrderManagerPort, timing: OrderManagerTiming, life: OrderLife) {
    this.#port = port;
    this.#timing = timing;
    this.#life = life;
  }

  sendCancel(tracked: Tracked, nowUs: number, cause: CauseId): void {
    const { order, venue } = tracked;
    const isWaiting = order.status === "pending_new" || tracked.awaitedEnd !== undefined;
    if (isFinalStatus(order.status) || tracked.isCancelInFlight || isWaiting) return;
    if (!this.#port.canSend(venue)) return;
    tracked.isCancelInFlight = true;
    tracked.cancelAttempts += 1;
    this.#life.apply(tracked, "cancel_sent", nowUs, cause, {});
    this.#port.send(venue, { kind: "cancel", ...keyOf(order) }, false);
  }

  retryCancelLater(tracked: Tracked, nowUs: number): void {
    tracked.nextCancelUs = nowUs + 2 * this.#backoffUs(tracked.cancelAttempts);
  }

  sendQuery(tracked: Tracked, nowUs: number): void {
    // A submission without an answer may still be on its way out: "not found" would say nothing.
    if (tracked.isQueryInFlight || tracked.order.status === "pending_new") return;
    tracked.isQueryInFlight = true;
    tracked.queryCauseUs = nowUs;
    tracked.queryAttempts += 1;
    tracked.nextQueryUs = nowUs + this.#backoffUs(tracked.queryAttempts);
    if (tracked.queryAttempts === longUnknownAttempts) {
      const seconds = Math.round((nowUs - tracked.order.tsUpdatedUs) / 1e6);
      const { clientOrderId, status } = tracked.order;
      this.#port.notice("ORDER_UNKNOWN_LASTS", { clientOrderId, status, seconds });
    }
    this.#port.send(tracked.venue, { kind: "query_order", ...keyOf(tracked.order) }, false);
  }

  /** The venue does not know it: that counts when it was said twice, with the fills read between. */
  notFound(tracked: Tracked, nowUs: number, cause: CauseId): void {
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
    this.#life.apply(tracked, event, nowUs, cause, { reason: "not_found" });
  }

  #backoffUs(attempts: number): number {
    return this.#timing.queryEveryMs * 1000 * Math.min(maxBackoffFactor, 2 ** Math.max(0, attempts - 1));
  }
}

const keyOf = ({ instrument, clientOrderId, venueOrderId, trigger }: Order): OrderKey => ({
  instrument,
  clientOrderId,
  venueOrderId,
  ...(trigger === undefined ? {} : { isTrigger: true }),
});
