/** The real command line as a child process: exit codes, streams, and no stack trace ever. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { acquireHostLock } from "../../../core/journal/host_lock.ts";
import { openJournal } from "../../../core/journal/writer.ts";

const entry = new URL("../../../core/main.ts", import.meta.url).pathname;

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly errors: string;
}

async function berth(folder: string, ...words: readonly string[]): Promise<Ended> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", entry, ...words],
    cwd: folder,
    env: { NO_COLOR: "1", BERTH_CONSOLE_PORT: "0" },
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), errors: decoder.decode(stderr) };
}

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(await Deno.realPath(folder));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const misuses: readonly {
  readonly name: string;
  readonly words: readonly string[];
  readonly config?: string;
  readonly lines: readonly RegExp[];
}[] = [
  {
    name: "a bad duration",
    words: ["--duration", "soon"],
    lines: [/^berth: --duration is "soon"; write a number/],
  },
  {
    name: "an unknown option",
    words: ["start", "--speed"],
    lines: [/^berth: There is no option --speed; did you mean --seed\?/],
  },
  {
    name: "live without the flag",
    words: ["--env", "live"],
    lines: [/^berth: .*--i-understand-live-trading/],
  },
  {
    name: "a config file that is missing",
    words: ["--config", "no.json"],
    lines: [/^berth: .*no\.json.*does not exist/],
  },
  {
    name: "a plugin folder that is missing",
    words: ["--plugins", "no"],
    lines: [/^berth: --plugins names .*no, which does not exist/],
  },
  {
    name: "a config that is no JSON",
    words: [],
    config: "{",
    lines: [/^berth: .*berth\.json can't be read: it is no JSON/],
  },
  {
    name: "a config with two faults",
    words: [],
    config: '{ "seed": "x", "log": { "level": 1 } }',
    lines: [
      /^berth: .*berth\.json: seed is "x"; expected a whole number from 0 to 4294967295\.$/,
      /^berth: .*berth\.json: log\.level is 1; expected a level such as debug/,
    ],
  },
];
for (const { name, words, config, lines } of misuses) {
  Deno.test(`${name} ends with exit code 2 and a clear sentence`, () =>
    inFolder(async (folder) => {
      if (config !== undefined) await Deno.writeTextFile(`${folder}/berth.json`, config);
      const { code, out, errors } = await berth(folder, ...words);
      assertEquals([code, out], [2, ""], errors);
      const found = errors.trimEnd().split("\n");
      assertEquals(found.length, lines.length, errors);
      lines.forEach((line, index) => assertMatch(found[index] ?? "", line));
      assert(!/\n\s+at /.test(errors), "a stack trace");
    }));
}

Deno.test("help goes to standard output with exit code 0", () =>
  inFolder(async (folder) => {
    const { code, out, errors } = await berth(folder, "--help");
    assertEquals([code, errors], [0, ""]);
    assertMatch(out, /^Usage: berth /);
  }));

Deno.test("with --json an error is one JSON object on standard error", () =>
  inFolder(async (folder) => {
    const { code, out, errors } = await berth(folder, "status", "--json");
    assertEquals([code, out], [1, ""]);
    const { error } = JSON.parse(errors);
    assertEquals([error.code, Object.keys(error)], ["HOST_NOT_RUNNING", ["code", "what", "why", "fix"]]);
  }));

Deno.test("journal and explain read what a run wrote; a missing journal is a sentence", () =>
  inFolder(async (folder) => {
    const missing = await berth(folder, "journal");
    assertEquals(missing.code, 1);
    assertMatch(missing.errors, /There is no journal at .*var\/sim\/journal\.db\. /);

    const clock = { epochMs: () => 1_750_000_000_000, epochUs: () => 1_750_000_000_000_000 };
    const journal = await openJournal({ path: `${folder}/var/sim/journal.db`, clock });
    journal.startRun({
      runId: "run1",
      environment: "sim",
      seed: 7,
      version: "1",
      tsStartMs: clock.epochMs(),
    });
    const tsUs = clock.epochUs();
    journal.append({ id: "intent/a/1", causeId: "quote/x/1", kind: "intent", tsUs, plugin: "a", body: {} });
    journal.append({
      id: "fill/x/1",
      causeId: "intent/a/1",
      kind: "fill",
      tsUs,
      clientOrderId: "b1",
      body: {},
    });
    await journal.close({ isClean: true });

    const [records, fills, runs, explained, unknown, live] = await Promise.all([
      berth(folder, "journal"),
      berth(folder, "journal", "--kind", "fill", "--json"),
      berth(folder, "journal", "--runs"),
      berth(folder, "explain", "b1"),
      berth(folder, "explain", "b404"),
      berth(folder, "journal", "--env", "live"),
    ]);
    assertEquals(records.out.trimEnd().split("\n").length, 2);
    assertEquals(JSON.parse(fills.out).id, "fill/x/1");
    assertMatch(runs.out, /run1 sim seed 7 version 1 stopped after 0\.0 s/);
    assertMatch(explained.out, /quote\/x\/1 \(not kept\)\n.*intent.*\n▶.*fill/);
    assertMatch(live.errors, /There is no journal at .*var\/live\/journal\.db/);
    assertEquals(unknown.code, 2);
    assertMatch(unknown.errors, /^berth: Nothing in the journal has the id b404; find ids by/);
  }));

Deno.test("a second host on the same data folder ends with exit code 3 and names the first", () =>
  inFolder(async (folder) => {
    using _lock = acquireHostLock(`${folder}/var/sim`, { pid: Deno.pid });
    const { code, errors } = await berth(folder, "start", "--duration", "1s");
    assertEquals(code, 3, errors);
    assertMatch(errors, new RegExp(`^berth: Another berth \\(process ${Deno.pid}\\) uses .*var/sim\\.`));
  }));
