/** The recorded month of one-minute bars that lies beside the repository, read for tests and backtests. */
import { sharedPath } from "./shared_data.ts";

export interface RecordedBar {
  readonly openTimeMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** In USD. */
  readonly volumeQuote: number;
}

export const recordedBarsPath = sharedPath("recordings/btc-perp-1m-2022-01.csv.gz");

/** Reads the bars; the file's timestamps are UTC and taken as the minute's start. */
export async function readRecordedBars(path: string): Promise<readonly RecordedBar[]> {
  const file = await Deno.open(path);
  const text = await new Response(file.readable.pipeThrough(new DecompressionStream("gzip"))).text();
  return text.trim().split("\n").slice(1).map((line) => {
    const [time = "", open, high, low, close, volume] = line.split(",");
    return {
      openTimeMs: Date.parse(`${time.replace(" ", "T")}Z`),
      open: Number(open),
      high: Number(high),
      low: Number(low),
      close: Number(close),
      volumeQuote: Number(volume),
    };
  });
}
