/** Commands of people, changes of trading states, and the end: kill switch and shutdown. */
import { type CauseId, causeId, type PluginId, type VenueId, venueOf } from "../model/ids.ts";
import type { Facts } from "../model/journal_entry.ts";
import { isResidentStop, type Order } from "../model/order.ts";
import {
  type RiskScope,
  scopeLimitNames,
  type ScopeLimits,
  scopeName,
  type TradingState,
} from "../model/risk_limits.ts";
import { loosened } from "../risk/limit_changes.ts";
import type { Breach } from "../risk/breach_rules.ts";
import type { StandingFigure, StateChange } from "../risk/trading_state.ts";
import type { OperatorCommand } from "./events.ts";
import type { Flattening } from "./flattening.ts";
import type { OrderDesk, OrderMeant } from "./order_desk.ts";
import { MarketLimitDesk } from "./market_limit_desk.ts";
import { KillWatch } from "./kill_watch.ts";
import type { ScopeLimitBook } from "./scope_limit_book.ts";
import { OtherHostDesk } from "./other_host_desk.ts";
import { equityUsd, exposureNow, type Rooms } from "./rooms.ts";

const everywhere: RiskScope = { kind: "global" };

const isIn = (scope: RiskScope) => (order: OrderMeant): boolean => {
  switch (scope.kind) {
    case "global":
      return true;
    case "account":
      return venueOf(order.instrument) === scope.venue;
    case "plugin":
      return order.plugin === scope.plugin;
    default:
      return scope satisfies never;
  }
};

/** A resident stop that the venue has confirmed: it may stay when the host goes. */
const isAtRest = (order: Order): boolean => isResidentStop(order) && order.status === "accepted";

export class OperatorDesk {
  readonly #rooms: () => Rooms;
  readonly #orderDesk: OrderDesk;
  readonly #flattening: Flattening;
  readonly #limits: ScopeLimitBook;
  readonly #killWatch: KillWatch;
  readonly otherHosts: OtherHostDesk;
  readonly #market: MarketLimitDesk;
  #shutdown: { readonly deadlineUs: number; isComplete: boolean } | undefined;

  constructor(
    rooms: () => Rooms,
    orderDesk: OrderDesk,
    flattening: Flattening,
    limits: ScopeLimitBook,
  ) {
    this.#rooms = rooms;
    this.#orderDesk = orderDesk;
    this.#flattening = flattening;
    this.#limits = limits;
    this.#killWatch = new KillWatch(rooms, orderDesk, flattening);
    this.#market = new MarketLimitDesk(rooms);
    this.otherHosts = new OtherHostDesk(rooms, {
      reduce: (venue, reason, cause) => this.#reduceAccount(venue, reason, cause),
      resume: (venue, by, reason, cause) =>
        this.#setState({ kind: "account", venue }, "active", by, reason, cause),
    });
  }

  get kill(): Pick<KillWatch, "isWatching" | "last"> {
    return this.#killWatch;
  }

  get isShuttingDown(): boolean {
    return this.#shutdown !== undefined;
  }

  command(command: OperatorCommand, by: string): void {
    const { outbox, time } = this.#rooms();
    const id = outbox.nextId(`operator/${by.replace(/[^\x21-\x7e]/g, "_").slice(0, 40)}`);
    const body = { kind: "operator" as const, command: command.kind, by, facts: factsOf(command) };
    outbox.journal(id, undefined, time.nowUs, body);
    this.#execute(command, by, id);
  }

  #execute(command: OperatorCommand, by: string, cause: CauseId): void {
    const { time, orders, outbox } = this.#rooms();
    switch (command.kind) {
      case "kill":
        return this.#kill(command, by, cause);
      case "set_state":
        if (command.state === "active") this.otherHosts.acknowledge(command.scope);
        return this.#setState(command.scope, command.state, by, command.reason, cause);
      case "take_over":
        return this.otherHosts.takeOver(command, by, cause);
      case "tighten_limits": {
        const names = loosened(this.#limits.of(command.scope), command.limits);
        if (names.length === 0) return this.#setLimits(command.scope, command.limits, by, "", cause);
        return outbox.notice("LIMITS_NOT_TIGHTER", {
          scope: scopeName(command.scope),
          by,
          limits: names.join(" "),
        });
      }
      case "set_limits":
        return this.#setLimits(command.scope, command.limits, by, command.reason, cause);
      case "tighten_market":
        return this.#market.tighten(command.limits, by, cause);
      case "set_market":
        return this.#market.set(command.limits, by, command.reason, cause);
      case "set_leverage":
        return this.#setLeverage(command);
      case "cancel_orders":
        this.#orderDesk.cancelWhere(isIn(command.scope), cause);
        return;
      case "cancel_order":
        return orders.cancel(command.clientOrderId, time.nowUs, cause);
      case "flatten":
        return this.flatten(command.scope, cause);
      case "shutdown":
        this.#shutdown ??= { deadlineUs: time.nowUs + command.deadlineMs * 1000, isComplete: false };
        if (command.failure !== undefined) outbox.notice("HOST_FAILS", { reason: command.failure });
        outbox.notice("SHUTDOWN_STARTED", { by, workingOrders: orders.workingCount });
        this.#orderDesk.cancelWhere(isIn(everywhere), cause);
        return;
      default:
        command satisfies never;
    }
  }

  #setLeverage(
    { instrument, leverage, marginMode }: Extract<OperatorCommand, { readonly kind: "set_leverage" }>,
  ): void {
    const venue = venueOf(instrument);
    if (this.#orderDesk.canSend(venue)) {
      this.#orderDesk.send(venue, { kind: "set_leverage", instrument, leverage, marginMode }, true);
      return;
    }
    const reason = "no adapter that may trade runs for its venue";
    this.#rooms().outbox.notice("LEVERAGE_NOT_SET", { instrument, leverage, marginMode, reason });
  }

  #setLimits(
    scope: RiskScope,
    limits: Partial<ScopeLimits>,
    by: string,
    reason: string,
    cause: CauseId,
  ): void {
    const { states, outbox, time } = this.#rooms();
    const before = this.#limits.of(scope);
    const changed = this.#limits.override(scope, limits);
    const after = this.#limits.of(scope);
    states.register(scope, after);
    const body = { kind: "limits" as const, scope, limits: changed, by, reason };
    outbox.journal(outbox.nextId("limits"), cause, time.nowUs, body);
    const words = scopeLimitNames.filter((name) => !Object.is(before[name], after[name]))
      .map((name) => `${name} ${before[name] ?? "none"} → ${after[name] ?? "none"}`).join(", ");
    outbox.notice("LIMITS_CHANGED", { scope: scopeName(scope), by, changes: words });
  }

  /** A scope may be given a state before its plugin or venue has come. */
  #register(scope: RiskScope): void {
    const { states } = this.#rooms();
    if (states.get(scope) === undefined) states.register(scope, this.#limits.of(scope));
  }

  #kill(
    { flatten: isFlattening, venues = [] }: Extract<OperatorCommand, { readonly kind: "kill" }>,
    by: string,
    cause: CauseId,
  ): void {
    const { states, outbox, accounts, orders } = this.#rooms();
    for (const venue of venues) this.#orderDesk.account(venue);
    outbox.notice("KILL_SWITCH", { by, flatten: String(isFlattening), workingOrders: orders.workingCount });
    this.#changed(states.set(everywhere, "halted", by, "kill switch"), cause);
    this.#orderDesk.cancelWhere(isIn(everywhere), cause);
    // Besides our own, one by one: whatever else the account has working, and what nobody knows of.
    for (const account of accounts.values()) {
      const canAsk = account.isStarted && account.hasTrading && account.capabilities.cancelAll === true;
      if (canAsk) this.#orderDesk.send(account.venue, { kind: "cancel_all", instrument: undefined }, false);
    }
    if (isFlattening) this.flatten(everywhere, cause);
    this.#killWatch.start(isFlattening, by, cause);
  }

  /** Starts to close all positions of our plugins in a scope. */
  flatten(scope: RiskScope, cause: CauseId): void {
    const { portfolio, instruments, plugins, groups } = this.#rooms();
    groups.closeWhere(scope, "flatten");
    for (const { plugin, instrument, positionLots } of portfolio.positions(scope)) {
      const index = instruments.indexOf(instrument);
      if (positionLots === 0 || index === undefined || !plugins.has(plugin)) continue;
      this.#orderDesk.cancelWhere(
        (order) => order.plugin === plugin && order.instrument === instrument,
        cause,
      );
      this.#flattening.add(plugin, index, cause);
    }
  }

  /** A breach, or a command: journal, alert, and cancel what the new state does not allow. */
  #changed(change: StateChange | undefined, cause: CauseId): void {
    if (change === undefined) return;
    const { outbox, time } = this.#rooms();
    const { scope, before, after, by, reason, facts } = change;
    const body = { kind: "trading_state" as const, scope, before, after, by, reason, facts };
    const id = outbox.nextId("trading_state");
    outbox.journal(id, cause, time.nowUs, body);
    outbox.notice("TRADING_STATE_CHANGED", { scope: scopeName(scope), before, after, by, reason, ...facts });
    const isInScope = isIn(scope);
    if (after === "halted") this.#orderDesk.cancelWhere(isInScope, id);
    if (after === "reducing") {
      this.#orderDesk.cancelWhere((order) => isInScope(order) && !order.reduceOnly, id);
    }
  }

  /** Something went beyond its limit at a moment of its own, not at a tick. */
  breached(scope: RiskScope, breach: Breach, cause: CauseId): void {
    this.#changed(this.#rooms().states.breached(scope, breach), cause);
  }

  /** Profit and loss of every scope against its limits. */
  tick(): void {
    const { states, portfolio, instruments, time } = this.#rooms();
    const markTicks = (index: number) => instruments.valuationTicks(index, time.nowUs);
    for (const { scope } of states.all()) {
      const { totalUsd } = portfolio.pnl(scope, markTicks);
      const cause = causeId(`timer/pnl/${scopeName(scope)}`);
      this.#changed(states.updatePnl(scope, totalUsd, time.nowUs), cause);
      this.#changed(states.checkStanding(scope, this.#standing(scope)), cause);
    }
    this.#killWatch.tick();
  }

  /** Exposure, leverage and margin of a scope beside its limits. */
  #standing(scope: RiskScope): readonly StandingFigure[] {
    const rooms = this.#rooms();
    const { nowUs } = rooms.time;
    const limits = rooms.states.get(scope)?.limits;
    if (limits === undefined) return [];
    const exposure = exposureNow(rooms, scope, nowUs);
    const figures: StandingFigure[] = [
      { reason: "position", value: exposure.largestPositionUsd, limit: limits.maxPositionNotionalUsd },
      { reason: "net_exposure", value: exposure.netUsd, limit: limits.maxNetExposureUsd },
      { reason: "gross_exposure", value: exposure.grossUsd, limit: limits.maxGrossExposureUsd },
    ];
    if (scope.kind === "plugin") return figures;
    if (exposure.grossUsd > 0 && limits.maxLeverage !== null) {
      const equity = equityUsd(rooms, scope, nowUs);
      const value = equity > 0 ? exposure.grossUsd / equity : Number.isNaN(equity) ? NaN : Infinity;
      figures.push({ reason: "leverage", value, limit: limits.maxLeverage });
    }
    const totals = scope.kind === "account" ? rooms.accounts.get(scope.venue)?.usdTotals : undefined;
    if (totals !== undefined && exposure.grossUsd > 0) {
      // Free margin that must remain, beside what there is.
      const neededUsd = totals.totalUsd * rooms.market.now.minMarginBuffer;
      figures.push({ reason: "margin_buffer", value: neededUsd, limit: Math.max(0, totals.availableUsd) });
    }
    return figures;
  }

  /** After every event: whether the shutdown has come to its end. */
  checkShutdown(): void {
    const { orders, portfolio, time, outbox, groups } = this.#rooms();
    const shutdown = this.#shutdown;
    if (shutdown === undefined || shutdown.isComplete) return;
    const isQuiet = orders.working().every(isAtRest) && !this.#flattening.isBusy && !groups.isBusy;
    if (!isQuiet && time.nowUs < shutdown.deadlineUs) return;
    shutdown.isComplete = true;
    const positions = portfolio.positions().filter(({ positionLots }) => positionLots !== 0);
    outbox.push({ kind: "shutdown_complete", remains: { workingOrders: orders.working(), positions } });
  }

  /** The host itself stops a plugin's trading; only an operator's command sets it going again. */
  haltPlugin(plugin: PluginId, reason: string, cause: CauseId): void {
    this.#setState({ kind: "plugin", plugin }, "halted", "host", reason, cause);
  }

  /** The host itself stops taking risk on an account. */
  #reduceAccount(venue: VenueId, reason: string, cause: CauseId): void {
    const scope: RiskScope = { kind: "account", venue };
    this.#register(scope);
    if (this.#rooms().states.get(scope)?.state === "active") {
      this.#setState(scope, "reducing", "host", reason, cause);
    }
  }

  #setState(scope: RiskScope, state: TradingState, by: string, reason: string, cause: CauseId): void {
    this.#register(scope);
    this.#changed(this.#rooms().states.set(scope, state, by, reason), cause);
  }

  /** A plugin ended for good and its policy says so. */
  flattenPlugin(plugin: PluginId, cause: CauseId): void {
    this.flatten({ kind: "plugin", plugin }, cause);
  }
}

function factsOf(command: OperatorCommand): Facts {
  switch (command.kind) {
    case "kill":
      return { flatten: String(command.flatten) };
    case "set_state":
      return { scope: scopeName(command.scope), state: command.state, reason: command.reason };
    case "tighten_limits":
    case "set_limits": {
      const limits = Object.entries(command.limits).map(([name, value]) => [name, value ?? "none"] as const);
      const reason = command.kind === "set_limits" ? { reason: command.reason } : {};
      return { scope: scopeName(command.scope), ...reason, ...Object.fromEntries(limits) };
    }
    case "tighten_market":
      return { scope: "market", ...command.limits };
    case "set_market":
      return { scope: "market", reason: command.reason, ...command.limits };
    case "set_leverage": {
      const { instrument, leverage, marginMode } = command;
      return { instrument, leverage, marginMode };
    }
    case "cancel_orders":
    case "flatten":
      return { scope: scopeName(command.scope) };
    case "cancel_order":
      return { clientOrderId: command.clientOrderId };
    case "take_over":
      return { venue: command.venue, tag: command.tag, reason: command.reason };
    case "shutdown":
      return { deadlineMs: command.deadlineMs };
    default:
      return command satisfies never;
  }
}
