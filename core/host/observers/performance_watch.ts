/** Warns in the log when the host itself falls behind: its event loop is late, or its memory grows past a bound. */
import type { HostLog } from "../ports.ts";

export interface PerformanceBounds {
  /** A tick of the event loop that comes later than this is worth a warning. */
  readonly maxLoopDelayMs: number;
  readonly maxRssMb: number;
  /** At most one warning of a kind within this time. */
  readonly quietMs: number;
}

export const defaultPerformanceBounds: PerformanceBounds = {
  maxLoopDelayMs: 100,
  maxRssMb: 1_024,
  quietMs: 10_000,
};

interface Warned {
  readonly atMs: number;
  /** Lines that were held back since. */
  readonly held: number;
}

export class PerformanceWatch {
  readonly #log: HostLog;
  readonly #bounds: PerformanceBounds;
  readonly #warned = new Map<string, Warned>();

  constructor(log: HostLog, bounds: PerformanceBounds = defaultPerformanceBounds) {
    this.#log = log;
    this.#bounds = bounds;
  }

  /** @param loopDelayMs how late this tick came @param rssMb resident memory of the host's process */
  onTick(nowMs: number, loopDelayMs: number, rssMb: number): void {
    const { maxLoopDelayMs, maxRssMb } = this.#bounds;
    if (loopDelayMs > maxLoopDelayMs) {
      this.#warn(nowMs, "the event loop is late", { loopDelayMs: Math.round(loopDelayMs), maxLoopDelayMs });
    }
    if (rssMb > maxRssMb) this.#warn(nowMs, "memory is high", { rssMb: Math.round(rssMb), maxRssMb });
  }

  #warn(nowMs: number, message: string, facts: Readonly<Record<string, number>>): void {
    const before = this.#warned.get(message);
    if (before !== undefined && nowMs - before.atMs < this.#bounds.quietMs) {
      this.#warned.set(message, { ...before, held: before.held + 1 });
      return;
    }
    this.#warned.set(message, { atMs: nowMs, held: 0 });
    this.#log.write("warn", "performance", message, { ...facts, heldBack: before?.held ?? 0 });
  }
}
