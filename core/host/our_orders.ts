/** By what a venue's orders and positions are known to be ours. */
import type { Claims } from "../engine/events.ts";
import type { JournalWriter } from "../journal/writer.ts";
import { pluginId } from "../model/ids.ts";
import type { HostConfig } from "./config.ts";

/** What the configuration says is ours though the journal does not know of it. */
export const claimsOf = ({ hostTags, positions }: HostConfig["claims"]): Claims => ({
  hostTags,
  positions: Object.fromEntries(
    Object.entries(positions).map(([instrument, plugin]) => [instrument, pluginId(plugin)]),
  ),
});

/** Four letters and digits by which our orders are known at a venue: drawn once for a data folder. */
export function hostTag(journal: JournalWriter): string {
  const kept = journal.kept.find((value) => value.scope === "host" && value.key === "tag")?.body;
  if (typeof kept === "string" && /^[a-z0-9]{2,4}$/.test(kept)) return kept;
  const drawn = Array.from(crypto.getRandomValues(new Uint8Array(4)), (byte) => (byte % 36).toString(36))
    .join("");
  journal.keep("host", "tag", drawn);
  return drawn;
}
