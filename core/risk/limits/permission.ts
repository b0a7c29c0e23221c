/** What the operator granted the plugin, and whether it is running at all. */
import type { EntryLimit } from "./limit.ts";

export const permission: EntryLimit = {
  name: "permission",
  holdsForReducing: true,
  check({ intent: { plugin, instrument }, origin, ...facts }, isReducing) {
    if (origin === "host") return undefined;
    if (facts.isShuttingDown) return { code: "HOST_SHUTTING_DOWN", facts: {} };
    if (!facts.isPluginRunning) return { code: "PLUGIN_NOT_RUNNING", facts: { plugin } };
    if (facts.grantedOrders === "none") return { code: "NOT_GRANTED_ORDERS", facts: { plugin } };
    if (!facts.isInstrumentGranted) return { code: "NOT_GRANTED_INSTRUMENT", facts: { plugin, instrument } };
    const isAllowed = facts.grantedOrders === "trade" || isReducing;
    return isAllowed ? undefined : { code: "NOT_GRANTED_INCREASE", facts: { plugin } };
  },
};
