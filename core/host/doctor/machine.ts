/** What the doctor looks at on this machine itself: the file of secrets, helper processes that were left behind, load. */
import { readEnvFile } from "../config/env_file.ts";
import { type Check, type CheckEnd, failed, type MachineCheckName, passed, skipped } from "./checks.ts";

/** A process of this machine. */
export interface RunningProcess {
  readonly pid: number;
  readonly parentPid: number;
  /** Its command line, word by word. */
  readonly words: readonly string[];
}

export interface Machine {
  /** Undefined where the system does not tell. */
  processes(): Promise<readonly RunningProcess[] | undefined>;
  /** Mean number of processes that want to run, over the last minute; undefined where the system has no such figure. */
  load(): number | undefined;
  readonly cores: number;
  /** Permission bits of a file; undefined where there is none, or the system has no such bits. */
  mode(path: string): Promise<number | undefined>;
}

/** @param envFile `.env` of the working folder */
export async function examineMachine(envFile: string, machine: Machine): Promise<readonly Check[]> {
  const checks: Check[] = [];
  const add = async (name: MachineCheckName, look: () => Promise<CheckEnd>): Promise<void> => {
    const startMs = performance.now();
    const end = await look();
    checks.push({ name, ...end, tookMs: Math.round(performance.now() - startMs) });
  };
  await add("environment file", () => checkEnvFile(envFile, machine));
  await add("helper processes", async () => checkHelpers(await machine.processes()));
  await add("load", () => Promise.resolve(checkLoad(machine)));
  return checks;
}

async function checkEnvFile(path: string, machine: Machine): Promise<CheckEnd> {
  const mode = await machine.mode(path);
  const names = Object.keys(await readEnvFile(path));
  if (names.length === 0 && mode === undefined) return skipped(`There is no ${path}.`);
  const settings = names.filter((name) => name.startsWith("BERTH_"));
  const seen = `${names.length - settings.length} secrets and ${settings.length} settings: ${
    names.join(", ")
  }`;
  if (mode === undefined || (mode & 0o077) === 0) return passed(seen);
  return failed(
    `Others on this machine can read ${path} (mode ${(mode & 0o777).toString(8)}).`,
    `Keep it to yourself: chmod 600 ${path}. Where somebody else uses this machine, renew the keys in it.`,
  );
}

const helperEntry = /(?:\/core\/sandbox\/(?:worker_)?bootstrap\.ts|\/exchanges\/simulation\/main\.ts)$/;

/** What a helper process runs: a plugin's id, or the simulated venues; undefined for another process. */
function helperOf({ words }: RunningProcess): string | undefined {
  const at = words.findIndex((word) => helperEntry.test(word));
  if (at === -1) return undefined;
  return words[at]?.endsWith("/main.ts") ? "simulated venues" : words[at + 1] ?? "a plugin";
}

/** Helpers belong to a host; the system hands those of a host that is gone to process 1. */
export function checkHelpers(processes: readonly RunningProcess[] | undefined): CheckEnd {
  if (processes === undefined) return skipped("This system does not tell which processes run.");
  const helpers = processes.flatMap((process) => {
    const runs = helperOf(process);
    return runs === undefined ? [] : [{ ...process, runs }];
  });
  const pids = new Set(processes.map(({ pid }) => pid));
  const left = helpers.filter(({ parentPid }) => parentPid <= 1 || !pids.has(parentPid));
  if (left.length > 0) {
    return failed(
      `The host of ${left.length === 1 ? "this process" : "these processes"} is gone: ${
        left.map(({ pid, runs }) => `${pid} (${runs})`).join(", ")
      }.`,
      `End ${left.length === 1 ? "it" : "them"}: kill ${left.map(({ pid }) => pid).join(" ")}.`,
    );
  }
  const hosts = Map.groupBy(helpers, ({ parentPid }) => parentPid);
  if (hosts.size === 0) return passed("No host runs, and no helper process is left behind.");
  const words = [...hosts].map(([pid, own]) =>
    `host ${pid} has ${own.map((one) => `${one.runs} (${one.pid})`).join(", ")}`
  );
  return passed(`${words.join("; ")}.`);
}

function checkLoad(machine: Machine): CheckEnd {
  const load = machine.load();
  if (load === undefined) return skipped("This system has no such figure.");
  const seen = `${load.toFixed(1)} on ${machine.cores} cores over the last minute`;
  // No failure: it passes by itself, and what it does to quotes is looked at below.
  return passed(load <= machine.cores ? `${seen}.` : `${seen}: more than there is; quotes and orders wait.`);
}

/** From `/proc`, where there is one. */
async function readProcesses(): Promise<readonly RunningProcess[] | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  const found: RunningProcess[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const [commandLine, status] = await Promise.all([
        Deno.readTextFile(`/proc/${name}/cmdline`),
        Deno.readTextFile(`/proc/${name}/status`),
      ]);
      const parentPid = Number(/^PPid:\s*(\d+)$/m.exec(status)?.[1]);
      found.push({ pid: Number(name), parentPid, words: commandLine.split("\0") });
    } catch {
      // It ended meanwhile, or is not ours to look at.
    }
  }
  return found;
}

export const thisMachine: Machine = {
  processes: readProcesses,
  load: () => Deno.build.os === "windows" ? undefined : Deno.loadavg()[0],
  cores: navigator.hardwareConcurrency,
  async mode(path) {
    if (Deno.build.os === "windows") return undefined;
    try {
      return (await Deno.stat(path)).mode ?? undefined;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  },
};
