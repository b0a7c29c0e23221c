/** The console as a function, over a picture of a small run, with commands that are only written down. */
import { sampleStrategy } from "../terminal/sample_snapshot.ts";
import { type App, createApp } from "../../../core/console/app.ts";
import type { CommandInput } from "../../../core/console/commands.ts";
import { History } from "../../../core/console/history.ts";
import { LiveEvents } from "../../../core/console/live_events.ts";
import { Metrics } from "../../../core/console/metrics.ts";
import type { CommandResult, ConsoleSettings, HostPicture } from "../../../core/console/ports.ts";
import { RecentLogs } from "../../../core/console/recent_logs.ts";
import { BerthError } from "../../../core/errors.ts";
import type { JournalReader } from "../../../core/journal/reader.ts";
import { watchedAlerts } from "./some_alerts.ts";
import { alpha, btcAt, EngineHarness, maker } from "../../support/engine_builders.ts";

export const token = `berth_${"0123456789abcdef".repeat(4)}`;
export const port = 8117;
export const ownHost = `127.0.0.1:${port}`;

async function sha256(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A venue, a plugin, a position, a working order, a refusal. */
export function somePicture(): HostPicture {
  const harness = EngineHarness.ready();
  harness.trade("buy", 30);
  harness.place();
  harness.intend({ ref: "a ref with spaces" });
  harness.pass(1_000);
  return {
    run: {
      runId: "run-1",
      version: "1.2.3",
      environment: "sim",
      seed: 7,
      startedMs: 1_700_000_000_000,
      uptimeMs: 5_000,
      isStopping: false,
      hostRssMb: 100,
      loopDelayMs: 2,
    },
    engine: harness.engine.snapshot(harness.nowUs),
    instruments: [btcAt(alpha)],
    plugins: [{
      id: maker,
      kind: "strategy",
      version: "1.0.0",
      fingerprint: "ab".repeat(32),
      update: undefined,
      state: "awaiting_approval",
      why: "it asks for more than market data and orders",
      restarts: 1,
      asks: ["may connect to api.example.com:443"],
      may: ["may place orders in BTC-PERP on alpha", "connects to api.example.com:443"],
      description: "Makes a market.",
      usage: {
        cpuShare: 0.1,
        rssBytes: 50 << 20,
        heapUsedBytes: 5 << 20,
        loopDelayMs: 0.5,
        heartbeatAgeMs: 10,
        conflatedRecords: 3,
        droppedTrades: 0,
      },
    }],
    strategies: [sampleStrategy],
    opportunities: {
      seen: 2,
      taken: 1,
      latest: [{
        tsMs: 1,
        plugin: maker,
        symbol: "BTC-PERP",
        words: "buy alpha",
        edgeBps: NaN,
        isTaken: true,
      }],
    },
    notices: [{ tsMs: 1, severity: "warning", text: "Something was told." }],
    alerts: watchedAlerts,
    gauges: [{ plugin: maker, name: "spread", value: 1.5 }],
    counts: { orders: 2, fills: 1, roundTrips: 0 },
    newLogs: [{ sequence: 1, tsMs: 1, level: "warn", source: maker, message: "widened", fields: { bps: 3 } }],
  };
}

export interface Bench {
  readonly app: App;
  readonly commands: { readonly command: CommandInput; readonly by: string }[];
  readonly live: LiveEvents;
  nowMs: number;
  picture: HostPicture | undefined;
  /** What the next command is answered. */
  result: CommandResult;
  ask(path: string, init?: RequestInit & { readonly address?: string }): Promise<Response>;
}

export async function consoleBench(
  changes: Partial<ConsoleSettings> & { readonly journal?: () => JournalReader } = {},
): Promise<Bench> {
  const { journal, ...settings } = changes;
  const live = new LiveEvents({
    monotonicMs: () => 0,
    onCount: () => undefined,
    every: () => () => undefined,
  });
  const tokenHash = await sha256(token);
  const commands: Bench["commands"] = [];
  const history = new History();
  const logs = new RecentLogs();
  history.add(somePicture());
  logs.add(somePicture().newLogs);
  const app = createApp({
    settings: {
      address: "127.0.0.1",
      port,
      allowedHosts: [],
      tokenHash,
      journalFile: "",
      version: "1.2.3",
      environment: "sim",
      ...settings,
    },
    port: () => port,
    clock: { epochMs: () => bench.nowMs, monotonicMs: () => bench.nowMs },
    picture: () => bench.picture === undefined ? undefined : { picture: bench.picture, atMs: bench.nowMs },
    command: (command, by) => {
      commands.push({ command, by });
      return Promise.resolve(bench.result);
    },
    openJournal: journal ?? (() => {
      throw new BerthError("JOURNAL_MISSING", { file: "journal.db" });
    }),
    live,
    metrics: new Metrics(),
    history,
    logs,
  });
  const bench: Bench = {
    app,
    commands,
    live,
    nowMs: 0,
    picture: somePicture(),
    result: { kind: "done", value: null },
    ask(path, { address = "127.0.0.1", ...init } = {}) {
      const headers = new Headers(init.headers);
      if (!headers.has("host")) headers.set("host", ownHost);
      return app(new Request(`http://${ownHost}${path}`, { ...init, headers }), { address });
    },
  };
  return bench;
}
