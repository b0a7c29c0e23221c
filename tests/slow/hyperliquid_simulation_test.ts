/** Seeds of the deterministic simulation on Hyperliquid, its signatures, nonces and limits included, beside OKX. */
import { assertGreater } from "@std/assert";
import { holdSeeds } from "../simulation/held_seeds.ts";

const seeds = 15;

Deno.test(`invariants hold over ${seeds} seeds with Hyperliquid among the venues`, async () => {
  const totals = await holdSeeds(seeds, ["hyperliquid", "okx"]);
  assertGreater(totals.get("venue fills") ?? 0, 100);
  assertGreater(totals.get("ORDER_UNKNOWN") ?? 0, 5);
});
