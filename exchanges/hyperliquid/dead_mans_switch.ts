/**
 * Hyperliquid's `scheduleCancel`: at a time that is stated the venue cancels every order of the account; each renewal
 * moves it on. Only accounts that traded a million USD may use it, and it may fire ten times a day.
 *
 * @see https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/exchange-endpoint#schedule-cancel-dead-mans-switch
 */
import type { Clock, Log, Scheduler } from "@berth/sdk";
import { withDeadline } from "@berth/sdk/venue/waiting.ts";
import type { ActionSender, SendResult } from "./action_sender.ts";
import { scheduleCancelAction } from "./actions.ts";
import type { VenueTime } from "@berth/sdk/venue/venue_time.ts";

/** The venue takes nothing nearer than 5 s; a third of this is what a renewal may take. */
const leastSeconds = 15;
const renewalsInSpan = 3;
const disarmTimeoutMs = 2_000;
/** An account that has not traded enough is not asked about again soon. */
const retryRefusedMs = 3_600_000;

export interface DeadMansSwitchOptions {
  readonly sender: Pick<ActionSender, "send">;
  readonly seconds: number;
  readonly clock: Clock;
  readonly time: VenueTime;
  readonly scheduler: Scheduler;
  readonly log: Log;
}

export class DeadMansSwitch {
  readonly #options: DeadMansSwitchOptions;
  readonly #spanMs: number;
  #cancel: () => void = () => {};
  #isStopped = false;
  #isRefused = false;
  #firesAtMs = -Infinity;

  constructor(options: DeadMansSwitchOptions) {
    this.#options = options;
    this.#spanMs = Math.max(leastSeconds, options.seconds) * 1_000;
  }

  /** Whether the venue would fire at a time that is still to come, as far as it has said. */
  get isArmed(): boolean {
    return !this.#isStopped && this.#firesAtMs > this.#options.clock.monotonicMs();
  }

  /** False while the venue says that this account may not use it: it has not traded enough. */
  get isOffered(): boolean {
    return !this.#isRefused;
  }

  /** Sets it, and keeps it set. Resolves after the first try. */
  async arm(): Promise<void> {
    const periodMs = this.#spanMs / renewalsInSpan;
    await this.#set(periodMs * 0.9);
    if (this.#isStopped) return;
    this.#cancel = this.#options.scheduler.after(this.#isRefused ? retryRefusedMs : periodMs, () => {
      if (!this.#isStopped) this.arm();
    });
  }

  async disarm(): Promise<void> {
    const wasArmed = this.isArmed;
    this.#isStopped = true;
    this.#cancel();
    if (!wasArmed) return;
    const { scheduler, sender } = this.#options;
    const result = await withDeadline(
      scheduler,
      disarmTimeoutMs,
      (signal) => sender.send(scheduleCancelAction(undefined), signal),
    );
    this.#tell(result, "taken back");
  }

  async #set(timeoutMs: number): Promise<void> {
    const { clock, scheduler, sender, time } = this.#options;
    const sentMs = clock.monotonicMs();
    const atMs = time.nowMs() + this.#spanMs;
    const result = await withDeadline(
      scheduler,
      timeoutMs,
      (signal) => sender.send(scheduleCancelAction(atMs), signal),
    );
    this.#isRefused = result.kind === "refused" && result.text.includes("enough volume traded");
    if (result.kind === "done") this.#firesAtMs = sentMs + this.#spanMs;
    else this.#tell(result, "set");
  }

  /** What did not work is a log line: the next renewal is a new chance, and the venue's timer the safe side. */
  #tell(result: SendResult, what: string): void {
    if (result.kind === "done") return;
    const reason = result.kind === "unanswered" ? `${result.why}: ${result.details}` : result.text;
    this.#options.log.warn(`the dead man's switch was not ${what}`, { reason });
  }
}
