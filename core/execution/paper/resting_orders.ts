/** Our own orders that rest in one market: per side the best price first, at one price the first that came. */
import type { Side } from "../../model/order.ts";
import type { PaperOrder } from "./paper_orders.ts";

export class RestingOrders {
  readonly #buys: PaperOrder[] = [];
  readonly #sells: PaperOrder[] = [];

  get isEmpty(): boolean {
    return this.#buys.length === 0 && this.#sells.length === 0;
  }

  /** A list of its own: whoever walks it may take orders out. */
  of(side: Side): readonly PaperOrder[] {
    return [...(side === "buy" ? this.#buys : this.#sells)];
  }

  add(order: PaperOrder): void {
    const { side } = order.request;
    const orders = side === "buy" ? this.#buys : this.#sells;
    const price = limitTicksOf(order);
    const behind = orders.findIndex((other) =>
      side === "buy" ? limitTicksOf(other) < price : limitTicksOf(other) > price
    );
    orders.splice(behind < 0 ? orders.length : behind, 0, order);
  }

  remove(order: PaperOrder): void {
    const orders = order.request.side === "buy" ? this.#buys : this.#sells;
    const at = orders.indexOf(order);
    if (at >= 0) orders.splice(at, 1);
  }
}

/** Of an order that may rest. */
export const limitTicksOf = ({ request: { pricing } }: PaperOrder): number =>
  pricing.kind === "limit" ? pricing.limitPriceTicks : NaN;
