/** A backtest over a file of bars or a recording, from names and numbers to a report's input. */
import { basename, dirname, resolve } from "node:path";
import { BerthError } from "../errors.ts";
import { defaultPluginConfig, type HostConfig } from "../host/config/config.ts";
import { findPlugins, pluginAt, type PluginSource } from "../host/plugins/discovery.ts";
import { checkSettings } from "../host/plugins/manifest_schema.ts";
import type { HostLog } from "../host/ports.ts";
import { probeManifest } from "../host/plugins/probe.ts";
import { budgetOf } from "../host/plugins/strategy_channel.ts";
import { bundledPluginsFolder, projectFolder } from "../host/project_folder.ts";
import { systemClock } from "../host/system_clock.ts";
import { pluginId } from "../model/ids.ts";
import { isCompiled } from "../sandbox/edition.ts";
import { sandboxKindOf } from "../sandbox/kind_names.ts";
import { createSandbox } from "../sandbox/kinds.ts";
import { defaultLimits, type Sandbox } from "../sandbox/sandbox.ts";
import type { StrategyManifest } from "../sdk/manifest.ts";
import { type FileMarket, openBars, type OpenedMarket, openTicks } from "./file_market.ts";
import { openRecording } from "../recording/reader.ts";
import type { ReportInput } from "./report.ts";
import { runBacktest } from "./run.ts";

/** What is asked of a backtest. */
export interface BacktestQuestion {
  /** An id of a plugin in the configured folders, or a path. */
  readonly plugin: string;
  /** One of the two is named: bars, or a recording, or files of quotes and trades. */
  readonly barsFile: string | undefined;
  readonly dataPaths: readonly string[];
  /** What a file that names no market is of; a recording has its own. */
  readonly market: FileMarket;
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
  readonly depositUsd: number;
  readonly venueLatencyMs: number;
  readonly lookaheadMs: number;
  readonly seed: number;
  /** Over the configuration's. */
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface ComposedBacktest extends BacktestQuestion {
  readonly config: HostConfig;
  readonly workingFolder: string;
  readonly log: HostLog;
  readonly onProgress: (share: number) => void;
}

/**
 * Runs it.
 *
 * @throws {BerthError} BACKTEST_PLUGIN, what is wrong with the data, and why the plugin ended
 */
export async function composedBacktest(options: ComposedBacktest): Promise<ReportInput> {
  const { config } = options;
  const kind = sandboxKindOf("auto", isCompiled()) ?? "worker-in-process";
  const sandbox = createSandbox(kind, { clock: systemClock(), projectDir: projectFolder });
  const source = await findPlugin(options);
  const manifest = await strategyManifest(sandbox, source, options.plugin);
  const configured = config.plugins[manifest.id] ?? defaultPluginConfig;
  const settings = checkSettings(manifest.settings, { ...configured.settings, ...options.settings });
  if (settings.kind === "invalid") {
    const why = settings.faults.map(({ field, found, expected }) =>
      `${field} is ${found}; expected ${expected}`
    );
    throw new BerthError("BACKTEST_PLUGIN", { plugin: options.plugin, why: `its setting ${why.join(", ")}` });
  }
  const { data, risk, assumptions } = await marketOf(options);
  const recording = await runBacktest({
    sandbox,
    process: {
      pluginId: pluginId(manifest.id),
      role: "strategy",
      entryPath: source.entryPath,
      rootPath: source.rootPath,
      // A backtest reaches nothing outside itself, whatever the plugin asks for.
      permissions: { net: [], read: [], write: [] },
      packages: [],
      limits: {
        ...defaultLimits,
        heapMb: configured.limits.maxHeapMb,
        rssMb: configured.limits.maxMemoryMb,
        heartbeatMs: 60_000,
        cpuShare: Infinity,
      },
    },
    manifest,
    settings: settings.value,
    data,
    risk,
    budget: budgetOf(manifest, configured.budget),
    depositUsd: options.depositUsd,
    venueLatencyMs: options.venueLatencyMs,
    lookaheadMs: options.lookaheadMs,
    seed: options.seed,
    log: options.log,
    onProgress: options.onProgress,
  });
  return {
    plugin: manifest.id,
    version: manifest.version,
    settings: settings.value,
    data: data.description,
    fromMs: data.fromUs / 1000,
    toMs: data.toUs / 1000,
    seed: options.seed,
    assumptions: [
      ...assumptions,
      `${options.venueLatencyMs} ms to the venue and as long back`,
      "a resting order waits behind the size shown at its price, and fills by trades there or when the price goes through it",
    ],
    recording,
  };
}

async function marketOf(options: ComposedBacktest): Promise<OpenedMarket> {
  const { config: { risk }, dataPaths, barsFile, market, fromMs, toMs, workingFolder } = options;
  const where = { workingFolder, risk, fromMs, toMs };
  if (barsFile !== undefined) return await openBars(barsFile, market, where);
  if (dataPaths.some((path) => /\.csv(\.gz)?$/.test(path))) return await openTicks(dataPaths, market, where);
  const [path = "", ...others] = dataPaths;
  if (others.length > 0) {
    throw new BerthError("CLI_USAGE", {
      problem: "--data names several recordings",
      fix: "name one recording, or files of quotes and trades that end in .csv or .csv.gz",
    });
  }
  const data = await openRecording(resolve(workingFolder, path), { fromMs, toMs });
  const assumptions = [
    "fees as the venues listed them when it was recorded",
    "funding as the venues stated it",
  ];
  return { data, risk, assumptions };
}

/** By path when it looks like one, else by the id of a configured or bundled plugin. */
async function findPlugin({ plugin, config, workingFolder }: ComposedBacktest): Promise<PluginSource> {
  if (/[/\\]|\.ts$/.test(plugin)) {
    const path = resolve(workingFolder, plugin).replace(/[/\\]mod\.ts$/, "");
    const source = await pluginAt(dirname(path), basename(path));
    if (source !== undefined) return source;
    throw new BerthError("BACKTEST_PLUGIN", {
      plugin,
      why: "there is no .ts file and no folder with mod.ts",
    });
  }
  const folders = [...new Set([bundledPluginsFolder, ...config.pluginFolders])];
  const found = (await Promise.all(folders.map(findPlugins))).flat();
  const source = found.find((one) => one.name === plugin);
  if (source !== undefined) return source;
  const names = [...new Set(found.map((one) => one.name))].join(", ");
  throw new BerthError("BACKTEST_PLUGIN", {
    plugin,
    why: `the plugin folders hold ${names === "" ? "none" : names}`,
  });
}

async function strategyManifest(
  sandbox: Sandbox,
  source: PluginSource,
  plugin: string,
): Promise<StrategyManifest> {
  const probed = await probeManifest(sandbox, source, false);
  if (probed.kind === "broken") throw new BerthError("BACKTEST_PLUGIN", { plugin, why: probed.why });
  if (probed.manifest.kind === "strategy") return probed.manifest;
  throw new BerthError("BACKTEST_PLUGIN", { plugin, why: "it is an adapter, not a strategy" });
}
