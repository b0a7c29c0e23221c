/**
 * Every reason for which the risk gate says no: a stable code, its numbers, when it is given, and the sentence made of
 * them at the edge (plugin message, console, log). The same codes stand in strategies' orders, the journal, the metrics
 * and `docs/refusals.md`, which is written from this table. Amounts are USD, prices in ticks unless the name says
 * otherwise.
 */
import type { Facts } from "./journal_entry.ts";

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

export interface RefusalRow<F> {
  /** When it is given; a sentence for the page of codes. */
  readonly when: string;
  /** Facts as they may come. */
  readonly example: F;
  readonly text: (facts: F) => string;
}
const row = <F>(when: string, example: NoInfer<F>, text: (facts: F) => string): RefusalRow<F> => ({
  when,
  example,
  text,
});

const over = (what: string, unit: string) => (f: ScopedNumber): string =>
  `${what} would be ${f.value}${unit} (limit ${f.limit}${unit}, ${f.scope}).`;
const is = (what: string, unit: string) => (f: ScopedNumber): string =>
  `${what} is ${f.value}${unit} (limit ${f.limit}${unit}, ${f.scope}).`;

export const refusalTable = {
  ORDER_INVALID: row(
    "A number of the order is not whole, positive and safe, or its terms contradict each other.",
    { field: "sizeLots", found: "NaN" },
    (f: { field: string; found: string }) => `${f.field} ${f.found} can't be in an order.`,
  ),
  ORDER_REF_IN_USE: row(
    "The plugin used one name for two orders that work at the same time.",
    { ref: "r1" },
    (f: { ref: string }) => `The ref ${f.ref} names an order that is still working.`,
  ),
  HOST_SHUTTING_DOWN: row(
    "The host was told to stop.",
    {},
    (_: Facts) => "The host is shutting down; no new orders are taken.",
  ),
  PLUGIN_NOT_RUNNING: row(
    "The plugin's process has ended; what it sent last is not followed.",
    { plugin: "scalper" },
    (f: { plugin: string }) => `${f.plugin} is not running; it can't place orders.`,
  ),
  PLUGIN_FLATTENING: row(
    "The plugin's position on the instrument is being closed; it can open no other until that has ended.",
    { plugin: "scalper", instrument: "paradex:BTC-PERP" },
    (f: { plugin: string; instrument: string }) =>
      `The position of ${f.plugin} on ${f.instrument} is being closed; nothing new is taken there until that has ended.`,
  ),
  NOT_GRANTED_ORDERS: row(
    "The operator granted market data alone.",
    { plugin: "scalper" },
    (f: { plugin: string }) => `${f.plugin} was not granted to place orders.`,
  ),
  NOT_GRANTED_INCREASE: row(
    "The operator granted reduce-only orders alone.",
    { plugin: "scalper" },
    (f: { plugin: string }) => `${f.plugin} was granted reduce-only orders alone.`,
  ),
  NOT_GRANTED_INSTRUMENT: row(
    "The instrument or its venue is not in the grant.",
    { plugin: "scalper", instrument: "okx:BTC-PERP" },
    (f: { plugin: string; instrument: string }) => `${f.plugin} was not granted orders on ${f.instrument}.`,
  ),
  INSTRUMENT_UNKNOWN: row(
    "No adapter has listed the instrument.",
    { instrument: "okx:BTC-PERP" },
    (f: { instrument: string }) => `${f.instrument} is not known; its adapter has not listed it.`,
  ),
  INSTRUMENT_NOT_TRADING: row(
    "The venue does not take orders on it now.",
    { instrument: "okx:BTC-PERP", status: "halted" },
    (f: { instrument: string; status: string }) => `${f.instrument} is ${f.status} at the venue.`,
  ),
  INSTRUMENT_UNSUPPORTED: row(
    "Its profit is not linear, or it settles in an asset that does not count as USD.",
    { instrument: "okx:BTC-PERP", why: "its profit is not linear in the price" },
    (f: { instrument: string; why: string }) => `${f.instrument} can't be traded by berth: ${f.why}.`,
  ),
  ACCOUNT_NOT_CONNECTED: row(
    "The venue's adapter is starting, stopped or crashed.",
    { venue: "okx" },
    (f: { venue: string }) => `The adapter of ${f.venue} is not running.`,
  ),
  ACCOUNT_WITHOUT_TRADING: row(
    "The adapter has no keys.",
    { venue: "okx" },
    (f: { venue: string }) => `${f.venue} runs with market data only: it has no keys.`,
  ),
  ACCOUNT_NOT_RECONCILED: row(
    "Since the connection was made the account was not compared with the venue yet.",
    { venue: "okx" },
    (f: { venue: string }) => `The account on ${f.venue} has not been compared with the venue yet.`,
  ),
  PRIVATE_STREAM_DOWN: row(
    "The stream that brings fills is not connected.",
    { venue: "okx", state: "reconnecting" },
    (f: { venue: string; state: string }) =>
      `The private stream of ${f.venue} is ${f.state}: fills would not be seen.`,
  ),
  TRADING_HALTED: row(
    "The plugin, the account or the host is halted: by the kill switch, an operator, or a breach.",
    { scope: "global", reason: "kill switch" },
    (f: { scope: string; reason: string }) => `${f.scope} is halted (${f.reason}): cancels only.`,
  ),
  TRADING_REDUCING: row(
    "The plugin, the account or the host may only shrink positions.",
    { scope: "account/okx", reason: "daily_loss" },
    (f: { scope: string; reason: string }) =>
      `${f.scope} is reducing (${f.reason}): only reduce-only orders and cancels.`,
  ),
  REDUCE_ONLY_WOULD_INCREASE: row(
    "The order is flagged reduce-only and larger than what is held and not being closed already.",
    { sizeLots: 20, positionLots: 15, workingLots: 5 },
    (f: { sizeLots: number; positionLots: number; workingLots: number }) =>
      `A reduce-only order of ${f.sizeLots} lots does not fit a position of ${f.positionLots} lots of which ${f.workingLots} are being closed already.`,
  ),
  ORDER_SIZE_TOO_SMALL: row(
    "Below the venue's smallest order.",
    { sizeLots: 1, limitLots: 10 },
    (f: { sizeLots: number; limitLots: number }) =>
      `${f.sizeLots} lots is below the venue's smallest order of ${f.limitLots} lots.`,
  ),
  ORDER_SIZE_TOO_LARGE: row(
    "Above the venue's largest order.",
    { sizeLots: 200, limitLots: 100 },
    (f: { sizeLots: number; limitLots: number }) =>
      `${f.sizeLots} lots is above the venue's largest order of ${f.limitLots} lots.`,
  ),
  ORDER_SIZE_LIMIT: row(
    "Above the symbol's largest order in `risk.maxOrderSizeBase`.",
    { instrument: "okx:BTC-PERP", sizeBase: 3, limitBase: 2 },
    (f: { instrument: string; sizeBase: number; limitBase: number }) =>
      `An order of ${f.sizeBase} on ${f.instrument} is above the limit of ${f.limitBase}.`,
  ),
  ORDER_BELOW_MIN_NOTIONAL: row(
    "Below the venue's smallest order value.",
    { notionalUsd: 4, limitUsd: 5 },
    (f: { notionalUsd: number; limitUsd: number }) =>
      `An order of ${f.notionalUsd} USD is below the venue's smallest of ${f.limitUsd} USD.`,
  ),
  ORDER_NOTIONAL: row(
    "The order's value at the worst price it can fill at is above a scope's limit.",
    { scope: "plugin/scalper", value: 600, limit: 500 },
    over("The order's value", " USD"),
  ),
  QUOTE_MISSING: row(
    "There is no bid or no ask to go by.",
    { instrument: "okx:BTC-PERP", side: "bid" },
    (f: { instrument: string; side: string }) => `${f.instrument} has no ${f.side} price.`,
  ),
  ACCOUNT_OTHER_HOST: row(
    "Another berth works an order on the account, or traded there within ten minutes. Stop it and resume the account, or take it over if it is gone: [recovery.md](recovery.md).",
    { venue: "okx", host: "k3f9", sign: "order", ageMs: 12_000 },
    (f: { venue: string; host: string; sign: string; ageMs: number }) =>
      `Another berth (${f.host}) has the ${f.venue} account: its ${f.sign} was seen ${f.ageMs} ms ago. Stop it, then \`berth risk resume account/${f.venue}\`; if it is gone for good, \`berth risk take-over account/${f.venue} ${f.host}\`.`,
  ),
  QUOTE_STALE: row(
    "The quote is older than `risk.market.maxQuoteAgeMs`.",
    { instrument: "okx:BTC-PERP", ageMs: 2_500, limitMs: 2_000 },
    (f: AgeFacts) => `The quote of ${f.instrument} is ${f.ageMs} ms old (limit ${f.limitMs} ms).`,
  ),
  QUOTE_CROSSED: row(
    "The best bid is not below the best ask.",
    { instrument: "okx:BTC-PERP", bidPrice: 50_001, askPrice: 50_000 },
    (f: { instrument: string; bidPrice: number; askPrice: number }) =>
      `The quote of ${f.instrument} is crossed: bid ${f.bidPrice}, ask ${f.askPrice}.`,
  ),
  MARK_MISSING: row(
    "There is no mark price, or a bound can't be reckoned from it.",
    { instrument: "okx:BTC-PERP" },
    (f: { instrument: string }) => `${f.instrument} has no mark price.`,
  ),
  MARK_STALE: row(
    "The mark price is older than `risk.market.maxMarkAgeMs`.",
    { instrument: "okx:BTC-PERP", ageMs: 20_000, limitMs: 15_000 },
    (f: AgeFacts) => `The mark price of ${f.instrument} is ${f.ageMs} ms old (limit ${f.limitMs} ms).`,
  ),
  CLOCK_SKEW: row(
    "Venue time and ours differ by more than `risk.market.maxClockSkewMs`, or the line is as slow.",
    { instrument: "okx:BTC-PERP", skewMs: -3_000, limitMs: 2_000 },
    (f: { instrument: string; skewMs: number; limitMs: number }) =>
      `Venue time of ${f.instrument} is ${f.skewMs} ms from ours (limit ${f.limitMs} ms).`,
  ),
  PRICE_COLLAR_MARK: row(
    "The price crosses too far beyond the mark price.",
    { priceTicks: 515_000, boundTicks: 510_000, collarBps: 200 },
    (f: { priceTicks: number; boundTicks: number; collarBps: number }) =>
      `The price of ${f.priceTicks} ticks is beyond ${f.boundTicks}, ${f.collarBps} bps from the mark price.`,
  ),
  PRICE_COLLAR_QUOTE: row(
    "The price crosses too far beyond the opposite best price.",
    { priceTicks: 507_000, boundTicks: 505_005, collarBps: 100 },
    (f: { priceTicks: number; boundTicks: number; collarBps: number }) =>
      `The price of ${f.priceTicks} ticks is beyond ${f.boundTicks}, ${f.collarBps} bps from the opposite best price.`,
  ),
  PRICE_UNBOUNDED: row(
    "No price of any age is known, so a market order would have no worst price.",
    { instrument: "okx:BTC-PERP" },
    (f: { instrument: string }) =>
      `There is no price of ${f.instrument} at all by which a market order could be bounded.`,
  ),
  POSITION_LIMIT: row(
    "The instrument's position, with every open and in-flight order of one side filled.",
    { scope: "plugin/scalper", value: 1_200, limit: 1_000 },
    over("The position's worst case", " USD"),
  ),
  NET_EXPOSURE: row(
    "Longs less shorts over all venues, summed over underlyings, worst case as for positions.",
    { scope: "global", value: 51_000, limit: 50_000 },
    over("Net exposure's worst case", " USD"),
  ),
  GROSS_EXPOSURE: row(
    "Sum of positions, worst case as above.",
    { scope: "account/okx", value: 101_000, limit: 100_000 },
    over("Gross exposure's worst case", " USD"),
  ),
  EXPOSURE_UNKNOWN: row(
    "Something that is held has no price younger than `risk.market.maxValuationAgeMs`.",
    { scope: "global", instrument: "okx:ETH-PERP" },
    (f: { scope: string; instrument: string }) =>
      `${f.scope} holds ${f.instrument}, which has no price young enough to value it.`,
  ),
  LEVERAGE: row(
    "Gross exposure over equity, of an account or of all.",
    { scope: "account/okx", value: 5.2, limit: 5 },
    over("Leverage's worst case", ""),
  ),
  EQUITY_UNKNOWN: row(
    "No balance is known, or it is not above zero.",
    { scope: "account/okx" },
    (f: { scope: string }) => `The equity of ${f.scope} is not known.`,
  ),
  OPEN_POSITIONS: row(
    "Instruments that are held or would be, this one included.",
    { scope: "plugin/scalper", value: 6, limit: 5 },
    over("The number of positions", ""),
  ),
  OPEN_ORDERS: row(
    "Orders that work, are in flight or of unknown fate, this one included.",
    { scope: "plugin/scalper", value: 51, limit: 50 },
    over("The number of open orders", ""),
  ),
  ORDER_RATE: row(
    "New orders within any one second.",
    { scope: "plugin/scalper", value: 21, limit: 20 },
    over("Orders within a second", ""),
  ),
  CANCEL_TO_FILL: row(
    "Too many cancelled orders per filled one today.",
    { scope: "account/okx", value: 210, limit: 200 },
    is("The cancel-to-fill ratio", ""),
  ),
  DAILY_LOSS: row(
    "Realized and unrealized loss since midnight UTC, fees and funding included.",
    { scope: "plugin/scalper", value: 101.5, limit: 100 },
    is("Today's loss", " USD"),
  ),
  DRAWDOWN: row(
    "Fall of the profit and loss from its highest.",
    { scope: "global", value: 3_000, limit: 3_000 },
    is("The drawdown", " USD"),
  ),
  CONSECUTIVE_LOSSES: row(
    "Round trips from flat to flat that lost, one after the other.",
    { scope: "plugin/scalper", value: 20, limit: 20 },
    is("The number of losses in a row", ""),
  ),
  PNL_UNKNOWN: row(
    "A position can't be valued, so nobody knows the loss.",
    { scope: "plugin/scalper" },
    (f: { scope: string }) => `The profit and loss of ${f.scope} is not known.`,
  ),
  MARGIN_BUFFER: row(
    "Free margin after the order's initial margin would be below `risk.market.minMarginBuffer` of the total.",
    { venue: "okx", freeUsd: 900, neededUsd: 1_000 },
    (f: { venue: string; freeUsd: number; neededUsd: number }) =>
      `${f.venue} would keep ${f.freeUsd} USD of free margin (needed ${f.neededUsd} USD).`,
  ),
  RATE_BUDGET: row(
    "The venue's request allowance is down to what is kept for cancels and reduce-only orders.",
    { venue: "okx", tokens: 15.2, reserved: 15 },
    (f: { venue: string; tokens: number; reserved: number }) =>
      `The request budget of ${f.venue} is down to ${f.tokens}, of which ${f.reserved} are kept for cancels.`,
  ),
  TRIGGER_TOO_MANY: row(
    "The plugin has as many orders waiting for a price as it may have.",
    { value: 201, limit: 200 },
    (f: { value: number; limit: number }) => `That would be waiting order ${f.value} of at most ${f.limit}.`,
  ),
  AMEND_IMPOSSIBLE: row(
    "An order can't be changed: it has ended, or it is a market order. The order stays as it is.",
    { ref: "17", why: "is not working" },
    (f: { ref: string; why: string }) => `The order ${f.ref} ${f.why}.`,
  ),
  REPLACE_ABANDONED: row(
    "The host stopped between the cancel of an order and the new one in its place; an order that may open a position is not placed then.",
    { ref: "17", instrument: "okx:BTC-PERP" },
    (f: { ref: string; instrument: string }) => `The change of ${f.ref} on ${f.instrument} was abandoned.`,
  ),
  EXIT_INVALID: row(
    "The terms of an exit plan contradict each other or name no exit.",
    { field: "stopLossBps", found: "-5" },
    (f: { field: string; found: string }) => `${f.field} ${f.found} can't be in an exit plan.`,
  ),
  EXIT_UNDER_WAY: row(
    "The plan that guards the position is closing it; it can't be replaced or cleared any more.",
    { instrument: "okx:BTC-PERP" },
    (f: { instrument: string }) => `The exit of ${f.instrument} is under way.`,
  ),
  EXIT_IN_GROUP: row(
    "The position is a leg of a group, which has exits of its own: closing one leg would leave the other alone.",
    { instrument: "okx:BTC-PERP" },
    (f: { instrument: string }) => `The position on ${f.instrument} is a leg of a group.`,
  ),
  GROUP_RESUMING: row(
    "A leg group of the plugin's earlier run has one leg alone; it is made even before anything new is opened.",
    { plugin: "cross_exchange_arbitrage" },
    (f: { plugin: string }) =>
      `A leg group of ${f.plugin} is being resumed; nothing new is opened before it is even.`,
  ),
  GROUP_INVALID: row(
    "The terms of a leg group contradict each other, or its name is in use.",
    { field: "legs", found: "both buy" },
    (f: { field: string; found: string }) => `${f.field} ${f.found} can't be in a leg group.`,
  ),
  GROUP_TOO_MANY: row(
    "The plugin has as many leg groups as it may have at a time.",
    { value: 51, limit: 50 },
    (f: { value: number; limit: number }) => `That would be leg group ${f.value} of at most ${f.limit}.`,
  ),
  GROUP_NAKED_NOTIONAL: row(
    "One leg alone, before the other is filled, would be worth more than the group's or the host's bound.",
    { value: 12_000, limit: 10_000 },
    (f: { value: number; limit: number }) => `One leg alone would be ${f.value} USD (limit ${f.limit} USD).`,
  ),
  GROUP_UNWIND_REFUSED: row(
    "If only one leg were filled, the order that takes it back would not be let through now.",
    { instrument: "okx:BTC-PERP", code: "ACCOUNT_NOT_RECONCILED" },
    (f: { instrument: string; code: string }) =>
      `A lone leg on ${f.instrument} could not be taken back: ${f.code}.`,
  ),
  GROUP_UNSWEPT: row(
    "The venue's open orders were not listed lately, so an orphan order could work there unseen.",
    { venue: "okx", ageMs: 25_000, limitMs: 20_000 },
    (f: { venue: string; ageMs: number; limitMs: number }) =>
      `The open orders of ${f.venue} were last listed ${f.ageMs} ms ago (limit ${f.limitMs} ms).`,
  ),
  GROUP_STRAY_ORDER: row(
    "An orphan order of the plugin works on one of the legs' instruments; it is being cancelled.",
    { instrument: "okx:BTC-PERP", clientOrderId: "b00t1…" },
    (f: { instrument: string; clientOrderId: string }) =>
      `The orphan order ${f.clientOrderId} on ${f.instrument} is being cancelled first.`,
  ),
  GROUP_UNVERIFIED: row(
    "The positions after an earlier leg group have not been read back from the venue in time.",
    { venue: "okx", waitedMs: 31_000, limitMs: 30_000 },
    (f: { venue: string; waitedMs: number; limitMs: number }) =>
      `The positions on ${f.venue} after an earlier group are unread for ${f.waitedMs} ms (limit ${f.limitMs} ms).`,
  ),
  GROUP_OPPOSITE_POSITION: row(
    "The plugin holds the opposite of a leg by orders outside of groups: the leg would close that instead of opening.",
    { instrument: "okx:BTC-PERP", positionLots: -5 },
    (f: { instrument: string; positionLots: number }) =>
      `The plugin holds ${f.positionLots} lots of ${f.instrument}, opposite to the leg.`,
  ),
} as const satisfies Record<string, Pick<RefusalRow<never>, "when" | "text">>;

export type RefusalCode = keyof typeof refusalTable;
export type RefusalFacts<C extends RefusalCode> = Parameters<(typeof refusalTable)[C]["text"]>[0];

/** A no of the gate: one member for each code, with exactly its facts. */
export type Refusal = {
  readonly [C in RefusalCode]: { readonly code: C; readonly facts: RefusalFacts<C> };
}[RefusalCode];

export const isRefusalCode = (code: string): code is RefusalCode => Object.hasOwn(refusalTable, code);

/** All codes, in the order of the table. */
export const refusalCodes: readonly RefusalCode[] = Object.keys(refusalTable).filter(isRefusalCode);

/** The sentence for a person. A code of another version gives the code and its numbers. */
export function refusalText(code: string, facts: Facts): string {
  if (!isRefusalCode(code)) return `${code} ${JSON.stringify(facts)}`;
  // The table's row takes the facts that were made for it (type Refusal); on the way here they were plain data.
  const text = refusalTable[code].text as (facts: Facts) => string;
  return text(facts);
}
