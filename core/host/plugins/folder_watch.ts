/**
 * Notices within a second what is dropped into, changed in or taken from the plugin folders. The system's own file
 * events say when to look; a look every few seconds finds what they missed, and one every second stands in for them
 * where there are none (a folder that is not there yet, a file system without events).
 *
 * A file that is being written is looked at when it has been quiet for a moment. A plugin that is gone is reported only
 * after it stayed away for a moment: editors save by removing and renaming.
 */
import { join } from "node:path";
import { describeError } from "../../errors.ts";
import { findPlugins, type PluginSource } from "./discovery.ts";
import type { HostLog } from "../ports.ts";

export interface FoundPlugin {
  readonly source: PluginSource;
  /** Changes whenever a file of the plugin does: names, sizes, times. */
  readonly stamp: string;
}

export interface FolderWatchOptions {
  readonly folders: readonly string[];
  readonly log: HostLog;
  readonly monotonicMs: () => number;
  /** Everything that lies in the folders now: at first, and after each look that found a difference. */
  readonly onChange: (found: readonly FoundPlugin[]) => void;
}

const quietMs = 120;
/** A folder that never is quiet is looked at nevertheless. */
const longestWaitMs = 400;
const goneAfterMs = 300;
const tickMs = 1_000;
const ticksBetweenLooks = 5;

/** A folder with more files than this is no plugin; that it is not is found when it is examined. */
const maxStampedFiles = 3_000;

/** Changes of a plugin's files are told by names, sizes and times; the files are not read. */
async function stampOf({ rootPath, entryPath }: PluginSource): Promise<string | undefined> {
  const stamps: string[] = [];
  const add = async (path: string): Promise<void> => {
    const { size, mtime, ino } = await Deno.lstat(path);
    stamps.push(`${path} ${size} ${mtime?.getTime() ?? 0} ${ino}`);
  };
  try {
    const pending = rootPath === entryPath ? [] : [rootPath];
    if (pending.length === 0) await add(rootPath);
    for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
      for await (const entry of Deno.readDir(folder)) {
        const path = join(folder, entry.name);
        if (entry.isDirectory) pending.push(path);
        else await add(path);
        if (stamps.length > maxStampedFiles) return `over ${maxStampedFiles} files`;
      }
    }
    return stamps.sort().join("\n");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined; // it is being changed: the next look finds it whole
    throw error;
  }
}

/** All plugins of the folders, with stamps. */
export async function lookInto(folders: readonly string[]): Promise<readonly FoundPlugin[]> {
  const sources = (await Promise.all(folders.map(findPlugins))).flat();
  const found = await Promise.all(
    sources.map(async (source) => ({ source, stamp: await stampOf(source) })),
  );
  return found.flatMap(({ source, stamp }) => (stamp === undefined ? [] : [{ source, stamp }]));
}

/** What a look found, and beside it what is missing only since a moment. */
export class Presence {
  readonly #known = new Map<
    string,
    { readonly found: FoundPlugin; readonly missingSinceMs: number | undefined }
  >();

  /** @returns what counts as there, and whether something of it is missing */
  merge(
    found: readonly FoundPlugin[],
    nowMs: number,
  ): { readonly present: readonly FoundPlugin[]; readonly isWaiting: boolean } {
    const here = new Set(found.map(({ source }) => source.rootPath));
    for (const one of found) this.#known.set(one.source.rootPath, { found: one, missingSinceMs: undefined });
    for (const [path, { found: last, missingSinceMs = nowMs }] of this.#known) {
      if (here.has(path)) continue;
      if (nowMs - missingSinceMs >= goneAfterMs) this.#known.delete(path);
      else this.#known.set(path, { found: last, missingSinceMs });
    }
    const known = [...this.#known.values()];
    return {
      present: known.map((one) => one.found),
      isWaiting: known.some(({ missingSinceMs }) => missingSinceMs !== undefined),
    };
  }
}

interface WatchedFolder {
  readonly watcher: Deno.FsWatcher;
  readonly inode: number | null;
}

/** Watches until it is disposed of. */
export class FolderWatch implements Disposable {
  readonly #options: FolderWatchOptions;
  readonly #watched = new Map<string, WatchedFolder>();
  readonly #presence = new Presence();
  #lastStamps: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waitingSinceMs: number | undefined;
  #ticker: ReturnType<typeof setInterval> | undefined;
  #ticks = 0;
  #looking: Promise<void> | undefined;
  #isEnded = false;

  constructor(options: FolderWatchOptions) {
    this.#options = options;
    this.#ticker = setInterval(() => void this.#tick(), tickMs);
    void this.#tick();
  }

  [Symbol.dispose](): void {
    this.#isEnded = true;
    clearInterval(this.#ticker);
    clearTimeout(this.#timer);
    for (const folder of [...this.#watched.keys()]) this.#unwatch(folder);
  }

  async #tick(): Promise<void> {
    const isAllWatched = (await Promise.all(this.#options.folders.map((path) => this.#watch(path)))).every(
      Boolean,
    );
    if (this.#isEnded) return;
    if (!isAllWatched || this.#ticks % ticksBetweenLooks === 0) this.#wake(0);
    this.#ticks += 1;
  }

  /** Watches a folder if it is there; one that was made anew is another folder to the system. */
  async #watch(folder: string): Promise<boolean> {
    const info = await Deno.stat(folder).catch(() => undefined);
    const known = this.#watched.get(folder);
    if (known !== undefined && known.inode === (info?.ino ?? null)) return true;
    if (known !== undefined) this.#unwatch(folder);
    if (info === undefined || this.#isEnded) return false;
    try {
      const watcher = Deno.watchFs(folder, { recursive: true });
      this.#watched.set(folder, { watcher, inode: info.ino });
      void this.#listen(folder, watcher);
      this.#wake(0); // what happened before the watch
      return true;
    } catch (error) {
      this.#options.log.write(
        "debug",
        "host",
        `${folder} is looked at every second: ${describeError(error)}`,
      );
      return false;
    }
  }

  #unwatch(folder: string): void {
    const known = this.#watched.get(folder);
    this.#watched.delete(folder);
    known?.watcher.close();
  }

  async #listen(folder: string, watcher: Deno.FsWatcher): Promise<void> {
    try {
      for await (const event of watcher) {
        if (event.kind !== "access") this.#wake(quietMs); // our own reading is an access
      }
    } catch (error) {
      this.#options.log.write("debug", "host", `watching ${folder} ended: ${describeError(error)}`);
    }
    if (this.#watched.get(folder)?.watcher === watcher) this.#unwatch(folder);
  }

  /** Looks after a quiet moment of `delayMs`, or when the wait has been long enough. */
  #wake(delayMs: number): void {
    if (this.#isEnded) return;
    const nowMs = this.#options.monotonicMs();
    this.#waitingSinceMs ??= nowMs;
    const leftMs = Math.max(0, this.#waitingSinceMs + longestWaitMs - nowMs);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#startLook(), Math.min(delayMs, leftMs));
  }

  #startLook(): void {
    this.#waitingSinceMs = undefined;
    if (this.#looking !== undefined) {
      // One at a time; what came meanwhile is looked at afterwards.
      void this.#looking.then(() => this.#wake(quietMs));
      return;
    }
    this.#looking = this.#look().catch((error: unknown) => {
      this.#options.log.write("warn", "host", `plugin folders can't be read now: ${describeError(error)}`);
    }).finally(() => (this.#looking = undefined));
  }

  async #look(): Promise<void> {
    const { folders, monotonicMs, onChange } = this.#options;
    const { present, isWaiting } = this.#presence.merge(await lookInto(folders), monotonicMs());
    if (this.#isEnded) return;
    if (isWaiting) this.#wake(goneAfterMs + 20);
    const stamps = present.map(({ source, stamp }) => `${source.rootPath}\n${stamp}`).sort().join("\n\n");
    if (stamps === this.#lastStamps) return;
    this.#lastStamps = stamps;
    onChange(present);
  }
}
