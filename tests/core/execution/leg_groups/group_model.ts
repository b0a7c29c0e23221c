/** A leg group with a venue that does what the test says: orders in, fills and ends out, one decision after another. */
import { assert } from "@std/assert";
import { decideGroup, openGroup } from "../../../../core/execution/leg_groups/group_decision.ts";
import type { GroupAction, GroupStep, GroupView } from "../../../../core/execution/leg_groups/group_step.ts";
import {
  heldOf,
  newGroup,
  withCloseAsked,
  withFill,
  withOrderDone,
  withRefusal,
} from "../../../../core/execution/leg_groups/group_record.ts";
import type { LegView } from "../../../../core/execution/leg_groups/repair_choice.ts";
import { instrumentId, pluginId } from "../../../../core/model/ids.ts";
import {
  defaultLegGroupLimits,
  heldLots,
  type LegGroup,
  type LegGroupLimits,
  type LegGroupTerms,
  type LegIndex,
  legIndexes,
  type LegOrder,
} from "../../../../core/model/leg_group.ts";
import { zeroMoney } from "../../../../core/model/money.ts";
import type { OrderPricing } from "../../../../core/model/order.ts";
import { increment, priceTicks, sizeLots } from "../../../../core/model/ticks.ts";

export interface Sent {
  readonly order: LegOrder;
  readonly pricing: OrderPricing;
  readonly reduceOnly: boolean;
}

export const alphaBtc = instrumentId("alpha", "BTC-PERP");
export const betaBtc = instrumentId("beta", "BTC-PERP");

/** Buy 500 lots of 0.001 on alpha, sell 50 lots of 0.01 on beta, at tick 0.1. */
export function termsOf(changes: Partial<LegGroupTerms> = {}): LegGroupTerms {
  return {
    legs: [
      { instrument: alphaBtc, side: "buy", sizeLots: sizeLots(500), limitPriceTicks: priceTicks(1_000) },
      { instrument: betaBtc, side: "sell", sizeLots: sizeLots(50), limitPriceTicks: priceTicks(1_002) },
    ],
    mode: "sequential",
    maxNakedNotionalUsd: 10_000,
    maxNakedMs: 3_000,
    completeWithinBps: 4,
    exitCapBps: 10,
    maxHoldMs: undefined,
    maxRestMs: undefined,
    ...changes,
  };
}

/** Bid and ask of one leg; NaN for none. */
export interface LegMarket {
  bid: number;
  ask: number;
  takerFeeBps: number;
  minSizeLots: number;
  availableLots: number | undefined;
}

export class GroupModel {
  nowUs = 1_000_000;
  group: LegGroup;
  readonly markets: [LegMarket, LegMarket] = [
    { bid: 99.9, ask: 100, takerFeeBps: 2, minSizeLots: 1, availableLots: undefined },
    { bid: 100.2, ask: 100.3, takerFeeBps: 2, minSizeLots: 1, availableLots: undefined },
  ];
  readonly limits: LegGroupLimits;
  isFrozen = false;
  isPluginHalted = false;
  isAbandoned = false;
  readonly sent: Sent[] = [];
  readonly actions: GroupAction[] = [];
  /** The gate's answer to the next orders: undefined lets them through. */
  refuse: (sent: Sent) => "wait" | "final" | undefined = () => undefined;

  constructor(changes: Partial<LegGroupTerms> = {}, limits: Partial<LegGroupLimits> = {}) {
    this.limits = { ...defaultLegGroupLimits, ...limits };
    const intent = { plugin: pluginId("maker"), ref: "1", terms: termsOf(changes) };
    this.group = newGroup("g1", intent, this.nowUs);
    this.#take(openGroup(this.group));
  }

  view(): GroupView {
    const leg = (at: LegIndex): LegView => {
      const { bid, ask, takerFeeBps, minSizeLots, availableLots } = this.markets[at];
      return {
        tick: increment("0.1"),
        takerFeeBps,
        minSizeLots,
        maxSizeLots: 0,
        executablePrice: (side) => (side === "buy" ? ask : bid),
        availableLots,
      };
    };
    const { nowUs, limits, isFrozen, isPluginHalted } = this;
    return { nowUs, legs: [leg(0), leg(1)], limits, isFrozen, isPluginHalted, isAbandoned: this.isAbandoned };
  }

  look(): void {
    const view = this.view();
    const step = decideGroup(this.group, view);
    assert(
      JSON.stringify(step, plain) === JSON.stringify(decideGroup(this.group, view), plain),
      "the same record and view give the same decision",
    );
    this.#take(step);
  }

  #take({ group, actions }: GroupStep): void {
    const before = this.group;
    this.group = group === before ? group : { ...group, tsUpdatedUs: this.nowUs };
    this.actions.push(...actions);
    for (const action of actions) {
      if (action.kind === "halt") this.isPluginHalted = true;
      if (action.kind !== "submit") continue;
      const { order, pricing, reduceOnly } = action;
      this.#checkSent({ order, pricing, reduceOnly }, before);
      const how = this.refuse({ order, pricing, reduceOnly });
      if (how === undefined) this.sent.push({ order, pricing, reduceOnly });
      else this.group = withRefusal(this.group, order.ref, how, this.nowUs, this.limits);
    }
  }

  /** Invariants 2 and 3 of the decision. */
  #checkSent({ order, reduceOnly }: Sent, before: LegGroup): void {
    const { leg, side, role, sizeLots: lots } = order;
    assert(lots > 0, "an order has a size");
    const isHedging = before.terms.mode === "maker_first" && role === "open" && leg === 1;
    const isOwnLeg = role === "close" || isHedging;
    const isWorking = before.orders.some((one) => !one.isDone && (!isOwnLeg || one.leg === leg));
    assert(!isWorking, `${role} while an order works`);
    const held = heldLots(before.totals[leg]);
    const terms = before.terms.legs;
    if (reduceOnly) {
      const isRestoring = side === terms[leg].side;
      assert(lots <= (isRestoring ? -held : held), `${role} of ${lots} beyond ${held}`);
    } else {
      assert(side === terms[leg].side, "only a leg's own side is opened");
      const other = leg === 0 ? 1 : 0;
      if (role === "complete" || isHedging) {
        const share = Math.floor((heldOf(before, other) * terms[leg].sizeLots) / terms[other].sizeLots);
        assert(held + lots <= share, "what follows the first leg never passes its share of it");
      }
      assert(held + lots <= terms[leg].sizeLots, "a leg never passes its size");
    }
  }

  /** Orders that are not done. */
  working(): readonly LegOrder[] {
    return this.group.orders.filter(({ isDone }) => !isDone);
  }

  fill(ref: string, lots: number, price = 100): void {
    const fill = { ref, lots, ticks: Math.round(price * 10), fee: zeroMoney };
    this.group = withFill(this.group, fill, this.nowUs) ?? this.group;
  }

  done(ref: string): void {
    this.group = withOrderDone(this.group, ref);
  }

  /** Fills the oldest working order in part and ends it, then looks. */
  settleOrder(lots: number, price = 100): void {
    const [order] = this.working();
    assert(order !== undefined, "an order is working");
    if (lots > 0) this.fill(order.ref, lots, price);
    this.done(order.ref);
    this.look();
  }

  askClose(reason = "test"): void {
    this.group = withCloseAsked(this.group, reason);
    this.look();
  }

  pass(ms: number): void {
    for (let left = ms; left > 0; left -= 50) {
      this.nowUs += Math.min(left, 50) * 1000;
      this.look();
    }
  }

  held(): readonly [number, number] {
    return [heldLots(this.group.totals[0]), heldLots(this.group.totals[1])];
  }

  kinds(): readonly string[] {
    return this.actions.map(({ kind }) => kind);
  }

  isFlat(): boolean {
    return legIndexes.every((leg) => heldLots(this.group.totals[leg]) === 0);
  }
}

const plain = (_key: string, value: unknown): unknown => typeof value === "bigint" ? value.toString() : value;
