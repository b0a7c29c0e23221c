/** Leg groups for display: one row a group, and what all of them came to. Floats for the eye. */
import { averageOpenPrice } from "../execution/leg_groups/repair_choice.ts";
import { imbalanceOf } from "../execution/leg_groups/balance.ts";
import type { InstrumentId, PluginId } from "../model/ids.ts";
import { heldLots, type LegGroup } from "../model/leg_group.ts";
import type { GroupTotals } from "../model/leg_group_totals.ts";
import type { Side } from "../model/order.ts";
import { incrementValue } from "../model/ticks.ts";
import type { Rooms } from "./rooms.ts";

export interface GroupLegSnapshot {
  readonly instrument: InstrumentId;
  readonly side: Side;
  readonly heldBase: number;
  /** NaN when nothing was opened. */
  readonly averageOpenPrice: number;
}

export interface GroupSnapshot {
  readonly id: string;
  readonly plugin: PluginId;
  readonly ref: string;
  readonly phase: LegGroup["phase"]["kind"];
  readonly why: string;
  readonly isBroken: boolean;
  readonly legs: readonly [GroupLegSnapshot, GroupLegSnapshot];
  /** Value of what one leg holds beyond the other; 0 when even, NaN without a price. */
  readonly nakedUsd: number;
  /** How long one leg has been ahead; 0 when even. */
  readonly nakedMs: number;
  readonly attempts: number;
  readonly ageMs: number;
}

function nakedUsdOf({ instruments, portfolio, time }: Rooms, group: LegGroup): number {
  const imbalance = imbalanceOf(group);
  if (imbalance === undefined) return 0;
  const index = instruments.indexOf(group.terms.legs[imbalance.excess].instrument);
  if (index === undefined) return NaN;
  const young = instruments.valuationTicks(index, time.nowUs);
  const ticks = Number.isNaN(young) ? group.terms.legs[imbalance.excess].limitPriceTicks : young;
  return imbalance.excessLots * ticks * portfolio.tickLotUsd(index);
}

export function groupSnapshot(rooms: Rooms, group: LegGroup): GroupSnapshot {
  const { nowUs } = rooms.time;
  const leg = (at: 0 | 1): GroupLegSnapshot => {
    const { instrument: id, side } = group.terms.legs[at];
    const instrument = rooms.instruments.get(rooms.instruments.indexOf(id) ?? -1);
    return {
      instrument: id,
      side,
      heldBase: instrument === undefined ? NaN : heldLots(group.totals[at]) * incrementValue(instrument.lot),
      averageOpenPrice: instrument === undefined ? NaN : averageOpenPrice(group, at, instrument.tick),
    };
  };
  const { id, plugin, ref, phase, nakedSinceUs, attempts, closeReason, wasBroken } = group;
  return {
    id,
    plugin,
    ref,
    phase: phase.kind,
    why: phase.kind === "halted" ? phase.why : closeReason ?? "",
    isBroken: wasBroken,
    legs: [leg(0), leg(1)],
    nakedUsd: nakedUsdOf(rooms, group),
    nakedMs: nakedSinceUs === undefined ? 0 : (nowUs - nakedSinceUs) / 1000,
    attempts,
    ageMs: (nowUs - group.tsCreatedUs) / 1000,
  };
}

export class GroupStatistics {
  #begun = 0;
  #opened = 0;
  #closed = 0;
  #nothingFilled = 0;
  #unwound = 0;
  #closedElsewhere = 0;
  #broken = 0;
  #halted = 0;
  #maxNakedUsd = 0;
  #maxNakedMs = 0;
  /** Of groups that are naked now: when they began to be. */
  readonly #nakedSinceUs = new Map<string, number>();
  readonly #openedIds = new Set<string>();

  begun(): void {
    this.#begun += 1;
  }
  broken(): void {
    this.#broken += 1;
  }
  halted(): void {
    this.#halted += 1;
  }

  /** After each change: how much is alone, and for how long it was. */
  changed(rooms: Rooms, group: LegGroup): void {
    const { nowUs } = rooms.time;
    const usd = nakedUsdOf(rooms, group);
    if (usd > this.#maxNakedUsd) this.#maxNakedUsd = usd;
    const since = this.#nakedSinceUs.get(group.id);
    if (since !== undefined) this.#maxNakedMs = Math.max(this.#maxNakedMs, (nowUs - since) / 1000);
    if (group.nakedSinceUs === undefined) this.#nakedSinceUs.delete(group.id);
    else this.#nakedSinceUs.set(group.id, group.nakedSinceUs);
    if (group.wasOpen && !this.#openedIds.has(group.id)) {
      this.#openedIds.add(group.id);
      this.#opened += 1;
    }
  }

  ended({ phase, id }: LegGroup): void {
    this.#openedIds.delete(id);
    this.#nakedSinceUs.delete(id);
    if (phase.kind !== "ended") return;
    switch (phase.outcome) {
      case "nothing_filled":
        this.#nothingFilled += 1;
        return;
      case "unwound":
        this.#unwound += 1;
        return;
      case "closed":
        this.#closed += 1;
        return;
      case "closed_elsewhere":
        this.#closedElsewhere += 1;
        return;
      default:
        phase.outcome satisfies never;
    }
  }

  totals(verified: GroupTotals["verified"]): GroupTotals {
    return {
      begun: this.#begun,
      opened: this.#opened,
      closed: this.#closed,
      nothingFilled: this.#nothingFilled,
      unwound: this.#unwound,
      closedElsewhere: this.#closedElsewhere,
      broken: this.#broken,
      halted: this.#halted,
      maxNakedUsd: this.#maxNakedUsd,
      maxNakedMs: this.#maxNakedMs,
      verified,
    };
  }
}
