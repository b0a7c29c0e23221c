/** Backtests drawn from a seed: a few markets with jumps, gaps and nonsense, and a strategy that tries all that is held for it. */
import {
  defineStrategy,
  type ExitOptions,
  increment,
  type Instrument,
  instrumentId,
  pluginId,
  venueId,
} from "@berth/sdk";
import { assert, assertEquals } from "@std/assert";
import type { Recording } from "../../../core/backtest/recorder.ts";
import { runBacktest } from "../../../core/backtest/run.ts";
import { recordBytes, recordKinds, writeRecord } from "../../../core/protocol/records.ts";
import type { MarketBatch, MarketData } from "../../../core/recording/market_data.ts";
import { defaultRiskSettings } from "../../../core/risk/settings.ts";
import { defaultLimits } from "../../../core/sandbox/sandbox.ts";
import type { SimulationRandom } from "../../../exchanges/simulation/ports.ts";
import { between, exponential, normal, seededRandom } from "../../../exchanges/simulation/random.ts";
import { bitcoin } from "./builders.ts";
import { memorySandbox } from "./memory_sandbox.ts";

const fromUs = 1_640_995_200_000_000;
const markets: readonly Instrument[] = [
  bitcoin,
  {
    ...bitcoin,
    id: instrumentId("paradex", "ETH-PERP"),
    symbol: "ETH-PERP",
    venueSymbol: "ETH-USD-PERP",
    lot: increment("0.001"),
  },
  { ...bitcoin, id: instrumentId("hyperliquid", "BTC-PERP"), venue: venueId("hyperliquid") },
];
const startPrices = [40_000, 3_000, 40_010];

/** Times of records: bursts within a turn, several at one moment, pauses in which quotes grow old. */
function gapUs(random: SimulationRandom): number {
  const draw = random.next();
  if (draw < 0.1) return 0;
  if (draw < 0.3) return Math.floor(between(random, 1, 2_000));
  if (draw < 0.995) return Math.floor(exponential(random, 300_000));
  return Math.floor(between(random, 5_000_000, 400_000_000));
}

function randomMarket(random: SimulationRandom, records: number): MarketData {
  const instruments = markets.slice(0, 1 + Math.floor(random.next() * markets.length));
  const prices = [...startPrices];
  const bytes = new Uint8Array(records * recordBytes);
  const view = new DataView(bytes.buffer);
  const volatility = between(random, 0.5, 4);
  let tsUs = fromUs;
  for (let count = 0; count < records; count++) {
    if (count > 0) tsUs += gapUs(random);
    const index = Math.floor(random.next() * instruments.length);
    const price = (prices[index] ?? 0) * (1 + (normal(random) * volatility) / 10_000);
    prices[index] = price;
    const half = price * (random.next() < 0.05 ? 0.002 : 0.00002);
    const tick = (value: number): number => Math.round(value * 10) / 10;
    const at = count * recordBytes;
    const stamp = [index, count + 1, tsUs / 1000 - between(random, 0, 5), tsUs] as const;
    const draw = random.next();
    const kind = draw < 0.85 ? recordKinds.quote : draw < 0.93 ? recordKinds.trade : recordKinds.mark;
    const flag = random.next() < 0.1 ? 1 : 0; // by REST, and perhaps older than the last; a trade's side
    if (kind === recordKinds.quote) {
      const crossed = random.next() < 0.01 ? -2 : 1;
      const bid = random.next() < 0.005 ? NaN : tick(price - crossed * half);
      writeRecord(view, at, kind, flag, ...stamp, bid, 3, tick(price + crossed * half), 3);
    } else if (kind === recordKinds.trade) {
      writeRecord(view, at, kind, flag, ...stamp, tick(price), 0.01, NaN, NaN);
    } else {
      const nextFundingMs = Math.floor(tsUs / 1000 / 60_000 + 1) * 60_000;
      const due = random.next() < 0.3 ? NaN : nextFundingMs;
      writeRecord(view, at, kind, 0, ...stamp, price, price, 0.0001, due);
    }
  }
  const batchBytes = recordBytes * (1 + Math.floor(random.next() * 300));
  const batches: MarketBatch[] = [];
  for (let at = 0; at < bytes.length; at += batchBytes) {
    batches.push({ kind: "records", bytes: bytes.subarray(at, at + batchBytes) });
  }
  return { instruments, fromUs, toUs: tsUs, description: "drawn", batches: () => batches };
}

function randomExits(random: SimulationRandom, price: number, side: "buy" | "sell"): ExitOptions {
  const has = (share: number): boolean => random.next() < share;
  const sign = side === "buy" ? 1 : -1;
  const priceOff = (bps: number): number => price * (1 + (sign * bps) / 10_000);
  const activationBps = between(random, 0, 20);
  return {
    stopLossBps: between(random, 5, 100),
    ...(has(0.2) ? { stopPrice: priceOff(-between(random, 5, 80)) } : {}),
    ...(has(0.4) ? { takeProfitBps: between(random, 5, 80) } : {}),
    ...(has(0.2) ? { takeProfitPrice: priceOff(between(random, 5, 80)) } : {}),
    ...(has(0.3)
      ? {
        takeProfitSteps: [
          { bps: between(random, 3, 20), share: 0.3 },
          { price: priceOff(between(random, 20, 40)), share: 0.3 },
        ],
      }
      : {}),
    ...(has(0.4)
      ? { trailing: { activationBps: between(random, 0, 30), distanceBps: between(random, 1, 40) } }
      : {}),
    ...(has(0.3) ? { breakEven: { activationBps, offsetBps: activationBps - between(random, 1, 10) } } : {}),
    ...(has(0.4) ? { maxHoldMs: exponential(random, 60_000) + 1 } : {}),
    ...(has(0.4) ? { wideSpread: { maxSpreadBps: 5, maxDeferMs: between(random, 0, 5_000) } } : {}),
  };
}

/** @param heard gets everything that it learns, and when */
function randomStrategy(random: SimulationRandom, heard: string[]) {
  const everyQuotes = between(random, 3, 60);
  return defineStrategy({
    kind: "strategy",
    id: "drawn",
    version: "0.1.0",
    sdkVersion: 1,
    author: "berth",
    description: "Tries what is held for it.",
    trading: { venues: ["*"], instruments: ["*"], data: ["quotes", "trades", "marks"], orders: "trade" },
    riskBudget: {
      maxOrderNotionalUsd: 5_000,
      maxPositionNotionalUsd: 20_000,
      maxOrdersPerSecond: 50,
      maxDailyLossUsd: 1_000,
    },
    onStop: "keep_positions",
    settings: {},
  }, (ctx) => {
    const hear = (what: string, of: unknown): void => {
      heard.push(`${ctx.time.epochUs()} ${what} ${JSON.stringify(of)}`);
    };
    const act = (instrument: Instrument, price: number): void => {
      const side = random.next() < 0.5 ? "buy" : "sell";
      const sizeBase = between(random, 200, 2_000) / price;
      const draw = random.next();
      if (draw < 0.5) {
        ctx.orders.submit({
          instrument: instrument.id,
          side,
          sizeBase,
          exits: randomExits(random, price, side),
        });
      } else if (draw < 0.6) {
        ctx.exits.set(instrument.id, randomExits(random, price, side));
      } else if (draw < 0.65) ctx.exits.clear(instrument.id);
      else if (draw < 0.75) {
        const kind = random.next() < 0.5 ? "stop" : "take_profit";
        const off = (side === "buy") === (kind === "stop") ? 1 : -1;
        const trigger = { kind, price: price * (1 + (off * between(random, 2, 60)) / 10_000) } as const;
        ctx.orders.submit({
          instrument: instrument.id,
          side,
          sizeBase,
          trigger,
          reduceOnly: random.next() < 0.3,
        });
      } else if (draw < 0.8) ctx.orders.cancelAll();
      else ctx.orders.submit({ instrument: instrument.id, side, sizeBase, reduceOnly: true });
    };
    ctx.time.every(between(random, 500, 90_000), () => {
      hear("exits", ctx.exits.all());
      const [instrument] = ctx.instruments.all();
      const quote = instrument === undefined ? undefined : ctx.quotes.get(instrument.id);
      if (instrument !== undefined && quote !== undefined && quote.bidPrice > 0 && random.next() < 0.2) {
        act(instrument, quote.bidPrice);
      }
    });
    return {
      onQuote({ instrument: id, bidPrice }) {
        const instrument = ctx.instruments.get(id);
        if (instrument !== undefined && bidPrice > 0 && random.next() < 1 / everyQuotes) {
          act(instrument, bidPrice);
        }
      },
      onOrder: (order) => hear("order", order),
      onFill: (fill) => hear("fill", fill),
      onPosition: (position) => hear("position", position),
      onExit: (exit) => hear("exit", exit),
    };
  });
}

interface DrawnRun {
  readonly recording: Recording;
  /** All that the strategy learned, and when by its own clock. */
  readonly heard: readonly string[];
  readonly turns: number;
}

/** One backtest; the same for the same seed, however its turns are taken. */
async function randomBacktest(seed: number, records: number, playsAhead: boolean): Promise<DrawnRun> {
  const random = seededRandom(seed);
  const heard: string[] = [];
  const module = randomStrategy(random.fork("strategy"), heard);
  const sandbox = memorySandbox(module);
  const draw = random.fork("settings");
  const maxDailyLossUsd = draw.next() < 0.3 ? 3 : 1_000;
  const { manifest } = module;
  const recording = await runBacktest({
    sandbox,
    process: {
      pluginId: pluginId(manifest.id),
      role: "strategy",
      entryPath: "",
      rootPath: "",
      permissions: { net: [], read: [], write: [] },
      packages: [],
      limits: defaultLimits,
    },
    manifest,
    settings: {},
    data: randomMarket(random.fork("market"), records),
    risk: defaultRiskSettings,
    budget: { ...manifest.riskBudget, maxDailyLossUsd },
    depositUsd: 10_000,
    venueLatencyMs: between(draw, 1, 60),
    lookaheadMs: between(draw, 0.2, 20),
    seed,
    log: { write: () => undefined },
    playsAhead,
  });
  return { recording, heard, turns: sandbox.turns };
}

/** Runs each seed both ways and compares all that came of it; and that the one way has taken fewer turns. */
export async function sameHoweverTurnsAreTaken(
  firstSeed: number,
  lastSeed: number,
  records: number,
): Promise<void> {
  let [turnsOneByOne, turnsAhead, exitsTold] = [0, 0, 0];
  for (let seed = firstSeed; seed <= lastSeed; seed++) {
    const oneByOne = await randomBacktest(seed, records, false);
    const ahead = await randomBacktest(seed, records, true);
    assertEquals(ahead.heard, oneByOne.heard, `seed ${seed}`);
    assertEquals(JSON.stringify(ahead.recording), JSON.stringify(oneByOne.recording), `seed ${seed}`);
    turnsOneByOne += oneByOne.turns;
    turnsAhead += ahead.turns;
    exitsTold += oneByOne.heard.filter((line) => line.includes(" exit ")).length;
  }
  assert(exitsTold > 50 * (lastSeed - firstSeed + 1), `${exitsTold} words of exits`);
  assert(turnsAhead < turnsOneByOne * 0.6, `${turnsAhead} turns for ${turnsOneByOne}`);
}
