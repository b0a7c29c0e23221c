/** active → reducing → halted, of the plugin, the account and the whole host: the strictest counts. Only orders of the host
 * itself (flattening, asked for by the operator or the plugin's policy) pass a halt. */
import type { EntryLimit } from "./limit.ts";

export const tradingState: EntryLimit = {
  name: "trading_state",
  holdsForReducing: true,
  check({ scopes, origin }, isReducing) {
    if (origin === "host" && isReducing) return undefined;
    for (const { state, name, stateReason } of scopes) {
      const facts = { scope: name, reason: stateReason };
      if (state === "halted") return { code: "TRADING_HALTED", facts };
    }
    for (const { state, name, stateReason } of scopes) {
      const facts = { scope: name, reason: stateReason };
      if (state !== "active" && !isReducing) return { code: "TRADING_REDUCING", facts };
    }
    return undefined;
  },
};
