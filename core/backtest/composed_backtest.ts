/** A backtest over a file of bars or a recording, from names and numbers to a report's input. */
import { basename, dirname, resolve } from "node:path";
import { BerthError } from "../errors.ts";
import { defaultPluginConfig, type HostConfig } from "../host/config.ts";
import { findPlugins, pluginAt, type PluginSource } from "../host/discovery.ts";
import { checkSettings } from "../host/manifest_schema.ts";
import type { HostLog } from "../host/ports.ts";
import { probeManifest } from "../host/probe.ts";
import { budgetOf } from "../host/strategy_channel.ts";
import { bundledPluginsFolder, projectFolder } from "../host/project_folder.ts";
import { systemClock } from "../host/system_clock.ts";
import { parseInstrumentId, pluginId, symbolOf, venueOf } from "../model/ids.ts";
import type { Instrument } from "../model/instrument.ts";
import type { RiskSettings } from "../model/risk_limits.ts";
import { increment } from "../model/ticks.ts";
import { isCompiled } from "../sandbox/edition.ts";
import { sandboxKindOf } from "../sandbox/kind_names.ts";
import { createSandbox } from "../sandbox/kinds.ts";
import { defaultLimits, type Sandbox } from "../sandbox/sandbox.ts";
import type { StrategyManifest } from "../sdk/manifest.ts";
import { barsAsMarketData } from "./bars.ts";
import { barLengthMs, readBars } from "./bars_file.ts";
import { openRecording } from "../recording/reader.ts";
import type { MarketData } from "../recording/market_data.ts";
import type { ReportInput } from "./report.ts";
import { runBacktest } from "./run.ts";

export interface ComposedBacktest {
  readonly config: HostConfig;
  readonly workingFolder: string;
  /** An id of a plugin in the configured folders, or a path. */
  readonly plugin: string;
  /** One of the two is named. */
  readonly barsFile: string | undefined;
  readonly recordingFolder: string | undefined;
  /** Of bars; a recording has its own. */
  readonly market: {
    readonly instrument: string;
    readonly tick: string;
    readonly lot: string;
    readonly minNotionalUsd: number;
    readonly makerFeeBps: number;
    readonly takerFeeBps: number;
    readonly spreadBps: number;
    readonly quoteSizeBase: number;
    readonly volumeUnit: "base" | "quote";
    readonly stepMs: number;
  };
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
  readonly depositUsd: number;
  readonly venueLatencyMs: number;
  readonly lookaheadMs: number;
  readonly seed: number;
  /** Over the configuration's. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly log: HostLog;
  readonly onProgress: (share: number) => void;
}

/**
 * Runs it.
 *
 * @throws {BerthError} BACKTEST_PLUGIN, BACKTEST_BAD_BARS, BACKTEST_NO_DATA, MODEL_INVALID_ID, and why the plugin ended
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

interface Market {
  readonly data: MarketData;
  readonly risk: RiskSettings;
  readonly assumptions: readonly string[];
}

async function marketOf(options: ComposedBacktest): Promise<Market> {
  const { config, recordingFolder, barsFile, fromMs, toMs, workingFolder } = options;
  if (recordingFolder !== undefined) {
    const data = await openRecording(resolve(workingFolder, recordingFolder), { fromMs, toMs });
    return { data, risk: config.risk, assumptions: ["fees as the venues listed them when it was recorded"] };
  }
  return await barsMarket(options, barsFile ?? "");
}

async function barsMarket(options: ComposedBacktest, barsFile: string): Promise<Market> {
  const { config, market, fromMs, toMs, workingFolder } = options;
  const bars = await readBars(resolve(workingFolder, barsFile), {
    fromMs,
    toMs,
    volumeUnit: market.volumeUnit,
  });
  const lengthMs = barLengthMs(bars);
  const stepMs = Math.min(market.stepMs, lengthMs / 4);
  const { spreadBps, quoteSizeBase, makerFeeBps, takerFeeBps } = market;
  const settings = { instrument: instrumentOf(market), lengthMs, spreadBps, quoteSizeBase, stepMs };
  return {
    data: barsAsMarketData(bars, settings, `${bars.length} bars of ${basename(barsFile)}`),
    risk: forBars(config.risk, stepMs),
    assumptions: [
      `within a bar the price goes from open to the nearer extreme, the other one and the close, quoted every ${
        stepMs / 1000
      } s ${spreadBps} bps wide with ${quoteSizeBase} on each side`,
      `fees ${makerFeeBps} bps maker, ${takerFeeBps} bps taker`,
      "no funding",
    ],
  };
}

/** Quotes are as old as bars are coarse: what would be stale on a live feed is all there is here. */
function forBars(risk: RiskSettings, stepMs: number): RiskSettings {
  const atLeast = (ms: number): number => Math.max(ms, 2 * stepMs);
  const { market } = risk;
  return {
    ...risk,
    market: {
      ...market,
      maxQuoteAgeMs: atLeast(market.maxQuoteAgeMs),
      maxMarkAgeMs: Math.max(market.maxMarkAgeMs, 8 * stepMs),
      maxValuationAgeMs: Math.max(market.maxValuationAgeMs, 8 * stepMs),
    },
  };
}

function instrumentOf(market: ComposedBacktest["market"]): Instrument {
  const id = parseInstrumentId(market.instrument);
  const symbol = symbolOf(id);
  return {
    id,
    venue: venueOf(id),
    symbol,
    venueSymbol: symbol,
    kind: "perpetual",
    settlement: "linear",
    baseAsset: symbol.split("-")[0] ?? symbol,
    quoteAsset: "USD",
    settlementAsset: "USD",
    tick: increment(market.tick),
    lot: increment(market.lot),
    contractMultiplier: "1",
    minSizeLots: 1,
    maxSizeLots: 1_000_000_000_000,
    minNotional: market.minNotionalUsd,
    makerFeeBps: market.makerFeeBps,
    takerFeeBps: market.takerFeeBps,
    maxLeverage: 50,
    status: "trading",
  };
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
