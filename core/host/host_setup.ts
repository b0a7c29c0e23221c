/** What a host has before its first part is made. */
import type { Clock } from "../model/clock.ts";
import type { HostOptions } from "./config/options.ts";
import type { Secrets } from "./config/secrets.ts";
import type { HostParts } from "./host_parts.ts";
import type { OpenedReplay } from "./replay/open_replay.ts";
import type { RunCourse } from "./run_course.ts";
import type { RunInfo } from "../terminal/ports.ts";

export interface HostSetup {
  readonly options: HostOptions;
  readonly runId: string;
  /** Of the environment. */
  readonly dataDir: string;
  readonly secrets: Secrets;
  /** Of the machine: processes, files, crashes. */
  readonly wall: Clock;
  /** Monotonic time at which the host began to start. */
  readonly tsStartMs: number;
  /** Of the markets; the machine's, but for a replay. */
  readonly clock: Clock;
  readonly opened: OpenedReplay | undefined;
  readonly course: RunCourse;
  readonly parts: HostParts;
}

/** What everybody is told that the run is: a replay is no environment of its own elsewhere. */
export const shownEnvironment = ({ options, opened }: HostSetup): RunInfo["environment"] =>
  opened === undefined ? options.environment : "replay";
