/**
 * What surrounds every leg group: orphan orders are swept, and after it the venues' positions are read back and compared
 * with ours.
 */
import { causeId, type InstrumentId, type PluginId, type VenueId, venueOf } from "../model/ids.ts";
import type { LegGroup } from "../model/leg_group.ts";
import type { Order } from "../model/order.ts";
import { groupIdOfRef } from "../execution/leg_groups/group_record.ts";
import type { Rooms } from "./rooms.ts";

interface Verification {
  readonly plugin: PluginId;
  readonly groupId: string;
  readonly instrument: InstrumentId;
  readonly venue: VenueId;
  readonly sinceUs: number;
  /** Lots on the account that were not ours when the group began; undefined for a group of an earlier run. */
  readonly foreignLots: number | undefined;
}

/** Orders that nobody steers: found at the venue without a record of ours. */
const strayRef = /^adopted_/;

export class GroupChecks {
  readonly #rooms: () => Rooms;
  readonly #isLive: (groupId: string) => boolean;
  #pending: Verification[] = [];
  readonly #foreignAtStart = new Map<string, ReadonlyMap<InstrumentId, number>>();
  agreed = 0;
  differed = 0;

  /** @param isLive whether a group may still have orders working */
  constructor(rooms: () => Rooms, isLive: (groupId: string) => boolean) {
    this.#rooms = rooms;
    this.#isLive = isLive;
  }

  get pendingCount(): number {
    return this.#pending.length;
  }

  // ---- orphan orders

  #isStray(order: Order): boolean {
    if (strayRef.test(order.ref)) return true;
    const groupId = groupIdOfRef(order.ref);
    return groupId !== undefined && !this.#isLive(groupId);
  }

  /** The first orphan order of a plugin on an instrument. */
  strayOn(plugin: PluginId, instrument: InstrumentId): string | undefined {
    return this.#rooms().orders.working().find((order) =>
      order.plugin === plugin && order.instrument === instrument && this.#isStray(order)
    )?.clientOrderId;
  }

  /** Cancels the orphan orders that are known and asks the venue for its list, in which unknown ones would stand. */
  sweep(venue: VenueId): void {
    const { orders, accounts, time } = this.#rooms();
    for (const order of orders.working()) {
      if (venueOf(order.instrument) === venue && this.#isStray(order)) {
        orders.cancel(order.clientOrderId, time.nowUs, causeId(`sweep/${order.clientOrderId}`));
      }
    }
    accounts.get(venue)?.reconciliation.want("open_orders", time.nowUs);
  }

  sweepGroup({ terms }: LegGroup): void {
    for (const { instrument } of terms.legs) this.sweep(venueOf(instrument));
  }

  // ---- positions

  /** Before its first order: what is on the accounts and not ours. */
  begin(group: LegGroup): void {
    const { instruments, portfolio } = this.#rooms();
    const foreign = group.terms.legs.map(({ instrument }) =>
      [instrument, portfolio.foreignLots(instruments.indexOf(instrument) ?? -1)] as const
    );
    this.#foreignAtStart.set(group.id, new Map(foreign));
  }

  /** After it became whole or ended: the venues' positions are to be read. */
  verify(group: LegGroup): void {
    const { accounts, time } = this.#rooms();
    const begun = this.#foreignAtStart.get(group.id);
    this.#pending = this.#pending.filter(({ groupId }) => groupId !== group.id);
    for (const { instrument } of group.terms.legs) {
      const venue = venueOf(instrument);
      const { reconciliation } = accounts.get(venue) ?? {};
      reconciliation?.want("fills", time.nowUs);
      reconciliation?.want("positions", time.nowUs);
      this.#pending.push({
        plugin: group.plugin,
        groupId: group.id,
        instrument,
        venue,
        sinceUs: time.nowUs,
        foreignLots: begun?.get(instrument),
      });
    }
    if (group.phase.kind === "ended") this.#foreignAtStart.delete(group.id);
  }

  /** The longest unread one of a plugin. */
  unverified(plugin: PluginId): { readonly venue: string; readonly waitedMs: number } | undefined {
    const oldest = this.#pending.find((one) => one.plugin === plugin);
    if (oldest === undefined) return undefined;
    return { venue: oldest.venue, waitedMs: Math.round((this.#rooms().time.nowUs - oldest.sinceUs) / 1000) };
  }

  tick(): void {
    if (this.#pending.length > 0) this.#pending = this.#pending.filter((one) => !this.#isCompared(one));
  }

  #isCompared({ instrument, venue, sinceUs, foreignLots, plugin, groupId }: Verification): boolean {
    const { accounts, instruments, portfolio, orders, time, outbox } = this.#rooms();
    const account = accounts.get(venue);
    const index = instruments.indexOf(instrument);
    if (account === undefined || index === undefined) return false;
    const readUs = account.reconciliation.readUs("positions");
    const isMoving = (account.lastBookedUs.get(instrument) ?? -Infinity) >= readUs ||
      orders.working().some((order) => order.instrument === instrument);
    if (!(readUs > sinceUs) || isMoving) {
      if (account.reconciliation.isReconciled) account.reconciliation.want("positions", time.nowUs);
      return false;
    }
    const venueLots = account.positions.get(instrument)?.positionLots ?? 0;
    const ourLots = portfolio.accountPositionLots(index);
    if (venueLots !== ourLots) return false; // the comparison of accounts looks again, and books what stays
    if (foreignLots === undefined || portfolio.foreignLots(index) === foreignLots) this.agreed += 1;
    else {
      this.differed += 1;
      outbox.notice("GROUP_POSITIONS_DIFFER", {
        plugin,
        group: groupId,
        instrument,
        venueLots,
        beforeLots: foreignLots,
        foreignLots: portfolio.foreignLots(index),
      });
    }
    return true;
  }
}
