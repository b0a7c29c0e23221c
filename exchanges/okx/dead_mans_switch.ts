/**
 * OKX's `cancel-all-after`: the venue cancels every order of the account when it hears nothing for a while. Renewed three
 * times within its span, each renewal with a deadline before the next, so that no silent request holds up the others.
 *
 * @see https://www.okx.com/docs-v5 "POST / Cancel All After": timeOut 0 or 10 to 120 s, one request a second
 */
import { describeError, type Log, type Scheduler } from "@berth/sdk";
import { errorOf, type RestClient } from "./rest.ts";

const path = "/api/v5/trade/cancel-all-after";
const leastSeconds = 10;
const renewalsInSpan = 3;
const disarmTimeoutMs = 2_000;

export interface DeadMansSwitchOptions {
  readonly rest: Pick<RestClient, "post">;
  /** 10 to 120; less is taken as 10. */
  readonly seconds: number;
  readonly scheduler: Scheduler;
  readonly log: Log;
}

export class DeadMansSwitch {
  readonly #options: DeadMansSwitchOptions;
  readonly #seconds: number;
  readonly #periodMs: number;
  #cancel: () => void = () => {};
  #isStopped = false;
  /** Renewals that did not work since the last that did; without one there is nothing to renew. */
  #failures = Infinity;

  constructor(options: DeadMansSwitchOptions) {
    this.#options = options;
    this.#seconds = Math.max(leastSeconds, options.seconds);
    this.#periodMs = (this.#seconds * 1_000) / renewalsInSpan;
  }

  /** Whether it was set within its span, as far as the venue has said. */
  get isArmed(): boolean {
    return !this.#isStopped && this.#failures < renewalsInSpan;
  }

  /** Sets it, and keeps it set. Resolves after the first try. */
  async arm(): Promise<void> {
    this.#renewLater();
    await this.#set(this.#seconds, this.#periodMs * 0.9);
  }

  async disarm(): Promise<void> {
    this.#isStopped = true;
    this.#cancel();
    await this.#set(0, disarmTimeoutMs);
  }

  #renewLater(): void {
    this.#cancel = this.#options.scheduler.after(this.#periodMs, () => {
      if (this.#isStopped) return;
      this.#renewLater();
      return void this.#set(this.#seconds, this.#periodMs * 0.9);
    });
  }

  /** What did not work is a log line: the next renewal is a new chance, and the venue's timer the safe side. */
  async #set(seconds: number, timeoutMs: number): Promise<void> {
    const { log, rest, scheduler } = this.#options;
    const deadline = new AbortController();
    const cancel = scheduler.after(timeoutMs, () => deadline.abort());
    const result = await rest.post(path, { timeOut: String(seconds) }, deadline.signal);
    cancel();
    this.#failures = result.kind === "rows" ? 0 : this.#failures + 1;
    if (result.kind === "rows" || (this.#isStopped && seconds > 0)) return;
    log.warn("the dead man's switch was not set", {
      seconds,
      reason: describeError(errorOf(`POST ${path}`, result)),
    });
  }
}
