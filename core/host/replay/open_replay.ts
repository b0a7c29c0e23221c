/** A replay in the composition root's hands: the recording is opened first, for its time is the host's. */
import { BerthError } from "../../errors.ts";
import type { Clock } from "../../model/clock.ts";
import { openRecording } from "../../recording/reader.ts";
import type { Driver } from "../engine_driver.ts";
import type { PaperDesk } from "../venues/paper_desk.ts";
import type { PluginManager } from "../plugins/plugin_manager.ts";
import type { HostLog, Tally } from "../ports.ts";
import type { VenueId } from "../../model/ids.ts";
import { PacedStrategies } from "./paced_strategies.ts";
import { Replay, type ReplaySpeed } from "./replay.ts";
import { ReplayClock } from "./replay_clock.ts";
import { ReplayedVenue } from "./replayed_venue.ts";

/** What is to be replayed, and how. */
export interface ReplayPlan {
  /** Absolute path of a recording's folder, or of one of its files. */
  readonly path: string;
  readonly fromMs: number | undefined;
  /** Not included. */
  readonly toMs: number | undefined;
  readonly speed: ReplaySpeed;
  /** What is pressed while it plays; undefined where nobody can. */
  readonly keys: AsyncIterable<ReplayKey> | undefined;
}

/** `pause` takes itself back. */
export type ReplayKey = "pause" | "step";

/** What a host has by the time its venues are opened. */
export interface ReplayParts {
  readonly wall: Clock;
  readonly driver: Driver;
  readonly manager: PluginManager;
  readonly log: HostLog;
  readonly tally: Tally;
  readonly desk: (venue: VenueId) => PaperDesk;
  readonly onFailure: (error: unknown) => void;
}

export interface OpenedReplay {
  readonly clock: ReplayClock;
  readonly strategies: PacedStrategies;
  /** Opens the recording's venues; it plays when it is told to. */
  open(parts: ReplayParts): Replay;
}

/** From the start of a host to the first record, so that accounts are compared before anybody trades. */
const warmUpUs = 2_000_000;
const startDeadlineMs = 20_000;
const lookEveryMs = 20;

/** @throws {BerthError} RECORDING_UNREADABLE, BACKTEST_NO_DATA */
export async function openReplay({ path, fromMs, toMs, speed, keys }: ReplayPlan): Promise<OpenedReplay> {
  const data = await openRecording(path, { fromMs, toMs });
  if (!Number.isFinite(data.fromUs)) throw new BerthError("BACKTEST_NO_DATA", { what: path });
  const clock = new ReplayClock(data.fromUs - warmUpUs);
  const strategies = new PacedStrategies();
  return {
    clock,
    strategies,
    open({ wall, driver, manager, log, tally, desk, onFailure }) {
      const { subscriptions, questions } = manager;
      const replay = new Replay({
        data,
        speed,
        clock,
        wall,
        driver,
        settled: () => driver.settled(),
        strategies,
        venue: (venue) =>
          new ReplayedVenue({
            venue,
            driver,
            log,
            tally,
            desk: desk(venue),
            subscriptions,
            questions,
            onBreach: onFailure,
          }),
        log,
        after,
      });
      replay.open();
      if (keys !== undefined) void followKeys(keys, replay);
      log.write("info", "replay", `plays ${data.description}`, { speed: String(speed) });
      return replay;
    },
  };
}

/** Does what is pressed, for as long as there is somebody who can press. */
async function followKeys(keys: AsyncIterable<ReplayKey>, replay: Replay): Promise<void> {
  for await (const key of keys) {
    if (key === "step") replay.step();
    else if (replay.info().isPaused) replay.resume();
    else replay.pause();
  }
}

/** Resolves when every strategy that is coming up is there, or has failed to. */
export async function untilStrategiesAreUp(manager: PluginManager, wall: Clock): Promise<void> {
  const untilMs = wall.monotonicMs() + startDeadlineMs;
  const isComing = (): boolean =>
    manager.views().some(({ state }) => state.kind === "probing" || state.kind === "starting");
  while (isComing() && wall.monotonicMs() < untilMs) await after(lookEveryMs);
}

const after = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs));
