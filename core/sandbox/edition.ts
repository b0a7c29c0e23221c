/**
 * Which berth this is: run from its sources, or compiled into one executable. A compiled berth carries its modules in
 * itself, has no `deno` beside it, and starts itself again for every process that it needs. Nothing else asks the
 * platform.
 */
export const isCompiled = (): boolean => Deno.build.standalone;

/**
 * For every process of berth. V8 lets the part of the heap for what is young grow to 32 MB and more before it looks what
 * of it is still used; what lives shortly here is small, and there are several processes with several threads each.
 */
export const v8MemoryFlag = "--max-semi-space-size=2"; // MB

/** First arguments by which berth starts a process of itself; on no help page. */
export const ownCommands = {
  /** Keeps a plugin's thread. */
  keepThread: "keep-plugin-thread",
  /** The simulated venues. */
  simulateVenues: "simulate-venues",
} as const;

/** What `Deno.Command` is told beside the executable, which is always our own. */
export interface OwnProcess {
  readonly args: readonly string[];
  /** Undefined: that of the host. The folders inside a compiled berth are no place for a process. */
  readonly cwd: string | undefined;
}
