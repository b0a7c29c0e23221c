/**
 * A reduce-only order always passes the gate, though its fill may take away what another position stood against: long on
 * one venue, short on another, and one of them closed leaves the other open to the market. Where that brings a scope's
 * net exposure beyond its limit, the scope is moved as by any breach, and people are told with the numbers.
 */
import { type CauseId, type InstrumentId, venueOf } from "../model/ids.ts";
import { isPluginReducing, type Order } from "../model/order.ts";
import type { RiskScope } from "../model/risk_limits.ts";
import { scopeName } from "../model/risk_limits.ts";
import type { Breach } from "../risk/breach_rules.ts";
import { exposureNow, type Rooms } from "./rooms.ts";

/** Of one scope, before a fill. */
export interface NetBefore {
  readonly scope: RiskScope;
  readonly netUsd: number;
}

export class HedgeWatch {
  readonly #rooms: () => Rooms;
  readonly #breached: (scope: RiskScope, breach: Breach, cause: CauseId) => void;

  constructor(
    rooms: () => Rooms,
    breached: (scope: RiskScope, breach: Breach, cause: CauseId) => void,
  ) {
    this.#rooms = rooms;
    this.#breached = breached;
  }

  /** Net exposures before a fill is booked; of an order that opens something nothing, for the gate has judged it. */
  before(order: Order): readonly NetBefore[] {
    if (!isPluginReducing(order)) return [];
    const rooms = this.#rooms();
    const scopes: readonly RiskScope[] = [
      { kind: "plugin", plugin: order.plugin },
      { kind: "account", venue: venueOf(order.instrument) },
      { kind: "global" },
    ];
    return scopes.map((scope) => ({ scope, netUsd: exposureNow(rooms, scope, rooms.time.nowUs).netUsd }));
  }

  after(before: readonly NetBefore[], instrument: InstrumentId, cause: CauseId): void {
    for (const { scope, netUsd: beforeUsd } of before) {
      const rooms = this.#rooms();
      const { netUsd: value } = exposureNow(rooms, scope, rooms.time.nowUs);
      const limit = rooms.states.get(scope)?.limits.maxNetExposureUsd ?? null;
      if (limit === null || !(value > limit && value > beforeUsd)) continue;
      const numbers = { beforeUsd: Math.round(beforeUsd), netUsd: Math.round(value), limitUsd: limit };
      rooms.outbox.notice("HEDGE_REMOVED", { scope: scopeName(scope), instrument, ...numbers });
      this.#breached(scope, { reason: "net_exposure", value, limit }, cause);
    }
  }
}
