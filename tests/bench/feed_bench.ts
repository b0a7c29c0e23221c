/** The same OKX ticker feed end to end: through berth's adapter, host and a strategy, and through ccxt pro. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { PluginConfig } from "../../core/host/config/config.ts";
import { defaultPluginConfig } from "../../core/host/config/config.ts";
import { MiniHost, projectDir } from "../support/mini_host.ts";
import { median, type Metered, meterFolder, meterFor } from "./delivery.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

interface Feed {
  readonly port: number;
  stop(): Promise<void>;
}

/** The sender, a process of its own. */
async function startFeed(swaps: number): Promise<Feed> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--frozen", here("./feed/okx_ticker_server.ts"), String(swaps)],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = process.stdout.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  return {
    port: Number(new TextDecoder().decode(value).trim()),
    async stop() {
      process.kill("SIGKILL");
      await process.stdout.cancel();
      await process.status;
    },
  };
}

/** Quotes a second that reach a strategy's callback, over five seconds, and their delay from the adapter's stamp. */
export async function berthFeed(swaps: number): Promise<Metered & { readonly read: number }> {
  const feed = await startFeed(swaps);
  const folder = await meterFolder(1);
  const configOf = (id: string): PluginConfig =>
    id === "okx"
      ? {
        ...defaultPluginConfig,
        settings: { quoteChannel: "tickers" },
        limits: { ...defaultPluginConfig.limits, heartbeatMs: 5_000 },
      }
      : defaultPluginConfig;
  const base = `127.0.0.1:${feed.port}`;
  const endpoints = {
    restUrl: `http://${base}`,
    wsPublicUrl: `ws://${base}/ws/v5/public`,
    wsPrivateUrl: `ws://${base}/x`,
    wsBusinessUrl: `ws://${base}/x`,
  };
  const okx = {
    name: "okx",
    entryPath: join(projectDir, "exchanges/okx/mod.ts"),
    rootPath: join(projectDir, "exchanges/okx"),
  };
  try {
    await using host = new MiniHost({
      configOf,
      venues: [],
      accessOf: () => ({
        kind: "access",
        access: { endpoints, netHosts: [base], secrets: {}, isPaper: false },
      }),
    });
    await host.start(folder, 60_000, [okx]);
    const before = host.quotesRead("okx");
    const fromMs = performance.now();
    const seconds = (await meterFor(host, 6, 1)).filter((one) => one.quotes > 0);
    const read = ((host.quotesRead("okx") - before) / (performance.now() - fromMs)) * 1_000;
    return {
      read,
      quotes: seconds.reduce((sum, one) => sum + one.quotes, 0) / Math.max(1, seconds.length),
      p50Us: median(seconds.map((one) => one.p50Us)),
      p99Us: median(seconds.map((one) => one.p99Us)),
      p999Us: median(seconds.map((one) => one.p999Us)),
    };
  } finally {
    await feed.stop();
    await Deno.remove(folder, { recursive: true });
  }
}

export interface CcxtFeed {
  /** Messages that ccxt handled a second. */
  readonly messagesPerSecond: number;
  /** `await watchTicker()` that came back a second: what a user's loop sees. */
  readonly watchesPerSecond: number;
}

/** ccxt pro on the same feed, in a process of its own. */
export async function ccxtFeed(swaps: number): Promise<CcxtFeed> {
  const feed = await startFeed(swaps);
  try {
    const { stdout, success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--frozen", here("./feed/ccxt_reader.ts"), String(feed.port), "5", String(swaps)],
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr).slice(-500));
    return JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1) ?? "");
  } finally {
    await feed.stop();
  }
}
