/** The market limits as they hold now: those of the configuration, and what operators changed since. */
import type { CauseId } from "../model/ids.ts";
import { marketLimitNames, type MarketLimits } from "../model/risk_limits.ts";
import { loosenedMarket, tightestMarket } from "../risk/market_limit_changes.ts";
import type { Rooms } from "./rooms.ts";

export class MarketLimitBook {
  #now: MarketLimits;
  /** What earlier runs' operators changed; taken where it is tighter than the configuration. */
  #kept: Partial<MarketLimits> = {};
  #changed: Partial<MarketLimits> = {};

  constructor(configured: MarketLimits) {
    this.#now = configured;
  }

  get now(): MarketLimits {
    return this.#now;
  }

  /** All that operators changed, in this run or before. */
  get changed(): Partial<MarketLimits> {
    return { ...this.#kept, ...this.#changed };
  }

  restore(kept: Partial<MarketLimits>): void {
    this.#kept = kept;
    this.#now = tightestMarket(this.#now, kept);
  }

  change(limits: Partial<MarketLimits>): void {
    this.#changed = { ...this.#changed, ...limits };
    this.#now = { ...this.#now, ...limits };
  }
}

export class MarketLimitDesk {
  readonly #rooms: () => Rooms;

  constructor(rooms: () => Rooms) {
    this.#rooms = rooms;
  }

  /** As a whole or not at all. */
  tighten(limits: Partial<MarketLimits>, by: string, cause: CauseId): void {
    const { market, outbox } = this.#rooms();
    const names = loosenedMarket(market.now, limits);
    if (names.length === 0) return this.set(limits, by, "", cause);
    outbox.notice("LIMITS_NOT_TIGHTER", { scope: "market", by, limits: names.join(" ") });
  }

  set(limits: Partial<MarketLimits>, by: string, reason: string, cause: CauseId): void {
    const { market, outbox, time } = this.#rooms();
    const before = market.now;
    market.change(limits);
    const body = { kind: "market_limits" as const, limits: market.changed, by, reason };
    outbox.journal(outbox.nextId("market_limits"), cause, time.nowUs, body);
    const changes = marketLimitNames.filter((name) => before[name] !== market.now[name])
      .map((name) => `${name} ${before[name]} → ${market.now[name]}`).join(", ");
    outbox.notice("LIMITS_CHANGED", { scope: "market", by, changes });
  }
}
