/**
 * A strategy as the display and the console show it: money, trades and positions by the fills that the host booked, and
 * beside them what the strategy says of itself in its panel.
 */
import type { EngineSnapshot, PositionSnapshot } from "../../engine/snapshot.ts";
import { type InstrumentId, symbolOf, venueOf } from "../../model/ids.ts";
import type { Panel } from "../../model/panel.ts";
import { TradeRecord } from "../../model/trade_record.ts";
import type { StrategyPosition, StrategyReport } from "../../model/strategy_report.ts";
import type { PluginView } from "../plugins/plugin_manager.ts";
import { whyOf } from "../plugins/plugin_states.ts";

type Decimals = Pick<StrategyPosition, "priceDecimals" | "sizeDecimals">;

export interface StrategySources {
  readonly state: EngineSnapshot;
  readonly plugins: readonly Pick<PluginView, "id" | "kind" | "state">[];
  readonly panels: ReadonlyMap<string, Panel>;
  readonly decimals: (instrument: InstrumentId) => Decimals;
}

const noPanel: Panel = { status: "", leverage: undefined, lines: [], readings: [], signals: [] };

/** Strategies in the order of the plugins; those that are only found, not run, included. */
export const strategyReports = (sources: StrategySources): readonly StrategyReport[] =>
  sources.plugins.filter(({ kind }) => kind === "strategy").map((view) => strategyReport(sources, view));

function strategyReport(sources: StrategySources, view: StrategySources["plugins"][number]): StrategyReport {
  const { state, panels, decimals } = sources;
  const { id } = view;
  const panel = panels.get(id) ?? noPanel;
  const counted = state.plugins.find(({ plugin }) => plugin === id);
  const scope = state.scopes.find((one) => one.scope.kind === "plugin" && one.scope.plugin === id);
  const equityUsd = counted?.equityUsd ?? NaN;
  const { todayUsd = 0, totalUsd = 0, feesUsd = 0 } = scope?.pnl ?? {};
  const percentOf = (made: number): number => (made / (equityUsd - made)) * 100;
  return {
    id,
    state: view.state.kind,
    why: whyOf(view.state),
    tradingState: scope?.state ?? "active",
    status: panel.status,
    equityUsd,
    todayUsd,
    totalUsd,
    todayPercent: percentOf(todayUsd),
    totalPercent: percentOf(totalUsd),
    feesUsd,
    trades: counted?.trades ?? new TradeRecord().statistics(state.tsUs / 1000),
    positions: state.positions.filter(({ plugin, positionLots }) => plugin === id && positionLots !== 0)
      .map((position) => positionRow(position, panel.leverage, state.tsUs, decimals(position.instrument))),
    lines: panel.lines,
    readings: panel.readings,
    signals: panel.signals,
  };
}

/** By the leverage that the strategy reckons with, or else the venue's; without either there is no ROE. */
function positionRow(
  position: PositionSnapshot,
  panelLeverage: number | undefined,
  tsUs: number,
  decimals: Decimals,
): StrategyPosition {
  const { instrument, openTrade, averageEntryPrice: entryPrice = NaN, markPrice } = position;
  const leverage = panelLeverage ?? position.venueLeverage ?? NaN;
  const pnlUsd = position.unrealizedUsd + (openTrade?.netUsd ?? NaN);
  // The value in USD by way of the unrealized profit would fail at the entry price; USD-settled perpetuals are linear.
  const marginUsd = (Math.abs(position.sizeBase) * entryPrice) / leverage;
  return {
    venue: venueOf(instrument),
    symbol: symbolOf(instrument),
    side: position.sizeBase > 0 ? "buy" : "sell",
    sizeBase: Math.abs(position.sizeBase),
    entryPrice,
    markPrice,
    pnlUsd,
    roePercent: (pnlUsd / marginUsd) * 100,
    leverage,
    heldMs: (tsUs - (openTrade?.openedUs ?? NaN)) / 1000,
    liquidationPrice: position.liquidationPrice ?? NaN,
    ...decimals,
  };
}
