/**
 * The kill switch's doors and its answer. Command line and HTTP call `kill`, the signals SIGUSR1 (cancel) and SIGUSR2
 * (cancel and flatten) do the same, and so does a file named KILL in the environment's folder, whose word `flatten` asks
 * for that. Whoever threw it learns what the venues said was left.
 *
 * While the file is there nobody can resume: whoever put it there takes it away.
 */
import { join } from "node:path";
import type { KillReport } from "../model/kill_report.ts";
import type { VenueId } from "../model/ids.ts";
import type { EngineDriver, HostLog } from "./ports.ts";

const lookEveryMs = 250;
/** What the file may hold; a longer one is read no further. */
const maxWords = 1_000;

export const killFileName = "KILL";
export const killReportFileName = "KILL.report.json";

export interface KillSwitchOptions {
  readonly driver: EngineDriver;
  readonly log: HostLog;
  /** Folder of the environment. */
  readonly folder: string;
  /** Venues whose word is needed. */
  readonly venues: () => readonly VenueId[];
  /** It was thrown, by whomever: whatever holds up time lets it go on. */
  readonly onKill: () => void;
}

export class KillSwitch {
  readonly #options: KillSwitchOptions;
  readonly #waiting: ((report: KillReport) => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isFileThere = false;
  #isStopped = false;

  constructor(options: KillSwitchOptions) {
    this.#options = options;
  }

  /** The file is in its place. */
  get isHeldByFile(): boolean {
    return this.#isFileThere;
  }

  /** Throws the switch; resolves with what the venues said was left. Always within the engine's deadline. */
  kill(by: string, flatten: boolean): Promise<KillReport> {
    const { driver, venues, onKill } = this.#options;
    onKill();
    const { promise, resolve } = Promise.withResolvers<KillReport>();
    this.#waiting.push(resolve);
    driver.dispatch({
      kind: "operator",
      tsUs: driver.clock.epochUs(),
      by,
      command: { kind: "kill", flatten, venues: venues() },
    });
    return promise;
  }

  /** The engine's answer to every kill since the last. */
  onReport(report: KillReport): void {
    for (const resolve of this.#waiting.splice(0)) resolve(report);
    const text = `${JSON.stringify(report, null, 2)}\n`;
    Deno.writeTextFile(join(this.#options.folder, killReportFileName), text, { mode: 0o600 }).catch((error) =>
      this.#options.log.write("error", "kill", `the report could not be written: ${messageOf(error)}`)
    );
  }

  /** Looks for the file once, then again and again. */
  async watchFile(): Promise<void> {
    await this.#look();
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.watchFile(), lookEveryMs);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    const words = await this.#words();
    const isNew = words !== undefined && !this.#isFileThere;
    this.#isFileThere = words !== undefined;
    if (isNew && !this.#isStopped) void this.kill("file", /\bflatten\b/i.test(words));
  }

  /** The file's words; undefined when it isn't there. A file that is there and can't be read counts as one. */
  async #words(): Promise<string | undefined> {
    try {
      return (await Deno.readTextFile(join(this.#options.folder, killFileName))).slice(0, maxWords);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      this.#options.log.write("error", "kill", `the file KILL can't be read: ${messageOf(error)}`);
      return "";
    }
  }
}

const messageOf = (error: unknown): string => error instanceof Error ? error.message : String(error);
