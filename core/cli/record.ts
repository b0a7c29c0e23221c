/** `berth record`: a host without strategies and without keys writes what its venues publish to Parquet. */
import { type Command, Option } from "commander";
import { join, resolve } from "node:path";
import type { HostOptions } from "../host/config/options.ts";
import { environments } from "../sdk/manifest.ts";
import { plainStart, type StartOptions } from "./start_options.ts";
import {
  choiceFlag,
  collected,
  durationOption,
  memberOf,
  numberOf,
  pathOption,
  textOf,
  textsOf,
  wholeOption,
} from "./option_readers.ts";

export interface RecordOptions {
  readonly configFile: string | undefined;
  /** `live` is recorded as `paper` is: without keys. */
  readonly environment: "sim" | "paper" | "testnet" | "live" | undefined;
  readonly venues: readonly string[];
  readonly symbols: readonly string[];
  readonly outFolder: string;
  readonly durationMs: number | undefined;
  readonly seed: number | undefined;
}

const examples = `
Examples:
  berth record --env paper --symbol BTC-PERP --out recordings/btc
  berth record --env paper --venue okx --symbol BTC-PERP --symbol ETH-PERP --duration 1h --out recordings/okx
  berth backtest --plugin paradex_scalper --data recordings/btc
`;

export function addRecord(program: Command, found: (options: RecordOptions) => void): void {
  const none: readonly string[] = [];
  program.command("record").summary("record market data to Parquet")
    .description(
      "Records quotes, trades, marks and books of the venues as they come, in Parquet files that pandas, Polars and DuckDB open. Needs no keys and sends no orders.",
    )
    .requiredOption("--out <folder>", "where quotes/, trades/, marks/ and books/ go", pathOption("--out"))
    .addOption(
      choiceFlag("--env <environment>", "which venues (default: sim)", environments),
    )
    .addOption(
      new Option("--venue <id>", "may be repeated").argParser(collected(pathOption("--venue")))
        .default(none, "those of the configuration"),
    )
    .addOption(
      new Option("--symbol <symbol>", "such as BTC-PERP; may be repeated")
        .argParser(collected(pathOption("--symbol"))).default(
          none,
          "those of the configuration, else BTC-PERP",
        ),
    )
    .addOption(
      new Option("--duration <time>", "stop by itself after 10m, 1h, …").argParser(
        durationOption("--duration"),
      ),
    )
    .addOption(
      new Option("--seed <number>", "of the simulated markets").argParser(
        wholeOption("--seed", 0, 4_294_967_295),
      ),
    )
    .option(
      "--config <file>",
      "configuration file (default: berth.json of this folder)",
      pathOption("--config"),
    )
    .option("--json", "log lines are JSON in any case; for the same words in every command")
    .addHelpText("after", examples)
    .action((options: Readonly<Record<string, unknown>>) =>
      found({
        configFile: textOf(options.config),
        environment: memberOf(environments, options.env),
        venues: textsOf(options.venue),
        symbols: textsOf(options.symbol),
        outFolder: textOf(options.out) ?? "",
        durationMs: numberOf(options.duration),
        seed: numberOf(options.seed),
      })
    );
}

/** The start that a recording is, before its options are checked as any start's are. */
export function asStart({ configFile, environment, durationMs, seed }: RecordOptions): StartOptions {
  return {
    ...plainStart,
    configFile,
    // Market data needs no account: what would be live is recorded without keys.
    environment: environment === "live" ? "paper" : environment,
    durationMs,
    seed,
    logFormat: "json",
    isConsoleOff: true,
  };
}

/** A host of its own: no strategies, no console, a data folder that nothing else uses. */
export function recordingHost(host: HostOptions, options: RecordOptions, workingFolder: string): HostOptions {
  const folder = resolve(workingFolder, options.outFolder);
  const { config } = host;
  const { venues } = config;
  const symbols = options.symbols.length > 0 ? [...options.symbols] : venues.symbols ?? ["BTC-PERP"];
  return {
    ...host,
    strategies: "none",
    recordTo: folder,
    config: {
      ...config,
      dataDir: join(folder, ".host"),
      venues: { ...venues, symbols, ...(options.venues.length > 0 ? { enabled: [...options.venues] } : {}) },
    },
  };
}
