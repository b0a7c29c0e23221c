/**
 * The state of each scope (global, account, plugin) and what it is decided from: profit and loss since midnight and
 * from its peak, losses in a row, orders of the last second, cancels and fills of the day.
 *
 * Invariants:
 * 1. A breach moves a state only towards stricter: active → reducing → halted.
 * 2. Only an operator's `set` moves it back. Doing so takes the present as the new start of drawdown, day and losses in
 *    a row: the operator has seen the loss.
 * 3. An unknown profit and loss (NaN) moves nothing here; the gate refuses new orders meanwhile.
 */
import {
  type RiskScope,
  type RiskSettings,
  type ScopeLimits,
  scopeName,
  type TradingState,
  tradingStates,
} from "../model/risk_limits.ts";
import { type Breach, type BreachReason, stateAfter } from "./breach_rules.ts";

const dayUs = 86_400_000_000;
const secondUs = 1_000_000;

/** A change of state, for journal and alert. */
export interface StateChange {
  readonly scope: RiskScope;
  readonly before: TradingState;
  readonly after: TradingState;
  readonly by: string;
  readonly reason: string;
  readonly facts: Readonly<Record<string, number>>;
}

interface ScopeRecord {
  readonly scope: RiskScope;
  readonly name: string;
  limits: ScopeLimits;
  state: TradingState;
  reason: string;
  day: number;
  /** NaN until the profit and loss is first known. */
  dayStartPnlUsd: number;
  peakPnlUsd: number;
  pnlUsd: number;
  consecutiveLosses: number;
  /** Of the day `countedDay`. */
  cancels: number;
  fills: number;
  countedDay: number;
  /** Times of new orders, oldest first; those before `firstOrder` are older than a second. */
  orderTimesUs: number[];
  firstOrder: number;
}

export type ScopeView = Readonly<Omit<ScopeRecord, "orderTimesUs" | "firstOrder">>;

export interface BaselineRecord {
  readonly scope: string;
  readonly day: number;
  readonly dayStartPnl: number;
  readonly peakPnl: number;
  readonly consecutiveLosses: number;
}

const isStricter = (one: TradingState, other: TradingState): boolean =>
  tradingStates.indexOf(one) > tradingStates.indexOf(other);

/** Orders are let through up to the limit itself; a tenth more is left to prices, so that they alone don't end trading. */
const standingTolerance = 1.1;

export interface StandingFigure {
  readonly reason: BreachReason;
  readonly value: number;
  readonly limit: number | null;
}

export class TradingStates {
  readonly #records = new Map<string, ScopeRecord>();
  readonly #baselines = new Map<string, BaselineRecord>();
  readonly #restoredStates = new Map<string, { readonly state: TradingState; readonly reason: string }>();
  readonly #settings: Pick<RiskSettings, "breachState" | "haltAtBreachFactor">;

  constructor(settings: Pick<RiskSettings, "breachState" | "haltAtBreachFactor">) {
    this.#settings = settings;
  }

  /** Makes a scope known, or changes its limits. */
  register(scope: RiskScope, limits: ScopeLimits): void {
    const name = scopeName(scope);
    const known = this.#records.get(name);
    if (known !== undefined) {
      known.limits = limits;
      return;
    }
    const baseline = this.#baselines.get(name);
    const restored = this.#restoredStates.get(name);
    this.#records.set(name, {
      scope,
      name,
      limits,
      state: restored?.state ?? "active",
      reason: restored?.reason ?? "",
      day: baseline?.day ?? -1,
      dayStartPnlUsd: baseline?.dayStartPnl ?? NaN,
      peakPnlUsd: baseline?.peakPnl ?? NaN,
      pnlUsd: NaN,
      consecutiveLosses: baseline?.consecutiveLosses ?? 0,
      cancels: 0,
      fills: 0,
      countedDay: -1,
      orderTimesUs: [],
      firstOrder: 0,
    });
  }

  /** What the journal kept. Scopes that are not registered yet get it when they are. */
  restore(
    baselines: readonly BaselineRecord[],
    states: readonly { readonly scope: RiskScope; readonly state: TradingState; readonly reason: string }[],
  ): void {
    for (const baseline of baselines) this.#baselines.set(baseline.scope, baseline);
    for (const { scope, state, reason } of states) {
      this.#restoredStates.set(scopeName(scope), { state, reason });
    }
    for (const { scope, limits } of [...this.#records.values()]) {
      this.#records.delete(scopeName(scope));
      this.register(scope, limits);
    }
  }

  baselines(): readonly BaselineRecord[] {
    return [...this.#records.values()].map((record) => ({
      scope: record.name,
      day: record.day,
      dayStartPnl: record.dayStartPnlUsd,
      peakPnl: record.peakPnlUsd,
      consecutiveLosses: record.consecutiveLosses,
    }));
  }

  get(scope: RiskScope): ScopeView | undefined {
    return this.#records.get(scopeName(scope));
  }

  /** Global first, then in the order of registration. */
  all(): readonly ScopeView[] {
    return [...this.#records.values()];
  }

  /** An operator's command, in either direction. */
  set(scope: RiskScope, state: TradingState, by: string, reason: string): StateChange | undefined {
    const record = this.#records.get(scopeName(scope));
    if (record === undefined) return undefined;
    if (!isStricter(state, record.state) && state !== record.state) {
      record.peakPnlUsd = record.pnlUsd;
      record.dayStartPnlUsd = record.pnlUsd;
      record.consecutiveLosses = 0;
    }
    return this.#move(record, state, by, reason, {});
  }

  #move(
    record: ScopeRecord,
    state: TradingState,
    by: string,
    reason: string,
    facts: Readonly<Record<string, number>>,
  ): StateChange | undefined {
    const before = record.state;
    if (before === state) return undefined;
    record.state = state;
    record.reason = reason;
    return { scope: record.scope, before, after: state, by, reason, facts };
  }

  /** New figures of a scope; a breach moves it. NaN changes nothing but the figure itself. */
  updatePnl(scope: RiskScope, pnlUsd: number, nowUs: number): StateChange | undefined {
    const record = this.#records.get(scopeName(scope));
    if (record === undefined) return undefined;
    record.pnlUsd = pnlUsd;
    const day = Math.floor(nowUs / dayUs);
    if (day !== record.countedDay) {
      record.countedDay = day;
      record.cancels = 0;
      record.fills = 0;
    }
    if (Number.isNaN(pnlUsd)) return undefined;
    if (day !== record.day || Number.isNaN(record.dayStartPnlUsd)) {
      record.day = day;
      record.dayStartPnlUsd = pnlUsd;
    }
    record.peakPnlUsd = Number.isNaN(record.peakPnlUsd) ? pnlUsd : Math.max(record.peakPnlUsd, pnlUsd);
    return this.#checkBreach(record);
  }

  #checkBreach(record: ScopeRecord): StateChange | undefined {
    const figures = [
      {
        reason: "daily_loss",
        value: record.dayStartPnlUsd - record.pnlUsd,
        limit: record.limits.maxDailyLossUsd,
      },
      { reason: "drawdown", value: record.peakPnlUsd - record.pnlUsd, limit: record.limits.maxDrawdownUsd },
      {
        reason: "consecutive_losses",
        value: record.consecutiveLosses,
        limit: record.limits.maxConsecutiveLosses,
      },
    ] as const;
    for (const { reason, value, limit } of figures) {
      if (limit === null || value <= 0 || value < limit) continue;
      const change = this.#breached(record, { reason, value, limit });
      if (change !== undefined) return change;
    }
    return undefined;
  }

  /**
   * What stands beyond its limit though no order made it so: prices moved, a limit was tightened, equity fell. NaN moves
   * nothing.
   */
  checkStanding(scope: RiskScope, figures: readonly StandingFigure[]): StateChange | undefined {
    for (const { reason, value, limit } of figures) {
      if (limit === null || !(value > limit * standingTolerance)) continue;
      const change = this.breached(scope, { reason, value, limit });
      if (change !== undefined) return change;
    }
    return undefined;
  }

  /** Something is beyond its limit: the scope moves as the rules of breaches say. */
  breached(scope: RiskScope, breach: Breach): StateChange | undefined {
    const record = this.#records.get(scopeName(scope));
    return record === undefined ? undefined : this.#breached(record, breach);
  }

  #breached(record: ScopeRecord, breach: Breach): StateChange | undefined {
    const state = stateAfter(record, breach, this.#settings);
    if (state === undefined) return undefined;
    const { reason, value, limit } = breach;
    return this.#move(record, state, "risk", reason, { value, limit });
  }

  /** Today's profit and loss; NaN when a position can't be valued. */
  dayPnlUsd(scope: ScopeView): number {
    return scope.pnlUsd - scope.dayStartPnlUsd;
  }

  drawdownUsd(scope: ScopeView): number {
    return scope.peakPnlUsd - scope.pnlUsd;
  }

  /** A round trip ended flat. */
  countRoundTrip(scope: RiskScope, isLoss: boolean): void {
    const record = this.#records.get(scopeName(scope));
    if (record !== undefined) record.consecutiveLosses = isLoss ? record.consecutiveLosses + 1 : 0;
  }

  /** A new order was approved. @param monotonicUs of a clock that nobody sets */
  countOrder(scope: RiskScope, monotonicUs: number): void {
    const record = this.#records.get(scopeName(scope));
    if (record === undefined) return;
    forgetOldOrders(record, monotonicUs);
    record.orderTimesUs.push(monotonicUs);
  }

  ordersLastSecond(scope: RiskScope, monotonicUs: number): number {
    const record = this.#records.get(scopeName(scope));
    if (record === undefined) return 0;
    forgetOldOrders(record, monotonicUs);
    return record.orderTimesUs.length - record.firstOrder;
  }

  /** An order ended: cancelled on request without a fill, or with one. */
  countDone(scope: RiskScope, how: "cancelled" | "filled"): void {
    const record = this.#records.get(scopeName(scope));
    if (record === undefined) return;
    if (how === "cancelled") record.cancels += 1;
    else record.fills += 1;
  }
}

/** Moves the start of the window; the array is cut only now and then, so that each time is moved about once. */
function forgetOldOrders(record: ScopeRecord, nowUs: number): void {
  const { orderTimesUs } = record;
  const isOld = (tsUs: number | undefined): boolean => tsUs !== undefined && nowUs - tsUs >= secondUs;
  while (isOld(orderTimesUs[record.firstOrder])) record.firstOrder += 1;
  if (record.firstOrder > 64 && record.firstOrder * 2 > orderTimesUs.length) {
    orderTimesUs.splice(0, record.firstOrder);
    record.firstOrder = 0;
  }
}
