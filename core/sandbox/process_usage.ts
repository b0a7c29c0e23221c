/** What the system knows of another process: Linux's /proc; elsewhere nothing, and limits rest on the heartbeat alone. */

export interface ProcessUsage {
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** Linux counts CPU time in hundredths of a second and memory in pages. */
const msPerTick = 10;
const pageBytes = 4_096;

/** CPU time and resident memory of a process, or undefined when it can't be told. */
export function readProcessUsage(pid: number): ProcessUsage | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    // The name in parentheses may hold anything; the fields are counted behind it.
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const cpuMs = (Number(fields[11]) + Number(fields[12])) * msPerTick;
    const rssBytes = Number(fields[21]) * pageBytes;
    return Number.isFinite(cpuMs) && Number.isFinite(rssBytes) ? { cpuMs, rssBytes } : undefined;
  } catch {
    return undefined; // it ended meanwhile
  }
}
