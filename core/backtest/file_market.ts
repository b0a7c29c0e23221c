/** Market data from files that name no venue, tick or fees: bars, and quotes and trades as CSV. */
import { basename, resolve } from "node:path";
import { parseInstrumentId, symbolOf, venueOf } from "../model/ids.ts";
import type { Instrument } from "../model/instrument.ts";
import type { RiskSettings } from "../model/risk_limits.ts";
import { increment } from "../model/ticks.ts";
import type { MarketData } from "../recording/market_data.ts";
import { barsAsMarketData } from "./bars.ts";
import { barLengthMs, readBars } from "./bars_file.ts";
import { constantFunding, type FundingSchedule, readFunding } from "./funding.ts";
import { readTicks } from "./tick_files.ts";

export const volumeUnits = ["base", "quote"] as const;

/** What such a file is of. */
export interface FileMarket {
  /** `paradex:BTC-PERP`. */
  readonly instrument: string;
  /** Decimal text. */
  readonly tick: string;
  readonly lot: string;
  readonly minNotionalUsd: number;
  readonly makerFeeBps: number;
  readonly takerFeeBps: number;
  /** Around the price of a bar, and shown at the best prices. */
  readonly spreadBps: number;
  readonly quoteSizeBase: number;
  readonly volumeUnit: (typeof volumeUnits)[number];
  /** Between two quotes that a bar gives. */
  readonly stepMs: number;
  /** File of past rates; it wins over a rate. */
  readonly fundingFile: string | undefined;
  /** The same at every interval; undefined: no funding. */
  readonly fundingRateBps: number | undefined;
  readonly fundingIntervalHours: number;
}

export interface OpenedMarket {
  readonly data: MarketData;
  readonly risk: RiskSettings;
  /** A line each, for the report. */
  readonly assumptions: readonly string[];
}

interface Where {
  readonly workingFolder: string;
  readonly risk: RiskSettings;
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
}

/** @throws {BerthError} BACKTEST_BAD_BARS, BACKTEST_BAD_FUNDING, BACKTEST_NO_DATA, MODEL_INVALID_ID */
export async function openBars(file: string, market: FileMarket, where: Where): Promise<OpenedMarket> {
  const { workingFolder, risk, fromMs, toMs } = where;
  const bars = await readBars(resolve(workingFolder, file), { fromMs, toMs, volumeUnit: market.volumeUnit });
  const lengthMs = barLengthMs(bars);
  const stepMs = Math.min(market.stepMs, lengthMs / 4);
  const { spreadBps, quoteSizeBase } = market;
  const funding = await fundingOf(market, workingFolder);
  const settings = { instrument: instrumentOf(market), lengthMs, spreadBps, quoteSizeBase, stepMs, funding };
  return {
    data: barsAsMarketData(bars, settings, `${bars.length} bars of ${basename(file)}`),
    risk: forBars(risk, stepMs),
    assumptions: [
      `within a bar the price goes from open to the nearer extreme, the other one and the close, quoted every ${
        stepMs / 1000
      } s ${spreadBps} bps wide with ${quoteSizeBase} on each side`,
      ...costsOf(market, funding),
    ],
  };
}

/** @throws {BerthError} BACKTEST_BAD_TICKS, BACKTEST_BAD_FUNDING, BACKTEST_NO_DATA, MODEL_INVALID_ID */
export async function openTicks(
  files: readonly string[],
  market: FileMarket,
  where: Where,
): Promise<OpenedMarket> {
  const { workingFolder, risk, fromMs, toMs } = where;
  const funding = await fundingOf(market, workingFolder);
  const data = await readTicks(files.map((file) => resolve(workingFolder, file)), {
    instrument: instrumentOf(market),
    funding,
    fromMs,
    toMs,
  });
  return {
    data,
    risk,
    assumptions: ["the mark is the middle of the quotes, once a second", ...costsOf(market, funding)],
  };
}

const costsOf = (market: FileMarket, funding: FundingSchedule | undefined): readonly string[] => [
  `fees ${market.makerFeeBps} bps maker, ${market.takerFeeBps} bps taker`,
  funding?.description ?? "no funding",
];

async function fundingOf(
  { fundingFile, fundingRateBps, fundingIntervalHours }: FileMarket,
  workingFolder: string,
): Promise<FundingSchedule | undefined> {
  if (fundingFile !== undefined) return await readFunding(resolve(workingFolder, fundingFile));
  return fundingRateBps === undefined ? undefined : constantFunding(fundingRateBps, fundingIntervalHours);
}

/** Quotes are as old as bars are coarse: what would be stale on a live feed is all there is here. */
function forBars(risk: RiskSettings, stepMs: number): RiskSettings {
  const { market } = risk;
  return {
    ...risk,
    market: {
      ...market,
      maxQuoteAgeMs: Math.max(market.maxQuoteAgeMs, 2 * stepMs),
      maxMarkAgeMs: Math.max(market.maxMarkAgeMs, 8 * stepMs),
      maxValuationAgeMs: Math.max(market.maxValuationAgeMs, 8 * stepMs),
    },
  };
}

function instrumentOf(market: FileMarket): Instrument {
  const id = parseInstrumentId(market.instrument);
  const symbol = symbolOf(id);
  return {
    id,
    venue: venueOf(id),
    symbol,
    venueSymbol: symbol,
    kind: "perpetual",
    settlement: "linear",
    baseAsset: symbol.split("-")[0] ?? symbol,
    quoteAsset: "USD",
    settlementAsset: "USD",
    tick: increment(market.tick),
    lot: increment(market.lot),
    contractMultiplier: "1",
    minSizeLots: 1,
    maxSizeLots: 1_000_000_000_000,
    minNotional: market.minNotionalUsd,
    makerFeeBps: market.makerFeeBps,
    takerFeeBps: market.takerFeeBps,
    maxLeverage: 50,
    fundingIntervalHours: market.fundingIntervalHours,
    status: "trading",
  };
}
