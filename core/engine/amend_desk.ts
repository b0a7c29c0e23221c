/**
 * Changes of plugins' orders: amended where the venue can, cancelled and placed anew where it can't. Every change passes
 * the risk gate with the order that it replaces taken out and itself put in.
 *
 * Invariants:
 * 1. Never two at once: the new order of a cancel/replace is sent when the old one's end is known, sized by what it left.
 * 2. Of several changes that are asked for while one is on its way, or within the pause of the churn gate, the newest is
 *    made and the others are not.
 * 3. A change that is refused leaves the order as it is.
 * 4. What is to take an order's place is in the journal before its cancel leaves: see replacement_recovery.ts.
 */
import type { Fill } from "../model/account.ts";
import { type CauseId, causeId, type ClientOrderId, type PluginId } from "../model/ids.ts";
import { isFinalStatus, isPluginReducing, type Order, type OrderIntent } from "../model/order.ts";
import type { Refusal } from "../model/refusals.ts";
import { priceTicks, sizeLots } from "../model/ticks.ts";
import { pricingAndSize } from "../execution/order_terms.ts";
import type { OrderDesk, OrderFollower } from "./order_desk.ts";
import type { Rooms } from "./rooms.ts";

/** The churn gate: from one change of an order to the next. A cancel/replace costs two requests and the place in the queue. */
const amendPauseUs = 50_000;
const replacePauseUs = 500_000;

/** Undefined is as it is. Size in all, what is filled included. */
export interface WantedChange {
  readonly sizeLots: number | undefined;
  readonly limitPriceTicks: number | undefined;
}

interface Wanted {
  readonly plugin: PluginId;
  readonly ref: string;
  readonly change: WantedChange;
}

interface Replacement {
  readonly intent: OrderIntent;
  readonly totalLots: number;
}

export class AmendDesk implements OrderFollower {
  readonly #rooms: () => Rooms;
  readonly #orderDesk: () => OrderDesk;
  /** By plugin and ref. */
  readonly #wanted = new Map<string, Wanted>();
  readonly #notBeforeUs = new Map<string, number>();
  /** Old orders that are being cancelled to be placed anew. */
  readonly #replacing = new Map<ClientOrderId, Replacement>();
  readonly #ended: { readonly order: Order; readonly replacement: Replacement }[] = [];
  readonly #dirty = new Set<string>();

  constructor(rooms: () => Rooms, orderDesk: () => OrderDesk) {
    this.#rooms = rooms;
    this.#orderDesk = orderDesk;
  }

  // ---- commands

  amend(plugin: PluginId, ref: string, change: WantedChange): void {
    const order = this.#rooms().orders.byRef(plugin, ref);
    const why = order === undefined || isFinalStatus(order.status)
      ? "is not working"
      : order.pricing.kind === "market"
      ? "has no price to change"
      : undefined;
    if (why !== undefined) {
      return this.#refuse(plugin, ref, { code: "AMEND_IMPOSSIBLE", facts: { ref, why } });
    }
    const key = `${plugin}/${ref}`;
    const before = this.#wanted.get(key)?.change;
    this.#wanted.set(key, {
      plugin,
      ref,
      change: {
        sizeLots: change.sizeLots ?? before?.sizeLots,
        limitPriceTicks: change.limitPriceTicks ?? before?.limitPriceTicks,
      },
    });
    this.#dirty.add(key);
  }

  /** The plugin wants its order cancelled: nothing follows it. */
  forget(isMeant: (plugin: PluginId, ref: string) => boolean): void {
    for (const [key, { plugin, ref }] of this.#wanted) if (isMeant(plugin, ref)) this.#wanted.delete(key);
    for (const [id, { intent }] of this.#replacing) {
      if (!isMeant(intent.plugin, intent.ref)) continue;
      this.#replacing.delete(id);
      this.#rooms().orders.intendReplacement(id, undefined, causeId(`cancel/${id}`));
    }
  }

  #refuse(plugin: PluginId, ref: string, { code, facts }: Refusal): void {
    this.#rooms().outbox.toPlugin(plugin, { type: "amend_refused", ref, code, facts: { ...facts } });
  }

  // ---- orders

  /** The end of an order that is placed anew is no news to its plugin: the new one is. */
  holdsBack(after: Order): boolean {
    const replacement = this.#replacing.get(after.clientOrderId);
    return replacement !== undefined && after.status === "cancelled" &&
      after.filledLots < replacement.totalLots;
  }

  orderChanged(after: Order): void {
    this.#dirty.add(`${after.plugin}/${after.ref}`);
    const replacement = this.#replacing.get(after.clientOrderId);
    if (replacement === undefined || !isFinalStatus(after.status)) return;
    this.#replacing.delete(after.clientOrderId);
    this.#ended.push({ order: after, replacement });
  }

  filled(_order: Order, _fill: Fill): void {}

  // ---- acting

  settle(): void {
    for (const { order, replacement } of this.#ended.splice(0)) this.#placeAnew(order, replacement);
    if (this.#wanted.size === 0) return this.#dirty.clear();
    for (const key of this.#dirty) this.#try(key);
    this.#dirty.clear();
  }

  tick(): void {
    for (const key of this.#wanted.keys()) this.#try(key);
    this.settle();
    const { nowUs } = this.#rooms().time;
    for (const [key, atUs] of this.#notBeforeUs) if (atUs < nowUs) this.#notBeforeUs.delete(key);
  }

  /** What the old order left is placed; where it filled all, or ended otherwise, nothing is. */
  #placeAnew(order: Order, { intent, totalLots }: Replacement): void {
    const left = totalLots - order.filledLots;
    if (order.status !== "cancelled" || left <= 0) return;
    this.#orderDesk().intent({ ...intent, sizeLots: sizeLots(left) }, "plugin");
  }

  #try(key: string): void {
    const wanted = this.#wanted.get(key);
    if (wanted === undefined) return;
    const { orders, time: { nowUs } } = this.#rooms();
    const order = orders.byRef(wanted.plugin, wanted.ref);
    if (order === undefined || isFinalStatus(order.status) || order.pricing.kind === "market") {
      if (order === undefined || !this.#isReplaced(order)) this.#wanted.delete(key);
      return;
    }
    const isResting = order.status === "accepted" || order.status === "partially_filled";
    if (!isResting || order.amending !== undefined || this.#replacing.has(order.clientOrderId)) return;
    if (nowUs < (this.#notBeforeUs.get(key) ?? 0)) return;
    this.#wanted.delete(key);
    this.#change(key, order, wanted.change, order.pricing.limitPriceTicks);
  }

  /** Its end was told, and what follows it has not been sent yet. */
  #isReplaced({ clientOrderId }: Order): boolean {
    return this.#ended.some(({ order }) => order.clientOrderId === clientOrderId);
  }

  #change(key: string, order: Order, change: WantedChange, presentTicks: number): void {
    const { orders, accounts, time: { nowUs } } = this.#rooms();
    const totalLots = change.sizeLots ?? order.sizeLots;
    const ticks = change.limitPriceTicks ?? presentTicks;
    if (totalLots === order.sizeLots && ticks === presentTicks) return;
    const cause = causeId(`amend/${order.clientOrderId}`);
    if (totalLots <= order.filledLots) {
      return orders.cancel(order.clientOrderId, nowUs, cause); // as much has filled already: nothing is to be left
    }
    const amending = { sizeLots: sizeLots(totalLots), limitPriceTicks: priceTicks(ticks) };
    const intent = intentOf(
      order,
      pricingAndSize(order, amending).pricing,
      totalLots - order.filledLots,
      cause,
    );
    const judged = this.#orderDesk().judge(intent, "plugin", { replaces: order });
    if (judged.kind === "refused") return this.#refuse(order.plugin, order.ref, judged.refusal);
    if (accounts.get(judged.instrument.venue)?.capabilities.amend === true) {
      const { pricing } = judged.intent; // a reduce-only order's price may have been moved to its bound
      const limitPriceTicks = pricing.kind === "limit" ? pricing.limitPriceTicks : amending.limitPriceTicks;
      this.#notBeforeUs.set(key, nowUs + amendPauseUs);
      this.#orderDesk().countOrder(intent, judged.instrument);
      orders.amend(order.clientOrderId, { ...amending, limitPriceTicks }, nowUs, cause);
      return;
    }
    this.#notBeforeUs.set(key, nowUs + replacePauseUs);
    this.#replacing.set(order.clientOrderId, { intent, totalLots });
    orders.intendReplacement(order.clientOrderId, amending, cause); // journalled before the cancel leaves
    orders.cancel(order.clientOrderId, nowUs, cause);
  }
}

const intentOf = (order: Order, pricing: Order["pricing"], lots: number, cause: CauseId): OrderIntent => ({
  plugin: order.plugin,
  ref: order.ref,
  instrument: order.instrument,
  side: order.side,
  sizeLots: sizeLots(lots),
  reduceOnly: isPluginReducing(order),
  pricing,
  causes: [cause],
});
