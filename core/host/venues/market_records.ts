/** 64-byte records of market data on their way into the engine, and into the venue of paper where one trades. */
import type { EngineSurface } from "../../engine/surface.ts";
import type { PaperMarketFeed } from "../../execution/paper/paper_orders.ts";
import { recordKinds, recordOffsets } from "../../protocol/records.ts";

/**
 * Hands one record over. Hot path: nothing is allocated.
 *
 * @param at where the record begins in `view`
 * @param index the host's number of its instrument
 * @returns what it was, or undefined for a kind that is none
 */
export function takeRecord(
  view: DataView,
  at: number,
  index: number,
  nowUs: number,
  engine: EngineSurface,
  paper: PaperMarketFeed | undefined,
): "quotes" | "trades" | "marks" | undefined {
  const isFlagged = view.getUint8(at + recordOffsets.flag) === 1;
  const sequence = view.getFloat64(at + recordOffsets.sequence, true);
  const tsVenueMs = view.getFloat64(at + recordOffsets.tsVenueMs, true);
  const tsRecvUs = view.getFloat64(at + recordOffsets.tsRecvUs, true);
  const first = view.getFloat64(at + recordOffsets.first, true);
  const second = view.getFloat64(at + recordOffsets.second, true);
  const third = view.getFloat64(at + recordOffsets.third, true);
  const fourth = view.getFloat64(at + recordOffsets.fourth, true);
  switch (view.getUint8(at + recordOffsets.kind)) {
    case recordKinds.quote: {
      const source = isFlagged ? "rest" : "stream";
      engine.onQuote(index, first, second, third, fourth, sequence, tsVenueMs, tsRecvUs, source);
      paper?.onQuote(index, first, second, third, fourth, nowUs);
      return "quotes";
    }
    case recordKinds.trade: {
      const takerSide = isFlagged ? "sell" : "buy";
      engine.onTrade(index, takerSide, first, second, sequence, tsVenueMs, tsRecvUs);
      paper?.onTrade(index, takerSide, first, second, nowUs);
      return "trades";
    }
    case recordKinds.mark:
      engine.onMark(index, first, second, third, fourth, sequence, tsVenueMs, tsRecvUs);
      paper?.onMark(index, first, third, fourth, nowUs);
      return "marks";
    default:
      return undefined;
  }
}
