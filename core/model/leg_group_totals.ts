/** What became of a run's leg groups, counted since its start. */
export interface GroupTotals {
  readonly begun: number;
  /** Became whole at least once. */
  readonly opened: number;
  readonly closed: number;
  readonly nothingFilled: number;
  readonly unwound: number;
  readonly closedElsewhere: number;
  /** One leg had to be completed or taken back. */
  readonly broken: number;
  readonly halted: number;
  /** The largest that one leg was ahead, and the longest. */
  readonly maxNakedUsd: number;
  readonly maxNakedMs: number;
  /** Positions read back after groups: equal to ours, different, not yet read. */
  readonly verified: { readonly agreed: number; readonly differed: number; readonly pending: number };
}
