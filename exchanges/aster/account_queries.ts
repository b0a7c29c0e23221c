/**
 * What is asked of Aster's account: lists, each whole or not at all, for what could not be read must not look like "there
 * is none".
 */
import * as v from "valibot";
import {
  type Balance,
  BerthError,
  type ClientOrderId,
  describeError,
  type Fill,
  type FundingPayment,
  type OrderKey,
  type OrderQueryOutcome,
  type OrderReport,
  type VenuePosition,
} from "@berth/sdk";
import { FillOwners } from "@berth/sdk/venue/fill_owners.ts";
import type { VenueTime } from "@berth/sdk/venue/venue_time.ts";
import type { AsterInstrument, InstrumentBook } from "./instruments.ts";
import type { AccountReader, Read } from "./private_stream.ts";
import { doneCodes } from "./reject_codes.ts";
import { errorOf, invalidAnswer, type Params, type RestClient } from "./rest.ts";
import { incomeSchema, tradeSchema } from "./wire.ts";

const orderPath = "/fapi/v3/order";
const openOrdersPath = "/fapi/v3/openOrders";
const tradesPath = "/fapi/v3/userTrades";
const incomePath = "/fapi/v3/income";

/** All open orders of the account weigh as much as those of this many instruments. */
const openOrdersWeight = 40;
/** Up to this many instruments are asked about one by one. */
const maxAskedOneByOne = 8;
const rowsPerPage = 1_000;
/** Pages are bounded: beyond this many rows the caller is told that the list is too long. */
const maxPages = 50;
const dayMs = 86_400_000;
/** The longest stretch that one question about trades may span, and how far back is looked. */
const spanMs = 7 * dayMs;
const longestMs = 90 * dayMs;

const rowsSchema = v.array(v.unknown());

export interface AccountQueriesOptions {
  readonly rest: RestClient;
  readonly instruments: InstrumentBook;
  readonly reader: AccountReader;
  readonly time: VenueTime;
  readonly nowUs: () => number;
}

/** Every list throws a BerthError when the venue can't be asked or its answer can't be read. */
export class AccountQueries {
  readonly #options: AccountQueriesOptions;
  /** The list of trades names no order id of ours. */
  readonly owners: FillOwners;

  constructor(options: AccountQueriesOptions) {
    this.#options = options;
    this.owners = new FillOwners((fill, signal) => this.#ownerOf(fill, signal));
  }

  async order(key: OrderKey, signal: AbortSignal): Promise<OrderQueryOutcome> {
    const one = this.#options.instruments.byId(key.instrument);
    if (one === undefined) return { kind: "failed", details: `${key.instrument} is not listed` };
    return await this.#order({ symbol: one.symbol, origClientOrderId: key.clientOrderId }, signal);
  }

  /** By the venue's number: for an order of which our id is not known, or not meant. */
  async orderByNumber(symbol: string, orderId: string, signal: AbortSignal): Promise<OrderQueryOutcome> {
    return await this.#order({ symbol, orderId }, signal);
  }

  async openOrders(signal: AbortSignal): Promise<readonly OrderReport[]> {
    return whole(openOrdersPath, this.#options.reader.orders(await this.openOrderRows(signal)));
  }

  /** Of the wanted instruments, or of the whole account where those are many. */
  async openOrderRows(signal: AbortSignal): Promise<readonly unknown[]> {
    const all = this.#options.instruments.all();
    if (all.length > maxAskedOneByOne) return await this.allOpenOrderRows(signal);
    const lists = await Promise.all(
      all.map(({ symbol }) => this.#rows(openOrdersPath, { symbol }, 1, signal)),
    );
    return lists.flat();
  }

  /** Of the whole account. */
  async allOpenOrderRows(signal: AbortSignal): Promise<readonly unknown[]> {
    return await this.#rows(openOrdersPath, {}, openOrdersWeight, signal);
  }

  /** Oldest first. The venue is asked for at most the last 90 days. */
  async fills(sinceMs: number, signal: AbortSignal): Promise<readonly Fill[]> {
    const { nowUs, reader, time } = this.#options;
    const fromMs = Math.floor(Math.max(sinceMs, time.nowMs() - longestMs));
    const rows: unknown[] = [];
    for (const one of await this.#traded(fromMs, signal)) {
      rows.push(...await this.#trades(one.symbol, fromMs, signal));
    }
    const fills = whole(tradesPath, reader.fills(rows, nowUs()));
    const named = await this.owners.named(fills, signal);
    return named.toSorted((a, b) => a.tsVenueMs - b.tsVenueMs);
  }

  async positions(signal: AbortSignal): Promise<readonly VenuePosition[]> {
    const path = "/fapi/v3/positionRisk";
    const rows = await this.#rows(path, {}, 5, signal);
    return whole(path, this.#options.reader.positions(rows, this.#options.time.nowMs()));
  }

  async balances(signal: AbortSignal): Promise<readonly Omit<Balance, "venue">[]> {
    const path = "/fapi/v3/balance";
    const rows = await this.#rows(path, {}, 5, signal);
    return whole(path, this.#options.reader.balances(rows, this.#options.time.nowMs()));
  }

  /** Oldest first. */
  async fundingPayments(sinceMs: number, signal: AbortSignal): Promise<readonly FundingPayment[]> {
    const rows = await this.#income("FUNDING_FEE", Math.max(0, Math.floor(sinceMs)), signal);
    const payments = whole(incomePath, this.#options.reader.fundingPayments(rows));
    // Pages overlap by a millisecond.
    const once = new Map(payments.map((payment) => [payment.paymentId, payment]));
    return [...once.values()].toSorted((a, b) => a.tsVenueMs - b.tsVenueMs);
  }

  async #order(params: Params, signal: AbortSignal): Promise<OrderQueryOutcome> {
    const result = await this.#options.rest.request("GET", orderPath, params, {
      isSigned: true,
      weight: 1,
      signal,
    });
    if (result.kind === "error" && doneCodes.has(result.code)) return { kind: "not_found" };
    if (result.kind !== "data") {
      return { kind: "failed", details: describeError(errorOf(`GET ${orderPath}`, result)) };
    }
    const { misfits, values: [report] } = this.#options.reader.orders([result.data]);
    return report === undefined
      ? { kind: "failed", details: misfits[0] ?? "the answer has no order of a wanted instrument" }
      : { kind: "found", report };
  }

  async #ownerOf(
    { instrument, venueOrderId }: Fill,
    signal: AbortSignal,
  ): Promise<ClientOrderId | undefined> {
    const symbol = this.#options.instruments.byId(instrument)?.symbol ?? "";
    const found = await this.orderByNumber(symbol, venueOrderId, signal);
    if (found.kind === "failed") {
      const request = `GET ${orderPath}`;
      throw new BerthError("VENUE_UNREACHABLE", { venue: "aster", request, reason: found.details });
    }
    return found.kind === "found" ? found.report.clientOrderId : undefined;
  }

  /** Instruments that may have been traded since: all where they are few, else those that paid a commission. */
  async #traded(fromMs: number, signal: AbortSignal): Promise<readonly AsterInstrument[]> {
    const { instruments } = this.#options;
    const all = instruments.all();
    if (all.length <= maxAskedOneByOne) return all;
    const rows = await this.#income("COMMISSION", fromMs, signal);
    const symbols = new Set(rows.map((row) => checked(incomePath, incomeSchema, row).symbol));
    return all.filter(({ symbol }) => symbols.has(symbol));
  }

  /** In stretches of a week; a stretch with more than a page goes on by trade ids, up to the newest. */
  async #trades(symbol: string, fromMs: number, signal: AbortSignal): Promise<readonly unknown[]> {
    const rows: unknown[] = [];
    const limit = String(rowsPerPage);
    for (let startMs = fromMs; startMs <= this.#options.time.nowMs() + dayMs; startMs += spanMs) {
      const stretch = { startTime: String(startMs), endTime: String(startMs + spanMs - 1) };
      let page = await this.#rows(tradesPath, { symbol, ...stretch, limit }, 5, signal);
      rows.push(...page);
      if (page.length < rowsPerPage) continue;
      for (let count = 0; page.length === rowsPerPage; count++) {
        if (count === maxPages) throw invalidAnswer(`GET ${tradesPath}`, `over ${maxPages} pages`);
        const ids = page.map((row) => checked(tradesPath, tradeSchema, row).id);
        const fromId = String(Math.max(...ids) + 1);
        page = await this.#rows(tradesPath, { symbol, fromId, limit }, 5, signal);
        rows.push(...page);
      }
      return rows;
    }
    return rows;
  }

  async #income(incomeType: string, fromMs: number, signal: AbortSignal): Promise<readonly unknown[]> {
    const rows: unknown[] = [];
    let startMs = fromMs;
    for (let count = 0; count < maxPages; count++) {
      const params = { incomeType, startTime: String(startMs), limit: String(rowsPerPage) };
      const page = await this.#rows(incomePath, params, 30, signal);
      rows.push(...page);
      if (page.length < rowsPerPage) return rows;
      // The last millisecond is asked for again: it may go on behind the page.
      const newestMs = Math.max(...page.map((row) => checked(incomePath, incomeSchema, row).time));
      if (newestMs <= startMs) throw invalidAnswer(`GET ${incomePath}`, "a full page without a way on");
      startMs = newestMs;
    }
    throw invalidAnswer(`GET ${incomePath}`, `over ${maxPages} pages`);
  }

  #rows(path: string, params: Params, weight: number, signal: AbortSignal): Promise<readonly unknown[]> {
    return this.#options.rest.ask(path, params, rowsSchema, { isSigned: true, weight, signal });
  }
}

function checked<T>(path: string, schema: v.GenericSchema<unknown, T>, row: unknown): T {
  const parsed = v.safeParse(schema, row);
  if (!parsed.success) throw invalidAnswer(`GET ${path}`, "a row can't be read");
  return parsed.output;
}

function whole<T>(path: string, { misfits, values }: Read<T>): readonly T[] {
  if (misfits.length === 0) return values;
  throw invalidAnswer(`GET ${path}`, `${misfits.length} rows can't be read: ${misfits[0]}`);
}
