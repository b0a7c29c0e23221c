/**
 * A strategy's panel: what it shows of itself. Money, trades, positions and how long they are held are shown beside it by
 * the host, from the fills.
 *
 * ```ts ignore
 * ctx.panel(() => ({
 *   status: "waiting for a signal",
 *   leverage: 10,
 *   lines: [{ name: "tick", value: "1204" }],
 *   readings: [{ instrument: btc.id, readings: [{ name: "RSI", value: 41.3 }] }],
 * }));
 * ```
 */
import { BerthError } from "../errors.ts";
import {
  type Panel,
  panelEveryMs,
  panelLimits,
  type PanelReadings,
  type PanelSignal,
} from "../model/panel.ts";
import type { Time } from "./strategy.ts";

/** What is left out is empty. Texts and lists that are too long are cut; readings that are no numbers are left out. */
export type PanelOptions = Pick<Panel, "status"> & Partial<Omit<Panel, "status">>;

/** @throws {BerthError} PLUGIN_BAD_VALUE for a leverage that is none */
export function panelOf(options: PanelOptions): Panel {
  const { status, leverage, lines = [], readings = [], signals = [] } = options;
  if (leverage !== undefined && !(leverage > 0 && leverage <= panelLimits.maxLeverage)) {
    throw new BerthError("PLUGIN_BAD_VALUE", {
      what: "A panel's leverage",
      found: String(leverage),
      expected: `a number above 0, at most ${panelLimits.maxLeverage}`,
    });
  }
  return {
    status: cut(status, panelLimits.statusChars),
    leverage,
    lines: lines.slice(0, panelLimits.lines).map(({ name, value }) => ({
      name: cut(name, panelLimits.nameChars),
      value: cut(value, panelLimits.valueChars),
    })),
    readings: readings.slice(0, panelLimits.instruments).map(readingsOf),
    signals: signals.slice(0, panelLimits.signals).map(signalOf),
  };
}

const cut = (text: string, most: number): string => String(text).slice(0, most);
const finiteOr0 = (value: number): number => (Number.isFinite(value) ? value : 0);

function readingsOf({ instrument, readings }: PanelReadings): PanelReadings {
  return {
    instrument,
    readings: readings.filter(({ value }) => Number.isFinite(value)).slice(0, panelLimits.readings)
      .map(({ name, value }) => ({ name: cut(name, panelLimits.nameChars), value })),
  };
}

function signalOf({ tsMs, instrument, side, isTaken, score, confidence, ...why }: PanelSignal): PanelSignal {
  const texts = (all: readonly string[]): readonly string[] =>
    all.slice(0, panelLimits.reasons).map((reason) => cut(reason, panelLimits.reasonChars));
  return {
    tsMs: Math.max(0, finiteOr0(tsMs)),
    instrument,
    side,
    isTaken,
    score: finiteOr0(score),
    confidence: finiteOr0(confidence),
    reasons: texts(why.reasons),
    rejections: texts(why.rejections),
  };
}

/**
 * Sends panels no faster than the host takes them. A panel is made when it is sent, so that showing costs nothing in
 * between; what did not change is not sent again.
 */
export class PanelSender {
  readonly #time: Pick<Time, "epochMs" | "after">;
  readonly #send: (panel: Panel) => void;
  #sentMs = -Infinity;
  #sentText = "";
  #make: (() => PanelOptions) | undefined;

  constructor(time: Pick<Time, "epochMs" | "after">, send: (panel: Panel) => void) {
    this.#time = time;
    this.#send = send;
  }

  /** @throws {BerthError} PLUGIN_BAD_VALUE, and what `make` throws, if it is made at once */
  show(make: () => PanelOptions): void {
    const isWaiting = this.#make !== undefined;
    this.#make = make;
    const waitMs = this.#sentMs + panelEveryMs - this.#time.epochMs();
    if (waitMs <= 0) this.#deliver();
    else if (!isWaiting) this.#time.after(waitMs, () => this.#deliver());
  }

  #deliver(): void {
    const make = this.#make;
    if (make === undefined) return;
    this.#make = undefined;
    this.#sentMs = this.#time.epochMs();
    const panel = panelOf(make());
    const text = JSON.stringify(panel);
    if (text === this.#sentText) return;
    this.#sentText = text;
    this.#send(panel);
  }
}
