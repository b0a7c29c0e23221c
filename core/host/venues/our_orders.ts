/** By what a venue's orders and positions are known to be ours. */
import type { Claims } from "../../engine/events.ts";
import type { JournalWriter } from "../../journal/writer.ts";
import { pluginId } from "../../model/ids.ts";
import type { HostConfig } from "../config/config.ts";

/**
 * What is ours though the journal does not know of it: as the configuration says, and what operators took over in
 * earlier runs.
 */
export const claimsOf = (
  { hostTags, positions }: HostConfig["claims"],
  { kept }: Pick<JournalWriter, "kept">,
): Claims => ({
  hostTags: [
    ...hostTags,
    ...kept.filter(({ scope, key }) => scope === "take_over" && isTag(key)).map(({ key }) => key),
  ],
  positions: Object.fromEntries(
    Object.entries(positions).map(([instrument, plugin]) => [instrument, pluginId(plugin)]),
  ),
});

const isTag = (text: unknown): text is string => typeof text === "string" && /^[a-z0-9]{2,4}$/.test(text);

/** Four letters and digits by which our orders are known at a venue: drawn once for a data folder. */
export function hostTag(journal: JournalWriter): string {
  const kept = journal.kept.find((value) => value.scope === "host" && value.key === "tag")?.body;
  if (isTag(kept)) return kept;
  const drawn = Array.from(crypto.getRandomValues(new Uint8Array(4)), (byte) => (byte % 36).toString(36))
    .join("");
  journal.keep("host", "tag", drawn);
  return drawn;
}
