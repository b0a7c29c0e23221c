/** One venue as the engine knows it: its adapter, its account, what is on the account that is not ours. */
import type {
  AccountReconciliation,
  ReconciliationKind,
} from "../execution/reconciliation/account_reconciliation.ts";
import type { PositionDifference } from "../execution/reconciliation/position_comparison.ts";
import type { RateBudget } from "../execution/rate_budget.ts";
import type { Balance, VenuePosition } from "../model/account.ts";
import type { InstrumentId, VenueId, VenueOrderId } from "../model/ids.ts";
import { moneyToNumber } from "../model/money.ts";
import type { OrderReport } from "../model/order.ts";
import type { ChannelStatistics, VenueHealth } from "../model/venue_health.ts";
import type { AccountFacts } from "../risk/order_facts.ts";
import { OtherHosts } from "./other_hosts.ts";

/** Others' orders that are remembered for display. */
const maxForeignOrders = 500;

export interface UsdTotals {
  readonly totalUsd: number;
  readonly availableUsd: number;
}

export type VenueBalance = Omit<Balance, "venue">;

export class VenueAccount {
  readonly venue: VenueId;
  readonly reconciliation: AccountReconciliation;
  readonly rate: RateBudget;
  isStarted = false;
  readonly otherHosts = new OtherHosts();
  hasTrading = false;
  capabilities: Readonly<Record<string, boolean>> = {};
  health: VenueHealth | undefined;
  /** Since when its dead man's switch should be armed and is not; undefined when all is well. */
  unguardedSinceUs: number | undefined;
  isUnguardedTold = false;
  /** As its adapter last said. */
  channels: readonly ChannelStatistics[] = [];
  /** Venue time of the newest fill, whoever told of it. */
  lastFillMs: number | undefined;
  /** Venue time up to which the account's own list of fills was read; the stream may have left some out since. */
  fillsReadToMs: number | undefined;
  suspected: readonly PositionDifference[] = [];
  suspectedUs = -Infinity;
  readonly repairs = new Map<string, number>();
  readonly positions = new Map<InstrumentId, VenuePosition>();
  /** When a fill of ours was last booked, per instrument. */
  readonly lastBookedUs = new Map<InstrumentId, number>();
  /** The venue's own word, when it was last asked. */
  openOrdersAtVenue: readonly OrderReport[] = [];
  readonly seenFunding = new Set<string>();
  /** The request that each question of the reconciliation waits for. */
  readonly questions = new Map<ReconciliationKind, number>();
  readonly #balances = new Map<string, VenueBalance>();
  readonly #foreignOrders = new Map<VenueOrderId, OrderReport>();
  readonly #usdAssets: readonly string[];
  #balancesUs = -Infinity;
  #usdTotals: UsdTotals = { totalUsd: NaN, availableUsd: NaN };

  constructor(
    venue: VenueId,
    reconciliation: AccountReconciliation,
    rate: RateBudget,
    usdAssets: readonly string[],
  ) {
    this.venue = venue;
    this.#usdAssets = usdAssets;
    this.reconciliation = reconciliation;
    this.rate = rate;
  }

  get balances(): readonly VenueBalance[] {
    return [...this.#balances.values()];
  }
  get balancesUs(): number {
    return this.#balancesUs;
  }
  get foreignOrders(): readonly OrderReport[] {
    return [...this.#foreignOrders.values()];
  }

  setBalance(balance: VenueBalance, nowUs: number): void {
    this.#balances.set(balance.asset, balance);
    this.#balancesUs = nowUs;
    const usd = this.balances.filter(({ asset }) => this.#usdAssets.includes(asset));
    if (usd.length === 0) return;
    this.#usdTotals = {
      totalUsd: usd.reduce((sum, { total }) => sum + moneyToNumber(total), 0),
      availableUsd: usd.reduce((sum, { available }) => sum + moneyToNumber(available), 0),
    };
  }

  /** Takes note of somebody else's order. Returns true when it was not known. */
  setForeignOrder(report: OrderReport): boolean {
    if (report.status !== "open") {
      this.#foreignOrders.delete(report.venueOrderId);
      return false;
    }
    const isNew = !this.#foreignOrders.has(report.venueOrderId);
    if (isNew && this.#foreignOrders.size >= maxForeignOrders) return false;
    this.#foreignOrders.set(report.venueOrderId, report);
    return isNew;
  }

  /** Only those that a complete list of open orders names stay. */
  keepForeignOrders(named: ReadonlySet<VenueOrderId>): void {
    for (const id of this.#foreignOrders.keys()) if (!named.has(id)) this.#foreignOrders.delete(id);
  }

  /** Totals of the assets that count as USD; NaN before any is known. */
  get usdTotals(): UsdTotals {
    return this.#usdTotals;
  }

  /** Where fills need no stream of their own (paper) the adapter reports none. */
  get privateStream(): AccountFacts["privateStream"] {
    if (this.health === undefined) return "unknown";
    return this.health.privateStream ?? "none";
  }

  countRepair(kind: string): void {
    this.repairs.set(kind, (this.repairs.get(kind) ?? 0) + 1);
  }
}
