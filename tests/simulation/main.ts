/**
 * `deno task sim`: many seeds of the deterministic simulation, with progress.
 *
 * - `--seeds N` how many, 100 by default; `--seed S` the first, or with no `--seeds` the only one
 * - `--log FILE` writes every event of a single seed
 * - `--jobs N` processes at the same time, 2 by default
 */
import { parseArgs } from "node:util";
import { runSeed } from "./run_seed.ts";
import { runSeeds } from "./seed_pool.ts";
import { makeKeys } from "./sim_venues.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    seeds: { type: "string" },
    seed: { type: "string" },
    log: { type: "string" },
    jobs: { type: "string", default: "2" },
  },
});

const encoder = new TextEncoder();
const print = (line: string): void => {
  Deno.stdout.writeSync(encoder.encode(`${line}\n`));
};

const first = Number(values.seed ?? 1);
const count = Number(values.seeds ?? (values.seed === undefined ? 100 : 1));
if (!Number.isInteger(first) || !Number.isInteger(count) || count < 1) {
  print("--seed and --seeds take whole numbers");
  Deno.exit(2);
}

if (count === 1) {
  const fromMs = performance.now();
  const result = await runSeed(first, { keys: await makeKeys(), isLogging: true });
  if (values.log !== undefined) await Deno.writeTextFile(values.log, result.lines.join("\n") + "\n");
  for (const [what, times] of Object.entries(result.counts).sort()) {
    print(`${String(times).padStart(6)} ${what}`);
  }
  print(
    `seed ${first}: ${(result.durationMs / 1000).toFixed(1)} s of virtual time, ${result.tasks} tasks, in ${
      (performance.now() - fromMs).toFixed(0)
    } ms`,
  );
  for (const violation of result.violations) print(`  ${violation}`);
  Deno.exit(result.violations.length === 0 ? 0 : 1);
}

const fromMs = performance.now();
let done = 0;
let shownMs = fromMs;
const totals = new Map<string, number>();
const failed = await runSeeds({
  first,
  count,
  jobs: Number(values.jobs),
  onResult: (result) => {
    done += 1;
    for (const [what, times] of Object.entries(result.counts)) {
      totals.set(what, (totals.get(what) ?? 0) + times);
    }
    if (result.violations.length > 0) {
      print(`seed ${result.seed} FAILED; replay: deno task sim --seed ${result.seed} --log events.log`);
      for (const violation of result.violations.slice(0, 5)) print(`  ${violation}`);
    }
    if (performance.now() - shownMs < 5_000) return;
    shownMs = performance.now();
    print(`${done} of ${count} seeds, ${((shownMs - fromMs) / 1000).toFixed(0)} s`);
  },
});
for (const [what, times] of [...totals].sort()) print(`${String(times).padStart(9)} ${what}`);
print(
  `${count - failed.length} of ${count} seeds hold, in ${((performance.now() - fromMs) / 1000).toFixed(1)} s${
    failed.length === 0 ? "" : `; failed: ${failed.map(({ seed }) => seed).join(" ")}`
  }`,
);
Deno.exit(failed.length === 0 ? 0 : 1);
