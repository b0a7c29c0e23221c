/**
 * Funding of a market whose data says nothing of it, as bars don't: a rate that is the same at every interval, or rates
 * of a file. A rate is the fraction of the position's value that a long pays a short when its time has come.
 */
import { basename } from "node:path";
import { BerthError } from "../errors.ts";
import { timeOfCell, unpackedText } from "./csv_cells.ts";

export interface FundingDue {
  /** Milliseconds since the epoch. */
  readonly tsMs: number;
  readonly rate: number;
}

export interface FundingSchedule {
  /** The next payment after a moment; undefined after the last. */
  next(tsMs: number): FundingDue | undefined;
  /** For the report. */
  readonly description: string;
}

const hourMs = 3_600_000;

/** The same rate at every whole interval since midnight UTC: at 00:00, 08:00 and 16:00 for eight hours. */
export function constantFunding(rateBps: number, intervalHours: number): FundingSchedule {
  const everyMs = intervalHours * hourMs;
  const rate = rateBps / 10_000;
  return {
    next: (tsMs) => ({ tsMs: (Math.floor(tsMs / everyMs) + 1) * everyMs, rate }),
    description: `funding of ${rateBps} bps every ${intervalHours} h`,
  };
}

/**
 * Reads past rates from CSV, plain or gzip: a header with `timestamp` (or `time`, `date`) and `rate` (or
 * `funding_rate`), oldest first. Times are those of the payments.
 *
 * @throws {BerthError} BACKTEST_BAD_FUNDING names the line and what is wrong with it
 */
export async function readFunding(path: string): Promise<FundingSchedule> {
  const bad = (line: number, why: string): BerthError =>
    new BerthError("BACKTEST_BAD_FUNDING", { path, line, why });
  const bytes = await Deno.readFile(path).catch((error: unknown) => {
    throw bad(0, String(error));
  });
  const lines = (await unpackedText(bytes)).split(/\r?\n/).filter((line) => line.trim() !== "");
  const header = (lines[0] ?? "").split(",").map((name) => name.trim().toLowerCase());
  const time = header.findIndex((name) => ["timestamp", "time", "date"].includes(name));
  const rateAt = header.findIndex((name) => ["rate", "funding_rate"].includes(name));
  if (time < 0 || rateAt < 0) throw bad(1, "the header needs the columns timestamp and rate");
  const dues: FundingDue[] = [];
  for (const [index, line] of lines.slice(1).entries()) {
    const cells = line.split(",");
    const tsMs = timeOfCell(cells[time] ?? "");
    const text = (cells[rateAt] ?? "").trim();
    const rate = text === "" ? NaN : Number(text);
    if (Number.isNaN(tsMs)) throw bad(index + 2, `the time ${cells[time]} can't be read`);
    if (!(Math.abs(rate) < 1)) throw bad(index + 2, `the rate ${cells[rateAt]} is no fraction`);
    if (tsMs <= (dues.at(-1)?.tsMs ?? -Infinity)) throw bad(index + 2, "times must rise");
    dues.push({ tsMs, rate });
  }
  return scheduleOf(dues, `${dues.length} funding rates of ${basename(path)}`);
}

/** @param dues oldest first */
export function scheduleOf(dues: readonly FundingDue[], description: string): FundingSchedule {
  let place = 0;
  return {
    next(tsMs) {
      if ((dues[place - 1]?.tsMs ?? -Infinity) > tsMs) place = 0; // time went back: another reading
      while ((dues[place]?.tsMs ?? Infinity) <= tsMs) place++;
      return dues[place];
    },
    description,
  };
}
