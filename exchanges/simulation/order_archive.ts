/** Orders and fills of all accounts of one venue: those that are open, and as many of the others as questions may ask for. */
import type { OpenLots } from "./ledger.ts";
import type { SimulatedFill, SimulatedOrder, SimulatedOrderRequest } from "./ports.ts";

/** Orders and fills kept per account, oldest dropped first. */
const maxHistory = 20_000;

export type OrderId = { readonly orderId: string } | { readonly clientOrderId: string };

export class OrderArchive {
  readonly #orders = new Map<string, SimulatedOrder>();
  readonly #openByAccount = new Map<string, Map<string, SimulatedOrder>>();
  readonly #historyByAccount = new Map<string, string[]>();
  readonly #fillsByAccount = new Map<string, SimulatedFill[]>();

  /** Keeps a new order, or the newer state of a known one. */
  keep(order: SimulatedOrder): void {
    if (!this.#orders.has(order.orderId)) {
      const history = this.#historyByAccount.get(order.accountId) ?? [];
      this.#historyByAccount.set(order.accountId, history);
      history.push(order.orderId);
      if (history.length > maxHistory) {
        for (const orderId of history.splice(0, maxHistory / 2)) this.#orders.delete(orderId);
      }
    }
    this.#orders.set(order.orderId, order);
    const open = this.#openByAccount.get(order.accountId) ?? new Map<string, SimulatedOrder>();
    this.#openByAccount.set(order.accountId, open);
    if (order.status === "open") open.set(order.orderId, order);
    else open.delete(order.orderId);
  }

  keepFill(fill: SimulatedFill): void {
    const fills = this.#fillsByAccount.get(fill.accountId) ?? [];
    this.#fillsByAccount.set(fill.accountId, fills);
    fills.push(fill);
    if (fills.length > maxHistory) fills.splice(0, maxHistory / 2);
  }

  byId(orderId: string): SimulatedOrder | undefined {
    return this.#orders.get(orderId);
  }

  /** An account's own order, by either id; of several with one client order id the open one, else the newest. */
  order(accountId: string, id: OrderId): SimulatedOrder | undefined {
    if ("orderId" in id) {
      const order = this.#orders.get(id.orderId);
      return order?.accountId === accountId ? order : undefined;
    }
    const isMeant = (one: SimulatedOrder): boolean => one.clientOrderId === id.clientOrderId;
    return this.open(accountId).find(isMeant) ?? this.history(accountId).findLast(isMeant);
  }

  open(accountId: string): readonly SimulatedOrder[] {
    return [...(this.#openByAccount.get(accountId)?.values() ?? [])];
  }

  history(accountId: string): readonly SimulatedOrder[] {
    return (this.#historyByAccount.get(accountId) ?? []).flatMap((orderId) =>
      this.#orders.get(orderId) ?? []
    );
  }

  fills(accountId: string): readonly SimulatedFill[] {
    return this.#fillsByAccount.get(accountId) ?? [];
  }

  /** What open orders could still add to a position; those that only reduce add nothing. */
  openLots(accountId: string, symbol: string): OpenLots {
    let buyLots = 0;
    let sellLots = 0;
    for (const order of this.#openByAccount.get(accountId)?.values() ?? []) {
      if (order.symbol !== symbol || order.reduceOnly) continue;
      if (order.side === "buy") buyLots += order.sizeLots - order.filledLots;
      else sellLots += order.sizeLots - order.filledLots;
    }
    return { buyLots, sellLots };
  }
}

/** An order as it comes in, nothing of it filled. */
export const newOrder = (request: SimulatedOrderRequest, orderId: string, nowMs: number): SimulatedOrder => ({
  orderId,
  clientOrderId: request.clientOrderId,
  accountId: request.accountId,
  symbol: request.symbol,
  side: request.side,
  type: request.type,
  timeInForce: request.timeInForce,
  postOnly: request.postOnly,
  reduceOnly: request.reduceOnly,
  sizeLots: request.sizeLots,
  filledLots: 0,
  filledTicksLots: 0n,
  limitPriceTicks: request.limitPriceTicks,
  status: "open",
  refusal: undefined,
  cancelReason: undefined,
  tsCreatedMs: nowMs,
  tsUpdatedMs: nowMs,
});
