/** `berth backtest`: progress while it runs, a few figures at the end, a report in files. */
import { join, resolve } from "node:path";
import { composedBacktest } from "../backtest/composed_backtest.ts";
import { reportFiles, type ReportInput } from "../backtest/report.ts";
import { type BacktestStatistics, statisticsOf } from "../backtest/statistics.ts";
import type { BacktestCommandOptions } from "./backtest_options.ts";
import { readPlace } from "./place.ts";

export interface BacktestSurroundings {
  readonly workingFolder: string;
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** Progress is drawn over itself on a terminal and left out elsewhere. */
  readonly isTerminal: boolean;
}

const barWidth = 30;

export async function runBacktestCommand(
  options: BacktestCommandOptions,
  around: BacktestSurroundings,
): Promise<void> {
  const place = await readPlace(
    { configFile: options.configFile, dataDir: undefined, environment: undefined },
    around.workingFolder,
  );
  const progress = around.isTerminal && !options.asJson ? progressBar(around.writeError) : () => undefined;
  const complaints = new Complaints(around.writeError);
  const report = await composedBacktest({
    ...options,
    config: place.config,
    workingFolder: around.workingFolder,
    log: { write: (level, source, message) => complaints.add(level, source, message) },
    onProgress: progress,
  });
  progress(1);
  complaints.tellRepeated();
  const folder = options.outFolder === undefined
    ? join(place.config.dataDir, "backtests", report.plugin)
    : resolve(around.workingFolder, options.outFolder);
  await Deno.mkdir(folder, { recursive: true });
  await Promise.all(
    reportFiles(report).map(({ name, text }) => Deno.writeTextFile(join(folder, name), text)),
  );
  const statistics = statisticsOf(report.recording);
  around.write(
    options.asJson ? `${JSON.stringify({ folder, ...statistics })}\n` : summaryOf(report, statistics, folder),
  );
}

/** Warnings and errors of a run: each once as it comes, how often in all at the end. */
class Complaints {
  readonly #write: (text: string) => void;
  readonly #counts = new Map<string, number>();

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  add(level: string, source: string, message: string): void {
    if (level !== "error" && level !== "warn") return;
    const line = `${level} ${source}: ${message}`;
    const count = (this.#counts.get(line) ?? 0) + 1;
    this.#counts.set(line, count);
    if (count === 1) this.#write(`${line}\n`);
  }

  tellRepeated(): void {
    for (const [line, count] of this.#counts) {
      if (count > 1) this.#write(`${line} (${count} times)\n`);
    }
  }
}

function progressBar(write: (text: string) => void): (share: number) => void {
  let shown = -1;
  return (share) => {
    const percent = Math.floor(100 * Math.min(1, Math.max(0, share)));
    if (percent === shown) return;
    shown = percent;
    const full = Math.round((barWidth * percent) / 100);
    write(`\r[${"#".repeat(full)}${".".repeat(barWidth - full)}] ${percent} %${percent === 100 ? "\n" : ""}`);
  };
}

const usd = (value: number): string => `${value.toFixed(2)} USD`;
const orDash = (value: number | undefined, digits = 2): string =>
  value === undefined ? "-" : value.toFixed(digits);

function summaryOf(report: ReportInput, statistics: BacktestStatistics, folder: string): string {
  const { recording } = report;
  const refused = Object.entries(recording.refusals).map(([code, count]) => `${code} ${count}`).join(", ");
  const rows = [
    ["equity", `${usd(statistics.startEquityUsd)} -> ${usd(statistics.endEquityUsd)}`],
    ["return", `${statistics.returnPercent.toFixed(2)} %`],
    ["fees, funding", `${usd(recording.feesUsd)}, ${usd(recording.fundingUsd)}`],
    ["max drawdown", `${usd(statistics.maxDrawdownUsd)} (${statistics.maxDrawdownPercent.toFixed(2)} %)`],
    ["round trips", `${statistics.trips}, won ${orDash(statistics.winRatePercent, 1)} %`],
    ["profit factor", orDash(statistics.profitFactor)],
    ["Sharpe, Sortino", `${orDash(statistics.sharpe)}, ${orDash(statistics.sortino)}`],
    ["orders, fills", `${recording.orders}, ${recording.fills.length}`],
    ["refused", refused === "" ? "none" : refused],
    ["report", join(folder, "report.html")],
  ];
  const head = `Backtest of ${report.plugin} ${report.version} over ${report.data}. Fills are simulated.\n`;
  return head + rows.map(([name = "", value]) => `  ${name.padEnd(16)}${value}\n`).join("");
}
