/** What people are told of a run, the same on the terminal and on the console. */

export interface ShownOpportunity {
  readonly tsMs: number;
  readonly plugin: string;
  readonly symbol: string;
  /** `buy okx, sell paradex`. */
  readonly words: string;
  readonly edgeBps: number;
  readonly isTaken: boolean;
}

export interface ShownNotice {
  readonly tsMs: number;
  readonly severity: "info" | "warning" | "critical";
  readonly text: string;
}
