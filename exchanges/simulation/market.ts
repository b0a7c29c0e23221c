/** One instrument at a simulated venue: its book, what was traded, its mark. */
import { increment, parseMoney, tickLotMoney } from "@berth/sdk";
import { MatchingEngine } from "./matching_engine.ts";
import type { SimulatedInstrument, SimulatedMark, SimulatedTrade } from "./ports.ts";

export interface Market {
  readonly instrument: SimulatedInstrument;
  readonly engine: MatchingEngine;
  readonly tickLot: bigint;
  readonly minNotional: bigint;
  readonly trades: SimulatedTrade[];
  mark: SimulatedMark;
  /** 0 before the first. */
  markTicks: number;
  sequence: number;
}

export function newMarket(instrument: SimulatedInstrument, tsMs: number): Market {
  return {
    instrument,
    engine: new MatchingEngine(),
    tickLot: tickLotMoney({ tick: increment(instrument.tickSize), lot: increment(instrument.lotSize) }),
    minNotional: parseMoney(instrument.minNotional),
    trades: [],
    mark: emptyMark(instrument.symbol, tsMs),
    markTicks: 0,
    sequence: 0,
  };
}

const emptyMark = (symbol: string, tsMs: number): SimulatedMark => ({
  symbol,
  markPrice: 0,
  indexPrice: 0,
  fundingRate: 0,
  tsNextFundingMs: tsMs,
  tsMs,
});
