/**
 * Sees a kill to its end: waits until nothing of ours works and nothing is being closed, then has every venue say what is
 * open, and reports what remains. What was asked before the last cancel was done counts for nothing.
 */
import type { CauseId } from "../model/ids.ts";
import type { KilledVenue, KillReport } from "../model/kill_report.ts";
import { isResidentStop, type OrderReport } from "../model/order.ts";
import type { Flattening } from "./flattening.ts";
import type { OrderDesk } from "./order_desk.ts";
import type { Rooms } from "./rooms.ts";
import type { VenueAccount } from "./venue_account.ts";

/** Between two requests to cancel what is not ours. */
const cancelAllEveryUs = 2_000_000;

interface Watch {
  readonly by: string;
  readonly cause: CauseId;
  isFlattening: boolean;
  readonly startedUs: number;
  deadlineUs: number;
  /** When last something of ours worked or was being closed. */
  busyUs: number;
  cancelledAllUs: number;
}

export class KillWatch {
  readonly #rooms: () => Rooms;
  readonly #orderDesk: OrderDesk;
  readonly #flattening: Flattening;
  #watch: Watch | undefined;
  #last: KillReport | undefined;

  constructor(rooms: () => Rooms, orderDesk: OrderDesk, flattening: Flattening) {
    this.#rooms = rooms;
    this.#orderDesk = orderDesk;
    this.#flattening = flattening;
  }

  get isWatching(): boolean {
    return this.#watch !== undefined;
  }
  /** Of the newest kill of this run that came to its end. */
  get last(): KillReport | undefined {
    return this.#last;
  }

  /** Begins, or begins anew when a kill follows a kill. */
  start(isFlattening: boolean, by: string, cause: CauseId): void {
    const { time: { nowUs }, settings } = this.#rooms();
    this.#watch = {
      by,
      cause,
      isFlattening: isFlattening || (this.#watch?.isFlattening ?? false),
      startedUs: this.#watch?.startedUs ?? nowUs,
      deadlineUs: nowUs + settings.timing.killDeadlineMs * 1000,
      busyUs: nowUs,
      cancelledAllUs: nowUs,
    };
  }

  tick(): void {
    const watch = this.#watch;
    if (watch === undefined) return;
    const { time: { nowUs }, orders, accounts } = this.#rooms();
    const isBusy = orders.working().some((order) => watch.isFlattening || !isResidentStop(order)) ||
      (watch.isFlattening && this.#flattening.isBusy);
    if (isBusy) {
      watch.busyUs = nowUs;
      this.#orderDesk.cancelWhere((order) => !order.ref.startsWith("flatten_"), watch.cause);
    }
    const trading = [...accounts.values()].filter(({ isStarted, hasTrading }) => isStarted && hasTrading);
    for (const account of trading) this.#pursue(watch, account);
    const isDone = !isBusy && [...accounts.values()].every((account) => this.#isDone(watch, account));
    if (isDone || nowUs >= watch.deadlineUs) this.#end(watch);
  }

  /** Asks anew for what was last read before the end of our own orders, or showed orders that should be gone. */
  #pursue(watch: Watch, account: VenueAccount): void {
    const { time: { nowUs } } = this.#rooms();
    const { reconciliation } = account;
    const isOpen = this.#openOrders(account).length > 0;
    for (const kind of ["open_orders", "positions"] as const) {
      if (reconciliation.readUs(kind) <= watch.busyUs || isOpen) reconciliation.want(kind, nowUs);
    }
    if (
      isOpen && account.capabilities.cancelAll === true && nowUs - watch.cancelledAllUs >= cancelAllEveryUs
    ) {
      watch.cancelledAllUs = nowUs;
      this.#orderDesk.send(account.venue, { kind: "cancel_all", instrument: undefined }, false);
    }
  }

  #isRead({ busyUs }: Watch, { reconciliation }: VenueAccount): boolean {
    return reconciliation.readUs("open_orders") > busyUs && reconciliation.readUs("positions") > busyUs;
  }

  #isDone(watch: Watch, account: VenueAccount): boolean {
    if (account.isStarted && !account.hasTrading) return true; // no keys: nothing of ours can be there
    return this.#isRead(watch, account) && this.#openOrders(account).length === 0;
  }

  /** By the venue's word, without the stops that guard what is held: they go when it is flat. */
  #openOrders({ openOrdersAtVenue }: VenueAccount): readonly OrderReport[] {
    const { orders } = this.#rooms();
    return openOrdersAtVenue.filter(({ clientOrderId: id }) => {
      const order = id === undefined ? undefined : orders.get(id);
      return order === undefined || !isResidentStop(order);
    });
  }

  #end(watch: Watch): void {
    const { time, accounts, orders, outbox } = this.#rooms();
    this.#watch = undefined;
    const venues = [...accounts.values()].map((account) => this.#venue(watch, account));
    const left = orders.working().filter((order) => watch.isFlattening || !isResidentStop(order));
    const isClean = left.length === 0 &&
      venues.every((venue) =>
        venue.isVerified && venue.openOrders.length === 0 &&
        (!watch.isFlattening || (venue.positions.length === 0 && venue.residentStops === 0))
      );
    const report: KillReport = {
      by: watch.by,
      isFlattening: watch.isFlattening,
      startedUs: watch.startedUs,
      endedUs: time.nowUs,
      isClean,
      unresolvedOrders: left.map(({ clientOrderId, instrument, status }) => ({
        clientOrderId,
        instrument,
        status,
      })),
      venues,
    };
    this.#last = report;
    const openOrders = venues.reduce((sum, venue) => sum + venue.openOrders.length, 0);
    const positions = venues.reduce((sum, venue) => sum + venue.positions.length, 0);
    const unverified = venues.filter(({ isVerified }) => !isVerified).map(({ venue }) => venue).join(" ");
    outbox.journal(outbox.nextId("kill_report"), watch.cause, time.nowUs, { kind: "kill_report", report });
    outbox.notice(isClean ? "KILL_VERIFIED" : "KILL_INCOMPLETE", { openOrders, positions, unverified });
    outbox.push({ kind: "kill_report", report });
  }

  #venue(watch: Watch, account: VenueAccount): KilledVenue {
    const { venue, isStarted, hasTrading } = account;
    if (isStarted && !hasTrading) {
      return {
        venue,
        isVerified: true,
        why: "no keys: nothing of ours can be there",
        residentStops: 0,
        openOrders: [],
        positions: [],
      };
    }
    const isVerified = isStarted && this.#isRead(watch, account);
    const why = !isStarted ? "its adapter is not running" : isVerified ? "" : "it did not answer in time";
    const positions = [...account.positions.values()].filter(({ positionLots }) => positionLots !== 0).map((
      { instrument, positionLots },
    ) => ({ instrument, positionLots }));
    const open = this.#openOrders(account);
    const openOrders = open.map((
      { instrument, venueOrderId, clientOrderId, side, sizeLots, filledLots },
    ) => ({ instrument, venueOrderId, clientOrderId, side, sizeLots, filledLots }));
    const residentStops = account.openOrdersAtVenue.length - open.length;
    return { venue, isVerified, why, residentStops, openOrders, positions };
  }
}
