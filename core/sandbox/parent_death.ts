/**
 * Ties a child process to its parent, so that it ends when the parent is killed, whatever it is doing: a plugin that spins
 * never sees that its input has ended. Linux does this for a process that asks for it before it becomes another program
 * (prctl(2), PR_SET_PDEATHSIG), and util-linux's `setpriv` asks in the child's place. Elsewhere, and where setpriv is not
 * there or too old, nothing does.
 */
const setpriv = "/usr/bin/setpriv";
const tie = ["--pdeathsig", "KILL", "--"] as const;

/** What comes before a command line to tie its process to this one; empty where that can't be had. */
export function parentDeathPrefix(): readonly string[] {
  if (Deno.build.os !== "linux") return [];
  try {
    const { success } = new Deno.Command(setpriv, {
      args: [...tie, setpriv, "--version"],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).outputSync();
    return success ? [setpriv, ...tie] : [];
  } catch {
    return []; // there is none
  }
}
