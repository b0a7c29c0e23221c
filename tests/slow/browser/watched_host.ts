/** A host on simulated venues whose dashboard is looked at: with the bundled strategies and two of the test's own. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LineReader } from "../../support/line_reader.ts";

const projectDir = fileURLToPath(new URL("../../../", import.meta.url));

/** Asks for a network host, so that it waits for approval. */
const asking = `
import { defineStrategy } from "@berth/sdk";
export default defineStrategy({
  kind: "strategy", id: "asking", version: "1.0.0", sdkVersion: 1, author: "tests",
  description: "Reads the news, and waits to be allowed to.",
  permissions: { net: ["news.example.com:443"] },
  trading: { venues: ["okx"], instruments: ["BTC-PERP"], data: ["quotes"], orders: "trade" },
  riskBudget: { maxOrderNotionalUsd: 250, maxPositionNotionalUsd: 500, maxOrdersPerSecond: 2, maxDailyLossUsd: 25 },
  onStop: "keep_positions", settings: {},
}, () => ({}));
`;

/** Says in every text that it has what a page must not take for HTML. */
export const hostileText = "<img src=x onerror='globalThis.wasRun=1'><script>globalThis.wasRun=1</script>";
const shouting = `
import { defineStrategy } from "@berth/sdk";
const text = ${JSON.stringify(hostileText)};
export default defineStrategy({
  kind: "strategy", id: "shouting", version: "1.0.0", sdkVersion: 1, author: "tests", description: text,
  trading: { venues: ["*"], instruments: ["BTC-PERP"], data: ["quotes"], orders: "none" },
  riskBudget: { maxOrderNotionalUsd: 0, maxPositionNotionalUsd: 0, maxOrdersPerSecond: 0, maxDailyLossUsd: 0 },
  onStop: "keep_positions", settings: {},
}, (ctx) => {
  let isSaid = false;
  return {
    onQuote() {
      if (isSaid) return;
      isSaid = true;
      ctx.log.error(text, { field: text });
    },
  };
});
`;

export interface WatchedHost {
  readonly url: string;
  readonly port: number;
  readonly token: string;
  /** By this machine's clock, before it was started. */
  readonly tsStartMs: number;
  readonly lines: LineReader;
  /** Asks it to stop, and waits until it has. */
  stop(): Promise<number>;
}

export interface WatchedHosts extends AsyncDisposable {
  /** One at a time. @param port 0 for any free one */
  start(port: number): Promise<WatchedHost>;
}

/**
 * Hosts over one data folder, which goes with them.
 *
 * @param withOwn whether the test's own strategies run beside the bundled ones
 */
export async function watchedHosts({ withOwn } = { withOwn: true }): Promise<WatchedHosts> {
  const dataDir = await Deno.makeTempDir();
  const strategies = join(dataDir, "strategies");
  await Deno.mkdir(strategies);
  await Deno.writeTextFile(join(strategies, "asking.ts"), asking);
  await Deno.writeTextFile(join(strategies, "shouting.ts"), shouting);
  const running = new Set<Deno.ChildProcess>();
  return {
    async start(port) {
      const folders = [join(projectDir, "plugins"), ...(withOwn ? [strategies] : [])]
        .flatMap((folder) => ["--plugins", folder]);
      const options = ["--seed", "1", "--console-port", String(port), "--data-dir", dataDir, ...folders];
      const tsStartMs = Date.now();
      const host = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--frozen", "--no-check", join(projectDir, "core/main.ts"), "start", ...options],
        cwd: projectDir,
        stdout: "piped",
        stderr: "null",
      }).spawn();
      running.add(host);
      const lines = new LineReader(host.stdout);
      await lines.until((line) => line.includes("console at"));
      const { url } = JSON.parse(await Deno.readTextFile(join(dataDir, "sim/console.json")));
      return {
        url,
        port: Number(new URL(url).port),
        token: (await Deno.readTextFile(join(dataDir, "console.token"))).trim(),
        tsStartMs,
        lines,
        async stop() {
          host.kill("SIGTERM");
          const { code } = await host.status;
          await lines.ended;
          running.delete(host);
          return code;
        },
      };
    },
    async [Symbol.asyncDispose]() {
      for (const host of running) {
        host.kill("SIGKILL");
        await host.status;
      }
      await Deno.remove(dataDir, { recursive: true });
    },
  };
}
