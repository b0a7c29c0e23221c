/** Backtests in their real sandbox, with as little said as a test needs. */
import { increment, type Instrument, instrumentId, pluginId, venueId } from "@berth/sdk";
import { fileURLToPath } from "node:url";
import { type Bar, barsAsMarketData } from "../../../core/backtest/bars.ts";
import type { FundingSchedule } from "../../../core/backtest/funding.ts";
import type { MarketData } from "../../../core/recording/market_data.ts";
import type { Recording } from "../../../core/backtest/recorder.ts";
import { runBacktest } from "../../../core/backtest/run.ts";
import { probeManifest } from "../../../core/host/plugins/probe.ts";
import { systemClock } from "../../../core/host/system_clock.ts";
import { defaultRiskSettings } from "../../../core/risk/settings.ts";
import { createChildProcessSandbox } from "../../../core/sandbox/child_process.ts";
import { defaultLimits } from "../../../core/sandbox/sandbox.ts";

export const bitcoin: Instrument = {
  id: instrumentId("paradex", "BTC-PERP"),
  venue: venueId("paradex"),
  symbol: "BTC-PERP",
  venueSymbol: "BTC-USD-PERP",
  kind: "perpetual",
  settlement: "linear",
  baseAsset: "BTC",
  quoteAsset: "USD",
  settlementAsset: "USD",
  tick: increment("0.1"),
  lot: increment("0.00001"),
  contractMultiplier: "1",
  minSizeLots: 1,
  maxSizeLots: 1_000_000_000,
  minNotional: 10,
  makerFeeBps: 0,
  takerFeeBps: 2,
  maxLeverage: 20,
  status: "trading",
};

/** A CSV file for as long as it is used. */
export async function withFile<T>(text: string, use: (path: string) => Promise<T>): Promise<T> {
  const path = await Deno.makeTempFile({ suffix: ".csv" });
  try {
    await Deno.writeTextFile(path, text);
    return await use(path);
  } finally {
    await Deno.remove(path);
  }
}

export const minuteBars = (bars: readonly Bar[], stepMs = 1_000, funding?: FundingSchedule): MarketData =>
  barsAsMarketData(
    bars,
    { instrument: bitcoin, lengthMs: 60_000, spreadBps: 0.5, quoteSizeBase: 5, stepMs, funding },
    "minutes of a test",
  );

const projectDir = fileURLToPath(new URL("../../../", import.meta.url));

/** Runs a plugin of tests/support/plugins, or any other, over market data. */
export async function backtest(
  plugin: string,
  data: MarketData,
  settings: Readonly<Record<string, unknown>>,
  log: (line: string) => void = () => undefined,
  playsAhead = true,
): Promise<Recording> {
  const sandbox = createChildProcessSandbox({ clock: systemClock(), projectDir });
  const rootPath = plugin.startsWith("/") ? plugin : `${projectDir}tests/support/plugins/${plugin}`;
  const entryPath = `${rootPath}/mod.ts`;
  const probed = await probeManifest(sandbox, { name: plugin, entryPath, rootPath }, false);
  if (probed.kind !== "manifest" || probed.manifest.kind !== "strategy") {
    throw new Error(`${plugin} is no strategy: ${JSON.stringify(probed)}`);
  }
  return await runBacktest({
    sandbox,
    process: {
      pluginId: pluginId(probed.manifest.id),
      role: "strategy",
      entryPath,
      rootPath,
      permissions: { net: [], read: [], write: [] },
      packages: [],
      limits: { ...defaultLimits, heartbeatMs: 60_000, cpuShare: 4 },
    },
    manifest: probed.manifest,
    settings,
    data,
    risk: defaultRiskSettings,
    budget: probed.manifest.riskBudget,
    depositUsd: 10_000,
    venueLatencyMs: 20,
    lookaheadMs: 1,
    seed: 1,
    log: { write: (_level, _source, message) => log(message) },
    playsAhead,
  });
}
