/** Everything that comes from adapters: their coming and going, answers, reports, and the comparison of accounts. */
import type { ReconciliationKind } from "../execution/reconciliation/account_reconciliation.ts";
import { comparePositions } from "../execution/reconciliation/position_comparison.ts";
import { endOf } from "../execution/request_statistics.ts";
import type { PendingRequest } from "../execution/request_ledger.ts";
import type { Fill, FundingPayment, VenuePosition } from "../model/account.ts";
import type { AdapterRequest, AdapterResponse } from "../model/adapter_request.ts";
import { type CauseId, causeId, type InstrumentId, venueOf } from "../model/ids.ts";
import type { Instrument } from "../model/instrument.ts";
import { zeroMoney } from "../model/money.ts";
import { isResidentStop, type OrderReport, type SettingOutcome, type UnknownWhy } from "../model/order.ts";
import { incrementValue, priceTicks, sizeLots } from "../model/ticks.ts";
import type { VenueHealth } from "../model/venue_health.ts";
import { PluginRecord } from "./plugin_record.ts";
import { matchesPattern } from "../model/symbol_pattern.ts";
import type { OrderDesk } from "./order_desk.ts";
import type { Rooms } from "./rooms.ts";
import type { VenueAccount } from "./venue_account.ts";

/** After this many failures in a row somebody is told. */
const noticeableFailures = 3;
/** It is armed right after the connection is made; this much later it should be. */
const unguardedGraceUs = 10_000_000;
const maxFundingIds = 10_000;
/** Beyond these an adapter is broken: sums of what it says would no longer be exact. */
const maxLots = 2 ** 45;
const maxTicks = 2 ** 50;
/** Of an order that its batch's answer leaves out. */
const unanswered = { kind: "unknown", why: "garbled_reply", details: "missing in the answer" } as const;
const isSound = (lots: number, ticks: number): boolean =>
  Math.abs(lots) <= maxLots && Math.abs(ticks) <= maxTicks;

export class AccountDesk {
  readonly #rooms: () => Rooms;
  readonly #orderDesk: OrderDesk;

  constructor(rooms: () => Rooms, orderDesk: OrderDesk) {
    this.#rooms = rooms;
    this.#orderDesk = orderDesk;
  }

  // ---- adapters come and go

  started(account: VenueAccount, hasTrading: boolean, capabilities: Readonly<Record<string, boolean>>): void {
    if (account.isStarted) this.#loseRequests(account);
    account.isStarted = true;
    account.hasTrading = hasTrading;
    account.capabilities = capabilities;
    if (hasTrading) this.#startComparing(account);
  }

  lost(account: VenueAccount, reason: string): void {
    account.isStarted = false;
    account.health = undefined;
    account.channels = [];
    account.reconciliation.stop();
    account.questions.clear();
    this.#rooms().outbox.notice("ADAPTER_LOST", { venue: account.venue, reason });
    this.#loseRequests(account);
  }

  #loseRequests(account: VenueAccount): void {
    const { requests, orders, time } = this.#rooms();
    for (const { pending, why } of requests.lose(account.venue)) {
      this.#orderDesk.statistics.count(account.venue, pending.request.kind, "lost", NaN);
      orders.requestLost(pending.request, why, time.nowUs, causeId(`request/${pending.requestId}`));
    }
  }

  privateStreamRestored(account: VenueAccount): void {
    if (account.isStarted && account.hasTrading) this.#startComparing(account);
  }

  #startComparing(account: VenueAccount): void {
    account.questions.clear();
    account.suspected = [];
    account.suspectedUs = -Infinity;
    account.reconciliation.start(this.#rooms().time.nowUs);
  }

  health(account: VenueAccount, health: VenueHealth): void {
    const { outbox, plugins } = this.#rooms();
    account.health = health;
    this.#watchDeadMansSwitch(account, health);
    for (const { plugin, isRunning, grant } of plugins.values()) {
      const isMeant = isRunning && grant.venues.some((venue) => matchesPattern(venue, account.venue));
      if (isMeant) outbox.toPlugin(plugin, { type: "venue_health", health });
    }
  }

  /** Told once each time it stays unarmed on a live connection: then a crash of this machine would leave orders. */
  #watchDeadMansSwitch(account: VenueAccount, health: VenueHealth): void {
    const { outbox, time: { nowUs } } = this.#rooms();
    const isUnguarded = health.deadMansSwitch === "not_armed" && health.privateStream === "connected";
    if (!isUnguarded) {
      if (account.isUnguardedTold) outbox.notice("DEAD_MANS_SWITCH_ARMED", { venue: account.venue });
      account.unguardedSinceUs = undefined;
      account.isUnguardedTold = false;
      return;
    }
    account.unguardedSinceUs ??= nowUs;
    if (account.isUnguardedTold || nowUs - account.unguardedSinceUs < unguardedGraceUs) return;
    account.isUnguardedTold = true;
    outbox.notice("DEAD_MANS_SWITCH_NOT_ARMED", { venue: account.venue });
  }

  // ---- questions of the reconciliation

  /** Sends one of the reconciliation's questions; its request is remembered, so that only its own answer counts. */
  ask(account: VenueAccount, kind: ReconciliationKind): void {
    const requestId = this.#orderDesk.send(account.venue, this.#question(account, kind), false);
    account.questions.set(kind, requestId);
  }

  #question(account: VenueAccount, kind: ReconciliationKind): AdapterRequest {
    return kind === "fills" ? { kind, sinceMs: this.#fillsSinceMs(account) } : { kind };
  }

  /**
   * From where fills are read on. In the first look of a run also those that came while nobody listened: an order that
   * was left working may have filled at any time since.
   */
  #fillsSinceMs(account: VenueAccount): number {
    const { settings, time, orders } = this.#rooms();
    const { fillsOverlapMs, fillsLookbackMs } = settings.timing;
    if (account.fillsReadToMs !== undefined) return Math.floor(account.fillsReadToMs - fillsOverlapMs);
    const working = orders.working().filter((order) => venueOf(order.instrument) === account.venue);
    const oldestMs = Math.min(...working.map(({ tsCreatedUs }) => tsCreatedUs / 1000 - fillsOverlapMs));
    const knownMs = account.lastFillMs === undefined
      ? time.nowUs / 1000 - fillsLookbackMs
      : account.lastFillMs - fillsOverlapMs;
    return Math.floor(Math.min(oldestMs, knownMs));
  }

  // ---- answers

  response(account: VenueAccount, requestId: number, response: AdapterResponse): void {
    const { requests, outbox } = this.#rooms();
    const answered = requests.answer(account.venue, requestId);
    if (answered === undefined) {
      outbox.notice("RESPONSE_UNEXPECTED", { venue: account.venue, requestId, response: response.kind });
      return;
    }
    const { request, sentUs } = answered.pending;
    const latencyMs = (this.#rooms().time.nowUs - sentUs) / 1000;
    if (!answered.isLate) {
      this.#orderDesk.statistics.count(account.venue, request.kind, endOf(response), latencyMs);
    }
    this.#answer(account, answered.pending, response);
  }

  /** Gives up what was not answered in time. */
  expire(): void {
    const { requests, outbox, time } = this.#rooms();
    for (const { pending, why } of requests.expire(time.nowUs)) {
      const { venue, requestId, request } = pending;
      this.#orderDesk.statistics.count(venue, request.kind, "lost", NaN);
      outbox.notice("REQUEST_UNANSWERED", { venue, requestId, request: request.kind });
      this.#unanswered(pending, why);
    }
  }

  #unanswered(pending: PendingRequest, why: UnknownWhy): void {
    const { accounts, orders, time } = this.#rooms();
    const { request, requestId, venue } = pending;
    const account = accounts.get(venue);
    const isQuestion = request.kind === "open_orders" || request.kind === "fills" ||
      request.kind === "positions" || request.kind === "balances";
    if (account !== undefined && isQuestion) {
      return this.#questionFailed(account, request.kind, requestId, why);
    }
    orders.requestLost(request, why, time.nowUs, causeId(`request/${requestId}`));
  }

  #answer(account: VenueAccount, pending: PendingRequest, response: AdapterResponse): void {
    const { orders, time: { nowUs } } = this.#rooms();
    const { request, requestId } = pending;
    const cause = causeId(`request/${requestId}`);
    if (request.kind === "submit" && response.kind === "submit") {
      return orders.submitAnswered(request.order.clientOrderId, response.outcome, nowUs, cause);
    }
    if (request.kind === "cancel" && response.kind === "cancel") {
      return orders.cancelAnswered(request.clientOrderId, response.outcome, nowUs, cause);
    }
    if (request.kind === "submit_batch" && response.kind === "submit_batch") {
      request.orders.forEach(({ clientOrderId }, at) =>
        orders.submitAnswered(clientOrderId, response.outcomes[at] ?? unanswered, nowUs, cause)
      );
      return;
    }
    if (request.kind === "cancel_batch" && response.kind === "cancel_batch") {
      request.orders.forEach(({ clientOrderId }, at) =>
        orders.cancelAnswered(clientOrderId, response.outcomes[at] ?? unanswered, nowUs, cause)
      );
      return;
    }
    if (request.kind === "query_order" && response.kind === "query_order") {
      return orders.queryAnswered(request.clientOrderId, response.outcome, nowUs, cause);
    }
    if (request.kind === "amend" && response.kind === "amend") {
      return orders.amendAnswered(request, response.outcome, nowUs, cause);
    }
    if (request.kind === "set_leverage" && response.kind === "set_leverage") {
      return this.#leverageAnswered(request, response.outcome);
    }
    if (request.kind === "cancel_all") return;
    if (request.kind === response.kind) return this.#read(account, pending, response, cause);
    // Another answer than was asked for, or none: nobody knows what became of the request.
    if (response.kind === "failed") this.#failed(account, pending, response.details);
    else this.#unanswered(pending, "garbled_reply");
  }

  #leverageAnswered(
    { instrument, leverage, marginMode }: Extract<AdapterRequest, { readonly kind: "set_leverage" }>,
    outcome: SettingOutcome,
  ): void {
    const { outbox } = this.#rooms();
    const facts = { instrument, leverage, marginMode };
    switch (outcome.kind) {
      case "acknowledged":
        return outbox.notice("LEVERAGE_SET", facts);
      case "rejected":
        return outbox.notice("LEVERAGE_NOT_SET", {
          ...facts,
          reason: outcome.code,
          venueText: outcome.venueText.slice(0, 200),
        });
      case "unknown":
        return outbox.notice("LEVERAGE_NOT_SET", { ...facts, reason: `unknown: ${outcome.why}` });
      default:
        return outcome satisfies never;
    }
  }

  #failed(account: VenueAccount, pending: PendingRequest, details: string): void {
    const { request, requestId } = pending;
    switch (request.kind) {
      case "open_orders":
      case "fills":
      case "positions":
      case "balances":
        return this.#questionFailed(account, request.kind, requestId, details);
      default:
        return this.#unanswered(pending, "garbled_reply");
    }
  }

  #questionFailed(account: VenueAccount, kind: ReconciliationKind, requestId: number, details: string): void {
    if (account.questions.get(kind) !== requestId) return;
    account.questions.delete(kind);
    const { outbox, time } = this.#rooms();
    const failures = account.reconciliation.failed(kind, time.nowUs);
    if (failures === noticeableFailures) {
      const { venue } = account;
      outbox.notice("ACCOUNT_RECONCILIATION_FAILED", {
        venue,
        question: kind,
        failures,
        details: details.slice(0, 200),
      });
    }
  }

  #read(account: VenueAccount, pending: PendingRequest, response: AdapterResponse, cause: CauseId): void {
    const { outbox, time } = this.#rooms();
    const { kind } = response;
    if (kind !== "open_orders" && kind !== "fills" && kind !== "positions" && kind !== "balances") return;
    if (account.questions.get(kind) !== pending.requestId) return; // of a connection before this one
    account.questions.delete(kind);
    switch (response.kind) {
      case "open_orders":
        this.#readOpenOrders(account, response.orders, pending.sentUs, cause);
        break;
      case "fills":
        for (const fill of response.fills) this.fill(account, fill, "reconciliation");
        if (pending.request.kind === "fills") {
          const told = response.fills.map(({ tsVenueMs }) => tsVenueMs);
          const sinceMs = pending.request.sinceMs + this.#rooms().settings.timing.fillsOverlapMs;
          account.fillsReadToMs = Math.max(account.fillsReadToMs ?? sinceMs, ...told);
        }
        break;
      case "positions":
        this.#readPositions(account, response.positions, pending.sentUs, cause);
        break;
      case "balances":
        for (const balance of response.balances) account.setBalance(balance, time.nowUs);
        break;
      default:
        break;
    }
    if (account.reconciliation.answered(kind, time.nowUs)) {
      const { venue, repairs } = account;
      const count = [...repairs.values()].reduce((sum, one) => sum + one, 0);
      outbox.notice("ACCOUNT_RECONCILED", { venue, repairs: count });
    }
  }

  #readOpenOrders(
    account: VenueAccount,
    reports: readonly OrderReport[],
    askedUs: number,
    cause: CauseId,
  ): void {
    const { orders, time } = this.#rooms();
    const own = reports.filter(({ instrument }) => this.#isOfVenue(account, instrument));
    account.openOrdersAtVenue = own;
    orders.openOrders(account.venue, own, askedUs, time.nowUs, cause);
    account.keepForeignOrders(new Set(own.map(({ venueOrderId }) => venueOrderId)));
  }

  #readPositions(
    account: VenueAccount,
    positions: readonly VenuePosition[],
    askedUs: number,
    cause: CauseId,
  ): void {
    const { instruments, portfolio, orders } = this.#rooms();
    account.positions.clear();
    for (const position of positions) {
      if (isSound(position.positionLots, 0)) account.positions.set(position.instrument, position);
    }
    const moving = orders.working().filter((order) =>
      !(isResidentStop(order) && order.status === "accepted")
    );
    const working = new Set(moving.map(({ instrument }) => instrument));
    const compared = instruments.all().flatMap((instrument, index) => {
      if (instrument.venue !== account.venue) return [];
      const foreignLots = portfolio.foreignLots(index);
      const ourLots = portfolio.accountPositionLots(index) - foreignLots;
      const venueLots = account.positions.get(instrument.id)?.positionLots ?? 0;
      const isBooked = (account.lastBookedUs.get(instrument.id) ?? -Infinity) >= askedUs;
      return [{ index, venueLots, ourLots, foreignLots, isMoving: isBooked || working.has(instrument.id) }];
    });
    const { reconciliation } = account;
    const areFillsRead = reconciliation.readUs("fills") > account.suspectedUs;
    const isFirst = reconciliation.readUs("positions") === -Infinity;
    const result = comparePositions(compared, account.suspected, { isFirst, areFillsRead });
    account.suspected = result.suspected;
    account.suspectedUs = askedUs;
    for (const { index, differenceLots } of result.confirmed) {
      this.#bookForeign(account, index, differenceLots, cause);
    }
    if (result.suspected.length > 0) {
      const { nowUs } = this.#rooms().time;
      reconciliation.want("fills", nowUs);
      reconciliation.want("positions", nowUs);
    }
  }

  #bookForeign(account: VenueAccount, index: number, lots: number, cause: CauseId): void {
    const { portfolio, instruments, outbox, time } = this.#rooms();
    const instrument = instruments.get(index);
    if (instrument === undefined || this.#isClaimed(account, index, instrument, lots, cause)) return;
    const beforeLots = sizeLots(portfolio.foreignLots(index));
    const afterLots = sizeLots(lots);
    portfolio.setForeignLots(index, lots);
    account.countRepair("foreign_position");
    const { venue } = account;
    const repair = { kind: "foreign_position" as const, instrument: instrument.id, beforeLots, afterLots };
    outbox.journal(outbox.nextId("repair"), cause, time.nowUs, { kind: "repair", venue, repair });
    outbox.notice("RECONCILIATION_REPAIR", {
      venue,
      repair: repair.kind,
      instrument: instrument.id,
      beforeLots,
      afterLots,
    });
  }

  /** Gives what was found to the plugin that the configuration names; not without a price to book it at. */
  #isClaimed(
    account: VenueAccount,
    index: number,
    instrument: Instrument,
    lots: number,
    cause: CauseId,
  ): boolean {
    const { portfolio, instruments, outbox, settings, time: { nowUs }, plugins } = this.#rooms();
    const plugin = settings.claims?.positions[instrument.id];
    const entryPrice = account.positions.get(instrument.id)?.entryPrice;
    const ticks = entryPrice === undefined
      ? instruments.valuationTicks(index, nowUs)
      : entryPrice / incrementValue(instrument.tick);
    if (plugin === undefined || lots === 0 || !(ticks >= 1)) return false;
    if (!plugins.has(plugin)) plugins.set(plugin, new PluginRecord(plugin));
    const price = priceTicks(Math.round(ticks));
    portfolio.setForeignLots(index, 0);
    const booked = portfolio.applyFill(plugin, index, {
      side: lots > 0 ? "buy" : "sell",
      priceTicks: price,
      sizeLots: sizeLots(Math.abs(lots)),
      fee: zeroMoney,
      feeAsset: instrument.settlementAsset,
      tsRecvUs: nowUs,
    });
    if (booked === undefined) return false;
    const { venue } = account;
    account.countRepair("position_claimed");
    const kind = "position_claimed" as const;
    const repair = { kind, instrument: instrument.id, plugin, lots: sizeLots(lots), priceTicks: price };
    const id = outbox.nextId("repair");
    outbox.journal(id, cause, nowUs, { kind: "repair", venue, repair });
    outbox.notice("RECONCILIATION_REPAIR", { venue, repair: kind, instrument: instrument.id, plugin, lots });
    this.#orderDesk.tellPosition(booked.position, id);
    return true;
  }

  // ---- reports

  orderReport(account: VenueAccount, report: OrderReport): void {
    const { orders, outbox, time } = this.#rooms();
    if (!this.#isOfVenue(account, report.instrument)) return;
    orders.report(account.venue, report, time.nowUs, outbox.nextId(`report/${account.venue}`));
  }

  fill(account: VenueAccount, fill: Fill, source: "stream" | "reconciliation"): void {
    const { venue } = account;
    if (!this.#isOfVenue(account, fill.instrument)) return;
    if (!isSound(fill.sizeLots, fill.priceTicks) || fill.sizeLots <= 0) {
      this.#rooms().outbox.notice("RESPONSE_UNEXPECTED", {
        venue,
        fillId: fill.fillId,
        sizeLots: fill.sizeLots,
      });
      return;
    }
    this.#rooms().orders.fill(venue, fill, this.#rooms().time.nowUs, source);
  }

  /** An adapter speaks for its own venue only. */
  #isOfVenue({ venue }: VenueAccount, instrument: InstrumentId): boolean {
    const isOfVenue = instrument.startsWith(`${venue}:`);
    if (!isOfVenue) this.#rooms().outbox.notice("RESPONSE_UNEXPECTED", { venue, instrument });
    return isOfVenue;
  }

  funding(account: VenueAccount, payment: FundingPayment): void {
    const { instruments, portfolio, outbox, time } = this.#rooms();
    const index = instruments.indexOf(payment.instrument);
    if (index === undefined || account.seenFunding.has(payment.paymentId)) return;
    account.seenFunding.add(payment.paymentId);
    if (account.seenFunding.size > maxFundingIds) {
      for (const oldest of account.seenFunding) {
        account.seenFunding.delete(oldest);
        break;
      }
    }
    const id = outbox.nextId(`funding/${account.venue}`);
    outbox.journal(id, undefined, time.nowUs, { kind: "funding", payment });
    for (const position of portfolio.applyFunding(index, payment.amount)) {
      this.#orderDesk.tellPosition(position, id);
    }
  }

  /** Questions that are due. */
  tick(): void {
    const { accounts, time } = this.#rooms();
    for (const account of accounts.values()) account.reconciliation.tick(time.nowUs);
  }
}
