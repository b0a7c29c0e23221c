/**
 * What the engine writes down: each entry has its own id and the id of what caused it, so that any fill can be
 * followed back through order and intent to the quote it was decided on.
 */
import type { Fill, FundingPayment } from "./account.ts";
import type { AdapterRequest } from "./adapter_request.ts";
import type { CauseId, ClientOrderId, InstrumentId, PluginId, VenueId } from "./ids.ts";
import type { ExitPlan } from "./exit_plan.ts";
import type { Instrument } from "./instrument.ts";
import type { KillReport } from "./kill_report.ts";
import type { LegGroup } from "./leg_group.ts";
import type { Money } from "./money.ts";
import type { Order, OrderIntent, OrderReport } from "./order.ts";
import type { MarketLimits, RiskScope, ScopeLimits, TradingState } from "./risk_limits.ts";
import type { PriceTicks, SizeLots } from "./ticks.ts";
import type { ClosedTrade, TradeSums } from "./trade_record.ts";
import type { TriggerOrder } from "./trigger_order.ts";

/** Numbers and words of an event; never a secret. */
export type Facts = Readonly<Record<string, string | number>>;

/** A plugin's own position on one instrument; `undefined` is what the account holds beside all plugins. */
export interface PluginPosition {
  readonly plugin: PluginId;
  readonly instrument: InstrumentId;
  /** Long positive. */
  readonly positionLots: SizeLots;
  /** Sum of ticks × lots at entry, signed as the position, exact. */
  readonly costTicksLots: bigint;
  /** Settlement asset, before fees and funding. */
  readonly realizedPnl: Money;
  /** Settlement asset; positive is paid. */
  readonly feesPaid: Money;
  /** Settlement asset; positive is paid. */
  readonly fundingPaid: Money;
}

/** A difference between the venue's word and ours, and what was done about it. */
export type ReconciliationRepair =
  /** The venue works an order under our tag that we had no record of: taken on and cancelled. */
  | { readonly kind: "order_adopted"; readonly clientOrderId: ClientOrderId }
  /** We thought it working, the venue does not know it. */
  | { readonly kind: "order_gone"; readonly clientOrderId: ClientOrderId }
  /** We thought it done, the venue works it. */
  | { readonly kind: "order_revived"; readonly clientOrderId: ClientOrderId }
  /** A fill that the private stream did not bring. */
  | { readonly kind: "fill_recovered"; readonly clientOrderId: ClientOrderId; readonly fillId: string }
  /** What the account holds beside the journal was given to a plugin, as the configuration says. */
  | {
    readonly kind: "position_claimed";
    readonly instrument: InstrumentId;
    readonly plugin: PluginId;
    readonly lots: SizeLots;
    readonly priceTicks: PriceTicks;
  }
  /** Lots of a plugin that its account does not hold, for something foreign offsets them: closed in the books at the mark. */
  | {
    readonly kind: "position_offset";
    readonly instrument: InstrumentId;
    readonly plugin: PluginId;
    /** What the plugin held of it, signed. */
    readonly lots: SizeLots;
    readonly priceTicks: PriceTicks;
  }
  /** The account holds what no plugin of ours bought or sold. */
  | {
    readonly kind: "foreign_position";
    readonly instrument: InstrumentId;
    readonly beforeLots: SizeLots;
    readonly afterLots: SizeLots;
  };

export type JournalBody =
  | { readonly kind: "instrument"; readonly instrument: Instrument }
  | {
    readonly kind: "plugin";
    readonly plugin: PluginId;
    readonly change: "started" | "stopped" | "flattening" | "flattened" | "flatten_failed";
    readonly details: string;
  }
  | { readonly kind: "intent"; readonly intent: OrderIntent }
  | {
    readonly kind: "refusal";
    readonly plugin: PluginId;
    readonly ref: string;
    readonly instrument: InstrumentId;
    readonly code: string;
    readonly facts: Facts;
  }
  /** An order that waits in the host for a price, or a change of it. */
  | { readonly kind: "trigger_order"; readonly order: TriggerOrder }
  /** A new exit plan, or a change of one; `event` names what happened. */
  | { readonly kind: "exit_plan"; readonly plan: ExitPlan; readonly event: string }
  /** A new leg group, or a change of one; `event` names what happened. */
  | { readonly kind: "leg_group"; readonly group: LegGroup; readonly event: string }
  /** A new order, or a change of one; `event` is the transition's name. */
  | { readonly kind: "order"; readonly order: Order; readonly event: string }
  | { readonly kind: "foreign_order"; readonly venue: VenueId; readonly report: OrderReport }
  | {
    readonly kind: "request";
    readonly venue: VenueId;
    readonly requestId: number;
    readonly request: AdapterRequest;
  }
  | { readonly kind: "fill"; readonly plugin: PluginId; readonly ref: string; readonly fill: Fill }
  /** Opposite books of two plugins closed against each other, at the mark price and without a fee: no venue has part in it. */
  | {
    readonly kind: "offset";
    readonly instrument: InstrumentId;
    readonly long: PluginId;
    readonly short: PluginId;
    readonly sizeLots: SizeLots;
    readonly priceTicks: PriceTicks;
  }
  | { readonly kind: "foreign_fill"; readonly fill: Fill }
  | { readonly kind: "funding"; readonly payment: FundingPayment }
  | { readonly kind: "position"; readonly position: PluginPosition }
  /** A position that was held is flat again or has turned: what that came to, and all such trades of the plugin. */
  | {
    readonly kind: "round_trip";
    readonly plugin: PluginId;
    readonly trade: ClosedTrade;
    readonly sums: TradeSums;
  }
  | {
    readonly kind: "trading_state";
    readonly scope: RiskScope;
    readonly before: TradingState;
    readonly after: TradingState;
    readonly by: string;
    readonly reason: string;
    readonly facts: Facts;
  }
  /** What differs from the configuration since an operator's change. */
  | {
    readonly kind: "limits";
    readonly scope: RiskScope;
    readonly limits: Partial<ScopeLimits>;
    readonly by: string;
    readonly reason: string;
  }
  /** The same of the market limits. */
  | {
    readonly kind: "market_limits";
    readonly limits: Partial<MarketLimits>;
    readonly by: string;
    readonly reason: string;
  }
  /** The orders of a host that is gone are ours from now on. */
  | {
    readonly kind: "take_over";
    readonly venue: VenueId;
    readonly tag: string;
    readonly by: string;
    readonly reason: string;
  }
  | { readonly kind: "kill_report"; readonly report: KillReport }
  | { readonly kind: "repair"; readonly venue: VenueId; readonly repair: ReconciliationRepair }
  | {
    readonly kind: "operator";
    readonly command: string;
    readonly by: string;
    readonly facts: Facts;
  };

export interface JournalEntry {
  readonly id: CauseId;
  readonly cause: CauseId | undefined;
  readonly tsUs: number;
  readonly body: JournalBody;
}
