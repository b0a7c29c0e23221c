/**
 * Order operations on their way to OKX: by the private socket while it is logged in, where the instrument is a number,
 * by REST otherwise, where it is a name. Each item is sent once and ends in one result, in the order given; what the
 * rate budget does not bear is refused here and never leaves.
 */
import * as v from "valibot";
import type { Unanswered } from "@berth/sdk/venue/transport.ts";
import type { OkxInstrument } from "./instruments.ts";
import type { ItemResult } from "./outcomes.ts";
import type { BudgetKind, OrderBudget } from "./rate_budget.ts";
import { rateLimitCodes } from "./reject_codes.ts";
import type { RestClient, RestResult } from "./rest.ts";
import { type ItemAnswer, itemAnswerSchema, type OrderReply } from "./wire.ts";

/** Sends an order operation over the socket; undefined when it is not logged in, so that nothing was sent. */
export type SocketRequest = (
  op: string,
  args: readonly unknown[],
  signal: AbortSignal,
) => Promise<SocketResult> | undefined;
export type SocketResult =
  | { readonly kind: "reply"; readonly reply: OrderReply }
  | Unanswered;

/** One item of an operation: what is sent of it beside the instrument. */
export interface Item {
  readonly one: OkxInstrument;
  readonly fields: Readonly<Record<string, unknown>>;
  /** An order that only reduces. */
  readonly isClosing?: boolean;
}

interface Operation {
  readonly kind: BudgetKind;
  readonly socketOp: string;
  readonly socketBatch: string;
  readonly path: string;
  readonly batchPath: string;
}
const operations = {
  order: {
    kind: "order",
    socketOp: "order",
    socketBatch: "batch-orders",
    path: "/api/v5/trade/order",
    batchPath: "/api/v5/trade/batch-orders",
  },
  cancel: {
    kind: "cancel",
    socketOp: "cancel-order",
    socketBatch: "batch-cancel-orders",
    path: "/api/v5/trade/cancel-order",
    batchPath: "/api/v5/trade/cancel-batch-orders",
  },
  amend: {
    kind: "amend",
    socketOp: "amend-order",
    socketBatch: "batch-amend-orders",
    path: "/api/v5/trade/amend-order",
    batchPath: "/api/v5/trade/amend-batch-orders",
  },
} as const satisfies Readonly<Record<string, Operation>>;
export type OperationName = keyof typeof operations;

/** Items of one request at most. */
export const batchSize = 20;
/** After "too many requests" orders and changes wait this long. */
const pauseMs = 1_000;

export interface OrderChannelOptions {
  readonly rest: RestClient;
  readonly socketRequest: SocketRequest;
  readonly budget: OrderBudget;
}

export class OrderChannel {
  readonly #options: OrderChannelOptions;

  constructor(options: OrderChannelOptions) {
    this.#options = options;
  }

  async one(name: OperationName, item: Item, signal: AbortSignal): Promise<ItemResult> {
    const [result] = await this.many(name, [item], signal);
    return result ?? garbled;
  }

  /** Results in the order of the items. */
  async many(
    name: OperationName,
    items: readonly Item[],
    signal: AbortSignal,
  ): Promise<readonly ItemResult[]> {
    if (signal.aborted) {
      return items.map(() => ({ kind: "local", code: "not_sent", text: "the deadline had passed" }));
    }
    const operation: Operation = operations[name];
    const isBatch = items.length > 1;
    const admitted = items.map(({ one, isClosing = false }) =>
      this.#options.budget.tryTake(isClosing ? "close" : operation.kind, one.instId, isBatch)
    );
    const sent = items.filter((_, at) => admitted[at]);
    const batches: Promise<readonly ItemResult[]>[] = [];
    for (let from = 0; from < sent.length; from += batchSize) {
      batches.push(this.#send(operation, sent.slice(from, from + batchSize), signal));
    }
    const results = (await Promise.all(batches)).flat();
    if (results.some(isRateLimit)) this.#options.budget.pause(pauseMs);
    let at = 0;
    return admitted.map((isAdmitted): ItemResult =>
      isAdmitted
        ? results[at++] ?? garbled
        : { kind: "local", code: "rate_limited", text: "the rate budget is empty" }
    );
  }

  async #send(
    operation: Operation,
    items: readonly Item[],
    signal: AbortSignal,
  ): Promise<readonly ItemResult[]> {
    const isBatch = items.length > 1;
    const hasCodes = items.every(({ one }) => one.instIdCode !== undefined);
    const bySocket = hasCodes
      ? this.#options.socketRequest(
        isBatch ? operation.socketBatch : operation.socketOp,
        items.map(({ one, fields }) => ({ instIdCode: one.instIdCode, ...fields })),
        signal,
      )
      : undefined;
    if (bySocket !== undefined) {
      const result = await bySocket;
      if (result.kind === "unanswered") return items.map(() => result);
      const { data, code, msg } = result.reply;
      return resultsOf(items, data, code, msg);
    }
    const bodies = items.map(({ one, fields }) => ({ instId: one.instId, ...fields }));
    const result = isBatch
      ? await this.#options.rest.post(operation.batchPath, bodies, signal)
      : await this.#options.rest.post(operation.path, bodies[0], signal);
    return restResults(items, result);
  }
}

/** Results of a REST answer that has one row an item. */
export function restResults(
  items: readonly Pick<Item, "fields">[],
  result: RestResult,
): readonly ItemResult[] {
  switch (result.kind) {
    case "unanswered":
      return items.map(() => result);
    case "unsent":
      return items.map(() => ({ kind: "local", code: "rate_limited", text: result.details }));
    case "rows":
      return resultsOf(items, answersOf(result.rows), "0", "");
    case "error":
      return resultsOf(items, answersOf(result.rows), result.code, result.msg);
    default:
      return result satisfies never;
  }
}

const garbled: ItemResult = {
  kind: "unanswered",
  why: "garbled_reply",
  details: "the answer names no order",
};

/** Undefined for a row that can't be read: its item's fate is not known. */
const answersOf = (rows: readonly unknown[]): readonly (ItemAnswer | undefined)[] =>
  rows.map((row) => {
    const parsed = v.safeParse(itemAnswerSchema, row);
    return parsed.success ? parsed.output : undefined;
  });

/** The venue's word on each item, or on the whole request where it names none. */
function resultsOf(
  items: readonly Pick<Item, "fields">[],
  answers: readonly (ItemAnswer | undefined)[],
  code: string,
  msg: string,
): readonly ItemResult[] {
  if (answers.length === 0 && code !== "0") return items.map(() => ({ kind: "refused", code, msg }));
  return items.map(({ fields }, at): ItemResult => {
    const item = answers.length === items.length ? answers[at] : undefined;
    // Answers come in the order of the request; one that names another order is none of this item's.
    const isOwn = item !== undefined && isAbout(item, fields);
    const found = isOwn ? item : answers.find((one) => one !== undefined && names(one, fields));
    return found === undefined ? garbled : { kind: "item", item: found };
  });
}

const idPairs = [["clOrdId", "clOrdId"], ["ordId", "ordId"], ["algoClOrdId", "algoClOrdId"], [
  "algoId",
  "algoId",
]] as const;

/** Nothing in the answer speaks against its being about this item. */
const isAbout = (item: ItemAnswer, fields: Readonly<Record<string, unknown>>): boolean =>
  idPairs.every(([theirs, ours]) =>
    item[theirs] === "" || fields[ours] === undefined || item[theirs] === fields[ours]
  );

/** The answer says that it is about this item. */
const names = (item: ItemAnswer, fields: Readonly<Record<string, unknown>>): boolean =>
  idPairs.some(([theirs, ours]) => item[theirs] !== "" && item[theirs] === fields[ours]) &&
  isAbout(item, fields);

const isRateLimit = (result: ItemResult): boolean =>
  rateLimitCodes.has(
    result.kind === "item" ? result.item.sCode : result.kind === "refused" ? result.code : "",
  );
