/**
 * What the host holds for plugins beyond single orders: leg groups and exit plans, with the prices that they wait for and
 * the stops behind them at the venues.
 * Goes on whether the plugins run or not.
 */
import { type CauseId, causeId, type InstrumentId, type PluginId } from "../model/ids.ts";
import { isHostRef } from "../model/order.ts";
import { AmendDesk } from "./amend_desk.ts";
import type { EngineEvent, EngineRestore, InstrumentIndex } from "./events.ts";
import { ExitDesk } from "./exit_desk.ts";
import { GroupDesk } from "./group_desk.ts";
import type { OrderBook } from "../model/order_book.ts";
import type { OrderDesk, OrderMeant } from "./order_desk.ts";
import { ReplacementRecovery } from "./replacement_recovery.ts";
import { ResidentStopDesk } from "./resident_stop_desk.ts";
import { TriggerDesk } from "./trigger_desk.ts";
import { PriceWatch } from "./price_watch.ts";
import type { Rooms } from "./rooms.ts";

/** What plugins ask of it. */
export type HeldEvent = Extract<
  EngineEvent,
  {
    readonly kind:
      | "intent"
      | "group_intent"
      | "close_group_intent"
      | "set_exit_intent"
      | "clear_exit_intent"
      | "amend_intent"
      | "cancel_intent"
      | "cancel_all_intent"
      | "quotes_due";
  }
>;

export interface HostHeldPort {
  readonly orderDesk: OrderDesk;
  readonly bookOf: (index: InstrumentIndex) => OrderBook | undefined;
  readonly isFlattening: (plugin: PluginId, index: InstrumentIndex) => boolean;
  readonly halt: (plugin: PluginId, reason: string, cause: CauseId) => void;
}

export class HostHeld {
  readonly groups: GroupDesk;
  readonly exits: ExitDesk;
  readonly residentStops: ResidentStopDesk;
  readonly amends: AmendDesk;
  readonly replacements: ReplacementRecovery;
  readonly triggers: TriggerDesk;
  readonly prices = new PriceWatch();
  readonly #rooms: () => Rooms;
  readonly #port: () => HostHeldPort;

  constructor(rooms: () => Rooms, port: () => HostHeldPort) {
    this.#rooms = rooms;
    this.#port = port;
    this.amends = new AmendDesk(rooms, () => port().orderDesk);
    this.replacements = new ReplacementRecovery(rooms, () => port().orderDesk);
    this.triggers = new TriggerDesk(rooms, () => port().orderDesk);
    this.groups = new GroupDesk(rooms, () => ({
      ...port(),
      isGuarded: (plugin: PluginId, instrument: InstrumentId) => this.exits.guards(plugin, instrument),
    }));
    this.exits = new ExitDesk(rooms, () => port().orderDesk);
    this.residentStops = new ResidentStopDesk(rooms, () => ({ ...port(), plans: () => this.exits.live() }));
  }

  /** Follows the orders of a desk. */
  follow(orderDesk: OrderDesk): void {
    orderDesk.follow(this.groups);
    orderDesk.follow(this.exits);
    orderDesk.follow(this.residentStops);
    orderDesk.follow(this.amends);
    orderDesk.follow(this.replacements);
    orderDesk.follow(this.triggers);
  }

  handle(event: HeldEvent): void {
    switch (event.kind) {
      case "intent":
        return this.#intent(event);
      case "group_intent":
        return this.groups.submit(event.intent, event.causes);
      case "close_group_intent":
        return this.groups.close(event.plugin, event.ref, event.reason);
      case "set_exit_intent": {
        const { plugin, instrument } = event.intent;
        const refusal = this.exits.check(event.intent);
        if (refusal === undefined) return this.exits.set(event.intent);
        return this.#port().orderDesk.refuse(
          { plugin, ref: `exit:${instrument}`, instrument, causes: [] },
          refusal,
        );
      }
      case "clear_exit_intent": {
        const { plugin, instrument } = event;
        const refusal = this.exits.clear(plugin, instrument);
        if (refusal === undefined) return;
        return this.#port().orderDesk.refuse(
          { plugin, ref: `exit:${instrument}`, instrument, causes: [] },
          refusal,
        );
      }
      case "amend_intent":
        return this.amends.amend(event.plugin, event.ref, event);
      case "cancel_intent":
        return this.#cancel(event.plugin, event.ref);
      case "cancel_all_intent":
        return this.#cancelAll(event.plugin, event.instrument);
      case "quotes_due":
        this.prices.takeDue();
        this.exits.review();
        return this.triggers.review();
      default:
        event satisfies never;
    }
  }

  #cancel(plugin: PluginId, ref: string): void {
    const { orders, time } = this.#rooms();
    this.amends.forget((other, name) => other === plugin && name === ref);
    if (this.triggers.cancel(plugin, ref)) return;
    const order = orders.byRef(plugin, ref);
    if (order === undefined) return;
    orders.cancel(order.clientOrderId, time.nowUs, causeId(`cancel/${order.clientOrderId}`));
  }

  /** What the host steers in the plugin's name goes on. */
  #cancelAll(plugin: PluginId, instrument: InstrumentId | undefined): void {
    const isMeant = (order: OrderMeant): boolean =>
      order.plugin === plugin && !isHostRef(order.ref) &&
      (instrument === undefined || order.instrument === instrument);
    const { orders } = this.#rooms();
    this.amends.forget((other, ref) => {
      const order = orders.byRef(other, ref);
      return order !== undefined && isMeant(order);
    });
    this.#port().orderDesk.cancelWhere(isMeant, causeId(`cancel/${plugin}`));
  }

  /** An order that comes with exits is sent only when its plan is taken, and after it. */
  #intent({ intent, exits: terms, trigger }: Extract<HeldEvent, { readonly kind: "intent" }>): void {
    const { orderDesk } = this.#port();
    if (trigger !== undefined) return this.triggers.submit(intent, trigger);
    if (terms === undefined) return void orderDesk.intent(intent, "plugin");
    const { plugin, instrument, ref } = intent;
    const exit = { plugin, instrument, terms, entryRef: ref };
    const refusal = orderDesk.rehearse(intent, "plugin", {}) ?? this.exits.check(exit);
    if (refusal !== undefined) return orderDesk.refuse(intent, refusal);
    this.exits.set(exit);
    orderDesk.intent(intent, "plugin");
  }

  /** After every event: what it led to. */
  settle(): void {
    this.groups.settle();
    this.exits.settle();
    this.amends.settle();
    this.replacements.settle();
    const isPlanChanged = this.exits.takeRangeOld();
    this.residentStops.settle(isPlanChanged);
    if (!this.triggers.takeRangeOld() && !isPlanChanged) return;
    this.prices.clear();
    this.exits.watch(this.prices);
    this.triggers.watch(this.prices);
  }

  tick(): void {
    this.groups.tick();
    this.exits.review();
    this.residentStops.tick();
    this.triggers.review();
    this.amends.tick();
  }

  get isBusy(): boolean {
    return this.groups.isBusy || this.exits.isBusy;
  }

  /** Any tick or quote may lead to something that plugins hear of. */
  get isUnderWay(): boolean {
    return this.isBusy || this.triggers.live().some(({ phase }) => phase === "fired");
  }

  /** Any tick may: a limit that is broken cancels waiting orders, groups and stops at venues are looked at. */
  get isTickNews(): boolean {
    const { residentStops } = this.#rooms().settings;
    const areStopsKept = residentStops?.enabled !== false && this.exits.live().length > 0;
    return areStopsKept || this.groups.isWatching || this.triggers.live().length > 0;
  }

  pluginStarted(plugin: PluginId): void {
    this.groups.pluginStarted(plugin);
    this.exits.pluginStarted(plugin);
    this.triggers.pluginStarted(plugin);
  }

  /** After the order manager has its orders again. */
  restore({ groups, exits, triggers, workingOrders }: EngineRestore): void {
    this.replacements.restore(workingOrders);
    this.triggers.restore(triggers);
    this.groups.restore(groups);
    this.exits.restore(exits);
  }

  checkpoint(): HeldState {
    return { groups: this.groups.checkpoint(), exits: this.exits.live(), triggers: this.triggers.live() };
  }
}

/** What survives a restart. */
type HeldState = Pick<EngineRestore, "groups" | "exits" | "triggers">;

/** Who must be known before a restart's orders and plans are taken up. */
export const pluginsOf = ({ groups, exits, triggers, workingOrders }: EngineRestore): readonly PluginId[] =>
  [...workingOrders, ...groups, ...exits, ...triggers.map(({ intent }) => intent)].map(({ plugin }) =>
    plugin
  );
