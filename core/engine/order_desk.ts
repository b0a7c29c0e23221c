/** From intent to order: gate, order manager, and what everybody is told of an order's life. */
import { RequestStatistics } from "../execution/request_statistics.ts";
import type { OrderManagerPort, OrderNotice } from "../execution/order_manager_port.ts";
import { pluginHash } from "../execution/client_order_ids.ts";
import type { Fill } from "../model/account.ts";
import type { AdapterRequest } from "../model/adapter_request.ts";
import {
  type CauseId,
  causeId,
  type InstrumentId,
  type PluginId,
  pluginId,
  type VenueId,
  venueOf,
} from "../model/ids.ts";
import type { Instrument } from "../model/instrument.ts";
import type { Facts, PluginPosition, ReconciliationRepair } from "../model/journal_entry.ts";
import { moneyToNumber } from "../model/money.ts";
import {
  isFinalStatus,
  isResidentStop,
  type Order,
  type OrderIntent,
  type OrderReport,
} from "../model/order.ts";
import type { RiskScope } from "../model/risk_limits.ts";
import type { ClosedTrade } from "../model/trade_record.ts";
import { checkOrder, type RiskApproved } from "../risk/gate.ts";
import type { Refusal } from "../model/refusals.ts";
import type { Booked, RoundTrip } from "../portfolio/portfolio.ts";
import { type IntentContext, orderFacts, scopesOf } from "./fact_builder.ts";
import type { HedgeWatch } from "./hedge_watch.ts";
import type { OtherHostDesk } from "./other_host_desk.ts";
import { PluginRecord } from "./plugin_record.ts";
import type { InstrumentIndex } from "./events.ts";
import type { Rooms } from "./rooms.ts";
import type { VenueAccount } from "./venue_account.ts";

/** An adapter keeps its own deadline; the engine waits this much longer for its word. */
const answerGraceMs = 1_000;

/** In whose name orders of ours are kept whose plugin nobody knows any more. */
const orphanage = pluginId("orphaned_orders");

const journalledRequests: readonly AdapterRequest["kind"][] = [
  "submit",
  "submit_batch",
  "cancel",
  "cancel_batch",
  "cancel_all",
  "amend",
  "set_leverage",
];

export type Judgement =
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | {
    readonly kind: "approved";
    readonly intent: RiskApproved<OrderIntent>;
    readonly instrument: Instrument;
    readonly plugin: PluginRecord;
  };

const refused = (refusal: Refusal): Judgement => ({ kind: "refused", refusal });

export interface OrderDeskPort {
  account(venue: VenueId): VenueAccount;
  isShuttingDown(): boolean;
  /** The host closes this position. */
  isFlattening(plugin: PluginId, index: InstrumentIndex): boolean;
  /** Somebody else's order works on an account, or was filled there. */
  readonly otherHosts: Pick<OtherHostDesk, "seen">;
  readonly hedges: HedgeWatch;
}

/** Who follows orders besides their plugins: leg groups, exit plans. Told after the portfolio knows. */
export interface OrderFollower {
  orderChanged(after: Order): void;
  filled(order: Order, fill: Fill): void;
  /** Whether an order's plugin is not told of a change. */
  holdsBack?(after: Order): boolean;
  /** What is not at a venue yet is meant by a cancel of many orders, too. */
  cancelWhere?(isMeant: (order: OrderMeant) => boolean): void;
}

/** By what a cancel of many orders tells which are meant. */
export type OrderMeant = Pick<Order, "plugin" | "instrument" | "reduceOnly" | "ref">;

/** Circumstances of a rehearsal. */
export type Supposition = Pick<IntentContext, "besides" | "assumedLots" | "replaces">;

export class OrderDesk implements OrderManagerPort {
  readonly #rooms: () => Rooms;
  readonly #port: OrderDeskPort;
  readonly #refusals = new Map<string, number>();
  readonly #recent: Order[] = [];
  readonly #followers: OrderFollower[] = [];
  readonly #done = new Map<string, number>();
  readonly statistics = new RequestStatistics();

  constructor(rooms: () => Rooms, port: OrderDeskPort) {
    this.#rooms = rooms;
    this.#port = port;
  }

  follow(follower: OrderFollower): void {
    this.#followers.push(follower);
  }

  /** How often each refusal was given. */
  get refusals(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#refusals);
  }
  /** Orders that ended, by their last status. */
  get done(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#done);
  }
  /** Orders that ended, newest last. */
  get recent(): readonly Order[] {
    return this.#recent;
  }

  /** Judges an intent and sends it, or tells its plugin why not. */
  intent(intent: OrderIntent, origin: "plugin" | "host"): { readonly refusedBy: string | undefined } {
    const { outbox, time, orders } = this.#rooms();
    const decision = this.judge(intent, origin);
    if (decision.kind === "refused") {
      this.refuse(intent, decision.refusal);
      return { refusedBy: decision.refusal.code };
    }
    const { instrument, plugin } = decision;
    outbox.journal(intentId(intent), intent.causes[0], time.nowUs, { kind: "intent", intent });
    if (!isResidentStop(intent)) {
      this.countOrder(intent, instrument);
      plugin.orders += 1;
    }
    orders.submit(decision.intent, time.nowUs);
    return { refusedBy: undefined };
  }

  /** What the gate would say to an intent in other circumstances; nothing is sent or counted. */
  rehearse(intent: OrderIntent, origin: "plugin" | "host", supposed: Supposition): Refusal | undefined {
    const decision = this.judge(intent, origin, supposed);
    return decision.kind === "refused" ? decision.refusal : undefined;
  }

  /** Takes an order, or a change of one, into the count of the last second. */
  countOrder(intent: OrderIntent, instrument: Instrument): void {
    const { states, time } = this.#rooms();
    for (const scope of scopesOf(intent, instrument)) states.countOrder(scope, time.monotonicUs);
  }

  /** The gate's decision, in the present circumstances or supposed ones. Nothing is sent or counted. */
  judge(intent: OrderIntent, origin: "plugin" | "host", supposed: Supposition = {}): Judgement {
    const rooms = this.#rooms();
    const plugin = rooms.plugins.get(intent.plugin);
    if (plugin === undefined) {
      return refused({ code: "PLUGIN_NOT_RUNNING", facts: { plugin: intent.plugin } });
    }
    const index = rooms.instruments.indexOf(intent.instrument);
    const instrument = index === undefined ? undefined : rooms.instruments.get(index);
    if (index === undefined || instrument === undefined) {
      return refused({ code: "INSTRUMENT_UNKNOWN", facts: { instrument: intent.instrument } });
    }
    const account = this.#port.account(instrument.venue);
    const isShuttingDown = this.#port.isShuttingDown();
    const { nowUs } = rooms.time;
    const context = {
      intent,
      origin,
      index,
      instrument,
      plugin,
      account,
      isShuttingDown,
      nowUs,
      ...supposed,
    };
    const decision = checkOrder(orderFacts(rooms, context));
    if (decision.kind === "refused") return decision;
    if (origin === "plugin" && this.#port.isFlattening(intent.plugin, index)) {
      const facts = { plugin: intent.plugin, instrument: intent.instrument };
      return refused({ code: "PLUGIN_FLATTENING", facts });
    }
    return { ...decision, instrument, plugin };
  }

  /** Counts a refusal, writes it down and tells the plugin. */
  refuse(
    intent: Pick<OrderIntent, "plugin" | "ref" | "instrument" | "causes">,
    { code, facts }: Refusal,
  ): void {
    const { outbox, time, plugins } = this.#rooms();
    const { plugin, ref, instrument } = intent;
    this.#refusals.set(code, (this.#refusals.get(code) ?? 0) + 1);
    const record = plugins.get(plugin);
    if (record !== undefined) record.refusals += 1;
    const plain: Facts = { ...facts };
    outbox.journal(outbox.nextId("refusal"), intent.causes[0], time.nowUs, {
      kind: "refusal",
      plugin,
      ref: ref.slice(0, 64),
      instrument,
      code,
      facts: plain,
    });
    outbox.toPlugin(plugin, { type: "refused", ref, code, facts: plain });
  }

  /** A venue as an account, known from now on. */
  account(venue: VenueId): VenueAccount {
    return this.#port.account(venue);
  }

  /** Cancels the working orders that `isMeant` names. Resident stops stay as long as what they guard does. */
  cancelWhere(isMeant: (order: OrderMeant) => boolean, cause: CauseId): number {
    const { orders, time } = this.#rooms();
    const meant = orders.working().filter((order) => !isResidentStop(order) && isMeant(order));
    for (const order of meant) orders.cancel(order.clientOrderId, time.nowUs, cause);
    for (const follower of this.#followers) follower.cancelWhere?.(isMeant);
    return meant.length;
  }

  // ---- OrderManagerPort

  send(venue: VenueId, request: AdapterRequest, afterJournal: boolean): number {
    const { requests, outbox, time, settings } = this.#rooms();
    const { requestTimeoutMs } = settings.timing;
    this.#port.account(venue).rate.take(time.monotonicUs);
    const pending = requests.open(venue, request, time.nowUs, requestTimeoutMs + answerGraceMs);
    if (journalledRequests.includes(request.kind)) {
      const { requestId } = pending;
      const body = { kind: "request" as const, venue, requestId, request };
      outbox.journal(causeId(`request/${requestId}`), causeOf(request), time.nowUs, body);
    }
    outbox.request(venue, pending.requestId, request, requestTimeoutMs, afterJournal);
    return pending.requestId;
  }

  canSend(venue: VenueId): boolean {
    const account = this.#port.account(venue);
    return account.isStarted && account.hasTrading;
  }

  orderChanged(before: Order | undefined, after: Order, event: string, cause: CauseId): void {
    const { instruments, portfolio, outbox, time } = this.#rooms();
    const index = instruments.indexOf(after.instrument);
    if (index !== undefined) portfolio.orderChanged(index, before, after);
    const isFirst = before === undefined;
    const id = isFirst
      ? causeId(`order/${after.clientOrderId}`)
      : outbox.nextId(`order_change/${after.clientOrderId}`);
    outbox.journal(id, cause, time.nowUs, { kind: "order", order: after, event });
    const isHeldBack = this.#followers.some((follower) => follower.holdsBack?.(after) === true);
    if (!isHeldBack) outbox.toPlugin(after.plugin, { type: "order", ref: after.ref, order: after });
    for (const follower of this.#followers) follower.orderChanged(after);
    const wasOpen = isFirst || !isFinalStatus(before.status);
    if (wasOpen && isFinalStatus(after.status)) this.#ended(after);
  }

  #ended(order: Order): void {
    const { instruments, states } = this.#rooms();
    this.#recent.push(order);
    this.#done.set(order.status, (this.#done.get(order.status) ?? 0) + 1);
    if (this.#recent.length > 200) this.#recent.shift();
    if (isResidentStop(order)) return; // its cancels and fills are no sign of how a strategy trades
    const instrument = instruments.get(instruments.indexOf(order.instrument) ?? -1);
    const how = order.filledLots > 0 ? "filled" : order.reason === "requested" ? "cancelled" : undefined;
    if (instrument === undefined || how === undefined) return;
    for (const scope of scopesOf(order, instrument)) states.countDone(scope, how);
  }

  filled(order: Order, fill: Fill): void {
    const { instruments, portfolio, outbox, time } = this.#rooms();
    const venue = venueOf(fill.instrument);
    const id = causeId(`fill/${venue}/${fill.fillId}`);
    const { plugin, ref } = order;
    this.#noteFill(venue, fill);
    this.#port.account(venue).lastBookedUs.set(fill.instrument, time.nowUs);
    outbox.journal(id, causeId(`order/${order.clientOrderId}`), time.nowUs, {
      kind: "fill",
      plugin,
      ref,
      fill,
    });
    outbox.toPlugin(plugin, { type: "fill", ref, fill });
    const index = instruments.indexOf(fill.instrument);
    const netBefore = this.#port.hedges.before(order);
    const booked = index === undefined ? undefined : portfolio.applyFill(plugin, index, fill, time.nowUs);
    for (const follower of this.#followers) follower.filled(order, fill);
    if (booked !== undefined) this.tellBooked(booked, id);
    this.#port.hedges.after(netBefore, fill.instrument, id);
  }

  /** A position that changed: journal and plugin learn of it, and a round trip that ended is counted. */
  tellBooked({ position, roundTrip }: Booked, cause: CauseId): void {
    this.tellPosition(position, cause);
    if (roundTrip !== undefined) {
      this.#roundTrip(position.plugin, position.instrument, roundTrip, cause);
    }
  }

  #roundTrip(plugin: PluginId, instrument: InstrumentId, trip: RoundTrip, cause: CauseId): void {
    const { outbox, plugins, states, time: { nowUs } } = this.#rooms();
    const record = plugins.get(plugin);
    if (record !== undefined && trip.isUsd) {
      const closedMs = nowUs / 1000;
      const trade: ClosedTrade = {
        instrument,
        side: trip.side,
        netPnlUsd: moneyToNumber(trip.net),
        feesUsd: moneyToNumber(trip.fees),
        openedMs: Number.isNaN(trip.openedUs) ? closedMs : trip.openedUs / 1000,
        closedMs,
      };
      record.trades.add(trade);
      const sums = record.trades.save();
      outbox.journal(outbox.nextId("round_trip"), cause, nowUs, { kind: "round_trip", plugin, trade, sums });
    }
    const scopes: readonly RiskScope[] = [
      { kind: "plugin", plugin },
      { kind: "account", venue: venueOf(instrument) },
      { kind: "global" },
    ];
    for (const scope of scopes) states.countRoundTrip(scope, trip.net < 0n);
  }

  /** Journal and plugin learn of a position. */
  tellPosition(position: PluginPosition, cause: CauseId): void {
    const { outbox, time } = this.#rooms();
    const { plugin, instrument, positionLots, costTicksLots, realizedPnl, feesPaid } = position;
    outbox.journal(outbox.nextId("position"), cause, time.nowUs, { kind: "position", position });
    outbox.toPlugin(plugin, {
      type: "position",
      instrument,
      positionLots,
      costTicksLots,
      realizedPnl,
      feesPaid,
    });
  }

  #noteFill(venue: VenueId, fill: Fill): void {
    const account = this.#port.account(venue);
    account.lastFillMs = Math.max(account.lastFillMs ?? -Infinity, fill.tsVenueMs);
  }

  foreignFill(fill: Fill): void {
    const { outbox, time } = this.#rooms();
    const venue = venueOf(fill.instrument);
    this.#noteFill(venue, fill);
    outbox.journal(causeId(`foreign_fill/${venue}/${fill.fillId}`), undefined, time.nowUs, {
      kind: "foreign_fill",
      fill,
    });
    outbox.notice("FILL_FOREIGN", { venue, instrument: fill.instrument, fillId: fill.fillId });
    this.#port.otherHosts.seen(venue, fill.clientOrderId, "fill", fill.tsVenueMs);
  }

  foreignOrder(venue: VenueId, report: OrderReport): void {
    const { outbox, time } = this.#rooms();
    const isNew = this.#port.account(venue).setForeignOrder(report);
    if (!isNew) return;
    const { instrument, venueOrderId } = report;
    outbox.journal(outbox.nextId("foreign_order"), undefined, time.nowUs, {
      kind: "foreign_order",
      venue,
      report,
    });
    outbox.notice("ORDER_FOREIGN", { venue, instrument, venueOrderId });
    this.#port.otherHosts.seen(venue, report.clientOrderId, "order", time.nowUs / 1000);
  }

  fillsWanted(venue: VenueId): void {
    this.#port.account(venue).reconciliation.want("fills", this.#rooms().time.nowUs);
  }

  fillsReadUs(venue: VenueId): number {
    return this.#port.account(venue).reconciliation.readUs("fills");
  }

  repaired(venue: VenueId, repair: ReconciliationRepair): void {
    const { outbox, time } = this.#rooms();
    this.#port.account(venue).countRepair(repair.kind);
    outbox.journal(outbox.nextId("repair"), undefined, time.nowUs, { kind: "repair", venue, repair });
    outbox.notice("RECONCILIATION_REPAIR", { venue, repair: repair.kind });
  }

  notice(code: OrderNotice, facts: Facts): void {
    this.#rooms().outbox.notice(code, facts);
  }

  pluginOf(hash: string): PluginId {
    const { plugins } = this.#rooms();
    for (const plugin of plugins.keys()) if (pluginHash(plugin) === hash) return plugin;
    if (!plugins.has(orphanage)) plugins.set(orphanage, new PluginRecord(orphanage)); // what it holds can be flattened
    return orphanage;
  }
}

const intentId = (intent: OrderIntent): CauseId => causeId(`intent/${intent.plugin}/${intent.ref}`);

function causeOf(request: AdapterRequest): CauseId | undefined {
  switch (request.kind) {
    case "submit":
      return causeId(`order/${request.order.clientOrderId}`);
    case "cancel":
    case "amend":
    case "query_order":
      return causeId(`order/${request.clientOrderId}`);
    default:
      return undefined;
  }
}
