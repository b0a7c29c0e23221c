/** The real clock and scheduler; the composition root hands them to whatever needs time. */
import type { Clock, Random, Scheduler } from "../model/clock.ts";

/**
 * Time of this machine. Microseconds come from the monotonic clock, set anew against the wall clock when the two
 * are more than 5 ms apart, so that a host that runs for months follows NTP.
 */
export function systemClock(): Clock {
  let originMs = performance.timeOrigin;
  return {
    epochMs: () => Date.now(),
    epochUs() {
      const wallMs = Date.now();
      const elapsedMs = performance.now();
      if (Math.abs(originMs + elapsedMs - wallMs) > 5) originMs = wallMs - elapsedMs;
      return Math.round((originMs + elapsedMs) * 1000);
    },
    monotonicMs: () => performance.now(),
  };
}

export const systemScheduler: Scheduler = {
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Seeded pseudo-random numbers (mulberry32): equal seeds give equal runs. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    },
  };
}
