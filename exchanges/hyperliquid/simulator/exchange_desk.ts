/**
 * What actions do: the venue's own checks and words, then the shared matching engine. Trigger orders wait here, for
 * the engine has none; they are looked at whenever a mark price comes.
 *
 * @see https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/error-responses
 */
import type {
  SimulatedEvent,
  SimulatedOrder,
  SimulatedRefusal,
  SimulatedVenue,
} from "../../simulation/ports.ts";
import type { L1Action, WireOrder } from "./actions.ts";
import {
  type HyperliquidListing,
  isTraded,
  listingByAsset,
  parsePrice,
  parseSize,
  priceText,
  sizeText,
} from "./listing.ts";
import { type MarginMode, OrderNumbers, type Row, type TriggerOrder, triggerUpdateRow } from "./rows.ts";

export type Status = Row | string;
export type ActionResult =
  | { readonly kind: "statuses"; readonly type: "order" | "cancel"; readonly statuses: readonly Status[] }
  | { readonly kind: "default" }
  | { readonly kind: "error"; readonly text: string };

const refusalTexts: Readonly<Record<SimulatedRefusal, string>> = {
  insufficient_margin: "Insufficient margin to place order.",
  post_only_would_cross: "Post only order would have immediately matched, bbo was",
  reduce_only_would_increase: "Reduce only order would increase position.",
  fok_not_filled: "Order could not immediately match against any resting orders.",
  size_below_minimum: "Order has zero size.",
  size_above_maximum: "Order has invalid size.",
  notional_below_minimum: "Order must have minimum value of $10.",
  price_outside_band: "Order price cannot be more than 80% away from the reference price",
  too_many_open_orders: "Too many open orders.",
  no_liquidity: "No liquidity available for market order.",
  duplicate_client_order_id: "Order with this cloid already exists.", // the venue's own words are not known
  self_trade: "Order could not immediately match against any resting orders.",
  maintenance: "Trading is halted.",
};
const notCancellable = "Order was never placed, already canceled, or filled.";
const unmatched = "Order could not immediately match against any resting orders.";

/** The venue cancels by schedule 5 s ahead at the earliest, 10 times a day, for accounts with this volume. */
const minScheduleMs = 5_000;
const maxTriggersPerDay = 10;
const scheduleVolumeUsd = 1_000_000;
const dayMs = 86_400_000;
/** Away from the engine's own numbers. */
const firstTriggerOid = 5_000_000_000_000;

const failure = (text: string, one?: HyperliquidListing): Row => ({
  error: one === undefined ? text : `${text} asset=${one.asset}`,
});

export interface DeskOptions {
  readonly venue: SimulatedVenue;
  readonly accountId: string;
  /** USDC traded so far, what came before this simulation included. */
  readonly volumeUsd: () => number;
  /** A trigger order changed: told on `orderUpdates`. */
  readonly onTriggerUpdate: (row: Row) => void;
}

export class ExchangeDesk {
  readonly #options: DeskOptions;
  readonly #venue: SimulatedVenue;
  readonly #accountId: string;
  readonly numbers = new OrderNumbers();
  readonly #triggers = new Map<number, TriggerOrder>();
  readonly #modes = new Map<string, MarginMode>();
  readonly #firedMs: number[] = [];
  readonly #stop: () => void;
  #disarm = (): void => {};
  #nextTrigger = firstTriggerOid;
  #nextAnonymous = 1;

  constructor(options: DeskOptions) {
    this.#options = options;
    this.#venue = options.venue;
    this.#accountId = options.accountId;
    this.#stop = options.venue.subscribe((event) => this.#onEvent(event));
  }

  stop(): void {
    this.#disarm();
    this.#stop();
  }

  triggers(): readonly TriggerOrder[] {
    return [...this.#triggers.values()];
  }

  /** Until it is set: cross, at the most the asset has. */
  modeOf(symbol: string): MarginMode {
    return this.#modes.get(symbol) ??
      { isCross: true, leverage: this.#venue.instrument(symbol)?.maxLeverage ?? 1 };
  }

  perform(action: L1Action): ActionResult {
    switch (action.type) {
      case "order":
        return {
          kind: "statuses",
          type: "order",
          statuses: action.orders.map((order) => this.#place(order)),
        };
      case "cancel":
        return this.#cancels(action.cancels.map(({ a, o }) => ({ asset: a, id: o })));
      case "cancelByCloid":
        return this.#cancels(action.cancels.map(({ asset, cloid }) => ({ asset, id: cloid })));
      case "modify": {
        const status = this.#modify(action.oid, action.order, action.a === true);
        return typeof status !== "string" && typeof status["error"] === "string"
          ? { kind: "error", text: status["error"] }
          : { kind: "default" };
      }
      case "batchModify":
        return {
          kind: "statuses",
          type: "order",
          statuses: action.modifies.map(({ oid, order }) => this.#modify(oid, order, action.a === true)),
        };
      case "scheduleCancel":
        return this.#schedule(action.time);
      case "updateLeverage":
        return this.#setLeverage(action.asset, action.isCross, action.leverage);
      case "noop":
        return { kind: "default" };
      default:
        return action satisfies never;
    }
  }

  /** By number or cloid, among the engine's orders. */
  find(id: number | string): SimulatedOrder | undefined {
    const key = typeof id === "number" ? { orderId: this.numbers.engineIdOf(id) } : { clientOrderId: id };
    return this.#venue.order(this.#accountId, key);
  }

  findTrigger(id: number | string): TriggerOrder | undefined {
    return typeof id === "number"
      ? this.#triggers.get(id)
      : [...this.#triggers.values()].find((trigger) => trigger.cloid === id);
  }

  // Orders -------------------------------------------------------------------------------------------------------------

  #place(order: WireOrder): Status {
    const one = listingByAsset(order.a);
    if (one === undefined || !isTraded(one, this.#venue)) {
      return failure(one === undefined ? "Order has invalid asset." : "Trading is halted.");
    }
    const checked = this.#checked(order, one);
    if ("error" in checked) return checked.error;
    const { priceTicks, sizeLots } = checked;
    if ("trigger" in order.t) return this.#placeTrigger(order, order.t.trigger, one);
    return this.#submit(order, order.t.limit.tif, one, priceTicks, sizeLots);
  }

  #checked(
    order: WireOrder,
    one: HyperliquidListing,
  ): { readonly priceTicks: number; readonly sizeLots: number } | { readonly error: Row } {
    const price = parsePrice(order.p, one);
    if (price.kind === "off") return { error: failure("Price must be divisible by tick size.", one) };
    if (price.count <= 0) return { error: failure("Order has invalid price.", one) };
    const size = parseSize(order.s, one);
    if (size.kind === "off") return { error: failure("Order has invalid size.", one) };
    if (size.count <= 0) return { error: failure("Order has zero size.", one) };
    const markTicks = this.#venue.mark(one.simulated.symbol).markPrice * 10 ** one.tick.decimals;
    if (markTicks > 0 && (price.count > markTicks * 1.8 || price.count < markTicks * 0.2)) {
      return { error: failure(refusalTexts.price_outside_band, one) };
    }
    const isLive = order.c !== undefined &&
      (this.find(order.c)?.status === "open" || this.findTrigger(order.c) !== undefined);
    if (isLive) return { error: failure(refusalTexts.duplicate_client_order_id, one) };
    return { priceTicks: price.count, sizeLots: size.count };
  }

  #submit(
    order: WireOrder,
    tif: "Alo" | "Ioc" | "Gtc" | "FrontendMarket",
    one: HyperliquidListing,
    priceTicks: number,
    sizeLots: number,
    triggerOid?: number,
  ): Status {
    const side = order.b ? "buy" : "sell";
    if (tif !== "Alo") this.#preventSelfTrade(one, order.b, priceTicks);
    const [bid] = this.#venue.book(one.simulated.symbol, 1).bids;
    const [ask] = this.#venue.book(one.simulated.symbol, 1).asks;
    const result = this.#venue.submit({
      accountId: this.#accountId,
      symbol: one.simulated.symbol,
      clientOrderId: order.c ?? `~${this.#nextAnonymous++}`,
      side,
      type: "limit",
      timeInForce: tif === "Ioc" || tif === "FrontendMarket" ? "IOC" : "GTC",
      postOnly: tif === "Alo",
      reduceOnly: order.r,
      sizeLots,
      limitPriceTicks: priceTicks,
    });
    if (triggerOid !== undefined) this.numbers.alias(result.order.orderId, triggerOid);
    if (result.kind === "rejected") {
      if (result.refusal !== "post_only_would_cross") return failure(refusalTexts[result.refusal], one);
      const best = (level: { readonly priceTicks: number } | undefined): string =>
        level === undefined ? "none" : priceText(level.priceTicks, one);
      return failure(`${refusalTexts[result.refusal]} ${best(bid)}@${best(ask)}.`, one);
    }
    const { order: placed } = result;
    if (placed.filledLots === 0 && placed.status === "cancelled") return failure(unmatched, one);
    const oid = this.numbers.oidOf(placed.orderId);
    const cloid = order.c === undefined ? {} : { cloid: order.c };
    if (placed.filledLots === 0) return { resting: { oid, ...cloid } };
    const averageTicks = Number(placed.filledTicksLots) / placed.filledLots;
    const averagePx = (averageTicks * one.tick.units) / 10 ** one.tick.decimals;
    return {
      filled: {
        totalSz: sizeText(placed.filledLots, one),
        avgPx: String(Number(averagePx.toFixed(8))),
        oid,
        ...cloid,
      },
    };
  }

  /** The venue cancels the resting order rather than trade an account with itself. */
  #preventSelfTrade(one: HyperliquidListing, isBuy: boolean, priceTicks: number): void {
    for (const resting of this.#venue.openOrders(this.#accountId)) {
      if (resting.symbol !== one.simulated.symbol || (resting.side === "buy") === isBuy) continue;
      const own = resting.limitPriceTicks ?? 0;
      if (isBuy ? own > priceTicks : own < priceTicks) continue;
      this.#venue.cancel(this.#accountId, { orderId: resting.orderId }, "self_trade");
    }
  }

  #cancels(cancels: readonly { readonly asset: number; readonly id: number | string }[]): ActionResult {
    const statuses = cancels.map(({ asset, id }): Status => {
      const one = listingByAsset(asset);
      const isDone = one !== undefined && this.#cancelOne(one, id);
      return isDone ? "success" : { error: `${notCancellable} asset=${asset}` };
    });
    return { kind: "statuses", type: "cancel", statuses };
  }

  #cancelOne(one: HyperliquidListing, id: number | string): boolean {
    const trigger = this.findTrigger(id);
    if (trigger !== undefined && trigger.one.asset === one.asset) {
      this.#endTrigger(trigger, "canceled");
      return true;
    }
    const order = this.find(id);
    if (order === undefined || order.symbol !== one.simulated.symbol) return false;
    return this.#venue.cancel(this.#accountId, { orderId: order.orderId }).kind === "cancelled";
  }

  /** A cancel and a new order under another number; the cloid stays. */
  #modify(id: number | string, order: WireOrder, isAlways: boolean): Status {
    const one = listingByAsset(order.a);
    if (one === undefined) return failure("Order has invalid asset.");
    const before = this.find(id);
    const isOpen = before?.status === "open" && before.symbol === one.simulated.symbol;
    const trigger = this.findTrigger(id);
    if (!isOpen && trigger === undefined && !isAlways) {
      return failure("Cannot modify canceled or filled order");
    }
    const isResting = "limit" in order.t && (order.t.limit.tif === "Alo" || order.t.limit.tif === "Gtc");
    if (!isResting && !isAlways) return failure("Modified order must be a resting order.", one);
    // What can be seen from the new order alone is refused before the old one is touched.
    const price = parsePrice(order.p, one);
    const size = parseSize(order.s, one);
    if (price.kind === "off") return failure("Price must be divisible by tick size.", one);
    if (size.kind === "off" || size.count <= 0) return failure("Order has invalid size.", one);
    if (isOpen || trigger !== undefined) this.#cancelOne(one, id);
    // Without `a` it only adds liquidity.
    return this.#place(isAlways ? order : { ...order, t: { limit: { tif: "Alo" } } });
  }

  // Trigger orders -----------------------------------------------------------------------------------------------------

  #placeTrigger(
    order: WireOrder,
    terms: { readonly isMarket: boolean; readonly triggerPx: string; readonly tpsl: "tp" | "sl" },
    one: HyperliquidListing,
  ): Status {
    const price = parsePrice(terms.triggerPx, one);
    if (price.kind === "off" || price.count <= 0) return failure("Invalid TP/SL price.", one);
    const trigger: TriggerOrder = {
      oid: this.#nextTrigger++,
      cloid: order.c,
      one,
      isBuy: order.b,
      limitPx: order.p,
      size: order.s,
      reduceOnly: order.r,
      ...terms,
      tsMs: this.#venue.clock.nowMs(),
    };
    if (this.#isReached(trigger)) return failure("Invalid TP/SL price.", one);
    this.#triggers.set(trigger.oid, trigger);
    this.#options.onTriggerUpdate(triggerUpdateRow(trigger, "open", this.#venue.clock.nowMs()));
    return { resting: { oid: trigger.oid, ...(order.c === undefined ? {} : { cloid: order.c }) } };
  }

  /** A stop follows the market against the position, a take-profit with it; both look at the mark price. */
  #isReached({ one, isBuy, tpsl, triggerPx }: TriggerOrder): boolean {
    const { markPrice } = this.#venue.mark(one.simulated.symbol);
    const isAbove = isBuy === (tpsl === "sl");
    return isAbove ? markPrice >= Number(triggerPx) : markPrice <= Number(triggerPx);
  }

  #endTrigger(trigger: TriggerOrder, status: string): void {
    this.#triggers.delete(trigger.oid);
    this.#options.onTriggerUpdate(triggerUpdateRow(trigger, status, this.#venue.clock.nowMs()));
  }

  #onEvent(event: SimulatedEvent): void {
    if (event.kind !== "mark") return;
    for (const trigger of [...this.#triggers.values()]) {
      if (trigger.one.simulated.symbol !== event.mark.symbol || !this.#isReached(trigger)) continue;
      this.#endTrigger(trigger, "triggered");
      const order = {
        a: trigger.one.asset,
        b: trigger.isBuy,
        p: trigger.limitPx,
        s: trigger.size,
        r: trigger.reduceOnly,
        t: { limit: { tif: trigger.isMarket ? "Ioc" as const : "Gtc" as const } },
        ...(trigger.cloid === undefined ? {} : { c: trigger.cloid }),
      };
      const checked = this.#checked(order, trigger.one);
      const { priceTicks, sizeLots } = "error" in checked ? { priceTicks: 0, sizeLots: 0 } : checked;
      const status = "error" in checked
        ? checked.error
        : this.#submit(order, order.t.limit.tif, trigger.one, priceTicks, sizeLots, trigger.oid);
      // The engine tells of orders that it took; one that it refused ends here.
      if (typeof status !== "string" && "error" in status && this.find(trigger.oid) === undefined) {
        this.#endTrigger(trigger, "rejected");
      }
    }
  }

  // Account ------------------------------------------------------------------------------------------------------------

  #setLeverage(asset: number, isCross: boolean, leverage: number): ActionResult {
    const one = listingByAsset(asset);
    if (one === undefined || !isTraded(one, this.#venue)) return { kind: "error", text: "Invalid asset." };
    if (!(leverage >= 1 && leverage <= one.simulated.maxLeverage)) {
      return { kind: "error", text: "Invalid leverage value" };
    }
    this.#modes.set(one.simulated.symbol, { isCross, leverage });
    this.#venue.setLeverage(this.#accountId, one.simulated.symbol, leverage);
    return { kind: "default" };
  }

  #schedule(timeMs: number | undefined): ActionResult {
    const nowMs = this.#venue.clock.nowMs();
    const volumeUsd = this.#options.volumeUsd();
    if (volumeUsd < scheduleVolumeUsd) {
      const traded = volumeUsd.toFixed(2);
      return {
        kind: "error",
        text:
          `Cannot set scheduled cancel time until enough volume traded. Required: $1000000. Traded: $${traded}.`,
      };
    }
    if (timeMs !== undefined && timeMs < nowMs + minScheduleMs) {
      return { kind: "error", text: "Scheduled cancel time too early, must be at least 5 seconds from now." };
    }
    const today = Math.floor(nowMs / dayMs);
    if (this.#firedMs.filter((ms) => Math.floor(ms / dayMs) === today).length >= maxTriggersPerDay) {
      return { kind: "error", text: "Too many scheduled cancels triggered today." };
    }
    this.#disarm();
    this.#disarm = timeMs === undefined
      ? () => {}
      : this.#venue.clock.schedule(timeMs - nowMs, () => this.#fire());
    return { kind: "default" };
  }

  #fire(): void {
    this.#firedMs.push(this.#venue.clock.nowMs());
    this.#venue.cancelAll(this.#accountId, undefined, "dead_mans_switch");
    for (const trigger of [...this.#triggers.values()]) this.#endTrigger(trigger, "scheduledCancel");
  }
}
