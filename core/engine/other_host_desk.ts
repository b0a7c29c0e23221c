/** Notices another berth on an account, closes the account to new risk, and carries out what a person decides about it. */
import { type CauseId, causeId, type ClientOrderId, type VenueId } from "../model/ids.ts";
import type { RiskScope } from "../model/risk_limits.ts";
import type { OperatorCommand } from "./events.ts";
import { type OtherHostSign, takeOverObstacle } from "./other_hosts.ts";
import type { Rooms } from "./rooms.ts";

type TakeOver = Extract<OperatorCommand, { readonly kind: "take_over" }>;

/** What moves an account's state. */
export interface AccountStates {
  /** To `reducing`, if it is active. */
  reduce(venue: VenueId, reason: string, cause: CauseId): void;
  /** To `active`, by a person. */
  resume(venue: VenueId, by: string, reason: string, cause: CauseId): void;
}

const reasonOf = (tag: string): string => `another berth (${tag}) trades here`;

export class OtherHostDesk {
  readonly #rooms: () => Rooms;
  readonly #states: AccountStates;

  constructor(rooms: () => Rooms, states: AccountStates) {
    this.#rooms = rooms;
    this.#states = states;
  }

  /** An order or a fill that is not ours; whether a berth made it is told by its id. */
  seen(
    venue: VenueId,
    clientOrderId: ClientOrderId | undefined,
    kind: OtherHostSign["kind"],
    tsSeenMs: number,
  ): void {
    const { ids, outbox, accounts, time: { nowUs }, settings } = this.#rooms();
    const tag = ids.otherHost(clientOrderId);
    const ageMs = Math.round(nowUs / 1000 - tsSeenMs);
    const account = accounts.get(venue);
    if (tag === undefined || account === undefined || ageMs > settings.timing.otherHostWindowMs) return;
    if (!account.otherHosts.note({ tag, kind, tsSeenMs })) return;
    outbox.notice("OTHER_HOST", { venue, tag, sign: kind, ageMs, clientOrderId: clientOrderId ?? "" });
    this.#states.reduce(venue, reasonOf(tag), causeId(`timer/other_host/${venue}`));
  }

  /** A person set an account, or everything, to active: what was seen until now is known. */
  acknowledge(scope: RiskScope): void {
    const { accounts, time } = this.#rooms();
    for (const account of accounts.values()) {
      const isMeant = scope.kind === "global" || (scope.kind === "account" && scope.venue === account.venue);
      if (isMeant) account.otherHosts.acknowledge(time.nowUs / 1000);
    }
  }

  /** From now on a host's orders are ours: taken on as the venue lists them, and cancelled. */
  takeOver({ venue, tag, reason }: TakeOver, by: string, cause: CauseId): void {
    const { ids, outbox, accounts, states, time: { nowUs } } = this.#rooms();
    const account = accounts.get(venue);
    const obstacle = takeOverObstacle(account?.otherHosts.all ?? [], tag, nowUs / 1000);
    if (account === undefined || obstacle !== undefined) {
      return outbox.notice("TAKE_OVER_REFUSED", { venue, tag, by, why: obstacle ?? `${venue} is not known` });
    }
    ids.claim(tag);
    account.otherHosts.forget(tag);
    account.keepForeignOrders(
      new Set(
        account.foreignOrders.filter((order) => !ids.isOurs(order.clientOrderId))
          .map((order) => order.venueOrderId),
      ),
    );
    outbox.journal(outbox.nextId("take_over"), cause, nowUs, { kind: "take_over", venue, tag, by, reason });
    outbox.notice("HOST_TAKEN_OVER", { venue, tag, by });
    account.reconciliation.want("open_orders", nowUs);
    const state = states.get({ kind: "account", venue });
    if (state?.state === "reducing" && state.reason === reasonOf(tag)) {
      this.#states.resume(venue, by, reason, cause);
    }
  }
}
