/**
 * What a pair of quotes is worth: executable prices (never mid prices), fees of the legs, and the size both sides
 * have. Numbers are float64 estimates for a decision; what is sent is exact.
 */
import type { Instrument, Quote } from "@berth/sdk";

/**
 * Difference of two prices in bps of their mean: what selling at one and buying at the other brings before fees.
 * Buy 43251, sell 43254: 3 / 43252.5 is 0.69 bps.
 */
export function grossEdgeBps(buyPrice: number, sellPrice: number): number {
  return ((sellPrice - buyPrice) / ((sellPrice + buyPrice) / 2)) * 10_000;
}

export interface Edge {
  readonly grossBps: number;
  /** Of the two opening legs, maker or taker as they are executed. */
  readonly feesBps: number;
  /** Gross minus the fees of the two opening legs. Gross 0.69 with fees of 5 in all: −4.31. */
  readonly netBps: number;
  /** Gross minus the fees of all four legs: what is left if the pair is closed at equal prices. */
  readonly roundTripBps: number;
}

/**
 * Edge of buying at one price and selling at the other, with each leg's fee as it is executed, in bps.
 *
 * @param closingFeesBps of both closing legs; those of the opening where they are executed alike
 */
export function edgeOf(
  buyPrice: number,
  sellPrice: number,
  buyFeeBps: number,
  sellFeeBps: number,
  closingFeesBps: number = buyFeeBps + sellFeeBps,
): Edge {
  const grossBps = grossEdgeBps(buyPrice, sellPrice);
  const feesBps = buyFeeBps + sellFeeBps;
  const netBps = grossBps - feesBps;
  return { grossBps, feesBps, netBps, roundTripBps: netBps - closingFeesBps };
}

/** Net edge × the value of the size, in the quote currency: what ranks opportunities. */
export const scoreOf = (edge: Edge, sizeBase: number, price: number): number =>
  (edge.netBps / 10_000) * sizeBase * price;

/**
 * A size step that is a whole number of lots on both venues, as integer units of 10^-decimals base. Lots 0.001 and
 * 0.0004 give 0.002: 20 units at 4 decimals.
 */
export interface SizeStep {
  readonly units: bigint;
  readonly decimals: number;
}

const greatestCommonDivisor = (
  a: bigint,
  b: bigint,
): bigint => (b === 0n ? a : greatestCommonDivisor(b, a % b));

export function commonSizeStep(a: Pick<Instrument, "lot">, b: Pick<Instrument, "lot">): SizeStep {
  const decimals = Math.max(a.lot.decimals, b.lot.decimals);
  const unitsA = BigInt(a.lot.units) * 10n ** BigInt(decimals - a.lot.decimals);
  const unitsB = BigInt(b.lot.units) * 10n ** BigInt(decimals - b.lot.decimals);
  return { units: (unitsA * unitsB) / greatestCommonDivisor(unitsA, unitsB), decimals };
}

/** Whole steps in a float size, rounded down. A size within a billionth of a step of a whole one counts as that. */
export function wholeSteps(sizeBase: number, step: SizeStep): number {
  const exact = (sizeBase * 10 ** step.decimals) / Number(step.units);
  return Number.isFinite(exact) ? Math.floor(exact * (1 + 1e-12) + 1e-9) : 0;
}

/** Base units of a number of steps, as exact decimal text for an order. */
export function stepsToText(steps: number, step: SizeStep): string {
  const digits = (BigInt(steps) * step.units).toString().padStart(step.decimals + 1, "0");
  const whole = digits.slice(0, digits.length - step.decimals);
  const fraction = digits.slice(digits.length - step.decimals);
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

export const stepsToBase = (steps: number, step: SizeStep): number =>
  (steps * Number(step.units)) / 10 ** step.decimals;

export interface SizeLimits {
  readonly orderNotionalUsd: number;
  readonly depthShare: number;
}

/**
 * Steps that one opening may trade: the smaller of the value limit and the share of what both sides show, and
 * nothing where that is under a venue's minimum.
 */
export function openingSteps(
  buy: { readonly quote: Quote; readonly instrument: Instrument },
  sell: { readonly quote: Quote; readonly instrument: Instrument },
  step: SizeStep,
  limits: SizeLimits,
): number {
  const shownBase = Math.min(buy.quote.askSizeBase, sell.quote.bidSizeBase);
  const sizeBase = Math.min(shownBase * limits.depthShare, limits.orderNotionalUsd / buy.quote.askPrice);
  const steps = wholeSteps(sizeBase, step);
  const meets = (instrument: Instrument, price: number): boolean => {
    const lots = stepsToBase(steps, step) / (instrument.lot.units / 10 ** instrument.lot.decimals);
    return lots >= instrument.minSizeLots * (1 - 1e-9) &&
      stepsToBase(steps, step) * price >= instrument.minNotional;
  };
  return steps > 0 && meets(buy.instrument, buy.quote.askPrice) && meets(sell.instrument, sell.quote.bidPrice)
    ? steps
    : 0;
}
