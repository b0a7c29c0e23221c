/** The parts of a host as far as they are made: whoever is made early asks here for what is made later. */
import type { Clock } from "../model/clock.ts";
import type { JournalWriter } from "../journal/writer.ts";
import type { HostAlerts } from "./alerts/host_alerts.ts";
import type { OperatorConsole } from "./console/operator_console.ts";
import type { HostPulse } from "./host_pulse.ts";
import type { KillSwitch } from "./kill_switch.ts";
import type { RunLog } from "./observers/run_log.ts";
import type { RunObservers } from "./observers/run_observers.ts";
import type { PluginManager } from "./plugins/plugin_manager.ts";
import type { Replay } from "./replay/replay.ts";
import type { MarketRecorder } from "./venues/market_recorder.ts";
import type { Simulation } from "./venues/simulation_process.ts";

export class HostParts {
  readonly watches = new DisposableStack();
  journal?: JournalWriter;
  runLog?: RunLog;
  alerts?: HostAlerts | undefined;
  observers?: RunObservers;
  manager?: PluginManager;
  killSwitch?: KillSwitch;
  simulation?: Simulation;
  recorder?: MarketRecorder;
  replay?: Replay | undefined;
  console?: OperatorConsole;
  pulse?: HostPulse;
  #areThreadsBegun = false;
  #alertsStopped: Promise<void> | undefined;

  /** Console and alerts: what runs on threads of its own. Once is enough. */
  startThreads(): void {
    if (this.#areThreadsBegun) return;
    this.#areThreadsBegun = true;
    this.console?.server.start();
    this.alerts?.service.start();
  }

  /** That venues and plugins end now is no alarm. */
  stopAlerts(): void {
    this.#alertsStopped ??= this.alerts?.service.stop();
  }

  /**
   * Takes down what there is: first whoever gives orders and whoever looks on, then plugins and venues, the journal last.
   *
   * @param clock of the markets
   */
  async release(clock: Clock, isClean: boolean): Promise<void> {
    this.pulse?.stop();
    this.watches.dispose();
    this.killSwitch?.stop();
    this.observers?.end(clock.epochUs());
    const replayEnds = this.replay?.stop();
    await this.recorder?.finish();
    this.stopAlerts();
    await this.#alertsStopped;
    await this.console?.server.stop();
    await this.manager?.killAll();
    await replayEnds;
    await this.simulation?.stop();
    try {
      await this.journal?.close({ isClean });
    } finally {
      await this.runLog?.[Symbol.asyncDispose](); // the terminal is given back even where the journal could not be written
    }
  }
}
