/** A moment of a run's curves, as the journal keeps it for whoever draws them after a restart. */
import type { InstrumentId } from "./ids.ts";

/** The journal's kind of such records. */
export const curveSampleKind = "curves";
/** Apart in time. */
export const curveSampleEveryMs = 15_000;

/** What could not be told at that moment is left out. */
export interface CurveSample {
  /** Of each scope: `global`, `account/okx`, `plugin/paradex_scalper`. */
  readonly pnl: readonly {
    readonly scope: string;
    readonly totalUsd: number;
    readonly drawdownUsd: number;
  }[];
  /** Newest of each instrument; spreads between venues are made of them. */
  readonly quotes: readonly {
    readonly instrument: InstrumentId;
    readonly bidPrice: number;
    readonly askPrice: number;
  }[];
}
