/**
 * Cancel/replaces that a crash cut in two: the order as it was may still work, or its end be known and nothing placed.
 *
 * Rules, the same at whatever moment the host died:
 * 1. The cancel is pursued: nobody wants the old terms any more.
 * 2. When its end is known, an order that only closes is placed with its new terms, for at most what is held then.
 * 3. An entry is not: the market has moved on, and its plugin has begun anew. It is told that its change was abandoned.
 */
import type { Fill } from "../model/account.ts";
import { causeId, type ClientOrderId } from "../model/ids.ts";
import {
  type AmendedTerms,
  isFinalStatus,
  isPluginReducing,
  type Order,
  type OrderIntent,
  sideSign,
} from "../model/order.ts";
import { sizeLots } from "../model/ticks.ts";
import { pricingAndSize } from "../execution/order_terms.ts";
import { passingRefusals } from "./host_orders.ts";
import type { OrderDesk, OrderFollower } from "./order_desk.ts";
import type { Rooms } from "./rooms.ts";

interface Interrupted {
  /** As it ended. */
  readonly order: Order;
  readonly replacement: AmendedTerms;
}

export class ReplacementRecovery implements OrderFollower {
  readonly #rooms: () => Rooms;
  readonly #orderDesk: () => OrderDesk;
  readonly #waiting = new Set<ClientOrderId>();
  #due: Interrupted[] = [];

  constructor(rooms: () => Rooms, orderDesk: () => OrderDesk) {
    this.#rooms = rooms;
    this.#orderDesk = orderDesk;
  }

  /** After the order manager has its orders again. */
  restore(workingOrders: readonly Order[]): void {
    const { orders, time } = this.#rooms();
    for (const { clientOrderId, replacement } of workingOrders) {
      if (replacement === undefined) continue;
      this.#waiting.add(clientOrderId);
      orders.cancel(clientOrderId, time.nowUs, causeId(`amend/${clientOrderId}`));
    }
  }

  orderChanged(order: Order): void {
    if (!isFinalStatus(order.status) || !this.#waiting.delete(order.clientOrderId)) return;
    const { replacement } = order;
    const isLeft = order.status === "cancelled" && replacement !== undefined &&
      replacement.sizeLots > order.filledLots;
    if (isLeft) this.#due.push({ order, replacement });
  }

  filled(_order: Order, _fill: Fill): void {}

  /** After every event, and at every tick: what a passing reason held up is tried again. */
  settle(): void {
    if (this.#due.length > 0) this.#due = this.#due.filter((one) => !this.#isSettled(one));
  }

  #isSettled({ order, replacement }: Interrupted): boolean {
    const orderDesk = this.#orderDesk();
    const { plugin, instrument, clientOrderId } = order;
    const intent = isPluginReducing(order) ? this.#protective(order, replacement) : undefined;
    if (intent === undefined) {
      const ref = order.ref;
      orderDesk.refuse(
        { plugin, ref, instrument, causes: [causeId(`order/${clientOrderId}`)] },
        { code: "REPLACE_ABANDONED", facts: { ref, instrument } },
      );
      return true;
    }
    const refusal = orderDesk.rehearse(intent, "host", {});
    if (refusal !== undefined && passingRefusals.has(refusal.code)) return false;
    orderDesk.intent(intent, "host");
    return true;
  }

  /** What still closes something; undefined when nothing is held any more. */
  #protective(order: Order, replacement: AmendedTerms): OrderIntent | undefined {
    const { portfolio, instruments } = this.#rooms();
    const { plugin, instrument, side, clientOrderId } = order;
    const index = instruments.indexOf(instrument);
    const heldLots = index === undefined ? 0 : -sideSign(side) * portfolio.positionLots(plugin, index);
    const lots = Math.min(heldLots, replacement.sizeLots - order.filledLots);
    if (!(lots > 0)) return undefined;
    return {
      plugin,
      ref: `earlier_${clientOrderId}`, // no plugin gives such a name
      instrument,
      side,
      sizeLots: sizeLots(lots),
      reduceOnly: true,
      pricing: pricingAndSize(order, replacement).pricing,
      causes: [causeId(`amend/${clientOrderId}`)],
    };
  }
}
