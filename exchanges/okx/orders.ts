/**
 * Orders and questions to OKX's account. By the private socket while it is logged in, by REST otherwise; each request
 * is sent once and ends in one outcome. OKX has no cancel-all for swaps: open orders are listed and cancelled in batches.
 */
import * as v from "valibot";
import {
  type AmendOutcome,
  type AmendRequest,
  type Balance,
  BerthError,
  type CancelOutcome,
  type Clock,
  describeError,
  type Fill,
  type InstrumentId,
  type MarginMode,
  type OrderKey,
  type OrderQueryOutcome,
  type OrderReport,
  type OrderRequest,
  type SettingOutcome,
  type SubmitOutcome,
  type Trading,
  type UnknownWhy,
  venueOrderId,
  type VenuePosition,
} from "@berth/sdk";
import { contractsText, type InstrumentBook, type OkxInstrument, priceText } from "./instruments.ts";
import type { AccountReader, Read } from "./private_stream.ts";
import type { OrderBudget } from "./rate_budget.ts";
import { doneCodes, rateLimitCodes, rejectCodeOf, unknownCodes } from "./reject_codes.ts";
import type { RestClient, RestResult } from "./rest.ts";
import type { OkxSettings } from "./settings.ts";
import {
  cutCode,
  cutText,
  type ItemAnswer,
  itemAnswerSchema,
  orderKeyRowSchema,
  type OrderReply,
  timeOf,
} from "./wire.ts";

/** Sends an order operation over the socket; undefined when it is not logged in, so that nothing was sent. */
export type SocketRequest = (
  op: string,
  args: readonly unknown[],
  signal: AbortSignal,
) => Promise<SocketResult> | undefined;
export type SocketResult =
  | { readonly kind: "reply"; readonly reply: OrderReply }
  | { readonly kind: "unanswered"; readonly why: UnknownWhy; readonly details: string };

export interface OrdersOptions {
  readonly rest: RestClient;
  readonly socketRequest: SocketRequest;
  readonly instruments: InstrumentBook;
  readonly reader: AccountReader;
  readonly budget: OrderBudget;
  readonly clock: Clock;
  readonly settings: Pick<OkxSettings, "tradeMode">;
}

/** How one item of an operation ended. `local` never left this machine. */
type ItemResult =
  | { readonly kind: "local"; readonly outcome: ReturnType<typeof local> }
  | { readonly kind: "item"; readonly item: ItemAnswer }
  | { readonly kind: "refused"; readonly code: string; readonly msg: string }
  | { readonly kind: "unanswered"; readonly why: UnknownWhy; readonly details: string };

const restPaths = {
  "order": "/api/v5/trade/order",
  "cancel-order": "/api/v5/trade/cancel-order",
  "amend-order": "/api/v5/trade/amend-order",
} as const;
type Operation = keyof typeof restPaths;
const budgetKinds = { "order": "order", "cancel-order": "cancel", "amend-order": "amend" } as const;

const batchSize = 20;
const pageSize = 100;
/** Pages are bounded: beyond this many rows the caller is told that the list is too long. */
const maxPages = 50;
/** After "too many requests" orders and changes wait this long. */
const pauseMs = 1_000;
/** `trade/fills` knows three days; an hour of that is left for slow clocks. */
const recentFillsMs = 71 * 3_600_000;

export class OkxTrading implements Trading {
  readonly #options: OrdersOptions;

  constructor(options: OrdersOptions) {
    this.#options = options;
  }

  async submit(order: OrderRequest, signal: AbortSignal): Promise<SubmitOutcome> {
    const one = this.#options.instruments.byId(order.instrument);
    if (one === undefined) return local("instrument_unknown", `${order.instrument} is not listed`);
    if (one.instType === "SPOT") return local("unsupported", "spot is market data only");
    const result = await this.#operate("order", this.#orderFields(order, one), one, signal);
    if (result.kind === "local") return result.outcome;
    if (result.kind === "unanswered") return unanswered(result);
    if (result.kind === "refused") return refusedSubmit(result.code, result.msg);
    const { sCode, sMsg, ordId, ts } = result.item;
    if (sCode !== "0") return refusedSubmit(sCode, sMsg);
    // It was taken in under a name that can't be told: whoever asks by our own id will learn it.
    if (!isOrderId(ordId)) return noOrderId;
    const tsVenueMs = timeOf(ts);
    return {
      kind: "acknowledged",
      venueOrderId: venueOrderId(ordId),
      tsVenueMs: Number.isNaN(tsVenueMs) ? this.#options.clock.epochMs() : tsVenueMs,
    };
  }

  async cancel(order: OrderKey, signal: AbortSignal): Promise<CancelOutcome> {
    const one = this.#options.instruments.byId(order.instrument);
    if (one === undefined) return local("instrument_unknown", `${order.instrument} is not listed`);
    return cancelOutcome(await this.#operate("cancel-order", keyFields(order), one, signal));
  }

  async amend(request: AmendRequest, signal: AbortSignal): Promise<AmendOutcome> {
    const one = this.#options.instruments.byId(request.instrument);
    if (one === undefined) return local("instrument_unknown", `${request.instrument} is not listed`);
    const fields = {
      ...keyFields(request),
      newSz: contractsText(request.sizeLots, one),
      newPx: priceText(request.limitPriceTicks, one),
    };
    const result = await this.#operate("amend-order", fields, one, signal);
    const outcome = cancelOutcome(result);
    if (outcome.kind !== "acknowledged") return outcome;
    const ordId = result.kind === "item" ? result.item.ordId : "";
    if (isOrderId(ordId)) return { kind: "acknowledged", venueOrderId: venueOrderId(ordId) };
    return request.venueOrderId === undefined
      ? noOrderId
      : { kind: "acknowledged", venueOrderId: request.venueOrderId };
  }

  /** Orders of instruments that nobody asked for are cancelled too: "all" is the account's. */
  async cancelAll(instrument: InstrumentId | undefined, signal: AbortSignal): Promise<CancelOutcome> {
    const one = instrument === undefined ? undefined : this.#options.instruments.byId(instrument);
    if (instrument !== undefined && one === undefined) {
      return local("instrument_unknown", `${instrument} is not listed`);
    }
    let keys: readonly v.InferOutput<typeof orderKeyRowSchema>[];
    try {
      const rows = await this.#pages(
        "/api/v5/trade/orders-pending",
        one === undefined ? {} : { instId: one.instId },
        "ordId",
        signal,
      );
      keys = rows.map((row) => v.parse(orderKeyRowSchema, row));
    } catch (error) {
      return local("other", cutText(`open orders can't be listed: ${describeError(error)}`));
    }
    let outcome: CancelOutcome = { kind: "acknowledged" };
    for (let from = 0; from < keys.length; from += batchSize) {
      const batch = keys.slice(from, from + batchSize);
      const result = await this.#options.rest.post("/api/v5/trade/cancel-batch-orders", batch, signal);
      // The other batches go out all the same: more orders are then taken back.
      outcome = worse(outcome, batchOutcome(result, batch.length));
    }
    return outcome;
  }

  async queryOrder(order: OrderKey, signal: AbortSignal): Promise<OrderQueryOutcome> {
    const one = this.#options.instruments.byId(order.instrument);
    if (one === undefined) return { kind: "failed", details: `${order.instrument} is not listed` };
    const query = { instId: one.instId, clOrdId: order.clientOrderId };
    const result = await this.#options.rest.get("/api/v5/trade/order", query, { isPrivate: true, signal });
    if (result.kind === "unanswered") {
      return { kind: "failed", details: cutText(`${result.why}: ${result.details}`) };
    }
    if (result.kind === "error") {
      // An instrument that the venue does not know has no orders either.
      return ["order_not_found", "instrument_unknown"].includes(rejectCodeOf(result.code))
        ? { kind: "not_found" }
        : { kind: "failed", details: cutText(`${result.code} ${result.msg}`) };
    }
    const [report] = this.#options.reader.orders(result.rows).values;
    return report === undefined
      ? { kind: "failed", details: "the answer has no order that can be read" }
      : { kind: "found", report };
  }

  async openOrders(signal: AbortSignal): Promise<readonly OrderReport[]> {
    const rows = await this.#pages("/api/v5/trade/orders-pending", {}, "ordId", signal);
    return whole(this.#options.reader.orders(rows));
  }

  async fills(sinceMs: number, signal: AbortSignal): Promise<readonly Fill[]> {
    const { clock, reader } = this.#options;
    const isRecent = clock.epochMs() - sinceMs < recentFillsMs;
    const begin = String(Math.max(0, Math.floor(sinceMs)));
    const rows = isRecent
      ? await this.#pages("/api/v5/trade/fills", { begin }, "billId", signal)
      : await this.#archivedFills(begin, signal);
    return whole(reader.fills(rows, clock.epochUs())).toSorted((a, b) => a.tsVenueMs - b.tsVenueMs);
  }

  /** The longer list (3 months) wants a type, and is slower. */
  async #archivedFills(begin: string, signal: AbortSignal): Promise<readonly unknown[]> {
    const rows: unknown[] = [];
    for (const instType of this.#options.instruments.tradedTypes()) {
      rows.push(...await this.#pages("/api/v5/trade/fills-history", { instType, begin }, "billId", signal));
    }
    return rows;
  }

  async positions(signal: AbortSignal): Promise<readonly VenuePosition[]> {
    const { reader, rest } = this.#options;
    return whole(
      reader.positions(await rest.rows("/api/v5/account/positions", {}, { isPrivate: true, signal })),
    );
  }

  async balances(signal: AbortSignal): Promise<readonly Omit<Balance, "venue">[]> {
    const { reader, rest } = this.#options;
    return whole(
      reader.balances(await rest.rows("/api/v5/account/balance", {}, { isPrivate: true, signal })),
    );
  }

  async setLeverage(
    instrument: InstrumentId,
    leverage: number,
    marginMode: MarginMode,
    signal: AbortSignal,
  ): Promise<SettingOutcome> {
    const one = this.#options.instruments.byId(instrument);
    if (one === undefined) return local("instrument_unknown", `${instrument} is not listed`);
    const body = { instId: one.instId, lever: String(leverage), mgnMode: marginMode };
    const result = await this.#options.rest.post("/api/v5/account/set-leverage", body, signal);
    if (result.kind === "rows") return { kind: "acknowledged" };
    if (result.kind === "unanswered") return { kind: "unknown", why: result.why, details: result.details };
    return {
      kind: "rejected",
      code: rejectCodeOf(result.code),
      venueCode: result.code,
      venueText: result.msg,
    };
  }

  #orderFields(order: OrderRequest, one: OkxInstrument): Readonly<Record<string, unknown>> {
    const { pricing } = order;
    // A market order with a worst price goes as an IOC limit at it: the collar holds at the venue too.
    const price = pricing.kind === "limit" ? pricing.limitPriceTicks : pricing.worstPriceTicks;
    const ordType = pricing.kind === "market"
      ? price === undefined ? "market" : "ioc"
      : pricing.postOnly
      ? "post_only"
      : pricing.timeInForce === "GTC"
      ? "limit"
      : pricing.timeInForce.toLowerCase();
    return {
      tdMode: this.#options.settings.tradeMode,
      clOrdId: order.clientOrderId,
      side: order.side,
      ordType,
      sz: contractsText(order.sizeLots, one),
      ...(price === undefined ? {} : { px: priceText(price, one) }),
      ...(order.reduceOnly ? { reduceOnly: true } : {}),
    };
  }

  /** One operation with one item: by socket, where the instrument is a number, or by REST, where it is a name. */
  async #operate(
    op: Operation,
    fields: Readonly<Record<string, unknown>>,
    one: OkxInstrument,
    signal: AbortSignal,
  ): Promise<ItemResult> {
    if (signal.aborted) return localItem("not_sent", "the deadline had passed");
    if (!this.#options.budget.tryTake(budgetKinds[op], one.instId)) {
      return localItem("rate_limited", "the rate budget is empty");
    }
    const result = await this.#send(op, fields, one, signal);
    const code = result.kind === "item" ? result.item.sCode : result.kind === "refused" ? result.code : "";
    if (rateLimitCodes.has(code)) this.#options.budget.pause(pauseMs);
    return result;
  }

  async #send(
    op: Operation,
    fields: Readonly<Record<string, unknown>>,
    one: OkxInstrument,
    signal: AbortSignal,
  ): Promise<ItemResult> {
    const bySocket = one.instIdCode === undefined
      ? undefined
      : this.#options.socketRequest(op, [{ instIdCode: one.instIdCode, ...fields }], signal);
    if (bySocket !== undefined) {
      const result = await bySocket;
      if (result.kind === "unanswered") return result;
      const { data: [item], code, msg } = result.reply;
      return itemResult(item, code, msg);
    }
    const result = await this.#options.rest.post(restPaths[op], { instId: one.instId, ...fields }, signal);
    if (result.kind === "unanswered") return result;
    const [item] = itemsOf(result);
    return result.kind === "error" ? itemResult(item, result.code, result.msg) : itemResult(item, "0", "");
  }

  async #pages(
    path: string,
    query: Readonly<Record<string, string>>,
    cursorField: string,
    signal: AbortSignal,
  ): Promise<readonly unknown[]> {
    const rows: unknown[] = [];
    let after: string | undefined;
    for (let page = 0; page < maxPages; page++) {
      const cursor = after === undefined ? {} : { after };
      const found = await this.#options.rest.rows(
        path,
        { ...query, ...cursor, limit: String(pageSize) },
        { isPrivate: true, signal },
      );
      rows.push(...found);
      const last = found.at(-1);
      if (found.length < pageSize || typeof last !== "object" || last === null) return rows;
      after = String(Reflect.get(last, cursorField));
    }
    throw answerInvalid(path, `over ${maxPages * pageSize} rows`);
  }
}

/** A list is whole or it is no list: what could not be read must not look like "there is none". */
function whole<T>(read: Read<T>): readonly T[] {
  if (read.misfits.length > 0) {
    throw answerInvalid("a list", `${read.misfits.length} rows can't be read: ${read.misfits[0]}`);
  }
  return read.values;
}

const answerInvalid = (request: string, reason: string) =>
  new BerthError("VENUE_ANSWER_INVALID", { venue: "okx", request, reason });

/** The venue's word on the item, or on the whole request where it names none. */
function itemResult(item: ItemAnswer | undefined, code: string, msg: string): ItemResult {
  if (item !== undefined) return { kind: "item", item };
  return code === "0"
    ? { kind: "unanswered", why: "garbled_reply", details: "the answer names no order" }
    : { kind: "refused", code, msg };
}

/** A batch is done when each of its items is. */
function batchOutcome(result: RestResult, count: number): CancelOutcome {
  if (result.kind === "unanswered") return unanswered(result);
  const items = itemsOf(result);
  const failed = items.find((item) => item.sCode !== "0" && !doneCodes.has(item.sCode));
  if (failed !== undefined) return refusedCancel(failed.sCode, failed.sMsg);
  if (items.length === count) return { kind: "acknowledged" };
  return result.kind === "error"
    ? refusedCancel(result.code, result.msg)
    : { kind: "unknown", why: "garbled_reply", details: `${items.length} of ${count} orders answered` };
}

const severity: Readonly<Record<CancelOutcome["kind"], number>> = {
  acknowledged: 0,
  already_done: 0,
  rejected: 1,
  unknown: 2,
};
const worse = (a: CancelOutcome, b: CancelOutcome): CancelOutcome =>
  severity[b.kind] > severity[a.kind] ? b : a;

function itemsOf(result: RestResult): readonly ItemAnswer[] {
  if (result.kind === "unanswered") return [];
  return result.rows.flatMap((row) => {
    const parsed = v.safeParse(itemAnswerSchema, row);
    return parsed.success ? [parsed.output] : [];
  });
}

const keyFields = (order: OrderKey): Readonly<Record<string, string>> =>
  order.venueOrderId === undefined ? { clOrdId: order.clientOrderId } : { ordId: order.venueOrderId };

const local = (
  code: "instrument_unknown" | "not_sent" | "other" | "rate_limited" | "unsupported",
  venueText: string,
) => ({ kind: "rejected", code, venueCode: "LOCAL", venueText }) as const;
const localItem = (code: "not_sent" | "rate_limited", venueText: string): ItemResult => ({
  kind: "local",
  outcome: local(code, venueText),
});

/** What a platform says of a failed request may be long. */
const unanswered = ({ why, details }: { readonly why: UnknownWhy; readonly details: string }) =>
  ({ kind: "unknown", why, details: cutText(details) }) as const;

const isOrderId = (text: string): boolean => /^[\x21-\x7e]{1,128}$/.test(text);
const noOrderId = { kind: "unknown", why: "garbled_reply", details: "the answer names no order" } as const;

function refusedSubmit(code: string, msg: string): SubmitOutcome {
  if (unknownCodes.has(code)) return { kind: "unknown", why: "timeout", details: cutText(`${code} ${msg}`) };
  return {
    kind: "rejected",
    code: rejectCodeOf(code),
    venueCode: cutCode(code),
    venueText: cutText(msg),
  };
}

function refusedCancel(code: string, msg: string): CancelOutcome {
  if (unknownCodes.has(code)) return { kind: "unknown", why: "timeout", details: cutText(`${code} ${msg}`) };
  if (doneCodes.has(code)) return { kind: "already_done", venueText: cutText(`${code} ${msg}`) };
  return {
    kind: "rejected",
    code: rejectCodeOf(code),
    venueCode: cutCode(code),
    venueText: cutText(msg),
  };
}

function cancelOutcome(result: ItemResult): CancelOutcome {
  if (result.kind === "local") return result.outcome;
  if (result.kind === "unanswered") return unanswered(result);
  if (result.kind === "refused") return refusedCancel(result.code, result.msg);
  return result.item.sCode === "0"
    ? { kind: "acknowledged" }
    : refusedCancel(result.item.sCode, result.item.sMsg);
}
