/**
 * Requests of the account. Each is sent once, by WebSocket while that is connected and by REST otherwise, and ends
 * in one outcome. Nothing is retried here: silence after sending is `unknown`, and the host asks.
 *
 * Acknowledged means taken in, not accepted: risk and matching answer on the private stream.
 */
import {
  type AmendOutcome,
  type AmendRequest,
  type Balance,
  BerthError,
  type CancelOutcome,
  type Clock,
  type Fill,
  formatIncrements,
  type Instrument,
  type InstrumentId,
  type Log,
  type MarginMode,
  type OrderKey,
  type OrderQueryOutcome,
  type OrderReport,
  type OrderRequest,
  type RejectCode,
  type SettingOutcome,
  type SubmitOutcome,
  type Trading,
  type UnknownWhy,
  venueOrderId,
  type VenuePosition,
} from "@berth/sdk";
import type * as v from "valibot";
import type { Authentication } from "./authentication.ts";
import type { CallResult } from "./connection.ts";
import type { InstrumentList } from "./instruments.ts";
import { balanceOf, fillOf, orderReportOf, positionOf, type PrivateStream } from "./private_stream.ts";
import type { RateBudget } from "@berth/sdk/venue/rate_budget.ts";
import { knownWordIn, orderEnd, rejectCodeOf } from "./reject_codes.ts";
import { unlessAborted } from "@berth/sdk/venue/waiting.ts";
import type { RestClient, RestRequest } from "./rest.ts";
import type { ParadexSigner, SignedOrder } from "./signing.ts";
import { listSchema, orderResultSchema } from "./wire/json.ts";
import {
  accountRecordSchema,
  fillRecordSchema,
  type OrderRecord,
  orderRecordSchema,
  positionRecordSchema,
  read,
} from "./wire/records.ts";

/** What orders need of the private connection. */
export interface OrderEntry {
  call(method: string, params: unknown, signal: AbortSignal): Promise<CallResult>;
}

export interface TradingOptions {
  readonly rest: RestClient;
  readonly entry: OrderEntry;
  readonly authentication: Authentication;
  readonly signer: ParadexSigner;
  readonly instruments: InstrumentList;
  readonly stream: PrivateStream;
  readonly orderBudget: RateBudget;
  readonly queryBudget: RateBudget;
  readonly venueNowMs: () => number;
  readonly clock: Clock;
  readonly log: Log;
  /** The venue refuses an order that reaches it later than this after signing; 0 for its own default of 5 minutes. */
  readonly recvWindowMs: number;
}

/** The share of the order budget that only cancels may use. */
const cancelReserve = 0.2;
/** JSON-RPC's "internal error". */
const internalError = -32603;
const maxPages = 200;
const pageSize = 100;

/** Either transport's answer to a request that changes something. */
type Reply =
  | { readonly kind: "ok"; readonly body: unknown }
  | {
    readonly kind: "refused";
    readonly code: RejectCode;
    readonly venueCode: string;
    readonly venueText: string;
  }
  | { readonly kind: "unknown"; readonly why: UnknownWhy; readonly details: string };

/** The same request for both transports. */
interface Command {
  readonly method: string;
  readonly params: unknown;
  readonly rest: Pick<RestRequest, "method" | "path" | "query" | "body">;
}

export class ParadexTrading implements Trading {
  readonly #options: TradingOptions;
  #lastSignatureMs = 0;

  constructor(options: TradingOptions) {
    this.#options = options;
  }

  async submit(order: OrderRequest, signal: AbortSignal): Promise<SubmitOutcome> {
    const instrument = this.#instrument(order.instrument);
    if (instrument === undefined) return localRefusal("instrument_unknown", `no ${order.instrument} here`);
    const unsupported = unsupportedOf(order);
    if (unsupported !== undefined) return localRefusal("unsupported", unsupported);
    if (!this.#options.orderBudget.tryTake(cancelReserve)) {
      return localRefusal("rate_limited", "rate budget is empty");
    }
    const body = this.#orderBody(order, instrument);
    const reply = await this.#command({
      method: "order.create",
      params: body,
      rest: { method: "POST", path: "/orders", body },
    }, signal);
    if (reply.kind === "refused") {
      return { kind: "rejected", code: reply.code, venueCode: reply.venueCode, venueText: reply.venueText };
    }
    if (reply.kind === "unknown") return reply;
    const created = orderOf(reply.body);
    if (created === undefined) {
      return { kind: "unknown", why: "garbled_reply", details: "no order in the answer" };
    }
    this.#options.stream.noteOrder(created.id, order.side);
    return acknowledgement(created);
  }

  async cancel(order: OrderKey, signal: AbortSignal): Promise<CancelOutcome> {
    const instrument = this.#instrument(order.instrument);
    if (instrument === undefined) return localRefusal("instrument_unknown", `no ${order.instrument} here`);
    const { venueOrderId: id, clientOrderId: clientId } = order;
    // With the market beside it the venue finds a client id markedly faster.
    const market = instrument.venueSymbol;
    const reply = await this.#cancelCommand(
      id === undefined
        ? {
          method: "order.cancel",
          params: { client_id: clientId, market },
          rest: { method: "DELETE", path: `/orders/by_client_id/${clientId}`, query: { market } },
        }
        : { method: "order.cancel", params: { id }, rest: { method: "DELETE", path: `/orders/${id}` } },
      signal,
    );
    // An id the venue gave us and no longer finds is that of a closed order.
    if (reply.kind === "rejected" && reply.code === "order_not_found" && id !== undefined) {
      return { kind: "already_done", venueText: reply.venueText };
    }
    return reply;
  }

  async amend(request: AmendRequest, signal: AbortSignal): Promise<AmendOutcome> {
    const instrument = this.#instrument(request.instrument);
    if (instrument === undefined) return localRefusal("instrument_unknown", `no ${request.instrument} here`);
    const id = request.venueOrderId;
    if (id === undefined) return localRefusal("order_not_found", "the venue's order id is not known yet");
    if (!this.#options.orderBudget.tryTake(cancelReserve)) {
      return localRefusal("rate_limited", "rate budget is empty");
    }
    const terms: SignedOrder = {
      timestampMs: this.#nextSignatureMs(),
      market: instrument.venueSymbol,
      side: request.side === "buy" ? "BUY" : "SELL",
      type: "LIMIT",
      size: formatIncrements(request.sizeLots, instrument.lot),
      price: formatIncrements(request.limitPriceTicks, instrument.tick),
    };
    const body = {
      id,
      ...wireTerms(terms),
      signature: this.#options.signer.modifyOrder(terms, id),
      signature_timestamp: terms.timestampMs,
    };
    const reply = await this.#command({
      method: "order.modify",
      params: body,
      rest: { method: "PUT", path: `/orders/${id}`, body },
    }, signal);
    if (reply.kind === "unknown") return reply;
    if (reply.kind === "refused") {
      if (reply.code === "order_already_done" || reply.code === "order_not_found") {
        return { kind: "already_done", venueText: reply.venueText };
      }
      // The order stands as asked for already. Observed 2026; the code itself is a general one.
      if (reply.venueText.includes("no order parameters changed")) {
        return { kind: "acknowledged", venueOrderId: id };
      }
      return { kind: "rejected", code: reply.code, venueCode: reply.venueCode, venueText: reply.venueText };
    }
    const changed = orderOf(reply.body);
    if (changed === undefined) {
      return { kind: "unknown", why: "garbled_reply", details: "no order in the answer" };
    }
    return { kind: "acknowledged", venueOrderId: venueOrderId(changed.id) };
  }

  async cancelAll(instrument: InstrumentId | undefined, signal: AbortSignal): Promise<CancelOutcome> {
    const market = instrument === undefined ? undefined : this.#instrument(instrument)?.venueSymbol;
    if (instrument !== undefined && market === undefined) {
      return localRefusal("instrument_unknown", `no ${instrument} here`);
    }
    return await this.#cancelCommand({
      method: "order.cancel_all",
      params: market === undefined ? {} : { market },
      rest: { method: "DELETE", path: "/orders", query: { market } },
    }, signal);
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
      const listed = this.#options.instruments.byMarket(order.market);
      return listed === undefined ? [] : [orderReportOf(order, listed.instrument)];
    });
  }

  async fills(sinceMs: number, signal: AbortSignal): Promise<readonly Fill[]> {
    const tsRecvUs = this.#options.clock.epochUs();
    const rows = await this.#list("/fills", { start_at: Math.floor(sinceMs) }, fillRecordSchema, signal);
    return rows
      .filter((fill) => fill.tsVenueMs >= sinceMs)
      .flatMap((fill) => {
        const listed = this.#options.instruments.byMarket(fill.market);
        const side = this.#options.stream.orderSide(fill.orderId);
        return listed === undefined ? [] : [fillOf(fill, listed.instrument, side, tsRecvUs)];
      })
      // Newest first on the wire; the order of fills within a millisecond is kept.
      .reverse()
      .sort((a, b) => a.tsVenueMs - b.tsVenueMs);
  }

  async positions(signal: AbortSignal): Promise<readonly VenuePosition[]> {
    const rows = await this.#list("/positions", {}, positionRecordSchema, signal);
    return rows.flatMap((position) => {
      const listed = this.#options.instruments.byMarket(position.market);
      return listed === undefined ? [] : [positionOf(position, listed.instrument)];
    });
  }

  async balances(signal: AbortSignal): Promise<readonly Omit<Balance, "venue">[]> {
    return [balanceOf(await this.#get(accountRecordSchema, "/account", {}, signal))];
  }

  async setLeverage(
    id: InstrumentId,
    leverage: number,
    marginMode: MarginMode,
    signal: AbortSignal,
  ): Promise<SettingOutcome> {
    const market = this.#instrument(id)?.venueSymbol;
    if (market === undefined) return localRefusal("instrument_unknown", `no ${id} here`);
    if (!(Number.isSafeInteger(leverage) && leverage >= 1)) {
      return localRefusal("unsupported", `leverage is a whole number here, not ${leverage}`);
    }
    const reply = await this.#commandByRest({
      method: "POST",
      path: `/account/margin/${market}`,
      body: { leverage, margin_type: marginMode === "cross" ? "CROSS" : "ISOLATED" },
    }, signal);
    if (reply.kind === "ok") return { kind: "acknowledged" };
    return reply.kind === "unknown" ? reply : { ...reply, kind: "rejected" };
  }

  // Commands ---------------------------------------------------------------------------------------------------------

  #orderBody(order: OrderRequest, instrument: Instrument): Record<string, unknown> {
    const { pricing } = order;
    // A market order with a worst price goes as limit IOC: that price holds exactly, where the venue's own market
    // orders are bounded by its slippage settings.
    const limitTicks = pricing.kind === "limit" ? pricing.limitPriceTicks : pricing.worstPriceTicks;
    const terms: SignedOrder = {
      timestampMs: this.#nextSignatureMs(),
      market: instrument.venueSymbol,
      side: order.side === "buy" ? "BUY" : "SELL",
      type: limitTicks === undefined ? "MARKET" : "LIMIT",
      size: formatIncrements(order.sizeLots, instrument.lot),
      price: limitTicks === undefined ? "0" : formatIncrements(limitTicks, instrument.tick),
    };
    const { recvWindowMs, signer } = this.#options;
    return {
      ...wireTerms(terms),
      instruction: instructionOf(order, limitTicks === undefined),
      client_id: order.clientOrderId,
      ...(order.reduceOnly ? { flags: ["REDUCE_ONLY"] } : {}),
      ...(recvWindowMs > 0 ? { recv_window: recvWindowMs } : {}),
      signature: signer.order(terms),
      signature_timestamp: terms.timestampMs,
    };
  }

  /** Venue time, and never the same twice: equal orders in one millisecond would have equal signatures. */
  #nextSignatureMs(): number {
    this.#lastSignatureMs = Math.max(Math.round(this.#options.venueNowMs()), this.#lastSignatureMs + 1);
    return this.#lastSignatureMs;
  }

  async #cancelCommand(command: Command, signal: AbortSignal): Promise<CancelOutcome> {
    if (!this.#options.orderBudget.tryTakeUrgent()) {
      return localRefusal("rate_limited", "rate budget is empty");
    }
    const reply = await this.#command(command, signal);
    switch (reply.kind) {
      case "ok":
        return { kind: "acknowledged" };
      case "unknown":
        return reply;
      case "refused":
        return reply.code === "order_already_done"
          ? { kind: "already_done", venueText: reply.venueText }
          : { kind: "rejected", code: reply.code, venueCode: reply.venueCode, venueText: reply.venueText };
      default:
        return reply satisfies never;
    }
  }

  async #command(command: Command, signal: AbortSignal): Promise<Reply> {
    const result = await this.#options.entry.call(command.method, command.params, signal);
    switch (result.kind) {
      case "result":
        return { kind: "ok", body: result.result };
      case "error": {
        // The server's own trouble: as with HTTP 500, the request may have been done.
        if (result.code === internalError) {
          return { kind: "unknown", why: "garbled_reply", details: `${result.code} ${result.message}` };
        }
        const code = rejectCodeOf("", result.message, result.code);
        if (code === "rate_limited") this.#options.orderBudget.pause(1_000);
        return {
          kind: "refused",
          code,
          venueCode: knownWordIn(result.message) ?? String(result.code),
          venueText: result.message,
        };
      }
      case "unknown":
        return result;
      case "not_sent":
        return await this.#commandByRest(command.rest, signal);
      default:
        return result satisfies never;
    }
  }

  async #commandByRest(request: Command["rest"], signal: AbortSignal): Promise<Reply> {
    const { authentication, orderBudget, rest } = this.#options;
    let token: string | undefined;
    try {
      token = signal.aborted ? undefined : await unlessAborted(authentication.token(), signal);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return localRefusal("authentication", reason, "refused");
    }
    if (token === undefined) {
      return localRefusal("other", "the deadline passed before anything was sent", "refused");
    }
    const answer = await rest.send({ ...request, token, signal });
    if (answer.kind !== "refused") return answer;
    if (answer.status === 401) authentication.reject(token);
    if (answer.status === 429) orderBudget.pause(answer.retryAfterMs ?? 1_000);
    const code = rejectCodeOf(answer.code, answer.text);
    return { kind: "refused", code, venueCode: answer.code, venueText: answer.text };
  }

  // Queries ----------------------------------------------------------------------------------------------------------

  async #get<T>(
    schema: v.GenericSchema<unknown, T>,
    path: string,
    query: Readonly<Record<string, string | number | undefined>>,
    signal: AbortSignal,
  ): Promise<T> {
    const { authentication, queryBudget, rest } = this.#options;
    const token = await authentication.token();
    try {
      return await rest.get(schema, path, { query, token, signal, budget: queryBudget });
    } catch (error) {
      const isRefused = error instanceof BerthError && error.code === "VENUE_REFUSED";
      if (isRefused && refusalCode(error) === "authentication") authentication.reject(token);
      throw error;
    }
  }

  /** All pages of a list. @throws {BerthError} VENUE_ANSWER_INVALID also when the pages don't end */
  async #list<T>(
    path: string,
    query: Readonly<Record<string, string | number | undefined>>,
    schema: v.GenericSchema<unknown, T>,
    signal: AbortSignal,
  ): Promise<T[]> {
    const rows: T[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < maxPages; page++) {
      const paged = path === "/fills" || path === "/orders-history" ? { page_size: pageSize, cursor } : {};
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

const wireTerms = (terms: SignedOrder) => ({
  market: terms.market,
  side: terms.side,
  type: terms.type,
  size: terms.size,
  price: terms.price,
});

function unsupportedOf({ pricing }: OrderRequest): string | undefined {
  if (pricing.kind === "market") return undefined;
  if (pricing.timeInForce === "FOK") return "Paradex has no fill-or-kill";
  if (pricing.postOnly && pricing.timeInForce === "IOC") return "an order can't be post-only and IOC";
  return undefined;
}

function instructionOf(order: OrderRequest, isMarket: boolean): "GTC" | "IOC" | "POST_ONLY" {
  const { pricing } = order;
  if (pricing.kind === "market") return isMarket ? "GTC" : "IOC";
  if (pricing.postOnly) return "POST_ONLY";
  return pricing.timeInForce === "IOC" ? "IOC" : "GTC";
}

/** The answer may know of a refusal already. */
function acknowledgement(created: OrderRecord): SubmitOutcome {
  if (created.status === "CLOSED" && created.remainingSize === created.size) {
    const end = orderEnd({ cancelReason: created.cancelReason, filledLots: 0, remainingLots: 1 });
    if (end.status === "rejected") {
      return {
        kind: "rejected",
        code: end.reason,
        venueCode: created.cancelReason,
        venueText: created.cancelReason,
      };
    }
  }
  return { kind: "acknowledged", venueOrderId: venueOrderId(created.id), tsVenueMs: created.tsVenueMs };
}

/** `order` of an answer that wraps it (WebSocket), or the bare order (REST). */
function orderOf(body: unknown): OrderRecord | undefined {
  const wrapped = read(orderResultSchema, body);
  const result = read(orderRecordSchema, wrapped.kind === "read" ? rawOrder(body) : body);
  return result.kind === "read" ? result.value : undefined;
}
const rawOrder = (body: unknown): unknown =>
  typeof body === "object" && body !== null && "order" in body ? body.order : undefined;

type Refusal<Kind extends string> = {
  readonly kind: Kind;
  readonly code: RejectCode;
  readonly venueCode: string;
  readonly venueText: string;
};
/** Refused here: nothing was sent. */
function localRefusal(code: RejectCode, text: string): Refusal<"rejected">;
function localRefusal<Kind extends string>(code: RejectCode, text: string, kind: Kind): Refusal<Kind>;
function localRefusal(code: RejectCode, text: string, kind = "rejected"): Refusal<string> {
  return { kind, code, venueCode: "LOCAL", venueText: text };
}

function refusalCode(error: BerthError): RejectCode {
  const facts = error.facts;
  return "venueCode" in facts ? rejectCodeOf(facts.venueCode, facts.venueText) : "other";
}

function invalidAnswer(path: string, reason: string): BerthError<"VENUE_ANSWER_INVALID"> {
  return new BerthError("VENUE_ANSWER_INVALID", { venue: "paradex", request: `GET ${path}`, reason });
}
