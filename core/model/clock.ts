/** Time and randomness, handed in wherever they are used: live, simulation and replay differ in what is handed in. */

export interface Clock {
  /** Milliseconds since the epoch, for stamps. */
  epochMs(): number;
  /** Microseconds since the epoch; safe in a double until 2255. */
  epochUs(): number;
  /** Milliseconds from an arbitrary start that never goes back, for durations. */
  monotonicMs(): number;
}

export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
}

/** Runs tasks later; the returned function cancels. */
export interface Scheduler {
  after(delayMs: number, task: () => void): () => void;
}
