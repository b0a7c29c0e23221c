/** Observations of a host where all is well, to be changed by a test. */
import { noLimits } from "../../support/engine_builders.ts";
import type { AlertNote } from "../../../core/alerts/alert.ts";
import type { Observation, ScopeObservation, VenueObservation } from "../../../core/alerts/observation.ts";
import type { ScopeLimits } from "../../../core/model/risk_limits.ts";

export const calmVenue: VenueObservation = {
  venue: "okx",
  isStarted: true,
  marketData: "connected",
  privateStream: "connected",
  heartbeatAgeMs: 40,
  updatesPerSecond: 12,
  averageLatencyMs: 30,
};

/** No limit but those named. */
export const limitsOf = (changes: Partial<ScopeLimits>): ScopeLimits => ({ ...noLimits, ...changes });

export const calmScope: ScopeObservation = {
  scope: "global",
  state: "active",
  reason: "",
  limits: limitsOf({}),
  grossExposureUsd: 0,
  netExposureUsd: 0,
  largestPositionUsd: 0,
  openOrders: 0,
  todayUsd: 0,
  drawdownUsd: 0,
  consecutiveLosses: 0,
};

/** 2026-01-15 12:00 UTC and so many milliseconds. */
export const noonMs = Date.UTC(2026, 0, 15, 12);

export function observation(atMs: number, changes: Partial<Observation> = {}): Observation {
  return {
    monotonicMs: atMs,
    tsMs: noonMs + atMs,
    venues: [calmVenue],
    quotes: [{ instrument: "okx:BTC-PERP", venue: "okx", ageMs: 50 }],
    scopes: [calmScope],
    brokenGroups: [],
    plugins: [{ plugin: "maker", state: "running", why: "" }],
    totals: { totalUsd: 0, feesUsd: 0, fundingUsd: 0, drawdownUsd: 0, refusals: 0 },
    loopDelayMs: 1,
    happenings: [],
    lostHappenings: 0,
    ...changes,
  };
}

export const someNote: AlertNote = {
  id: "run-1",
  kind: "raised",
  rule: "venue_disconnected",
  subject: "okx",
  severity: "critical",
  text: "okx disconnected: market data is reconnecting",
  tsMs: noonMs,
  lastedMs: undefined,
};
