/** Gathers what the display and the summary show: the engine's snapshot, the plugins' states, and a few counts of its own. */
import type { ShownNotice, ShownOpportunity } from "../../model/shown.ts";
import { isResidentStop } from "../../model/order.ts";
import type { EngineSnapshot } from "../../engine/snapshot.ts";
import type { EngineSurface } from "../../engine/surface.ts";
import type { Clock } from "../../model/clock.ts";
import { symbolOf, venueOf } from "../../model/ids.ts";
import type { Instrument } from "../../model/instrument.ts";
import type { PluginPosition } from "../../model/journal_entry.ts";
import { scopeName } from "../../model/risk_limits.ts";
import { incrementsToNumber } from "../../model/ticks.ts";
import type { Panel } from "../../model/panel.ts";
import type { StrategyReport } from "../../model/strategy_report.ts";
import type { OpportunityMessage } from "../../protocol/messages.ts";
import type {
  DisplaySnapshot,
  GroupRow,
  OrderRow,
  PluginRow,
  PositionRow,
  QuoteRow,
  RunInfo,
  VenueRow,
} from "../../terminal/ports.ts";
import type { PluginManager, PluginView } from "../plugins/plugin_manager.ts";
import { whyOf } from "../plugins/plugin_states.ts";
import type { Tally } from "../ports.ts";
import { strategyReports } from "./strategy_reports.ts";

const keptOpportunities = 50;
const keptNotices = 50;
const nan = Number.NaN;

export interface DisplayFeedOptions {
  readonly engine: EngineSurface;
  readonly clock: Clock;
  readonly manager: () => PluginManager | undefined;
  readonly run: () => RunInfo;
}

export class DisplayFeed implements Tally {
  readonly #options: DisplayFeedOptions;
  readonly #opportunities: ShownOpportunity[] = [];
  readonly #notices: ShownNotice[] = [];
  readonly #held = new Set<string>();
  readonly gauges = new Map<string, number>();
  /** What strategies show of themselves, newest of each. */
  readonly panels = new Map<string, Panel>();
  seen = 0;
  taken = 0;
  orders = 0;
  fills = 0;
  roundTrips = 0;

  constructor(options: DisplayFeedOptions) {
    this.#options = options;
  }

  opportunity(plugin: string, message: OpportunityMessage): void {
    this.seen += 1;
    if (message.isTaken) this.taken += 1;
    this.#opportunities.unshift({
      tsMs: this.#options.clock.epochMs(),
      plugin,
      symbol: message.symbol,
      words: `buy ${venueOf(message.buy)}, sell ${venueOf(message.sell)}`,
      edgeBps: message.netBps,
      isTaken: message.isTaken,
    });
    this.#opportunities.length = Math.min(this.#opportunities.length, keptOpportunities);
  }

  gauge(plugin: string, name: string, value: number): void {
    this.gauges.set(`${plugin}/${name}`, value);
  }

  panel(plugin: string, panel: Panel): void {
    this.panels.set(plugin, panel);
  }

  notice(severity: ShownNotice["severity"], text: string): void {
    this.#notices.unshift({ tsMs: this.#options.clock.epochMs(), severity, text });
    this.#notices.length = Math.min(this.#notices.length, keptNotices);
  }

  /** A position that was held and is flat again is a round trip. */
  position(position: PluginPosition): void {
    const key = `${position.plugin}/${position.instrument}`;
    if (position.positionLots !== 0) this.#held.add(key);
    else if (this.#held.delete(key)) this.roundTrips += 1;
  }

  /** What happened lately, newest first. */
  latest(): {
    readonly opportunities: readonly ShownOpportunity[];
    readonly notices: readonly ShownNotice[];
  } {
    return { opportunities: [...this.#opportunities], notices: [...this.#notices] };
  }

  /** Each strategy with its money by the fills and its own panel. */
  strategies(state: EngineSnapshot): readonly StrategyReport[] {
    const plugins = this.#options.manager()?.views() ?? [];
    const decimals = (instrument: Instrument["id"]) => this.#decimals(instrument);
    return strategyReports({ state, plugins, panels: this.panels, decimals });
  }

  snapshot(): DisplaySnapshot {
    const { engine, clock } = this.#options;
    const state = engine.snapshot(clock.epochUs());
    const global = state.scopes.find(({ scope }) => scope.kind === "global");
    return {
      tsMs: clock.epochMs(),
      run: this.#options.run(),
      totals: {
        realizedUsd: global?.pnl.realizedUsd ?? 0,
        unrealizedUsd: global?.pnl.unrealizedUsd ?? 0,
        feesUsd: global?.pnl.feesUsd ?? 0,
        fundingUsd: global?.pnl.fundingUsd ?? 0,
        totalUsd: global?.pnl.totalUsd ?? 0,
        orders: this.orders,
        fills: this.fills,
        roundTrips: this.roundTrips,
      },
      venues: state.venues.map((venue) => this.#venueRow(state, venue)),
      quotes: state.quotes.filter((quote) => quote.updates > 0).map((quote) => this.#quoteRow(quote)).sort(
        bySymbol,
      ),
      opportunities: { seen: this.seen, taken: this.taken, latest: [...this.#opportunities] },
      orders: state.workingOrders.map((order) => this.#orderRow(order)),
      positions: state.positions.map((position) => this.#positionRow(position)),
      groups: state.groups.map((group) => this.#groupRow(group)),
      groupCounts: state.groupTotals,
      plugins: (this.#options.manager()?.views() ?? []).map(pluginRow),
      strategies: this.strategies(state),
      risk: state.scopes.map((scope) => ({
        scope: scopeName(scope.scope),
        state: scope.state,
        reason: scope.reason,
        todayUsd: scope.pnl.todayUsd,
        grossExposureUsd: scope.grossExposureUsd,
      })),
      refusals: Object.entries(state.refusals).map(([code, count]) => ({ code, count })),
      notices: [...this.#notices],
    };
  }

  #instrument(id: Instrument["id"]): Instrument | undefined {
    const index = this.#options.engine.indexOf(id);
    return index === undefined ? undefined : this.#options.engine.instrument(index);
  }

  #decimals(id: Instrument["id"]): { readonly priceDecimals: number; readonly sizeDecimals: number } {
    const instrument = this.#instrument(id);
    return { priceDecimals: instrument?.tick.decimals ?? 2, sizeDecimals: instrument?.lot.decimals ?? 4 };
  }

  #venueRow(state: EngineSnapshot, venue: EngineSnapshot["venues"][number]): VenueRow {
    const { health } = venue;
    const scope = state.scopes.find((one) => one.scope.kind === "account" && one.scope.venue === venue.venue);
    const isPrivateUp = health?.privateStream === undefined || health.privateStream === "connected";
    return {
      venue: venue.venue,
      state: !venue.isStarted ? "not_started" : health?.marketData ?? "connecting",
      trading: !venue.hasTrading
        ? "none"
        : !isPrivateUp
        ? "disconnected"
        : venue.isReconciled
        ? "ready"
        : "reconciling",
      heartbeatAgeMs: health?.heartbeatAgeMs ?? nan,
      updatesPerSecond: health?.updatesPerSecond ?? nan,
      latencyAverageMs: health?.latencyAverageMs ?? nan,
      latencyP99Ms: health?.latencyP99Ms ?? nan,
      gaps: health?.gaps ?? 0,
      reconnects: health?.reconnects ?? 0,
      realizedUsd: scope?.pnl.realizedUsd ?? 0,
      unrealizedUsd: scope?.pnl.unrealizedUsd ?? 0,
      feesUsd: scope?.pnl.feesUsd ?? 0,
    };
  }

  #quoteRow(quote: EngineSnapshot["quotes"][number]): QuoteRow {
    const { instrument, bidPrice, bidSizeBase, askPrice, askSizeBase, ageMs } = quote;
    const place = { symbol: symbolOf(instrument), venue: venueOf(instrument) };
    return { ...place, bidPrice, bidSizeBase, askPrice, askSizeBase, ageMs, ...this.#decimals(instrument) };
  }

  #orderRow(order: EngineSnapshot["workingOrders"][number]): OrderRow {
    const instrument = this.#instrument(order.instrument);
    const size = (
      lots: number,
    ): number => (instrument === undefined ? nan : incrementsToNumber(lots, instrument.lot));
    const ticks = order.trigger?.triggerPriceTicks ??
      (order.pricing.kind === "limit" ? order.pricing.limitPriceTicks : undefined);
    const price = ticks !== undefined && instrument !== undefined
      ? incrementsToNumber(ticks, instrument.tick)
      : nan;
    return {
      clientOrderId: order.clientOrderId,
      isStop: isResidentStop(order),
      plugin: order.plugin,
      venue: venueOf(order.instrument),
      symbol: symbolOf(order.instrument),
      side: order.side,
      price,
      sizeBase: size(order.sizeLots),
      filledBase: size(order.filledLots),
      status: order.status,
      ageMs: (this.#options.clock.epochUs() - order.tsCreatedUs) / 1000,
      ...this.#decimals(order.instrument),
    };
  }

  #groupRow(group: EngineSnapshot["groups"][number]): GroupRow {
    const [first, second] = group.legs;
    const symbols = [...new Set([symbolOf(first.instrument), symbolOf(second.instrument)])];
    return {
      plugin: group.plugin,
      symbol: symbols.join("/"),
      words: group.legs.map(({ side, instrument }) => `${side} ${venueOf(instrument)}`).join(", "),
      phase: group.phase,
      isBroken: group.isBroken,
      sizeBase: Math.min(first.heldBase, second.heldBase),
      sizeDecimals: this.#decimals(first.instrument).sizeDecimals,
      nakedUsd: group.nakedUsd,
      nakedMs: group.nakedMs,
      ageMs: group.ageMs,
      why: group.why,
    };
  }

  #positionRow(position: EngineSnapshot["positions"][number]): PositionRow {
    const realizedUnits = Number(position.realizedPnl) / 1e18;
    return {
      plugin: position.plugin,
      venue: venueOf(position.instrument),
      symbol: symbolOf(position.instrument),
      sizeBase: position.sizeBase,
      entryPrice: position.averageEntryPrice ?? nan,
      markPrice: position.markPrice,
      stop: position.stop.kind,
      venueStopPrice: position.stop.kind === "venue" ? position.stop.triggerPrice : nan,
      unrealizedUsd: position.unrealizedUsd,
      realizedUsd: realizedUnits,
      ...this.#decimals(position.instrument),
    };
  }
}

const bySymbol = (
  a: QuoteRow,
  b: QuoteRow,
): number => (a.symbol === b.symbol ? (a.venue < b.venue ? -1 : 1) : a.symbol < b.symbol ? -1 : 1);

function pluginRow(view: PluginView): PluginRow {
  const { usage } = view;
  const why = view.update === undefined
    ? whyOf(view.state)
    : `update ${view.update.kind}: ${view.update.why}`;
  return {
    id: view.id,
    kind: view.kind === "exchange" ? "exchange" : "strategy",
    state: view.state.kind,
    why,
    cpuPercent: usage === undefined ? nan : usage.cpuShare * 100,
    rssMb: usage === undefined ? nan : usage.rssBytes / (1 << 20),
    heapMb: usage === undefined ? nan : usage.heapUsedBytes / (1 << 20),
    heartbeatAgeMs: usage?.heartbeatAgeMs ?? nan,
    restarts: view.restarts,
  };
}
