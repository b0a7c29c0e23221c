/**
 * Leg groups in the engine: takes what plugins ask for, follows the groups' orders, carries out what is decided about
 * them, and writes every change down before what follows from it is sent.
 *
 * Invariants:
 * 1. A group is in the journal, with the names of its orders, before the request of any of them leaves.
 * 2. Groups are looked at after an event, never within it: what an order's news leads to is sent when the order manager
 *    is done with it.
 * 3. A group that can't be made even or closed halts its plugin; only an operator's command sets it going again.
 */
import { decideGroup, openGroup } from "../execution/leg_groups/group_decision.ts";
import type { GroupAction, GroupStep, GroupView } from "../execution/leg_groups/group_step.ts";
import {
  groupIdOfRef,
  isWorking,
  newGroup,
  withCloseAsked,
  withFill,
  withOrderDone,
  withOrderRevived,
  withRefusal,
} from "../execution/leg_groups/group_record.ts";
import type { LegViews } from "../execution/leg_groups/repair_choice.ts";
import type { Fill } from "../model/account.ts";
import { type CauseId, causeId, type InstrumentId, type PluginId, venueOf } from "../model/ids.ts";
import {
  isGroupEnded,
  isGroupSettled,
  type LegGroup,
  type LegGroupIntent,
  type LegOrder,
} from "../model/leg_group.ts";
import { isFinalStatus, type Order, type OrderIntent } from "../model/order.ts";
import type { RiskScope } from "../model/risk_limits.ts";
import type { Facts } from "../model/journal_entry.ts";
import type { InstrumentIndex } from "./events.ts";
import { GroupChecks } from "./group_checks.ts";
import { checkGroup } from "./group_preflight.ts";
import type { GroupTotals } from "../model/leg_group_totals.ts";
import { type GroupSnapshot, groupSnapshot, GroupStatistics } from "./group_snapshot.ts";
import { legView } from "./group_view.ts";
import { passingRefusals } from "./host_orders.ts";
import type { OrderBook } from "../model/order_book.ts";
import type { OrderDesk, OrderFollower } from "./order_desk.ts";
import type { Rooms } from "./rooms.ts";

/** Ended groups that are kept for fills that come late. */
const maxEnded = 500;

export interface GroupDeskPort {
  readonly orderDesk: OrderDesk;
  readonly bookOf: (index: InstrumentIndex) => OrderBook | undefined;
  /** Whether an exit plan guards the plugin's position: it would close a leg by itself. */
  readonly isGuarded: (plugin: PluginId, instrument: InstrumentId) => boolean;
  /** Stops a plugin's trading until an operator lifts it. */
  readonly halt: (plugin: PluginId, reason: string, cause: CauseId) => void;
}

interface Held {
  group: LegGroup;
  readonly causes: readonly CauseId[];
}

export class GroupDesk implements OrderFollower {
  readonly #rooms: () => Rooms;
  readonly #port: () => GroupDeskPort;
  readonly #groups = new Map<string, Held>();
  readonly #endedIds: string[] = [];
  readonly #dirty = new Set<string>();
  /** Groups of an earlier run that are not settled yet. */
  readonly #resuming = new Set<string>();
  readonly #checks: GroupChecks;
  readonly #statistics = new GroupStatistics();
  #serial = 0;

  constructor(rooms: () => Rooms, port: () => GroupDeskPort) {
    this.#rooms = rooms;
    this.#port = port;
    this.#checks = new GroupChecks(rooms, (id) => {
      const held = this.#groups.get(id);
      return held !== undefined && !isGroupEnded(held.group);
    });
  }

  // ---- questions

  /** Groups that are not over, oldest first. */
  live(plugin?: PluginId): readonly LegGroup[] {
    return [...this.#groups.values()].map(({ group }) => group)
      .filter((group) => !isGroupEnded(group) && (plugin === undefined || group.plugin === plugin));
  }

  /** Whether a live group has a leg of the plugin on an instrument. */
  holds(plugin: PluginId, instrument: InstrumentId): boolean {
    return this.live(plugin).some(({ terms }) => terms.legs.some((leg) => leg.instrument === instrument));
  }

  /** Whether an order's name is one of a group's. */
  owns(ref: string): boolean {
    return groupIdOfRef(ref) !== undefined;
  }

  isResuming(plugin: PluginId): boolean {
    if (this.#resuming.size === 0) return false;
    return [...this.#resuming].some((id) => this.#groups.get(id)?.group.plugin === plugin);
  }

  /** Something of a group is on its way or due: a shutdown waits for it until its deadline. */
  get isBusy(): boolean {
    return this.live().some((group) => !isGroupSettled(group));
  }

  /** A group stands, or the positions after one are still to be read: a tick may find something to do. */
  get isWatching(): boolean {
    return this.live().length > 0 || this.#checks.pendingCount > 0;
  }

  snapshots(): readonly GroupSnapshot[] {
    return this.live().map((group) => groupSnapshot(this.#rooms(), group));
  }

  totals(): GroupTotals {
    const { agreed, differed, pendingCount } = this.#checks;
    return this.#statistics.totals({ agreed, differed, pending: pendingCount });
  }

  // ---- commands

  submit(intent: LegGroupIntent, causes: readonly CauseId[]): void {
    const rooms = this.#rooms();
    const { orderDesk } = this.#port();
    const refusal = checkGroup(
      {
        rooms,
        orderDesk,
        live: this.live(intent.plugin),
        strayOn: (plugin, instrument) => this.#checks.strayOn(plugin, instrument),
        unverified: (plugin) => this.#checks.unverified(plugin),
        isGuarded: (plugin, instrument) => this.#port().isGuarded(plugin, instrument),
      },
      intent,
    );
    if (refusal !== undefined) {
      for (const { instrument } of intent.terms.legs) {
        if (refusal.code === "GROUP_STRAY_ORDER" || refusal.code === "GROUP_UNSWEPT") {
          this.#checks.sweep(venueOf(instrument));
        }
      }
      const { plugin, ref, terms: { legs: [{ instrument }] } } = intent;
      return orderDesk.refuse({ plugin, ref, instrument, causes }, refusal);
    }
    const { nowUs } = rooms.time;
    this.#serial += 1;
    const group = newGroup(`${Math.floor(nowUs).toString(36)}-${this.#serial}`, intent, nowUs);
    this.#groups.set(group.id, { group, causes });
    this.#checks.begin(group);
    this.#checks.sweepGroup(group);
    this.#statistics.begun();
    this.#take(group.id, openGroup(group), "submitted");
  }

  /** A plugin wants its group closed, whatever state it is in. */
  close(plugin: PluginId, ref: string, reason: string): void {
    const group = this.live(plugin).find((one) => one.ref === ref);
    if (group !== undefined) this.#change(group, withCloseAsked(group, reason), "close_asked");
  }

  /** The operator, or the end of a plugin, wants positions closed. */
  closeWhere(scope: RiskScope, reason: string): void {
    for (const group of this.live()) {
      if (isIn(group, scope)) this.#change(group, withCloseAsked(group, reason), "close_asked");
    }
  }

  // ---- orders

  orderChanged(order: Order): void {
    const held = this.#heldOf(order.ref);
    if (held === undefined) return;
    const { group } = held;
    const changed = isFinalStatus(order.status)
      ? withOrderDone(group, order.ref)
      : withOrderRevived(group, order.ref);
    if (changed === group) return;
    this.#change(group, changed, isFinalStatus(order.status) ? "order_done" : "order_revived");
    if (isFinalStatus(order.status)) this.#checks.sweep(venueOf(order.instrument));
  }

  filled(order: Order, fill: Fill): void {
    const held = this.#heldOf(order.ref);
    if (held === undefined) return;
    const { sizeLots: lots, priceTicks: ticks, fee } = fill;
    const changed = withFill(held.group, { ref: order.ref, lots, ticks, fee }, this.#rooms().time.nowUs);
    if (changed !== undefined) this.#change(held.group, changed, "filled");
  }

  #heldOf(ref: string): Held | undefined {
    const id = groupIdOfRef(ref);
    return id === undefined ? undefined : this.#groups.get(id);
  }

  // ---- looking and acting

  /** After every event: what the groups' news lead to. */
  settle(): void {
    for (let round = 0; this.#dirty.size > 0 && round < 100; round++) {
      const [id = ""] = this.#dirty;
      this.#dirty.delete(id);
      this.#look(id);
    }
  }

  tick(): void {
    this.#checks.tick();
    for (const { id } of this.live()) this.#look(id);
    this.settle();
  }

  #look(id: string): void {
    const held = this.#groups.get(id);
    if (held === undefined) return;
    this.#take(id, decideGroup(held.group, this.#view(held.group)), "decided");
  }

  #view(group: LegGroup): GroupView {
    const rooms = this.#rooms();
    const { time, settings, states, plugins } = rooms;
    const first = legView(rooms, this.#port().bookOf, group, 0);
    const second = legView(rooms, this.#port().bookOf, group, 1);
    const legs: LegViews | undefined = first === undefined || second === undefined
      ? undefined
      : [first, second];
    return {
      nowUs: time.nowUs,
      legs,
      limits: settings.legGroups,
      isFrozen: states.get({ kind: "global" })?.state === "halted",
      isPluginHalted: states.get({ kind: "plugin", plugin: group.plugin })?.state === "halted",
      isAbandoned: plugins.get(group.plugin)?.isRunning !== true,
    };
  }

  #take(id: string, { group, actions }: GroupStep, event: string): void {
    const held = this.#groups.get(id);
    if (held === undefined) return;
    const before = held.group;
    if (group !== before || event === "submitted") this.#write(held, group, event);
    for (const action of actions) this.#act(held, action);
    this.#noteSettled(before, held.group);
  }

  #change(before: LegGroup, after: LegGroup, event: string): void {
    const held = this.#groups.get(before.id);
    if (held === undefined) return;
    if (after !== held.group) this.#write(held, after, event);
    this.#dirty.add(before.id);
  }

  /** Journal and plugin learn of a group. */
  #write(held: Held, after: LegGroup, event: string): void {
    const { outbox, time } = this.#rooms();
    const group: LegGroup = { ...after, tsUpdatedUs: time.nowUs };
    held.group = group;
    // Its first record has the id that its orders name as their cause, so that a fill leads back to the quotes.
    const first = causeId(`group/${group.id}`);
    const isFirst = event === "submitted";
    const id = isFirst ? first : outbox.nextId(`group/${group.id}`);
    outbox.journal(id, isFirst ? held.causes[0] : first, time.nowUs, { kind: "leg_group", group, event });
    outbox.toPlugin(group.plugin, { type: "group", ref: group.ref, group });
    this.#statistics.changed(this.#rooms(), group);
  }

  #act(held: Held, action: GroupAction): void {
    const { group } = held;
    switch (action.kind) {
      case "submit":
        return this.#submit(held, action);
      case "cancel":
        return this.#cancel(group, action.ref);
      case "broken": {
        const { instrument } = group.terms.legs[action.excess];
        this.#statistics.broken();
        return this.#notice("GROUP_BROKEN", group, { ahead: instrument, excessLots: action.excessLots });
      }
      case "naked_too_long":
        return this.#notice("GROUP_NAKED_TOO_LONG", group, { nakedMs: Math.round(action.nakedMs) });
      case "halt":
        this.#statistics.halted();
        this.#notice("GROUP_HALTED", group, { why: action.why });
        return this.#port().halt(
          group.plugin,
          `leg group ${group.id}: ${action.why}`,
          causeId(`group/${group.id}`),
        );
      case "resumed":
        return this.#notice("GROUP_RESUMED", group, {});
      default:
        action satisfies never;
    }
  }

  #submit(
    held: Held,
    { order, pricing, reduceOnly }: Extract<GroupAction, { readonly kind: "submit" }>,
  ): void {
    const { group } = held;
    const { plugin, terms, id } = group;
    const intent: OrderIntent = {
      plugin,
      ref: order.ref,
      instrument: terms.legs[order.leg].instrument,
      side: order.side,
      sizeLots: order.sizeLots,
      reduceOnly,
      pricing,
      causes: [causeId(`group/${id}`), ...held.causes].slice(0, 8),
    };
    const { refusedBy } = this.#port().orderDesk.intent(intent, reduceOnly ? "host" : "plugin");
    if (refusedBy === undefined) return;
    const how = reduceOnly && passingRefusals.has(refusedBy) ? "wait" : "final";
    const { time, settings } = this.#rooms();
    const changed = withRefusal(held.group, order.ref, how, time.nowUs, settings.legGroups);
    this.#change(held.group, changed, "order_refused");
  }

  #cancel({ id, plugin }: LegGroup, ref: string): void {
    const { orders, time } = this.#rooms();
    const order = orders.byRef(plugin, ref);
    if (order !== undefined) orders.cancel(order.clientOrderId, time.nowUs, causeId(`group/${id}`));
  }

  #noteSettled(before: LegGroup, after: LegGroup): void {
    if (isGroupSettled(after) && !isWorking(after)) this.#resuming.delete(after.id);
    const isNewPhase = before.phase.kind !== after.phase.kind;
    if (!isNewPhase || (after.phase.kind !== "open" && after.phase.kind !== "ended")) return;
    this.#checks.sweepGroup(after);
    if (after.orders.some(({ filledLots }) => filledLots > 0)) this.#checks.verify(after);
    if (after.phase.kind !== "ended") return;
    this.#statistics.ended(after);
    this.#endedIds.push(after.id);
    const oldest = this.#endedIds.length > maxEnded ? this.#endedIds.shift() : undefined;
    if (oldest !== undefined && oldest !== after.id) this.#forget(oldest);
  }

  #forget(id: string): void {
    const held = this.#groups.get(id);
    if (held !== undefined && isGroupEnded(held.group)) this.#groups.delete(id);
  }

  #notice(
    code: "GROUP_BROKEN" | "GROUP_NAKED_TOO_LONG" | "GROUP_HALTED" | "GROUP_RESUMED",
    { id, plugin, terms }: LegGroup,
    facts: Facts,
  ): void {
    const [first, second] = terms.legs;
    const legs = `${first.side} ${first.instrument}, ${second.side} ${second.instrument}`;
    this.#rooms().outbox.notice(code, { plugin, group: id, legs, ...facts });
  }

  // ---- runs

  /** A plugin has come: its groups of before have a name that it does not give, and it is told of them. */
  pluginStarted(plugin: PluginId): void {
    for (const group of this.live(plugin)) {
      const held = this.#groups.get(group.id);
      if (held !== undefined) this.#write(held, { ...group, ref: `earlier_${group.id}` }, "renamed");
    }
  }

  /**
   * Takes up the groups of an earlier run. Their orders that the order manager does not know any more are done; what
   * they filled is in the records already.
   */
  restore(groups: readonly LegGroup[]): void {
    const { orders } = this.#rooms();
    for (const group of groups) {
      if (isGroupEnded(group) || this.#groups.has(group.id)) continue;
      const known = (order: LegOrder): LegOrder => {
        const found = orders.byRef(group.plugin, order.ref);
        const isDone = order.isDone || found === undefined || isFinalStatus(found.status);
        return isDone === order.isDone ? order : { ...order, isDone };
      };
      const restored: LegGroup = { ...group, orders: group.orders.map(known), nextAttemptUs: 0 };
      this.#groups.set(group.id, { group: restored, causes: [] });
      this.#resuming.add(group.id);
      this.#statistics.begun();
      this.#notice("GROUP_RESUMED", group, { phase: group.phase.kind });
      this.#dirty.add(group.id);
      if (isGroupSettled(restored) && !isWorking(restored)) this.#resuming.delete(group.id);
    }
  }

  checkpoint(): readonly LegGroup[] {
    return this.live();
  }
}

function isIn(group: LegGroup, scope: RiskScope): boolean {
  switch (scope.kind) {
    case "global":
      return true;
    case "account":
      return group.terms.legs.some(({ instrument }) => venueOf(instrument) === scope.venue);
    case "plugin":
      return group.plugin === scope.plugin;
    default:
      return scope satisfies never;
  }
}
