/**
 * One strategy as it is shown on the terminal and in the console: what the host knows of its money by the fills, and what the
 * strategy says of itself in its panel. Floats for the eye; NaN is what is not known.
 */
import type { PanelLine, PanelReadings, PanelSignal } from "./panel.ts";
import type { TradeStatistics } from "./trade_record.ts";

/** A position of a strategy's with what it has made since it was opened. */
export interface StrategyPosition {
  readonly venue: string;
  readonly symbol: string;
  readonly side: "buy" | "sell";
  /** Without a sign. */
  readonly sizeBase: number;
  readonly entryPrice: number;
  readonly markPrice: number;
  /** Unrealized, and realized since it was last flat, after fees and funding. */
  readonly pnlUsd: number;
  /** Profit and loss after fees ÷ margin × 100, with margin = entry value ÷ leverage. */
  readonly roePercent: number;
  readonly leverage: number;
  readonly heldMs: number;
  readonly liquidationPrice: number;
  readonly priceDecimals: number;
  readonly sizeDecimals: number;
}

export interface StrategyReport {
  readonly id: string;
  /** Of its life cycle. */
  readonly state: string;
  readonly why: string;
  readonly tradingState: "active" | "reducing" | "halted";
  /** Its own words. */
  readonly status: string;
  /** Of the accounts that it trades on, whoever else does. */
  readonly equityUsd: number;
  readonly todayUsd: number;
  readonly totalUsd: number;
  /** Of equity before the profit or loss. */
  readonly todayPercent: number;
  readonly totalPercent: number;
  readonly feesUsd: number;
  readonly trades: TradeStatistics;
  readonly positions: readonly StrategyPosition[];
  readonly lines: readonly PanelLine[];
  readonly readings: readonly PanelReadings[];
  /** Newest first. */
  readonly signals: readonly PanelSignal[];
}

/** The report with what the strategy had a hand in made harmless: secrets taken out, say. */
export function redactedReport(row: StrategyReport, redact: (text: string) => string): StrategyReport {
  const all = (texts: readonly string[]): readonly string[] => texts.map(redact);
  return {
    ...row,
    why: redact(row.why),
    status: redact(row.status),
    lines: row.lines.map(({ name, value }) => ({ name: redact(name), value: redact(value) })),
    signals: row.signals.map((signal) => ({
      ...signal,
      reasons: all(signal.reasons),
      rejections: all(signal.rejections),
    })),
  };
}
