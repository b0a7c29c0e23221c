/**
 * Leg groups as a strategy sees them: a trade of two legs that the host holds. The host sends the orders, sizes the
 * second leg by the first one's fills, completes or takes back a leg that is left alone, and closes both together;
 * the group outlives the strategy's process and the host's restart.
 *
 * ```ts ignore
 * const ref = ctx.groups.open({
 *   legs: [
 *     { instrument: cheap.instrument, side: "buy", limitPrice: cheap.askPrice },
 *     { instrument: dear.instrument, side: "sell", limitPrice: dear.bidPrice },
 *   ],
 *   sizeBase: 0.01, maxNakedNotionalUsd: 1_000, maxNakedMs: 3_000, completeWithinBps: 4, exitCapBps: 10,
 * });
 * // later, when `onGroup` has said that it is open:
 * ctx.groups.close(ref, "converged");
 * ```
 */
import type { InstrumentId } from "../model/ids.ts";
import type { LegGroupOutcome, LegGroupPhase, LegMode } from "../model/leg_group.ts";
import type { Side } from "../model/order.ts";
import type { Quote } from "../model/quote.ts";

export interface LegOptions {
  readonly instrument: InstrumentId;
  /** How the leg is opened. */
  readonly side: Side;
  /**
   * Worst price at which it is opened, by an order that fills at once or not at all; of the first leg in `maker_first` where
   * it rests. Decimal text is taken exactly.
   */
  readonly limitPrice: number | string;
}

export interface GroupOptions {
  /**
   * In `sequential` and `maker_first` the first one goes first: the one that is likelier to be missed, or the one that
   * rests and is paid for waiting. What of it is filled is hedged at the second one's limit; the rest is cancelled when
   * that can't be had any more.
   */
  readonly legs: readonly [LegOptions, LegOptions];
  /** Of each leg, in base units: rounded down to whole lots of both. Decimal text must be whole lots of both. */
  readonly sizeBase: number | string;
  /** @default "sequential" */
  readonly mode?: LegMode;
  /** Largest value that one leg alone may have. The host's own bound holds besides. */
  readonly maxNakedNotionalUsd: number;
  /** After this long with one leg alone it is only taken back any more, at the widest price that the gate allows. */
  readonly maxNakedMs: number;
  /** The lagging leg is completed while that costs at most this many bps more than taking the other back. */
  readonly completeWithinBps: number;
  /** How much worse than the best price an order that takes back or closes may be; doubled at each attempt. */
  readonly exitCapBps: number;
  /** The host closes the group when it is this old, whether the strategy still runs or not. */
  readonly maxHoldMs?: number;
  /** `maker_first`: how long the first leg may rest. @default 5000 */
  readonly maxRestMs?: number;
  /** Quotes this decision rests on; at most 8. */
  readonly because?: readonly Quote[];
}

/** Sizes in base units; averages are undefined where nothing was traded. */
export interface GroupLegView {
  readonly instrument: InstrumentId;
  readonly side: Side;
  readonly openedBase: number;
  readonly closedBase: number;
  /** Opened and neither closed by the group nor by other orders. */
  readonly heldBase: number;
  readonly averageOpenPrice: number | undefined;
  readonly averageClosePrice: number | undefined;
  /** In the settlement asset, positive is paid. */
  readonly fees: number;
}

export interface GroupView {
  /** The name `open` returned; `earlier_…` for a group of an earlier run. */
  readonly ref: string;
  /** `pending`: on its way to the host. `refused`: the gate's no, nothing was sent. */
  readonly phase: LegGroupPhase["kind"] | "pending" | "refused";
  readonly legs: readonly [GroupLegView, GroupLegView];
  /** One leg had to be completed or taken back. */
  readonly isBroken: boolean;
  /** How it ended. */
  readonly outcome: LegGroupOutcome | undefined;
  /** Why it is being or was closed. */
  readonly closeReason: string | undefined;
  /** Of a refusal: code and sentence. Of a halted group: why. */
  readonly reason: string | undefined;
  readonly text: string | undefined;
  /** It holds nothing and will do nothing more. */
  readonly isDone: boolean;
  readonly tsCreatedMs: number;
}

export interface Groups {
  /**
   * Hands the group to the host and returns its ref at once; what becomes of it comes by `onGroup`.
   * @throws {BerthError} MODEL_INVALID_DECIMAL, INSTRUMENT_OFF_TICK, MODEL_OUT_OF_RANGE on numbers that can't be orders
   */
  open(options: GroupOptions): string;
  /** Asks for both legs to be closed, also while they are being opened. */
  close(ref: string, reason?: string): void;
  get(ref: string): GroupView | undefined;
  /** Not done yet, oldest first; those of an earlier run among them. */
  live(): readonly GroupView[];
}
