/**
 * Orders and questions to OKX's account. Each request is sent once and ends in one outcome. OKX has no cancel-all for
 * swaps: open orders are listed and cancelled in batches.
 */
import * as v from "valibot";
import {
  type AmendOutcome,
  type AmendRequest,
  type Balance,
  type CancelOutcome,
  type Clock,
  describeError,
  type Fill,
  type FundingPayment,
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
import { worstOf } from "@berth/sdk/venue/cancel_outcomes.ts";
import type { AccountLists } from "./account_lists.ts";
import { contractsText, type InstrumentBook, type OkxInstrument, priceText } from "./instruments.ts";
import { batchSize, type Item, type OrderChannel, restResults } from "./order_channel.ts";
import { cancelOutcome, isOrderId, local, noOrderId, settingOutcome, submitOutcome } from "./outcomes.ts";
import type { PositionMode } from "./position_legs.ts";
import type { AccountReader } from "./private_stream.ts";
import { rejectCodeOf } from "./reject_codes.ts";
import type { RestClient, RestResult } from "./rest.ts";
import type { OkxSettings } from "./settings.ts";
import type { TriggerOrders } from "./trigger_orders.ts";
import { cutText, orderKeyRowSchema } from "./wire.ts";

export interface OrdersOptions {
  readonly rest: RestClient;
  readonly channel: OrderChannel;
  readonly lists: AccountLists;
  readonly triggers: TriggerOrders;
  readonly instruments: InstrumentBook;
  readonly reader: AccountReader;
  readonly positionMode: () => PositionMode;
  readonly clock: Clock;
  readonly settings: Pick<OkxSettings, "tradeMode">;
}

export class OkxTrading implements Trading {
  readonly #options: OrdersOptions;
  /** Where it was set to another than the settings' one. */
  readonly #marginModes = new Map<InstrumentId, MarginMode>();

  constructor(options: OrdersOptions) {
    this.#options = options;
  }

  async submit(order: OrderRequest, signal: AbortSignal): Promise<SubmitOutcome> {
    const [outcome] = await this.submitBatch([order], signal);
    return outcome ?? noOrderId;
  }

  async submitBatch(orders: readonly OrderRequest[], signal: AbortSignal): Promise<readonly SubmitOutcome[]> {
    const outcomes = new Map<OrderRequest, SubmitOutcome>();
    const plain: { readonly order: OrderRequest; readonly item: Item }[] = [];
    const waiting: Promise<void>[] = [];
    for (const order of orders) {
      const one = this.#options.instruments.byId(order.instrument);
      if (one === undefined) {
        outcomes.set(order, local("instrument_unknown", `${order.instrument} is not listed`));
      } else if (one.instType === "SPOT") {
        outcomes.set(order, local("unsupported", "spot is market data only"));
      } else if (order.trigger !== undefined) {
        const sent = this.#options.triggers.submit(
          order,
          order.trigger,
          one,
          this.#terms(order, one),
          signal,
        );
        waiting.push(sent.then((outcome) => void outcomes.set(order, outcome)));
      } else {plain.push({
          order,
          item: { one, fields: this.#orderFields(order, one), isClosing: order.reduceOnly },
        });}
    }
    const results = await this.#options.channel.many("order", plain.map(({ item }) => item), signal);
    plain.forEach(({ order }, at) => {
      const result = results[at];
      if (result !== undefined) outcomes.set(order, submitOutcome(result, this.#options.clock.epochMs()));
    });
    await Promise.all(waiting);
    return orders.map((order) => outcomes.get(order) ?? noOrderId);
  }

  async cancel(order: OrderKey, signal: AbortSignal): Promise<CancelOutcome> {
    const [outcome] = await this.cancelBatch([order], signal);
    return outcome ?? noOrderId;
  }

  async cancelBatch(orders: readonly OrderKey[], signal: AbortSignal): Promise<readonly CancelOutcome[]> {
    const outcomes = new Map<OrderKey, CancelOutcome>();
    const plain: { readonly order: OrderKey; readonly item: Item }[] = [];
    const waiting: Promise<void>[] = [];
    for (const order of orders) {
      const one = this.#options.instruments.byId(order.instrument);
      if (one === undefined) {
        outcomes.set(order, local("instrument_unknown", `${order.instrument} is not listed`));
      } else if (this.#options.triggers.isWaiting(order)) {
        const sent = this.#options.triggers.cancel(order, one, signal);
        waiting.push(sent.then((outcome) => void outcomes.set(order, outcome)));
      } else plain.push({ order, item: { one, fields: this.#keyFields(order) } });
    }
    const results = await this.#options.channel.many("cancel", plain.map(({ item }) => item), signal);
    plain.forEach(({ order }, at) => {
      const result = results[at];
      if (result !== undefined) outcomes.set(order, cancelOutcome(result));
    });
    await Promise.all(waiting);
    return orders.map((order) => outcomes.get(order) ?? noOrderId);
  }

  async amend(request: AmendRequest, signal: AbortSignal): Promise<AmendOutcome> {
    const one = this.#options.instruments.byId(request.instrument);
    if (one === undefined) return local("instrument_unknown", `${request.instrument} is not listed`);
    if (this.#options.triggers.isWaiting(request)) {
      return local("unsupported", "an order that waits for a price is cancelled and placed anew instead");
    }
    const fields = {
      ...this.#keyFields(request),
      newSz: contractsText(request.sizeLots, one),
      newPx: priceText(request.limitPriceTicks, one),
    };
    const result = await this.#options.channel.one("amend", { one, fields }, signal);
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
    const query = one === undefined ? {} : { instId: one.instId };
    const outcomes = await Promise.all([
      this.#cancelListed(query, signal),
      this.#options.triggers.cancelAll(query, signal),
    ]);
    return worstOf(outcomes);
  }

  async queryOrder(order: OrderKey, signal: AbortSignal): Promise<OrderQueryOutcome> {
    const one = this.#options.instruments.byId(order.instrument);
    if (one === undefined) return { kind: "failed", details: `${order.instrument} is not listed` };
    const plain = await this.#query({ instId: one.instId, clOrdId: order.clientOrderId }, signal);
    if (plain.kind !== "not_found" || order.isTrigger === false) return plain;
    // It may wait for a price, or have become an order that goes by another id.
    const found = await this.#options.triggers.query(order, signal);
    return found.kind === "became"
      ? await this.#query({ instId: one.instId, ordId: found.ordId }, signal)
      : found;
  }

  openOrders(signal: AbortSignal): Promise<readonly OrderReport[]> {
    return this.#options.lists.openOrders(signal);
  }

  fills(sinceMs: number, signal: AbortSignal): Promise<readonly Fill[]> {
    return this.#options.lists.fills(sinceMs, signal);
  }

  positions(signal: AbortSignal): Promise<readonly VenuePosition[]> {
    return this.#options.lists.positions(signal);
  }

  balances(signal: AbortSignal): Promise<readonly Omit<Balance, "venue">[]> {
    return this.#options.lists.balances(signal);
  }

  fundingPayments(sinceMs: number, signal: AbortSignal): Promise<readonly FundingPayment[]> {
    return this.#options.lists.fundingPayments(sinceMs, signal);
  }

  /** The margin mode goes with each order at OKX: those that follow have it. */
  async setLeverage(
    instrument: InstrumentId,
    leverage: number,
    marginMode: MarginMode,
    signal: AbortSignal,
  ): Promise<SettingOutcome> {
    const one = this.#options.instruments.byId(instrument);
    if (one === undefined) return local("instrument_unknown", `${instrument} is not listed`);
    const body = { instId: one.instId, lever: String(leverage), mgnMode: marginMode };
    // Long and short have their own leverage where each has margin of its own.
    const bodies = marginMode === "isolated" && this.#options.positionMode() === "long_short_mode"
      ? [{ ...body, posSide: "long" }, { ...body, posSide: "short" }]
      : [body];
    const results = await Promise.all(
      bodies.map((one) => this.#options.rest.post("/api/v5/account/set-leverage", one, signal)),
    );
    const outcome = settingOutcome(results.map(asItemResult));
    if (outcome.kind === "acknowledged") this.#marginModes.set(instrument, marginMode);
    return outcome;
  }

  /** The venue's id where it is known: what a trigger order became has no other. */
  #keyFields(order: OrderKey): Readonly<Record<string, string>> {
    const ordId = this.#options.triggers.orderOf(order) ?? order.venueOrderId;
    return ordId === undefined ? { clOrdId: order.clientOrderId } : { ordId };
  }

  /** What every kind of order has. */
  #terms(order: OrderRequest, one: OkxInstrument): Readonly<Record<string, unknown>> {
    return {
      tdMode: this.#marginModes.get(order.instrument) ?? this.#options.settings.tradeMode,
      side: order.side,
      sz: contractsText(order.sizeLots, one),
      ...this.#positionFields(order, one),
    };
  }

  /**
   * In long/short mode each order is of one side of the account, and nothing is reduced by a flag: an order closes the
   * other side where that was asked for, or where what can be closed there covers it; else it opens its own.
   */
  #positionFields(order: OrderRequest, one: OkxInstrument): Readonly<Record<string, unknown>> {
    if (this.#options.positionMode() === "net_mode") return order.reduceOnly ? { reduceOnly: true } : {};
    const [own, other] = order.side === "buy" ? ["long", "short"] as const : ["short", "long"] as const;
    const closes = order.reduceOnly ||
      this.#options.reader.legs.closableLots(one.instId, other) >= order.sizeLots;
    return { posSide: closes ? other : own };
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
      ...this.#terms(order, one),
      clOrdId: order.clientOrderId,
      ordType,
      ...(price === undefined ? {} : { px: priceText(price, one) }),
    };
  }

  /** Lists what rests in the book and cancels it in batches; each of them goes out whatever became of the others. */
  async #cancelListed(query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<CancelOutcome> {
    let keys: readonly v.InferOutput<typeof orderKeyRowSchema>[];
    try {
      const rows = await this.#options.lists.pages("/api/v5/trade/orders-pending", query, "ordId", signal);
      keys = rows.map((row) => v.parse(orderKeyRowSchema, row));
    } catch (error) {
      return local("other", `open orders can't be listed: ${describeError(error)}`);
    }
    const outcomes: CancelOutcome[] = [];
    for (let from = 0; from < keys.length; from += batchSize) {
      const batch = keys.slice(from, from + batchSize);
      const result = await this.#options.rest.post("/api/v5/trade/cancel-batch-orders", batch, signal);
      outcomes.push(...restResults(batch.map((fields) => ({ fields })), result).map(cancelOutcome));
    }
    return worstOf(outcomes);
  }

  async #query(query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<OrderQueryOutcome> {
    const result = await this.#options.rest.get("/api/v5/trade/order", query, { isPrivate: true, signal });
    switch (result.kind) {
      case "unanswered":
        return { kind: "failed", details: cutText(`${result.why}: ${result.details}`) };
      case "unsent":
        return { kind: "failed", details: cutText(result.details) };
      case "error":
        // An instrument that the venue does not know has no orders either.
        return ["order_not_found", "instrument_unknown"].includes(rejectCodeOf(result.code))
          ? { kind: "not_found" }
          : { kind: "failed", details: cutText(`${result.code} ${result.msg}`) };
      case "rows": {
        const [report] = this.#options.reader.orders(result.rows).values;
        return report === undefined
          ? { kind: "failed", details: "the answer has no order that can be read" }
          : { kind: "found", report };
      }
      default:
        return result satisfies never;
    }
  }
}

/** An answer about the request as a whole. */
function asItemResult(result: RestResult) {
  switch (result.kind) {
    case "rows":
      return { kind: "item", item: { ...noItem, sCode: "0" } } as const;
    case "error":
      return { kind: "refused", code: result.code, msg: result.msg } as const;
    case "unsent":
      return { kind: "local", code: "rate_limited", text: result.details } as const;
    case "unanswered":
      return result;
    default:
      return result satisfies never;
  }
}
const noItem = { ordId: "", clOrdId: "", algoId: "", algoClOrdId: "", ts: "", sMsg: "" };
