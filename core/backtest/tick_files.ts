/**
 * Quotes and trades of one instrument from CSV, plain or gzip, several files in one order of time.
 *
 * - Quotes: `timestamp`, `bid_price`, `bid_size`, `ask_price`, `ask_size`; an empty price is a side that is not there.
 * - Trades: `timestamp`, `price`, `size`, `side` (of the taker: `buy` or `sell`).
 *
 * Times are as in bars_file.ts and must not fall; sizes are base units. The names that recordings have are understood too.
 */
import { basename } from "node:path";
import { BerthError } from "../errors.ts";
import type { Instrument } from "../model/instrument.ts";
import { recordBytes, type RecordKind, recordKinds, writeRecord } from "../protocol/records.ts";
import type { MarketBatch, MarketData } from "../recording/market_data.ts";
import { timeOfCell, unpackedText } from "./csv_cells.ts";
import type { FundingSchedule } from "./funding.ts";

export interface TickSettings {
  readonly instrument: Instrument;
  readonly funding: FundingSchedule | undefined;
  readonly fromMs: number | undefined;
  /** Not included. */
  readonly toMs: number | undefined;
}

interface Tick {
  readonly tsMs: number;
  readonly kind: RecordKind;
  readonly flag: 0 | 1;
  /** As in a record: prices and sizes of a quote, price and size of a trade. */
  readonly values: readonly [number, number, number, number];
}

type ReadLine = (cells: readonly string[]) => Omit<Tick, "tsMs"> | string;

const batchTicks = 4_096;
const markEveryMs = 1_000;

/** @throws {BerthError} BACKTEST_BAD_TICKS names the file and line, BACKTEST_NO_DATA */
export async function readTicks(paths: readonly string[], settings: TickSettings): Promise<MarketData> {
  const { instrument, fromMs = -Infinity, toMs = Infinity } = settings;
  const all = (await Promise.all(paths.map(readFile))).flat()
    .filter(({ tsMs }) => tsMs >= fromMs && tsMs < toMs)
    .sort((a, b) => a.tsMs - b.tsMs);
  const [first, last] = [all[0], all.at(-1)];
  if (first === undefined || last === undefined) {
    throw new BerthError("BACKTEST_NO_DATA", { what: paths.join(", ") });
  }
  return {
    instruments: [instrument],
    fromUs: Math.round(first.tsMs * 1000),
    toUs: Math.round(last.tsMs * 1000),
    description: `${all.length} quotes and trades of ${paths.map((path) => basename(path)).join(", ")}`,
    batches: () => batchesOf(all, settings.funding),
  };
}

async function readFile(path: string): Promise<readonly Tick[]> {
  const bad = (line: number, why: string): BerthError =>
    new BerthError("BACKTEST_BAD_TICKS", { path, line, why });
  const bytes = await Deno.readFile(path).catch((error: unknown) => {
    throw bad(0, String(error));
  });
  const lines = (await unpackedText(bytes)).split(/\r?\n/);
  const header = (lines[0] ?? "").split(",").map((name) => name.trim().toLowerCase());
  const time = columnOf(header, "timestamp", "time", "ts_recv_us");
  const read = quoteReader(header) ?? tradeReader(header);
  if (time < 0 || read === undefined) {
    throw bad(
      1,
      "the header needs timestamp, and bid_price, bid_size, ask_price, ask_size or price, size, side",
    );
  }
  const ticks: Tick[] = [];
  for (const [index, line] of lines.slice(1).entries()) {
    if (line.trim() === "") continue;
    const cells = line.split(",");
    const tsMs = timeOfCell(cells[time] ?? "");
    const tick = read(cells);
    if (Number.isNaN(tsMs)) throw bad(index + 2, `the time ${cells[time]} can't be read`);
    if (typeof tick === "string") throw bad(index + 2, tick);
    if (tsMs < (ticks.at(-1)?.tsMs ?? -Infinity)) throw bad(index + 2, "times must not fall");
    ticks.push({ tsMs, ...tick });
  }
  return ticks;
}

const columnOf = (header: readonly string[], ...names: readonly string[]): number =>
  names.map((name) => header.indexOf(name)).find((at) => at >= 0) ?? -1;

/** NaN where the cell is empty or no number above zero. */
const amountOf = (cell: string | undefined): number => {
  const value = (cell ?? "").trim() === "" ? NaN : Number(cell);
  return value > 0 && value < Infinity ? value : NaN;
};

function quoteReader(header: readonly string[]): ReadLine | undefined {
  const [bid, bidSize, ask, askSize] = [
    columnOf(header, "bid_price", "bid"),
    columnOf(header, "bid_size", "bid_qty"),
    columnOf(header, "ask_price", "ask"),
    columnOf(header, "ask_size", "ask_qty"),
  ];
  if ([bid, bidSize, ask, askSize].some((at) => at < 0)) return undefined;
  return (cells) => {
    const isThere = (at: number): boolean => (cells[at] ?? "").trim() !== "";
    const side = (price: number, size: number): readonly [number, number] | undefined => {
      if (!isThere(price)) return [NaN, 0];
      const found = [amountOf(cells[price]), amountOf(cells[size])] as const;
      return found.some(Number.isNaN) ? undefined : found;
    };
    const [bids, asks] = [side(bid, bidSize), side(ask, askSize)];
    if (bids === undefined || asks === undefined) return "a price or size is no positive number";
    return { kind: recordKinds.quote, flag: 0, values: [...bids, ...asks] };
  };
}

function tradeReader(header: readonly string[]): ReadLine | undefined {
  const [price, size, side] = [
    columnOf(header, "price"),
    columnOf(header, "size", "amount", "quantity", "qty"),
    columnOf(header, "side", "taker_side"),
  ];
  if ([price, size, side].some((at) => at < 0)) return undefined;
  return (cells) => {
    const [at, lots] = [amountOf(cells[price]), amountOf(cells[size])];
    const taker = (cells[side] ?? "").trim().toLowerCase();
    if (Number.isNaN(at) || Number.isNaN(lots)) return "a price or size is no positive number";
    if (taker !== "buy" && taker !== "sell") return `the side ${cells[side]} is neither buy nor sell`;
    return { kind: recordKinds.trade, flag: taker === "sell" ? 1 : 0, values: [at, lots, 0, 0] };
  };
}

function* batchesOf(ticks: readonly Tick[], funding: FundingSchedule | undefined): Generator<MarketBatch> {
  let markedMs = -Infinity;
  let sequence = 0;
  for (let from = 0; from < ticks.length; from += batchTicks) {
    const bytes = new Uint8Array(2 * batchTicks * recordBytes); // at most a mark to each
    const view = new DataView(bytes.buffer);
    let at = 0;
    const write = (kind: RecordKind, flag: 0 | 1, tsMs: number, values: Tick["values"]): void => {
      const stamp = [0, ++sequence, tsMs, Math.round(tsMs * 1000)] as const;
      writeRecord(view, at, kind, flag, ...stamp, values[0], values[1], values[2], values[3]);
      at += recordBytes;
    };
    for (const { tsMs, kind, flag, values } of ticks.slice(from, from + batchTicks)) {
      const middle = kind === recordKinds.quote ? (values[0] + values[2]) / 2 : NaN;
      if (middle > 0 && tsMs - markedMs >= markEveryMs) {
        markedMs = tsMs;
        const due = funding?.next(tsMs);
        write(recordKinds.mark, 0, tsMs, [middle, NaN, due?.rate ?? NaN, due?.tsMs ?? NaN]);
      }
      write(kind, flag, tsMs, values);
    }
    yield { kind: "records", bytes: bytes.subarray(0, at) };
  }
}
