/** The two clocks of a simulation: the machine's, and one that moves only when it is told to. */
import type { SimulationClock } from "./ports.ts";

/** Real time. Timers do not keep the process alive by themselves. */
export function realTimeClock(): SimulationClock {
  return {
    nowMs: () => Date.now(),
    schedule(delayMs, task) {
      const timer = setTimeout(task, delayMs);
      return () => clearTimeout(timer);
    },
  };
}

interface Planned {
  readonly atMs: number;
  readonly order: number;
  readonly task: () => void;
  isCancelled: boolean;
}

/** Virtual time: tasks run in the order of their time, equal times in the order in which they were planned. */
export class VirtualClock implements SimulationClock {
  #nowMs: number;
  #planned = 0;
  /** A binary heap by time, then order. */
  readonly #heap: Planned[] = [];

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  schedule(delayMs: number, task: () => void): () => void {
    const planned: Planned = {
      atMs: this.#nowMs + Math.max(0, delayMs),
      order: this.#planned++,
      task,
      isCancelled: false,
    };
    this.#heap.push(planned);
    this.#siftUp(this.#heap.length - 1);
    return () => {
      planned.isCancelled = true;
    };
  }

  /** Runs the next task; false when none is planned. */
  runNext(): boolean {
    for (;;) {
      const next = this.#pop();
      if (next === undefined) return false;
      if (next.isCancelled) continue;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.task();
      return true;
    }
  }

  /** Runs everything that is due up to `untilMs`, and ends there. */
  advanceTo(untilMs: number): void {
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= untilMs; next = this.#heap[0]) {
      // Behind a cancelled one may stand one that is not due yet.
      if (next.isCancelled) this.#pop();
      else this.runNext();
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  #isBefore(a: number, b: number): boolean {
    const one = this.#heap[a];
    const other = this.#heap[b];
    if (one === undefined || other === undefined) return false;
    return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
  }

  #swap(a: number, b: number): void {
    const one = this.#heap[a];
    const other = this.#heap[b];
    if (one === undefined || other === undefined) return;
    this.#heap[a] = other;
    this.#heap[b] = one;
  }

  #siftUp(from: number): void {
    for (let at = from; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #pop(): Planned | undefined {
    const top = this.#heap[0];
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) {
      this.#heap[0] = last;
      for (let at = 0;;) {
        const left = 2 * at + 1;
        const smaller = this.#isBefore(left + 1, left) ? left + 1 : left;
        if (!this.#isBefore(smaller, at)) break;
        this.#swap(smaller, at);
        at = smaller;
      }
    }
    return top;
  }
}
