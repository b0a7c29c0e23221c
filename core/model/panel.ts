/**
 * What a strategy shows of itself on the terminal and in the console: words, readings and signals. Money, trades and
 * positions are not in it; those the host takes from the fills.
 */
import type { InstrumentId } from "./ids.ts";
import type { Side } from "./order.ts";

/** A line of the strategy's own: `tick` `1204`. */
export interface PanelLine {
  readonly name: string;
  readonly value: string;
}

/** An indicator's value; what is not known is left out. */
export interface PanelReading {
  readonly name: string;
  readonly value: number;
}

export interface PanelReadings {
  readonly instrument: InstrumentId;
  readonly readings: readonly PanelReading[];
}

/** A signal that was judged, taken or not, and why. */
export interface PanelSignal {
  readonly tsMs: number;
  readonly instrument: InstrumentId;
  readonly side: Side;
  readonly isTaken: boolean;
  /** In the strategy's own measure. */
  readonly score: number;
  readonly confidence: number;
  /** What speaks for it, and, of one that was not taken, what against it; the weightiest first. */
  readonly reasons: readonly string[];
  readonly rejections: readonly string[];
}

export interface Panel {
  /** What it is doing, in a few words: `waiting for a signal`. */
  readonly status: string;
  /** Leverage that its margins and returns are reckoned with; undefined where it has none of its own. */
  readonly leverage: number | undefined;
  readonly lines: readonly PanelLine[];
  readonly readings: readonly PanelReadings[];
  /** Newest first. */
  readonly signals: readonly PanelSignal[];
}

/** What the host takes of a panel; the SDK cuts what is longer. */
export const panelLimits = {
  statusChars: 80,
  nameChars: 40,
  valueChars: 160,
  reasonChars: 120,
  lines: 20,
  instruments: 20,
  readings: 20,
  signals: 20,
  reasons: 8,
  maxLeverage: 1_000,
} as const;

/** Panels of one plugin that the host shows in a second; the newest wins. */
export const panelEveryMs = 200;
