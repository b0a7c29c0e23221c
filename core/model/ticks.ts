/**
 * Exact prices and sizes: whole ticks and whole lots as safe integers, read from and written to decimal text digit
 * by digit. `Math.floor(price / 0.1)` is a tick short for a third of all prices; nothing here divides floats to get
 * a number that is sent.
 */
import { BerthError } from "../errors.ts";
import type { Brand } from "./ids.ts";

export type PriceTicks = Brand<number, "PriceTicks">;
export type SizeLots = Brand<number, "SizeLots">;

/** A tick size or lot size: `units × 10^-decimals`. `0.5` is units 5, decimals 1. */
export interface Increment {
  readonly text: string;
  readonly units: number;
  readonly decimals: number;
}

const decimalPattern = /^(-?)(\d{1,20})(?:\.(\d{1,20}))?$/;

function range(what: string, value: string): BerthError {
  return new BerthError("MODEL_OUT_OF_RANGE", { what, value, range: "±(2^53 − 1)" });
}

/** @throws {BerthError} MODEL_OUT_OF_RANGE when not a safe integer. Sign is free: differences of prices are ticks too. */
export function priceTicks(value: number): PriceTicks {
  if (!Number.isSafeInteger(value)) throw range("price in ticks", String(value));
  return value as PriceTicks;
}

/** @throws {BerthError} MODEL_OUT_OF_RANGE when not a safe integer. Signed where a position is meant. */
export function sizeLots(value: number): SizeLots {
  if (!Number.isSafeInteger(value)) throw range("size in lots", String(value));
  return value as SizeLots;
}

/**
 * Reads a tick or lot size from the venue's decimal text. Trailing zeros are dropped.
 * @throws {BerthError} MODEL_INVALID_DECIMAL when it is not a positive decimal
 */
export function increment(text: string): Increment {
  const match = decimalPattern.exec(text);
  const fraction = (match?.[3] ?? "").replace(/0+$/, "");
  const units = Number((match?.[2] ?? "") + fraction);
  if (match === null || match[1] === "-" || !Number.isSafeInteger(units) || units <= 0) {
    throw new BerthError("MODEL_INVALID_DECIMAL", { value: text, expected: "positive decimal such as 0.1" });
  }
  return { text: formatScaled(BigInt(units), fraction.length), units, decimals: fraction.length };
}

/** The increment as a float, for estimates only. `0.1` gives 0.1. */
export const incrementValue = (step: Increment): number => step.units / 10 ** step.decimals;

/** Digits that are exact in a double whatever they are. */
const maxPlainDigits = 15;

/** Most texts of venues, read digit by digit without garbage; -1 for what needs a closer look. */
function plainIncrements(text: string, step: Increment): number {
  const { length } = text;
  if (length === 0 || length > maxPlainDigits + 1) return -1;
  let scaled = 0;
  let decimals = -1; // before the point
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code === 46) {
      if (decimals >= 0 || at === 0 || at === length - 1) return -1;
      decimals = 0;
      continue;
    }
    if (code < 48 || code > 57) return -1;
    if (decimals === step.decimals) {
      if (code !== 48) return -1;
      continue;
    }
    if (decimals >= 0) decimals += 1;
    scaled = scaled * 10 + (code - 48);
  }
  scaled *= 10 ** (step.decimals - Math.max(0, decimals));
  return Number.isSafeInteger(scaled) && scaled % step.units === 0 ? scaled / step.units : -1;
}

/**
 * Text to whole increments, exactly: `43250.1` at tick `0.1` gives 432501.
 * @throws {BerthError} MODEL_INVALID_DECIMAL, INSTRUMENT_OFF_TICK, MODEL_OUT_OF_RANGE
 */
export function parseIncrements(text: string, step: Increment): number {
  const plain = plainIncrements(text, step);
  if (plain >= 0) return plain;
  const match = decimalPattern.exec(text);
  if (match === null) throw new BerthError("MODEL_INVALID_DECIMAL", { value: text, expected: "decimal" });
  const fraction = match[3] ?? "";
  const kept = fraction.slice(0, step.decimals).padEnd(step.decimals, "0");
  const scaled = Number((match[2] ?? "") + kept);
  const isOff = /[1-9]/.test(fraction.slice(step.decimals)) || scaled % step.units !== 0;
  if (!Number.isSafeInteger(scaled)) throw range("decimal", text);
  if (isOff) {
    throw new BerthError("INSTRUMENT_OFF_TICK", {
      instrument: "this instrument",
      value: text,
      increment: step.text,
    });
  }
  const count = scaled / step.units;
  return match[1] === "-" && count !== 0 ? -count : count;
}

/** Whole increments to text: 432501 at tick `0.1` gives `43250.1`. */
export function formatIncrements(count: number, step: Increment): string {
  return formatScaled(BigInt(count) * BigInt(step.units), step.decimals);
}

/** Whole increments as a float, for strategies and estimates: the double nearest to the exact value. */
export function incrementsToNumber(count: number, step: Increment): number {
  const scaled = count * step.units;
  return Number.isSafeInteger(scaled) && step.decimals <= 22
    ? scaled / 10 ** step.decimals
    : Number(formatIncrements(count, step));
}

export type RoundingDirection = "down" | "up" | "nearest";

/**
 * A strategy's float to whole increments, once, by a stated direction. A float within a billionth of an increment of
 * a whole one counts as that one (0.3 at tick 0.1 is 3, though 0.3 / 0.1 is 2.9999…). "down" is towards minus
 * infinity; "nearest" rounds halves up.
 * @throws {BerthError} MODEL_OUT_OF_RANGE on NaN, infinities and what exceeds 2^53
 */
export function roundToIncrements(value: number, step: Increment, direction: RoundingDirection): number {
  const exact = (value * 10 ** step.decimals) / step.units;
  const nearest = Math.round(exact);
  const tolerance = Math.max(1e-9, Math.abs(exact) * 4 * Number.EPSILON);
  const count = Math.abs(exact - nearest) <= tolerance || direction === "nearest"
    ? nearest
    : direction === "down"
    ? Math.floor(exact)
    : Math.ceil(exact);
  if (!Number.isSafeInteger(count)) throw range("number", String(value));
  return count === 0 ? 0 : count; // no -0
}

/**
 * The next price that `maxFigures` significant figures allow; whole numbers always are prices. 123456 ticks of 0.1
 * (12345.6) at 5 figures give 123450 down and 123460 up. A price that is allowed comes back as it is.
 */
export function fitPriceFigures(
  ticks: number,
  tick: Increment,
  maxFigures: number | undefined,
  direction: RoundingDirection,
): number {
  if (maxFigures === undefined) return ticks;
  const figures = String(Math.abs(ticks) * tick.units).length;
  const dropped = Math.min(figures - maxFigures, tick.decimals);
  if (dropped <= 0) return ticks;
  const step = 10 ** dropped;
  const steps = (ticks * tick.units) / step;
  const kept = direction === "down"
    ? Math.floor(steps)
    : direction === "up"
    ? Math.ceil(steps)
    : Math.round(steps);
  const fitted = (kept * step) / tick.units;
  // Only where the tick divides the coarser step, as every power of ten does, is there such a price.
  return Number.isSafeInteger(fitted) ? fitted : ticks;
}

/** Which prices an instrument has. */
export interface PriceSteps {
  readonly tick: Increment;
  readonly maxPriceFigures?: number | undefined;
}

/** Ticks of the next price that the instrument has, at least one tick. @throws as {@link roundToIncrements} */
export const fittedTicks = (
  price: number,
  { tick, maxPriceFigures }: PriceSteps,
  direction: RoundingDirection,
): number =>
  Math.max(1, fitPriceFigures(roundToIncrements(price, tick, direction), tick, maxPriceFigures, direction));

/** `units × 10^-decimals` as plain decimal text without trailing zeros. */
export function formatScaled(units: bigint, decimals: number): string {
  const sign = units < 0n ? "-" : "";
  const digits = (units < 0n ? -units : units).toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, "");
  return fraction === "" ? sign + whole : `${sign}${whole}.${fraction}`;
}
