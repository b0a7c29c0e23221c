/**
 * The account's orders at the simulated Aster: those in the shared engine, and those that wait for a price. An order that
 * waited goes on under its own number and id when its price is reached; the stream tells its end as a trigger order, then
 * its life as an ordinary one.
 */
import type { SimulatedOrder, SimulatedVenue } from "../../simulation/ports.ts";
import { isVenueError, missing, refusal, unknownSymbol, type VenueError } from "./errors.ts";
import { type AsterListing, listingOf, listingOfSymbol, maxTriggerOrders, wholeMs } from "./listing.ts";
import {
  type CheckedOrder,
  checkOrder,
  expiringRefusals,
  isReached,
  limitPriceOf,
  type Params,
  refusalOf,
  sizeOf,
  type Waiting,
} from "./order_entry.ts";
import { type OrderFacts, orderFacts, orderRow, waitingFacts } from "./rows.ts";

type Row = Readonly<Record<string, unknown>>;
export type Answer = Row | VenueError;

/** Numbers of trigger orders begin here: no order of the engine's has such a one. */
const firstTriggerId = 4_000_000_000_000_000;
const maxKept = 2_000;

const noSuchOrder = refusal(-2013, "Order does not exist.");
const unknownOrder = refusal(-2011, "Unknown order sent.");

export class Orders {
  readonly #venue: SimulatedVenue;
  readonly #accountId: string;
  readonly #waiting = new Map<string, Waiting>();
  readonly #byBecameId = new Map<string, Waiting>();
  readonly #listeners = new Set<(facts: OrderFacts) => void>();
  readonly #stop: () => void;
  /** Its order is being placed: the engine's events name it before the call returns. */
  #becoming: Waiting | undefined;
  #count = 0;

  constructor(venue: SimulatedVenue, accountId: string) {
    this.#venue = venue;
    this.#accountId = accountId;
    this.#stop = venue.subscribe((event) => {
      if (event.kind === "mark") {
        const { markPrice, symbol } = event.mark;
        const ticks = Math.round(markPrice / Number(listingOfSymbol(symbol).tick.text));
        this.#look(symbol, "MARK_PRICE", ticks);
      }
      if (event.kind === "trade") {
        this.#look(event.trade.symbol, "CONTRACT_PRICE", event.trade.priceTicks);
      }
    });
  }

  stop(): void {
    this.#stop();
  }

  /** Orders that wait for a price, as they change. */
  subscribe(listener: (facts: OrderFacts) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Client ids of those that wait. */
  waiting(): readonly string[] {
    return this.#live().map(({ checked }) => checked.request.clientOrderId);
  }

  place(params: Params): Answer {
    const checked = checkOrder(params, this.#venue, this.#accountId, () => `sim${++this.#count}`);
    if (isVenueError(checked)) return checked;
    const { clientOrderId, side } = checked.request;
    if (this.#live().some((one) => one.checked.request.clientOrderId === clientOrderId)) {
      return refusalOf("duplicate_client_order_id", side);
    }
    if (checked.trigger !== undefined) return this.#wait(checked);
    const result = this.#submit(checked);
    return isVenueError(result) ? result : orderRow(this.factsOf(result));
  }

  cancel(params: Params): Answer {
    const one = this.#listing(params);
    if (one === undefined) return unknownSymbol;
    if (!hasId(params)) return missing("orderId");
    const waiting = this.#findWaiting(params, one);
    if (waiting?.status === "NEW") {
      this.#end(waiting, "CANCELED");
      return orderRow(waitingFacts(waiting));
    }
    const order = this.#findOrder(params, one);
    if (order === undefined) return unknownOrder;
    const result = this.#venue.cancel(this.#accountId, { orderId: order.orderId });
    return result.kind === "cancelled" ? orderRow(this.factsOf(result.order)) : unknownOrder;
  }

  /** Both quantity and price; `quantity` is the new total, what is filled included. */
  amend(params: Params): Answer {
    const one = this.#listing(params);
    if (one === undefined) return unknownSymbol;
    if (!hasId(params)) return missing("orderId");
    const sizeLots = sizeOf(params, one);
    if (typeof sizeLots !== "number") return sizeLots;
    const limitPriceTicks = limitPriceOf(params, one);
    if (typeof limitPriceTicks !== "number") return limitPriceTicks;
    if (this.#findWaiting(params, one)?.status === "NEW") {
      return refusal(-4020, "Target strategy invalid for orderType 'STOP_MARKET'");
    }
    const order = this.#findOrder(params, one);
    if (order === undefined) return noSuchOrder;
    const change = { sizeLots, limitPriceTicks };
    const result = this.#venue.amend(this.#accountId, { orderId: order.orderId }, change);
    switch (result.kind) {
      case "amended":
        return orderRow(this.factsOf(result.order));
      case "rejected":
        return result.refusal === "post_only_would_cross"
          ? refusal(
            -5022,
            "Due to the order could not be executed as maker, the Post Only order will be rejected.",
          )
          : refusalOf(result.refusal, order.side);
      default:
        return noSuchOrder;
    }
  }

  cancelAll(one: AsterListing, reason: "user" | "dead_mans_switch"): void {
    for (const waiting of this.#live()) if (waiting.checked.one === one) this.#end(waiting, "CANCELED");
    this.#venue.cancelAll(this.#accountId, one.simulated.symbol, reason);
  }

  find(params: Params): Answer {
    const one = this.#listing(params);
    if (one === undefined) return unknownSymbol;
    if (!hasId(params)) return missing("orderId");
    const waiting = this.#findWaiting(params, one);
    if (waiting !== undefined && waiting.becameId === undefined) return orderRow(waitingFacts(waiting));
    const order = this.#findOrder(params, one);
    return order === undefined ? noSuchOrder : orderRow(this.factsOf(order));
  }

  /** Open ones, oldest first; of one symbol or of all. */
  open(one: AsterListing | undefined): readonly Row[] {
    const waiting = this.#live().map(waitingFacts);
    const resting = this.#venue.openOrders(this.#accountId).map((order) => this.factsOf(order));
    return [...waiting, ...resting].filter((facts) => one === undefined || facts.one === one)
      .sort((a, b) => a.tsCreatedMs - b.tsCreatedMs).map(orderRow);
  }

  /** What rows are made of, for an order of the engine. */
  factsOf(order: SimulatedOrder): OrderFacts {
    return orderFacts(order, this.#cameOf(order));
  }

  /** The number by which the venue's clients know an order of the engine. */
  numberOf(orderId: string): string {
    return this.#byBecameId.get(orderId)?.orderId ?? orderId;
  }

  #listing(params: Params): AsterListing | undefined {
    const one = listingOf(params.get("symbol") ?? "");
    return one !== undefined && this.#venue.instrument(one.simulated.symbol) !== undefined ? one : undefined;
  }

  #live(): readonly Waiting[] {
    return [...this.#waiting.values()].filter(({ status }) => status === "NEW");
  }

  #findWaiting(params: Params, one: AsterListing): Waiting | undefined {
    const orderId = params.get("orderId");
    const found = orderId !== undefined
      ? this.#waiting.get(orderId)
      : [...this.#waiting.values()].findLast(({ checked }) =>
        checked.request.clientOrderId === params.get("origClientOrderId")
      );
    return found?.checked.one === one ? found : undefined;
  }

  /** What was refused at the door is no order. */
  #findOrder(params: Params, one: AsterListing): SimulatedOrder | undefined {
    const became = this.#findWaiting(params, one)?.becameId;
    const orderId = became ?? params.get("orderId");
    const order = this.#venue.order(
      this.#accountId,
      orderId === undefined ? { clientOrderId: params.get("origClientOrderId") ?? "" } : { orderId },
    );
    if (order?.symbol !== one.simulated.symbol) return undefined;
    const isRefused = order.refusal !== undefined && !expiringRefusals.has(order.refusal);
    return isRefused && order.status === "rejected" ? undefined : order;
  }

  #submit({ request }: CheckedOrder): SimulatedOrder | VenueError {
    const result = this.#venue.submit(request);
    const { order } = result;
    const isRefused = result.kind === "rejected" && !expiringRefusals.has(result.refusal);
    return isRefused ? refusalOf(result.refusal, request.side) : order;
  }

  #wait(checked: CheckedOrder): Answer {
    const { one, request, trigger } = checked;
    if (this.#live().filter((other) => other.checked.one === one).length >= maxTriggerOrders) {
      return refusal(-4045, "Reach max stop order limit.");
    }
    const { symbol } = one.simulated;
    const mark = this.#venue.mark(symbol);
    const markTicks = Math.round(mark.markPrice / Number(one.tick.text));
    const last = this.#venue.recentTrades(symbol, 1)[0]?.priceTicks ?? markTicks;
    if (trigger !== undefined) {
      const ticks = trigger.workingType === "MARK_PRICE" ? markTicks : last;
      if (isReached(trigger, request.side, ticks)) return refusal(-2021, "Order would immediately trigger.");
    }
    const nowMs = wholeMs(this.#venue.clock.nowMs());
    const waiting: Waiting = {
      orderId: String(firstTriggerId + nowMs * 100 + ++this.#count % 100),
      checked,
      tsCreatedMs: nowMs,
      status: "NEW",
      tsUpdatedMs: nowMs,
      becameId: undefined,
    };
    this.#waiting.set(waiting.orderId, waiting);
    for (const [id, { status }] of this.#waiting) {
      if (this.#waiting.size <= maxKept) break;
      if (status !== "NEW") this.#waiting.delete(id);
    }
    this.#tell(waiting);
    return orderRow(waitingFacts(waiting));
  }

  #look(symbol: string, workingType: string, ticks: number): void {
    for (const waiting of this.#live()) {
      const { one, request, trigger } = waiting.checked;
      if (one.simulated.symbol !== symbol || trigger?.workingType !== workingType) continue;
      if (!isReached(trigger, request.side, ticks)) continue;
      this.#end(waiting, "EXPIRED");
      // What is in the middle of a match is placed after it.
      this.#venue.clock.schedule(0, () => this.#become(waiting));
    }
  }

  #become(waiting: Waiting): void {
    this.#becoming = waiting;
    const result = this.#venue.submit(waiting.checked.request);
    this.#becoming = undefined;
    this.#link(waiting, result.order.orderId);
  }

  #link(waiting: Waiting, becameId: string): void {
    waiting.becameId = becameId;
    this.#byBecameId.set(becameId, waiting);
  }

  /** The trigger order that an order of the engine came of. */
  #cameOf(order: SimulatedOrder): Waiting | undefined {
    const becoming = this.#becoming;
    if (becoming !== undefined && order.clientOrderId === becoming.checked.request.clientOrderId) {
      this.#link(becoming, order.orderId);
    }
    return this.#byBecameId.get(order.orderId);
  }

  #end(waiting: Waiting, status: "CANCELED" | "EXPIRED"): void {
    waiting.status = status;
    waiting.tsUpdatedMs = wholeMs(this.#venue.clock.nowMs());
    this.#tell(waiting);
  }

  #tell(waiting: Waiting): void {
    const facts = waitingFacts(waiting);
    for (const listener of this.#listeners) listener(facts);
  }
}

const hasId = (params: Params): boolean => params.has("orderId") || params.has("origClientOrderId");
