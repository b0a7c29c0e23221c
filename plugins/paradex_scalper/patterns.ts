/** Candlestick patterns by their usual definitions, over the newest closed bars. */
import type { Candle } from "@berth/sdk/klines";

export type PatternName =
  | "bullish_engulfing"
  | "bearish_engulfing"
  | "hammer"
  | "shooting_star"
  | "three_white_soldiers"
  | "three_black_crows"
  | "morning_star"
  | "evening_star";

export interface Pattern {
  readonly name: PatternName;
  readonly side: "buy" | "sell";
  /** How much a pattern counts, 0 to 1: the more bars it takes, the more. */
  readonly strength: number;
}

const bodyOf = (bar: Candle): number => Math.abs(bar.close - bar.open);
const rangeOf = (bar: Candle): number => bar.high - bar.low;
const isUp = (bar: Candle): boolean => bar.close > bar.open;
const isDown = (bar: Candle): boolean => bar.close < bar.open;
const upperShadow = (bar: Candle): number => bar.high - Math.max(bar.open, bar.close);
const lowerShadow = (bar: Candle): number => Math.min(bar.open, bar.close) - bar.low;

/** Patterns that the newest bar completes; none where there are fewer than three bars. */
export function patternsOf(bars: readonly Candle[]): readonly Pattern[] {
  const [before, previous, last] = bars.slice(-3);
  if (before === undefined || previous === undefined || last === undefined) return [];
  const found: Pattern[] = [];
  const add = (name: PatternName, side: "buy" | "sell", strength: number): void =>
    void found.push({ name, side, strength });
  if (isDown(previous) && isUp(last) && last.open <= previous.close && last.close > previous.open) {
    add("bullish_engulfing", "buy", 0.6);
  }
  if (isUp(previous) && isDown(last) && last.open >= previous.close && last.close < previous.open) {
    add("bearish_engulfing", "sell", 0.6);
  }
  if (isHammer(last) && previous.close < before.close) add("hammer", "buy", 0.4);
  if (isShootingStar(last) && previous.close > before.close) add("shooting_star", "sell", 0.4);
  if (isMarch([before, previous, last], isUp, (later, earlier) => later.close > earlier.close)) {
    add("three_white_soldiers", "buy", 0.8);
  }
  if (isMarch([before, previous, last], isDown, (later, earlier) => later.close < earlier.close)) {
    add("three_black_crows", "sell", 0.8);
  }
  if (isStar(before, previous)) {
    const middle = (before.open + before.close) / 2;
    if (isDown(before) && isUp(last) && last.close > middle) add("morning_star", "buy", 0.8);
    if (isUp(before) && isDown(last) && last.close < middle) add("evening_star", "sell", 0.8);
  }
  return found;
}

/** A small body at the top of a bar whose lower shadow is at least twice the body. */
function isHammer(bar: Candle): boolean {
  const body = bodyOf(bar);
  return body > 0 && lowerShadow(bar) >= 2 * body && upperShadow(bar) <= body / 2 && rangeOf(bar) > 0;
}

function isShootingStar(bar: Candle): boolean {
  const body = bodyOf(bar);
  return body > 0 && upperShadow(bar) >= 2 * body && lowerShadow(bar) <= body / 2 && rangeOf(bar) > 0;
}

/** Three bars the same way, each closing beyond the one before, with bodies that make up most of their range. */
function isMarch(
  bars: readonly [Candle, Candle, Candle],
  isSameWay: (bar: Candle) => boolean,
  isBeyond: (later: Candle, earlier: Candle) => boolean,
): boolean {
  const [first, second, third] = bars;
  return bars.every((bar) => isSameWay(bar) && bodyOf(bar) >= 0.5 * rangeOf(bar)) &&
    isBeyond(second, first) && isBeyond(third, second);
}

/** A long bar followed by one with a body of at most a third of it. */
const isStar = (before: Candle, star: Candle): boolean =>
  bodyOf(before) > 0 && bodyOf(before) >= 0.5 * rangeOf(before) && bodyOf(star) <= bodyOf(before) / 3;
