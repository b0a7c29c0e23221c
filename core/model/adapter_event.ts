/** What an adapter says of orders and account, as the engine hears it; a venue of paper says the same. */
import type { Balance, Fill, FundingPayment, VenuePosition } from "./account.ts";
import type { AdapterResponse } from "./adapter_request.ts";
import type { VenueId } from "./ids.ts";
import type { OrderReport } from "./order.ts";

export type AdapterEvent =
  | {
    readonly kind: "adapter_response";
    readonly tsUs: number;
    readonly venue: VenueId;
    readonly requestId: number;
    readonly response: AdapterResponse;
  }
  | {
    readonly kind: "order_report";
    readonly tsUs: number;
    readonly venue: VenueId;
    readonly report: OrderReport;
  }
  | { readonly kind: "fill_report"; readonly tsUs: number; readonly venue: VenueId; readonly fill: Fill }
  | {
    readonly kind: "position_report";
    readonly tsUs: number;
    readonly venue: VenueId;
    readonly position: VenuePosition;
  }
  | {
    readonly kind: "balance_report";
    readonly tsUs: number;
    readonly venue: VenueId;
    readonly balance: Omit<Balance, "venue">;
  }
  | {
    readonly kind: "funding_report";
    readonly tsUs: number;
    readonly venue: VenueId;
    readonly payment: FundingPayment;
  };
