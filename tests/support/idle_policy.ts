/** Whether processes here may ask for the policy SCHED_IDLE: some containers forbid it. */
export const hasIdlePolicy: boolean = Deno.build.os === "linux" && succeeds("chrt", ["--idle", "0", "true"]);

/** What comes before a command so that it runs where nothing else would, as far as the system knows that. */
export const leastPriority: readonly string[] = hasIdlePolicy
  ? ["chrt", "--idle", "0"]
  : Deno.build.os === "windows"
  ? []
  : ["nice", "-n", "19"];

function succeeds(command: string, args: readonly string[]): boolean {
  try {
    return new Deno.Command(command, { args: [...args], stdout: "null", stderr: "null" }).outputSync()
      .success;
  } catch {
    return false; // there is none
  }
}
