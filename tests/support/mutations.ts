/**
 * Breaks one thing at a time in a copy of the project and looks whether a test notices. What is broken: every limit of
 * the risk gate is left out once, cells of the table of order transitions are drawn by a seed, lines of the code that
 * decides about orders are named; and for whoever looks for gaps, operators anywhere in it are drawn by a seed.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { entryLimits, valueLimits } from "../../core/risk/gate.ts";
import { namedMutations } from "./named_mutations.ts";
import { seededRandom } from "../../exchanges/simulation/random.ts";
import type { SimulationRandom } from "../../exchanges/simulation/ports.ts";

const projectDir = fileURLToPath(new URL("../../", import.meta.url));

export interface Mutation {
  readonly name: string;
  /** Relative to the project. */
  readonly file: string;
  readonly line: number;
  readonly before: string;
  readonly after: string;
  /** Tests that ought to notice; the simulation is asked when they don't. */
  readonly tests: readonly string[];
  readonly isSimulated: boolean;
}

interface Area {
  readonly files: readonly string[];
  readonly tests: readonly string[];
  readonly isSimulated: boolean;
  readonly count: number;
}

const areas: readonly Area[] = [
  { files: ["core/risk/limits"], tests: ["tests/core/risk"], isSimulated: false, count: 12 },
  {
    files: ["core/engine/kill_watch.ts", "core/risk/trading_state.ts", "core/risk/limit_changes.ts"],
    tests: [
      "tests/core/risk",
      "tests/core/engine/kill_test.ts",
      "tests/core/engine/limits_at_run_time_test.ts",
    ],
    isSimulated: false,
    count: 14,
  },
  {
    files: [
      "core/execution/order_manager.ts",
      "core/execution/order_life.ts",
      "core/execution/order_amendments.ts",
      "core/execution/order_pursuit.ts",
    ],
    tests: ["tests/core/execution", "tests/core/engine"],
    isSimulated: true,
    count: 14,
  },
  {
    files: [
      "core/execution/reconciliation",
      "core/execution/request_ledger.ts",
      "core/execution/rate_budget.ts",
    ],
    tests: ["tests/core/execution", "tests/core/engine"],
    isSimulated: true,
    count: 8,
  },
  {
    files: ["core/execution/leg_groups"],
    tests: ["tests/core/execution/leg_groups", "tests/core/engine/leg_groups_test.ts"],
    isSimulated: true,
    count: 6,
  },
];

const operators: readonly (readonly [RegExp, string])[] = [
  [/ <= /, " < "],
  [/ >= /, " > "],
  [/ < /, " <= "],
  [/ > /, " >= "],
  [/ && /, " || "],
  [/ \|\| /, " && "],
  [/ === /, " !== "],
  [/ !== /, " === "],
  [/ \+ /, " - "],
  [/ - /, " + "],
  [/Math\.max\(/, "Math.min("],
  [/Math\.min\(/, "Math.max("],
  [/!isFinalStatus\(/, "isFinalStatus("],
];

/** Mutants that behave as the original does, each with why. */
const equivalent: readonly { readonly file: string; readonly text: string; readonly why: string }[] = [
  {
    file: "core/execution/order_amendments.ts",
    text: "filledLots > 0 && filledLots >= terms.sizeLots",
    why: "an order has at least one lot, so what fills it is never nothing",
  },
  {
    file: "core/execution/order_amendments.ts",
    text: "askedUs >= amendEndedUs",
    why: "both in one microsecond: either reading is sound, for the next report says it again",
  },
];

/** Code that runs: no comment, no import, no type. */
const isCode = (line: string): boolean =>
  !/^\s*(\*|\/\*|\/\/|import|export \{|type |readonly |export interface|export type)/.test(line) &&
  !/=> (void|boolean|number|string|undefined);?$/.test(line) && !/^\s*\| /.test(line);

async function filesIn(path: string): Promise<readonly string[]> {
  if (path.endsWith(".ts")) return [path];
  const found: string[] = [];
  for await (const entry of Deno.readDir(join(projectDir, path))) {
    if (entry.isFile) found.push(`${path}/${entry.name}`);
  }
  return found.sort();
}

const linesOf = async (file: string): Promise<readonly string[]> =>
  (await Deno.readTextFile(join(projectDir, file))).split("\n");

function draw<T>(random: SimulationRandom, from: readonly T[], count: number): readonly T[] {
  const left = [...from];
  return Array.from(
    { length: Math.min(count, left.length) },
    () => left.splice(Math.floor(random.next() * left.length), 1),
  ).flat();
}

async function operatorMutations(area: Area, random: SimulationRandom): Promise<readonly Mutation[]> {
  const sites: Mutation[] = [];
  const files = (await Promise.all(area.files.map(filesIn))).flat();
  for (const file of files) {
    for (const [at, before] of (await linesOf(file)).entries()) {
      if (!isCode(before)) continue;
      for (const [pattern, replacement] of operators) {
        const after = before.replace(pattern, replacement);
        if (after === before || /["'`]/.test(before.slice(0, before.search(pattern)))) continue;
        if (equivalent.some((one) => one.file === file && before.includes(one.text))) continue;
        const { tests, isSimulated } = area;
        sites.push({ name: `${file}:${at + 1}`, file, line: at, before, after, tests, isSimulated });
      }
    }
  }
  return draw(random, sites, area.count);
}

/** Each limit is taken out of the gate's list. */
async function limitMutations(): Promise<readonly Mutation[]> {
  const file = "core/risk/gate.ts";
  const lines = await linesOf(file);
  const listed = lines.flatMap((before, line) =>
    /^ {2}[a-zA-Z]+,$/.test(before) ? [{ name: `without ${before.trim()}`, line, before }] : []
  );
  const limits = listed.slice(0, entryLimits.length + valueLimits.length)
    .filter(({ name }) => !name.includes("orderTerms")); // the gate looks at these before the list, too
  return limits.map((one) => ({ ...one, file, after: "", tests: ["tests/core/risk"], isSimulated: false }));
}

/** The one limit that the gate looks at twice is emptied itself. */
async function termsMutation(): Promise<readonly Mutation[]> {
  const file = "core/risk/limits/order_terms.ts";
  const lines = await linesOf(file);
  const line = lines.findIndex((text) => text.includes("const { pricing, ref, trigger } = intent;"));
  const before = lines[line] ?? "";
  const after = `${before} if (ref !== undefined) return undefined;`;
  return [{
    name: "without order terms",
    file,
    line,
    before,
    after,
    tests: ["tests/core/risk"],
    isSimulated: false,
  }];
}

/** Lines that are broken in the same way each time. */
async function fixedMutations(): Promise<readonly Mutation[]> {
  return await Promise.all(namedMutations.map(async ({ file, line: text, from, to }) => {
    const lines = await linesOf(file);
    const line = lines.findIndex((one) => one.trim() === text);
    const before = lines[line];
    if (before === undefined) {
      throw new Error(`${file} has no line ${text}: named_mutations.ts must follow it`);
    }
    return {
      name: `${file}: ${text}`,
      file,
      line,
      before,
      after: before.replace(from, to),
      tests: ["tests/core/risk", "tests/core/execution", "tests/core/engine"],
      isSimulated: true,
    };
  }));
}

/** Cells of the table get another word. */
async function transitionMutations(random: SimulationRandom, count: number): Promise<readonly Mutation[]> {
  const file = "core/model/order_transitions.ts";
  const words = ["ignore", "illegal", "working", "unknown", "cancelled", "filled"];
  const cells = (await linesOf(file)).flatMap((before, line) => {
    const word = /^ {4}[a-z_]+: "([a-z_]+)",/.exec(before)?.[1];
    return word === undefined ? [] : [{ line, before, word }];
  });
  return draw(random, cells, count).map(({ line, before, word }) => {
    const others = words.filter((other) => other !== word);
    const other = others[Math.floor(random.next() * others.length)] ?? "ignore";
    return {
      name: `transition in line ${line + 1}: ${word} becomes ${other}`,
      file,
      line,
      before,
      after: before.replace(`"${word}"`, `"${other}"`),
      tests: ["tests/core/model/order_transitions_test.ts", "tests/core/execution"],
      isSimulated: true,
    };
  });
}

/** Every limit, cells of the table drawn by a seed, and lines that are always the same: what the tests hold. */
export async function heldMutations(seed: number): Promise<readonly Mutation[]> {
  const random = seededRandom(seed).fork("transitions");
  return [
    ...await limitMutations(),
    ...await termsMutation(),
    ...await transitionMutations(random, 14),
    ...await fixedMutations(),
  ];
}

/** Operators drawn anywhere in limits and execution: for finding what is untested. Some are equal to the original. */
export async function drawnMutations(seed: number): Promise<readonly Mutation[]> {
  const random = seededRandom(seed).fork("operators");
  const drawn = await Promise.all(
    areas.map((area) => operatorMutations(area, random.fork(area.files.join()))),
  );
  return drawn.flat();
}

/** A copy of the project in which things are broken. */
export interface Workbench extends AsyncDisposable {
  /** Whether any test fails with it. */
  isNoticed(mutation: Mutation): Promise<boolean>;
}

export async function workbench(): Promise<Workbench> {
  const folder = await Deno.makeTempDir({ prefix: "berth_mutants_" });
  for (const name of ["core", "exchanges", "plugins", "tests", "docs", "deno.json", "deno.lock"]) {
    await copy(join(projectDir, name), join(folder, name));
  }
  const fails = async (...args: readonly string[]): Promise<boolean> => {
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: [...args],
      cwd: folder,
      stdout: "null",
      stderr: "null",
      signal: AbortSignal.timeout(120_000), // a mutant that never ends is noticed, too
    }).output().catch(() => ({ code: 1 }));
    return code !== 0;
  };
  return {
    async isNoticed({ file, line, before, after, tests, isSimulated }) {
      const path = join(folder, file);
      const text = await Deno.readTextFile(path);
      const lines = text.split("\n");
      if (lines[line] !== before) throw new Error(`${file}:${line + 1} is not what it was`);
      await Deno.writeTextFile(path, lines.with(line, after).join("\n"));
      try {
        if (await fails("test", "-A", "--frozen", "--no-check", "--quiet", "--fail-fast", ...tests)) {
          return true;
        }
        const sim = ["run", "-A", "--frozen", "--no-check", "tests/simulation/main.ts", "--seeds", "80"];
        return isSimulated && await fails(...sim);
      } finally {
        await Deno.writeTextFile(path, text);
      }
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

async function copy(from: string, to: string): Promise<void> {
  const { isDirectory } = await Deno.stat(from);
  if (!isDirectory) return await Deno.copyFile(from, to);
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) await copy(join(from, name), join(to, name));
}

/** Run as a program: operators drawn by a seed, one line each, and those that no test noticed. */
if (import.meta.main) {
  const seed = Number(Deno.args[0] ?? 1);
  const encoder = new TextEncoder();
  await using bench = await workbench();
  for (const mutation of await drawnMutations(seed)) {
    const isNoticed = await bench.isNoticed(mutation);
    const { name, before, after } = mutation;
    const words = isNoticed ? "noticed " : "SURVIVED";
    Deno.stdout.writeSync(encoder.encode(`${words} ${name}\n`));
    if (!isNoticed) Deno.stdout.writeSync(encoder.encode(`  - ${before.trim()}\n  + ${after.trim()}\n`));
  }
}
