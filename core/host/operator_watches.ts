/** Follows without a restart what is dropped into the plugin folders, approved, or set. */
import type { Clock } from "../model/clock.ts";
import { defaultPluginConfig, type HostConfig } from "./config/config.ts";
import { watchConfig } from "./config/config_watch.ts";
import { FolderWatch } from "./plugins/folder_watch.ts";
import { grantsPath } from "./plugins/grants.ts";
import { watchGrants } from "./plugins/grants_watch.ts";
import type { PluginConfig } from "./config/config.ts";
import type { PluginManager } from "./plugins/plugin_manager.ts";
import type { HostLog } from "./ports.ts";

export interface OperatorWatchesOptions {
  readonly clock: Clock;
  readonly log: HostLog;
  readonly manager: PluginManager;
  readonly pluginFolders: readonly string[];
  readonly dataDir: string;
  /** Undefined when the defaults hold. */
  readonly configFile: string | undefined;
  readonly rereadConfig: () => Promise<HostConfig>;
  readonly onPluginConfig: (configOf: (id: string) => PluginConfig) => void;
  readonly onAlertsConfig: (config: HostConfig["alerts"]) => void;
}

/** @returns ends all watches when it is disposed */
export function watchOperator(options: OperatorWatchesOptions): Disposable {
  const { clock, log, manager, pluginFolders: folders, dataDir, configFile, rereadConfig } = options;
  const { onPluginConfig, onAlertsConfig } = options;
  const watches = new DisposableStack();
  watches.use(
    new FolderWatch({
      folders,
      log,
      monotonicMs: () => clock.monotonicMs(),
      onChange: (found) => manager.follow(folders, found),
    }),
  );
  watches.use(watchGrants(grantsPath(dataDir), log, (grants) => manager.setGrants(grants)));
  if (configFile !== undefined) {
    watches.defer(
      watchConfig({
        file: configFile,
        log,
        reread: rereadConfig,
        onChange({ plugins, alerts }) {
          onPluginConfig((id) => plugins[id] ?? defaultPluginConfig);
          onAlertsConfig(alerts);
        },
      }),
    );
  }
  return watches;
}
