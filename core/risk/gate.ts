/**
 * The risk gate: the only maker of `RiskApproved`, which is the only thing the order manager takes. Synchronous, pure,
 * a loop over the limits; everybody passes through it, operators and the host itself included.
 *
 * Invariants:
 * 1. A cancel never comes here: nothing can stop it.
 * 2. A true reduce-only order (it fits into what the plugin and the account hold, less what is being closed already)
 *    passes every limit on risk. What still refuses it: malformed terms, no grant, no account, a halt. Its price is
 *    bounded, never the reason for a no.
 * 3. NaN, missing and stale inputs refuse what may add risk.
 * 4. A reduce-only order that fits the plugin's position but not the account's (another plugin holds the other side, or
 *    may before it arrives) is judged like any new order, and sent without the venue's flag, which would refuse it. It
 *    counts as closing its plugin's position all the same.
 */
import { notional } from "../model/money.ts";
import type { OrderIntent, OrderPricing } from "../model/order.ts";
import { priceTicks, sizeLots } from "../model/ticks.ts";
import { accountReady } from "./limits/account_ready.ts";
import { cancelToFill } from "./limits/cancel_to_fill.ts";
import { clockSkew } from "./limits/clock_skew.ts";
import { consecutiveLosses } from "./limits/consecutive_losses.ts";
import { dailyLoss } from "./limits/daily_loss.ts";
import { drawdown } from "./limits/drawdown.ts";
import { grossExposure, netExposure, positionLimit } from "./limits/exposure.ts";
import { freshQuote } from "./limits/fresh_quote.ts";
import { groupsResumed } from "./limits/groups_resumed.ts";
import { instrumentTradable } from "./limits/instrument_tradable.ts";
import { leverage } from "./limits/leverage.ts";
import type { EntryLimit, OrderCheck, ValueLimit } from "./limits/limit.ts";
import { marginBuffer } from "./limits/margin_buffer.ts";
import { otherHost } from "./limits/other_host.ts";
import { openPositions } from "./limits/open_positions.ts";
import { openOrders } from "./limits/open_orders.ts";
import { orderNotional } from "./limits/order_notional.ts";
import { orderRate } from "./limits/order_rate.ts";
import { orderSize } from "./limits/order_size.ts";
import { orderTerms } from "./limits/order_terms.ts";
import { permission } from "./limits/permission.ts";
import { boundReducingPrice, checkPriceCollar, collarBound } from "./limits/price_collar.ts";
import { privateStream } from "./limits/private_stream.ts";
import { rateBudget } from "./limits/rate_budget.ts";
import { tradingState } from "./limits/trading_state.ts";
import type { OrderFacts, ReducibleFacts } from "./order_facts.ts";
import type { Refusal } from "../model/refusals.ts";

declare const approved: unique symbol; // not exported: nobody else can write the type of an approval down

/** What passed the gate. */
export type RiskApproved<T> = T & { readonly [approved]: true };

export type GateDecision =
  | { readonly kind: "approved"; readonly intent: RiskApproved<OrderIntent> }
  | { readonly kind: "refused"; readonly refusal: Refusal };

/** Looked at in this order; the first no counts. */
export const entryLimits: readonly EntryLimit[] = [
  orderTerms,
  permission,
  groupsResumed,
  accountReady,
  otherHost,
  tradingState,
  privateStream,
  instrumentTradable,
  orderSize,
  freshQuote,
  clockSkew,
  orderRate,
  rateBudget,
  openOrders,
  cancelToFill,
  dailyLoss,
  drawdown,
  consecutiveLosses,
];
export const valueLimits: readonly ValueLimit[] = [
  orderNotional,
  positionLimit,
  netExposure,
  grossExposure,
  leverage,
  openPositions,
  marginBuffer,
];

/**
 * How an order flagged reduce-only stands to the positions it would reduce. `contested`: the account holds enough now, but
 * other plugins' working orders may take it before this one arrives, and the venue would refuse it then.
 */
export type ReducingKind = "reducing" | "contested" | "plugin_only" | "too_large";

const heldFor = (side: OrderIntent["side"], lots: number): number =>
  Math.max(0, side === "sell" ? lots : -lots);

/** Lots that an order with the venue's flag may have now; 0 or less for none. */
const flaggableLots = (side: OrderIntent["side"], facts: ReducibleFacts): number =>
  heldFor(side, facts.accountPositionLots) - facts.accountReducingLots;

/** Long 5, 2 of them being closed: a sell of 3 reduces, of 4 is too large. */
export function classifyReduceOnly(
  side: OrderIntent["side"],
  sizeLots: number,
  facts: ReducibleFacts,
): ReducingKind {
  const ofPlugin = heldFor(side, facts.pluginPositionLots) - facts.pluginReducingLots;
  const ofAccount = flaggableLots(side, facts);
  if (!(sizeLots <= ofPlugin)) return "too_large";
  if (!(sizeLots <= ofAccount)) return "plugin_only";
  return sizeLots <= ofAccount - facts.contendingLots ? "reducing" : "contested";
}

const refuse = (refusal: Refusal): GateDecision => ({ kind: "refused", refusal });

/** Judges one intent. The approved one carries the price it may be sent with at worst. */
export function checkOrder(facts: OrderFacts): GateDecision {
  const invalid = orderTerms.check(facts, false);
  if (invalid !== undefined) return refuse(invalid);
  const { intent, reducible, origin } = facts;
  if (!intent.reduceOnly) return judge(facts, false);
  const reducing = classifyReduceOnly(intent.side, intent.sizeLots, reducible);
  switch (reducing) {
    case "reducing":
      return judge(facts, true);
    case "too_large":
      return judgeEntry(facts, false) ?? refuse(doesNotFit(facts));
    case "contested": {
      // Without the flag nobody's order can get in its way; with it, it passes where nothing new may.
      const unflagged = judge(facts, false);
      return unflagged.kind === "approved" ? unflagged : judge(facts, true);
    }
    case "plugin_only": {
      const unflagged = judge(facts, false);
      const fits = flaggableLots(intent.side, reducible);
      if (unflagged.kind === "approved" || origin !== "host" || !(fits > 0)) return unflagged;
      // The host closes what it can, and comes again for the rest.
      return judge({ ...facts, intent: { ...intent, sizeLots: sizeLots(fits) } }, true);
    }
    default:
      return reducing satisfies never;
  }
}

function judgeEntry(facts: OrderFacts, isReducing: boolean): GateDecision | undefined {
  for (const limit of entryLimits) {
    const refusal = isReducing && !limit.holdsForReducing ? undefined : limit.check(facts, isReducing);
    if (refusal !== undefined) return refuse(refusal);
  }
  return undefined;
}

/** @param isReducing sent with the venue's flag: it passes every limit on risk */
function judge(facts: OrderFacts, isReducing: boolean): GateDecision {
  const refused = judgeEntry(facts, isReducing);
  if (refused !== undefined) return refused;
  const collar = isReducing ? boundReducingPrice(facts) : checkPriceCollar(facts);
  if (collar.kind === "refused") return collar;
  const check = valued(facts, isReducing, collar.priceTicks);
  for (const limit of valueLimits) {
    const refusal = isReducing && !limit.holdsForReducing ? undefined : limit.check(check);
    if (refusal !== undefined) return refuse(refusal);
  }
  return { kind: "approved", intent: approve(facts.intent, isReducing, collar.priceTicks) };
}

function doesNotFit({ intent: { sizeLots }, reducible }: OrderFacts): Refusal {
  const { pluginPositionLots: positionLots, pluginReducingLots: workingLots } = reducible;
  return { code: "REDUCE_ONLY_WOULD_INCREASE", facts: { sizeLots, positionLots, workingLots } };
}

/** A sell fills at its price or above: it is valued at the mark where that is higher. */
function valued(facts: OrderFacts, isReducing: boolean, atTicks: number): OrderCheck {
  const { intent, instrument, market, scopes } = facts;
  const markTicks = collarBound("sell", market.markPrice, 0, instrument.tick) ?? atTicks;
  const valueTicks = intent.side === "sell" ? Math.max(atTicks, markTicks) : atTicks;
  return {
    facts,
    isReducing,
    valueTicks,
    notional: notional(valueTicks, intent.sizeLots, instrument),
    exposures: isReducing ? [] : scopes.map(({ scope }) => facts.exposureWith(scope, valueTicks)),
  };
}

function approve(intent: OrderIntent, isReducing: boolean, atTicks: number): RiskApproved<OrderIntent> {
  const pricing: OrderPricing = intent.pricing.kind === "market"
    ? { kind: "market", worstPriceTicks: priceTicks(atTicks) }
    : { ...intent.pricing, limitPriceTicks: priceTicks(atTicks) };
  // The one place where an approval is made.
  const approved = { ...intent, reduceOnly: isReducing, pricing };
  return (intent.reduceOnly && !isReducing ? { ...approved, reducesPlugin: true } : approved) as RiskApproved<
    OrderIntent
  >;
}
