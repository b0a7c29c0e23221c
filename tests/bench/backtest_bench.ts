/** How fast market data of the past goes through engine, paper venue and a plugin in its sandbox. */
import { backtest, minuteBars } from "../core/backtest/builders.ts";
import { seededRandom } from "../../core/host/system_clock.ts";
import type { Bar } from "../../core/backtest/bars.ts";

export interface BacktestSpeed {
  readonly records: number;
  readonly fills: number;
  readonly recordsPerSecond: number;
}

function walk(minutes: number): readonly Bar[] {
  const random = seededRandom(5);
  let price = 40_000;
  return Array.from({ length: minutes }, (_, minute) => {
    const open = price;
    const close = open * (1 + (random.next() - 0.5) * 0.002);
    price = close;
    const high = Math.max(open, close) * 1.0002;
    const low = Math.min(open, close) * 0.9998;
    return { openTimeMs: 1_640_995_200_000 + minute * 60_000, open, high, low, close, volumeBase: 5 };
  });
}

export interface BacktestKind {
  /** 0: the plugin decides and never trades; more: it is nearly always in a position. */
  readonly sizeBase: number;
  /** Stop loss and trailing stop that the host holds; 0 for none. */
  readonly stopBps: number;
}

/** @param stepMs between two quotes */
export async function backtestSpeed(
  kind: BacktestKind,
  minutes: number,
  stepMs: number,
): Promise<BacktestSpeed> {
  const data = minuteBars(walk(minutes), stepMs);
  const fromMs = performance.now();
  const { records, fills } = await backtest("ema_cross", data, { fast: 30, slow: 240, ...kind });
  const seconds = (performance.now() - fromMs) / 1000;
  return { records, fills: fills.length, recordsPerSecond: records / seconds };
}
