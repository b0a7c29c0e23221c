/** Texts of the engine's notices: one sentence each, made at the edge from code and facts. */
import type { NoticeCode } from "../../engine/events.ts";
import type { Facts } from "../../model/journal_entry.ts";

const sentences: Readonly<Record<NoticeCode, string>> = {
  ORDER_ILLEGAL_TRANSITION: "An order's venue reported a change that can't follow its state.",
  ORDER_OVERFILLED: "An order was filled beyond its size.",
  ORDER_UNKNOWN: "No answer came for an order; it is asked about until it is known.",
  ORDER_UNKNOWN_LASTS: "An order is still unknown; nobody can say whether it is live.",
  ORDER_REVIVED: "An order that seemed done is open at its venue.",
  ORDER_ADOPTED: "An order of ours from an earlier run was found at its venue and adopted.",
  OTHER_HOST:
    "Another berth works or traded on this account, or this one did before its journal was lost. Nothing new is opened here until you decide: stop the other and run `berth risk resume account/VENUE`, or, if it is gone for good, `berth risk take-over account/VENUE TAG`.",
  HOST_TAKEN_OVER: "The orders of a host that is gone are ours from now on; they are cancelled.",
  TAKE_OVER_REFUSED: "A host's orders were not taken over.",
  ORDER_FOREIGN: "An order that is not ours is open on the account; it is left alone.",
  FILL_FOREIGN: "The account traded by an order that is not ours.",
  HEDGE_REMOVED:
    "A closing order was filled that took away what another position stood against: the net exposure is beyond its limit.",
  FILLS_MISSING: "A venue reports more filled than the fills we have; they are asked for.",
  AMEND_REFUSED: "A venue refused to change an order; it stays as it was.",
  CANCEL_REFUSED: "A venue refused to cancel an order; it is asked about.",
  RECONCILIATION_REPAIR: "The account differed from what we knew, and was put right.",
  ACCOUNT_RECONCILED: "The account was compared with its venue; orders may be sent.",
  ACCOUNT_RECONCILIATION_FAILED: "The account could not be compared with its venue; it is tried again.",
  LEVERAGE_SET: "The venue set the account's leverage.",
  LEVERAGE_NOT_SET: "The account's leverage was not set.",
  ADAPTER_LOST: "The connection to a venue is gone.",
  PLUGIN_ORDERS_CANCELLED:
    "No order of a stopped plugin works any more: all are cancelled, as their venues confirmed.",
  FLATTEN_STARTED: "Positions are being closed.",
  FLATTEN_DONE: "Positions are closed.",
  FLATTEN_FAILED: "Positions could not be closed; they need the operator.",
  POSITIONS_OFFSET:
    "Opposite positions of two plugins were closed against each other, at the mark price, in our books alone.",
  TRADING_STATE_CHANGED: "The trading state changed.",
  DEAD_MANS_SWITCH_NOT_ARMED:
    "A venue would not cancel our orders if this machine went silent: its dead man's switch is not armed.",
  DEAD_MANS_SWITCH_ARMED: "The venue's dead man's switch is armed again.",
  KILL_SWITCH: "The kill switch was thrown.",
  KILL_VERIFIED: "The venues confirm that what the kill switch should end has ended.",
  KILL_INCOMPLETE: "After the kill switch something remains, or a venue could not be asked.",
  LIMITS_CHANGED: "Risk limits were changed.",
  LIMITS_NOT_TIGHTER: "Risk limits were not changed: a limit would be looser, which only an operator may do.",
  REQUEST_UNANSWERED: "A request to a venue was not answered in time.",
  INSTRUMENT_CHANGED: "A venue changed an instrument's tick, lot or status.",
  SHUTDOWN_STARTED: "Shutting down: working orders are being cancelled.",
  HOST_FAILS: "The host can't go on: it cancels its orders and ends. Positions are watched by nobody then.",
  TRIGGER_FIRED: "An order that waited for a price is sent.",
  EXIT_FIRED: "An exit plan closes its position.",
  EXIT_STEP_FIRED: "An exit plan closes a part of its position.",
  EXIT_FAILING: "An exit plan can't close its position; it keeps trying.",
  RESIDENT_STOP_FIRED: "The stop at the venue closes a position: the host's own had not.",
  RESIDENT_STOP_LOST: "A venue did not keep the stop behind an exit plan; it is placed again after a pause.",
  RESIDENT_STOP_ABSENT: "No stop is kept at the venue behind this exit plan: the host's own is the only one.",
  GROUP_BROKEN: "One leg of a group is ahead of the other; it is completed or taken back.",
  GROUP_NAKED_TOO_LONG: "One leg of a group has been alone longer than allowed; it is only taken back now.",
  GROUP_HALTED: "A leg group needs the operator: its plugin is halted until its trading state is set again.",
  GROUP_RESUMED: "A leg group is taken up again.",
  GROUP_POSITIONS_DIFFER: "After a leg group the venue's position differs from ours by more than before it.",
  RESPONSE_UNEXPECTED: "An adapter answered a request that nobody made.",
};

/** The sentence and its facts, for a log line or an alert. */
export function noticeText(code: NoticeCode, facts: Facts): string {
  const details = Object.entries(facts).map(([name, value]) => `${name} ${value}`).join(", ");
  return details === "" ? sentences[code] : `${sentences[code]} (${details})`;
}
