/** Numbers for the eye. What is not a number is a dash. */
import type { Style } from "./styled_text.ts";

const missing = "–";

/** `43250.1` at one decimal. */
export const priceText = (price: number, decimals: number): string =>
  Number.isFinite(price) ? price.toFixed(Math.min(Math.max(decimals, 0), 12)) : missing;

/** Sizes in at most six characters' worth of digits: what a trader reads at a glance, never what is sent. */
export function sizeText(sizeBase: number, decimals: number): string {
  if (!Number.isFinite(sizeBase)) return missing;
  const whole = Math.max(String(Math.trunc(Math.abs(sizeBase))).length, 1);
  const places = Math.min(Math.max(decimals, 0), Math.max(6 - whole, 0));
  const text = Math.abs(sizeBase) >= 1e7 ? sizeBase.toExponential(2) : sizeBase.toFixed(places);
  return text.replace("-", "−");
}

/** `+1,234.50`; the sign always, so that gains and losses differ without colour. */
export function signedUsdText(value: number): string {
  if (!Number.isFinite(value)) return missing;
  const rounded = Math.abs(value) < 0.005 ? 0 : value;
  return `${rounded > 0 ? "+" : rounded < 0 ? "−" : ""}${usdText(Math.abs(rounded))}`;
}

/** `1,234.50`; from a billion in powers of ten. */
export function usdText(value: number): string {
  if (!Number.isFinite(value)) return missing;
  if (Math.abs(value) >= 1e9) return value.toExponential(3);
  const [whole = "", cents = ""] = Math.abs(value).toFixed(2).split(".");
  return `${value < 0 ? "−" : ""}${whole.replace(/\B(?=(\d{3})+$)/g, ",")}.${cents}`;
}

export const usdStyle = (value: number): Style => value >= 0.005 ? "good" : value <= -0.005 ? "bad" : "dim";

/** `+1.25%`; a dash for what is not known. */
export function percentText(percent: number): string {
  if (!Number.isFinite(percent)) return missing;
  const text = Math.abs(percent) >= 10_000
    ? Math.abs(percent).toExponential(1)
    : Math.abs(percent).toFixed(2);
  return `${percent >= 0.005 ? "+" : percent <= -0.005 ? "−" : ""}${text}%`;
}

/** `+1.25`. */
export function bpsText(bps: number): string {
  if (!Number.isFinite(bps)) return missing;
  const text = Math.abs(bps) >= 10_000 ? Math.abs(bps).toExponential(1) : Math.abs(bps).toFixed(2);
  return `${bps > 0 ? "+" : bps < 0 ? "−" : ""}${text}`;
}

/** `85ms`, `1.2s`, `3m`, `2h`, `5d`: at most five characters below a hundred thousand days. */
export function ageText(ageMs: number): string {
  if (!Number.isFinite(ageMs)) return missing;
  const age = Math.max(ageMs, 0);
  if (age < 999.5) return `${Math.round(age)}ms`;
  if (age < 9_950) return `${(age / 1000).toFixed(1)}s`;
  if (age < 99_500) return `${Math.round(age / 1000)}s`;
  if (age < 5_970_000) return `${Math.round(age / 60_000)}m`;
  if (age < 172_800_000) return `${Math.round(age / 3_600_000)}h`;
  return `${Math.round(age / 86_400_000)}d`;
}

/** Fresh, ageing, old. */
export function ageStyle(ageMs: number, warnMs: number, badMs: number): Style {
  if (!(ageMs <= badMs)) return "bad";
  return ageMs <= warnMs ? "good" : "warn";
}

/** `00:01:23`, with days before it where there are any. */
export function clockText(durationMs: number): string {
  if (!Number.isFinite(durationMs)) return missing;
  const seconds = Math.floor(Math.max(durationMs, 0) / 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  const days = Math.floor(seconds / 86_400);
  const time = `${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${
    two(seconds % 60)
  }`;
  return days > 0 ? `${days}d ${time}` : time;
}

/** Time of day in UTC: `15:06:40`. */
export function timeOfDayText(tsMs: number): string {
  if (!(Math.abs(tsMs) <= 8.64e15)) return missing;
  return new Date(tsMs).toISOString().slice(-13, -5);
}

/** `12`, `1.2k`, `3.4M`: counts in at most five characters. */
export function countText(count: number): string {
  if (!Number.isFinite(count)) return missing;
  if (Math.abs(count) < 9_999.5) return String(Math.round(count));
  if (Math.abs(count) < 999_500) return `${(count / 1000).toFixed(Math.abs(count) < 99_950 ? 1 : 0)}k`;
  return Math.abs(count) < 999.5e6 ? `${(count / 1e6).toFixed(1)}M` : count.toExponential(0);
}

/** One decimal below a hundred, else none. */
export const shortNumberText = (value: number): string =>
  Number.isFinite(value) ? (Math.abs(value) < 99.95 ? value.toFixed(1) : countText(value)) : missing;
