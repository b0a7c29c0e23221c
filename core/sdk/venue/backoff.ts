/** Waits between attempts: doubling from 250 ms to 30 s, the second half of each at random so that clients don't return in step. */
import type { Random } from "../../model/clock.ts";

const firstMs = 250;
const longestMs = 30_000;

/** @param failures attempts that failed in a row, from 1. 1 gives 125–250 ms, 2 gives 250–500 ms, 8 and more 15–30 s. */
export function backoffMs(failures: number, random: Random): number {
  const boundMs = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 20));
  return boundMs * (0.5 + random.next() / 2);
}
