/** Collects what an event leads to, in order, and numbers what needs a number. */
import { type CauseId, causeId, type PluginId, type VenueId } from "../model/ids.ts";
import type { AdapterRequest } from "../model/adapter_request.ts";
import type { Facts, JournalBody } from "../model/journal_entry.ts";
import type { EngineOutput, NoticeCode, PluginNotice, Severity } from "./events.ts";

const severities: Readonly<Record<NoticeCode, Severity>> = {
  ORDER_ILLEGAL_TRANSITION: "warning",
  ORDER_OVERFILLED: "critical",
  ORDER_UNKNOWN: "warning",
  ORDER_UNKNOWN_LASTS: "critical",
  ORDER_REVIVED: "warning",
  ORDER_ADOPTED: "warning",
  ORDER_FOREIGN: "info",
  OTHER_HOST: "critical",
  HOST_TAKEN_OVER: "warning",
  TAKE_OVER_REFUSED: "warning",
  FILL_FOREIGN: "info",
  HEDGE_REMOVED: "warning",
  FILLS_MISSING: "critical",
  CANCEL_REFUSED: "warning",
  AMEND_REFUSED: "warning",
  RECONCILIATION_REPAIR: "warning",
  ACCOUNT_RECONCILED: "info",
  LEVERAGE_SET: "info",
  LEVERAGE_NOT_SET: "warning",
  ACCOUNT_RECONCILIATION_FAILED: "warning",
  ADAPTER_LOST: "warning",
  PLUGIN_ORDERS_CANCELLED: "info",
  FLATTEN_STARTED: "warning",
  FLATTEN_DONE: "info",
  FLATTEN_FAILED: "critical",
  POSITIONS_OFFSET: "info",
  TRADING_STATE_CHANGED: "warning",
  DEAD_MANS_SWITCH_NOT_ARMED: "critical",
  DEAD_MANS_SWITCH_ARMED: "info",
  KILL_SWITCH: "critical",
  KILL_VERIFIED: "warning",
  KILL_INCOMPLETE: "critical",
  LIMITS_CHANGED: "warning",
  LIMITS_NOT_TIGHTER: "warning",
  REQUEST_UNANSWERED: "warning",
  RESPONSE_UNEXPECTED: "info",
  INSTRUMENT_CHANGED: "critical",
  SHUTDOWN_STARTED: "info",
  HOST_FAILS: "critical",
  TRIGGER_FIRED: "info",
  EXIT_FIRED: "warning",
  EXIT_STEP_FIRED: "info",
  EXIT_FAILING: "critical",
  RESIDENT_STOP_FIRED: "warning",
  RESIDENT_STOP_LOST: "warning",
  RESIDENT_STOP_ABSENT: "info",
  GROUP_BROKEN: "warning",
  GROUP_NAKED_TOO_LONG: "critical",
  GROUP_HALTED: "critical",
  GROUP_RESUMED: "warning",
  GROUP_POSITIONS_DIFFER: "critical",
};

export class Outbox {
  #outputs: EngineOutput[] = [];
  #serial = 0;
  readonly #notices = new Map<NoticeCode, number>();

  /** Hands over what was collected. */
  take(): readonly EngineOutput[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  push(output: EngineOutput): void {
    this.#outputs.push(output);
  }

  /** An id that no other entry of this run has: `operator/…`, `timer/…`. */
  nextId(kind: string): CauseId {
    this.#serial += 1;
    return causeId(`${kind}/${this.#serial}`);
  }

  journal(id: CauseId, cause: CauseId | undefined, tsUs: number, body: JournalBody): void {
    this.push({ kind: "journal", entry: { id, cause, tsUs, body } });
  }

  request(
    venue: VenueId,
    requestId: number,
    request: AdapterRequest,
    timeoutMs: number,
    afterJournal: boolean,
  ): void {
    this.push({ kind: "adapter_request", venue, requestId, request, timeoutMs, afterJournal });
  }

  toPlugin(plugin: PluginId, message: PluginNotice): void {
    this.push({ kind: "to_plugin", plugin, message });
  }

  notice(code: NoticeCode, facts: Facts): void {
    this.#notices.set(code, (this.#notices.get(code) ?? 0) + 1);
    this.push({ kind: "notice", severity: severities[code], code, facts });
  }

  /** How often each notice was given. */
  noticeCounts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#notices);
  }
}
