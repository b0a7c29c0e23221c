/**
 * Orders at Hyperliquid. Each request is sent once and ends in one outcome. The venue has no market orders, no
 * fill-or-kill and no cancel-all: a market order is an IOC at its worst price, and open orders are listed and cancelled
 * together.
 */
import * as v from "valibot";
import {
  type AmendOutcome,
  type AmendRequest,
  type CancelOutcome,
  type Clock,
  describeError,
  type InstrumentId,
  type MarginMode,
  type OrderKey,
  type OrderReport,
  type OrderRequest,
  type Scheduler,
  type SettingOutcome,
  sizeLots,
  type SubmitOutcome,
  type Trading,
  venueOrderId,
} from "@berth/sdk";
import { worstOf } from "@berth/sdk/venue/cancel_outcomes.ts";
import type { AccountQueries } from "./account_queries.ts";
import type { ActionSender, SendResult } from "./action_sender.ts";
import {
  cancelAction,
  cancelByCloidAction,
  limitType,
  modifyAction,
  orderAction,
  triggerType,
  updateLeverageAction,
  type WireOrder,
  wireOrder,
} from "./actions.ts";
import { cloidOf } from "./client_ids.ts";
import {
  type AssetNumbers,
  type InstrumentBook,
  priceText,
  sizeText,
  triggerPriceText,
} from "./instruments.ts";
import type { OrderChains } from "./order_chains.ts";
import { isDoneText, rejectCodeOf } from "./reject_codes.ts";
import { orderKeySchema, type OrderResult, orderResultSchema } from "./wire.ts";

export interface OrdersOptions {
  readonly sender: ActionSender;
  readonly queries: AccountQueries;
  readonly instruments: InstrumentBook;
  readonly assets: AssetNumbers;
  readonly chains: OrderChains;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** A report that was held back while a change was under way. */
  readonly onReport: (report: OrderReport) => void;
}

/** Far below what is accepted in practice; nobody has documented a limit. */
const batchSize = 40;
/** After a change whose answer never came, its cancel is taken for what it says. */
const changeTimeoutMs = 10_000;

export class HyperliquidTrading implements Trading {
  readonly #options: OrdersOptions;

  constructor(options: OrdersOptions) {
    this.#options = options;
  }

  async submit(order: OrderRequest, signal: AbortSignal): Promise<SubmitOutcome> {
    const [outcome] = await this.submitBatch([order], signal);
    return outcome ?? local("other", "no order was given");
  }

  async submitBatch(orders: readonly OrderRequest[], signal: AbortSignal): Promise<readonly SubmitOutcome[]> {
    const outcomes: SubmitOutcome[] = [];
    for (let from = 0; from < orders.length; from += batchSize) {
      outcomes.push(...await this.#submitSome(orders.slice(from, from + batchSize), signal));
    }
    return outcomes;
  }

  async #submitSome(orders: readonly OrderRequest[], signal: AbortSignal): Promise<readonly SubmitOutcome[]> {
    const made = orders.map((order) => this.#wireOrder(order));
    const sent = made.flatMap((one) => "wire" in one ? one.wire : []);
    const result: SendResult = sent.length === 0
      ? { kind: "done", statuses: [] }
      : await this.#options.sender.send(orderAction(sent), signal);
    let place = 0;
    return made.map((one) =>
      "wire" in one ? submitOutcome(result, place++, this.#options.clock.epochMs()) : one.outcome
    );
  }

  async cancel(order: OrderKey, signal: AbortSignal): Promise<CancelOutcome> {
    const [outcome] = await this.cancelBatch([order], signal);
    return outcome ?? local("other", "no order was given");
  }

  async cancelBatch(orders: readonly OrderKey[], signal: AbortSignal): Promise<readonly CancelOutcome[]> {
    const outcomes = new Map<OrderKey, CancelOutcome>();
    const byCloid: { readonly order: OrderKey; readonly asset: number; readonly cloid: string }[] = [];
    const byOid: { readonly order: OrderKey; readonly asset: number; readonly oid: number }[] = [];
    for (const order of orders) {
      const one = this.#options.instruments.byId(order.instrument);
      const cloid = cloidOf(order.clientOrderId);
      const oid = Number(order.venueOrderId);
      if (one === undefined) outcomes.set(order, notListed(order.instrument));
      // By cloid: a change gives an order another number.
      else if (cloid !== undefined) byCloid.push({ order, asset: one.asset, cloid });
      else if (Number.isSafeInteger(oid)) byOid.push({ order, asset: one.asset, oid });
      else outcomes.set(order, local("unsupported", `${order.clientOrderId} has no cloid`));
    }
    for (let from = 0; from < byCloid.length; from += batchSize) {
      const some = byCloid.slice(from, from + batchSize);
      const result = await this.#options.sender.send(cancelByCloidAction(some), signal);
      some.forEach(({ order }, at) => outcomes.set(order, cancelOutcome(result, at)));
    }
    for (let from = 0; from < byOid.length; from += batchSize) {
      const some = byOid.slice(from, from + batchSize);
      const result = await this.#options.sender.send(cancelAction(some), signal);
      some.forEach(({ order }, at) => outcomes.set(order, cancelOutcome(result, at)));
    }
    return orders.map((order) => outcomes.get(order) ?? local("other", "the order was lost"));
  }

  /**
   * A change is a cancel and a new order under another number. What is filled stays filled: the new order has what is
   * left of the size asked for. A fill on the way between the two is not taken off it, which is why the venue's report
   * of the whole size is told as it is.
   */
  async amend(request: AmendRequest, signal: AbortSignal): Promise<AmendOutcome> {
    const { chains, instruments, onReport, queries, scheduler, sender } = this.#options;
    const one = instruments.byId(request.instrument);
    if (one === undefined) return notListed(request.instrument);
    const cloid = cloidOf(request.clientOrderId);
    if (cloid === undefined) return local("unsupported", `${request.clientOrderId} has no cloid`);
    // Its number, its flags and what is filled of it are the venue's to say.
    const found = await queries.order(request, signal);
    if (found.kind === "failed") return local("other", `the order can't be asked about: ${found.details}`);
    if (found.kind === "not_found") return local("order_not_found", "the venue knows no such order");
    const { report } = found;
    if (report.status !== "open") {
      return { kind: "already_done", venueText: report.venueText ?? report.status };
    }
    if (report.triggerPriceTicks !== undefined) return local("unsupported", "trigger orders are placed anew");
    const leftLots = request.sizeLots - report.filledLots;
    if (leftLots <= 0) return local("invalid_size", "as much is filled already");
    const wire = wireOrder({
      asset: one.asset,
      isBuy: request.side === "buy",
      price: priceText(request.limitPriceTicks, request.side, one),
      size: sizeText(sizeLots(leftLots), one),
      reduceOnly: report.reduceOnly,
      // A changed order only rests at this venue, whatever it was before.
      type: limitType("Alo"),
      cloid,
    });
    const oid = Number(report.venueOrderId);
    chains.begin(request.clientOrderId, report.venueOrderId, report.filledLots);
    const result = await sender.send(modifyAction([{ oid, order: wire }]), signal);
    const outcome = submitOutcome(result, 0, this.#options.clock.epochMs());
    if (outcome.kind === "acknowledged") {
      chains.succeed(request.clientOrderId);
      return { kind: "acknowledged", venueOrderId: outcome.venueOrderId };
    }
    const endHold = (): void => {
      const held = chains.fail(request.clientOrderId);
      if (held !== undefined) onReport(held);
    };
    if (outcome.kind === "unknown") scheduler.after(changeTimeoutMs, endHold);
    else endHold();
    return outcome.kind === "rejected" && isDoneText(outcome.venueText)
      ? { kind: "already_done", venueText: outcome.venueText }
      : outcome;
  }

  /** Orders of instruments that nobody asked for are cancelled too: "all" is the account's. */
  async cancelAll(instrument: InstrumentId | undefined, signal: AbortSignal): Promise<CancelOutcome> {
    const { assets, instruments, queries, sender } = this.#options;
    const one = instrument === undefined ? undefined : instruments.byId(instrument);
    if (instrument !== undefined && one === undefined) return notListed(instrument);
    let keys: readonly { readonly asset: number; readonly oid: number }[];
    try {
      keys = (await queries.openOrderRows(signal)).flatMap((row) => {
        const { coin, oid } = v.parse(orderKeySchema, row);
        const asset = assets.get(coin);
        if (one !== undefined && coin !== one.coin) return [];
        if (asset === undefined) throw new Error(`${coin} is in no list of assets`);
        return [{ asset, oid }];
      });
    } catch (error) {
      return local("other", `open orders can't be listed: ${describeError(error)}`);
    }
    let outcome: CancelOutcome = { kind: "acknowledged" };
    for (let from = 0; from < keys.length; from += batchSize) {
      const some = keys.slice(from, from + batchSize);
      const result = await sender.send(cancelAction(some), signal);
      // The other batches go out all the same: more orders are then taken back.
      outcome = worstOf([outcome, ...some.map((_, at) => cancelOutcome(result, at))]);
    }
    return outcome;
  }

  queryOrder = (order: OrderKey, signal: AbortSignal) => this.#options.queries.order(order, signal);
  openOrders = (signal: AbortSignal) => this.#options.queries.openOrders(signal);
  fills = (sinceMs: number, signal: AbortSignal) => this.#options.queries.fills(sinceMs, signal);
  positions = (signal: AbortSignal) => this.#options.queries.positions(signal);
  balances = (signal: AbortSignal) => this.#options.queries.balances(signal);
  fundingPayments = (sinceMs: number, signal: AbortSignal) =>
    this.#options.queries.fundingPayments(sinceMs, signal);

  async setLeverage(
    instrument: InstrumentId,
    leverage: number,
    marginMode: MarginMode,
    signal: AbortSignal,
  ): Promise<SettingOutcome> {
    const one = this.#options.instruments.byId(instrument);
    if (one === undefined) return notListed(instrument);
    if (!Number.isInteger(leverage) || leverage < 1) {
      return local("unsupported", "leverage is a whole number here");
    }
    const action = updateLeverageAction(one.asset, marginMode === "cross", leverage);
    const result = await this.#options.sender.send(action, signal);
    switch (result.kind) {
      case "done":
        return { kind: "acknowledged" };
      case "local":
        return local(result.code, result.text);
      case "refused":
        return refused(result.code, result.text);
      case "unanswered":
        return { kind: "unknown", why: result.why, details: result.details };
      default:
        return result satisfies never;
    }
  }

  #wireOrder(order: OrderRequest): { readonly wire: WireOrder } | { readonly outcome: SubmitOutcome } {
    const one = this.#options.instruments.byId(order.instrument);
    if (one === undefined) return { outcome: notListed(order.instrument) };
    const cloid = cloidOf(order.clientOrderId);
    if (cloid === undefined) return { outcome: local("unsupported", `${order.clientOrderId} has no cloid`) };
    const { pricing, trigger } = order;
    if (pricing.kind === "limit" && pricing.timeInForce === "FOK") {
      return { outcome: local("unsupported", "the venue has no fill-or-kill") };
    }
    const price = pricing.kind === "limit" ? pricing.limitPriceTicks : pricing.worstPriceTicks;
    if (price === undefined) {
      return { outcome: local("unsupported", "the venue has no market orders without a worst price") };
    }
    if (
      trigger !== undefined && pricing.kind === "limit" && (pricing.postOnly || pricing.timeInForce === "IOC")
    ) {
      return {
        outcome: local("unsupported", "a triggered limit order rests: it is neither post-only nor IOC"),
      };
    }
    const type = trigger !== undefined
      ? triggerType(
        pricing.kind === "market",
        triggerPriceText(trigger.triggerPriceTicks, one),
        trigger.kind === "stop" ? "sl" : "tp",
      )
      : limitType(
        pricing.kind === "market"
          ? "Ioc"
          : pricing.postOnly
          ? "Alo"
          : pricing.timeInForce === "IOC"
          ? "Ioc"
          : "Gtc",
      );
    return {
      wire: wireOrder({
        asset: one.asset,
        isBuy: order.side === "buy",
        price: priceText(price, order.side, one),
        size: sizeText(order.sizeLots, one),
        reduceOnly: order.reduceOnly,
        type,
        cloid,
      }),
    };
  }
}

const local = (
  code:
    | "instrument_unknown"
    | "invalid_size"
    | "not_sent"
    | "order_not_found"
    | "other"
    | "rate_limited"
    | "unsupported",
  venueText: string,
) => ({ kind: "rejected", code, venueCode: "LOCAL", venueText }) as const;
const notListed = (instrument: InstrumentId) => local("instrument_unknown", `${instrument} is not listed`);
const refused = (venueCode: string, venueText: string) =>
  ({ kind: "rejected", code: rejectCodeOf(venueText), venueCode, venueText }) as const;

/** The word on one entry; where an action came to fewer words than entries, the last one is for all the rest. */
function resultAt(statuses: readonly unknown[], at: number): OrderResult | undefined {
  const parsed = v.safeParse(orderResultSchema, statuses[Math.min(at, statuses.length - 1)]);
  if (!parsed.success) return undefined;
  const isShared = at >= statuses.length;
  const isError = typeof parsed.output !== "string" && "error" in parsed.output;
  return isShared && !isError ? undefined : parsed.output;
}

const garbled = { kind: "unknown", why: "garbled_reply", details: "the answer says nothing of it" } as const;

function submitOutcome(result: SendResult, at: number, nowMs: number): SubmitOutcome {
  if (result.kind === "local") return local(result.code, result.text);
  if (result.kind === "unanswered") return { kind: "unknown", why: result.why, details: result.details };
  if (result.kind === "refused") return refused(result.code, result.text);
  const one = resultAt(result.statuses, at);
  // `waitingForFill` and the like name no number; these words belong to groups, which are not sent.
  if (one === undefined || typeof one === "string") return garbled;
  if ("error" in one) return refused("order", one.error.slice(0, 300));
  const oid = "resting" in one ? one.resting.oid : one.filled.oid;
  return { kind: "acknowledged", venueOrderId: venueOrderId(String(oid)), tsVenueMs: nowMs };
}

function cancelOutcome(result: SendResult, at: number): CancelOutcome {
  if (result.kind === "local") return local(result.code, result.text);
  if (result.kind === "unanswered") return { kind: "unknown", why: result.why, details: result.details };
  if (result.kind === "refused") return refused(result.code, result.text);
  const one = resultAt(result.statuses, at);
  if (one === "success") return { kind: "acknowledged" };
  if (one === undefined || typeof one === "string" || !("error" in one)) return garbled;
  const text = one.error.slice(0, 300);
  return isDoneText(text) ? { kind: "already_done", venueText: text } : refused("cancel", text);
}
