/** The engine's parts, in one record that its files hand to each other. Put together once, in engine.ts. */
import type { ClientOrderIds } from "../execution/client_order_ids.ts";
import type { OrderManager } from "../execution/order_manager.ts";
import type { RequestLedger } from "../execution/request_ledger.ts";
import type { InstrumentId, PluginId, VenueId } from "../model/ids.ts";
import type { LegGroupLimits } from "../model/leg_group.ts";
import type { RiskScope } from "../model/risk_limits.ts";
import { incrementValue } from "../model/ticks.ts";
import { type Exposure, exposureOf, type Valuation } from "../portfolio/exposure.ts";
import type { Portfolio } from "../portfolio/portfolio.ts";
import type { TradingStates } from "../risk/trading_state.ts";
import type { EngineSettings } from "./events.ts";
import type { InstrumentTable } from "./instrument_table.ts";
import type { MarketLimitBook } from "./market_limit_desk.ts";
import type { Outbox } from "./outbox.ts";
import type { PluginRecord } from "./plugin_record.ts";
import type { QuoteCache } from "./quote_cache.ts";
import type { VenueAccount } from "./venue_account.ts";

/** What the other parts ask of leg groups. */
export interface GroupRoom {
  /** Whether one of the plugin's groups of an earlier run is not settled yet. */
  isResuming(plugin: PluginId): boolean;
  /** Whether an order's name is one of a group's. */
  owns(ref: string): boolean;
  /** Whether a live group has a leg of the plugin on an instrument. */
  holds(plugin: PluginId, instrument: InstrumentId): boolean;
  /** Closes the groups that touch a scope. */
  closeWhere(scope: RiskScope, reason: string): void;
  /** Something of a group is on its way or due. */
  readonly isBusy: boolean;
}

export interface Rooms {
  readonly settings: EngineSettings & { readonly legGroups: LegGroupLimits };
  /** Time of the event that is being handled; `monotonicUs` is of a clock that nobody sets. */
  readonly time: { nowUs: number; monotonicUs: number };
  readonly outbox: Outbox;
  readonly instruments: InstrumentTable;
  readonly quotes: QuoteCache;
  readonly portfolio: Portfolio;
  readonly states: TradingStates;
  readonly market: MarketLimitBook;
  readonly requests: RequestLedger;
  readonly ids: ClientOrderIds;
  readonly orders: OrderManager;
  readonly accounts: Map<VenueId, VenueAccount>;
  readonly plugins: Map<PluginId, PluginRecord>;
  readonly groups: GroupRoom;
}

/** How lots become USD now. */
export function valuationAt(rooms: Pick<Rooms, "instruments" | "portfolio">, nowUs: number): Valuation {
  const { instruments, portfolio } = rooms;
  return {
    lotUsd: (index) => instruments.valuationTicks(index, nowUs) * portfolio.tickLotUsd(index),
    underlying: (index) => instruments.underlying(index),
  };
}

/** A plugin's average entry, a float in quote units; NaN when flat. */
export function entryPrice(
  { portfolio, instruments }: Pick<Rooms, "instruments" | "portfolio">,
  plugin: PluginId,
  index: number,
): number {
  const tick = instruments.get(index)?.tick;
  return tick === undefined ? NaN : portfolio.entryTicks(plugin, index) * incrementValue(tick);
}

/** A scope's worst case as it stands. */
export const exposureNow = (rooms: Rooms, scope: RiskScope, nowUs: number): Exposure =>
  exposureOf(rooms.portfolio.exposureCells(scope), valuationAt(rooms, nowUs));

/** Balances that count as USD plus unrealized profit: of one account, or of all whose balance is known. NaN when none is. */
export function equityUsd(rooms: Rooms, scope: RiskScope, nowUs: number): number {
  const markTicks = (index: number) => rooms.instruments.valuationTicks(index, nowUs);
  let equity = NaN;
  for (const account of rooms.accounts.values()) {
    if (scope.kind === "account" && account.venue !== scope.venue) continue;
    const { totalUsd } = account.usdTotals;
    if (Number.isNaN(totalUsd)) continue;
    const unrealizedUsd = rooms.portfolio.unrealizedUsd({ kind: "account", venue: account.venue }, markTicks);
    equity = (Number.isNaN(equity) ? 0 : equity) + totalUsd + unrealizedUsd;
  }
  return equity;
}
