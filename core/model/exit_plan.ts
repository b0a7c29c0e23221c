/**
 * Exit plans: how a plugin's position on one instrument is to end, held by the host. A plan guards the whole position,
 * from its first fill on and however large it becomes, and goes on when the plugin's process or the host has died. What
 * this file has is data: it is journalled as it stands.
 */
import type { InstrumentId, PluginId } from "./ids.ts";
import type { SizeLots } from "./ticks.ts";

/** Distances are bps of the position's average entry price, all positive; prices are floats in quote units. */
export interface ExitTerms {
  /** Closes when the price is this far against the position. */
  readonly stopLossBps: number | undefined;
  /** The same as a price; the nearer of the two counts. */
  readonly stopPrice: number | undefined;
  readonly takeProfitBps: number | undefined;
  readonly takeProfitPrice: number | undefined;
  /** Closes a share of the position at each price, in this order. */
  readonly takeProfitSteps?: readonly ProfitStep[] | undefined;
  /** Once the price has been `activationBps` in favour, closes when it falls back `distanceBps` from its best. */
  readonly trailing: { readonly activationBps: number; readonly distanceBps: number } | undefined;
  /** Once the price has been `activationBps` in favour, the stop stands `offsetBps` beyond the entry: fees, say. */
  readonly breakEven: { readonly activationBps: number; readonly offsetBps: number } | undefined;
  /** Since the first fill. */
  readonly maxHoldMs: number | undefined;
  /** Every exit but a stop loss waits while the spread is wider than this, for at most so long. */
  readonly wideSpread: { readonly maxSpreadBps: number; readonly maxDeferMs: number } | undefined;
  /** How much worse than the best price a closing order may be; doubled at each attempt, then left to the gate's collar. */
  readonly exitCapBps: number;
}

/** One of `bps` and `price` is given. */
export interface ProfitStep {
  readonly bps: number | undefined;
  readonly price: number | undefined;
  /** Of the whole position: over 0, at most 1; together at most 1. */
  readonly share: number;
}

/** How far a plan with steps has come. Sizes without a sign. */
export interface StepProgress {
  readonly done: number;
  /** All that was built up since it was armed. */
  readonly fullLots: number;
  /** Held at the last look. */
  readonly seenLots: number;
  /** What the present step leaves; undefined while none is being taken. */
  readonly targetLots: number | undefined;
}

export const exitTriggers = ["stop_loss", "break_even", "trailing", "take_profit", "max_hold"] as const;
export type ExitTrigger = (typeof exitTriggers)[number];

export type ExitPhase =
  /** Until the position's first fill. */
  | { readonly kind: "waiting" }
  | { readonly kind: "armed" }
  | { readonly kind: "exiting"; readonly trigger: ExitTrigger; readonly price: number }
  /** `closed`: the position ended without it. */
  | {
    readonly kind: "ended";
    readonly why: ExitTrigger | "closed" | "cleared" | "replaced" | "never_filled";
  };

export interface ExitOrder {
  readonly ref: string;
  readonly sizeLots: SizeLots;
  readonly isDone: boolean;
}

export interface ExitPlan {
  /** Unique for ever. */
  readonly id: string;
  readonly plugin: PluginId;
  readonly instrument: InstrumentId;
  readonly terms: ExitTerms;
  /** The entry order it came with: without a fill of that it ends. */
  readonly entryRef: string | undefined;
  readonly phase: ExitPhase;
  /** Of the position; undefined until armed. */
  readonly direction: "long" | "short" | undefined;
  /** The most favourable price since it was armed, at which the position could have been closed; NaN before. */
  readonly bestPrice: number;
  readonly isTrailing: boolean;
  readonly isBreakEven: boolean;
  /** Of a plan with steps, once armed. */
  readonly steps?: StepProgress | undefined;
  readonly tsArmedUs: number | undefined;
  /** Since when an exit waits for a narrower spread. */
  readonly deferredSinceUs: number | undefined;
  readonly orders: readonly ExitOrder[];
  readonly nextSerial: number;
  /** Since the position last became smaller. */
  readonly attempts: number;
  readonly lastLots: number;
  readonly nextAttemptUs: number;
  readonly tsCreatedUs: number;
}

export interface ExitIntent {
  readonly plugin: PluginId;
  readonly instrument: InstrumentId;
  readonly terms: ExitTerms;
  readonly entryRef: string | undefined;
}

export const isExitEnded = ({ phase }: ExitPlan): boolean => phase.kind === "ended";
