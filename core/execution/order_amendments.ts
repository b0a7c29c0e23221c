/**
 * Changes of orders where they work: which terms hold is known by the venue's word alone, and until then the larger
 * size counts.
 */
import type { CauseId, ClientOrderId } from "../model/ids.ts";
import {
  type AmendedTerms,
  type AmendOutcome,
  isFinalStatus,
  type OrderReport,
  type Rejection,
} from "../model/order.ts";
import type { OrderLife } from "./order_life.ts";
import type { OrderManagerPort, OrderManagerTiming } from "./order_manager_port.ts";
import { areSameTerms, pricingAndSize, termsOf, termsReported } from "./order_terms.ts";
import { type Tracked, type TrackedOrders, wantQuery } from "./tracked_orders.ts";

/** The terms that a request named, and of which order: a late answer may belong to an earlier amendment. */
export type AskedAmendment = AmendedTerms & { readonly clientOrderId: ClientOrderId };

export class OrderAmendments {
  readonly #port: OrderManagerPort;
  readonly #timing: OrderManagerTiming;
  readonly #known: TrackedOrders;
  readonly #life: OrderLife;

  constructor(port: OrderManagerPort, timing: OrderManagerTiming, known: TrackedOrders, life: OrderLife) {
    this.#port = port;
    this.#timing = timing;
    this.#known = known;
    this.#life = life;
  }

  /**
   * Asks the venue to change a limit order that works; false when it does not, or a change is on its way already. Until the
   * venue's word on it the larger size counts.
   */
  send(id: ClientOrderId, amending: AmendedTerms, nowUs: number, cause: CauseId): boolean {
    const tracked = this.#known.working(id);
    if (tracked === undefined || tracked.isCancelWanted || tracked.awaitedEnd !== undefined) return false;
    const { status, pricing, instrument, side, venueOrderId, amending: before } = tracked.order;
    const isResting = status === "accepted" || status === "partially_filled";
    if (
      !isResting || before !== undefined || pricing.kind !== "limit" || !this.#port.canSend(tracked.venue)
    ) return false;
    tracked.amendEndedUs = undefined;
    this.#life.apply(tracked, "replace_sent", nowUs, cause, {
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

  answered(
    { clientOrderId, ...asked }: AskedAmendment,
    outcome: AmendOutcome,
    nowUs: number,
    cause: CauseId,
  ): void {
    const tracked = this.#known.get(clientOrderId);
    if (tracked === undefined || isFinalStatus(tracked.order.status)) return;
    if (!areSameTerms(tracked.order.amending, asked)) return wantQuery(tracked, nowUs, 0);
    tracked.amendEndedUs = nowUs;
    switch (outcome.kind) {
      case "acknowledged":
        this.#known.linkVenueId(tracked, outcome.venueOrderId);
        this.#settle(tracked, tracked.order.amending, nowUs, cause);
        // Acknowledged is what the gateway says; which terms hold is asked of the venue besides.
        wantQuery(tracked, nowUs, this.#timing.queryEveryMs);
        break;
      case "already_done":
        this.#port.fillsWanted(tracked.venue);
        wantQuery(tracked, nowUs, 0);
        break;
      case "rejected":
        this.#refused(tracked, outcome, nowUs, cause);
        break;
      case "unknown":
        this.#life.answerLost(tracked, outcome.why, nowUs, cause);
        break;
      default:
        outcome satisfies never;
    }
  }

  #refused(tracked: Tracked, { code, venueText }: Rejection, nowUs: number, cause: CauseId): void {
    if (code === "order_not_found" || code === "order_already_done") {
      this.#port.fillsWanted(tracked.venue);
      wantQuery(tracked, nowUs, 0);
      return;
    }
    this.#port.notice("AMEND_REFUSED", { clientOrderId: tracked.order.clientOrderId, code, venueText });
    const terms = { ...pricingAndSize(tracked.order), amending: undefined };
    this.#life.apply(tracked, "replace_refused", nowUs, cause, { terms, reason: code, venueText });
  }

  /** The terms that hold from now on are known; undefined: the venue reports those from before. */
  #settle(tracked: Tracked, held: AmendedTerms | undefined, nowUs: number, cause: CauseId): void {
    if (tracked.order.amending === undefined) return;
    const terms = { ...pricingAndSize(tracked.order, held), amending: undefined };
    const { filledLots } = tracked.order;
    const isFilled = filledLots > 0 && filledLots >= terms.sizeLots;
    const event = isFilled ? "fill_complete" : held === undefined ? "reported_open" : "replaced";
    this.#life.apply(tracked, event, nowUs, cause, { terms });
  }

  /** Which terms an amended order has, by the venue's word on it. */
  read(tracked: Tracked, report: OrderReport, nowUs: number, cause: CauseId, askedUs: number): void {
    const { order, amendEndedUs } = tracked;
    if (amendEndedUs === undefined && order.amending === undefined) return; // it was never amended
    // Only what was asked for after the amendment's answer, or its loss, is newer than the amendment.
    const isNewer = amendEndedUs !== undefined && askedUs >= amendEndedUs &&
      order.status !== "pending_replace";
    if (order.amending === undefined) {
      const held = isNewer ? termsOf(order, report) : undefined;
      if (held === undefined) return;
      const terms = { ...pricingAndSize(order, held), amending: undefined };
      return this.#life.apply(tracked, "replaced", nowUs, cause, { terms });
    }
    const found = termsReported(order, report);
    if (found === "amended") this.#settle(tracked, order.amending, nowUs, cause);
    else if (found === "unchanged" && isNewer) this.#settle(tracked, undefined, nowUs, cause);
  }

  /** The report of an end says which terms it ended with. */
  end(tracked: Tracked, report: OrderReport, cause: CauseId): void {
    const before = tracked.order;
    if (before.amending === undefined && tracked.amendEndedUs === undefined) return;
    const held = termsOf(before, report);
    if (before.amending === undefined && held === undefined) return;
    tracked.order = { ...before, ...pricingAndSize(before, held), amending: undefined };
    this.#port.orderChanged(before, tracked.order, "terms_known", cause);
  }
}
