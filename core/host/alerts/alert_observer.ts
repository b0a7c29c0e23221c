/**
 * Takes down for the alerts what happens, and how things are once a second. What it is told of between two observations is
 * only written into a bounded list: it stands beside the engine's path.
 */
import type { Happening, Observation, ScopeObservation } from "../../alerts/observation.ts";
import type { NoticeCode, Severity } from "../../engine/events.ts";
import type { EngineSnapshot, PositionSnapshot, ScopeSnapshot } from "../../engine/snapshot.ts";
import type { EngineSurface } from "../../engine/surface.ts";
import type { Fill } from "../../model/account.ts";
import type { Clock } from "../../model/clock.ts";
import { type InstrumentId, venueOf } from "../../model/ids.ts";
import type { Facts, PluginPosition } from "../../model/journal_entry.ts";
import { money, moneyToNumber } from "../../model/money.ts";
import { scopeName } from "../../model/risk_limits.ts";
import { incrementsToNumber } from "../../model/ticks.ts";
import type { OpportunityMessage } from "../../protocol/messages.ts";
import type { PluginView } from "../plugins/plugin_manager.ts";
import { type PluginState, whyOf } from "../plugins/plugin_states.ts";

/** Between two observations, which are a second apart. */
const maxHappenings = 1_000;

export type SeenOpportunity = Pick<
  OpportunityMessage,
  "symbol" | "buy" | "sell" | "buyPrice" | "sellPrice" | "netBps" | "isTaken"
>;

export interface AlertObserverOptions {
  readonly engine: EngineSurface;
  readonly clock: Clock;
  readonly plugins: () => readonly PluginView[];
  /** Takes secrets out of what plugins and venues had a hand in: notes leave this machine. */
  readonly redact: (text: string) => string;
  /** Opportunities below this are none of the alerts', until {@link AlertObserver.heed} says otherwise. */
  readonly minOpportunityBps: number;
}

export class AlertObserver {
  readonly #options: AlertObserverOptions;
  #happenings: Happening[] = [];
  #lost = 0;
  #minOpportunityBps: number;

  constructor(options: AlertObserverOptions) {
    this.#options = options;
    this.#minOpportunityBps = options.minOpportunityBps;
  }

  /** Opportunities from here on; Infinity for none. */
  heed(minOpportunityBps: number): void {
    this.#minOpportunityBps = minOpportunityBps;
  }

  fill(plugin: string, fill: Fill): void {
    const { engine } = this.#options;
    const index = engine.indexOf(fill.instrument);
    const instrument = index === undefined ? undefined : engine.instrument(index);
    if (instrument === undefined) return;
    this.#add({
      kind: "fill",
      plugin,
      instrument: fill.instrument,
      side: fill.side,
      price: incrementsToNumber(fill.priceTicks, instrument.tick),
      sizeBase: incrementsToNumber(fill.sizeLots, instrument.lot),
    });
  }

  position({ plugin, instrument, positionLots, realizedPnl, feesPaid, fundingPaid }: PluginPosition): void {
    this.#add({
      kind: "position",
      plugin,
      instrument,
      isFlat: positionLots === 0,
      netUsd: moneyToNumber(money(realizedPnl - feesPaid - fundingPaid)),
    });
  }

  opportunity(plugin: string, seen: SeenOpportunity): void {
    const { symbol, buy, sell, buyPrice, sellPrice, netBps, isTaken } = seen;
    if (!(netBps >= this.#minOpportunityBps)) return;
    const words = `buy ${venueOf(buy)} at ${buyPrice}, sell ${venueOf(sell)} at ${sellPrice}`;
    this.#add({ kind: "opportunity", plugin, symbol: this.#options.redact(symbol), words, netBps, isTaken });
  }

  pluginState(plugin: string, state: PluginState): void {
    if (state.kind !== "backing_off") return; // what lasts is seen by looking
    this.#add({ kind: "plugin_ended", plugin, why: this.#options.redact(state.why) });
  }

  notice(severity: Severity, code: NoticeCode, text: string, facts: Facts): void {
    this.#add({ kind: "notice", severity, code, text: this.#options.redact(text), facts });
  }

  /** How things are now, and what happened since this was asked last. */
  observe(loopDelayMs: number): Observation {
    const { engine, clock, plugins, redact } = this.#options;
    const tsUs = clock.epochUs();
    const state = engine.snapshot(tsUs);
    const happenings = this.#happenings;
    const lostHappenings = this.#lost;
    this.#happenings = [];
    this.#lost = 0;
    return {
      monotonicMs: clock.monotonicMs(),
      tsMs: Math.floor(tsUs / 1000),
      venues: state.venues.map(({ venue, isStarted, health }) => ({
        venue,
        isStarted,
        marketData: health?.marketData,
        privateStream: health?.privateStream,
        // An adapter that says nothing any more makes its last word older.
        heartbeatAgeMs: health === undefined
          ? NaN
          : health.heartbeatAgeMs + Math.max(0, tsUs / 1000 - health.tsMs),
        updatesPerSecond: health?.updatesPerSecond ?? NaN,
        averageLatencyMs: health?.latencyAverageMs ?? NaN,
      })),
      quotes: state.quotes.filter(({ updates }) => updates > 0).map(({ instrument, ageMs }) => ({
        instrument,
        venue: venueOf(instrument),
        ageMs,
      })),
      scopes: state.scopes.map((scope) => scopeOf(scope, state.positions, redact)),
      brokenGroups: brokenGroupsOf(state),
      plugins: plugins().map(({ id, state: life }) => ({
        plugin: id,
        state: life.kind,
        why: redact(whyOf(life)),
      })),
      totals: totalsOf(state),
      loopDelayMs,
      happenings,
      lostHappenings,
    };
  }

  #add(happening: Happening): void {
    if (this.#happenings.length < maxHappenings) this.#happenings.push(happening);
    else this.#lost += 1;
  }
}

function scopeOf(
  snapshot: ScopeSnapshot,
  positions: readonly PositionSnapshot[],
  redact: (text: string) => string,
): ScopeObservation {
  const { scope, state, reason, limits, grossExposureUsd, netExposureUsd, openOrders, pnl } = snapshot;
  return {
    scope: scopeName(scope),
    state,
    reason: redact(reason),
    limits,
    grossExposureUsd,
    netExposureUsd,
    largestPositionUsd: largestPositionUsd(scope, positions),
    openOrders,
    todayUsd: pnl.todayUsd,
    drawdownUsd: snapshot.drawdownUsd,
    consecutiveLosses: snapshot.consecutiveLosses,
  };
}

/** Of the positions of a scope's plugins, added up by instrument; what has no price is left out. */
function largestPositionUsd(scope: ScopeSnapshot["scope"], positions: readonly PositionSnapshot[]): number {
  const byInstrument = new Map<InstrumentId, number>();
  for (const { plugin, instrument, sizeBase, markPrice } of positions) {
    const isInScope = scope.kind === "global" ||
      (scope.kind === "account" ? venueOf(instrument) === scope.venue : plugin === scope.plugin);
    const valueUsd = sizeBase * markPrice;
    if (!isInScope || Number.isNaN(valueUsd)) continue;
    byInstrument.set(instrument, (byInstrument.get(instrument) ?? 0) + valueUsd);
  }
  return Math.max(0, ...[...byInstrument.values()].map(Math.abs));
}

/** A leg is ahead now in a group that was broken, or the group waits for the operator. */
function brokenGroupsOf({ groups }: EngineSnapshot): Observation["brokenGroups"] {
  return groups.filter(({ isBroken, nakedMs, phase }) => phase === "halted" || (isBroken && nakedMs > 0))
    .map(({ id, plugin, legs, nakedUsd, nakedMs, phase }) => ({
      plugin,
      group: id,
      legs: legs.map(({ side, instrument }) => `${side} ${instrument}`).join(", "),
      nakedUsd,
      nakedMs,
      isHalted: phase === "halted",
    }));
}

function totalsOf({ scopes, refusals }: EngineSnapshot): Observation["totals"] {
  const global = scopes.find(({ scope }) => scope.kind === "global");
  return {
    totalUsd: global?.pnl.totalUsd ?? NaN,
    feesUsd: global?.pnl.feesUsd ?? NaN,
    fundingUsd: global?.pnl.fundingUsd ?? NaN,
    drawdownUsd: global?.drawdownUsd ?? NaN,
    refusals: Object.values(refusals).reduce((sum, count) => sum + count, 0),
  };
}
