/**
 * The life of an order as one table: status × what happened → next status. Reports repeat, arrive late and overtake
 * each other, answers get lost, a fill may come after a confirmed cancel: each of these has its cell.
 *
 * `working` stands for accepted or, with something filled, partially_filled. `ignore` is a repeat or old news that
 * changes nothing. `illegal` can't be true if both sides are sound: the order stays as it is, the event is counted
 * and shown, and the venue is asked.
 *
 * Fills count whatever the status: only fills make positions (order_life.ts books them before it looks here).
 */
import type { Order, OrderStatus } from "./order.ts";

export const orderEvents = [
  /** The venue took the submission. */
  "acknowledged",
  /** A report or query says that it works. */
  "reported_open",
  "rejected",
  /** The answer to a submission, cancel or amendment never came. */
  "answer_lost",
  /** A fill that leaves something open, and one that completes the size. */
  "fill_partial",
  "fill_complete",
  "cancel_sent",
  /** The venue would not cancel, and the order still works. */
  "cancel_refused",
  "replace_sent",
  "replaced",
  "replace_refused",
  /** The venue says so: on our request, or by itself. */
  "cancelled",
  "expired",
  /** Asked repeatedly, the venue does not know it: it never arrived, or is gone. */
  "never_arrived",
  "gone",
  /** We had concluded that it does not exist, and now the venue reports it open. */
  "found_alive",
] as const;
export type OrderEvent = (typeof orderEvents)[number];

export type TransitionTarget = OrderStatus | "working" | "ignore" | "illegal";

/** Rows are what an order is, columns what happens to it. */
export const orderTransitions = {
  pending_new: {
    acknowledged: "working",
    reported_open: "working",
    rejected: "rejected",
    answer_lost: "unknown",
    fill_partial: "partially_filled", // before its own acknowledgement
    fill_complete: "filled",
    cancel_sent: "illegal", // a cancel waits until the submission is answered
    cancel_refused: "illegal",
    replace_sent: "illegal",
    replaced: "illegal",
    replace_refused: "illegal",
    cancelled: "cancelled", // an IOC's remainder, before its own acknowledgement
    expired: "expired",
    never_arrived: "rejected",
    gone: "cancelled",
    found_alive: "working",
  },
  accepted: {
    acknowledged: "ignore",
    reported_open: "ignore",
    rejected: "rejected", // acknowledged by the gateway, refused by the matching engine
    answer_lost: "unknown",
    fill_partial: "partially_filled",
    fill_complete: "filled",
    cancel_sent: "pending_cancel",
    cancel_refused: "ignore",
    replace_sent: "pending_replace",
    replaced: "ignore",
    replace_refused: "ignore",
    cancelled: "cancelled",
    expired: "expired",
    never_arrived: "rejected",
    gone: "cancelled",
    found_alive: "ignore",
  },
  partially_filled: {
    acknowledged: "ignore", // after its first fill
    reported_open: "ignore",
    rejected: "illegal", // what has filled was not rejected
    answer_lost: "unknown",
    fill_partial: "partially_filled",
    fill_complete: "filled",
    cancel_sent: "pending_cancel",
    cancel_refused: "ignore",
    replace_sent: "pending_replace",
    replaced: "ignore",
    replace_refused: "ignore",
    cancelled: "cancelled",
    expired: "expired",
    never_arrived: "illegal",
    gone: "cancelled",
    found_alive: "ignore",
  },
  filled: {
    acknowledged: "ignore",
    reported_open: "ignore", // old news
    rejected: "illegal",
    answer_lost: "ignore",
    fill_partial: "filled", // over-fill: booked and shown
    fill_complete: "filled",
    cancel_sent: "illegal",
    cancel_refused: "ignore",
    replace_sent: "illegal",
    replaced: "ignore",
    replace_refused: "ignore",
    cancelled: "ignore", // of a remainder that is not there
    expired: "ignore",
    never_arrived: "illegal",
    gone: "ignore",
    found_alive: "ignore",
  },
  cancelled: {
    acknowledged: "ignore", // overtaken by the report
    reported_open: "ignore", // old news; what we only concluded is found_alive
    rejected: "ignore",
    answer_lost: "ignore",
    fill_partial: "cancelled", // executed before the cancel, reported after it
    fill_complete: "filled", // the cancel came too late
    cancel_sent: "illegal",
    cancel_refused: "ignore",
    replace_sent: "illegal",
    replaced: "ignore",
    replace_refused: "ignore",
    cancelled: "ignore",
    expired: "ignore",
    never_arrived: "ignore",
    gone: "ignore",
    found_alive: "working",
  },
  rejected: {
    acknowledged: "unknown", // two answers to one question
    reported_open: "unknown",
    rejected: "ignore",
    answer_lost: "ignore",
    fill_partial: "partially_filled", // a fill is a fact: it was not rejected
    fill_complete: "filled",
    cancel_sent: "illegal",
    cancel_refused: "ignore",
    replace_sent: "illegal",
    replaced: "illegal",
    replace_refused: "ignore",
    cancelled: "ignore",
    expired: "ignore",
    never_arrived: "ignore",
    gone: "ignore",
    found_alive: "working",
  },
  expired: {
    acknowledged: "ignore",
    reported_open: "ignore",
    rejected: "ignore",
    answer_lost: "ignore",
    fill_partial: "expired",
    fill_complete: "filled",
    cancel_sent: "illegal",
    cancel_refused: "ignore",
    replace_sent: "illegal",
    replaced: "ignore",
    replace_refused: "ignore",
    cancelled: "ignore",
    expired: "ignore",
    never_arrived: "ignore",
    gone: "ignore",
    found_alive: "working",
  },
  pending_cancel: {
    acknowledged: "ignore",
    reported_open: "ignore", // not cancelled yet
    rejected: "rejected",
    answer_lost: "unknown",
    fill_partial: "pending_cancel",
    fill_complete: "filled",
    cancel_sent: "pending_cancel", // asked again: it still worked after a confirmed cancel
    cancel_refused: "working",
    replace_sent: "illegal",
    replaced: "ignore", // an earlier amendment
    replace_refused: "ignore",
    cancelled: "cancelled",
    expired: "expired",
    never_arrived: "rejected", // cancelled while nobody knew whether it was there
    gone: "cancelled",
    found_alive: "ignore",
  },
  pending_replace: {
    acknowledged: "ignore",
    reported_open: "ignore",
    rejected: "rejected",
    answer_lost: "unknown",
    fill_partial: "pending_replace",
    fill_complete: "filled",
    cancel_sent: "pending_cancel",
    cancel_refused: "ignore",
    replace_sent: "illegal", // one at a time
    replaced: "working",
    replace_refused: "working",
    cancelled: "cancelled",
    expired: "expired",
    never_arrived: "illegal",
    gone: "cancelled",
    found_alive: "ignore",
  },
  unknown: {
    acknowledged: "working", // the answer came late
    reported_open: "working",
    rejected: "rejected",
    answer_lost: "ignore",
    fill_partial: "unknown", // it was there; whether the rest still works is not known
    fill_complete: "filled",
    cancel_sent: "pending_cancel", // found out or not, a cancel does no harm
    cancel_refused: "ignore",
    replace_sent: "illegal",
    replaced: "working",
    replace_refused: "ignore",
    cancelled: "cancelled",
    expired: "expired",
    never_arrived: "rejected",
    gone: "cancelled",
    found_alive: "working",
  },
} as const satisfies Record<OrderStatus, Record<OrderEvent, TransitionTarget>>;

export type Transition =
  | { readonly kind: "to"; readonly status: OrderStatus }
  | { readonly kind: "ignore" }
  | { readonly kind: "illegal" };

/**
 * What becomes of an order.
 *
 * @param filledLots after the event
 */
export function transition(status: OrderStatus, event: OrderEvent, filledLots: number): Transition {
  const target: TransitionTarget = orderTransitions[status][event];
  switch (target) {
    case "ignore":
    case "illegal":
      return { kind: target };
    case "working":
      return { kind: "to", status: filledLots > 0 ? "partially_filled" : "accepted" };
    default:
      return { kind: "to", status: target };
  }
}

/** The most that may fill in all: while an amendment is on its way the larger of both sizes. */
export const largestLots = ({ sizeLots, amending }: Pick<Order, "sizeLots" | "amending">): number =>
  Math.max(sizeLots, amending?.sizeLots ?? 0);

/** Lots that may still fill: 0 when it is done. An over-filled order has none. */
export function remainingLots(order: Pick<Order, "status" | "sizeLots" | "filledLots" | "amending">): number {
  switch (order.status) {
    case "filled":
    case "cancelled":
    case "rejected":
    case "expired":
      return 0;
    default:
      return Math.max(0, largestLots(order) - order.filledLots);
  }
}
