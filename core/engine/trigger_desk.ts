/**
 * Stop and take-profit orders that wait in the host: taken when the plugin may place them, sent through the risk gate when a
 * quote reaches their price.
 *
 * Invariants:
 * 1. A waiting order is in the journal before its plugin is told that it waits, and none is sent twice.
 * 2. It counts nowhere until it is sent; then the whole gate judges it.
 * 3. A reduce-only one is sent for at most what is held then, and waits for reasons that pass; any other is refused by them.
 */
import { isTriggered, triggerDirection } from "../execution/trigger_price.ts";
import type { Fill } from "../model/account.ts";
import { causeId, type PluginId } from "../model/ids.ts";
import { isFinalStatus, type Order, type OrderIntent, type OrderTrigger, sideSign } from "../model/order.ts";
import type { Refusal } from "../model/refusals.ts";
import { incrementsToNumber, sizeLots } from "../model/ticks.ts";
import { isTriggerEnded, maxTriggerOrders, type TriggerOrder } from "../model/trigger_order.ts";
import { grantRefusal, passingRefusals } from "./host_orders.ts";
import type { OrderDesk, OrderFollower, OrderMeant } from "./order_desk.ts";
import type { PriceWatch } from "./price_watch.ts";
import type { Rooms } from "./rooms.ts";

export class TriggerDesk implements OrderFollower {
  readonly #rooms: () => Rooms;
  readonly #orderDesk: () => OrderDesk;
  readonly #waiting = new Map<string, TriggerOrder>();
  #serial = 0;
  #isRangeOld = false;

  constructor(rooms: () => Rooms, orderDesk: () => OrderDesk) {
    this.#rooms = rooms;
    this.#orderDesk = orderDesk;
  }

  // ---- questions

  /** Not sent and not given up, oldest first. */
  live(plugin?: PluginId): readonly TriggerOrder[] {
    return [...this.#waiting.values()].filter(({ intent }) =>
      plugin === undefined || intent.plugin === plugin
    );
  }

  #byRef(plugin: PluginId, ref: string): TriggerOrder | undefined {
    return this.live(plugin).find(({ intent }) => intent.ref === ref);
  }

  // ---- commands

  submit(intent: OrderIntent, trigger: OrderTrigger): void {
    const refusal = this.#check(intent, trigger);
    if (refusal !== undefined) return this.#orderDesk().refuse(intent, refusal);
    const { time } = this.#rooms();
    this.#serial += 1;
    const id = `${Math.floor(time.nowUs).toString(36)}-${this.#serial}`;
    this.#write({ id, intent, trigger, phase: "waiting", tsCreatedUs: time.nowUs });
    this.review();
  }

  #check(intent: OrderIntent, trigger: OrderTrigger): Refusal | undefined {
    const { orders } = this.#rooms();
    const { plugin, instrument, ref, sizeLots: lots } = intent;
    const invalid = (field: string, found: number): Refusal => ({
      code: "ORDER_INVALID",
      facts: { field, found: String(found) },
    });
    if (!(Number.isSafeInteger(lots) && lots > 0)) return invalid("sizeLots", lots);
    const { triggerPriceTicks } = trigger;
    if (!(Number.isSafeInteger(triggerPriceTicks) && triggerPriceTicks > 0)) {
      return invalid("triggerPriceTicks", triggerPriceTicks);
    }
    const named = orders.byRef(plugin, ref);
    const isInUse = this.#byRef(plugin, ref) !== undefined ||
      (named !== undefined && !isFinalStatus(named.status));
    if (isInUse) return { code: "ORDER_REF_IN_USE", facts: { ref } };
    const ungranted = grantRefusal(this.#rooms(), plugin, instrument, intent.reduceOnly ? "reduce" : "trade");
    if (ungranted !== undefined) return ungranted;
    const count = this.live(plugin).length + 1;
    return count > maxTriggerOrders
      ? { code: "TRIGGER_TOO_MANY", facts: { value: count, limit: maxTriggerOrders } }
      : undefined;
  }

  /** Whether there was one of that name. */
  cancel(plugin: PluginId, ref: string): boolean {
    const order = this.#byRef(plugin, ref);
    if (order === undefined) return false;
    this.#write({ ...order, phase: "cancelled" });
    return true;
  }

  /** Operators' and plugins' cancels of many orders mean those that wait as well. */
  cancelWhere(isMeant: (order: OrderMeant) => boolean): void {
    for (const order of this.live()) if (isMeant(order.intent)) this.#write({ ...order, phase: "cancelled" });
  }

  orderChanged(_after: Order): void {}
  filled(_order: Order, _fill: Fill): void {}

  // ---- prices

  takeRangeOld(): boolean {
    const isOld = this.#isRangeOld;
    this.#isRangeOld = false;
    return isOld;
  }

  watch(prices: PriceWatch): void {
    for (const { intent, trigger, phase } of this.#waiting.values()) {
      const index = this.#rooms().instruments.indexOf(intent.instrument);
      if (index === undefined || phase !== "waiting") continue;
      const price = this.#triggerPrice(index, trigger);
      const isFalling = triggerDirection(intent.side, trigger.kind) === "falls";
      const side = intent.side === "sell" ? "bid" : "ask";
      prices.narrow(index, side, isFalling ? price : -Infinity, isFalling ? Infinity : price);
    }
  }

  #triggerPrice(index: number, { triggerPriceTicks }: OrderTrigger): number {
    const tick = this.#rooms().instruments.get(index)?.tick;
    return tick === undefined ? NaN : incrementsToNumber(triggerPriceTicks, tick);
  }

  /** A quote left its range, or time went on. */
  review(): void {
    for (const order of this.live()) {
      if (order.phase === "fired") this.#send(order);
      else if (this.#isReached(order)) {
        const { plugin, instrument } = order.intent;
        const fired: TriggerOrder = { ...order, phase: "fired" };
        this.#write(fired);
        this.#rooms().outbox.notice("TRIGGER_FIRED", { plugin, instrument, ref: order.intent.ref });
        this.#send(fired);
      }
    }
  }

  #isReached({ intent: { instrument, side }, trigger }: TriggerOrder): boolean {
    const { instruments, quotes, time, market } = this.#rooms();
    const index = instruments.indexOf(instrument);
    if (index === undefined || quotes.isCrossed(index)) return false;
    if (!(quotes.quoteAgeMs(index, time.nowUs) <= market.now.maxQuoteAgeMs)) return false;
    const price = this.#triggerPrice(index, trigger);
    return isTriggered(side, trigger.kind, price, quotes.bidPrice(index), quotes.askPrice(index));
  }

  #send(order: TriggerOrder): void {
    const orderDesk = this.#orderDesk();
    const intent = this.#trimmed(order);
    if (intent === undefined) return this.#write({ ...order, phase: "cancelled" });
    const refusal = orderDesk.rehearse(intent, "plugin", {});
    if (refusal !== undefined && intent.reduceOnly && passingRefusals.has(refusal.code)) return; // tried again
    this.#write({ ...order, phase: refusal === undefined ? "sent" : "refused" });
    orderDesk.intent(intent, "plugin");
  }

  /** A reduce-only order closes at most what is held; undefined for nothing. */
  #trimmed({ intent, id }: TriggerOrder): OrderIntent | undefined {
    const { portfolio, instruments } = this.#rooms();
    const caused = { ...intent, causes: [causeId(`trigger/${id}`), ...intent.causes].slice(0, 8) };
    if (!intent.reduceOnly) return caused;
    const index = instruments.indexOf(intent.instrument);
    const held = index === undefined
      ? 0
      : -sideSign(intent.side) * portfolio.positionLots(intent.plugin, index);
    return held > 0 ? { ...caused, sizeLots: sizeLots(Math.min(held, intent.sizeLots)) } : undefined;
  }

  /** Journal and plugin learn of it; what has ended is forgotten. */
  #write(order: TriggerOrder): void {
    const { outbox, time } = this.#rooms();
    const isNew = !this.#waiting.has(order.id);
    if (isTriggerEnded(order)) this.#waiting.delete(order.id);
    else this.#waiting.set(order.id, order);
    this.#isRangeOld = true;
    // Its first record has the id that the order it sends names as its cause.
    const first = causeId(`trigger/${order.id}`);
    const id = isNew ? first : outbox.nextId(`trigger/${order.id}`);
    outbox.journal(id, isNew ? order.intent.causes[0] : first, time.nowUs, { kind: "trigger_order", order });
    outbox.toPlugin(order.intent.plugin, { type: "trigger", ref: order.intent.ref, phase: order.phase });
  }

  // ---- runs

  /** Those of an earlier run get a name that no plugin gives. */
  pluginStarted(plugin: PluginId): void {
    for (const order of this.live(plugin)) {
      if (order.intent.ref === `earlier_${order.id}`) continue;
      this.#write({ ...order, intent: { ...order.intent, ref: `earlier_${order.id}` } });
    }
  }

  restore(orders: readonly TriggerOrder[]): void {
    for (const order of orders) if (!isTriggerEnded(order)) this.#waiting.set(order.id, order);
    this.#isRangeOld = true;
  }
}
