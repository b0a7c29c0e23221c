/** The default run from outside: time to the first quotes, and memory of each of its processes. */
import { join } from "node:path";
import { v8MemoryFlag } from "../../core/sandbox/edition.ts";
import { projectDir } from "../support/mini_host.ts";

export interface ProcessMemory {
  readonly name: string;
  readonly rssMb: number;
  /** Proportional set size: shared pages of the one Deno binary are divided among its processes. */
  readonly pssMb: number;
}

export interface WholeRun {
  readonly firstQuotesMs: number;
  readonly startedMs: number;
  readonly processes: readonly ProcessMemory[];
}

function childrenOf(pid: number): readonly number[] {
  const text = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim();
  return text === "" ? [] : text.split(" ").map(Number);
}

function memoryOf(pid: number): ProcessMemory {
  const roll = Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`);
  const kilobytes = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(roll)?.[1] ?? NaN);
  const line = Deno.readTextFileSync(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
  const name = /simulation\/main\.ts/.test(line)
    ? "simulated venues"
    : /sandbox\/bootstrap\.ts (\S+)/.exec(line)?.[1] ?? "host";
  return { name, rssMb: kilobytes("Rss") / 1024, pssMb: kilobytes("Pss") / 1024 };
}

/** Starts the default run, looks at it after ten seconds, and stops it. */
export async function wholeRun(): Promise<WholeRun> {
  const dataDir = await Deno.makeTempDir();
  const fromMs = performance.now();
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--frozen",
      `--v8-flags=${v8MemoryFlag}`,
      join(projectDir, "core/main.ts"),
      "start",
      "--seed",
      "1",
      "--duration",
      "12s",
      "--data-dir",
      dataDir,
    ],
    env: { BERTH_CONSOLE_PORT: "0" },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let firstQuotesMs = NaN;
  let startedMs = NaN;
  let rest = "";
  const reading = (async () => {
    for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
      rest += text;
      if (Number.isNaN(startedMs)) startedMs = performance.now() - fromMs;
      if (Number.isNaN(firstQuotesMs) && rest.includes("quotes are flowing")) {
        firstQuotesMs = performance.now() - fromMs;
      }
    }
  })();
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  const pids = [process.pid, ...childrenOf(process.pid)];
  const processes = pids.map(memoryOf);
  await reading;
  await process.status;
  await Deno.remove(dataDir, { recursive: true });
  return { firstQuotesMs, startedMs, processes };
}
