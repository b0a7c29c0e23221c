/**
 * Lets a thread of this process run only where nothing else wants the processor (sched(7), SCHED_IDLE), and gives way at
 * once to whoever does: a crowd that asks the console must not delay a quote. Linux has policies for each thread, and
 * util-linux's `chrt` sets them. There is no way back without privileges.
 */
import { describeError } from "../../errors.ts";

const chrt = "/usr/bin/chrt";

/** @param threadId the system's number of the thread. Returns why it could not be done, or undefined when it was. */
export async function moveToBackground(threadId: number): Promise<string | undefined> {
  try {
    const { success, stderr } = await new Deno.Command(chrt, {
      args: ["--idle", "--pid", "0", String(threadId)],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    return success ? undefined : new TextDecoder().decode(stderr).trim();
  } catch (error) {
    return describeError(error);
  }
}
