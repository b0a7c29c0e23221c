/** Notices within a second what `berth plugin approve` and its sisters wrote, so that it holds without a restart. */
import { describeError } from "../../errors.ts";
import { type GrantBook, readGrants } from "./grants.ts";
import type { HostLog } from "../ports.ts";

const lookEveryMs = 300;

/** Calls back with the content at first and with each new one. A damaged file is told and changes nothing until it is mended. */
export function watchGrants(path: string, log: HostLog, onChange: (grants: GrantBook) => void): Disposable {
  let lastStamp: string | undefined;
  let isLooking = false;
  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    try {
      const stamp = await stampOf(path);
      if (stamp === lastStamp) return;
      lastStamp = stamp;
      onChange(await readGrants(path));
    } catch (error) {
      log.write("error", "host", `the grants can't be read, nothing was changed: ${describeError(error)}`);
    } finally {
      isLooking = false;
    }
  };
  void look();
  const timer = setInterval(() => void look(), lookEveryMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** The file is replaced whole by each change: it has another number then. */
async function stampOf(path: string): Promise<string> {
  try {
    const { ino, size, mtime } = await Deno.stat(path);
    return `${ino} ${size} ${mtime?.getTime() ?? 0}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "none";
    throw error;
  }
}
