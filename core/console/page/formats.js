/** Numbers and times as they are shown. What is not known is a dash. */

export const dash = "–";
const minus = "−";

/** @type {Map<number, Intl.NumberFormat>} */
const fixedFormats = new Map();

/**
 * @param {number | null | undefined} value
 * @param {number} decimals
 */
export function fixed(value, decimals) {
  if (value === null || value === undefined || !Number.isFinite(value)) return dash;
  const format = fixedFormats.get(decimals) ?? new Intl.NumberFormat("en-US", {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
  fixedFormats.set(decimals, format);
  const text = format.format(Math.abs(value));
  const isZero = !/[1-9]/.test(text);
  return value < 0 && !isZero ? minus + text : text;
}

/**
 * With its sign, but for zero.
 *
 * @param {number | null | undefined} value
 * @param {number} decimals
 */
export function signed(value, decimals) {
  const text = fixed(value, decimals);
  return value !== null && value !== undefined && value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

/** @param {number | null | undefined} value */
export const usd = (value) => signed(value, 2);

/**
 * `gain`, `loss`, or nothing.
 *
 * @param {number | null | undefined} value
 * @param {number} decimals of what is shown: what rounds to zero is neither
 */
export function toneOf(value, decimals = 2) {
  const text = signed(value, decimals);
  if (text.startsWith("+")) return { tone: "gain" };
  return text.startsWith(minus) ? { tone: "loss" } : {};
}

/**
 * Decimals of an increment: `0.001` has 3.
 *
 * @param {string | undefined} increment
 * @param {number} fallback
 */
export const decimalsOf = (increment, fallback) =>
  increment === undefined ? fallback : (increment.split(".")[1] ?? "").length;

/** @param {number | null | undefined} ms `12 ms`, `3.4 s`, `2 min`, `5 h` */
export function span(ms) {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return dash;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min`;
  return `${Math.floor(ms / 3_600_000)} h`;
}

/** @param {number} ms `00:04:12`, with days before it where there are any */
export function clockSpan(ms) {
  const seconds = Math.floor(ms / 1_000);
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  const days = Math.floor(seconds / 86_400);
  const text = `${two(Math.floor(seconds / 3_600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${
    two(seconds % 60)
  }`;
  return days > 0 ? `${days} d ${text}` : text;
}

const timeFormat = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
/** @param {number} tsMs local time of day */
export const timeOfDay = (tsMs) => timeFormat.format(tsMs);
/** @param {number} tsMs to the millisecond */
export const exactTime = (tsMs) =>
  `${timeFormat.format(tsMs)}.${String(Math.floor(tsMs) % 1_000).padStart(3, "0")}`;

/** @param {string} instrument `okx:BTC-PERP` */
export const venueOf = (instrument) => instrument.slice(0, Math.max(instrument.indexOf(":"), 0));
/** @param {string} instrument */
export const symbolOf = (instrument) => instrument.slice(instrument.indexOf(":") + 1);

/** @param {string} name `awaiting_approval` → `awaiting approval` */
export const spaced = (name) => name.replaceAll("_", " ");
