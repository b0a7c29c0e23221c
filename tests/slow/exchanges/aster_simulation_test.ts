/** Seeds of the deterministic simulation on Aster, its signatures, nonces and limits included, beside OKX. */
import { assertEquals, assertGreater } from "@std/assert";
import { runSeed } from "../../simulation/run_seed.ts";
import { makeKeys } from "../../simulation/sim_venues.ts";

const seeds = 12;

Deno.test(`invariants hold over ${seeds} seeds with Aster among the venues`, async () => {
  const keys = await makeKeys();
  const totals = new Map<string, number>();
  const failed: string[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const { counts, violations } = await runSeed(seed, { keys, isLogging: false, venues: ["aster", "okx"] });
    if (violations.length > 0) failed.push(`seed ${seed}: ${violations[0]}`);
    for (const [what, times] of Object.entries(counts)) totals.set(what, (totals.get(what) ?? 0) + times);
  }
  assertEquals(failed, []);
  assertGreater(totals.get("venue fills") ?? 0, 100);
  assertGreater(totals.get("ORDER_UNKNOWN") ?? 0, 5);
});
