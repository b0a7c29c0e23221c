/**
 * What many clients of the console cost the way of a quote to a strategy: a real host on simulated venues, by turns left
 * alone and asked by a process of clients that runs only where nothing else would, so that the console's own work is what
 * is measured and not the clients' share of the processors. Many short turns, so that what else the machine does falls
 * on both alike, and all delays of all turns of a kind in one heap: a second has too few quotes for a p99 of its own.
 *
 * The machine must be quiet. One command, one line of JSON, exit code 1 when the p99 moved by 20 % or more,
 * or when the clients did not get through; followers, requests a second and rounds may be given:
 *
 *     deno run -A --frozen tests/bench/console_load.ts [followers [requestsPerSecond [rounds]]]
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { v8MemoryFlag } from "../../core/sandbox/edition.ts";
import { leastPriority } from "../support/idle_policy.ts";
import { LineReader } from "../support/line_reader.ts";

const projectDir = fileURLToPath(new URL("../../", import.meta.url));
const clients = fileURLToPath(new URL("./console_clients.ts", import.meta.url));
const delaysPlugin = fileURLToPath(new URL("./plugins/delays.ts", import.meta.url));

export interface LoadSize {
  readonly followers: number;
  readonly requestsPerSecond: number;
  /** Turns of each kind. */
  readonly rounds: number;
  /** Length of a turn. */
  readonly seconds: number;
}

const fullSize: LoadSize = { followers: 500, requestsPerSecond: 2_000, rounds: 12, seconds: 5 };
const maxMove = 0.2;
/** The engine's code is still being compiled until then. */
const warmUpMs = 15_000;

/** Of delays from the adapter's stamp to the callback. */
export interface DelayFigures {
  readonly quotes: number;
  readonly p50Us: number;
  readonly p95Us: number;
  readonly p99Us: number;
}

export interface ConsoleLoad {
  readonly alone: DelayFigures;
  readonly asked: DelayFigures;
  /** 0.1: the p99 is a tenth longer while clients ask. */
  readonly move: number;
  /** Of a turn in the middle. */
  readonly clients: ClientsReport | undefined;
}

interface ClientsReport {
  readonly followers: number;
  readonly requestsPerSecond: number;
  readonly statuses: Readonly<Record<string, number>>;
}

const delaysOf = (lines: readonly string[]): readonly (readonly number[])[] =>
  lines.flatMap((line) => {
    const found = /"us":"([\d ]+)"/.exec(line)?.[1];
    return found === undefined ? [] : [found.split(" ").map(Number)];
  });

function figuresOf(delaysUs: readonly number[]): DelayFigures {
  const sorted = Float64Array.from(delaysUs).sort();
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? NaN;
  return { quotes: sorted.length, p50Us: at(0.5), p95Us: at(0.95), p99Us: at(0.99) };
}

/** Where nothing else would run, as far as the system knows that. */
async function askFor(url: string, size: LoadSize): Promise<ClientsReport> {
  const words = [url, size.followers, size.requestsPerSecond, size.seconds].map(String);
  const args = ["run", "-A", "--frozen", clients, ...words];
  const [program = Deno.execPath(), ...rest] = [...leastPriority, Deno.execPath(), ...args];
  const command = new Deno.Command(program, { args: rest, stderr: "inherit" });
  const { code, stdout } = await command.output();
  if (code !== 0) throw new Error(`the clients ended with ${code}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Runs a host and both kinds of turns. */
export async function consoleLoad(size: LoadSize = fullSize): Promise<ConsoleLoad> {
  const dataDir = await Deno.makeTempDir();
  const strategies = await Deno.makeTempDir();
  await Deno.copyFile(delaysPlugin, join(strategies, "delays.ts"));
  const host = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--frozen",
      `--v8-flags=${v8MemoryFlag}`, // as `deno task start`
      join(projectDir, "core/main.ts"),
      "start",
      ...["--seed", "1", "--plugins", strategies, "--data-dir", dataDir, "--console-port", "0"],
    ],
    cwd: projectDir,
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const lines = new LineReader(host.stdout);
  const wait = (delayMs: number) => new Promise((resolve) => setTimeout(resolve, delayMs));
  try {
    const listening = await lines.until((line) => line.includes("console at http"));
    const url = /console at (http:\/\/[\d.:]+)/.exec(listening)?.[1] ?? "";
    const alone: number[] = [];
    const asked: number[] = [];
    const reports: ClientsReport[] = [];
    /** Delays of the turn, its first second left out: what went before may still be in it. */
    const during = async (act: () => Promise<unknown>, delaysUs: number[]): Promise<void> => {
      const from = lines.lines.length;
      await act();
      for (const second of delaysOf(lines.lines.slice(from)).slice(1)) delaysUs.push(...second);
    };
    await wait(warmUpMs);
    await askFor(url, { ...size, seconds: 2 }); // the console's code too
    for (let round = 0; round < size.rounds; round += 1) {
      await during(() => wait(size.seconds * 1_000), alone);
      await during(async () => reports.push(await askFor(url, size)), asked);
    }
    const [aloneFigures, askedFigures] = [figuresOf(alone), figuresOf(asked)];
    return {
      alone: aloneFigures,
      asked: askedFigures,
      move: askedFigures.p99Us / aloneFigures.p99Us - 1,
      clients: reports[Math.floor(reports.length / 2)],
    };
  } finally {
    host.kill("SIGTERM");
    await Promise.all([host.status, lines.ended]);
    await Deno.remove(dataDir, { recursive: true });
    await Deno.remove(strategies, { recursive: true });
  }
}

if (import.meta.main) {
  const [
    followers = fullSize.followers,
    requestsPerSecond = fullSize.requestsPerSecond,
    rounds = fullSize.rounds,
  ] = Deno.args.map(Number);
  const load = await consoleLoad({ ...fullSize, followers, requestsPerSecond, rounds });
  await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify(load)}\n`));
  const hasGotThrough = load.clients !== undefined && load.clients.followers === followers &&
    load.clients.requestsPerSecond >= 0.95 * requestsPerSecond;
  Deno.exit(load.move < maxMove && hasGotThrough ? 0 : 1);
}
