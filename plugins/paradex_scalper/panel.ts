/** What the scalper shows of itself: what it waits for, its last signals with their reasons, its indicators, its plan. */
import type { InstrumentId, PanelLine, PanelReading, PanelSignal } from "@berth/sdk";
import type { Preflight } from "./economics.ts";
import type { Readings } from "./readings.ts";
import type { Signal, Trend } from "./signal.ts";

const keptSignals = 12;

/** The last signals that were judged, newest first. */
export class SignalLog {
  readonly #signals: PanelSignal[] = [];
  taken = 0;
  rejected = 0;

  get latest(): readonly PanelSignal[] {
    return this.#signals;
  }

  /** @param rejections why it was not taken; none for one that was */
  add(instrument: InstrumentId, signal: Signal, rejections: readonly string[], tsMs: number): void {
    const isTaken = rejections.length === 0;
    if (isTaken) this.taken++;
    else this.rejected++;
    const { side, score, confidence, reasons } = signal;
    this.#signals.unshift({ tsMs, instrument, side, isTaken, score, confidence, reasons, rejections });
    this.#signals.length = Math.min(this.#signals.length, keptSignals);
  }
}

/** What was read at the newest closed bar. */
export function readingsShown(readings: Readings): readonly PanelReading[] {
  const { close, rsi, macdHistogram, bandLower, bandUpper, stochasticK, stochasticD } = readings;
  return [
    { name: "close", value: close },
    { name: "RSI", value: rsi },
    { name: "MACD histogram", value: macdHistogram },
    { name: "band low", value: bandLower },
    { name: "band high", value: bandUpper },
    { name: "stochastic K", value: stochasticK },
    { name: "stochastic D", value: stochasticD },
    { name: "EMA fast", value: readings.emaFast },
    { name: "EMA slow", value: readings.emaSlow },
    { name: "ATR", value: readings.atr },
    { name: "VWAP", value: readings.vwap ?? NaN },
    { name: "volume ratio", value: readings.volumeRatio },
  ];
}

const signed = (value: number, digits: number): string =>
  `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)}`;

/** Targets and stops that costs eat, in words; empty when there are none. */
function insideCosts({ targetMoveBps, stopMoveBps, roundTripCostBps }: Preflight): string {
  const found = [
    targetMoveBps <= roundTripCostBps ? "target" : "",
    stopMoveBps <= roundTripCostBps ? "stop" : "",
  ]
    .filter((word) => word !== "");
  return found.length === 0 ? "" : `; ${found.join(" and ")} inside the costs`;
}

/** What a trade on a symbol means after its costs: `target +0.50 USD (+10.0 bps), stop −0.75 USD (−15.0 bps), even at 60% wins`. */
export function planLine(symbol: string, trend: Trend, found: Preflight): PanelLine {
  const { targetNetUsd, targetNetBps, stopNetUsd, stopNetBps, breakEvenWinRate } = found;
  const outcome = (name: string, usd: number, bps: number): string =>
    `${name} ${signed(usd, 2)} USD (${signed(bps, 1)} bps)`;
  const even = breakEvenWinRate === undefined
    ? "can't earn"
    : `even at ${(100 * breakEvenWinRate).toFixed(0)}% wins`;
  const parts = [
    outcome("target", targetNetUsd, targetNetBps),
    outcome("stop", stopNetUsd, stopNetBps),
    even,
    `trend ${trend}`,
  ];
  return { name: symbol, value: `${parts.join(", ")}${insideCosts(found)}` };
}
