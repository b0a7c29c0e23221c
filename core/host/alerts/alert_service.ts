/**
 * The host's side of the alerts: their thread, an observation a second, and what it answers into log, notices and
 * journal. It is started beside trading, never before it, and its end ends nothing else: the thread is begun anew, after
 * pauses that grow while it fails again and again.
 */
import type { AlertNote } from "../../alerts/alert.ts";
import type { DailyTotals } from "../../alerts/daily_summary.ts";
import type {
  AlertsReport,
  AlertsSetup,
  AlertStatus,
  AlertsWatch,
  FromAlerts,
  ToAlerts,
} from "../../alerts/ports.ts";
import { describeError } from "../../errors.ts";
import type { Clock } from "../../model/clock.ts";
import type { HostLog, LogLevel } from "../ports.ts";
import type { AlertObserver } from "./alert_observer.ts";

const observeEveryMs = 1_000;
const keepDayEveryMs = 30_000;
/** Without an answer for so long the thread hangs, and is ended. */
const answerWithinMs = 30_000;
/** Before a thread that ended is begun anew: doubled with each failure, and forgotten when one has watched for so long. */
const restart = { firstMs: 1_000, mostMs: 60_000, forgottenAfterMs: 300_000 } as const;
/** What waits may be sent for so long when the host stops. */
const finishWithinMs = 2_000;

/** The alerts' thread as far as it is used. */
export interface AlertsThreadHandle {
  postMessage(message: ToAlerts): void;
  terminate(): void;
  onmessage: ((event: MessageEvent<FromAlerts>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
}

export interface AlertServiceOptions {
  readonly openThread: () => AlertsThreadHandle;
  /** Calls back again and again; the returned function ends that. */
  readonly every: (periodMs: number, task: () => void) => () => void;
  /** Calls back once; the returned function ends that. */
  readonly after: (ms: number, task: () => void) => () => void;
  readonly observer: Pick<AlertObserver, "observe">;
  /** Undefined while alerts are off. */
  readonly setup: AlertsSetup | undefined;
  readonly runId: string;
  readonly clock: Clock;
  readonly log: HostLog;
  /** As the run before left it. */
  readonly day: DailyTotals | undefined;
  readonly keepDay: (day: DailyTotals) => void;
  /** Told to people who watch the host: on display and console. */
  readonly onNotice: (severity: "info" | "warning" | "critical", text: string) => void;
}

export class AlertService {
  readonly #options: AlertServiceOptions;
  #setup: AlertsSetup | undefined;
  #state: AlertsWatch["state"] = "off";
  #thread: AlertsThreadHandle | undefined;
  #stopTimer: (() => void) | undefined;
  #cancelRestart: (() => void) | undefined;
  #status: AlertStatus | undefined;
  #observedMs = Infinity;
  #askedMs: number | undefined;
  #startedMs = 0;
  /** Begun in this run. */
  #threads = 0;
  #restarts = 0;
  /** Since one watched for long. */
  #failuresInARow = 0;
  #why = "";
  #isBegun = false;
  #dayKeptMs = -Infinity;
  #day: DailyTotals | undefined;
  readonly #stopped = Promise.withResolvers<void>();

  constructor(options: AlertServiceOptions) {
    this.#options = options;
    this.#setup = options.setup;
    this.#day = options.day;
    this.#state = options.setup === undefined ? "off" : "starting";
  }

  get report(): AlertsReport {
    return {
      watch: { state: this.#state, restarts: this.#restarts, why: this.#why },
      status: this.#state === "off" ? undefined : this.#status,
    };
  }

  /** Once; again and again does no harm. */
  start(): void {
    if (this.#isBegun) return;
    this.#isBegun = true;
    this.#begin();
  }

  /** Other rules and channels from now on; undefined ends the watch. */
  change(setup: AlertsSetup | undefined): void {
    this.#setup = setup;
    if (!this.#isBegun) {
      this.#state = setup === undefined ? "off" : "starting";
    } else if (setup === undefined) {
      this.#end();
      this.#state = "off";
    } else if (this.#thread !== undefined) {
      this.#send({ kind: "change", setup });
    } else if (this.#cancelRestart === undefined) {
      this.#options.observer.observe(0); // what happened while nobody watched is no news
      this.#begin();
    }
  }

  /** What just happened is told without waiting for the next look: there may be none. */
  observeNow(): void {
    this.#send({ kind: "observe", observation: this.#options.observer.observe(0) });
  }

  /** Observes no more, and sends what waits for a moment at most. */
  async stop(): Promise<void> {
    this.#isBegun = false;
    this.#stopTimer?.();
    if (this.#thread !== undefined) await this.#finish();
    this.#end();
    if (this.#threads > 0 && this.#day !== undefined) this.#options.keepDay(this.#day);
  }

  async #finish(): Promise<void> {
    this.#send({ kind: "stop", withinMs: finishWithinMs });
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([
      this.#stopped.promise,
      new Promise((resolve) => (timer = setTimeout(resolve, finishWithinMs + 500))),
    ]);
    clearTimeout(timer);
  }

  #begin(): void {
    const setup = this.#setup;
    if (setup === undefined) return;
    const { runId, openThread, every, clock } = this.#options;
    this.#state = "starting";
    this.#startedMs = clock.monotonicMs();
    this.#askedMs = undefined;
    this.#observedMs = Infinity;
    this.#threads += 1;
    try {
      const thread = openThread();
      this.#thread = thread;
      thread.onmessage = ({ data }) => this.#onMessage(data);
      thread.onerror = (event) => {
        event.preventDefault(); // the alerts' failure is not the host's
        this.#failed(event.message);
      };
    } catch (error) {
      return this.#failed(describeError(error));
    }
    const noteIds = this.#threads === 1 ? runId : `${runId}.${this.#threads}`;
    const before = this.#status === undefined ? undefined : leftBy(this.#status);
    this.#send({ kind: "start", start: { ...setup, runId: noteIds, day: this.#day, before } });
    this.#stopTimer = every(observeEveryMs, () => this.#observe());
  }

  #send(message: ToAlerts): void {
    this.#thread?.postMessage(message);
  }

  /** One at a time: a thread that is behind is not buried. */
  #observe(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const loopDelayMs = Math.max(0, nowMs - this.#observedMs - observeEveryMs);
    this.#observedMs = nowMs;
    if (this.#askedMs === undefined) {
      this.#askedMs = nowMs;
      return this.#send({ kind: "observe", observation: this.#options.observer.observe(loopDelayMs) });
    }
    if (nowMs - this.#askedMs >= answerWithinMs) this.#failed(`no answer for ${answerWithinMs / 1000} s`);
  }

  #onMessage(message: FromAlerts): void {
    this.#status = message.status;
    if (message.kind === "stopped") return this.#stopped.resolve();
    this.#askedMs = undefined;
    const isBack = this.#state === "starting" && this.#failuresInARow > 0;
    this.#state = "watching";
    if (isBack) this.#tell("warning", "the alerts watch again; what is wrong now is told anew");
    for (const note of message.notes) this.#write(note);
    this.#day = message.day;
    const nowMs = this.#options.clock.monotonicMs();
    if (message.day === undefined || nowMs - this.#dayKeptMs < keepDayEveryMs) return;
    this.#dayKeptMs = nowMs;
    this.#options.keepDay(message.day);
  }

  #write(note: AlertNote): void {
    const { log, onNotice } = this.#options;
    const { rule, subject, severity, text } = note;
    const { level, notice } = shownAs[note.kind === "resolved" ? "notice" : severity];
    const isTold = toldByTheEngine.has(rule);
    log.write(isTold ? "debug" : level, "alerts", text, { rule, subject, severity });
    if (!isTold) onNotice(notice, text);
  }

  #tell(severity: "warning" | "critical", text: string): void {
    const { level, notice } = shownAs[severity];
    this.#options.log.write(level, "alerts", text);
    this.#options.onNotice(notice, text);
  }

  #failed(reason: string): void {
    const { after, clock } = this.#options;
    this.#end();
    if (!this.#isBegun) return this.#stopped.resolve();
    if (clock.monotonicMs() - this.#startedMs >= restart.forgottenAfterMs) this.#failuresInARow = 0;
    const pauseMs = Math.min(restart.firstMs * 2 ** this.#failuresInARow, restart.mostMs);
    this.#failuresInARow += 1;
    this.#why = reason.slice(0, 200);
    this.#state = "restarting";
    const until = `nobody is told of anything by any channel until they begin anew, in ${pauseMs / 1000} s`;
    this.#tell("critical", `the alerts have ended: ${reason}; ${until}`);
    this.#cancelRestart = after(pauseMs, () => {
      this.#cancelRestart = undefined;
      this.#restarts += 1;
      this.#begin();
    });
  }

  #end(): void {
    this.#stopTimer?.();
    this.#cancelRestart?.();
    this.#cancelRestart = undefined;
    this.#thread?.terminate();
    this.#thread = undefined;
  }
}

/** What a thread had counted; what waited in it is gone. */
const leftBy = (
  { recent, told, channels }: AlertStatus,
): Pick<AlertStatus, "recent" | "told" | "channels"> => ({
  recent,
  told,
  channels: channels.map((channel) => ({
    ...channel,
    queued: 0,
    dropped: channel.dropped + channel.queued,
  })),
});

const shownAs: Readonly<
  Record<
    AlertNote["severity"],
    { readonly level: LogLevel; readonly notice: "info" | "warning" | "critical" }
  >
> = {
  notice: { level: "info", notice: "info" },
  warning: { level: "warn", notice: "warning" },
  critical: { level: "error", notice: "critical" },
};

/** These are in log and notices already, as they happen; so is each fill in the journal. */
const toldByTheEngine: ReadonlySet<string> = new Set([
  "trading_state",
  "group_broken",
  "reconciliation_difference",
  "critical_notice",
  "fill",
  "opportunity",
]);
