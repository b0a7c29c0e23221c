/**
 * The host's side of the alerts: their thread, an observation a second, and what it answers into log, notices and
 * journal. It is started beside trading, never before it, and its end ends nothing else.
 */
import type { AlertNote } from "../../alerts/alert.ts";
import type { ChannelSettings } from "../../alerts/channels/settings.ts";
import type { DailyTotals } from "../../alerts/daily_summary.ts";
import type { AlertStatus, FromAlerts, ToAlerts } from "../../alerts/ports.ts";
import type { AlertSettings } from "../../alerts/settings.ts";
import type { Clock } from "../../model/clock.ts";
import type { HostLog, LogLevel } from "../ports.ts";
import type { AlertObserver } from "./alert_observer.ts";

const observeEveryMs = 1_000;
const keepDayEveryMs = 30_000;
/** Without an answer for so long the thread hangs, and that is said. */
const answerWithinMs = 30_000;
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
  readonly observer: Pick<AlertObserver, "observe">;
  readonly settings: AlertSettings;
  readonly channels: readonly ChannelSettings[];
  readonly senderName: string;
  readonly environment: string;
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
  #thread: AlertsThreadHandle | undefined;
  #stopTimer: (() => void) | undefined;
  #status: AlertStatus | undefined;
  #observedMs = Infinity;
  #askedMs: number | undefined;
  #isHanging = false;
  #dayKeptMs = -Infinity;
  #day: DailyTotals | undefined;
  readonly #stopped = Promise.withResolvers<void>();

  constructor(options: AlertServiceOptions) {
    this.#options = options;
  }

  /** Undefined before the first answer, and when the thread has failed. */
  get status(): AlertStatus | undefined {
    return this.#status;
  }

  /** Once; again and again does no harm. */
  start(): void {
    if (this.#stopTimer !== undefined) return;
    const { runId, environment, senderName, settings, channels, day, openThread, every } = this.#options;
    const thread = openThread();
    this.#thread = thread;
    thread.onmessage = ({ data }) => this.#onMessage(data);
    thread.onerror = (event) => {
      event.preventDefault(); // the alerts' failure is not the host's
      this.#failed(event.message);
    };
    const sender = { name: senderName, environment };
    this.#send({ kind: "start", start: { runId, sender, settings, channels, day } });
    this.#stopTimer = every(observeEveryMs, () => this.#observe());
  }

  /** Observes no more, and sends what waits for a moment at most. */
  async stop(): Promise<void> {
    this.#stopTimer?.();
    if (this.#thread === undefined) return;
    this.#send({ kind: "stop", withinMs: finishWithinMs });
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([
      this.#stopped.promise,
      new Promise((resolve) => (timer = setTimeout(resolve, finishWithinMs + 500))),
    ]);
    clearTimeout(timer);
    this.#end();
    if (this.#day !== undefined) this.#options.keepDay(this.#day);
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
    if (this.#isHanging || nowMs - this.#askedMs < answerWithinMs) return;
    this.#isHanging = true;
    this.#tell("critical", "the alerts' thread does not answer: nobody is told of anything by any channel");
  }

  #onMessage(message: FromAlerts): void {
    this.#status = message.status;
    if (message.kind === "stopped") return this.#stopped.resolve();
    this.#askedMs = undefined;
    if (this.#isHanging) this.#tell("warning", "the alerts' thread answers again");
    this.#isHanging = false;
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
    this.#stopTimer?.();
    this.#tell("critical", `the alerts have ended: ${reason}; nobody is told of anything by any channel`);
    this.#status = undefined;
    this.#end();
  }

  #end(): void {
    this.#thread?.terminate();
    this.#thread = undefined;
  }
}

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
