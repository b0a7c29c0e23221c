/**
 * Requests of the account, each with one outcome. Acknowledged means taken in, not accepted: risk and matching answer
 * on the private stream.
 */
import {
  type AmendOutcome,
  type AmendRequest,
  type Balance,
  type CancelOutcome,
  type Fill,
  formatIncrements,
  type FundingPayment,
  type Instrument,
  type InstrumentId,
  type MarginMode,
  type OrderKey,
  type OrderQueryOutcome,
  type OrderReport,
  type OrderRequest,
  type SettingOutcome,
  type SubmitOutcome,
  type Trading,
  venueOrderId,
  type VenuePosition,
} from "@berth/sdk";
import type { RateBudget } from "@berth/sdk/venue/rate_budget.ts";
import type { AccountQueries } from "./account_queries.ts";
import { batches, cancelOutcomesOf, submitOutcomesOf } from "./batches.ts";
import { type Command, type CommandChannel, localRefusal, type Reply } from "./command_channel.ts";
import type { InstrumentList } from "./instruments.ts";
import { orderBody, signedTerms, unsupportedOf, wireTerms } from "./order_terms.ts";
import type { PrivateStream } from "./private_stream.ts";
import { orderEnd } from "./reject_codes.ts";
import type { ParadexSigner, SignedOrder } from "./signing.ts";
import { orderResultSchema } from "./wire/json.ts";
import { type OrderRecord, orderRecordSchema, read } from "./wire/records.ts";

export interface TradingOptions {
  readonly channel: CommandChannel;
  readonly queries: AccountQueries;
  readonly signer: ParadexSigner;
  readonly instruments: InstrumentList;
  readonly stream: PrivateStream;
  readonly orderBudget: RateBudget;
  readonly venueNowMs: () => number;
  /** The venue refuses an order that reaches it later than this after signing; 0 for its own default of 5 minutes. */
  readonly recvWindowMs: number;
}

/** The share of the order budget that only cancels and reduce-only orders may use. */
const cancelReserve = 0.2;

/** What is to stand when we are gone must not end with the connection, as orders that were sent over it may. */
const outlivesConnection = ({ trigger }: OrderRequest): boolean => trigger !== undefined;

export class ParadexTrading implements Trading {
  readonly #options: TradingOptions;
  #lastSignatureMs = 0;

  constructor(options: TradingOptions) {
    this.#options = options;
  }

  async submit(order: OrderRequest, signal: AbortSignal): Promise<SubmitOutcome> {
    const prepared = this.#prepare(order);
    if (prepared.kind === "rejected") return prepared;
    if (!this.#options.orderBudget.tryTake(order.reduceOnly ? 0 : cancelReserve)) {
      return localRefusal("rate_limited", "rate budget is empty");
    }
    const { body } = prepared;
    const rest = { method: "POST", path: "/orders", body } as const;
    const { channel } = this.#options;
    const reply = outlivesConnection(order)
      ? await channel.sendByRest(rest, signal)
      : await channel.send({ method: "order.create", params: body, rest }, signal);
    if (reply.kind !== "ok") return reply;
    const created = orderOf(reply.body);
    return created === undefined ? garbled("no order in the answer") : this.#created(created, order);
  }

  /** The venue takes ten at a time, and stops at none of them: what is left of a batch goes on. */
  async submitBatch(
    orders: readonly OrderRequest[],
    signal: AbortSignal,
  ): Promise<readonly SubmitOutcome[]> {
    const outcomes: SubmitOutcome[] = [];
    for (const batch of batches(orders)) outcomes.push(...await this.#submitOneBatch(batch, signal));
    return outcomes;
  }

  async cancel(order: OrderKey, signal: AbortSignal): Promise<CancelOutcome> {
    const instrument = this.#instrument(order.instrument);
    if (instrument === undefined) return localRefusal("instrument_unknown", `no ${order.instrument} here`);
    const { venueOrderId: id, clientOrderId: clientId } = order;
    // With the market beside it the venue finds a client id markedly faster.
    const market = instrument.venueSymbol;
    const outcome = await this.#cancelCommand(
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
    if (outcome.kind === "rejected" && outcome.code === "order_not_found" && id !== undefined) {
      return { kind: "already_done", venueText: outcome.venueText };
    }
    return outcome;
  }

  async cancelBatch(orders: readonly OrderKey[], signal: AbortSignal): Promise<readonly CancelOutcome[]> {
    const outcomes: CancelOutcome[] = [];
    for (const batch of batches(orders)) outcomes.push(...await this.#cancelOneBatch(batch, signal));
    return outcomes;
  }

  async amend(request: AmendRequest, signal: AbortSignal): Promise<AmendOutcome> {
    const instrument = this.#instrument(request.instrument);
    if (instrument === undefined) return localRefusal("instrument_unknown", `no ${request.instrument} here`);
    if (request.isTrigger === true) {
      return localRefusal("unsupported", "an order with a trigger is cancelled and placed anew");
    }
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
    const rest = { method: "PUT", path: `/orders/${id}`, body } as const;
    const reply = await this.#options.channel.send({ method: "order.modify", params: body, rest }, signal);
    if (reply.kind === "unknown") return reply;
    if (reply.kind === "rejected") {
      if (reply.code === "order_already_done" || reply.code === "order_not_found") {
        return { kind: "already_done", venueText: reply.venueText };
      }
      // The order stands as asked for already. Observed 2026; the code itself is a general one.
      if (reply.venueText.includes("no order parameters changed")) {
        return { kind: "acknowledged", venueOrderId: id };
      }
      return reply;
    }
    const changed = orderOf(reply.body);
    return changed === undefined
      ? garbled("no order in the answer")
      : { kind: "acknowledged", venueOrderId: venueOrderId(changed.id) };
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
    const reply = await this.#options.channel.sendByRest({
      method: "POST",
      path: `/account/margin/${market}`,
      body: { leverage, margin_type: marginMode === "cross" ? "CROSS" : "ISOLATED" },
    }, signal);
    return reply.kind === "ok" ? { kind: "acknowledged" } : reply;
  }

  queryOrder(order: OrderKey, signal: AbortSignal): Promise<OrderQueryOutcome> {
    return this.#options.queries.queryOrder(order, signal);
  }
  openOrders(signal: AbortSignal): Promise<readonly OrderReport[]> {
    return this.#options.queries.openOrders(signal);
  }
  fills(sinceMs: number, signal: AbortSignal): Promise<readonly Fill[]> {
    return this.#options.queries.fills(sinceMs, signal);
  }
  positions(signal: AbortSignal): Promise<readonly VenuePosition[]> {
    return this.#options.queries.positions(signal);
  }
  balances(signal: AbortSignal): Promise<readonly Omit<Balance, "venue">[]> {
    return this.#options.queries.balances(signal);
  }
  fundingPayments(sinceMs: number, signal: AbortSignal): Promise<readonly FundingPayment[]> {
    return this.#options.queries.fundingPayments(sinceMs, signal);
  }

  // ------------------------------------------------------------------------------------------------------------------

  /** The order as it is sent, or why it is not. */
  #prepare(
    order: OrderRequest,
  ):
    | { readonly kind: "prepared"; readonly body: Readonly<Record<string, unknown>> }
    | ReturnType<typeof localRefusal> {
    const instrument = this.#instrument(order.instrument);
    if (instrument === undefined) return localRefusal("instrument_unknown", `no ${order.instrument} here`);
    const unsupported = unsupportedOf(order);
    if (unsupported !== undefined) return localRefusal("unsupported", unsupported);
    const { recvWindowMs, signer } = this.#options;
    const terms = signedTerms(order, instrument, this.#nextSignatureMs());
    return {
      kind: "prepared",
      body: orderBody(order, instrument, terms, signer.order(terms), recvWindowMs),
    };
  }

  #created(created: OrderRecord, order: OrderRequest): SubmitOutcome {
    this.#options.stream.noteOrder(created.id, order.side);
    return acknowledgement(created);
  }

  async #submitOneBatch(
    orders: readonly OrderRequest[],
    signal: AbortSignal,
  ): Promise<readonly SubmitOutcome[]> {
    const prepared = orders.map((order) => this.#prepare(order));
    const bodies = prepared.flatMap((one) => one.kind === "prepared" ? [one.body] : []);
    const sent = orders.filter((_, at) => prepared[at]?.kind === "prepared");
    let outcomes: readonly SubmitOutcome[] = [];
    // A batch is counted as one request.
    const reserve = sent.every(({ reduceOnly }) => reduceOnly) ? 0 : cancelReserve;
    if (bodies.length > 0 && !this.#options.orderBudget.tryTake(reserve)) {
      outcomes = sent.map(() => localRefusal("rate_limited", "rate budget is empty"));
    } else if (bodies.length > 0) {
      const rest = { method: "POST", path: "/orders/batch", body: bodies } as const;
      const { channel } = this.#options;
      const reply = sent.some(outlivesConnection)
        ? await channel.sendByRest(rest, signal)
        : await channel.send({ method: "order.create_batch", params: { orders: bodies }, rest }, signal);
      outcomes = submitOutcomesOf(reply, sent, (created, order) => this.#created(created, order));
    }
    let next = 0;
    return prepared.map((one) =>
      one.kind === "rejected" ? one : outcomes[next++] ?? garbled("the answer has too few orders")
    );
  }

  async #cancelOneBatch(
    orders: readonly OrderKey[],
    signal: AbortSignal,
  ): Promise<readonly CancelOutcome[]> {
    if (!this.#options.orderBudget.tryTakeUrgent()) {
      return orders.map(() => localRefusal("rate_limited", "rate budget is empty"));
    }
    const ids = orders.flatMap((order) => order.venueOrderId ?? []);
    const clientIds = orders.flatMap((order) => order.venueOrderId === undefined ? order.clientOrderId : []);
    const rest = {
      method: "DELETE",
      path: "/orders/batch",
      body: { order_ids: ids, client_order_ids: clientIds },
    } as const;
    // Over the WebSocket only the venue's own ids are taken.
    const reply: Reply = clientIds.length === 0
      ? await this.#options.channel.send(
        { method: "order.cancel_batch", params: { order_ids: ids }, rest },
        signal,
      )
      : await this.#options.channel.sendByRest(rest, signal);
    return cancelOutcomesOf(reply, orders);
  }

  async #cancelCommand(command: Command, signal: AbortSignal): Promise<CancelOutcome> {
    if (!this.#options.orderBudget.tryTakeUrgent()) {
      return localRefusal("rate_limited", "rate budget is empty");
    }
    const reply = await this.#options.channel.send(command, signal);
    if (reply.kind === "ok") return { kind: "acknowledged" };
    return reply.kind === "rejected" && reply.code === "order_already_done"
      ? { kind: "already_done", venueText: reply.venueText }
      : reply;
  }

  /** Venue time, and never the same twice: equal orders in one millisecond would have equal signatures. */
  #nextSignatureMs(): number {
    this.#lastSignatureMs = Math.max(Math.round(this.#options.venueNowMs()), this.#lastSignatureMs + 1);
    return this.#lastSignatureMs;
  }

  #instrument(id: InstrumentId): Instrument | undefined {
    return this.#options.instruments.byId(id)?.instrument;
  }
}

const garbled = (details: string) => ({ kind: "unknown", why: "garbled_reply", details }) as const;

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
