/** The most orders that left within a second, by the times of their journal records. */
import type { JournalRecord } from "../../core/journal/writer.ts";

export function mostWithinASecond(records: readonly JournalRecord[]): number {
  const timesUs = records.map((record) => record.tsUs).sort((a, b) => a - b);
  let first = 0;
  return timesUs.reduce((most, tsUs, last) => {
    while (tsUs - (timesUs[first] ?? tsUs) >= 1_000_000) first += 1;
    return Math.max(most, last - first + 1);
  }, 0);
}
