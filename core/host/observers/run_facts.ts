/** What display and console are told of the run itself. */
import type { ConsoleRun } from "../../console/ports.ts";
import type { Clock } from "../../model/clock.ts";
import type { RunInfo } from "../../terminal/ports.ts";

/** What does not change while it runs. */
export interface RunFactsOptions {
  readonly runId: string;
  readonly version: string;
  /** What everybody is told that this run is: a replay is no environment of its own elsewhere. */
  readonly environment: RunInfo["environment"];
  readonly seed: number;
  readonly durationMs: number | undefined;
  readonly wall: Clock;
  /** Monotonic time at which the host began to start. */
  readonly tsStartMs: number;
}

export class RunFacts {
  readonly #options: RunFactsOptions;

  constructor(options: RunFactsOptions) {
    this.#options = options;
  }

  get #uptimeMs(): number {
    const { wall, tsStartMs } = this.#options;
    return wall.monotonicMs() - tsStartMs;
  }

  forDisplay(now: Pick<RunInfo, "isStopping" | "consoleUrl" | "replay">): RunInfo {
    const { version, environment, seed, durationMs } = this.#options;
    return {
      version,
      environment,
      seed,
      durationMs,
      uptimeMs: this.#uptimeMs,
      hostRssMb: hostRssMb(),
      ...now,
    };
  }

  forConsole(now: Pick<ConsoleRun, "isStopping" | "loopDelayMs">): ConsoleRun {
    const { runId, version, environment, seed, wall } = this.#options;
    const uptimeMs = Math.round(this.#uptimeMs);
    const startedMs = Math.round(wall.epochMs() - this.#uptimeMs);
    return { runId, version, environment, seed, startedMs, uptimeMs, hostRssMb: hostRssMb(), ...now };
  }
}

const hostRssMb = (): number => Deno.memoryUsage().rss / (1 << 20);
