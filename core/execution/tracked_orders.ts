/**
 * Orders that the host knows, by their ids and names: those that work, and for a while those that have ended, for what is
 * told late. Fill ids are remembered so that each fill counts once.
 */
import { type ClientOrderId, type PluginId, type VenueId, venueId, venueOf } from "../model/ids.ts";
import type { CancelReason, Order, RejectCode } from "../model/order.ts";

/** An end that the venue has told of while fills are missing. */
export interface AwaitedEnd {
  readonly event: "cancelled" | "expired" | "rejected" | "filled";
  readonly reason: RejectCode | CancelReason | undefined;
  readonly venueText: string | undefined;
  readonly reportedLots: number;
  readonly sinceUs: number;
}

export interface Tracked {
  order: Order;
  readonly venue: VenueId;
  readonly sentUs: number;
  isAcknowledged: boolean;
  /** Ended by our own conclusion, not by the venue's word. */
  isConcluded: boolean;
  isCancelWanted: boolean;
  isCancelInFlight: boolean;
  nextCancelUs: number;
  cancelAttempts: number;
  isQueryWanted: boolean;
  isQueryInFlight: boolean;
  queryCauseUs: number;
  nextQueryUs: number;
  queryAttempts: number;
  notFoundCount: number;
  firstNotFoundUs: number;
  awaitedEnd: AwaitedEnd | undefined;
  /** When the newest amendment was answered or given up; undefined while it is on its way, or without one. */
  amendEndedUs: number | undefined;
}

/** Orders and fill ids that are kept after their end, for what comes late. */
const maxDoneOrders = 20_000;
const forgottenAtOnce = 1_000;
const maxFillIds = 200_000;
const checkpointFills = 5_000;

export class TrackedOrders {
  readonly #tracked = new Map<ClientOrderId, Tracked>();
  readonly #working = new Map<ClientOrderId, Tracked>();
  /** In the order of their ends. */
  readonly #ended: ClientOrderId[] = [];
  readonly #byVenueId = new Map<string, ClientOrderId>();
  readonly #byRef = new Map<string, ClientOrderId>();
  readonly #fillIds = new Set<string>();

  get(id: ClientOrderId): Tracked | undefined {
    return this.#tracked.get(id);
  }

  has(id: ClientOrderId): boolean {
    return this.#tracked.has(id);
  }

  /** Undefined when it is not known, or has ended. */
  working(id: ClientOrderId): Tracked | undefined {
    return this.#working.get(id);
  }

  /** Oldest first. */
  allWorking(): readonly Tracked[] {
    return [...this.#working.values()];
  }

  get workingCount(): number {
    return this.#working.size;
  }

  /** The newest order that its plugin gave this name. */
  byRef(plugin: PluginId, ref: string): Tracked | undefined {
    const id = this.#byRef.get(`${plugin}/${ref}`);
    return id === undefined ? undefined : this.#tracked.get(id);
  }

  find(venue: VenueId, clientId: ClientOrderId | undefined, venueOrderId: string): Tracked | undefined {
    const id = clientId !== undefined && this.#tracked.has(clientId)
      ? clientId
      : this.#byVenueId.get(`${venue}/${venueOrderId}`);
    const tracked = id === undefined ? undefined : this.#tracked.get(id);
    return tracked?.venue === venue ? tracked : undefined;
  }

  track(order: Order, sentUs: number): Tracked {
    const tracked: Tracked = {
      order,
      venue: venueOf(order.instrument),
      sentUs,
      isAcknowledged: false,
      isConcluded: false,
      isCancelWanted: false,
      isCancelInFlight: false,
      nextCancelUs: 0,
      cancelAttempts: 0,
      isQueryWanted: false,
      isQueryInFlight: false,
      queryCauseUs: 0,
      nextQueryUs: 0,
      queryAttempts: 0,
      notFoundCount: 0,
      firstNotFoundUs: 0,
      awaitedEnd: undefined,
      amendEndedUs: undefined,
    };
    this.#tracked.set(order.clientOrderId, tracked);
    this.#working.set(order.clientOrderId, tracked);
    this.#byRef.set(`${order.plugin}/${order.ref}`, order.clientOrderId);
    return tracked;
  }

  linkVenueId(tracked: Tracked, venueOrderId: Order["venueOrderId"]): void {
    if (venueOrderId === undefined || tracked.order.venueOrderId === venueOrderId) return;
    this.#byVenueId.set(`${tracked.venue}/${venueOrderId}`, tracked.order.clientOrderId);
    tracked.order = { ...tracked.order, venueOrderId };
  }

  rename(tracked: Tracked, ref: string): void {
    const { plugin, ref: before, clientOrderId } = tracked.order;
    if (this.#byRef.get(`${plugin}/${before}`) === clientOrderId) this.#byRef.delete(`${plugin}/${before}`);
    tracked.order = { ...tracked.order, ref };
    this.#byRef.set(`${plugin}/${ref}`, clientOrderId);
  }

  ended(id: ClientOrderId): void {
    if (this.#working.delete(id)) this.#ended.push(id);
    this.#forgetOldest();
  }

  revived(tracked: Tracked): void {
    this.#working.set(tracked.order.clientOrderId, tracked);
  }

  /** Ended orders are forgotten in lots, oldest first; what was revived meanwhile stays. */
  #forgetOldest(): void {
    if (this.#ended.length < maxDoneOrders + forgottenAtOnce) return;
    for (const id of this.#ended.splice(0, forgottenAtOnce)) {
      const tracked = this.#tracked.get(id);
      if (tracked === undefined || this.#working.has(id)) continue;
      this.#tracked.delete(id);
      const { plugin, ref, venueOrderId } = tracked.order;
      if (this.#byRef.get(`${plugin}/${ref}`) === id) this.#byRef.delete(`${plugin}/${ref}`);
      if (venueOrderId !== undefined) this.#byVenueId.delete(`${tracked.venue}/${venueOrderId}`);
    }
  }

  // ---- fills

  hasFill(key: string): boolean {
    return this.#fillIds.has(key);
  }

  rememberFill(key: string): void {
    this.#fillIds.add(key);
    if (this.#fillIds.size <= maxFillIds) return;
    for (const oldest of this.#fillIds) {
      this.#fillIds.delete(oldest);
      return;
    }
  }

  /** The newest booked fills, newest last, for a checkpoint. */
  bookedFills(): readonly { readonly venue: VenueId; readonly fillId: string }[] {
    return [...this.#fillIds].slice(-checkpointFills).map((key) => {
      const slash = key.indexOf("/");
      return { venue: venueId(key.slice(0, slash)), fillId: key.slice(slash + 1) };
    });
  }
}

/** The venue is to be asked about an order, unless it will be already. */
export function wantQuery(tracked: Tracked, nowUs: number, delayMs: number): void {
  if (tracked.isQueryWanted) return;
  tracked.isQueryWanted = true;
  tracked.queryAttempts = 0;
  tracked.nextQueryUs = nowUs + delayMs * 1000;
}
