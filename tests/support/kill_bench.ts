/**
 * Hosts that are killed while they trade, beside simulated venues that are not: each start goes on with what the journal
 * kept, and what it then believes is compared with the venues' own books.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const projectDir = fileURLToPath(new URL("../../", import.meta.url));

export interface KillBench extends AsyncDisposable {
  readonly dataDir: string;
  /** Starts a host, lets it trade for a while after it may, and kills it with SIGKILL. */
  tradeAndKill(tradeMs: number): Promise<void>;
  /** Starts a host, lets it compare itself with the venues, and stops it in order. */
  settle(tradeMs: number): Promise<Settled>;
}

export interface Settled {
  readonly code: number;
  readonly venues: readonly {
    readonly venue: string;
    readonly ledger: { readonly agrees: boolean; readonly differences: readonly string[] };
  }[];
  readonly log: string;
}

interface Host {
  readonly process: Deno.ChildProcess;
  /** Both accounts were compared: orders may be sent. */
  readonly ready: Promise<void>;
  readonly out: Promise<string>;
}

export async function killBench(seed: number, faults: Readonly<Record<string, number>>): Promise<KillBench> {
  const folder = await Deno.makeTempDir({ prefix: "berth_kills_" });
  const venuesFile = join(folder, "venues.json");
  const venues = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--frozen",
      "--no-check",
      join(projectDir, "exchanges/simulation/standalone.ts"),
      "--file",
      venuesFile,
      "--seed",
      String(seed),
      "--faults",
      JSON.stringify(faults),
    ],
    cwd: projectDir,
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  const config = {
    dataDir: "data",
    pluginFolders: [join(projectDir, "tests/support/plugins")],
    plugins: { healthy: { enabled: false } },
    venues: { enabled: ["paradex", "okx"] },
    simulation: { attach: "venues.json" },
    log: { format: "json" },
  };
  await Deno.writeTextFile(join(folder, "berth.json"), JSON.stringify(config));
  await fileExists(venuesFile);
  return {
    dataDir: join(folder, "data"),
    async tradeAndKill(tradeMs) {
      const host = startHost(folder);
      await host.ready;
      await after(tradeMs);
      host.process.kill("SIGKILL");
      await host.process.status;
      await host.out;
    },
    async settle(tradeMs) {
      const host = startHost(folder);
      await host.ready;
      await after(tradeMs);
      host.process.kill("SIGINT");
      const { code } = await host.process.status;
      const log = await host.out;
      const line = log.split("\n").findLast((one) => one.startsWith('{"event":"summary"'));
      const summary: Partial<Settled> = JSON.parse(line ?? "{}");
      return { code, log, venues: summary.venues ?? [] };
    },
    async [Symbol.asyncDispose]() {
      venues.kill("SIGTERM");
      await venues.status;
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function startHost(folder: string): Host {
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--frozen",
      "--no-check",
      join(projectDir, "core/main.ts"),
      "start",
      "--config",
      join(folder, "berth.json"),
    ],
    env: { BERTH_CONSOLE_PORT: "0" },
    cwd: projectDir,
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  const read = async (): Promise<string> => {
    let text = "";
    for await (const part of process.stdout.pipeThrough(new TextDecoderStream())) {
      text += part;
      if ((text.match(/orders may be sent/g) ?? []).length >= 2) resolve();
    }
    reject(new Error(`the host ended before it was ready: ${text.slice(-2_000)}`));
    return text;
  };
  return { process, ready, out: read() };
}

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function fileExists(path: string): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (await Deno.stat(path).then(() => true, () => false)) return;
    await after(50);
  }
  throw new Error(`${path} was not written`);
}
