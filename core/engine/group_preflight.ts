/** Whether a leg group may begin: its terms, both legs and the unwinding of either through the risk gate, both venues swept. */
import { causeId, symbolOf, venueOf } from "../model/ids.ts";
import {
  type LegGroup,
  type LegGroupIntent,
  type LegGroupTerms,
  type LegIndex,
  legIndexes,
  type LegTerms,
} from "../model/leg_group.ts";
import { moneyToNumber, notional } from "../model/money.ts";
import { oppositeSide, type OrderIntent, sideSign } from "../model/order.ts";
import type { Refusal } from "../model/refusals.ts";
import { limitPricing, restingPricing } from "../execution/leg_groups/group_step.ts";
import type { OrderDesk } from "./order_desk.ts";
import type { Rooms } from "./rooms.ts";

const isBound = (value: number): boolean => Number.isFinite(value) && value > 0;

function invalid(field: string, found: string | number): Refusal {
  return { code: "GROUP_INVALID", facts: { field, found: String(found).slice(0, 80) } };
}

/** Contradictions within the terms. */
export function invalidTerms(terms: LegGroupTerms): Refusal | undefined {
  const [first, second] = terms.legs;
  if (first.instrument === second.instrument) return invalid("legs", "of one instrument");
  const isSameSymbol = symbolOf(first.instrument) === symbolOf(second.instrument);
  if (isSameSymbol && first.side === second.side) return invalid("legs", `both ${first.side}`);
  for (const leg of terms.legs) {
    if (!(leg.sizeLots > 0)) return invalid("sizeLots", leg.sizeLots);
    if (!(leg.limitPriceTicks > 0)) return invalid("limitPriceTicks", leg.limitPriceTicks);
  }
  for (const name of ["maxNakedNotionalUsd", "maxNakedMs"] as const) {
    if (!isBound(terms[name])) return invalid(name, terms[name]);
  }
  for (const name of ["completeWithinBps", "exitCapBps"] as const) {
    if (!(Number.isFinite(terms[name]) && terms[name] >= 0)) return invalid(name, terms[name]);
  }
  const { maxHoldMs, maxRestMs, mode } = terms;
  if (mode === "maker_first" && !isBound(maxRestMs ?? NaN)) {
    return invalid("maxRestMs", maxRestMs ?? "absent");
  }
  return maxHoldMs === undefined || isBound(maxHoldMs) ? undefined : invalid("maxHoldMs", maxHoldMs);
}

/** An exit plan of the plugin on an instrument would close a leg by itself. */
type IsGuarded = (plugin: LegGroupIntent["plugin"], instrument: LegTerms["instrument"]) => boolean;

export interface PreflightSources {
  readonly rooms: Rooms;
  readonly orderDesk: OrderDesk;
  /** The plugin's groups that are not over. */
  readonly live: readonly LegGroup[];
  /** An orphan order on an instrument, if there is one. */
  readonly strayOn: (
    plugin: LegGroupIntent["plugin"],
    instrument: LegTerms["instrument"],
  ) => string | undefined;
  /** The venue of the plugin whose positions after an earlier group are still unread, and since when. */
  readonly isGuarded: IsGuarded;
  readonly unverified: (
    plugin: LegGroupIntent["plugin"],
  ) => { readonly venue: string; readonly waitedMs: number } | undefined;
}

export function checkGroup(sources: PreflightSources, intent: LegGroupIntent): Refusal | undefined {
  const { rooms: { settings: { legGroups: limits } }, live } = sources;
  const { terms, ref, plugin } = intent;
  const unfit = invalidTerms(terms);
  if (unfit !== undefined) return unfit;
  if (live.some((group) => group.ref === ref)) return invalid("ref", ref);
  if (live.length >= limits.maxGroups) {
    return { code: "GROUP_TOO_MANY", facts: { value: live.length + 1, limit: limits.maxGroups } };
  }
  const guarded = terms.legs.find(({ instrument }) => sources.isGuarded(plugin, instrument));
  if (guarded !== undefined) return invalid("legs", `of ${guarded.instrument}, which an exit plan guards`);
  const late = sources.unverified(plugin);
  if (late !== undefined && late.waitedMs > limits.verifyWithinMs) {
    return { code: "GROUP_UNVERIFIED", facts: { ...late, limitMs: limits.verifyWithinMs } };
  }
  for (const leg of legIndexes) {
    const refusal = checkLeg(sources, intent, leg);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function checkLeg(sources: PreflightSources, intent: LegGroupIntent, leg: LegIndex): Refusal | undefined {
  const { rooms, orderDesk } = sources;
  const { plugin, terms } = intent;
  const { instrument: id, side, sizeLots } = terms.legs[leg];
  const index = rooms.instruments.indexOf(id);
  const instrument = index === undefined ? undefined : rooms.instruments.get(index);
  if (index === undefined || instrument === undefined) {
    return { code: "INSTRUMENT_UNKNOWN", facts: { instrument: id } };
  }
  const besides = leg === 0 ? [] : [legIntent(intent, 0, "open")];
  const entry = orderDesk.rehearse(legIntent(intent, leg, "open"), "plugin", { besides });
  if (entry !== undefined) return entry;
  const naked = checkNaked(rooms, terms, leg, index);
  if (naked !== undefined) return naked;
  const back = legIntent(intent, leg, "unwind");
  const assumedLots = sideSign(side) * sizeLots;
  const unwinding = orderDesk.rehearse(back, "host", { assumedLots });
  if (unwinding !== undefined) {
    return { code: "GROUP_UNWIND_REFUSED", facts: { instrument: id, code: unwinding.code } };
  }
  return checkHoldings(sources, intent, leg, index) ?? checkSwept(sources, plugin, terms.legs[leg]);
}

/** A leg alone is worth at most the group's and the host's bound. */
function checkNaked(rooms: Rooms, terms: LegGroupTerms, leg: LegIndex, index: number): Refusal | undefined {
  const { instruments, quotes, settings: { legGroups } } = rooms;
  const instrument = instruments.get(index);
  if (instrument === undefined) return undefined;
  const { sizeLots, limitPriceTicks } = terms.legs[leg];
  const atLimit = moneyToNumber(notional(limitPriceTicks, sizeLots, instrument));
  const atMark = sizeLots * (instrument.lot.units / 10 ** instrument.lot.decimals) * quotes.markPrice(index);
  const value = Number.isNaN(atMark) ? atLimit : Math.max(atLimit, atMark);
  const limit = Math.min(terms.maxNakedNotionalUsd, legGroups.maxNakedNotionalUsd);
  if (value <= limit) return undefined;
  return { code: "GROUP_NAKED_NOTIONAL", facts: { value: Number(value.toFixed(2)), limit } };
}

/** Its own single orders must not hold the opposite: the leg would close that, and the group hold nothing. */
function checkHoldings(
  { rooms, live }: PreflightSources,
  { plugin, terms }: LegGroupIntent,
  leg: LegIndex,
  index: number,
): Refusal | undefined {
  const { instrument, side } = terms.legs[leg];
  const positionLots = rooms.portfolio.positionLots(plugin, index);
  const isOpposite = sideSign(side) * positionLots < 0;
  const isOfGroup = live.some((group) =>
    group.terms.legs.some((one) => one.instrument === instrument && one.side !== side)
  );
  if (!isOpposite && !isOfGroup) return undefined;
  return { code: "GROUP_OPPOSITE_POSITION", facts: { instrument, positionLots } };
}

function checkSwept(
  sources: PreflightSources,
  plugin: LegGroupIntent["plugin"],
  leg: LegTerms,
): Refusal | undefined {
  const { accounts, time, settings: { legGroups } } = sources.rooms;
  const venue = venueOf(leg.instrument);
  const readUs = accounts.get(venue)?.reconciliation.readUs("open_orders") ?? -Infinity;
  const ageMs = Math.round((time.nowUs - readUs) / 1000);
  if (!(ageMs <= legGroups.maxSweepAgeMs)) {
    return { code: "GROUP_UNSWEPT", facts: { venue, ageMs, limitMs: legGroups.maxSweepAgeMs } };
  }
  const clientOrderId = sources.strayOn(plugin, leg.instrument);
  if (clientOrderId === undefined) return undefined;
  return { code: "GROUP_STRAY_ORDER", facts: { instrument: leg.instrument, clientOrderId } };
}

/** A leg's order as the gate would see it: opened, or taken back at once. */
function legIntent(
  { plugin, terms, ref }: LegGroupIntent,
  leg: LegIndex,
  role: "open" | "unwind",
): OrderIntent {
  const { instrument, side, sizeLots, limitPriceTicks } = terms.legs[leg];
  const isUnwinding = role === "unwind";
  const opening = terms.mode === "maker_first" && leg === 0 ? restingPricing : limitPricing;
  return {
    plugin,
    ref: `rehearsal:${ref}`,
    instrument,
    side: isUnwinding ? oppositeSide(side) : side,
    sizeLots,
    reduceOnly: isUnwinding,
    pricing: isUnwinding ? { kind: "market", worstPriceTicks: undefined } : opening(limitPriceTicks),
    causes: [causeId(`group/${ref}`)],
  };
}
