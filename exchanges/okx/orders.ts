/**
 * Orders and questions to OKX's account. By the private socket while it is logged in, by REST otherwise; each request
 * is sent once and ends in one outcome. OKX has no cancel-all for swaps: open orders are listed and cancelled in batches.
 */
import * as v from "valibot";
import {
  type AmendOutcome,
  type AmendRequest,
  type Balance,
  type CancelOutcome,
  type Clock,
  type Fill,
  type InstrumentId,
  type OrderKey,
  type OrderQueryOutcome,
  type OrderReport,
  type OrderRequest,
  type SubmitOutcome,
  type Trading,
  venueOrderId,
  type VenuePosition,
} from "@berth/sdk";
import { contractsText, type InstrumentBook, type OkxInstrument, priceText } from "./instruments.ts";
import type { AccountReader, Read } from "./private_stream.ts";
import { doneCodes, rejectCodeOf, unknownCodes } from "./reject_codes.ts";
import { failureOf, type RestClient, type RestResult } from "./rest.ts";
import type { OkxSettings } from "./settings.ts";
import { type ItemAnswer, itemAnswerSchema, type OrderReply } from "./wire.ts";

/** Sends an order operation over the socket; undefined when it is not logged in, so that nothing was sent. */
export type SocketRequest = (
  op: string,
  args: readonly unknown[],
  signal: AbortSignal,
) => Promise<SocketResult> | undefined;
export type SocketResult =
  | { readonly kind: "reply"; readonly reply: OrderReply }
  | { readonly kind: "unanswered"; readonly why: "timeout" | "disconnected"; readonly details: string };

export interface OrdersOptions {
  readonly rest: RestClient;
  readonly socketRequest: SocketRequest;
  readonly instruments: InstrumentBook;
  readonly reader: AccountReader;
  readonly clock: Clock;
  readonly settings: Pick<OkxSettings, "tradeMode">;
}

/** How one item of an operation ended. */
type ItemResult =
  | { readonly kind: "item"; readonly item: ItemAnswer }
  | { readonly kind: "refused"; readonly code: string; readonly msg: string }
  | {
    readonly kind: "unanswered";
    readonly why: "timeout" | "disconnected" | "garbled_reply";
    readonly details: string;
  };

const restPaths = {
  "order": "/api/v5/trade/order",
  "cancel-order": "/api/v5/trade/cancel-order",
  "amend-order": "/api/v5/trade/amend-order",
  "batch-cancel-orders": "/api/v5/trade/cancel-batch-orders",
} as const;
type Operation = keyof typeof restPaths;

const batchSize = 20;
const pageSize = 100;
/** Pages are bounded: beyond this many rows the caller is told that the list is too long. */
const maxPages = 50;

export class OkxTrading implements Trading {
  readonly #options: OrdersOptions;

  constructor(options: OrdersOptions) {
    this.#options = options;
  }

  async submit(order: OrderRequest, signal: AbortSignal): Promise<SubmitOutcome> {
    const one = this.#options.instruments.byId(order.instrument);
    if (one === undefined) return local("instrument_unknown", `${order.instrument} is not listed`);
    if (signal.aborted) return local("not_sent", "its deadline had passed");
    const result = await this.#operate("order", [this.#orderFields(order, one)], one, signal);
    if (result.kind === "unanswered") return { kind: "unknown", why: result.why, details: result.details };
    if (result.kind === "refused") return refusedSubmit(result.code, result.msg);
    const { sCode, sMsg, ordId, ts } = result.item;
    if (sCode !== "0") return refusedSubmit(sCode, sMsg);
    return {
      kind: "acknowledged",
      venueOrderId: venueOrderId(ordId),
      tsVenueMs: ts === "" ? this.#options.clock.epochMs() : Number(ts),
    };
  }

  async cancel(order: OrderKey, signal: AbortSignal): Promise<CancelOutcome> {
    const one = this.#options.instruments.byId(order.instrument);
    if (one === undefined) return local("instrument_unknown", `${order.instrument} is not listed`);
    return cancelOutcome(await this.#operate("cancel-order", [keyFields(order)], one, signal));
  }

  async amend(request: AmendRequest, signal: AbortSignal): Promise<AmendOutcome> {
    const one = this.#options.instruments.byId(request.instrument);
    if (one === undefined) return local("instrument_unknown", `${request.instrument} is not listed`);
    const fields = {
      ...keyFields(request),
      newSz: contractsText(request.sizeLots, one),
      newPx: priceText(request.limitPriceTicks, one),
    };
    const result = await this.#operate("amend-order", [fields], one, signal);
    const outcome = cancelOutcome(result);
    if (outcome.kind !== "acknowledged") return outcome;
    const ordId = result.kind === "item" ? result.item.ordId : "";
    return {
      kind: "acknowledged",
      venueOrderId: ordId === "" && request.venueOrderId !== undefined
        ? request.venueOrderId
        : venueOrderId(ordId),
    };
  }

  async cancelAll(instrument: InstrumentId | undefined, signal: AbortSignal): Promise<CancelOutcome> {
    let open: readonly OrderReport[];
    try {
      open = await this.openOrders(signal);
    } catch (error) {
      return local("other", error instanceof Error ? error.message : String(error));
    }
    const wanted = open.filter((order) => instrument === undefined || order.instrument === instrument);
    for (let from = 0; from < wanted.length; from += batchSize) {
      const rows = wanted.slice(from, from + batchSize).map((order) => ({
        instId: this.#options.instruments.byId(order.instrument)?.instId ?? "",
        ordId: order.venueOrderId,
      }));
      const result = await this.#options.rest.post(restPaths["batch-cancel-orders"], rows, signal);
      if (result.kind === "unanswered") return { kind: "unknown", why: result.why, details: result.details };
      const failed = itemsOf(result).find((item) => item.sCode !== "0" && !doneCodes.has(item.sCode));
      if (failed !== undefined) return refusedCancel(failed.sCode, failed.sMsg);
    }
    return { kind: "acknowledged" };
  }

  async queryOrder(order: OrderKey, signal: AbortSignal): Promise<OrderQueryOutcome> {
    const one = this.#options.instruments.byId(order.instrument);
    if (one === undefined) return { kind: "failed", details: `${order.instrument} is not listed` };
    const query = { instId: one.instId, clOrdId: order.clientOrderId };
    const result = await this.#options.rest.get("/api/v5/trade/order", query, true, signal);
    if (result.kind === "unanswered") return { kind: "failed", details: `${result.why}: ${result.details}` };
    if (result.kind === "error") {
      return rejectCodeOf(result.code) === "order_not_found"
        ? { kind: "not_found" }
        : { kind: "failed", details: `${result.code} ${result.msg}` };
    }
    const [report] = this.#options.reader.orders(result.rows).values;
    return report === undefined
      ? { kind: "failed", details: "the answer has no order that can be read" }
      : { kind: "found", report };
  }

  async openOrders(signal: AbortSignal): Promise<readonly OrderReport[]> {
    const rows = await this.#pages("/api/v5/trade/orders-pending", { instType: "SWAP" }, "ordId", signal);
    return whole(this.#options.reader.orders(rows));
  }

  async fills(sinceMs: number, signal: AbortSignal): Promise<readonly Fill[]> {
    const query = { instType: "SWAP", begin: String(Math.max(0, Math.floor(sinceMs))) };
    const rows = await this.#pages("/api/v5/trade/fills", query, "billId", signal);
    return [...whole(this.#options.reader.fills(rows, this.#options.clock.epochUs()))].sort((a, b) =>
      a.tsVenueMs - b.tsVenueMs
    );
  }

  async positions(signal: AbortSignal): Promise<readonly VenuePosition[]> {
    return whole(
      this.#options.reader.positions(
        await this.#options.rest.rows("/api/v5/account/positions", { instType: "SWAP" }, true, signal),
      ),
    );
  }

  async balances(signal: AbortSignal): Promise<readonly Omit<Balance, "venue">[]> {
    return whole(
      this.#options.reader.balances(
        await this.#options.rest.rows("/api/v5/account/balance", {}, true, signal),
      ),
    );
  }

  async setLeverage(instrument: InstrumentId, leverage: number, signal: AbortSignal): Promise<void> {
    const one = this.#options.instruments.byId(instrument);
    if (one === undefined) throw new Error(`${instrument} is not listed`);
    const body = { instId: one.instId, lever: String(leverage), mgnMode: this.#options.settings.tradeMode };
    const result = await this.#options.rest.post("/api/v5/account/set-leverage", body, signal);
    if (result.kind !== "rows") throw failureOf("set-leverage", result);
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
    items: readonly Readonly<Record<string, unknown>>[],
    one: OkxInstrument,
    signal: AbortSignal,
  ): Promise<ItemResult> {
    const bySocket = one.instIdCode === undefined ? undefined : this.#options.socketRequest(
      op,
      items.map((fields) => ({ instIdCode: one.instIdCode, ...fields })),
      signal,
    );
    if (bySocket !== undefined) {
      const result = await bySocket;
      if (result.kind === "unanswered") return result;
      const { data: [item], code, msg } = result.reply;
      return item === undefined ? { kind: "refused", code, msg } : { kind: "item", item };
    }
    const result = await this.#options.rest.post(restPaths[op], { instId: one.instId, ...items[0] }, signal);
    if (result.kind === "unanswered") return result;
    const [item] = itemsOf(result);
    if (item !== undefined) return { kind: "item", item };
    return result.kind === "error"
      ? { kind: "refused", code: result.code, msg: result.msg }
      : { kind: "unanswered", why: "garbled_reply", details: "the answer names no order" };
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
        true,
        signal,
      );
      rows.push(...found);
      const last = found.at(-1);
      if (found.length < pageSize || typeof last !== "object" || last === null) return rows;
      after = String(Reflect.get(last, cursorField));
    }
    throw new Error(`${path} has over ${maxPages * pageSize} rows`);
  }
}

/** A list is whole or it is no list: what could not be read must not look like "there is none". */
function whole<T>(read: Read<T>): readonly T[] {
  if (read.misfits.length > 0) {
    throw new Error(`${read.misfits.length} rows can't be read: ${read.misfits[0]}`);
  }
  return read.values;
}

function itemsOf(result: RestResult): readonly ItemAnswer[] {
  if (result.kind === "unanswered") return [];
  return result.rows.flatMap((row) => {
    const parsed = v.safeParse(itemAnswerSchema, row);
    return parsed.success ? [parsed.output] : [];
  });
}

const keyFields = (order: OrderKey): Readonly<Record<string, string>> =>
  order.venueOrderId === undefined ? { clOrdId: order.clientOrderId } : { ordId: order.venueOrderId };

const local = (code: "instrument_unknown" | "not_sent" | "other", venueText: string) =>
  ({ kind: "rejected", code, venueCode: "LOCAL", venueText }) as const;

function refusedSubmit(code: string, msg: string): SubmitOutcome {
  if (unknownCodes.has(code)) return { kind: "unknown", why: "timeout", details: `${code} ${msg}` };
  return { kind: "rejected", code: rejectCodeOf(code), venueCode: code, venueText: msg };
}

function refusedCancel(code: string, msg: string): CancelOutcome {
  if (unknownCodes.has(code)) return { kind: "unknown", why: "timeout", details: `${code} ${msg}` };
  if (doneCodes.has(code)) return { kind: "already_done", venueText: `${code} ${msg}` };
  return { kind: "rejected", code: rejectCodeOf(code), venueCode: code, venueText: msg };
}

function cancelOutcome(result: ItemResult): CancelOutcome {
  if (result.kind === "unanswered") return { kind: "unknown", why: result.why, details: result.details };
  if (result.kind === "refused") return refusedCancel(result.code, result.msg);
  return result.item.sCode === "0"
    ? { kind: "acknowledged" }
    : refusedCancel(result.item.sCode, result.item.sMsg);
}
