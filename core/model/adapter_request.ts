/**
 * What the host asks of an adapter, and its answers. One request, one response, matched by number; an adapter that
 * dies answers nothing, which is not the same as a no.
 */
import type { Balance, Fill, VenuePosition } from "./account.ts";
import type { ClientOrderId, InstrumentId, VenueOrderId } from "./ids.ts";
import type {
  AmendOutcome,
  CancelOutcome,
  OrderQueryOutcome,
  OrderReport,
  OrderRequest,
  Side,
  SubmitOutcome,
} from "./order.ts";
import type { PriceTicks, SizeLots } from "./ticks.ts";

/** Each gets exactly one response with its id, or none if the adapter dies. */
export type AdapterRequest =
  | { readonly kind: "submit"; readonly order: OrderRequest }
  | {
    readonly kind: "cancel";
    readonly instrument: InstrumentId;
    readonly clientOrderId: ClientOrderId;
    readonly venueOrderId: VenueOrderId | undefined;
  }
  | {
    readonly kind: "amend";
    readonly instrument: InstrumentId;
    readonly clientOrderId: ClientOrderId;
    readonly venueOrderId: VenueOrderId | undefined;
    readonly side: Side;
    readonly sizeLots: SizeLots;
    readonly limitPriceTicks: PriceTicks;
  }
  | { readonly kind: "cancel_all"; readonly instrument: InstrumentId | undefined }
  | {
    readonly kind: "query_order";
    readonly instrument: InstrumentId;
    readonly clientOrderId: ClientOrderId;
    readonly venueOrderId: VenueOrderId | undefined;
  }
  | { readonly kind: "open_orders" }
  | { readonly kind: "fills"; readonly sinceMs: number }
  | { readonly kind: "positions" }
  | { readonly kind: "balances" }
  | { readonly kind: "set_leverage"; readonly instrument: InstrumentId; readonly leverage: number };

export type AdapterResponse =
  | { readonly kind: "submit"; readonly outcome: SubmitOutcome }
  | { readonly kind: "cancel"; readonly outcome: CancelOutcome }
  | { readonly kind: "amend"; readonly outcome: AmendOutcome }
  | { readonly kind: "cancel_all"; readonly outcome: CancelOutcome }
  | { readonly kind: "query_order"; readonly outcome: OrderQueryOutcome }
  | { readonly kind: "open_orders"; readonly orders: readonly OrderReport[] }
  | { readonly kind: "fills"; readonly fills: readonly Fill[] }
  | { readonly kind: "positions"; readonly positions: readonly VenuePosition[] }
  | { readonly kind: "balances"; readonly balances: readonly Omit<Balance, "venue">[] }
  | { readonly kind: "set_leverage" }
  /** The venue could not be asked, or the adapter threw. */
  | { readonly kind: "failed"; readonly details: string };
