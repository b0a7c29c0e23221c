/** What the page is told, as types of the schemas that the console answers by. Nothing of this is served. */
import type { InferOutput } from "valibot";
import type { AlertsResource } from "../alerts.ts";
import type { Curves, PnlHistory, SpreadHistory } from "../curves.ts";
import type { Groups } from "../leg_groups.ts";
import type { LogLine } from "../logs.ts";
import type * as s from "../schemas.ts";

export type { AlertsResource as Alerts, Curves, Groups, LogLine, PnlHistory, SpreadHistory };
export type Group = Groups["groups"][number];
export type Status = InferOutput<typeof s.statusSchema>;
export type Venue = InferOutput<typeof s.venueSchema>;
export type Instrument = InferOutput<typeof s.instrumentSchema>;
export type Quote = InferOutput<typeof s.quoteSchema>;
export type Opportunity = InferOutput<typeof s.opportunitySchema>;
export type Opportunities = InferOutput<typeof s.opportunitiesSchema>;
export type Plugin = InferOutput<typeof s.pluginSchema>;
export type Strategy = InferOutput<typeof s.strategySchema>;
export type Order = InferOutput<typeof s.orderSchema>;
export type Fill = InferOutput<typeof s.fillSchema>;
export type Position = InferOutput<typeof s.positionSchema>;
export type Pnl = InferOutput<typeof s.pnlSchema>;
export type Risk = InferOutput<typeof s.riskSchema>;
export type ScopeState = InferOutput<typeof s.scopeStateSchema>;
export type KillStatus = InferOutput<typeof s.killStatusSchema>;
export type KillReport = InferOutput<typeof s.killReportSchema>;
export type Explanation = InferOutput<typeof s.explanationSchema>;

/** Topics of the live stream that the page follows, with what each carries. */
export interface Topics {
  readonly status: Status;
  readonly venues: readonly Venue[];
  readonly quotes: readonly Quote[];
  readonly opportunities: Opportunities;
  readonly plugins: readonly Plugin[];
  readonly strategies: readonly Strategy[];
  readonly alerts: AlertsResource;
  readonly groups: Groups;
  readonly orders: readonly Order[];
  readonly positions: readonly Position[];
  readonly pnl: readonly Pnl[];
  readonly risk: Risk;
  readonly kill: KillStatus;
  readonly curves: Curves;
  readonly logs: readonly LogLine[];
}
