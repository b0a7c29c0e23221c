/** `berth backtest`: its options, read into one record. */
import { type Command, Option } from "commander";
import type { BacktestQuestion } from "../backtest/composed_backtest.ts";
import { volumeUnits } from "../backtest/file_market.ts";
import {
  choiceFlag,
  collected,
  dateOption,
  durationOption,
  memberOf,
  misuse,
  numberOf,
  pathOption,
  textOf,
  textsOf,
  wholeOption,
} from "./option_readers.ts";

export interface BacktestCommandOptions extends BacktestQuestion {
  readonly configFile: string | undefined;
  readonly outFolder: string | undefined;
  readonly asJson: boolean;
}

const examples = `
Examples:
  berth backtest --plugin paradex_scalper --bars btc-1m.csv.gz
  berth backtest --plugin ./my_strategy.ts --bars eth-5m.csv --instrument paradex:ETH-PERP --from 2026-01-01
  berth backtest --plugin paradex_scalper --bars btc-1m.csv.gz --set minScore=40 --out reports/a
  berth backtest --plugin paradex_scalper --bars btc-1m.csv.gz --funding-rate-bps 1
  berth backtest --plugin ./my_strategy.ts --data quotes.csv.gz --data trades.csv.gz
`;

function amountOption(name: string, min: number, max: number) {
  return (text: string): number => {
    const value = /^-?\d{1,15}(\.\d{1,12})?$/.test(text) ? Number(text) : NaN;
    return value >= min && value <= max
      ? value
      : misuse(`${name} is ${JSON.stringify(text)}`, `write a number from ${min} to ${max}`);
  };
}

function decimalOption(name: string) {
  return (text: string): string =>
    /^\d{1,12}(\.\d{1,12})?$/.test(text) && Number(text) > 0
      ? text
      : misuse(`${name} is ${JSON.stringify(text)}`, "write a positive decimal such as 0.1");
}

function settingsOf(assignments: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(assignments.map((assignment) => {
    const at = assignment.indexOf("=");
    if (at < 1) misuse(`--set is ${JSON.stringify(assignment)}`, "write name=value, such as minScore=40");
    return [assignment.slice(0, at), valueOf(assignment.slice(at + 1))];
  }));
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // words need no quotes
  }
}

/** Adds the command to `program`; `found` gets what was asked for. */
export function addBacktest(program: Command, found: (options: BacktestCommandOptions) => void): void {
  const none: readonly string[] = [];
  const amount = (flags: string, words: string, min: number, max: number, fallback: number): Option =>
    new Option(flags, words).argParser(amountOption(flags.split(" ")[0] ?? flags, min, max)).default(
      fallback,
    );
  program.command("backtest").summary("run a strategy over the past")
    .description(
      "Runs a plugin in its sandbox over bars of the past: virtual time, the same risk gate, simulated fills with fees and latency.",
    )
    .requiredOption(
      "--plugin <id>",
      "the strategy: an id, or the path of its file or folder",
      pathOption("--plugin"),
    )
    .option(
      "--bars <file>",
      "CSV, plain or gzip: timestamp, open, high, low, close, volume",
      pathOption("--bars"),
    )
    .addOption(
      new Option(
        "--data <path>",
        "instead of bars: a recording of berth record, or CSV files of quotes and trades; may be repeated",
      )
        .argParser(collected(pathOption("--data"))).default(none, "none"),
    )
    .option(
      "--config <file>",
      "configuration file (default: berth.json of this folder)",
      pathOption("--config"),
    )
    .option("--from <date>", "first moment, UTC", dateOption("--from"))
    .option("--to <date>", "end, not included", dateOption("--to"))
    .option("--instrument <id>", "venue and symbol of the bars", "paradex:BTC-PERP")
    .addOption(new Option("--tick <price>", "tick size").argParser(decimalOption("--tick")).default("0.1"))
    .addOption(
      new Option("--lot <size>", "lot size in base units").argParser(decimalOption("--lot")).default(
        "0.00001",
      ),
    )
    .addOption(amount("--min-notional <usd>", "smallest order value", 0, 1e9, 10))
    .addOption(
      amount("--maker-fee-bps <bps>", "fee of a resting order, negative for a rebate", -100, 100, 0.3),
    )
    .addOption(amount("--taker-fee-bps <bps>", "fee of an order that takes", -100, 100, 2))
    .addOption(amount("--spread-bps <bps>", "quoted spread around the bar's price", 0, 1_000, 0.5))
    .addOption(amount("--quote-size <size>", "size at best bid and offer, base units", 0, 1e12, 5))
    .addOption(
      choiceFlag("--volume <unit>", "what the volume counts", volumeUnits).default("quote"),
    )
    .addOption(
      new Option("--step <time>", "between two quotes of a bar").argParser(durationOption("--step")).default(
        15_000,
        "15s",
      ),
    )
    .option(
      "--funding <file>",
      "CSV of past funding rates: timestamp, rate (a fraction)",
      pathOption("--funding"),
    )
    .addOption(
      new Option(
        "--funding-rate-bps <bps>",
        "the same at every interval; positive: longs pay (default: none)",
      )
        .argParser(amountOption("--funding-rate-bps", -1_000, 1_000)),
    )
    .addOption(amount("--funding-interval-hours <hours>", "from one payment to the next", 0.01, 168, 8))
    .addOption(amount("--deposit <usd>", "what the account begins with", 1, 1e12, 10_000))
    .addOption(amount("--latency <ms>", "to the venue, one way", 0, 60_000, 50))
    .addOption(amount("--host-latency <ms>", "from the host to the plugin, at most", 0.001, 1_000, 1))
    .addOption(
      new Option("--seed <number>", "of the plugin's random numbers").argParser(
        wholeOption("--seed", 0, 4_294_967_295),
      ).default(1),
    )
    .addOption(
      new Option("--set <name=value>", "a setting of the plugin; may be repeated")
        .argParser(collected(pathOption("--set"))).default(none, "the configuration's"),
    )
    .option(
      "--out <folder>",
      "where report.html, report.json and CSV files go (default: var/backtests/PLUGIN)",
      pathOption("--out"),
    )
    .option("--json", "print the statistics as one JSON object")
    .addHelpText("after", examples)
    .action((options: Readonly<Record<string, unknown>>) => {
      if ((options.bars === undefined) === (textsOf(options.data).length === 0)) {
        misuse(
          "--bars or --data is missing, or both are there",
          "name bars by --bars, or a recording by --data",
        );
      }
      found({
        configFile: textOf(options.config),
        plugin: textOf(options.plugin) ?? "",
        barsFile: textOf(options.bars),
        dataPaths: textsOf(options.data),
        market: {
          instrument: textOf(options.instrument) ?? "",
          tick: textOf(options.tick) ?? "",
          lot: textOf(options.lot) ?? "",
          minNotionalUsd: numberOf(options.minNotional) ?? 0,
          makerFeeBps: numberOf(options.makerFeeBps) ?? 0,
          takerFeeBps: numberOf(options.takerFeeBps) ?? 0,
          spreadBps: numberOf(options.spreadBps) ?? 0,
          quoteSizeBase: numberOf(options.quoteSize) ?? 0,
          volumeUnit: memberOf(volumeUnits, options.volume) ?? "quote",
          stepMs: numberOf(options.step) ?? 15_000,
          fundingFile: textOf(options.funding),
          fundingRateBps: numberOf(options.fundingRateBps),
          fundingIntervalHours: numberOf(options.fundingIntervalHours) ?? 8,
        },
        fromMs: numberOf(options.from),
        toMs: numberOf(options.to),
        depositUsd: numberOf(options.deposit) ?? 0,
        venueLatencyMs: numberOf(options.latency) ?? 0,
        lookaheadMs: numberOf(options.hostLatency) ?? 1,
        seed: numberOf(options.seed) ?? 1,
        settings: settingsOf(textsOf(options.set)),
        outFolder: textOf(options.out),
        asJson: options.json === true,
      });
    });
}
