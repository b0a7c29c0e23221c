/** Puts the console together: its server, what it is shown, and who carries out its commands. */
import { dirname } from "node:path";
import { noAlerts } from "../../alerts/ports.ts";
import type { CommandResult, ConsoleRun } from "../../console/ports.ts";
import { describeError } from "../../errors.ts";
import type { JournalWriter } from "../../journal/writer.ts";
import type { Clock } from "../../model/clock.ts";
import type { Environment } from "../../sdk/manifest.ts";
import { defaultPluginConfig, type HostConfig, journalPath } from "../config/config.ts";
import { hostPicture } from "./console_picture.ts";
import { type SteeredReplay, steeredReplay } from "../replay/steering.ts";
import { ConsoleServer } from "./console_server.ts";
import type { HostAlerts } from "../alerts/host_alerts.ts";
import type { DisplayFeed } from "../observers/display_feed.ts";
import { grantsPath } from "../plugins/grants.ts";
import type { KillSwitch } from "../kill_switch.ts";
import type { LogTail } from "../observers/log_tail.ts";
import { OperatorCommands, type ReloadAlertsCommand } from "./operator_commands.ts";
import { type PluginCommand, PluginCommands } from "./plugin_commands.ts";
import type { PluginManager } from "../plugins/plugin_manager.ts";
import type { EngineDriver, HostLog } from "../ports.ts";

export interface OperatorConsoleParts {
  readonly config: HostConfig;
  readonly environment: Environment;
  /** What everybody is told that the run is. */
  readonly shownEnvironment: ConsoleRun["environment"];
  /** Of the environment. */
  readonly folder: string;
  readonly version: string;
  readonly clock: Clock;
  readonly driver: EngineDriver;
  readonly feed: DisplayFeed;
  readonly manager: PluginManager;
  readonly killSwitch: KillSwitch;
  readonly log: HostLog;
  readonly logTail: LogTail;
  readonly redact: (text: string) => string;
  readonly run: () => ConsoleRun;
  /** Undefined where nobody ever watches: in a replay. */
  readonly alerts: Pick<HostAlerts, "service" | "reload"> | undefined;
  /** Undefined where the markets are of the present. */
  readonly replay: SteeredReplay | undefined;
  readonly isStopping: () => boolean;
  /** Keeps what was done with a plugin; what the engine is told it writes down itself. */
  readonly journal: Pick<JournalWriter, "append">;
  readonly protect: (secrets: readonly string[]) => void;
  readonly isTerminal: boolean;
}

type Noted = PluginCommand | ReloadAlertsCommand;

export interface OperatorConsole {
  readonly server: ConsoleServer;
  /** Knows what was set through the console, over the configuration. */
  readonly plugins: PluginCommands;
}

export function operatorConsole(parts: OperatorConsoleParts): OperatorConsole {
  const { config, environment, folder, version, clock, driver, feed, manager, killSwitch, log } = parts;
  const plugins = new PluginCommands({
    manager,
    clock,
    log,
    environment,
    grantsFile: grantsPath(config.dataDir),
    configOf: (id) => config.plugins[id] ?? defaultPluginConfig,
  });
  /** Writes down what the engine has no part in. */
  const noted = (command: Noted, by: string, result: CommandResult): CommandResult => {
    const id = "id" in command ? command.id : undefined;
    const name = command.kind === "plugin" ? `plugin_${command.action}` : command.kind;
    const end = result.kind === "done" ? "done" : `${result.title}: ${result.detail}`.slice(0, 300);
    const what = command.kind === "plugin" ? { fingerprint: command.fingerprint ?? "" } : {};
    const tsUs = clock.epochUs();
    parts.journal.append({
      id: `operator/${by}/${id ?? name}/${tsUs}`,
      kind: "operator",
      tsUs,
      plugin: id,
      body: { kind: "operator", command: name, by, facts: { end, ...what } },
    });
    return result;
  };
  const commands = new OperatorCommands({
    driver,
    killSwitch,
    plugins: async (command, by) => noted(command, by, await plugins.execute(command)),
    reloadAlerts: async (command, by) => noted(command, by, await reloadedAlerts(parts.alerts?.reload)),
    replay: (action) => steeredReplay(parts.replay, action),
  });
  const picture = () =>
    hostPicture({
      engine: driver.engine,
      feed,
      plugins: manager.views().map((view) => ({
        ...view,
        fingerprint: manager.newestOf(view.id)?.fingerprint,
      })),
      run: parts.run(),
      alerts: parts.alerts?.service.report ?? noAlerts,
      tsUs: clock.epochUs(),
      newLogs: parts.logTail.take(),
      redact: parts.redact,
    });
  const server = new ConsoleServer({
    ...config.console,
    version,
    environment: parts.shownEnvironment,
    // Where the command line looks for the token: beside the folder of the environment.
    dataDir: dirname(folder),
    folder,
    journalFile: journalPath(folder),
    pid: Deno.pid,
    log,
    isStopping: parts.isStopping,
    picture,
    execute: (command, by) => commands.execute(command, by),
    protect: parts.protect,
    isTerminal: parts.isTerminal,
  });
  return { server, plugins };
}

async function reloadedAlerts(reload: HostAlerts["reload"] | undefined): Promise<CommandResult> {
  const title = "The alerts stay as they were";
  if (reload === undefined) {
    return { kind: "refused", status: 409, title, detail: "a replay has no alerts" };
  }
  try {
    return { kind: "done", value: { changes: await reload.reload() } };
  } catch (error) {
    return { kind: "refused", status: 422, title, detail: describeError(error).slice(0, 500) };
  }
}
