/**
 * active → reducing → halted, of the plugin, the account and the whole host: the strictest counts. Only orders of the host
 * itself (flattening, asked for by the operator or the plugin's policy) pass a halt. Where it closes a plugin's position
 * of which the account holds nothing, because another plugin holds the other side, the order is a new one for the
 * account but not for the plugin: the plugin's own state does not stop it.
 */
import type { EntryLimit } from "./limit.ts";

export const tradingState: EntryLimit = {
  name: "trading_state",
  holdsForReducing: true,
  check({ scopes: all, origin, intent }, isReducing) {
    if (origin === "host" && isReducing) return undefined;
    const isClosingForPlugin = origin === "host" && intent.reduceOnly;
    const scopes = isClosingForPlugin ? all.filter(({ scope }) => scope.kind !== "plugin") : all;
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
