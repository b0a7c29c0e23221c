/** 500 seeds of the deterministic simulation hold every invariant, and a seed is one run: byte for byte the same again. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { runSeed } from "./run_seed.ts";
import { runSeeds } from "./seed_pool.ts";
import { makeKeys } from "./sim_venues.ts";

const seeds = { first: 1, count: 500 };

Deno.test(`invariants hold over ${seeds.count} seeds of faults, crashes and jumping clocks`, async () => {
  const totals = new Map<string, number>();
  const failed = await runSeeds({
    ...seeds,
    jobs: 2,
    onResult: ({ counts }) => {
      for (const [what, times] of Object.entries(counts)) totals.set(what, (totals.get(what) ?? 0) + times);
    },
  });
  const lines = failed.map(({ seed, violations }) =>
    `seed ${seed}: ${violations[0]}\n  replay: deno task sim --seed ${seed} --log events.log`
  );
  assertEquals(lines, [], `\n${lines.join("\n")}\n`);
  // A simulation in which nothing happens proves nothing: what must have occurred, over all seeds.
  const least = {
    "venue fills": 5_000,
    "host kills": 300,
    "request submit": 8_000,
    "ORDER_UNKNOWN": 500,
    "ADAPTER_LOST": 100,
    "repair fill_recovered": 300,
    "repair order_gone": 300,
    "refused POSITION_LIMIT": 20,
    "refused ORDER_RATE": 100,
    "refused TRADING_REDUCING": 50,
    "groups": 1_200,
    "GROUP_BROKEN": 200,
    "GROUP_RESUMED": 120,
    // By the arbitrage plugin's own code.
    "opportunities taken": 1_500,
    "resident stops": 400,
    "resident stops fired while the host was down": 40,
    "opportunities that reach into a book": 50,
  };
  for (const [what, times] of Object.entries(least)) assertGreater(totals.get(what) ?? 0, times, what);
});

Deno.test("the same seed gives the same events, byte for byte", async () => {
  const keys = await makeKeys();
  for (const seed of [3, 39, 174]) {
    const [one, other] = [
      await runSeed(seed, { keys, isLogging: true }),
      await runSeed(seed, { keys, isLogging: true }),
    ];
    assertGreater(one.lines.length, 500);
    const at = one.lines.findIndex((line, index) => line !== other.lines[index]);
    assertEquals([at, one.lines[at]], [-1, undefined], `line ${at} differs: ${other.lines[at]}`);
    assertEquals(one.lines.length, other.lines.length);
  }
  const another = await runSeed(4, { keys, isLogging: true });
  assert(another.lines.join("\n") !== (await runSeed(3, { keys, isLogging: true })).lines.join("\n"));
});

Deno.test("with the curve's own signatures the venue takes the same orders", async () => {
  const result = await runSeed(7, { keys: await makeKeys(), isLogging: false, hasRealSignatures: true });
  assertEquals(result.violations, []);
  assertGreater(result.counts["venue fills"] ?? 0, 3);
});
