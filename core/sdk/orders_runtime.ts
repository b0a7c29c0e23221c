/** The strategy's side of its orders: options into exact terms, the host's words into views. */
import { causeId, type InstrumentId } from "../model/ids.ts";
import type { Instrument } from "../model/instrument.ts";
import type { Order, OrderTerms } from "../model/order.ts";
import type { Quote } from "../model/quote.ts";
import { priceTicks, sizeLots } from "../model/ticks.ts";
import type { TriggerOrder } from "../model/trigger_order.ts";
import type { PluginMessage } from "../protocol/messages.ts";
import { exitTermsOf } from "./exits.ts";
import {
  orderView,
  pendingView,
  pricingOf,
  toIncrements,
  toPriceTicks,
  triggerOf,
  unknownStep,
} from "./order_views.ts";
import type { OrderChange, OrderOptions, Orders, OrderView } from "./strategy.ts";

/** How many ended orders `ctx.orders.get` still knows. */
const maxEndedOrders = 1_000;
/** How many quotes a decision may name as its causes. */
const maxCauses = 8;

interface SubmittedOrder {
  readonly terms: OrderTerms;
  view: OrderView;
}

export interface OrdersPort {
  readonly instrument: (id: InstrumentId) => Instrument | undefined;
  readonly nextRef: () => string;
  readonly send: (message: PluginMessage) => void;
  /** Calls the strategy. */
  readonly onOrder: (view: OrderView) => void;
}

/** The quotes that a decision rests on, as the journal names them. */
export const causesOf = (because: readonly Quote[] = []): ReturnType<typeof causeId>[] =>
  because.slice(0, maxCauses).map((quote) => causeId(`quote/${quote.instrument}/${quote.sequence}`));

export class OrdersRuntime implements Orders {
  readonly #port: OrdersPort;
  readonly #orders = new Map<string, SubmittedOrder>();
  readonly #endedRefs: string[] = [];

  constructor(port: OrdersPort) {
    this.#port = port;
  }

  // ---- the strategy's calls

  submit(options: OrderOptions): string {
    const { instrument: id, side } = options;
    const instrument = this.#port.instrument(id);
    const ref = this.#port.nextRef();
    // The host refuses what it does not know; without an instrument there is nothing to round against.
    const terms: OrderTerms = {
      instrument: id,
      side,
      sizeLots: sizeLots(toIncrements(options.sizeBase, instrument?.lot ?? unknownStep, "down")),
      reduceOnly: options.reduceOnly ?? false,
      pricing: pricingOf(options, instrument),
    };
    this.#orders.set(ref, { terms, view: pendingView(ref, terms, instrument) });
    const exits = options.exits === undefined ? undefined : exitTermsOf(options.exits);
    const trigger = triggerOf(options, instrument?.tick ?? unknownStep);
    this.#port.send({ type: "submit", ref, terms, causes: causesOf(options.because), exits, trigger });
    return ref;
  }

  amend(ref: string, { sizeBase, limitPrice, rounding }: OrderChange): void {
    const terms = this.#orders.get(ref)?.terms;
    if (terms === undefined) return;
    const instrument = this.#port.instrument(terms.instrument);
    const lot = instrument?.lot ?? unknownStep;
    const direction = rounding ?? (terms.side === "buy" ? "down" : "up");
    this.#port.send({
      type: "amend",
      ref,
      sizeLots: sizeBase === undefined ? undefined : sizeLots(toIncrements(sizeBase, lot, "down")),
      limitPriceTicks: limitPrice === undefined
        ? undefined
        : priceTicks(toPriceTicks(limitPrice, instrument, direction)),
    });
  }

  cancel(ref: string): void {
    this.#port.send({ type: "cancel", ref });
  }

  cancelAll(instrument?: InstrumentId): void {
    this.#port.send({ type: "cancel_all", instrument });
  }

  get(ref: string): OrderView | undefined {
    return this.#orders.get(ref)?.view;
  }

  working(): readonly OrderView[] {
    return [...this.#orders.values()].map((order) => order.view).filter((view) => !view.isDone);
  }

  // ---- the host's words

  onOrder(ref: string, order: Order): void {
    const instrument = this.#port.instrument(order.instrument);
    if (instrument !== undefined) this.#keep(ref, order, orderView(ref, order, instrument));
  }

  onRefused(ref: string, reason: string, text: string): void {
    const submitted = this.#orders.get(ref);
    if (submitted === undefined) return;
    const { terms, view } = submitted;
    this.#keep(ref, terms, { ...view, status: "refused", reason, text, isDone: true });
  }

  onAmendRefused(ref: string, reason: string, text: string): void {
    const submitted = this.#orders.get(ref);
    if (submitted !== undefined) this.#keep(ref, submitted.terms, { ...submitted.view, reason, text });
  }

  /** Once it is sent its order speaks for itself. */
  onTrigger(ref: string, phase: TriggerOrder["phase"]): void {
    const submitted = this.#orders.get(ref);
    if (submitted === undefined || phase === "sent" || phase === "refused") return;
    const isDone = phase === "cancelled";
    const status = isDone ? "cancelled" : "waiting";
    this.#keep(ref, submitted.terms, { ...submitted.view, status, isDone });
  }

  #keep(ref: string, terms: OrderTerms, view: OrderView): void {
    const before = this.#orders.get(ref);
    this.#orders.set(ref, { terms, view });
    if (view.isDone && before?.view.isDone !== true) {
      this.#endedRefs.push(ref);
      const oldest = this.#endedRefs.length > maxEndedOrders ? this.#endedRefs.shift() : undefined;
      if (oldest !== undefined) this.#orders.delete(oldest);
    }
    this.#port.onOrder(view);
  }
}
