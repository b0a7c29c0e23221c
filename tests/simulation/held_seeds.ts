/** Seeds of the deterministic simulation on chosen venues, and what happened in them. */
import { assertEquals } from "@std/assert";
import { runSeed } from "./run_seed.ts";
import { makeKeys, type VenueName } from "./sim_venues.ts";

/** Runs the first so many seeds; an invariant that does not hold is a failed test. @returns what was counted in all of them */
export async function holdSeeds(
  seeds: number,
  venues: readonly VenueName[],
): Promise<ReadonlyMap<string, number>> {
  const keys = await makeKeys();
  const totals = new Map<string, number>();
  const failed: string[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const { counts, violations } = await runSeed(seed, { keys, isLogging: false, venues });
    if (violations.length > 0) failed.push(`seed ${seed}: ${violations[0]}`);
    for (const [what, times] of Object.entries(counts)) totals.set(what, (totals.get(what) ?? 0) + times);
  }
  assertEquals(failed, []);
  return totals;
}
