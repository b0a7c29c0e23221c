/** Whether market data is worth acting on: one table of thresholds for strategies, display and alerts. */

export interface QuoteThresholds {
  /** An older quote is a notice. */
  readonly maxQuoteAgeMs: number;
  /** A venue that was heard longer ago is a warning. */
  readonly maxHeartbeatAgeMs: number;
  /** A higher mean of receive time − venue time is a notice. */
  readonly maxAverageLatencyMs: number;
  /** Fewer updates are a warning. */
  readonly minUpdatesPerSecond: number;
}

export const defaultQuoteThresholds: QuoteThresholds = {
  maxQuoteAgeMs: 10_000,
  maxHeartbeatAgeMs: 30_000,
  maxAverageLatencyMs: 200,
  minUpdatesPerSecond: 0.1,
};

export const quoteFindingCodes = [
  "disconnected",
  "heartbeat_stale",
  "update_rate_low",
  "quote_stale",
  "latency_high",
] as const;
export type QuoteFindingCode = (typeof quoteFindingCodes)[number];

export interface QuoteFinding {
  readonly code: QuoteFindingCode;
  readonly severity: "notice" | "warning" | "critical";
  /** What was measured and what is still allowed, in the unit of the threshold; 0 and 0 for `disconnected`. */
  readonly value: number;
  readonly threshold: number;
}

/** What is known of one instrument on its venue. Infinity for an age of what never came, NaN for no latency yet. */
export interface QuoteState {
  readonly isConnected: boolean;
  readonly quoteAgeMs: number;
  readonly heartbeatAgeMs: number;
  readonly averageLatencyMs: number;
  readonly updatesPerSecond: number;
}

/** What is wrong, worst first; empty when all is well. */
export function quoteFindings(
  state: QuoteState,
  thresholds: QuoteThresholds = defaultQuoteThresholds,
): readonly QuoteFinding[] {
  const findings: QuoteFinding[] = [];
  const add = (
    code: QuoteFindingCode,
    severity: QuoteFinding["severity"],
    value: number,
    threshold: number,
  ): void => void findings.push({ code, severity, value, threshold });
  if (!state.isConnected) add("disconnected", "critical", 0, 0);
  const { maxHeartbeatAgeMs, minUpdatesPerSecond, maxQuoteAgeMs, maxAverageLatencyMs } = thresholds;
  if (state.heartbeatAgeMs > maxHeartbeatAgeMs) {
    add("heartbeat_stale", "warning", state.heartbeatAgeMs, maxHeartbeatAgeMs);
  }
  if (state.updatesPerSecond < minUpdatesPerSecond) {
    add("update_rate_low", "warning", state.updatesPerSecond, minUpdatesPerSecond);
  }
  if (state.quoteAgeMs > maxQuoteAgeMs) add("quote_stale", "notice", state.quoteAgeMs, maxQuoteAgeMs);
  if (state.averageLatencyMs > maxAverageLatencyMs) {
    add("latency_high", "notice", state.averageLatencyMs, maxAverageLatencyMs);
  }
  return findings;
}
