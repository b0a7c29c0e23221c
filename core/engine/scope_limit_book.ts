/** The limits of scopes as they hold now: those of the configuration and of plugins' budgets, and what operators changed. */
import { type RiskScope, type ScopeLimits, scopeName } from "../model/risk_limits.ts";
import { tightest } from "../risk/limit_changes.ts";
import { pluginLimits } from "../risk/settings.ts";
import type { Rooms } from "./rooms.ts";

export class ScopeLimitBook {
  readonly #rooms: () => Rooms;
  /** What operators changed in earlier runs, by scope name: where it is looser than the configuration, that holds. */
  readonly #kept = new Map<string, Partial<ScopeLimits>>();
  /** What they changed in this one; it holds over a plugin's restart. */
  readonly #changed = new Map<string, Partial<ScopeLimits>>();

  constructor(rooms: () => Rooms) {
    this.#rooms = rooms;
  }

  of(scope: RiskScope): ScopeLimits {
    const name = scopeName(scope);
    const kept = tightest(this.#configured(scope), this.#kept.get(name) ?? {});
    return { ...kept, ...this.#changed.get(name) };
  }

  /** Returns all that differs from the configuration since. */
  override(scope: RiskScope, limits: Partial<ScopeLimits>): Partial<ScopeLimits> {
    const name = scopeName(scope);
    this.#changed.set(name, { ...this.#changed.get(name), ...limits });
    return this.changes(scope);
  }

  /** All that operators changed of a scope, in this run or before. */
  changes(scope: RiskScope): Partial<ScopeLimits> {
    const name = scopeName(scope);
    return { ...this.#kept.get(name), ...this.#changed.get(name) };
  }

  restore(kept: readonly { readonly scope: RiskScope; readonly limits: Partial<ScopeLimits> }[]): void {
    for (const { scope, limits } of kept) this.#kept.set(scopeName(scope), limits);
  }

  #configured(scope: RiskScope): ScopeLimits {
    const { settings: { risk }, plugins } = this.#rooms();
    switch (scope.kind) {
      case "global":
        return risk.global;
      case "account":
        return { ...risk.account, ...risk.accounts[scope.venue] };
      case "plugin": {
        const budget = plugins.get(scope.plugin)?.budget;
        return budget === undefined ? risk.plugin : pluginLimits(risk.plugin, budget);
      }
      default:
        return scope satisfies never;
    }
  }
}
