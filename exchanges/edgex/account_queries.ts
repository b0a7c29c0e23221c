/**
 * What is asked of EdgeX's account: lists page by page, each whole or not at all, for what could not be read must not look
 * like "there is none".
 */
import * as v from "valibot";
import type {
  Balance,
  Clock,
  Fill,
  FundingPayment,
  OrderKey,
  OrderQueryOutcome,
  OrderReport,
  VenuePosition,
} from "@berth/sdk";
import type { AccountReader, Read } from "./private_stream.ts";
import { isBusy, rejectCodeOf } from "./reject_codes.ts";
import { answerInvalid, type Query, type RestClient } from "./rest.ts";
import { accountAssetSchema, cutText, fundingTransaction, pageSchema } from "./wire.ts";

const activeOrdersPage = 200;
const historyPage = 100;
/** Pages are bounded: beyond this many rows the caller is told that the list is too long. */
const maxPages = 50;

const ordersPath = "/api/v2/private/order/getOrderById";
const historyPath = "/api/v2/private/order/getHistoryOrderPage";
const activeOrdersPath = "/api/v2/private/order/getActiveOrderPage";
const fillsPath = "/api/v2/private/order/getHistoryOrderFillTransactionPage";
const transactionsPath = "/api/v2/private/account/getPositionTransactionPage";
const assetPath = "/api/v2/private/account/getAccountAsset";

const anyRows = v.array(v.unknown());
/** Ids of one question: of 20 digits each, their address stays short. */
const maxIds = 50;
const chunksOf = (ids: readonly string[]): readonly (readonly string[])[] =>
  Array.from(
    { length: Math.ceil(ids.length / maxIds) },
    (_, at) => ids.slice(at * maxIds, (at + 1) * maxIds),
  );

export interface AccountQueriesOptions {
  readonly rest: RestClient;
  readonly reader: AccountReader;
  readonly clock: Clock;
}

/** Every method but `order` throws a BerthError when the venue can't be asked or its answer can't be read. */
export class AccountQueries {
  readonly #options: AccountQueriesOptions;

  constructor(options: AccountQueriesOptions) {
    this.#options = options;
  }

  /** Those in the book, and those that wait for a price. */
  async openOrders(signal: AbortSignal): Promise<readonly OrderReport[]> {
    const rows = await this.#pages(activeOrdersPath, {}, activeOrdersPage, signal);
    const reports = whole(this.#options.reader.orders(rows));
    return reports.filter(({ status }) => status === "open");
  }

  /** Orders by the venue's ids; what it does not know any more is left out. */
  async ordersById(ids: readonly string[], signal: AbortSignal): Promise<readonly OrderReport[]> {
    const reports: OrderReport[] = [];
    for (const chunk of chunksOf(ids)) {
      const query = { orderIdList: chunk.join(",") };
      const rows = await this.#options.rest.ask(ordersPath, query, anyRows, { isPrivate: true, signal });
      reports.push(...whole(this.#options.reader.orders(rows)));
    }
    return reports;
  }

  /** By our own id: among the orders that live, then among those that ended. */
  async order(order: OrderKey, signal: AbortSignal): Promise<OrderQueryOutcome> {
    const query = { clientOrderIdList: order.clientOrderId };
    const live = await this.#order("/api/v2/private/order/getOrderByClientOrderId", query, order, signal);
    if (live.kind !== "not_found") return live;
    return await this.#order("/api/v2/private/order/getHistoryOrderByClientOrderId", query, order, signal);
  }

  /** Oldest first. */
  async fills(sinceMs: number, signal: AbortSignal): Promise<readonly Fill[]> {
    const { clock, reader } = this.#options;
    const rows = await this.#pages(fillsPath, since(sinceMs), historyPage, signal);
    await this.#knowOrdersOf(rows, signal);
    const fills = whole(reader.fills(rows, clock.epochUs()));
    return fills.filter(({ tsVenueMs }) => tsVenueMs >= sinceMs)
      .toSorted((a, b) => a.tsVenueMs - b.tsVenueMs);
  }

  async positions(signal: AbortSignal): Promise<readonly VenuePosition[]> {
    return whole((await this.account(signal)).positions);
  }

  async balances(signal: AbortSignal): Promise<readonly Omit<Balance, "venue">[]> {
    return whole((await this.account(signal)).balances);
  }

  async account(signal: AbortSignal): Promise<ReturnType<AccountReader["account"]>> {
    const asset = await this.#options.rest.ask(assetPath, {}, accountAssetSchema, {
      isPrivate: true,
      signal,
    });
    return this.#options.reader.account(asset);
  }

  /** Oldest first. */
  async fundingPayments(sinceMs: number, signal: AbortSignal): Promise<readonly FundingPayment[]> {
    const query = { ...since(sinceMs), filterTypeList: fundingTransaction };
    const rows = await this.#pages(transactionsPath, query, historyPage, signal);
    return whole(this.#options.reader.fundingPayments(rows)).toSorted((a, b) => a.tsVenueMs - b.tsVenueMs);
  }

  /**
   * Rows of fills name their order by the venue's id alone: orders that are not known by now are asked for, so that their
   * fills don't look like somebody else's.
   */
  async #knowOrdersOf(rows: readonly unknown[], signal: AbortSignal): Promise<void> {
    const { reader } = this.#options;
    const missing = () => [...new Set(rows.flatMap((row) => reader.orderNeededFor(row) ?? []))];
    await this.ordersById(missing(), signal);
    for (const chunk of chunksOf(missing())) {
      const query = { filterOrderIdList: chunk.join(",") };
      whole(reader.orders(await this.#pages(historyPath, query, historyPage, signal)));
    }
  }

  async #order(
    path: string,
    query: Query,
    { clientOrderId, instrument }: OrderKey,
    signal: AbortSignal,
  ): Promise<OrderQueryOutcome> {
    const { reader, rest } = this.#options;
    const result = await rest.getOfAccount(path, query, signal);
    if (result.kind === "refused") {
      const { code, text } = result;
      return rejectCodeOf(code) === "order_not_found" && !isBusy(code)
        ? { kind: "not_found" }
        : { kind: "failed", details: cutText(`${code} ${text}`) };
    }
    if (result.kind !== "data") return { kind: "failed", details: cutText(result.details) };
    if (!Array.isArray(result.data)) return { kind: "failed", details: "the answer is no list" };
    const rows: readonly unknown[] = result.data;
    const { misfits, values } = reader.orders(rows);
    const report = values.find((one) => one.clientOrderId === clientOrderId && one.instrument === instrument);
    if (report !== undefined) return { kind: "found", report };
    return misfits.length > 0
      ? { kind: "failed", details: cutText(`an order can't be read: ${misfits[0]}`) }
      : { kind: "not_found" };
  }

  /** All rows of a list. */
  async #pages(path: string, query: Query, size: number, signal: AbortSignal): Promise<readonly unknown[]> {
    const rows: unknown[] = [];
    let offsetData = "";
    for (let page = 0; page < maxPages; page++) {
      const asked = { ...query, size: String(size), ...(offsetData === "" ? {} : { offsetData }) };
      const { dataList, nextPageOffsetData }: v.InferOutput<typeof pageSchema> = await this.#options.rest.ask(
        path,
        asked,
        pageSchema,
        { isPrivate: true, signal },
      );
      rows.push(...dataList);
      const next = nextPageOffsetData ?? "";
      if (next === "") return rows;
      // A page that does not lead on would be asked for again and again.
      if (next === offsetData) throw answerInvalid(`GET ${path}`, "a page does not lead on");
      offsetData = next;
    }
    throw answerInvalid(`GET ${path}`, `over ${maxPages * size} rows`);
  }
}

const since = (sinceMs: number): Query => ({
  filterStartCreatedTimeInclusive: String(Math.max(0, Math.floor(sinceMs))),
});

/** A list is whole or it is no list. */
function whole<T>(read: Read<T>): readonly T[] {
  if (read.misfits.length > 0) {
    throw answerInvalid("a list", `${read.misfits.length} rows can't be read: ${read.misfits[0]}`);
  }
  return read.values;
}
