/** Questions about the account, answered by REST: what recovery needs. Lists are whole or they are an error. */
import {
  type Balance,
  BerthError,
  type Clock,
  type Fill,
  type FundingPayment,
  type Instrument,
  type InstrumentId,
  type OrderKey,
  type OrderQueryOutcome,
  type OrderReport,
  type RejectCode,
  type VenuePosition,
} from "@berth/sdk";
import type { RateBudget } from "@berth/sdk/venue/rate_budget.ts";
import type * as v from "valibot";
import type { TokenSource } from "./authentication.ts";
import type { InstrumentList } from "./instruments.ts";
import {
  balanceOf,
  fillOf,
  fundingPaymentOf,
  orderReportOf,
  positionOf,
  type PrivateStream,
} from "./private_stream.ts";
import { rejectCodeOf } from "./reject_codes.ts";
import { invalidAnswer, type RestClient } from "./rest.ts";
import { fundingPaymentSchema, listSchema } from "./wire/json.ts";
import {
  accountRecordSchema,
  fillRecordSchema,
  type OrderRecord,
  orderRecordSchema,
  positionRecordSchema,
  read,
} from "./wire/records.ts";

const maxPages = 200;
const pageSize = 100;
const pagedPaths: readonly string[] = ["/fills", "/orders-history", "/funding/payments"];

type Query = Readonly<Record<string, string | number | undefined>>;

export interface AccountQueriesOptions {
  readonly rest: RestClient;
  readonly tokens: TokenSource;
  readonly instruments: InstrumentList;
  readonly stream: PrivateStream;
  readonly budget: RateBudget;
  readonly clock: Clock;
}

export class AccountQueries {
  readonly #options: AccountQueriesOptions;

  constructor(options: AccountQueriesOptions) {
    this.#options = options;
  }

  async queryOrder(order: OrderKey, signal: AbortSignal): Promise<OrderQueryOutcome> {
    const instrument = this.#instrument(order.instrument);
    if (instrument === undefined) return { kind: "failed", details: `no ${order.instrument} here` };
    const path = order.venueOrderId === undefined
      ? `/orders/by_client_id/${order.clientOrderId}`
      : `/orders/${order.venueOrderId}`;
    try {
      const open = await this.#findOpen(path, signal);
      const record = open ?? await this.#findClosed(order, instrument, signal);
      return record === undefined
        ? { kind: "not_found" }
        : { kind: "found", report: orderReportOf(record, instrument) };
    } catch (error) {
      return { kind: "failed", details: error instanceof Error ? error.message : String(error) };
    }
  }

  async openOrders(signal: AbortSignal): Promise<readonly OrderReport[]> {
    const rows = await this.#list("/orders", {}, orderRecordSchema, signal);
    return rows.flatMap((order) => {
      const listed = this.#options.instruments.byName(order.market);
      return listed === undefined ? [] : [orderReportOf(order, listed.instrument)];
    });
  }

  async fills(sinceMs: number, signal: AbortSignal): Promise<readonly Fill[]> {
    const tsRecvUs = this.#options.clock.epochUs();
    const rows = await this.#list("/fills", { start_at: Math.floor(sinceMs) }, fillRecordSchema, signal);
    return rows
      .filter((fill) => fill.tsVenueMs >= sinceMs)
      .flatMap((fill) => {
        const listed = this.#options.instruments.byName(fill.market);
        const side = this.#options.stream.orderSide(fill.orderId);
        return listed === undefined ? [] : [fillOf(fill, listed.instrument, side, tsRecvUs)];
      })
      // Newest first on the wire; the order of fills within a millisecond is kept.
      .reverse()
      .sort((a, b) => a.tsVenueMs - b.tsVenueMs);
  }

  async fundingPayments(sinceMs: number, signal: AbortSignal): Promise<readonly FundingPayment[]> {
    const query = { start_at: Math.floor(sinceMs) };
    const rows = await this.#list("/funding/payments", query, fundingPaymentSchema, signal);
    return rows
      .filter((payment) => payment.created_at >= sinceMs)
      .flatMap((payment) => {
        const listed = this.#options.instruments.byName(payment.market);
        return listed === undefined ? [] : [fundingPaymentOf(payment, listed.instrument)];
      })
      .reverse()
      .sort((a, b) => a.tsVenueMs - b.tsVenueMs);
  }

  async positions(signal: AbortSignal): Promise<readonly VenuePosition[]> {
    const rows = await this.#list("/positions", {}, positionRecordSchema, signal);
    return rows.flatMap((position) => {
      const listed = this.#options.instruments.byName(position.market);
      return listed === undefined ? [] : [positionOf(position, listed.instrument)];
    });
  }

  async balances(signal: AbortSignal): Promise<readonly Omit<Balance, "venue">[]> {
    return [balanceOf(await this.#get(accountRecordSchema, "/account", {}, signal))];
  }

  async #get<T>(
    schema: v.GenericSchema<unknown, T>,
    path: string,
    query: Query,
    signal: AbortSignal,
  ): Promise<T> {
    const { budget, rest, tokens } = this.#options;
    const token = await tokens.token();
    try {
      return await rest.get(schema, path, { query, token, signal, budget });
    } catch (error) {
      const isRefused = error instanceof BerthError && error.code === "VENUE_REFUSED";
      if (isRefused && refusalCode(error) === "authentication") tokens.reject(token);
      throw error;
    }
  }

  /** All pages of a list. @throws {BerthError} VENUE_ANSWER_INVALID also when the pages don't end */
  async #list<T>(
    path: string,
    query: Query,
    schema: v.GenericSchema<unknown, T>,
    signal: AbortSignal,
  ): Promise<T[]> {
    const rows: T[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < maxPages; page++) {
      const paged = pagedPaths.includes(path) ? { page_size: pageSize, cursor } : {};
      const answer = await this.#get(listSchema, path, { ...query, ...paged }, signal);
      for (const row of answer.results) {
        const result = read(schema, row);
        if (result.kind === "misfit") throw invalidAnswer(path, result.details);
        rows.push(result.value);
      }
      cursor = answer.next ?? undefined;
      if (cursor === undefined || cursor === "" || answer.results.length === 0) return rows;
    }
    throw invalidAnswer(path, `more than ${maxPages} pages`);
  }

  /** Undefined when the venue does not find it among open orders; it may be closed. */
  async #findOpen(path: string, signal: AbortSignal): Promise<OrderRecord | undefined> {
    try {
      return await this.#get(orderRecordSchema, path, {}, signal);
    } catch (error) {
      const isAbsent = error instanceof BerthError && error.code === "VENUE_REFUSED" &&
        ["order_not_found", "order_already_done"].includes(refusalCode(error));
      if (isAbsent) return undefined;
      throw error;
    }
  }

  async #findClosed(
    order: OrderKey,
    instrument: Instrument,
    signal: AbortSignal,
  ): Promise<OrderRecord | undefined> {
    const query = { client_id: order.clientOrderId, market: instrument.venueSymbol };
    const rows = await this.#list("/orders-history", query, orderRecordSchema, signal);
    // The filter is the venue's; believe only what carries our id.
    return rows.find((row) => row.clientId === order.clientOrderId);
  }

  #instrument(id: InstrumentId): Instrument | undefined {
    return this.#options.instruments.byId(id)?.instrument;
  }
}

function refusalCode(error: BerthError): RejectCode {
  const facts = error.facts;
  return "venueCode" in facts ? rejectCodeOf(facts.venueCode, facts.venueText) : "other";
}
