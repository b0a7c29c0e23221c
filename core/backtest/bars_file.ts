/**
 * Reads bars from CSV, plain or gzip: a header line with `timestamp` (or `time`, `open_time`), `open`, `high`, `low`,
 * `close` and, if it has it, `volume`. Times are ISO text (UTC where they name no zone), or seconds, milliseconds or
 * microseconds since the epoch.
 */
import { BerthError } from "../errors.ts";
import type { Bar } from "./bars.ts";
import { timeOfCell, unpackedText } from "./csv_cells.ts";

export interface BarsFileOptions {
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** What the volume column counts. */
  readonly volumeUnit: "base" | "quote";
}

/** @throws {BerthError} BACKTEST_BAD_BARS names the line and what is wrong with it */
export async function readBars(path: string, options: BarsFileOptions): Promise<readonly Bar[]> {
  const lines = (await readText(path)).split(/\r?\n/).filter((line) => line.trim() !== "");
  const header = (lines[0] ?? "").split(",").map((name) => name.trim().toLowerCase());
  const column = (...names: readonly string[]): number =>
    names.map((name) => header.indexOf(name)).find((at) => at >= 0) ?? -1;
  const time = column("timestamp", "time", "open_time", "date");
  const prices = ["open", "high", "low", "close"].map((name) => column(name));
  const volume = column("volume");
  const bad = (line: number, why: string): BerthError =>
    new BerthError("BACKTEST_BAD_BARS", { path, line, why });
  if (time < 0 || prices.some((at) => at < 0)) {
    throw bad(1, "the header needs the columns timestamp, open, high, low and close");
  }
  const bars: Bar[] = [];
  for (let index = 1; index < lines.length; index++) {
    const cells = (lines[index] ?? "").split(",");
    const openTimeMs = timeOfCell(cells[time] ?? "");
    const [open = NaN, high = NaN, low = NaN, close = NaN] = prices.map((at) => Number(cells[at]));
    const shown = volume < 0 ? 0 : Number(cells[volume]);
    const isPriced = low > 0 && low <= Math.min(open, close) && Math.max(open, close) <= high &&
      high < Infinity;
    if (Number.isNaN(openTimeMs)) throw bad(index + 1, `the time ${cells[time]} can't be read`);
    if (!isPriced) {
      throw bad(index + 1, "low ≤ open, close ≤ high does not hold, or a price is no positive number");
    }
    if (!(shown >= 0 && shown < Infinity)) throw bad(index + 1, `the volume ${cells[volume]} can't be read`);
    const last = bars.at(-1);
    if (last !== undefined && openTimeMs <= last.openTimeMs) throw bad(index + 1, "times must rise");
    if (openTimeMs < (options.fromMs ?? -Infinity) || openTimeMs >= (options.toMs ?? Infinity)) continue;
    const volumeBase = options.volumeUnit === "base" ? shown : shown / ((open + high + low + close) / 4);
    bars.push({ openTimeMs, open, high, low, close, volumeBase });
  }
  return bars;
}

/** Length of the bars: the shortest distance between two of them. */
export function barLengthMs(bars: readonly Bar[]): number {
  let shortest = Infinity;
  for (let index = 1; index < bars.length; index++) {
    const gap = (bars[index]?.openTimeMs ?? 0) - (bars[index - 1]?.openTimeMs ?? 0);
    if (gap < shortest) shortest = gap;
  }
  return Number.isFinite(shortest) ? shortest : 60_000;
}

async function readText(path: string): Promise<string> {
  const bytes = await Deno.readFile(path).catch((error: unknown) => {
    throw new BerthError("BACKTEST_BAD_BARS", { path, line: 0, why: String(error) });
  });
  return await unpackedText(bytes);
}
