/** Seeds of the deterministic simulation on EdgeX, its signatures, nonces and trimmed rows included, beside Paradex. */
import { assertGreater } from "@std/assert";
import { holdSeeds } from "../simulation/held_seeds.ts";

const seeds = 20;

Deno.test(`invariants hold over ${seeds} seeds with EdgeX among the venues`, async () => {
  const totals = await holdSeeds(seeds, ["edgex", "paradex"]);
  assertGreater(totals.get("venue fills") ?? 0, 100);
  assertGreater(totals.get("ORDER_UNKNOWN") ?? 0, 5);
});
