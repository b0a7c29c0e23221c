/**
 * What many clients of the console cost the way of a quote to a strategy: a real host on simulated venues, by turns left
 * alone and asked by a process of clients at the lowest priority, so that the console's own work is what is measured and
 * not the clients' share of the processors. Many short turns, so that what else the machine does falls on both alike.
 *
 * The machine must be quiet. One command, one line of JSON, exit code 1 when the p99 moved by 20 % or more,
 * or when the clients did not get through:
 *
 *     deno run -A --frozen tests/bench/console_load.ts
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LineReader } from "../support/line_reader.ts";
import { median, meterFolder } from "./delivery.ts";

const projectDir = fileURLToPath(new URL("../../", import.meta.url));
const clients = fileURLToPath(new URL("./console_clients.ts", import.meta.url));

export interface LoadSize {
  readonly followers: number;
  readonly requestsPerSecond: number;
  /** Turns of each kind. */
  readonly rounds: number;
  /** Length of a turn. */
  readonly seconds: number;
}

const fullSize: LoadSize = { followers: 500, requestsPerSecond: 2_000, rounds: 8, seconds: 5 };
const maxMove = 0.2;

export interface ConsoleLoad {
  /** Medians over seconds of the p99 of each second, microseconds from the adapter's stamp to the callback. */
  readonly aloneP99Us: number;
  readonly askedP99Us: number;
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

const p99sOf = (lines: readonly string[]): readonly number[] =>
  lines.flatMap((line) => {
    const found = /"p99Us":([\d.]+)/.exec(line)?.[1];
    return found === undefined ? [] : [Number(found)];
  });

/** At the lowest priority, where the system has one. */
async function askFor(url: string, size: LoadSize): Promise<ClientsReport> {
  const words = [url, size.followers, size.requestsPerSecond, size.seconds].map(String);
  const args = ["run", "-A", "--frozen", clients, ...words];
  const isNice = Deno.build.os !== "windows";
  const command = isNice
    ? new Deno.Command("nice", { args: ["-n", "19", Deno.execPath(), ...args], stderr: "inherit" })
    : new Deno.Command(Deno.execPath(), { args, stderr: "inherit" });
  const { code, stdout } = await command.output();
  if (code !== 0) throw new Error(`the clients ended with ${code}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Runs a host and both kinds of turns. */
export async function consoleLoad(size: LoadSize = fullSize): Promise<ConsoleLoad> {
  const dataDir = await Deno.makeTempDir();
  const strategies = await meterFolder(1);
  const host = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--frozen",
      join(projectDir, "core/main.ts"),
      "start",
      ...["--seed", "1", "--plugins", strategies, "--data-dir", dataDir, "--console-port", "0"],
    ],
    cwd: projectDir,
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const lines = new LineReader(host.stdout);
  try {
    const listening = await lines.until((line) => line.includes("console at http"));
    const url = /console at (http:\/\/[\d.:]+)/.exec(listening)?.[1] ?? "";
    const alone: number[] = [];
    const asked: number[] = [];
    const reports: ClientsReport[] = [];
    /** Figures of the turn, its first second left out: what went before may still be in it. */
    const during = async (act: () => Promise<unknown>, figures: number[]): Promise<void> => {
      const from = lines.lines.length;
      await act();
      figures.push(...p99sOf(lines.lines.slice(from)).slice(1));
    };
    for (let round = 0; round < size.rounds; round += 1) {
      await during(() => new Promise((resolve) => setTimeout(resolve, size.seconds * 1_000)), alone);
      await during(async () => reports.push(await askFor(url, size)), asked);
    }
    const [aloneP99Us, askedP99Us] = [median(alone), median(asked)];
    const middle = reports[Math.floor(reports.length / 2)];
    return { aloneP99Us, askedP99Us, move: askedP99Us / aloneP99Us - 1, clients: middle };
  } finally {
    host.kill("SIGTERM");
    await Promise.all([host.status, lines.ended]);
    await Deno.remove(dataDir, { recursive: true });
    await Deno.remove(strategies, { recursive: true });
  }
}

if (import.meta.main) {
  const load = await consoleLoad();
  await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify(load)}\n`));
  const hasGotThrough = load.clients !== undefined && load.clients.followers === fullSize.followers &&
    load.clients.requestsPerSecond >= 0.95 * fullSize.requestsPerSecond;
  Deno.exit(load.move < maxMove && hasGotThrough ? 0 : 1);
}
