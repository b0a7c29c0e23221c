/**
 * What many clients of the console cost the way of a quote to a strategy: a real host on simulated venues, by turns left
 * alone and asked by a process of clients. Run as a program it prints one line of JSON.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LineReader } from "../support/line_reader.ts";
import { median, meterFolder } from "./delivery.ts";

const projectDir = fileURLToPath(new URL("../../", import.meta.url));
const clients = fileURLToPath(new URL("./console_clients.ts", import.meta.url));
const rounds = 4;
const seconds = 8;

export interface ConsoleLoad {
  /** Medians over seconds of the p99 of each second, microseconds from the adapter's stamp to the callback. */
  readonly aloneP99Us: number;
  readonly askedP99Us: number;
  readonly clients: unknown;
}

const p99sOf = (lines: readonly string[]): readonly number[] =>
  lines.flatMap((line) => {
    const found = /"p99Us":([\d.]+)/.exec(line)?.[1];
    return found === undefined ? [] : [Number(found)];
  });

export async function consoleLoad(followers = 500, requestsPerSecond = 2_000): Promise<ConsoleLoad> {
  const dataDir = await Deno.makeTempDir();
  const strategies = await meterFolder(1);
  const host = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--frozen",
      join(projectDir, "core/main.ts"),
      "start",
      "--seed",
      "1",
      "--plugins",
      strategies,
      "--data-dir",
      dataDir,
    ],
    env: { BERTH_CONSOLE_PORT: "0" },
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
    let last: unknown;
    for (let round = 0; round < rounds; round++) {
      const before = lines.lines.length;
      await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
      alone.push(...p99sOf(lines.lines.slice(before)));
      const from = lines.lines.length;
      const { code, stdout } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", clients, url, String(followers), String(requestsPerSecond), String(seconds)],
        stderr: "inherit",
      }).output();
      if (code !== 0) throw new Error(`the clients ended with ${code}`);
      asked.push(...p99sOf(lines.lines.slice(from)));
      last = JSON.parse(new TextDecoder().decode(stdout));
    }
    return { aloneP99Us: median(alone), askedP99Us: median(asked), clients: last };
  } finally {
    host.kill("SIGTERM");
    await Promise.all([host.status, lines.ended]);
    await Deno.remove(dataDir, { recursive: true });
    await Deno.remove(strategies, { recursive: true });
  }
}

if (import.meta.main) {
  const text = JSON.stringify(await consoleLoad());
  await Deno.stdout.write(new TextEncoder().encode(`${text}\n`));
}
