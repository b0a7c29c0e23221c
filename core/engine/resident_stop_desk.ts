/**
 * Keeps a stop at the venue behind each armed exit plan that has a stop of its own, so that a position is not without
 * one while the host is down. What stands is known from the working orders alone: after a restart they are the journal's.
 *
 * Invariants:
 * 1. A stop stands only behind a live plan; one without a plan is cancelled, whoever left it there.
 * 2. It only reduces, and only where its plugin alone holds the account's position: there the venue's own rule makes sure
 *    that stop and exit together close no more than is held.
 * 3. It takes nothing away from its plugin: it counts in no limit, and the plugin is told of its fills alone.
 */
import { exitLevels } from "../execution/exit_plans/exit_levels.ts";
import {
  decideResidentStop,
  defaultResidentStops,
  isConfirmed,
  isStopReached,
  noTrouble,
  type ResidentStopSettings,
  type StopAim,
  type StopTrouble,
  troubleAfter,
  type WantedStop,
  wantedStop,
} from "../execution/exit_plans/resident_stops.ts";
import type { Fill } from "../model/account.ts";
import type { ExitPlan } from "../model/exit_plan.ts";
import {
  type CauseId,
  causeId,
  type ClientOrderId,
  type InstrumentId,
  type PluginId,
  venueOf,
} from "../model/ids.ts";
import {
  isFinalStatus,
  isHostRef,
  isResidentStop,
  type Order,
  type OrderIntent,
  residentStopPrefix,
} from "../model/order.ts";
import { incrementsToNumber, incrementValue } from "../model/ticks.ts";
import type { InstrumentIndex } from "./events.ts";
import { passingRefusals } from "./host_orders.ts";
import type { OrderDesk, OrderFollower, OrderMeant } from "./order_desk.ts";
import { entryPrice, type Rooms } from "./rooms.ts";

export interface ResidentStopDeskPort {
  readonly orderDesk: OrderDesk;
  readonly plans: () => readonly ExitPlan[];
  /** The host closes this position for another reason. */
  readonly isFlattening: (plugin: PluginId, index: InstrumentIndex) => boolean;
}

/** Whether a position's stop is at its venue too, and why not. */
export type ResidentStopState =
  | { readonly kind: "standing"; readonly triggerPrice: number; readonly sizeLots: number }
  | { readonly kind: "absent"; readonly why: AbsenceReason };

export type AbsenceReason =
  | "switched_off"
  /** The plan has no stop, or is not armed. */
  | "no_stop"
  | "venue_has_none"
  /** Others hold the instrument on the account, too. */
  | "shared_position"
  /** On its way, or waiting for what passes. */
  | "not_yet";

type Aim = StopAim & { readonly why: AbsenceReason };

const keyOf = (plugin: PluginId, instrument: InstrumentId): string => `${plugin}/${instrument}`;
const keep = (why: AbsenceReason): Aim => ({ kind: "keep", why });
const remove = (why: AbsenceReason): Aim => ({ kind: "remove", why });

/** What is remembered of one plugin's stops on one instrument, until it has neither plan nor stop. */
interface Memory {
  placedUs: number;
  trouble: StopTrouble;
  isTold: boolean;
}

export class ResidentStopDesk implements OrderFollower {
  readonly #rooms: () => Rooms;
  readonly #port: () => ResidentStopDeskPort;
  readonly #memory = new Map<string, Memory>();
  /** Stops that we cancel: their ends are no news. */
  readonly #unwanted = new Set<ClientOrderId>();
  /** Venues and instruments that were told of. */
  readonly #noted = new Set<string>();
  #isDirty = true;

  constructor(rooms: () => Rooms, port: () => ResidentStopDeskPort) {
    this.#rooms = rooms;
    this.#port = port;
  }

  // ---- orders

  /** It is the host's own: a plugin that waits for its orders to be done does not wait for this one. */
  holdsBack(after: Order): boolean {
    return isResidentStop(after);
  }

  orderChanged(after: Order): void {
    this.#isDirty ||= isResidentStop(after) || this.#memory.size > 0;
    if (!isResidentStop(after) || !isFinalStatus(after.status)) return;
    if (this.#unwanted.delete(after.clientOrderId) || after.filledLots > 0) return;
    this.#lost(after);
  }

  /** The venue did not take it, or took it away. */
  #lost(stop: Order): void {
    const { outbox, time } = this.#rooms();
    const { plugin, instrument, reason, venueText } = stop;
    const memory = this.#memory.get(keyOf(plugin, instrument));
    if (memory === undefined) return;
    memory.trouble = troubleAfter(memory.trouble, stop, time.nowUs);
    if (memory.isTold) return;
    memory.isTold = true;
    outbox.notice("RESIDENT_STOP_LOST", {
      plugin,
      instrument,
      code: reason ?? "",
      venueText: venueText ?? "",
    });
  }

  filled(order: Order, { priceTicks, sizeLots }: Fill): void {
    this.#isDirty = true;
    if (!isResidentStop(order) || order.filledLots > 0) return;
    const { plugin, instrument, clientOrderId } = order;
    this.#rooms().outbox.notice("RESIDENT_STOP_FIRED", { plugin, instrument, priceTicks, sizeLots });
    // As when the host's own stop fires: what the plugin has open would reopen the position.
    const isOther = (other: OrderMeant): boolean =>
      other.plugin === plugin && other.instrument === instrument && !isHostRef(other.ref);
    this.#port().orderDesk.cancelWhere(isOther, causeId(`order/${clientOrderId}`));
  }

  // ---- looking and acting

  /** After an event; `isChanged`: some plan has changed. */
  settle(isChanged: boolean): void {
    if (this.#isDirty || isChanged) this.tick();
  }

  tick(): void {
    this.#isDirty = false;
    const standing = Map.groupBy(
      this.#rooms().orders.working().filter(isResidentStop),
      ({ plugin, instrument }) => keyOf(plugin, instrument),
    );
    const seen = new Set<string>();
    for (const plan of this.#port().plans()) {
      const key = keyOf(plan.plugin, plan.instrument);
      seen.add(key);
      this.#look(plan, standing.get(key) ?? []);
    }
    for (const [key, orders] of standing) {
      if (!seen.has(key)) this.#cancel(orders.map(({ clientOrderId }) => clientOrderId));
    }
    for (const key of this.#memory.keys()) if (!seen.has(key) && !standing.has(key)) this.#memory.delete(key);
  }

  #look(plan: ExitPlan, standing: readonly Order[]): void {
    const { plugin, instrument } = plan;
    const { time: { nowUs }, accounts } = this.#rooms();
    const aim = this.#aim(plan);
    if (aim.why === "venue_has_none" || aim.why === "shared_position") this.#note(plan, aim.why);
    if (aim.kind === "keep" || (aim.kind === "remove" && standing.length === 0)) return;
    const key = keyOf(plugin, instrument);
    const memory = this.#memory.get(key) ?? { placedUs: -Infinity, trouble: noTrouble, isTold: false };
    this.#memory.set(key, memory);
    const { place, cancel } = decideResidentStop({
      aim,
      standing,
      nowUs,
      placedUs: memory.placedUs,
      notBeforeUs: memory.trouble.notBeforeUs,
      isBudgetSpare: accounts.get(venueOf(instrument))?.rate.allowsNewOrder(nowUs) === true,
      marginBps: this.#settings.marginBps,
    });
    this.#cancel(cancel);
    if (place !== undefined && this.#place(plan, place)) memory.placedUs = nowUs;
  }

  get #settings(): ResidentStopSettings {
    return this.#rooms().settings.residentStops ?? defaultResidentStops;
  }

  #aim(plan: ExitPlan): Aim {
    const { plugin, direction, phase } = plan;
    const { instruments, accounts, portfolio, quotes, settings: { risk }, time } = this.#rooms();
    if (phase.kind === "exiting") return keep("not_yet");
    if (!this.#settings.enabled) return remove("switched_off");
    if (phase.kind !== "armed" || direction === undefined) return remove("no_stop");
    const index = instruments.indexOf(plan.instrument);
    const instrument = index === undefined ? undefined : instruments.get(index);
    const account = accounts.get(venueOf(plan.instrument));
    if (index === undefined || instrument === undefined || account?.isStarted !== true) {
      return keep("not_yet");
    }
    const positionLots = portfolio.positionLots(plugin, index);
    if (positionLots === 0) return keep("not_yet");
    const { stop: level } = exitLevels(plan.terms, plan, direction, entryPrice(this.#rooms(), plugin, index));
    if (level === undefined) return remove("no_stop");
    if (account.capabilities["stopOrders"] !== true) return keep("venue_has_none");
    if (this.#port().isFlattening(plugin, index)) return keep("not_yet");
    if (portfolio.accountPositionLots(index) !== positionLots) return remove("shared_position");
    const { marginBps } = this.#settings;
    const stop = wantedStop({ direction, positionLots, stopPrice: level.price, marginBps }, instrument);
    if (stop === undefined) return remove("no_stop");
    const isMarkYoung = quotes.markAgeMs(index, time.nowUs) <= risk.market.maxMarkAgeMs;
    const markTicks = isMarkYoung ? quotes.markPrice(index) / incrementValue(instrument.tick) : NaN;
    return isStopReached(stop, markTicks) ? keep("not_yet") : { kind: "stand", stop, why: "not_yet" };
  }

  /** Whether it was sent. What stands in its way passes, or is told by the venue. */
  #place(plan: ExitPlan, { side, sizeLots, triggerPriceTicks }: WantedStop): boolean {
    const { time } = this.#rooms();
    const { orderDesk } = this.#port();
    const intent: OrderIntent = {
      plugin: plan.plugin,
      ref: `${residentStopPrefix}${plan.id}:${Math.floor(time.nowUs).toString(36)}`,
      instrument: plan.instrument,
      side,
      sizeLots,
      reduceOnly: true,
      pricing: { kind: "market", worstPriceTicks: undefined },
      trigger: { kind: "stop", triggerPriceTicks },
      causes: [causeOf(plan)],
    };
    const refusal = orderDesk.rehearse(intent, "host", {});
    if (refusal !== undefined && passingRefusals.has(refusal.code)) return false; // looked at again at the next tick
    orderDesk.intent(intent, "host");
    return true;
  }

  #cancel(ids: readonly ClientOrderId[]): void {
    const { orders, time } = this.#rooms();
    for (const id of ids) {
      this.#unwanted.add(id);
      orders.cancel(id, time.nowUs, causeId(`cancel/${id}`));
    }
  }

  /** Once a venue, and once an instrument that is shared. */
  #note({ plugin, instrument }: ExitPlan, why: "venue_has_none" | "shared_position"): void {
    const venue = venueOf(instrument);
    const key = why === "venue_has_none" ? venue : keyOf(plugin, instrument);
    if (this.#noted.has(key)) return;
    this.#noted.add(key);
    this.#rooms().outbox.notice("RESIDENT_STOP_ABSENT", { venue, plugin, instrument, why });
  }

  // ---- display

  state(plan: ExitPlan): ResidentStopState {
    const { orders, instruments } = this.#rooms();
    const { plugin, instrument } = plan;
    const stop = orders.working().findLast((order) =>
      isResidentStop(order) && order.plugin === plugin && order.instrument === instrument &&
      isConfirmed(order)
    );
    const tick = instruments.get(instruments.indexOf(instrument) ?? -1)?.tick;
    if (stop?.trigger === undefined || tick === undefined) {
      return { kind: "absent", why: this.#aim(plan).why };
    }
    const triggerPrice = incrementsToNumber(stop.trigger.triggerPriceTicks, tick);
    return { kind: "standing", triggerPrice, sizeLots: stop.sizeLots - stop.filledLots };
  }
}

const causeOf = ({ id }: ExitPlan): CauseId => causeId(`exit/${id}`);
