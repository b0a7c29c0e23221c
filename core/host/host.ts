/** A started host: what ends its run, and how that ends. */
import type { Engine } from "../engine/engine.ts";
import { describeError } from "../errors.ts";
import type { Clock } from "../model/clock.ts";
import type { KillReport } from "../model/kill_report.ts";
import { isResidentStop } from "../model/order.ts";
import { journalPath } from "./config/config.ts";
import { exitCodes, type HostOptions } from "./config/options.ts";
import type { Driver } from "./engine_driver.ts";
import type { HostParts } from "./host_parts.ts";
import type { KillSwitch } from "./kill_switch.ts";
import type { DisplayFeed } from "./observers/display_feed.ts";
import type { RunLog } from "./observers/run_log.ts";
import { type ExactSummary, isEven, summarize } from "./observers/run_summary.ts";
import { aborted, cancelOrders, firstEnd, stopTrading } from "./orderly_stop.ts";
import type { PluginManager } from "./plugins/plugin_manager.ts";
import type { RunCourse } from "./run_course.ts";

export interface HostRun {
  readonly options: Pick<HostOptions, "durationMs" | "signals">;
  readonly runId: string;
  /** Of the environment. */
  readonly dataDir: string;
  /** Of the markets. */
  readonly clock: Clock;
  readonly course: RunCourse;
  /** Those that not every run has. */
  readonly parts: HostParts;
  readonly engine: Engine;
  readonly driver: Driver;
  readonly feed: DisplayFeed;
  readonly runLog: RunLog;
  readonly manager: PluginManager;
  readonly killSwitch: KillSwitch;
}

export class Host {
  readonly #run: HostRun;

  constructor(run: HostRun) {
    this.#run = run;
  }

  /** Waits for whatever ends the run first, then stops in order: strategies, orders, adapters, venues. */
  async untilEnd(): Promise<number> {
    const { options: { durationMs, signals }, course, parts, runLog } = this.#run;
    const end = await firstEnd({
      stop: signals.stop,
      durationMs,
      failed: course.failed,
      over: parts.replay?.over,
    });
    if (end.kind === "asked") return await this.#stop(end.why);
    runLog.log.write("error", "host", describeError(end.error));
    await Promise.race([this.#leaveNoOrders(end.error), aborted(signals.leave)]);
    return exitCodes.failure;
  }

  /** It can't go on, and nobody will watch what rests at the venues. Stops that guard a position there stay. */
  async #leaveNoOrders(error: unknown): Promise<void> {
    const { clock, course, driver, manager, parts, runLog: { log } } = this.#run;
    course.isStopping = true;
    log.write("warn", "host", "cancelling all orders before the end");
    const remains = { clock, driver, remains: course.remains };
    const left = await cancelOrders(remains, "host", describeError(error));
    parts.alerts?.service.observeNow();
    parts.stopAlerts();
    const resting = left?.workingOrders.filter((order) => !isResidentStop(order)) ?? [];
    if (left === undefined || resting.length > 0) {
      const orders = resting.map(({ clientOrderId }) => clientOrderId).join(" ");
      log.write("error", "host", "not every order is known to be cancelled", { orders });
    } else log.write("info", "host", "every order is cancelled", { positions: left.positions.length });
    await manager.stopAdapters("the host fails");
  }

  /** Once more if the first answer was not whole: adapters may just have been coming up. */
  async kill(by: string, flatten: boolean): Promise<KillReport> {
    const { killSwitch, manager, course } = this.#run;
    const first = await killSwitch.kill(by, flatten);
    const report = first.isClean ? first : await killSwitch.kill(by, flatten);
    await manager.stopAdapters("kill");
    course.isClean = true;
    return report;
  }

  async #stop(why: string): Promise<number> {
    const { options: { signals }, clock, course, parts, driver, manager, runLog } = this.#run;
    course.isStopping = true;
    parts.replay?.slowDown();
    runLog.log.write("info", "host", `stopping: ${why}`);
    parts.stopAlerts();
    const leaving = aborted(signals.leave);
    await Promise.race([stopTrading({ clock, driver, manager, remains: course.remains }, why), leaving]);
    const { summary, exact } = await this.#summary(why);
    await Promise.race([manager.stopAdapters(why), leaving]);
    course.isClean = !signals.leave.aborted;
    parts.pulse?.stop(); // the summary is the last word
    await runLog.session.finish(summary, exact);
    return isEven(summary) ? exitCodes.ok : exitCodes.failure;
  }

  async #summary(endedBy: string): Promise<ExactSummary> {
    const { runId, dataDir, clock, engine, feed, parts } = this.#run;
    return summarize({
      runId,
      endedBy,
      journalFile: journalPath(dataDir),
      state: engine.snapshot(clock.epochUs()),
      engine,
      display: feed.snapshot(),
      ledgers: await parts.simulation?.ledgers(),
    });
  }
}
