/** What the venues said was left after the kill switch was thrown. */
import type { ClientOrderId, InstrumentId, VenueId, VenueOrderId } from "./ids.ts";
import type { OrderStatus, Side } from "./order.ts";

export interface KilledVenue {
  readonly venue: VenueId;
  /** Its open orders and positions were read after the last cancel of ours was done. */
  readonly isVerified: boolean;
  /** Why it could not be verified, or what that means; empty when there is nothing to say. */
  readonly why: string;
  /** Stops kept there for positions that stay; they are none of the open orders. */
  readonly residentStops: number;
  /** By the venue's own word; the newest, if it is not verified. */
  readonly openOrders: readonly {
    readonly instrument: InstrumentId;
    readonly venueOrderId: VenueOrderId;
    readonly clientOrderId: ClientOrderId | undefined;
    readonly side: Side;
    readonly sizeLots: number;
    readonly filledLots: number;
  }[];
  /** Not flat, long positive; the account's, whoever opened them. */
  readonly positions: readonly { readonly instrument: InstrumentId; readonly positionLots: number }[];
}

export interface KillReport {
  /** Through which door: `cli`, `http`, `signal`, `file`. */
  readonly by: string;
  readonly isFlattening: boolean;
  readonly startedUs: number;
  readonly endedUs: number;
  /** Every venue verified, no order open anywhere and, when flattening, no position and no resident stop. */
  readonly isClean: boolean;
  /** Orders of ours of which nobody knows yet that they ended. */
  readonly unresolvedOrders: readonly {
    readonly clientOrderId: ClientOrderId;
    readonly instrument: InstrumentId;
    readonly status: OrderStatus;
  }[];
  readonly venues: readonly KilledVenue[];
}
