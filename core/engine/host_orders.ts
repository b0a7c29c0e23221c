/** What holds for orders that the host sends by itself, in a plugin's name. */
import type { InstrumentId, PluginId } from "../model/ids.ts";
import type { Refusal } from "../model/refusals.ts";
import type { Rooms } from "./rooms.ts";

/** Refusals for reasons that pass: an order that takes risk away is tried again without counting as an attempt. */
export const passingRefusals: ReadonlySet<string> = new Set([
  "ACCOUNT_NOT_CONNECTED",
  "ACCOUNT_NOT_RECONCILED",
  "PRIVATE_STREAM_DOWN",
  "TRADING_HALTED",
  "TRADING_REDUCING",
  "RATE_BUDGET",
  "ORDER_RATE",
  "REDUCE_ONLY_WOULD_INCREASE",
  "INSTRUMENT_UNKNOWN",
]);

/** Whether a plugin may ask the host to act on an instrument later: it runs, and the operator granted it. */
export function grantRefusal(
  { instruments, plugins }: Rooms,
  plugin: PluginId,
  instrument: InstrumentId,
  needs: "trade" | "reduce",
): Refusal | undefined {
  const index = instruments.indexOf(instrument);
  const listed = index === undefined ? undefined : instruments.get(index);
  if (index === undefined || listed === undefined) {
    return { code: "INSTRUMENT_UNKNOWN", facts: { instrument } };
  }
  const record = plugins.get(plugin);
  if (record === undefined || !record.isRunning) return { code: "PLUGIN_NOT_RUNNING", facts: { plugin } };
  if (record.grant.orders === "none") return { code: "NOT_GRANTED_ORDERS", facts: { plugin } };
  if (!record.covers(index, listed)) return { code: "NOT_GRANTED_INSTRUMENT", facts: { plugin, instrument } };
  const isEnough = needs === "reduce" || record.grant.orders === "trade";
  return isEnough ? undefined : { code: "NOT_GRANTED_INCREASE", facts: { plugin } };
}
