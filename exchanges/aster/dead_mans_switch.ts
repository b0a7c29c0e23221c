/**
 * Aster's `countdownCancelAll`: the venue cancels every order of one symbol when it hears nothing for a while. It is set
 * for each symbol from its first order on, and renewed three times within its span, each renewal with a deadline before
 * the next, so that no silent request holds up the others.
 *
 * @see https://github.com/asterdex/api-docs "Auto-Cancel All Open Orders": weight 10, 0 stops the countdown
 */
import { type Clock, describeError, type Log, type Scheduler } from "@berth/sdk";
import { withDeadline } from "@berth/sdk/venue/waiting.ts";
import { errorOf, type RestClient } from "./rest.ts";

const path = "/fapi/v3/countdownCancelAll";
const weight = 10;
/** A third of this is what a renewal may take. */
const leastSeconds = 15;
const renewalsInSpan = 3;
const disarmTimeoutMs = 2_000;

export interface DeadMansSwitchOptions {
  readonly rest: Pick<RestClient, "request">;
  /** Less than 15 is taken as 15. */
  readonly seconds: number;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly log: Log;
}

export class DeadMansSwitch {
  readonly #options: DeadMansSwitchOptions;
  readonly #spanMs: number;
  /** When the venue would fire for each guarded symbol, by the steady clock, as far as it has said. */
  readonly #firesAtMs = new Map<string, number>();
  #cancel: () => void = () => {};
  #isStopped = false;

  constructor(options: DeadMansSwitchOptions) {
    this.#options = options;
    this.#spanMs = Math.max(leastSeconds, options.seconds) * 1_000;
  }

  /** Whether every symbol that has orders of ours is guarded. */
  get isArmed(): boolean {
    const nowMs = this.#options.clock.monotonicMs();
    return !this.#isStopped && [...this.#firesAtMs.values()].every((firesAtMs) => firesAtMs > nowMs);
  }

  start(): void {
    this.#renewLater();
  }

  /** Orders of this symbol are on their way, or rest already: from now on it is guarded. */
  guard(symbol: string): void {
    if (this.#isStopped || this.#firesAtMs.has(symbol)) return;
    this.#firesAtMs.set(symbol, -Infinity);
    void this.#set(symbol);
  }

  async disarm(): Promise<void> {
    this.#isStopped = true;
    this.#cancel();
    await Promise.all([...this.#firesAtMs.keys()].map((symbol) => this.#send(symbol, 0, disarmTimeoutMs)));
  }

  #renewLater(): void {
    this.#cancel = this.#options.scheduler.after(this.#spanMs / renewalsInSpan, () => {
      if (this.#isStopped) return;
      this.#renewLater();
      for (const symbol of this.#firesAtMs.keys()) void this.#set(symbol);
    });
  }

  async #set(symbol: string): Promise<void> {
    const sentMs = this.#options.clock.monotonicMs();
    const isSet = await this.#send(symbol, this.#spanMs, (this.#spanMs / renewalsInSpan) * 0.9);
    if (isSet) this.#firesAtMs.set(symbol, sentMs + this.#spanMs);
  }

  /** What did not work is a log line: the next renewal is a new chance, and the venue's timer the safe side. */
  async #send(symbol: string, spanMs: number, timeoutMs: number): Promise<boolean> {
    const { log, rest, scheduler } = this.#options;
    const params = { symbol, countdownTime: String(spanMs) };
    const result = await withDeadline(
      scheduler,
      timeoutMs,
      (signal) => rest.request("POST", path, params, { isSigned: true, weight, urgency: "cancel", signal }),
    );
    if (result.kind === "data") return true;
    if (!(this.#isStopped && spanMs > 0)) {
      const reason = describeError(errorOf(`POST ${path}`, result));
      log.warn("the dead man's switch was not set", { symbol, spanMs, reason });
    }
    return false;
  }
}
