/** Orders at Aster. Each request is sent once and ends in one outcome; the venue takes orders by REST alone. */
import * as v from "valibot";
import {
  type AmendOutcome,
  type AmendRequest,
  type CancelOutcome,
  describeError,
  type InstrumentId,
  type MarginMode,
  type OrderKey,
  type OrderRequest,
  type Rejection,
  type SettingOutcome,
  type SubmitOutcome,
  type Trading,
} from "@berth/sdk";
import { worstOf } from "@berth/sdk/venue/cancel_outcomes.ts";
import type { VenueTime } from "@berth/sdk/venue/venue_time.ts";
import type { AccountQueries } from "./account_queries.ts";
import { type AsterInstrument, type InstrumentBook, priceText, sizeText } from "./instruments.ts";
import {
  amendOutcome,
  cancelOutcome,
  itemResult,
  local,
  notListed,
  settingOutcome,
  submitOutcome,
  tooLate,
} from "./outcomes.ts";
import type { Params, RestClient } from "./rest.ts";
import type { AsterSettings } from "./settings.ts";
import { orderSymbolSchema } from "./wire.ts";

const orderPath = "/fapi/v3/order";
const batchPath = "/fapi/v3/batchOrders";
const ordersPerBatch = 5;
const cancelsPerBatch = 10;

export interface OrdersOptions {
  readonly rest: RestClient;
  readonly queries: AccountQueries;
  readonly instruments: InstrumentBook;
  readonly time: VenueTime;
  readonly settings: Pick<AsterSettings, "triggerPriceType">;
  /** Orders of this instrument are on their way. */
  readonly onOrder: (symbol: string) => void;
}

/** What is sent for one order. */
interface MadeParams {
  readonly kind: "params";
  readonly params: Params;
}

const noOutcome = local("other", "the order was lost");

export class AsterTrading implements Trading {
  readonly #options: OrdersOptions;

  constructor(options: OrdersOptions) {
    this.#options = options;
  }

  async submit(order: OrderRequest, signal: AbortSignal): Promise<SubmitOutcome> {
    const [outcome] = await this.submitBatch([order], signal);
    return outcome ?? noOutcome;
  }

  async submitBatch(orders: readonly OrderRequest[], signal: AbortSignal): Promise<readonly SubmitOutcome[]> {
    const outcomes = new Map<OrderRequest, SubmitOutcome>();
    const sent: { readonly order: OrderRequest; readonly params: Params }[] = [];
    for (const order of orders) {
      const one = this.#options.instruments.byId(order.instrument);
      const made = one === undefined ? notListed(order.instrument) : this.#orderParams(order, one);
      if (made.kind === "rejected") outcomes.set(order, made);
      else sent.push({ order, params: made.params });
    }
    const batches: (typeof sent)[] = [];
    for (let from = 0; from < sent.length; from += ordersPerBatch) {
      batches.push(sent.slice(from, from + ordersPerBatch));
    }
    await Promise.all(batches.map(async (batch) => {
      const results = await this.#place(batch.map(({ params }) => params), signal);
      batch.forEach(({ order }, at) => outcomes.set(order, results[at] ?? noOutcome));
    }));
    return orders.map((order) => outcomes.get(order) ?? noOutcome);
  }

  async cancel(order: OrderKey, signal: AbortSignal): Promise<CancelOutcome> {
    const [outcome] = await this.cancelBatch([order], signal);
    return outcome ?? noOutcome;
  }

  async cancelBatch(orders: readonly OrderKey[], signal: AbortSignal): Promise<readonly CancelOutcome[]> {
    const outcomes = new Map<OrderKey, CancelOutcome>();
    const groups = new Map<string, { readonly symbol: string; readonly orders: OrderKey[] }>();
    for (const order of orders) {
      const one = this.#options.instruments.byId(order.instrument);
      if (one === undefined) outcomes.set(order, notListed(order.instrument));
      else {
        // One request names orders of one symbol, all by their numbers or all by our ids.
        const key = `${one.symbol}/${order.venueOrderId === undefined}`;
        const group = groups.get(key) ?? { symbol: one.symbol, orders: [] };
        groups.set(key, group);
        group.orders.push(order);
      }
    }
    await Promise.all([...groups.values()].map(async (group) => {
      for (let from = 0; from < group.orders.length; from += cancelsPerBatch) {
        const some = group.orders.slice(from, from + cancelsPerBatch);
        const results = await this.#cancelSome(group.symbol, some, signal);
        some.forEach((order, at) => outcomes.set(order, results[at] ?? noOutcome));
      }
    }));
    return orders.map((order) => outcomes.get(order) ?? noOutcome);
  }

  /** The venue changes resting limit orders alone; the order keeps its number. */
  async amend(request: AmendRequest, signal: AbortSignal): Promise<AmendOutcome> {
    const { instruments, rest } = this.#options;
    const one = instruments.byId(request.instrument);
    if (one === undefined) return notListed(request.instrument);
    if (request.isTrigger === true) {
      return local("unsupported", "an order that waits for a price is cancelled and placed anew instead");
    }
    if (signal.aborted) return tooLate;
    const params = {
      symbol: one.symbol,
      ...idOf(request),
      quantity: sizeText(request.sizeLots, one),
      price: priceText(request.limitPriceTicks, one),
    };
    const cost = { weight: 1, orders: 1 };
    return amendOutcome(
      await rest.request("PUT", orderPath, params, { isSigned: true, ...cost, urgency: "order", signal }),
    );
  }

  /** Orders of instruments that nobody asked for are cancelled too: "all" is the account's. */
  async cancelAll(instrument: InstrumentId | undefined, signal: AbortSignal): Promise<CancelOutcome> {
    const { instruments, queries } = this.#options;
    if (instrument !== undefined) {
      const one = instruments.byId(instrument);
      return one === undefined ? notListed(instrument) : await this.#cancelAllOf(one.symbol, signal);
    }
    let symbols: readonly string[];
    try {
      const rows = await queries.allOpenOrderRows(signal);
      symbols = [...new Set(rows.map((row) => v.parse(orderSymbolSchema, row).symbol))];
    } catch (error) {
      return local("other", `open orders can't be listed: ${describeError(error)}`);
    }
    return worstOf(await Promise.all(symbols.map((symbol) => this.#cancelAllOf(symbol, signal))));
  }

  queryOrder = (order: OrderKey, signal: AbortSignal) => this.#options.queries.order(order, signal);
  openOrders = (signal: AbortSignal) => this.#options.queries.openOrders(signal);
  fills = (sinceMs: number, signal: AbortSignal) => this.#options.queries.fills(sinceMs, signal);
  positions = (signal: AbortSignal) => this.#options.queries.positions(signal);
  balances = (signal: AbortSignal) => this.#options.queries.balances(signal);
  fundingPayments = (sinceMs: number, signal: AbortSignal) =>
    this.#options.queries.fundingPayments(sinceMs, signal);

  /** The margin mode is a setting of its own, which the venue refuses to change under orders or a position. */
  async setLeverage(
    instrument: InstrumentId,
    leverage: number,
    marginMode: MarginMode,
    signal: AbortSignal,
  ): Promise<SettingOutcome> {
    const { instruments, rest } = this.#options;
    const one = instruments.byId(instrument);
    if (one === undefined) return notListed(instrument);
    if (!Number.isInteger(leverage) || leverage < 1) {
      return local("unsupported", "leverage is a whole number here");
    }
    const { symbol } = one;
    const options = { isSigned: true, weight: 1, urgency: "order", signal } as const;
    const marginType = marginMode === "cross" ? "CROSSED" : "ISOLATED";
    const mode = settingOutcome(
      await rest.request("POST", "/fapi/v3/marginType", { symbol, marginType }, options),
    );
    if (mode.kind !== "acknowledged") return mode;
    const params = { symbol, leverage: String(leverage) };
    return settingOutcome(await rest.request("POST", "/fapi/v3/leverage", params, options));
  }

  async #place(orders: readonly Params[], signal: AbortSignal): Promise<readonly SubmitOutcome[]> {
    if (signal.aborted) return orders.map(() => tooLate);
    const { onOrder, rest, time } = this.#options;
    for (const { symbol = "" } of orders) onOrder(symbol);
    const options = { isSigned: true, orders: orders.length, urgency: "order", signal } as const;
    const [single] = orders;
    if (single !== undefined && orders.length === 1) {
      const result = await rest.request("POST", orderPath, single, { ...options, weight: 1 });
      return [submitOutcome(result, time.nowMs())];
    }
    const params = { batchOrders: JSON.stringify(orders) };
    const result = await rest.request("POST", batchPath, params, { ...options, weight: 5 });
    return orders.map((_, at) => submitOutcome(itemResult(result, at), time.nowMs()));
  }

  async #cancelSome(
    symbol: string,
    orders: readonly OrderKey[],
    signal: AbortSignal,
  ): Promise<readonly CancelOutcome[]> {
    const { rest } = this.#options;
    if (signal.aborted) return orders.map(() => tooLate);
    const options = { isSigned: true, weight: 1, urgency: "cancel", signal } as const;
    const [single] = orders;
    if (single !== undefined && orders.length === 1) {
      const params = { symbol, ...idOf(single) };
      return [cancelOutcome(await rest.request("DELETE", orderPath, params, options))];
    }
    const numbers = orders.flatMap(({ venueOrderId }) => venueOrderId ?? []);
    const ids: Params = numbers.length > 0
      ? { orderIdList: `[${numbers.join(",")}]` }
      : { origClientOrderIdList: JSON.stringify(orders.map(({ clientOrderId }) => clientOrderId)) };
    const result = await rest.request("DELETE", batchPath, { symbol, ...ids }, options);
    return orders.map((_, at) => cancelOutcome(itemResult(result, at)));
  }

  async #cancelAllOf(symbol: string, signal: AbortSignal): Promise<CancelOutcome> {
    if (signal.aborted) return tooLate;
    const options = { isSigned: true, weight: 1, urgency: "cancel", signal } as const;
    return cancelOutcome(
      await this.#options.rest.request("DELETE", "/fapi/v3/allOpenOrders", { symbol }, options),
    );
  }

  /** In the order in which they are sent and signed. */
  #orderParams(order: OrderRequest, one: AsterInstrument): MadeParams | Rejection {
    const { clientOrderId, pricing, reduceOnly, side, sizeLots, trigger } = order;
    const price = pricing.kind === "limit" ? pricing.limitPriceTicks : pricing.worstPriceTicks;
    const isResting = pricing.kind === "limit" && pricing.timeInForce === "GTC" && !pricing.postOnly;
    if (trigger !== undefined && pricing.kind === "limit" && !isResting) {
      return local("unsupported", "a triggered limit order rests: it is neither post-only nor immediate");
    }
    const name = trigger?.kind === "stop" ? "STOP" : "TAKE_PROFIT";
    const terms: Params = trigger !== undefined
      ? {
        type: price === undefined ? `${name}_MARKET` : name,
        ...(price === undefined ? {} : { timeInForce: "GTC" }),
      }
      : price === undefined
      ? { type: "MARKET" }
      : { type: "LIMIT", timeInForce: timeInForceOf(pricing) };
    const params = {
      symbol: one.symbol,
      side: side === "buy" ? "BUY" : "SELL",
      ...terms,
      quantity: sizeText(sizeLots, one),
      ...(price === undefined ? {} : { price: priceText(price, one) }),
      ...(trigger === undefined ? {} : this.#triggerParams(priceText(trigger.triggerPriceTicks, one))),
      ...(reduceOnly ? { reduceOnly: "true" } : {}),
      newClientOrderId: clientOrderId,
    };
    return { kind: "params", params };
  }

  #triggerParams(stopPrice: string): Params {
    const isMark = this.#options.settings.triggerPriceType === "mark";
    return { stopPrice, workingType: isMark ? "MARK_PRICE" : "CONTRACT_PRICE" };
  }
}

/** A market order with a worst price goes as an immediate limit at it: the collar holds at the venue too. */
function timeInForceOf(pricing: OrderRequest["pricing"]): string {
  if (pricing.kind === "market") return "IOC";
  return pricing.postOnly ? "GTX" : pricing.timeInForce;
}

/** The venue's number where it is known: our ids are unique among open orders alone. */
const idOf = ({ clientOrderId, venueOrderId }: OrderKey): Params =>
  venueOrderId === undefined ? { origClientOrderId: clientOrderId } : { orderId: venueOrderId };
