/**
 * Stop and take-profit orders, which OKX keeps in a book of their own ("algo orders"): placed, asked about and cancelled
 * by endpoints of their own, under our id as `algoClOrdId`. When the price is reached an ordinary order follows, which
 * carries that id as well.
 *
 * @see https://www.okx.com/docs-v5 "Algo trading": place (20 in 2 s an instrument), cancel (10 a request)
 */
import * as v from "valibot";
import {
  type CancelOutcome,
  type Clock,
  describeError,
  type OrderKey,
  type OrderQueryOutcome,
  type OrderRequest,
  type OrderTrigger,
  type SubmitOutcome,
} from "@berth/sdk";
import { worstOf } from "@berth/sdk/venue/cancel_outcomes.ts";
import type { AccountLists } from "./account_lists.ts";
import { type OkxInstrument, priceText } from "./instruments.ts";
import { restResults } from "./order_channel.ts";
import { cancelOutcome, local, noOrderId, submitOutcome } from "./outcomes.ts";
import type { AccountReader } from "./private_stream.ts";
import { rejectCodeOf } from "./reject_codes.ts";
import type { RestClient } from "./rest.ts";
import type { OkxSettings } from "./settings.ts";
import { algoKeyRowSchema, type AlgoRow, algoRowSchema, cutText } from "./wire.ts";

/** Of one cancel request. */
const cancelBatch = 10;
/** Trigger orders that are remembered as such. */
const maxKnown = 5_000;
const marketPrice = "-1";

export interface TriggerOrdersOptions {
  readonly rest: RestClient;
  readonly lists: AccountLists;
  readonly reader: AccountReader;
  readonly clock: Clock;
  readonly settings: Pick<OkxSettings, "triggerPriceType">;
}

/** What became of one: it waits or has ended, or it is an ordinary order now. */
export type TriggerQuery = OrderQueryOutcome | { readonly kind: "became"; readonly ordId: string };

/** `ordId` is empty while it waits, and for one that ended without an order. */
interface Known {
  readonly isWaiting: boolean;
  readonly ordId: string;
}

export class TriggerOrders {
  readonly #options: TriggerOrdersOptions;
  /** By our id, oldest first. */
  readonly #known = new Map<string, Known>();

  constructor(options: TriggerOrdersOptions) {
    this.#options = options;
  }

  /** A pushed row: what waits, what does not any more. */
  note(row: unknown): void {
    const parsed = v.safeParse(algoRowSchema, row);
    if (!parsed.success || parsed.output.algoClOrdId === "") return;
    const { algoClOrdId, state } = parsed.output;
    const isWaiting = state === "live" || state === "pause";
    this.#remember(algoClOrdId, { isWaiting, ordId: isWaiting ? "" : orderOf(parsed.output) });
  }

  /** The ordinary order that it has become, for the venue knows that one by its own id alone. */
  orderOf(order: OrderKey): string | undefined {
    const ordId = this.#known.get(order.clientOrderId)?.ordId ?? "";
    return ordId === "" ? undefined : ordId;
  }

  /** Whether it waits for its price, as far as is known. */
  isWaiting(order: OrderKey): boolean {
    return this.#known.get(order.clientOrderId)?.isWaiting ?? order.isTrigger === true;
  }

  async submit(
    order: OrderRequest,
    trigger: OrderTrigger,
    one: OkxInstrument,
    terms: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<SubmitOutcome> {
    const { clock, rest, settings } = this.#options;
    const { pricing } = order;
    if (pricing.kind === "limit" && (pricing.postOnly || pricing.timeInForce !== "GTC")) {
      return local("unsupported", "OKX keeps trigger orders as market or plain limit orders only");
    }
    if (signal.aborted) return local("not_sent", "the deadline had passed");
    const price = pricing.kind === "limit" ? pricing.limitPriceTicks : pricing.worstPriceTicks;
    const prefix = trigger.kind === "stop" ? "sl" : "tp";
    const fields = {
      algoClOrdId: order.clientOrderId,
      ordType: "conditional",
      [`${prefix}TriggerPx`]: priceText(trigger.triggerPriceTicks, one),
      [`${prefix}TriggerPxType`]: settings.triggerPriceType,
      [`${prefix}OrdPx`]: price === undefined ? marketPrice : priceText(price, one),
    };
    const body = { instId: one.instId, ...terms, ...fields };
    const result = await rest.post("/api/v5/trade/order-algo", body, signal);
    const [item] = restResults([{ fields: { algoClOrdId: order.clientOrderId } }], result);
    const outcome = item === undefined ? noOrderId : submitOutcome(item, clock.epochMs());
    if (outcome.kind === "acknowledged") this.#remember(order.clientOrderId, { isWaiting: true, ordId: "" });
    return outcome;
  }

  async cancel(order: OrderKey, one: OkxInstrument, signal: AbortSignal): Promise<CancelOutcome> {
    const fields = { algoClOrdId: order.clientOrderId };
    const body = [{ instId: one.instId, ...fields }];
    const result = await this.#options.rest.post("/api/v5/trade/cancel-algos", body, signal);
    const [item] = restResults([{ fields }], result);
    return item === undefined ? noOrderId : cancelOutcome(item);
  }

  /** All that wait, of the account or of one instrument. */
  async cancelAll(query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<CancelOutcome> {
    let keys: readonly v.InferOutput<typeof algoKeyRowSchema>[];
    try {
      const rows = await this.#options.lists.pendingAlgos(query, signal);
      keys = rows.map((row) => v.parse(algoKeyRowSchema, row));
    } catch (error) {
      return local("other", `trigger orders can't be listed: ${describeError(error)}`);
    }
    const outcomes: CancelOutcome[] = [];
    for (let from = 0; from < keys.length; from += cancelBatch) {
      const batch = keys.slice(from, from + cancelBatch);
      const result = await this.#options.rest.post("/api/v5/trade/cancel-algos", batch, signal);
      outcomes.push(...restResults(batch.map((fields) => ({ fields })), result).map(cancelOutcome));
    }
    return worstOf(outcomes);
  }

  async query(order: OrderKey, signal: AbortSignal): Promise<TriggerQuery> {
    const query = { algoClOrdId: order.clientOrderId };
    const result = await this.#options.rest.get("/api/v5/trade/order-algo", query, {
      isPrivate: true,
      signal,
    });
    if (result.kind === "error") {
      return rejectCodeOf(result.code) === "order_not_found"
        ? { kind: "not_found" }
        : { kind: "failed", details: cutText(`${result.code} ${result.msg}`) };
    }
    if (result.kind !== "rows") return { kind: "failed", details: cutText(result.details) };
    const [row] = result.rows;
    if (row === undefined) return { kind: "not_found" };
    this.note(row);
    const [report] = this.#options.reader.algos([row]).values;
    if (report !== undefined) return { kind: "found", report };
    const parsed = v.safeParse(algoRowSchema, row);
    const ordId = parsed.success ? orderOf(parsed.output) : "";
    return ordId === ""
      ? { kind: "failed", details: "the answer names no order" }
      : { kind: "became", ordId };
  }

  #remember(clientOrderId: string, known: Known): void {
    // An answer may come after the push that it was triggered.
    const before = this.#known.get(clientOrderId);
    if (before !== undefined && !before.isWaiting && known.isWaiting) return;
    this.#known.delete(clientOrderId);
    this.#known.set(clientOrderId, known);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= maxKnown) break;
      this.#known.delete(oldest);
    }
  }
}

const orderOf = ({ ordId, ordIdList }: AlgoRow): string => ordIdList[0] ?? ordId;
