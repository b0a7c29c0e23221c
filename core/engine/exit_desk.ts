/**
 * Exit plans in the engine: takes them from plugins, looks at them when a quote leaves its quiet range, when a fill changes
 * a position and on every tick, and sends what they decide in the plugin's name, reduce-only.
 *
 * Invariants:
 * 1. A plan is in the journal before the order that it guards leaves, and before any order of its own does.
 * 2. At most one plan guards a plugin's position on an instrument; one that closes it can't be replaced or cleared.
 */
import {
  decideExit,
  type ExitAction,
  exitIdOfRef,
  type ExitView,
  withExitOrderDone,
  withExitRefused,
} from "../execution/exit_plans/exit_decision.ts";
import { isNews, quietOutlook } from "../execution/exit_plans/exit_news.ts";
import { invalidSteps, withPosition } from "../execution/exit_plans/profit_steps.ts";
import { quietRange } from "../execution/exit_plans/exit_levels.ts";
import type { Fill } from "../model/account.ts";
import { type CauseId, causeId, type InstrumentId, type PluginId, venueOf } from "../model/ids.ts";
import { type ExitIntent, type ExitPlan, type ExitTerms, isExitEnded } from "../model/exit_plan.ts";
import { isFinalStatus, isHostRef, type Order, type OrderIntent } from "../model/order.ts";
import type { Refusal } from "../model/refusals.ts";
import { grantRefusal, passingRefusals } from "./host_orders.ts";
import type { OrderDesk, OrderFollower, OrderMeant } from "./order_desk.ts";
import type { PriceWatch } from "./price_watch.ts";
import { entryPrice, type Rooms } from "./rooms.ts";

interface Held {
  plan: ExitPlan;
  /** As the journal has it. */
  written: ExitPlan;
}

export class ExitDesk implements OrderFollower {
  readonly #rooms: () => Rooms;
  readonly #orderDesk: () => OrderDesk;
  readonly #plans = new Map<string, Held>();
  readonly #dirty = new Set<string>();
  #serial = 0;
  #isRangeOld = false;

  constructor(rooms: () => Rooms, orderDesk: () => OrderDesk) {
    this.#rooms = rooms;
    this.#orderDesk = orderDesk;
  }

  // ---- questions

  live(): readonly ExitPlan[] {
    return [...this.#plans.values()].map(({ plan }) => plan);
  }

  guards(plugin: PluginId, instrument: InstrumentId): boolean {
    return this.#of(plugin, instrument) !== undefined;
  }

  get isBusy(): boolean {
    return this.live().some(({ phase }) => phase.kind === "exiting");
  }

  #of(plugin: PluginId, instrument: InstrumentId): Held | undefined {
    return [...this.#plans.values()].find(({ plan }) =>
      plan.plugin === plugin && plan.instrument === instrument
    );
  }

  // ---- commands

  /** Why a plan can't be taken; undefined when it can. */
  check({ plugin, instrument, terms }: ExitIntent): Refusal | undefined {
    const rooms = this.#rooms();
    const ungranted = grantRefusal(rooms, plugin, instrument, "reduce");
    if (ungranted !== undefined) return ungranted;
    const unfit = invalidTerms(terms);
    if (unfit !== undefined) return unfit;
    if (rooms.groups.holds(plugin, instrument)) return { code: "EXIT_IN_GROUP", facts: { instrument } };
    const isUnderWay = this.#of(plugin, instrument)?.plan.phase.kind === "exiting";
    return isUnderWay ? { code: "EXIT_UNDER_WAY", facts: { instrument } } : undefined;
  }

  /** Takes a plan that `check` let pass; it replaces the one before it and keeps the time of its first fill. */
  set(intent: ExitIntent): void {
    const { time } = this.#rooms();
    const before = this.#of(intent.plugin, intent.instrument)?.plan;
    if (before !== undefined) this.#end(before.id, "replaced");
    this.#serial += 1;
    const plan: ExitPlan = {
      id: `${Math.floor(time.nowUs).toString(36)}-${this.#serial}`,
      ...intent,
      phase: { kind: "waiting" },
      direction: undefined,
      bestPrice: NaN,
      isTrailing: false,
      isBreakEven: false,
      tsArmedUs: before?.tsArmedUs,
      deferredSinceUs: undefined,
      orders: [],
      nextSerial: 1,
      attempts: 0,
      lastLots: 0,
      nextAttemptUs: 0,
      tsCreatedUs: time.nowUs,
    };
    const held: Held = { plan, written: plan };
    this.#plans.set(plan.id, held);
    this.#write(held, "set");
    this.#dirty.add(plan.id);
  }

  /** A plugin does without from now on. Returns the refusal when its plan closes the position already. */
  clear(plugin: PluginId, instrument: InstrumentId): Refusal | undefined {
    const plan = this.#of(plugin, instrument)?.plan;
    if (plan === undefined) return undefined;
    if (plan.phase.kind === "exiting") return { code: "EXIT_UNDER_WAY", facts: { instrument } };
    this.#end(plan.id, "cleared");
    return undefined;
  }

  #end(id: string, why: "replaced" | "cleared"): void {
    const held = this.#plans.get(id);
    if (held === undefined) return;
    held.plan = { ...held.plan, phase: { kind: "ended", why } };
    this.#write(held, why);
    this.#plans.delete(id);
    this.#isRangeOld = true;
  }

  // ---- orders and positions

  orderChanged(order: Order): void {
    if (!isFinalStatus(order.status)) return;
    const own = this.#plans.get(exitIdOfRef(order.ref) ?? "");
    if (own !== undefined) own.plan = withExitOrderDone(own.plan, order.ref);
    this.#touch(order.plugin, order.instrument);
  }

  filled({ plugin, instrument }: Order, _fill: Fill): void {
    this.#touch(plugin, instrument);
    const held = this.#plans.size === 0 ? undefined : this.#of(plugin, instrument);
    if (held?.plan.steps === undefined) return;
    // Fill by fill: of an entry and an exit in one event the difference alone would say too little.
    const { portfolio, instruments } = this.#rooms();
    const positionLots = portfolio.positionLots(plugin, instruments.indexOf(instrument) ?? -1);
    held.plan = { ...held.plan, steps: withPosition(held.plan.steps, Math.abs(positionLots)) };
  }

  #touch(plugin: PluginId, instrument: InstrumentId): void {
    if (this.#plans.size === 0) return;
    const id = this.#of(plugin, instrument)?.plan.id;
    if (id !== undefined) this.#dirty.add(id);
  }

  // ---- looking and acting

  /** After every event: what fills and ended orders lead to. */
  settle(): void {
    for (let round = 0; this.#dirty.size > 0 && round < 100; round++) {
      const [id = ""] = this.#dirty;
      this.#dirty.delete(id);
      this.#look(id);
    }
  }

  /** A quote left its quiet range, or time went on. */
  review(): void {
    for (const id of [...this.#plans.keys()]) this.#look(id);
    this.settle();
  }

  /** Whether the ranges have changed since they were last taken. */
  takeRangeOld(): boolean {
    const isOld = this.#isRangeOld;
    this.#isRangeOld = false;
    return isOld;
  }

  watch(prices: PriceWatch): void {
    const { instruments } = this.#rooms();
    for (const { plan } of this.#plans.values()) {
      const index = instruments.indexOf(plan.instrument);
      const { direction, phase } = plan;
      if (index === undefined || direction === undefined || phase.kind !== "armed") continue;
      const { lowPrice, highPrice } = quietRange(
        plan,
        direction,
        entryPrice(this.#rooms(), plan.plugin, index),
      );
      prices.narrow(index, direction === "long" ? "bid" : "ask", lowPrice, highPrice);
    }
  }

  /**
   * Narrows `prices` to where no plan has news while no order works; returns from when on time alone may bring some:
   * Infinity for never, -Infinity when something is under way.
   */
  foresee(prices: PriceWatch): number {
    const rooms = this.#rooms();
    const { instruments, portfolio } = rooms;
    let newsDueUs = Infinity;
    for (const { plan, written } of this.#plans.values()) {
      const { plugin, direction } = plan;
      const index = instruments.indexOf(plan.instrument);
      if (index === undefined) continue; // nobody looks at it
      const { untilUs, range } = quietOutlook(plan, written, {
        positionLots: portfolio.positionLots(plugin, index),
        entryPrice: entryPrice(rooms, plugin, index),
      });
      newsDueUs = Math.min(newsDueUs, untilUs);
      prices.narrow(index, direction === "long" ? "bid" : "ask", range.lowPrice, range.highPrice);
    }
    return newsDueUs;
  }

  #look(id: string): void {
    const held = this.#plans.get(id);
    const view = held === undefined ? undefined : this.#view(held.plan);
    if (held === undefined || view === undefined) return;
    const { plan, actions } = decideExit(held.plan, view);
    if (plan !== held.plan) {
      held.plan = plan;
      this.#isRangeOld = true;
    }
    if (isNews(held.plan, held.written)) this.#write(held, actions[0]?.kind ?? plan.phase.kind);
    for (const action of actions) this.#act(held, action);
    if (!isExitEnded(held.plan)) return;
    this.#plans.delete(id);
    this.#readBack(held.plan);
  }

  /** After an exit the venue is asked what the account holds. */
  #readBack({ instrument, orders }: ExitPlan): void {
    const { accounts, time } = this.#rooms();
    if (orders.length === 0) return;
    const reconciliation = accounts.get(venueOf(instrument))?.reconciliation;
    reconciliation?.want("fills", time.nowUs);
    reconciliation?.want("positions", time.nowUs);
  }

  #view({ plugin, instrument: id, entryRef }: ExitPlan): ExitView | undefined {
    const { instruments, portfolio, quotes, market, time, orders, states } = this.#rooms();
    const index = instruments.indexOf(id);
    const instrument = index === undefined ? undefined : instruments.get(index);
    if (index === undefined || instrument === undefined) return undefined;
    const isYoung = quotes.quoteAgeMs(index, time.nowUs) <= market.now.maxQuoteAgeMs &&
      !quotes.isCrossed(index);
    const entry = entryRef === undefined ? undefined : orders.byRef(plugin, entryRef);
    return {
      nowUs: time.nowUs,
      positionLots: portfolio.positionLots(plugin, index),
      entryPrice: entryPrice(this.#rooms(), plugin, index),
      bidPrice: isYoung ? quotes.bidPrice(index) : NaN,
      askPrice: isYoung ? quotes.askPrice(index) : NaN,
      steps: instrument,
      maxSizeLots: instrument.maxSizeLots,
      minSizeLots: instrument.minSizeLots,
      isEntryDone: entry === undefined || isFinalStatus(entry.status),
      isFrozen: states.get({ kind: "global" })?.state === "halted",
    };
  }

  #act(held: Held, action: ExitAction): void {
    const { outbox } = this.#rooms();
    const { plugin, instrument, id } = held.plan;
    const cause = causeId(`exit/${id}`);
    switch (action.kind) {
      case "armed":
        return;
      case "fired": {
        const { trigger, price } = action;
        const isOther = (order: OrderMeant): boolean =>
          order.plugin === plugin && order.instrument === instrument && !isHostRef(order.ref);
        this.#orderDesk().cancelWhere(isOther, cause);
        return outbox.notice("EXIT_FIRED", {
          plugin,
          instrument,
          trigger,
          price: Number.isNaN(price) ? "none" : price,
        });
      }
      case "step": {
        const { step, lots, price } = action;
        return outbox.notice("EXIT_STEP_FIRED", { plugin, instrument, step, lots, price });
      }
      case "failing":
        return outbox.notice("EXIT_FAILING", { plugin, instrument, attempts: action.attempts });
      case "submit":
        return this.#submit(held, action, cause);
      default:
        action satisfies never;
    }
  }

  #submit(
    held: Held,
    { order, side, pricing }: Extract<ExitAction, { readonly kind: "submit" }>,
    cause: CauseId,
  ): void {
    const { plugin, instrument } = held.plan;
    const intent: OrderIntent = {
      plugin,
      ref: order.ref,
      instrument,
      side,
      sizeLots: order.sizeLots,
      reduceOnly: true,
      pricing,
      causes: [cause],
    };
    const { refusedBy } = this.#orderDesk().intent(intent, "host");
    if (refusedBy === undefined) return;
    const isPassing = passingRefusals.has(refusedBy);
    held.plan = withExitRefused(held.plan, order.ref, isPassing, this.#rooms().time.nowUs);
    this.#write(held, "order_refused");
  }

  /** Journal and plugin learn of a plan. */
  #write(held: Held, event: string): void {
    const { outbox, time } = this.#rooms();
    const { plan } = held;
    held.written = plan;
    // Its first record has the id that its orders name as their cause.
    const first = causeId(`exit/${plan.id}`);
    const entry = plan.entryRef === undefined ? undefined : causeId(`intent/${plan.plugin}/${plan.entryRef}`);
    const [id, cause] = event === "set" ? [first, entry] : [outbox.nextId(`exit/${plan.id}`), first];
    outbox.journal(id, cause, time.nowUs, { kind: "exit_plan", plan, event });
    outbox.toPlugin(plan.plugin, { type: "exit", plan });
  }

  // ---- runs

  /** A plugin that has come is told what guards its positions. */
  pluginStarted(plugin: PluginId): void {
    const { outbox } = this.#rooms();
    for (const plan of this.live()) {
      if (plan.plugin === plugin) outbox.toPlugin(plugin, { type: "exit", plan });
    }
  }

  /** Takes up the plans of an earlier run; orders that the order manager does not know any more are done. */
  restore(plans: readonly ExitPlan[]): void {
    const { orders } = this.#rooms();
    for (const plan of plans) {
      if (isExitEnded(plan) || this.#plans.has(plan.id)) continue;
      const restored: ExitPlan = {
        ...plan,
        nextAttemptUs: 0,
        orders: plan.orders.map((order) => {
          const found = orders.byRef(plan.plugin, order.ref);
          return { ...order, isDone: order.isDone || found === undefined || isFinalStatus(found.status) };
        }),
      };
      this.#plans.set(plan.id, { plan: restored, written: restored });
      this.#dirty.add(plan.id);
    }
  }
}

function invalidTerms(terms: ExitTerms): Refusal | undefined {
  const invalid = (field: string, found: unknown): Refusal => ({
    code: "EXIT_INVALID",
    facts: { field, found: String(found).slice(0, 80) },
  });
  const isPositive = (value: number | undefined): boolean =>
    value === undefined || (Number.isFinite(value) && value > 0);
  for (
    const name of [
      "stopLossBps",
      "stopPrice",
      "takeProfitBps",
      "takeProfitPrice",
      "maxHoldMs",
      "exitCapBps",
    ] as const
  ) {
    if (!isPositive(terms[name])) return invalid(name, terms[name]);
  }
  const { trailing, breakEven, wideSpread, stopLossBps, takeProfitSteps } = terms;
  const unfit = takeProfitSteps === undefined ? undefined : invalidSteps(takeProfitSteps);
  if (unfit !== undefined) return invalid(unfit.field, unfit.found);
  if (stopLossBps !== undefined && stopLossBps >= 10_000) return invalid("stopLossBps", stopLossBps);
  if (trailing !== undefined) {
    if (!(trailing.activationBps >= 0)) return invalid("trailing.activationBps", trailing.activationBps);
    if (!(trailing.distanceBps > 0 && trailing.distanceBps < 10_000)) {
      return invalid("trailing.distanceBps", trailing.distanceBps);
    }
  }
  if (
    breakEven !== undefined &&
    !(breakEven.activationBps > breakEven.offsetBps && breakEven.offsetBps > -10_000)
  ) {
    return invalid("breakEven", `${breakEven.activationBps}/${breakEven.offsetBps}`);
  }
  if (wideSpread !== undefined && !(wideSpread.maxSpreadBps > 0 && wideSpread.maxDeferMs >= 0)) {
    return invalid("wideSpread", `${wideSpread.maxSpreadBps}/${wideSpread.maxDeferMs}`);
  }
  const isEmpty = [
    terms.stopLossBps,
    terms.stopPrice,
    terms.takeProfitBps,
    terms.takeProfitPrice,
    takeProfitSteps,
    trailing,
    terms.maxHoldMs,
  ]
    .every((one) => one === undefined) && breakEven === undefined;
  return isEmpty ? invalid("terms", "without any exit") : undefined;
}
