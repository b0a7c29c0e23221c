/** Carries out what the console was told, and says in words what can't be. The engine checks again what it must hold. */
import type { Command, ReplayAction } from "../../console/commands.ts";
import type { CommandResult } from "../../console/ports.ts";
import { killReport } from "../../console/resources.ts";
import type { OperatorCommand } from "../../engine/events.ts";
import { takeOverObstacle } from "../../engine/other_hosts.ts";
import type { ScopeSnapshot } from "../../engine/snapshot.ts";
import { type RiskScope, scopeName } from "../../model/risk_limits.ts";
import { loosened } from "../../risk/limit_changes.ts";
import { loosenedMarket } from "../../risk/market_limit_changes.ts";
import type { KillSwitch } from "../kill_switch.ts";
import type { PluginCommand } from "./plugin_commands.ts";
import type { EngineDriver } from "../ports.ts";

export type ReloadAlertsCommand = Extract<Command, { readonly kind: "reload_alerts" }>;

export interface OperatorCommandsOptions {
  readonly driver: EngineDriver;
  readonly killSwitch: Pick<KillSwitch, "kill" | "isHeldByFile">;
  readonly reloadAlerts: (command: ReloadAlertsCommand, by: string) => Promise<CommandResult>;
  readonly plugins: (command: PluginCommand, by: string) => Promise<CommandResult>;
  readonly replay: (action: ReplayAction) => CommandResult;
}

const done: CommandResult = { kind: "done", value: null };
const refused = (
  status: Extract<CommandResult, { readonly kind: "refused" }>["status"],
  title: string,
  detail: string,
): CommandResult => ({ kind: "refused", status, title, detail });

export class OperatorCommands {
  readonly #options: OperatorCommandsOptions;

  constructor(options: OperatorCommandsOptions) {
    this.#options = options;
  }

  async execute(command: Command, by: string): Promise<CommandResult> {
    switch (command.kind) {
      case "kill":
        return { kind: "done", value: killReport(await this.#options.killSwitch.kill(by, command.flatten)) };
      case "set_state":
        return this.#setState(command, by);
      case "tighten_limits": {
        const scope = this.#scope(command.scope);
        if (scope === undefined) return unknownScope(command.scope);
        const names = loosened(scope.limits, command.limits);
        return names.length === 0 ? this.#dispatch(command, by) : notTighter(names);
      }
      case "loosen_limits": {
        const { scope, limits, reason } = command;
        if (this.#scope(scope) === undefined) return unknownScope(scope);
        return this.#dispatch({ kind: "set_limits", scope, limits, reason }, by);
      }
      case "tighten_market": {
        const names = loosenedMarket(this.#snapshot().market, command.limits);
        return names.length === 0 ? this.#dispatch(command, by) : notTighter(names);
      }
      case "loosen_market": {
        const { limits, reason } = command;
        return this.#dispatch({ kind: "set_market", limits, reason }, by);
      }
      case "take_over":
        return this.#takeOver(command, by);
      case "set_leverage":
        return this.#setLeverage(command, by);
      case "cancel_orders":
      case "flatten":
        return this.#scope(command.scope) === undefined
          ? unknownScope(command.scope)
          : this.#dispatch(command, by);
      case "cancel_order": {
        const { workingOrders } = this.#snapshot();
        const isWorking = workingOrders.some(({ clientOrderId }) => clientOrderId === command.clientOrderId);
        return isWorking
          ? this.#dispatch(command, by)
          : refused(404, "No such order", `no order ${command.clientOrderId} is working`);
      }
      case "plugin":
      case "plugin_settings":
        return await this.#options.plugins(command, by);
      case "reload_alerts":
        return await this.#options.reloadAlerts(command, by);
      case "replay":
        return this.#options.replay(command.action);
      default:
        return command satisfies never;
    }
  }

  #setState(command: Extract<Command, { readonly kind: "set_state" }>, by: string): CommandResult {
    const { killSwitch } = this.#options;
    if (this.#scope(command.scope) === undefined) return unknownScope(command.scope);
    if (command.scope.kind === "global" && command.state !== "halted") {
      if (killSwitch.isHeldByFile) {
        return refused(409, "Held by the file KILL", "remove the file from the environment's folder first");
      }
      if (this.#snapshot().kill.isWatching) {
        return refused(409, "A kill is under way", "wait until the venues have said what is left");
      }
    }
    return this.#dispatch(command, by);
  }

  #setLeverage(command: Extract<Command, { readonly kind: "set_leverage" }>, by: string): CommandResult {
    const { engine } = this.#options.driver;
    const { instrument: id, leverage } = command;
    const index = engine.indexOf(id);
    const instrument = index === undefined ? undefined : engine.instrument(index);
    if (instrument === undefined) {
      return refused(404, "No such instrument", `${id} is not known to this host`);
    }
    const { maxLeverage } = instrument;
    if (leverage > maxLeverage) {
      return refused(409, "Too much", `${id} has at most ${maxLeverage} at its venue`);
    }
    return this.#dispatch(command, by);
  }

  #takeOver(command: Extract<Command, { readonly kind: "take_over" }>, by: string): CommandResult {
    const { driver } = this.#options;
    const venue = this.#snapshot().venues.find((one) => one.venue === command.venue);
    if (venue === undefined) return unknownScope({ kind: "account", venue: command.venue });
    const obstacle = takeOverObstacle(venue.otherHosts, command.tag, driver.clock.epochMs());
    return obstacle === undefined ? this.#dispatch(command, by) : refused(409, "Not taken over", obstacle);
  }

  #dispatch(command: OperatorCommand, by: string): CommandResult {
    const { driver } = this.#options;
    driver.dispatch({ kind: "operator", tsUs: driver.clock.epochUs(), by, command });
    return done;
  }

  #snapshot() {
    const { driver } = this.#options;
    return driver.engine.snapshot(driver.clock.epochUs());
  }

  #scope(scope: RiskScope): ScopeSnapshot | undefined {
    const name = scopeName(scope);
    return this.#snapshot().scopes.find((one) => scopeName(one.scope) === name);
  }
}

const notTighter = (names: readonly string[]): CommandResult =>
  refused(
    409,
    "Not tighter",
    `${names.join(", ")} would be looser than now; loosening is a command of its own`,
  );

const unknownScope = (scope: RiskScope): CommandResult =>
  refused(404, "No such scope", `${scopeName(scope)} is not known to this host`);
