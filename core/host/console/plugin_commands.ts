/**
 * What operators do with plugins through the console. Approving, stopping and starting go by the grants of the data
 * folder, as the command line's do, so that they outlive this run.
 */
import type { Command } from "../../console/commands.ts";
import type { CommandResult } from "../../console/ports.ts";
import type { Clock } from "../../model/clock.ts";
import type { Environment } from "../../sdk/manifest.ts";
import type { PluginConfig } from "../config/config.ts";
import { approve, changeGrants, type GrantBook, setDisabled } from "../plugins/grants.ts";
import { checkSettings } from "../plugins/manifest_schema.ts";
import type { PluginManager } from "../plugins/plugin_manager.ts";
import type { HostLog } from "../ports.ts";

export type PluginCommand = Extract<Command, { readonly kind: "plugin" | "plugin_settings" }>;

export interface PluginCommandsOptions {
  readonly manager: Pick<PluginManager, "views" | "newestOf" | "renew" | "setGrants" | "applySettings">;
  readonly clock: Clock;
  readonly log: HostLog;
  readonly environment: Environment;
  readonly grantsFile: string;
  /** As configured, without what was set through the console. */
  readonly configOf: (id: string) => PluginConfig;
}

const done: CommandResult = { kind: "done", value: null };

export class PluginCommands {
  readonly #options: PluginCommandsOptions;
  /** Settings that were set through the console, by plugin; they end with the host. */
  readonly #settings = new Map<string, Readonly<Record<string, unknown>>>();
  #configOf: (id: string) => PluginConfig;

  constructor(options: PluginCommandsOptions) {
    this.#options = options;
    this.#configOf = options.configOf;
  }

  /** The configuration file changed. */
  setConfig(configOf: (id: string) => PluginConfig): void {
    this.#configOf = configOf;
    this.#options.manager.applySettings((id) => this.#configWith(id));
  }

  async execute(command: PluginCommand): Promise<CommandResult> {
    const { manager } = this.#options;
    const view = manager.views().find(({ id }) => id === command.id);
    if (view === undefined) return refused(404, "No such plugin", `${command.id} is not known to this host`);
    if (command.kind === "plugin_settings") return this.#configure(command.id, command.settings);
    switch (command.action) {
      case "approve":
        return await this.#approve(command.id, command.fingerprint);
      case "stop":
        await this.#change((book) => setDisabled(book, command.id, true));
        return done;
      case "start":
        if (view.state.kind === "disabled") {
          if (!this.#configWith(command.id).enabled) {
            return refused(409, "Switched off", "the configuration file says enabled false");
          }
          await this.#change((book) => setDisabled(book, command.id, false));
          return done;
        }
        if (view.state.kind !== "quarantined" && view.state.kind !== "stopped") {
          return refused(409, "Not stopped", `${command.id} is ${view.state.kind}`);
        }
        manager.renew(command.id);
        return done;
      case "reload":
        manager.renew(command.id);
        return done;
      default:
        return command.action satisfies never;
    }
  }

  /** Grants exactly the version that the operator saw: a file that changed since has another fingerprint. */
  async #approve(id: string, fingerprint: string | undefined): Promise<CommandResult> {
    const { manager, clock, environment } = this.#options;
    const version = manager.newestOf(id);
    if (version === undefined) {
      return refused(409, "Nothing to approve", `the files of ${id} can't be read as a plugin`);
    }
    if (version.fingerprint !== fingerprint) {
      return refused(
        409,
        "Another version",
        `the files of ${id} have the fingerprint ${version.fingerprint}`,
      );
    }
    const { manifest } = version;
    const live = environment === "live";
    const tsApprovedMs = clock.epochMs();
    await this.#change((book) =>
      approve(book, { pluginId: id, fingerprint: version.fingerprint, manifest, live, tsApprovedMs })
    );
    return done;
  }

  async #change(change: (book: GrantBook) => GrantBook): Promise<void> {
    const { manager, grantsFile } = this.#options;
    manager.setGrants(await changeGrants(grantsFile, change));
  }

  #configWith(id: string): PluginConfig {
    const config = this.#configOf(id);
    return { ...config, settings: { ...config.settings, ...this.#settings.get(id) } };
  }

  #configure(id: string, settings: Readonly<Record<string, unknown>>): CommandResult {
    const { manager, log } = this.#options;
    const version = manager.newestOf(id);
    if (version === undefined) {
      return refused(409, "Not readable", `the files of ${id} can't be read as a plugin`);
    }
    const before = this.#settings.get(id);
    this.#settings.set(id, { ...before, ...settings });
    const checked = checkSettings(version.manifest.settings, this.#configWith(id).settings);
    if (checked.kind === "invalid") {
      if (before === undefined) this.#settings.delete(id);
      else this.#settings.set(id, before);
      const words = checked.faults.map(({ field, found, expected }) =>
        `${field} is ${found}; expected ${expected}`
      );
      return refused(422, "Settings do not fit", words.join("; "));
    }
    log.write("info", id, "settings were changed through the console; they end with this host");
    manager.applySettings((one) => this.#configWith(one));
    return done;
  }
}

const refused = (
  status: Extract<CommandResult, { readonly kind: "refused" }>["status"],
  title: string,
  detail: string,
): CommandResult => ({ kind: "refused", status, title, detail });
