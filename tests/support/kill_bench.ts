/**
 * Hosts that are killed while they trade, beside simulated venues that are not: each start goes on with what the journal
 * kept, and what it then believes is compared with the venues' own books.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const projectDir = fileURLToPath(new URL("../../", import.meta.url));

const berth = ["run", "-A", "--frozen", "--no-check", join(projectDir, "core/main.ts")] as const;

export interface KillBench extends AsyncDisposable {
  readonly dataDir: string;
  /** Starts a host, lets it trade for a while after it may, and kills it with SIGKILL. */
  tradeAndKill(tradeMs: number): Promise<void>;
  /** Starts a host, lets it compare itself with the venues, and stops it in order. */
  settle(tradeMs: number): Promise<Settled>;
  /** Starts a host and kills it with SIGKILL when this resolves. */
  killWhen(isTime: () => Promise<void>): Promise<void>;
  /** What `berth status` of the running host prints; what it complains of while none is ready. */
  status(): Promise<string>;
  /** Signed lots that the account holds by the venue's own books. */
  positionLots(venue: string, symbol: string): Promise<number>;
  /** The price of an underlying jumps everywhere by this fraction. */
  shock(asset: string, fraction: number): Promise<void>;
}

export interface KillBenchOptions {
  readonly pluginFolder: string;
  /** Besides what the bench needs. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** Asks again until it is so. @throws when it is not within 30 s */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 150; attempt++) {
    if (await isSo()) return;
    await after(200);
  }
  throw new Error(`waited in vain for ${what}`);
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

const usualOptions: KillBenchOptions = {
  pluginFolder: join(projectDir, "tests/support/plugins"),
  config: { plugins: { healthy: { enabled: false } } },
};

export async function killBench(
  seed: number,
  faults: Readonly<Record<string, number>>,
  options: KillBenchOptions = usualOptions,
): Promise<KillBench> {
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
    ...options.config,
    pluginFolders: [options.pluginFolder],
    venues: { enabled: ["paradex", "okx"] },
    simulation: { attach: "venues.json" },
    log: { format: "json" },
  };
  await Deno.writeTextFile(join(folder, "berth.json"), JSON.stringify(config));
  await fileExists(venuesFile);
  const reached: { readonly control: { readonly url: string; readonly token: string } } = JSON.parse(
    await Deno.readTextFile(venuesFile),
  );
  const control = async (method: string, path: string): Promise<Response> => {
    const { url, token } = reached.control;
    return await fetch(`${url}${path}`, { method, headers: { authorization: `Bearer ${token}` } });
  };
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
    async killWhen(isTime) {
      const host = startHost(folder);
      try {
        await host.ready;
        await isTime();
      } finally {
        host.process.kill("SIGKILL");
        await host.process.status;
        await host.out;
      }
    },
    async status() {
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [...berth, "status", "--data-dir", join(folder, "data")],
        cwd: projectDir,
      }).output();
      return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    },
    async positionLots(venue, symbol) {
      const { venues }: {
        readonly venues: Readonly<
          Record<
            string,
            { readonly positions: readonly { readonly symbol: string; readonly positionLots: number }[] }
          >
        >;
      } = await (await control("GET", "/ledger")).json();
      return venues[venue]?.positions.find((position) => position.symbol === symbol)?.positionLots ?? 0;
    },
    async shock(asset, fraction) {
      const response = await control("POST", `/shock?asset=${asset}&fraction=${fraction}`);
      if (!response.ok) throw new Error(`the price of ${asset} was not moved: ${response.status}`);
      await response.body?.cancel();
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
    args: [...berth, "start", "--config", join(folder, "berth.json")],
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
