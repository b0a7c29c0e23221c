/** The market data that goes into a venue of paper, and the orders it has. */
import type { BookLevel } from "../../model/market.ts";
import type { OrderReport, OrderRequest, Side } from "../../model/order.ts";
import type { QueuePlace } from "./queue_position.ts";

/** A change of an order book, by the host's number of the instrument. */
export interface PaperBookUpdate {
  readonly kind: "snapshot" | "delta" | "invalid";
  readonly bids: readonly BookLevel[];
  readonly asks: readonly BookLevel[];
}

/** Real or recorded market data that orders of paper are filled against, each with the moment it came. */
export interface PaperMarketFeed {
  onQuote(
    index: number,
    bidPrice: number,
    bidSizeBase: number,
    askPrice: number,
    askSizeBase: number,
    nowUs: number,
  ): void;
  onTrade(index: number, takerSide: Side, price: number, sizeBase: number, nowUs: number): void;
  onMark(index: number, markPrice: number, fundingRate: number, tsNextFundingMs: number, nowUs: number): void;
  onBook(index: number, update: PaperBookUpdate, nowUs: number): void;
}

/** An order at the venue of paper. */
export interface PaperOrder {
  readonly request: OrderRequest;
  /** As it was acknowledged. */
  readonly report: OrderReport;
  filledLots: number;
  status: OrderReport["status"];
  reason: OrderReport["reason"];
  /** Undefined before it rests. */
  place: QueuePlace | undefined;
}

export const lotsLeft = (order: PaperOrder): number => order.request.sizeLots - order.filledLots;
