/**
 * What the host does on a timer: the engine's tick, how late it came, loss baselines into the journal, and the moment at
 * which quotes first flow.
 */
import type { Engine } from "../engine/engine.ts";
import type { JournalWriter } from "../journal/writer.ts";
import type { Clock } from "../model/clock.ts";
import { PerformanceWatch } from "./observers/performance_watch.ts";
import type { EngineDriver, HostLog } from "./ports.ts";

const tickEveryMs = 100;
const keepBaselinesEveryMs = 5_000;

export interface HostPulseOptions {
  /** Of the machine; the engine's ticks are stamped by the driver's. */
  readonly clock: Clock;
  readonly driver: EngineDriver;
  readonly engine: Pick<Engine, "snapshot" | "checkpoint">;
  readonly journal: Pick<JournalWriter, "keep">;
  readonly log: HostLog;
  /** Monotonic time at which the host began to start. */
  readonly tsStartMs: number;
  /** After each tick. */
  readonly onTick: () => void;
}

export class HostPulse {
  readonly #options: HostPulseOptions;
  readonly #performance: PerformanceWatch;
  #timer: ReturnType<typeof setInterval> | undefined;
  #tickedMs = Infinity;
  #baselinesKeptMs = -Infinity;
  #loopDelayMs = 0;
  #hasQuotes = false;

  constructor(options: HostPulseOptions) {
    this.#options = options;
    this.#performance = new PerformanceWatch(options.log);
  }

  /** Some venue has sent a quote. */
  get hasQuotes(): boolean {
    return this.#hasQuotes;
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), tickEveryMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** How late the ticks came at worst since this was last asked. */
  takeLoopDelayMs(): number {
    const worstMs = this.#loopDelayMs;
    this.#loopDelayMs = 0;
    return worstMs;
  }

  #tick(): void {
    const { clock, driver, onTick } = this.#options;
    const nowMs = clock.monotonicMs();
    const lateMs = nowMs - this.#tickedMs - tickEveryMs;
    this.#loopDelayMs = Math.max(this.#loopDelayMs, lateMs);
    this.#tickedMs = nowMs;
    this.#performance.onTick(nowMs, lateMs, Deno.memoryUsage().rss / (1 << 20));
    driver.dispatch({ kind: "tick", tsUs: driver.clock.epochUs() });
    this.#keepBaselines();
    this.#lookForQuotes();
    onTick();
  }

  /** Loss limits count from midnight and from the peak: both must survive a restart. */
  #keepBaselines(): void {
    const { clock, engine, journal } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#baselinesKeptMs < keepBaselinesEveryMs) return;
    this.#baselinesKeptMs = nowMs;
    for (const baseline of engine.checkpoint().baselines) {
      journal.keep("baseline", baseline.scope, baseline);
    }
  }

  #lookForQuotes(): void {
    if (this.#hasQuotes) return;
    const { clock, driver, engine, log, tsStartMs } = this.#options;
    const quotes = engine.snapshot(driver.clock.epochUs()).quotes.filter((quote) => quote.updates > 0);
    if (quotes.length === 0) return;
    this.#hasQuotes = true;
    const afterMs = Math.round(clock.monotonicMs() - tsStartMs);
    log.write("info", "host", "quotes are flowing", { instruments: quotes.length, afterMs });
  }
}
