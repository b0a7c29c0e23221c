/**
 * Sums of money: exact `bigint` at a scale of 1e-18 of the settlement asset. Notional, fees, PnL and funding are
 * money; rates are not.
 */
import { BerthError } from "../errors.ts";
import type { Brand } from "./ids.ts";
import type { Instrument } from "./instrument.ts";
import { formatScaled } from "./ticks.ts";

export type Money = Brand<bigint, "Money">;

/** Digits after the point that one unit of money stands for. */
export const moneyDecimals = 18;
const moneyScale = 10n ** BigInt(moneyDecimals);

export const money = (units: bigint): Money => units as Money;
export const zeroMoney: Money = money(0n);

/**
 * Reads the venue's decimal text exactly; digits beyond the 18th must be zero.
 * @throws {BerthError} MODEL_INVALID_DECIMAL
 */
export function parseMoney(text: string): Money {
  const match = /^(-?)(\d{1,40})(?:\.(\d{1,40}))?$/.exec(text);
  const fraction = match?.[3] ?? "";
  if (match === null || /[1-9]/.test(fraction.slice(moneyDecimals))) {
    throw new BerthError("MODEL_INVALID_DECIMAL", { value: text, expected: "decimal of at most 18 places" });
  }
  const units = BigInt((match[2] ?? "") + fraction.slice(0, moneyDecimals).padEnd(moneyDecimals, "0"));
  return money(match[1] === "-" ? -units : units);
}

/** Exact decimal text without trailing zeros: `-12.345`. */
export const formatMoney = (value: Money): string => formatScaled(value, moneyDecimals);

/** For display and statistics only: the nearest float. */
export const moneyToNumber = (value: Money): number => Number(formatMoney(value));

/** A float (a limit in USD, say) to money, rounded to 1e-6 of the asset. @throws {BerthError} MODEL_OUT_OF_RANGE on NaN or beyond 1e9 */
export function moneyFromNumber(value: number): Money {
  if (!(Math.abs(value) <= 1e9)) {
    throw new BerthError("MODEL_OUT_OF_RANGE", { what: "amount", value: String(value), range: "±1e9" });
  }
  return money(BigInt(Math.round(value * 1e6)) * 10n ** BigInt(moneyDecimals - 6));
}

/**
 * Value of one tick × lot in money: tick size × lot size for a linear instrument, so that
 * `notional = priceTicks × sizeLots × tickLotMoney`.
 * Tick 0.1 and lot 0.00001: 1e-6 of the settlement asset, 10^12 units.
 * @throws {BerthError} MODEL_OUT_OF_RANGE when tick and lot together have over 18 decimals
 */
export function tickLotMoney(instrument: Pick<Instrument, "tick" | "lot">): Money {
  const places = moneyDecimals - instrument.tick.decimals - instrument.lot.decimals;
  if (places < 0) {
    const value = `${instrument.tick.text} × ${instrument.lot.text}`;
    throw new BerthError("MODEL_OUT_OF_RANGE", { what: "tick × lot", value, range: "18 decimals" });
  }
  return money(BigInt(instrument.tick.units) * BigInt(instrument.lot.units) * 10n ** BigInt(places));
}

/** Order value in the settlement asset, exact: |size| × price. 432501 ticks of 0.1 × 1000 lots of 0.00001 is 432.501. */
export function notional(
  priceTicks: number,
  sizeLots: number,
  instrument: Pick<Instrument, "tick" | "lot">,
): Money {
  const lots = sizeLots < 0 ? -sizeLots : sizeLots;
  return money(BigInt(priceTicks) * BigInt(lots) * tickLotMoney(instrument));
}

/** Money × fraction in bps, rounded half away from zero to 1e-18. 432.501 at 4.5 bps is 0.19462545. */
export function moneyTimesBps(value: Money, bps: number): Money {
  if (!Number.isFinite(bps)) {
    throw new BerthError("MODEL_OUT_OF_RANGE", { what: "rate", value: String(bps), range: "finite bps" });
  }
  const scaledBps = BigInt(Math.round(bps * 1e6)); // six decimals of a basis point
  const product = value * scaledBps;
  const divisor = 10_000n * 1_000_000n;
  const half = product < 0n ? -divisor / 2n : divisor / 2n;
  return money((product + half) / divisor);
}

/** One whole unit of the asset. */
export const oneMoney: Money = money(moneyScale);

export const addMoney = (a: Money, b: Money): Money => money(a + b);
