/**
 * `deno task test`: formatting, lint, types, then every test. Each step and each test counts; the last line is
 * `N passed, N failed`.
 *
 * Options: `--slow` adds tests/slow, `--only-tests` leaves out the checks, `--filter TEXT` runs matching tests.
 */
import { parseArgs } from "node:util";

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const print = (line: string): void => {
  Deno.stdout.writeSync(encoder.encode(`${line}\n`));
};
const seconds = (fromMs: number): string => `${((performance.now() - fromMs) / 1000).toFixed(1)} s`;

const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    slow: { type: "boolean", default: false },
    "only-tests": { type: "boolean", default: false },
    filter: { type: "string" },
  },
});

/** A check that passes or fails as one; what it prints is shown only when it fails. */
async function check(name: string, args: readonly string[]): Promise<Counts> {
  const fromMs = performance.now();
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: [...args] }).output();
  print(`${code === 0 ? "ok    " : "FAILED"} ${name} (${seconds(fromMs)})`);
  if (code !== 0) print(decoder.decode(stdout) + decoder.decode(stderr));
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
}

/** Test files below a folder of tests/, sorted. */
function testFiles(folder: URL): readonly string[] {
  const files: string[] = [];
  for (const entry of Deno.readDirSync(folder)) {
    if (entry.isDirectory) files.push(...testFiles(new URL(`${entry.name}/`, folder)));
    if (entry.isFile && entry.name.endsWith("_test.ts")) files.push(new URL(entry.name, folder).pathname);
  }
  return files.sort();
}

/** Counts as the JUnit report states them; a run that left no report failed as a whole. */
async function countsOf(reportPath: string): Promise<Counts | undefined> {
  const report = await Deno.readTextFile(reportPath).catch(() => "");
  const match = /<testsuites[^>]* tests="(\d+)"[^>]* failures="(\d+)"[^>]* errors="(\d+)"/.exec(report);
  if (match === null) return undefined;
  const [, tests = "0", failures = "0", errors = "0"] = match;
  const failed = Number(failures) + Number(errors);
  const skipped = (report.match(/<skipped\/>|<skipped /g) ?? []).length;
  return { passed: Number(tests) - failed - skipped, failed, skipped };
}

/**
 * Runs test files in one process each group.
 *
 * @param isHeld its output is shown when it is over; else it goes straight through
 */
async function runTests(name: string, files: readonly string[], isHeld = false): Promise<Counts> {
  const fromMs = performance.now();
  print(`       ${name}${files.length === 1 ? "" : `: ${files.length} files`}`);
  const reportPath = await Deno.makeTempFile({ suffix: ".xml" });
  const filter = options.filter === undefined ? [] : ["--filter", options.filter];
  const args = [
    "test",
    "-A",
    "--frozen",
    "--no-check",
    "--quiet",
    `--junit-path=${reportPath}`,
    ...filter,
    ...files,
  ];
  const shown = isHeld ? "piped" as const : "inherit" as const;
  const run = await new Deno.Command(Deno.execPath(), { args, stdout: shown, stderr: shown }).output();
  if (isHeld) print(decoder.decode(run.stdout) + decoder.decode(run.stderr));
  const { code } = run;
  const counts = await countsOf(reportPath);
  await Deno.remove(reportPath);
  const ran = counts ?? { passed: 0, failed: 1, skipped: 0 };
  // A runner that fails without a failed test (a leak, a crash, a file that does not load) is a failure too.
  const failed = code !== 0 && ran.failed === 0 ? 1 : ran.failed;
  print(`${failed === 0 ? "ok    " : "FAILED"} ${name} (${seconds(fromMs)})`);
  return { ...ran, failed };
}

const root = new URL("./", import.meta.url);
const isSlow = (path: string): boolean => path.startsWith(new URL("slow/", root).pathname);
const files = testFiles(root);

/**
 * Groups that run beside each other and beside the checks: hosts that trade mostly wait, and the others share what is
 * left of the cores. What the last one says is shown at once, what the others say when they are over.
 */
const groups: readonly { readonly name: string; readonly folders: readonly string[] }[] = [
  { name: "tests of whole hosts", folders: ["e2e/", "core/cli/"] },
  { name: "tests of processes", folders: ["escapes/", "core/host/", "core/sandbox/", "core/console/"] },
  { name: "tests of venues and strategies", folders: ["exchanges/", "plugins/"] },
  { name: "all other tests", folders: [""] },
];
const groupOf = (path: string): number =>
  groups.findIndex(({ folders }) =>
    folders.some((folder) => path.startsWith(new URL(folder, root).pathname))
  );
const fastFiles = files.filter((path) => !isSlow(path));
/** Two processes use two cores without making the hosts among them late. */
const slowLanes = 2;

/** Each slow file has a process of its own; the lanes take one after the other. */
async function runSlowTests(paths: readonly string[]): Promise<readonly Counts[]> {
  const waiting = [...paths];
  const counts: Counts[] = [];
  const lane = async (): Promise<void> => {
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
      counts.push(await runTests(`tests/${path.slice(root.pathname.length)}`, [path], true));
    }
  };
  await Promise.all(Array.from({ length: slowLanes }, lane));
  return counts;
}

const checks: readonly (readonly [name: string, args: readonly string[]])[] = [
  ["formatting", ["fmt", "--check", "--quiet"]],
  ["lint", ["lint", "--quiet"]],
  ["types", ["check", "--frozen", "--quiet", "."]],
];
const [checkResults, testResults] = await Promise.all([
  options["only-tests"] ? [] : Promise.all(checks.map(([name, args]) => check(name, args))),
  Promise.all(groups.map(({ name }, index) => {
    const paths = fastFiles.filter((path) => groupOf(path) === index);
    return runTests(name, paths, index < groups.length - 1);
  })),
]);
if (options.slow) testResults.push(...await runSlowTests(files.filter(isSlow)));
const results = [...checkResults, ...testResults];

const sum = (key: keyof Counts): number => results.reduce((total, counts) => total + counts[key], 0);
const executed = testResults.reduce((total, counts) => total + counts.passed + counts.failed, 0);
const failed = executed === 0 ? 1 : sum("failed");
const skipped = sum("skipped");
print(`${sum("passed")} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
Deno.exit(failed === 0 ? 0 : 1);
