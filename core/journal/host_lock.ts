/**
 * One host a data folder: two on one journal and account would fight over orders. The lock is the operating system's
 * own on an open file, so it ends with the process however that dies. Who holds it stands in a file beside it: a
 * locked file can't be read on every system.
 */
import { join } from "node:path";
import { BerthError } from "../errors.ts";

const ownerName = "host.pid";

export interface HostLock extends Disposable {
  readonly path: string;
  release(): void;
}

/**
 * @param dataDir made when it isn't there
 * @throws {BerthError} HOST_ALREADY_RUNNING, JOURNAL_FAILED when the folder can't be written
 */
export function acquireHostLock(dataDir: string, owner: { readonly pid: number }): HostLock {
  const path = join(dataDir, "host.lock");
  const file = openLockFile(dataDir, path);
  if (!file.tryLockSync(true)) {
    file.close();
    throw new BerthError("HOST_ALREADY_RUNNING", { dataDir, pid: ownerOf(dataDir) });
  }
  Deno.writeTextFileSync(join(dataDir, ownerName), `${owner.pid}\n`);
  let isHeld = true;
  const release = (): void => {
    if (!isHeld) return;
    isHeld = false;
    file.close(); // the file stays: removing it would let a third host lock another file of the same name
  };
  return { path, release, [Symbol.dispose]: release };
}

/** Whether a host holds the lock now. Changes nothing. */
export function hostRunsIn(dataDir: string): boolean {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(join(dataDir, "host.lock"), { read: true, write: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
  try {
    return !file.tryLockSync(true);
  } finally {
    file.close();
  }
}

function openLockFile(dataDir: string, path: string): Deno.FsFile {
  try {
    Deno.mkdirSync(dataDir, { recursive: true });
    return Deno.openSync(path, { read: true, write: true, create: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BerthError("JOURNAL_FAILED", { file: path, reason }, { cause });
  }
}

/** The holder's process id; 0 in the moment before it has written it. */
function ownerOf(dataDir: string): number {
  try {
    const pid = Number(Deno.readTextFileSync(join(dataDir, ownerName)).trim());
    return Number.isSafeInteger(pid) ? pid : 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}
