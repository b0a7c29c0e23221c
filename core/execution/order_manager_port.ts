/** What the order manager and the engine around it need of each other. */
import type { Fill } from "../model/account.ts";
import type { AdapterRequest } from "../model/adapter_request.ts";
import type { CauseId, PluginId, VenueId } from "../model/ids.ts";
import type { Facts, ReconciliationRepair } from "../model/journal_entry.ts";
import type { Order, OrderReport } from "../model/order.ts";

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
