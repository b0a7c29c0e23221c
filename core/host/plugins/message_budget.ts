/** How much a plugin may say: a token bucket per kind of message, and a bound on names it may invent. */
import { BerthError } from "../../errors.ts";
import type { PluginMessage } from "../../protocol/messages.ts";

interface Rate {
  readonly limit: string;
  readonly perSecond: number;
  readonly burst: number;
}

const rates = {
  log: { limit: "logLinesPerSecond", perSecond: 200, burst: 2_000 },
  gauge: { limit: "gaugesPerSecond", perSecond: 2_000, burst: 10_000 },
  // The SDK sends five a second; each may be some tens of kilobytes.
  panel: { limit: "panelsPerSecond", perSecond: 10, burst: 50 },
  other: { limit: "messagesPerSecond", perSecond: 5_000, burst: 20_000 },
} as const satisfies Record<string, Rate>;
const maxGaugeNames = 200;

const rateOf = (
  type: PluginMessage["type"],
): keyof typeof rates => (type === "log" || type === "callback_error"
  ? "log"
  : type === "gauge" || type === "panel"
  ? type
  : "other");

export class MessageBudget {
  readonly #pluginId: string;
  readonly #tokens: Record<keyof typeof rates, number> = {
    log: rates.log.burst,
    gauge: rates.gauge.burst,
    panel: rates.panel.burst,
    other: rates.other.burst,
  };
  readonly #gaugeNames = new Set<string>();
  #lastMs: number;

  constructor(pluginId: string, nowMs: number) {
    this.#pluginId = pluginId;
    this.#lastMs = nowMs;
  }

  /** Counts one message; the error to stop the plugin by when it said too much. */
  spend(message: PluginMessage, nowMs: number): BerthError | undefined {
    const elapsedS = Math.max(0, nowMs - this.#lastMs) / 1000;
    this.#lastMs = nowMs;
    for (const kind of ["log", "gauge", "panel", "other"] as const) {
      this.#tokens[kind] = Math.min(rates[kind].burst, this.#tokens[kind] + elapsedS * rates[kind].perSecond);
    }
    const kind = rateOf(message.type);
    this.#tokens[kind] -= 1;
    if (this.#tokens[kind] < 0) {
      return this.#exceeded(rates[kind].limit, rates[kind].burst + 1, rates[kind].burst);
    }
    if (message.type !== "gauge") return undefined;
    this.#gaugeNames.add(message.name);
    return this.#gaugeNames.size > maxGaugeNames
      ? this.#exceeded("gaugeNames", this.#gaugeNames.size, maxGaugeNames)
      : undefined;
  }

  #exceeded(limit: string, value: number, allowed: number): BerthError {
    return new BerthError("PLUGIN_LIMIT_EXCEEDED", { pluginId: this.#pluginId, limit, value, allowed });
  }
}
