/** What the page is told, as types of the schemas that the console answers by. Nothing of this is served. */
import type { InferOutput } from "valibot";
import type { alertsSchema } from "../alerts.ts";
import type * as s from "../schemas.ts";

export type Status = InferOutput<typeof s.statusSchema>;
export type Venue = InferOutput<typeof s.venueSchema>;
export type Instrument = InferOutput<typeof s.instrumentSchema>;
export type Quote = InferOutput<typeof s.quoteSchema>;
export type Opportunity = InferOutput<typeof s.opportunitySchema>;
export type Opportunities = InferOutput<typeof s.opportunitiesSchema>;
export type Plugin = InferOutput<typeof s.pluginSchema>;
export type Strategy = InferOutput<typeof s.strategySchema>;
export type Alerts = InferOutput<typeof alertsSchema>;
export type Order = InferOutput<typeof s.orderSchema>;
export type Fill = InferOutput<typeof s.fillSchema>;
export type Position = InferOutput<typeof s.positionSchema>;
export type Pnl = InferOutput<typeof s.pnlSchema>;
export type Risk = InferOutput<typeof s.riskSchema>;
export type ScopeState = InferOutput<typeof s.scopeStateSchema>;
export type KillStatus = InferOutput<typeof s.killStatusSchema>;
export type KillReport = InferOutput<typeof s.killReportSchema>;
export type Explanation = InferOutput<typeof s.explanationSchema>;
export type LogLine = InferOutput<typeof s.logLineSchema>;
export type Curves = InferOutput<typeof s.curvesSchema>;
export type PnlHistory = InferOutput<typeof s.pnlHistorySchema>;
export type SpreadHistory = InferOutput<typeof s.spreadHistorySchema>;

/** Topics of the live stream that the page follows, with what each carries. */
export interface Topics {
  readonly status: Status;
  readonly venues: readonly Venue[];
  readonly quotes: readonly Quote[];
  readonly opportunities: Opportunities;
  readonly plugins: readonly Plugin[];
  readonly strategies: readonly Strategy[];
  readonly alerts: Alerts;
  readonly orders: readonly Order[];
  readonly positions: readonly Position[];
  readonly pnl: readonly Pnl[];
  readonly risk: Risk;
  readonly kill: KillStatus;
  readonly curves: Curves;
  readonly logs: readonly LogLine[];
}
