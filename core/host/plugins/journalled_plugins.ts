/** What of a plugin is written down: the state it saved, and where it is in its life. */
import type { JournalWriter } from "../../journal/writer.ts";
import type { Clock } from "../../model/clock.ts";
import type { PluginManagerOptions, PluginState } from "./plugin_manager.ts";

/** @param watch sees each state besides */
export function journalledPlugins(
  journal: Pick<JournalWriter, "kept" | "keep" | "append">,
  clock: Clock,
  watch: (id: string, state: PluginState) => void,
): Pick<PluginManagerOptions, "savedState" | "keepState" | "onState"> {
  return {
    savedState: (id) =>
      journal.kept.find((value) => value.scope === "plugin_state" && value.key === id)?.body,
    keepState: (id, value) => journal.keep("plugin_state", id, value),
    onState(id, state, update) {
      watch(id, state);
      const tsUs = clock.epochUs();
      journal.append({
        id: `plugin/${id}/${tsUs}`,
        kind: "plugin_state",
        tsUs,
        plugin: id,
        body: update === undefined ? state : { ...state, update },
      });
    },
  };
}
