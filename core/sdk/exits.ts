/**
 * Exit plans as a strategy sees them: how a position is to end, held by the host. A plan guards the strategy's whole
 * position on an instrument from its first fill on, whatever becomes of the strategy's process or the host.
 *
 * ```ts ignore
 * ctx.orders.submit({ instrument, side: "buy", sizeBase: 0.01, exits: { stopLossBps: 50, takeProfitBps: 80 } });
 * ctx.exits.set(instrument, { trailing: { activationBps: 30, distanceBps: 15 }, maxHoldMs: 60_000 });
 * ```
 */
import type { ExitPhase, ExitPlan, ExitTerms } from "../model/exit_plan.ts";
import type { InstrumentId } from "../model/ids.ts";

/** Distances in bps of the position's average entry, all positive. At least one exit must be named. */
export interface ExitOptions {
  /** Closes when the price is this far against the position. Never deferred. */
  readonly stopLossBps?: number;
  /** The same as a price; the nearer of the two counts. */
  readonly stopPrice?: number;
  readonly takeProfitBps?: number;
  readonly takeProfitPrice?: number;
  /**
   * Takes profit in parts, in this order: each step closes its share of the whole position, at `bps` from the average
   * entry or at a price. Shares are over 0 and at most 1 together; what is left over has the plan's other exits.
   */
  readonly takeProfitSteps?: readonly {
    readonly bps?: number;
    readonly price?: number;
    readonly share: number;
  }[];
  /** Once `activationBps` in favour, closes at `distanceBps` from the best price. */
  readonly trailing?: { readonly activationBps: number; readonly distanceBps: number };
  /** Once `activationBps` in favour, the stop stands `offsetBps` beyond the entry, such as the fees. */
  readonly breakEven?: { readonly activationBps: number; readonly offsetBps: number };
  /** Closes this long after the first fill, whatever the price. */
  readonly maxHoldMs?: number;
  /** Every exit but a stop loss waits while the spread is wider, for at most `maxDeferMs`. */
  readonly wideSpread?: { readonly maxSpreadBps: number; readonly maxDeferMs: number };
  /** How much worse than the best price the first closing order may be. @default 20 */
  readonly exitCapBps?: number;
}

export interface ExitView {
  readonly instrument: InstrumentId;
  readonly terms: ExitTerms;
  readonly phase: ExitPhase;
  readonly direction: "long" | "short" | undefined;
  /** The most favourable price at which the position could have been closed; NaN before it is armed. */
  readonly bestPrice: number;
}

export interface Exits {
  /** Guards the position on an instrument, the present or the next one; replaces the plan before. */
  set(instrument: InstrumentId, options: ExitOptions): void;
  /** Does without. A plan that closes the position already goes on. */
  clear(instrument: InstrumentId): void;
  get(instrument: InstrumentId): ExitView | undefined;
  all(): readonly ExitView[];
}

const defaultExitCapBps = 20;

export function exitTermsOf(options: ExitOptions): ExitTerms {
  return {
    stopLossBps: options.stopLossBps,
    stopPrice: options.stopPrice,
    takeProfitBps: options.takeProfitBps,
    takeProfitPrice: options.takeProfitPrice,
    ...(options.takeProfitSteps === undefined ? {} : {
      takeProfitSteps: options.takeProfitSteps.map(({ bps, price, share }) => ({ bps, price, share })),
    }),
    trailing: options.trailing,
    breakEven: options.breakEven,
    maxHoldMs: options.maxHoldMs,
    wideSpread: options.wideSpread,
    exitCapBps: options.exitCapBps ?? defaultExitCapBps,
  };
}

export const exitView = ({ instrument, terms, phase, direction, bestPrice }: ExitPlan): ExitView => ({
  instrument,
  terms,
  phase,
  direction,
  bestPrice: bestPrice ?? NaN, // NaN travels as null
});
