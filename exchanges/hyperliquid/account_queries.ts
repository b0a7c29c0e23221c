/** Questions about the account by REST: lists that are whole, or thrown. */
import * as v from "valibot";
import {
  type Balance,
  BerthError,
  type Clock,
  type Fill,
  type FundingPayment,
  money,
  type OrderKey,
  type OrderQueryOutcome,
  type OrderReport,
  parseMoney,
  type VenuePosition,
} from "@berth/sdk";
import { cloidOf } from "./client_ids.ts";
import { type AccountReader, balanceOf, type Read } from "./private_stream.ts";
import type { RestClient } from "./rest.ts";
import { accountStateSchema, fundingLedgerSchema, orderStatusSchema, spotStateSchema } from "./wire.ts";

export interface AccountQueriesOptions {
  readonly rest: RestClient;
  /** The account's own address, or that of the sub-account or vault that is traded for. */
  readonly user: string;
  readonly reader: AccountReader;
  readonly clock: Clock;
}

/** The venue's limits of one answer, and how many answers we go through. */
const fillsPerPage = 2_000;
const fundingsPerPage = 500;
const maxPages = 40;
const anyRows = v.array(v.unknown());
const timeSchema = v.object({ time: v.pipe(v.number(), v.safeInteger(), v.minValue(1)) });

export class AccountQueries {
  readonly #options: AccountQueriesOptions;

  constructor(options: AccountQueriesOptions) {
    this.#options = options;
  }

  async order({ clientOrderId, venueOrderId }: OrderKey, signal: AbortSignal): Promise<OrderQueryOutcome> {
    const { reader, rest, user } = this.#options;
    // By cloid: a change gives an order another number.
    const oid = cloidOf(clientOrderId) ?? (venueOrderId === undefined ? undefined : Number(venueOrderId));
    if (oid === undefined) return { kind: "failed", details: `${clientOrderId} has no cloid` };
    const result = await rest.info({ type: "orderStatus", user, oid }, {
      weight: 2,
      urgency: "order",
      signal,
    });
    if (result.kind === "unanswered") return { kind: "failed", details: `${result.why}: ${result.details}` };
    if (result.kind === "error") return { kind: "failed", details: `${result.status} ${result.text}` };
    const parsed = v.safeParse(orderStatusSchema, result.data);
    if (!parsed.success) return { kind: "failed", details: "the answer has no order that can be read" };
    if (parsed.output.status === "unknownOid") return { kind: "not_found" };
    const { values: [report], misfits: [why] } = reader.orderUpdates([parsed.output.order]);
    return report === undefined
      ? { kind: "failed", details: why ?? "the order is being changed" }
      : { kind: "found", report };
  }

  /** Open orders of all coins, raw: their own reading is the caller's. */
  async openOrderRows(signal: AbortSignal): Promise<readonly unknown[]> {
    const { rest, user } = this.#options;
    return await rest.ask({ type: "frontendOpenOrders", user }, anyRows, {
      weight: 20,
      urgency: "order",
      signal,
    });
  }

  async openOrders(signal: AbortSignal): Promise<readonly OrderReport[]> {
    return whole(this.#options.reader.openOrders(await this.openOrderRows(signal)));
  }

  async fills(sinceMs: number, signal: AbortSignal): Promise<readonly Fill[]> {
    const { clock, reader, user } = this.#options;
    const rows = await this.#pages(
      (startTime) => ({ type: "userFillsByTime", user, startTime }),
      sinceMs,
      fillsPerPage,
      signal,
    );
    const fills = whole(reader.fills(rows, clock.epochUs()));
    return distinct(fills, ({ fillId }) => fillId);
  }

  async positions(signal: AbortSignal): Promise<readonly VenuePosition[]> {
    const { clock, reader } = this.#options;
    const state = await this.#state(signal);
    return whole(reader.positions(state, state.time ?? clock.epochMs(), false));
  }

  /** Collateral: of the perpetuals' account, or of the spot account where the account is a unified one. */
  async balances(signal: AbortSignal): Promise<readonly Omit<Balance, "venue">[]> {
    const { clock, rest, user } = this.#options;
    const state = await this.#state(signal);
    const own = balanceOf(state, state.time ?? clock.epochMs());
    if (own.total !== 0n) return [own];
    const spot = await rest.ask({ type: "spotClearinghouseState", user }, spotStateSchema, {
      weight: 2,
      urgency: "order",
      signal,
    });
    const usdc = spot.balances.find(({ coin }) => coin === "USDC");
    if (usdc === undefined) return [own];
    const total = parseMoney(usdc.total);
    return [{ ...own, total, available: money(total - parseMoney(usdc.hold)) }];
  }

  /** Collateral of the perpetuals' account alone. */
  async ownTotal(signal: AbortSignal): Promise<bigint> {
    const { clock } = this.#options;
    return balanceOf(await this.#state(signal), clock.epochMs()).total;
  }

  async fundingPayments(sinceMs: number, signal: AbortSignal): Promise<readonly FundingPayment[]> {
    const { reader, user } = this.#options;
    const rows = await this.#pages(
      (startTime) => ({ type: "userFunding", user, startTime }),
      sinceMs,
      fundingsPerPage,
      signal,
    );
    return distinct(whole(reader.fundings(rows, fundingLedgerSchema)), ({ paymentId }) => paymentId);
  }

  async #state(signal: AbortSignal): Promise<v.InferOutput<typeof accountStateSchema>> {
    const { rest, user } = this.#options;
    return await rest.ask({ type: "clearinghouseState", user }, accountStateSchema, {
      weight: 2,
      urgency: "order",
      signal,
    });
  }

  /**
   * Everything since a time, page after page: each begins at the last one's newest row, which comes twice.
   * @throws {BerthError} VENUE_ANSWER_INVALID when a page is full of rows of one millisecond, or there is no end
   */
  async #pages(
    body: (startTime: number) => Readonly<Record<string, unknown>>,
    sinceMs: number,
    pageSize: number,
    signal: AbortSignal,
  ): Promise<readonly unknown[]> {
    const rows: unknown[] = [];
    let startTime = Math.max(0, Math.floor(sinceMs));
    for (let page = 0; page < maxPages; page++) {
      const question = body(startTime);
      const found = await this.#options.rest.ask(question, anyRows, {
        weight: 20,
        rowsPerWeight: 20,
        urgency: "order",
        signal,
      });
      rows.push(...found);
      if (found.length < pageSize) return rows;
      const newestMs = found.reduce<number>((newest, row) => {
        const parsed = v.safeParse(timeSchema, row);
        return parsed.success ? Math.max(newest, parsed.output.time) : newest;
      }, 0);
      if (newestMs <= startTime) throw answerInvalid(String(question["type"]), "a page does not lead on");
      startTime = newestMs;
    }
    throw answerInvalid("a list", `over ${maxPages * pageSize} rows`);
  }
}

/** A list is whole or it is no list: what could not be read must not look like "there is none". */
export function whole<T>(read: Read<T>): readonly T[] {
  if (read.misfits.length > 0) {
    throw answerInvalid("a list", `${read.misfits.length} rows can't be read: ${read.misfits[0]}`);
  }
  return read.values;
}

/** Oldest first, each once. */
function distinct<T extends { readonly tsVenueMs: number }>(
  values: readonly T[],
  keyOf: (value: T) => string,
): readonly T[] {
  const byKey = new Map(values.map((value) => [keyOf(value), value]));
  return [...byKey.values()].sort((a, b) => a.tsVenueMs - b.tsVenueMs);
}

const answerInvalid = (request: string, reason: string) =>
  new BerthError("VENUE_ANSWER_INVALID", { venue: "hyperliquid", request, reason });
