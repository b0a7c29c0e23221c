/**
 * Every reason for which the gate says no: a stable code, its numbers, and the sentence made of them at the edge
 * (plugin message, console, log). Amounts are USD, prices in ticks unless the name says otherwise.
 */
import type { Facts } from "../model/journal_entry.ts";

interface ScopedNumber {
  readonly scope: string;
  readonly value: number;
  readonly limit: number;
}
interface AgeFacts {
  readonly instrument: string;
  readonly ageMs: number;
  readonly limitMs: number;
}

const over = (what: string, unit: string) => (f: ScopedNumber): string =>
  `${what} would be ${f.value}${unit} (limit ${f.limit}${unit}, ${f.scope}).`;
const is = (what: string, unit: string) => (f: ScopedNumber): string =>
  `${what} is ${f.value}${unit} (limit ${f.limit}${unit}, ${f.scope}).`;

export const refusalTexts = {
  ORDER_INVALID: (f: { field: string; found: string }) => `${f.field} ${f.found} can't be in an order.`,
  ORDER_REF_IN_USE: (f: { ref: string }) => `The ref ${f.ref} names an order that is still working.`,
  HOST_SHUTTING_DOWN: (_: Facts) => "The host is shutting down; no new orders are taken.",
  PLUGIN_NOT_RUNNING: (f: { plugin: string }) => `${f.plugin} is not running; it can't place orders.`,
  NOT_GRANTED_ORDERS: (f: { plugin: string }) => `${f.plugin} was not granted to place orders.`,
  NOT_GRANTED_INCREASE: (f: { plugin: string }) => `${f.plugin} was granted reduce-only orders alone.`,
  NOT_GRANTED_INSTRUMENT: (f: { plugin: string; instrument: string }) =>
    `${f.plugin} was not granted orders on ${f.instrument}.`,
  INSTRUMENT_UNKNOWN: (f: { instrument: string }) =>
    `${f.instrument} is not known; its adapter has not listed it.`,
  INSTRUMENT_NOT_TRADING: (f: { instrument: string; status: string }) =>
    `${f.instrument} is ${f.status} at the venue.`,
  INSTRUMENT_UNSUPPORTED: (f: { instrument: string; why: string }) =>
    `${f.instrument} can't be traded by berth: ${f.why}.`,
  ACCOUNT_NOT_CONNECTED: (f: { venue: string }) => `The adapter of ${f.venue} is not running.`,
  ACCOUNT_WITHOUT_TRADING: (f: { venue: string }) => `${f.venue} runs with market data only: it has no keys.`,
  ACCOUNT_NOT_RECONCILED: (f: { venue: string }) =>
    `The account on ${f.venue} has not been compared with the venue yet.`,
  PRIVATE_STREAM_DOWN: (f: { venue: string; state: string }) =>
    `The private stream of ${f.venue} is ${f.state}: fills would not be seen.`,
  TRADING_HALTED: (f: { scope: string; reason: string }) =>
    `${f.scope} is halted (${f.reason}): cancels only.`,
  TRADING_REDUCING: (f: { scope: string; reason: string }) =>
    `${f.scope} is reducing (${f.reason}): only reduce-only orders and cancels.`,
  REDUCE_ONLY_WOULD_INCREASE: (f: { sizeLots: number; positionLots: number; workingLots: number }) =>
    `A reduce-only order of ${f.sizeLots} lots does not fit a position of ${f.positionLots} lots of which ${f.workingLots} are being closed already.`,
  ORDER_SIZE_TOO_SMALL: (f: { sizeLots: number; limitLots: number }) =>
    `${f.sizeLots} lots is below the venue's smallest order of ${f.limitLots} lots.`,
  ORDER_SIZE_TOO_LARGE: (f: { sizeLots: number; limitLots: number }) =>
    `${f.sizeLots} lots is above the venue's largest order of ${f.limitLots} lots.`,
  ORDER_BELOW_MIN_NOTIONAL: (f: { notionalUsd: number; limitUsd: number }) =>
    `An order of ${f.notionalUsd} USD is below the venue's smallest of ${f.limitUsd} USD.`,
  ORDER_NOTIONAL: over("The order's value", " USD"),
  QUOTE_MISSING: (f: { instrument: string; side: string }) => `${f.instrument} has no ${f.side} price.`,
  QUOTE_STALE: (f: AgeFacts) => `The quote of ${f.instrument} is ${f.ageMs} ms old (limit ${f.limitMs} ms).`,
  QUOTE_CROSSED: (f: { instrument: string; bidPrice: number; askPrice: number }) =>
    `The quote of ${f.instrument} is crossed: bid ${f.bidPrice}, ask ${f.askPrice}.`,
  MARK_MISSING: (f: { instrument: string }) => `${f.instrument} has no mark price.`,
  MARK_STALE: (f: AgeFacts) =>
    `The mark price of ${f.instrument} is ${f.ageMs} ms old (limit ${f.limitMs} ms).`,
  CLOCK_SKEW: (f: { instrument: string; skewMs: number; limitMs: number }) =>
    `Venue time of ${f.instrument} is ${f.skewMs} ms from ours (limit ${f.limitMs} ms).`,
  PRICE_COLLAR_MARK: (f: { priceTicks: number; boundTicks: number; collarBps: number }) =>
    `The price of ${f.priceTicks} ticks is beyond ${f.boundTicks}, ${f.collarBps} bps from the mark price.`,
  PRICE_COLLAR_QUOTE: (f: { priceTicks: number; boundTicks: number; collarBps: number }) =>
    `The price of ${f.priceTicks} ticks is beyond ${f.boundTicks}, ${f.collarBps} bps from the opposite best price.`,
  PRICE_UNBOUNDED: (f: { instrument: string }) =>
    `There is no price of ${f.instrument} at all by which a market order could be bounded.`,
  POSITION_LIMIT: over("The position's worst case", " USD"),
  NET_EXPOSURE: over("Net exposure's worst case", " USD"),
  GROSS_EXPOSURE: over("Gross exposure's worst case", " USD"),
  EXPOSURE_UNKNOWN: (f: { scope: string; instrument: string }) =>
    `${f.scope} holds ${f.instrument}, which has no price young enough to value it.`,
  LEVERAGE: over("Leverage's worst case", ""),
  EQUITY_UNKNOWN: (f: { scope: string }) => `The equity of ${f.scope} is not known.`,
  OPEN_ORDERS: over("The number of open orders", ""),
  ORDER_RATE: over("Orders within a second", ""),
  CANCEL_TO_FILL: is("The cancel-to-fill ratio", ""),
  DAILY_LOSS: is("Today's loss", " USD"),
  DRAWDOWN: is("The drawdown", " USD"),
  CONSECUTIVE_LOSSES: is("The number of losses in a row", ""),
  PNL_UNKNOWN: (f: { scope: string }) => `The profit and loss of ${f.scope} is not known.`,
  MARGIN_BUFFER: (f: { venue: string; freeUsd: number; neededUsd: number }) =>
    `${f.venue} would keep ${f.freeUsd} USD of free margin (needed ${f.neededUsd} USD).`,
  RATE_BUDGET: (f: { venue: string; tokens: number; reserved: number }) =>
    `The request budget of ${f.venue} is down to ${f.tokens}, of which ${f.reserved} are kept for cancels.`,
} as const satisfies Record<string, (facts: never) => string>;

export type RefusalCode = keyof typeof refusalTexts;
export type RefusalFacts<C extends RefusalCode> = Parameters<(typeof refusalTexts)[C]>[0];

/** A no of the gate: one member for each code, with exactly its facts. */
export type Refusal = {
  readonly [C in RefusalCode]: { readonly code: C; readonly facts: RefusalFacts<C> };
}[RefusalCode];

const isRefusalCode = (code: string): code is RefusalCode => Object.hasOwn(refusalTexts, code);

/** The sentence for a person. A code of another version gives the code and its numbers. */
export function refusalText(code: string, facts: Facts): string {
  if (!isRefusalCode(code)) return `${code} ${JSON.stringify(facts)}`;
  // The table's row takes the facts that were made for it (type Refusal); on the way here they were plain data.
  const row = refusalTexts[code] as (facts: Facts) => string;
  return row(facts);
}
