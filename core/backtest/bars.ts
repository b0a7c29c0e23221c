/**
 * Bars as market data. A bar says nothing of the way between its four prices, so one is assumed and said so: from the
 * open to the extreme that is nearer, to the other extreme, to the close, in equal steps of time. Each step gives a
 * quote around the price, half of `spreadBps` on each side; each of the four prices is a trade of a quarter of the
 * bar's volume.
 */
import { BerthError } from "../errors.ts";
import type { Instrument } from "../model/instrument.ts";
import { incrementValue } from "../model/ticks.ts";
import { recordBytes, recordKinds, writeRecord } from "../protocol/records.ts";
import type { FundingSchedule } from "./funding.ts";
import type { MarketBatch, MarketData } from "../recording/market_data.ts";

export interface Bar {
  readonly openTimeMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volumeBase: number;
}

export interface BarSettings {
  readonly instrument: Instrument;
  readonly lengthMs: number;
  readonly spreadBps: number;
  /** Shown at the best bid and at the best offer. */
  readonly quoteSizeBase: number;
  /** Between two quotes. */
  readonly stepMs: number;
  /** Undefined: none is paid. */
  readonly funding?: FundingSchedule | undefined;
}

const batchBars = 64;

/** @throws {BerthError} BACKTEST_NO_DATA when there is no bar */
export function barsAsMarketData(
  bars: readonly Bar[],
  settings: BarSettings,
  description: string,
): MarketData {
  const first = bars[0];
  const last = bars.at(-1);
  if (first === undefined || last === undefined) {
    throw new BerthError("BACKTEST_NO_DATA", { what: description });
  }
  return {
    instruments: [settings.instrument],
    fromUs: first.openTimeMs * 1000,
    toUs: (last.openTimeMs + settings.lengthMs) * 1000,
    description,
    batches: () => batchesOf(bars, settings),
  };
}

function* batchesOf(bars: readonly Bar[], settings: BarSettings): Generator<MarketBatch> {
  const steps = Math.max(4, Math.floor(settings.lengthMs / settings.stepMs));
  const bytes = new Uint8Array(batchBars * (2 * steps + 5) * recordBytes);
  const writer = new RecordWriter(bytes, settings);
  for (let from = 0; from < bars.length; from += batchBars) {
    writer.rewind();
    for (const bar of bars.slice(from, from + batchBars)) writeBar(writer, bar, steps, settings);
    yield { kind: "records", bytes: bytes.subarray(0, writer.length) };
  }
}

/** The four prices in the order in which they are assumed to have come. */
export function pathOf(bar: Pick<Bar, "open" | "high" | "low" | "close">): readonly number[] {
  const isHighFirst = bar.high - bar.open < bar.open - bar.low;
  return isHighFirst ? [bar.open, bar.high, bar.low, bar.close] : [bar.open, bar.low, bar.high, bar.close];
}

function writeBar(writer: RecordWriter, bar: Bar, steps: number, { lengthMs }: BarSettings): void {
  const path = pathOf(bar);
  const legs = path.length - 1;
  const stepMs = lengthMs / steps;
  let traded = 0;
  for (let step = 0; step < steps; step++) {
    const tsMs = bar.openTimeMs + step * stepMs;
    const along = (step / (steps - 1)) * legs; // 0 at the open, 3 at the close
    const leg = Math.min(legs - 1, Math.floor(along));
    const from = path[leg] ?? bar.close;
    const to = path[leg + 1] ?? bar.close;
    const price = from + (to - from) * (along - leg);
    writer.quote(price, tsMs);
    if (step % 4 === 0) writer.mark(price, tsMs);
    // The trade at a corner of the path is printed with the first step that has reached it.
    while (traded <= legs && along >= traded) {
      const corner = path[traded] ?? bar.close;
      const before = path[traded - 1] ?? corner;
      if (bar.volumeBase > 0) writer.trade(corner, bar.volumeBase / path.length, corner < before, tsMs);
      traded++;
    }
  }
}

class RecordWriter {
  readonly #view: DataView;
  readonly #half: number;
  readonly #sizeBase: number;
  readonly #tick: number;
  readonly #funding: FundingSchedule | undefined;
  #sequence = 0;
  length = 0;

  constructor(bytes: Uint8Array, settings: BarSettings) {
    this.#view = new DataView(bytes.buffer);
    this.#half = settings.spreadBps / 20_000;
    this.#sizeBase = settings.quoteSizeBase;
    this.#tick = incrementValue(settings.instrument.tick);
    this.#funding = settings.funding;
  }

  rewind(): void {
    this.length = 0;
  }

  /** Bid and offer on ticks, at least one apart. */
  quote(price: number, tsMs: number): void {
    const bid = Math.floor((price * (1 - this.#half)) / this.#tick);
    const ask = Math.max(bid + 1, Math.ceil((price * (1 + this.#half)) / this.#tick));
    this.#write(
      recordKinds.quote,
      0,
      tsMs,
      bid * this.#tick,
      this.#sizeBase,
      ask * this.#tick,
      this.#sizeBase,
    );
  }

  mark(price: number, tsMs: number): void {
    const due = this.#funding?.next(tsMs);
    this.#write(recordKinds.mark, 0, tsMs, price, NaN, due?.rate ?? NaN, due?.tsMs ?? NaN);
  }

  trade(price: number, sizeBase: number, isSell: boolean, tsMs: number): void {
    this.#write(recordKinds.trade, isSell ? 1 : 0, tsMs, price, sizeBase, 0, 0);
  }

  #write(
    kind: (typeof recordKinds)[keyof typeof recordKinds],
    flag: 0 | 1,
    tsMs: number,
    first: number,
    second: number,
    third: number,
    fourth: number,
  ): void {
    const tsUs = Math.round(tsMs * 1000);
    writeRecord(
      this.#view,
      this.length,
      kind,
      flag,
      0,
      ++this.#sequence,
      tsUs / 1000,
      tsUs,
      first,
      second,
      third,
      fourth,
    );
    this.length += recordBytes;
  }
}
