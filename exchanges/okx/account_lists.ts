/**
 * What is asked of OKX's account: lists page by page, each whole or not at all, for what could not be read must not look
 * like "there is none".
 */
import {
  type Balance,
  BerthError,
  type ClientOrderId,
  type Clock,
  type Fill,
  type FundingPayment,
  type OrderReport,
  type VenuePosition,
} from "@berth/sdk";
import { FillOwners } from "@berth/sdk/venue/fill_owners.ts";
import { type InstrumentBook, tradedTypes } from "./instruments.ts";
import { type AccountReader, fundingBill, type Read } from "./private_stream.ts";
import { rejectCodeOf } from "./reject_codes.ts";
import { errorOf, type RestClient } from "./rest.ts";

const orderPath = "/api/v5/trade/order";
const pageSize = 100;
/** Pages are bounded: beyond this many rows the caller is told that the list is too long. */
const maxPages = 50;
const hourMs = 3_600_000;
/** `trade/fills` knows three days, `account/bills` seven; an hour of that is left for slow clocks. */
const recentFillsMs = 71 * hourMs;
const recentBillsMs = 167 * hourMs;
/** Kinds of orders that wait for a price; the first two may be asked for together. */
export const algoTypes = ["conditional,oco", "trigger"] as const;

export interface AccountListsOptions {
  readonly rest: RestClient;
  readonly instruments: InstrumentBook;
  readonly reader: AccountReader;
  readonly clock: Clock;
}

/** Every method throws a BerthError when the venue can't be asked or its answer can't be read. */
export class AccountLists {
  readonly #options: AccountListsOptions;
  readonly #owners: FillOwners;

  constructor(options: AccountListsOptions) {
    this.#options = options;
    this.#owners = new FillOwners((fill, signal) => this.#ownerOf(fill, signal));
  }

  /** Orders in the book, and those that wait for a price. */
  async openOrders(signal: AbortSignal): Promise<readonly OrderReport[]> {
    const { reader } = this.#options;
    const orders = whole(
      reader.orders(await this.pages("/api/v5/trade/orders-pending", {}, "ordId", signal)),
    );
    const waiting = whole(reader.algos(await this.pendingAlgos({}, signal)));
    return [...orders, ...waiting];
  }

  /** Rows of orders that wait for a price. */
  async pendingAlgos(
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<readonly unknown[]> {
    const rows: unknown[] = [];
    for (const ordType of algoTypes) {
      rows.push(
        ...await this.pages("/api/v5/trade/orders-algo-pending", { ...query, ordType }, "algoId", signal),
      );
    }
    return rows;
  }

  /** Oldest first. */
  async fills(sinceMs: number, signal: AbortSignal): Promise<readonly Fill[]> {
    const { clock, instruments, reader } = this.#options;
    const begin = beginOf(sinceMs);
    const rows: unknown[] = [];
    if (clock.epochMs() - sinceMs < recentFillsMs) {
      rows.push(...await this.pages("/api/v5/trade/fills", { begin }, "billId", signal));
    } else {
      // The longer list (3 months) wants a type, and is slower.
      for (const instType of tradedTypes(instruments)) {
        rows.push(...await this.pages("/api/v5/trade/fills-history", { instType, begin }, "billId", signal));
      }
    }
    const fills = await this.#owners.named(whole(reader.fills(rows, clock.epochUs())), signal);
    return fills.toSorted((a, b) => a.tsVenueMs - b.tsVenueMs);
  }

  async positions(signal: AbortSignal): Promise<readonly VenuePosition[]> {
    return whole(this.#options.reader.allPositions(await this.#rows("/api/v5/account/positions", signal)));
  }

  async balances(signal: AbortSignal): Promise<readonly Omit<Balance, "venue">[]> {
    return whole(this.#options.reader.balances(await this.#rows("/api/v5/account/balance", signal)));
  }

  /** Oldest first. */
  async fundingPayments(sinceMs: number, signal: AbortSignal): Promise<readonly FundingPayment[]> {
    const { clock, reader } = this.#options;
    const path = clock.epochMs() - sinceMs < recentBillsMs
      ? "/api/v5/account/bills"
      : "/api/v5/account/bills-archive"; // 3 months
    const rows = await this.pages(path, { type: fundingBill, begin: beginOf(sinceMs) }, "billId", signal);
    return whole(reader.fundingPayments(rows)).toSorted((a, b) => a.tsVenueMs - b.tsVenueMs);
  }

  /** All rows of a list that is paged by the id of its last row. */
  async pages(
    path: string,
    query: Readonly<Record<string, string>>,
    cursorField: string,
    signal: AbortSignal,
  ): Promise<readonly unknown[]> {
    const rows: unknown[] = [];
    let after: string | undefined;
    for (let page = 0; page < maxPages; page++) {
      const found = await this.#options.rest.rows(
        path,
        { ...query, ...(after === undefined ? {} : { after }), limit: String(pageSize) },
        { isPrivate: true, signal },
      );
      rows.push(...found);
      if (found.length < pageSize) return rows;
      const last = found.at(-1);
      const cursor: unknown = typeof last === "object" && last !== null ? Reflect.get(last, cursorField) : "";
      // A page that does not lead on would be asked for again and again.
      if (typeof cursor !== "string" || cursor === "" || cursor === after) {
        throw invalid(path, "a full page without a way on");
      }
      after = cursor;
    }
    throw invalid(path, `over ${maxPages * pageSize} rows`);
  }

  /**
   * What a trigger order became goes by the venue's id alone in the list of fills; the order itself says which trigger
   * order it came of.
   */
  async #ownerOf(
    { instrument, venueOrderId }: Fill,
    signal: AbortSignal,
  ): Promise<ClientOrderId | undefined> {
    const { instruments, reader, rest } = this.#options;
    const query = { instId: instruments.byId(instrument)?.instId ?? "", ordId: venueOrderId };
    const result = await rest.get(orderPath, query, { isPrivate: true, signal });
    const isForgotten = result.kind === "error" && rejectCodeOf(result.code) === "order_not_found";
    if (result.kind !== "rows" && !isForgotten) throw errorOf(`GET ${orderPath}`, result);
    const [report] = result.kind === "rows" ? reader.orders(result.rows).values : [];
    return report?.clientOrderId;
  }

  #rows(path: string, signal: AbortSignal): Promise<readonly unknown[]> {
    return this.#options.rest.rows(path, {}, { isPrivate: true, signal });
  }
}

const beginOf = (sinceMs: number): string => String(Math.max(0, Math.floor(sinceMs)));

function whole<T>(read: Read<T>): readonly T[] {
  if (read.misfits.length > 0) {
    throw invalid("a list", `${read.misfits.length} rows can't be read: ${read.misfits[0]}`);
  }
  return read.values;
}

const invalid = (request: string, reason: string) =>
  new BerthError("VENUE_ANSWER_INVALID", { venue: "okx", request, reason });
