/** `berth spreads`: what the spreads between venues were in a recording, and what that means for the arbitrage's settings. */
import { type Command, Option } from "commander";
import { resolve } from "node:path";
import { analyseRecording, type SpreadRow } from "../backtest/spread_analysis.ts";
import { numberOf, pathOption, textOf, wholeOption } from "./option_readers.ts";

export interface SpreadsOptions {
  readonly folder: string;
  readonly sampleMs: number;
  readonly maxAgeMs: number;
  readonly asJson: boolean;
}

const examples = `
Examples:
  berth record --env paper --symbol BTC-PERP --duration 6h --out recordings/btc
  berth spreads --data recordings/btc
`;

export function addSpreads(program: Command, found: (options: SpreadsOptions) => void): void {
  program.command("spreads").summary("analyse the spreads between venues in a recording")
    .description(
      "Shows how wide the spreads between venues were in a recording, how often they paid the fees of all four legs, how fast they went back, and what to enter at.",
    )
    .requiredOption("--data <path>", "what berth record has written", pathOption("--data"))
    .addOption(
      new Option("--sample <ms>", "between two samples")
        .argParser(wholeOption("--sample", 10, 86_400_000)).default(1_000),
    )
    .addOption(
      new Option("--max-age <ms>", "quotes older than this count for nothing")
        .argParser(wholeOption("--max-age", 1, 86_400_000)).default(5_000),
    )
    .option("--json", "one JSON object a line")
    .addHelpText("after", examples)
    .action((options: Readonly<Record<string, unknown>>) =>
      found({
        folder: textOf(options.data) ?? "",
        sampleMs: numberOf(options.sample) ?? 1_000,
        maxAgeMs: numberOf(options.maxAge) ?? 5_000,
        asJson: options.json === true,
      })
    );
}

export interface SpreadsSurroundings {
  readonly workingFolder: string;
  /** Writes to standard output. */
  write(text: string): void;
}

/** @throws {BerthError} RECORDING_UNREADABLE, BACKTEST_NO_DATA */
export async function showSpreads(options: SpreadsOptions, around: SpreadsSurroundings): Promise<void> {
  const rows = await analyseRecording(resolve(around.workingFolder, options.folder), options);
  for (const row of rows) {
    around.write(`${options.asJson ? JSON.stringify(row) : spreadWords(row).join("\n")}\n`);
  }
  if (rows.length === 0 && !options.asJson) {
    around.write("No symbol of the recording is quoted by two venues at the same time.\n");
  }
}

const bps = (value: number): string => value.toFixed(2);

/** A direction in words: the spreads, the costs, and what to enter at. */
export function spreadWords(row: SpreadRow): readonly string[] {
  const halfLife = Number.isNaN(row.halfLifeMs) ? "does not go back" : `${Math.round(row.halfLifeMs)} ms`;
  const share = (100 * row.breakEvenShare).toFixed(2);
  return [
    `${row.symbol} buy ${row.buyVenue}, sell ${row.sellVenue}: ${row.samples} samples`,
    `  spread bps   mean ${bps(row.meanBps)} ± ${bps(row.deviationBps)}, median ${bps(row.p50Bps)}, 75% ${
      bps(row.p75Bps)
    }, 90% ${bps(row.p90Bps)}, 99% ${bps(row.p99Bps)}, largest ${bps(row.largestBps)}`,
    `  half-life    ${halfLife}`,
    `  pays from    ${bps(row.breakEvenBps)} bps on (fees of four legs ${
      bps(row.feesBps)
    }): ${share}% of the time, ${row.entriesPerDay.toFixed(1)} times a day`,
    row.breakEvenShare === 0
      ? "  settings     never reached: nothing to be earned here by taking"
      : `  settings     entryFloorBps ${bps(row.breakEvenBps)}, entryPercentile ${
        row.breakEvenPercentile.toFixed(1)
      } or higher`,
  ];
}
