/**
 * Orders of EdgeX's account. Each request is sent once and ends in one outcome; a `SUCCESS` says that an order was taken
 * in, not that it rests: matching tells by the account's stream. EdgeX changes no orders: the host cancels and places
 * anew. An order that waits for a price is an order like the others, under the same id before and after.
 */
import * as v from "valibot";
import {
  type CancelOutcome,
  type Clock,
  type InstrumentId,
  type MarginMode,
  type OrderKey,
  type OrderRequest,
  type RejectCode,
  type Rejection,
  type SettingOutcome,
  type SubmitOutcome,
  type Trading,
  type UnknownOutcome,
  venueOrderId,
} from "@berth/sdk";
import type { AccountQueries } from "./account_queries.ts";
import { type EdgexInstrument, type InstrumentBook, priceText, sizeText } from "./instruments.ts";
import type { OrderSigner } from "./order_signing.ts";
import { isUnknownOutcome, rejectCodeOf } from "./reject_codes.ts";
import type { RequestBudget } from "./request_budget.ts";
import type { RestClient, RestResult } from "./rest.ts";
import type { EdgexSettings } from "./settings.ts";
import { cancelResultSchema, createdOrderSchema, cutText } from "./wire.ts";

export interface OrdersOptions {
  readonly rest: RestClient;
  readonly budget: RequestBudget;
  readonly signer: OrderSigner;
  readonly queries: AccountQueries;
  readonly instruments: InstrumentBook;
  readonly clock: Clock;
  readonly venueNowMs: () => number;
  readonly settings: Pick<EdgexSettings, "triggerPriceType">;
  /** Oracle price of a contract; undefined when it can't be told. */
  readonly oraclePrice: (one: EdgexInstrument, signal: AbortSignal) => Promise<number | undefined>;
  /** Placed: the row that the venue has of it now, as far as we know. */
  readonly onPlaced: (row: Readonly<Record<string, unknown>> & { readonly id: string }) => void;
  readonly onLeverage: (one: EdgexInstrument, leverage: number) => void;
}

const ordersPath = "/api/v2/private/order";
const accountPath = "/api/v2/private/account";
/** A market order's signature bounds it all the same: the venue's SDKs take so many times the oracle price. */
const unboundedFactor = 10;

const timesInForce = {
  GTC: "GOOD_TIL_CANCEL",
  IOC: "IMMEDIATE_OR_CANCEL",
  FOK: "FILL_OR_KILL",
} as const;

/** Kind and price of an order in the venue's words. */
interface WireTerms {
  readonly type: string;
  readonly timeInForce: string;
  /** "0" for market kinds. */
  readonly price: string;
  /** What the signature bounds the order by. */
  readonly worstPrice: string;
}

export class EdgexTrading implements Trading {
  readonly #options: OrdersOptions;
  /** What the venue was told last, for no contract's mode is set twice. */
  readonly #marginModes = new Map<string, MarginMode>();
  #requests = 0;

  constructor(options: OrdersOptions) {
    this.#options = options;
  }

  async submit(order: OrderRequest, signal: AbortSignal): Promise<SubmitOutcome> {
    const { budget, clock, instruments, rest, signer, venueNowMs } = this.#options;
    const one = instruments.byId(order.instrument);
    if (one === undefined) return notListed(order.instrument);
    const terms = await this.#terms(order, one, signal);
    if ("kind" in terms) return terms;
    if (signal.aborted) return local("not_sent", "the deadline had passed");
    if (!budget.tryOrder(order.reduceOnly)) {
      return local("rate_limited", "the budget of orders is used up for now");
    }
    const size = sizeText(order.sizeLots, one);
    const signed = signer.signOrder(
      {
        isBuy: order.side === "buy",
        size,
        price: terms.worstPrice,
        clientOrderId: order.clientOrderId,
      },
      one.terms,
      venueNowMs(),
    );
    const fields = {
      contractId: one.contractId,
      price: terms.price,
      size,
      type: terms.type,
      side: order.side === "buy" ? "BUY" : "SELL",
      timeInForce: terms.timeInForce,
      clientOrderId: order.clientOrderId,
      reduceOnly: order.reduceOnly,
      triggerPrice: order.trigger === undefined ? "" : priceText(order.trigger.triggerPriceTicks, one),
    };
    const result = await rest.post(`${ordersPath}/createOrder`, {
      ...fields,
      triggerPriceType: order.trigger === undefined ? "" : this.#options.settings.triggerPriceType,
      sourceKey: "",
      isPositionTpsl: false,
      openTpslParentOrderId: "",
      isSetOpenTp: false,
      openTp: null,
      isSetOpenSl: false,
      openSl: null,
      extraType: "",
      extraDataJson: "",
      ...signed,
    }, signal);
    if (result.kind !== "data") return failed(result);
    const parsed = v.safeParse(createdOrderSchema, result.data);
    if (!parsed.success) return unknown("garbled_reply", "the answer names no order");
    this.#options.onPlaced({ ...fields, id: parsed.output.orderId });
    return {
      kind: "acknowledged",
      venueOrderId: venueOrderId(parsed.output.orderId),
      tsVenueMs: result.tsVenueMs > 0 ? result.tsVenueMs : clock.epochMs(),
    };
  }

  /** By our own id: it is known before the venue's is. */
  async cancel(order: OrderKey, signal: AbortSignal): Promise<CancelOutcome> {
    if (signal.aborted) return local("not_sent", "the deadline had passed");
    const result = await this.#options.rest.post(
      `${ordersPath}/cancelOrderByClientOrderId`,
      { clientOrderIdList: [order.clientOrderId] },
      signal,
    );
    return cancelOutcome(result, order.clientOrderId);
  }

  /** Orders of instruments that nobody asked for are cancelled too: "all" is the account's. */
  async cancelAll(instrument: InstrumentId | undefined, signal: AbortSignal): Promise<CancelOutcome> {
    const one = instrument === undefined ? undefined : this.#options.instruments.byId(instrument);
    if (instrument !== undefined && one === undefined) return notListed(instrument);
    const filterContractIdList = one === undefined ? [] : [one.contractId];
    const result = await this.#options.rest.post(
      `${ordersPath}/cancelAllOrder`,
      { filterContractIdList },
      signal,
    );
    if (result.kind !== "data") return failed(result);
    const parsed = v.safeParse(cancelResultSchema, result.data);
    // An account without orders may get no map.
    const words = parsed.success ? Object.values(parsed.output.cancelResultMap) : [];
    return words.some((word) => word === "FAILED_ORDER_UNKNOWN_STATUS")
      ? unknown("garbled_reply", "the venue does not know of some of the orders")
      : { kind: "acknowledged" };
  }

  queryOrder = (order: OrderKey, signal: AbortSignal) => this.#options.queries.order(order, signal);
  openOrders = (signal: AbortSignal) => this.#options.queries.openOrders(signal);
  fills = (sinceMs: number, signal: AbortSignal) => this.#options.queries.fills(sinceMs, signal);
  positions = (signal: AbortSignal) => this.#options.queries.positions(signal);
  balances = (signal: AbortSignal) => this.#options.queries.balances(signal);
  fundingPayments = (sinceMs: number, signal: AbortSignal) =>
    this.#options.queries.fundingPayments(sinceMs, signal);

  /** The margin mode is the contract's: it is set where it is not known to be so, then the leverage. */
  async setLeverage(
    instrument: InstrumentId,
    leverage: number,
    marginMode: MarginMode,
    signal: AbortSignal,
  ): Promise<SettingOutcome> {
    const { instruments, onLeverage, rest } = this.#options;
    const one = instruments.byId(instrument);
    if (one === undefined) return notListed(instrument);
    if (!Number.isInteger(leverage) || leverage < 1) {
      return local("unsupported", "leverage is a whole number here");
    }
    const mode = await this.#setMarginMode(one, marginMode, signal);
    if (mode.kind !== "acknowledged") return mode;
    const { contractId } = one;
    const result = await rest.post(
      `${accountPath}/updateLeverageSetting`,
      { contractId, leverage: String(leverage) },
      signal,
    );
    if (result.kind !== "data") return failed(result);
    onLeverage(one, leverage);
    return { kind: "acknowledged" };
  }

  async #setMarginMode(
    one: EdgexInstrument,
    marginMode: MarginMode,
    signal: AbortSignal,
  ): Promise<SettingOutcome> {
    const { rest, signer, venueNowMs } = this.#options;
    if (this.#marginModes.get(one.contractId) === marginMode) return { kind: "acknowledged" };
    const nowMs = venueNowMs();
    const fields = signer.signMarginMode({
      contractId: one.contractId,
      marginMode: marginMode === "cross" ? 0 : 1,
      requestId: `margin-${one.contractId}-${nowMs}-${++this.#requests}`,
      nowMs,
    });
    const result = await rest.post(`${accountPath}/setMarginMode`, fields, signal);
    if (result.kind !== "data") return failed(result);
    this.#marginModes.set(one.contractId, marginMode);
    return { kind: "acknowledged" };
  }

  async #terms(
    order: OrderRequest,
    one: EdgexInstrument,
    signal: AbortSignal,
  ): Promise<WireTerms | Rejection> {
    const { pricing, trigger } = order;
    const prefix = trigger === undefined ? "" : trigger.kind === "stop" ? "STOP_" : "TAKE_PROFIT_";
    if (pricing.kind === "limit") {
      if (trigger !== undefined && (pricing.postOnly || pricing.timeInForce !== "GTC")) {
        return local("unsupported", "what waits for a price is a market or a plain limit order");
      }
      const price = priceText(pricing.limitPriceTicks, one);
      const timeInForce = pricing.postOnly ? "POST_ONLY" : timesInForce[pricing.timeInForce];
      return { type: `${prefix}LIMIT`, timeInForce, price, worstPrice: price };
    }
    const worst = pricing.worstPriceTicks;
    const timeInForce = timesInForce.IOC;
    if (worst !== undefined) {
      const worstPrice = priceText(worst, one);
      // An IOC limit at the worst price: the collar holds at the venue too.
      return trigger === undefined
        ? { type: "LIMIT", timeInForce, price: worstPrice, worstPrice }
        : { type: `${prefix}MARKET`, timeInForce, price: "0", worstPrice };
    }
    const worstPrice = await this.#unboundedPrice(order, one, signal);
    return worstPrice === undefined
      ? local(
        "unsupported",
        "a market order without a worst price needs the oracle price, which is not known",
      )
      : { type: `${prefix}MARKET`, timeInForce, price: "0", worstPrice };
  }

  /** What a market order without a bound is signed for; undefined without an oracle price. */
  async #unboundedPrice(
    order: OrderRequest,
    one: EdgexInstrument,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { tick } = one.instrument;
    if (order.side === "sell") return tick.text;
    const price = await this.#options.oraclePrice(one, signal);
    if (price === undefined) return undefined;
    return (price * unboundedFactor).toFixed(tick.decimals);
  }
}

/** A no of our own: nothing was sent. */
const local = (code: RejectCode, venueText: string): Rejection => ({
  kind: "rejected",
  code,
  venueCode: "LOCAL",
  venueText: cutText(venueText),
});
const notListed = (instrument: InstrumentId): Rejection =>
  local("instrument_unknown", `${instrument} is not listed`);
const unknown = (why: UnknownOutcome["why"], details: string): UnknownOutcome => ({
  kind: "unknown",
  why,
  details: cutText(details),
});

/** A request that came to nothing, or to nobody knows what. */
function failed(result: Exclude<RestResult, { readonly kind: "data" }>): Rejection | UnknownOutcome {
  switch (result.kind) {
    case "unanswered":
      return unknown(result.why, result.details);
    case "unsent":
      return local("rate_limited", result.details);
    case "refused":
      return isUnknownOutcome(result.code) ? unknown("timeout", `${result.code} ${result.text}`) : {
        kind: "rejected",
        code: rejectCodeOf(result.code),
        venueCode: result.code,
        venueText: cutText(result.text),
      };
    default:
      return result satisfies never;
  }
}

function cancelOutcome(result: RestResult, id: string): CancelOutcome {
  if (result.kind !== "data") return failed(result);
  const parsed = v.safeParse(cancelResultSchema, result.data);
  const word = parsed.success ? parsed.output.cancelResultMap[id] : undefined;
  switch (word) {
    case "SUCCESS":
    case "SUCCESS_ORDER_CANCELING":
      return { kind: "acknowledged" };
    case "SUCCESS_ORDER_CANCELED":
    case "FAILED_ORDER_FILLED":
    case "FAILED_ORDER_NOT_FOUND":
      return { kind: "already_done", venueText: word };
    default:
      return unknown("garbled_reply", `the venue's word on the cancel is ${word ?? "missing"}`);
  }
}
