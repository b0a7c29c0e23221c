/** The kinds of sandbox, by the names that the command line and the configuration use. */

/**
 * - `process`: a process whose permissions are flags of its command line;
 * - `worker-in-process`: a thread with narrowed permissions in a process that can be killed.
 */
export const sandboxKinds = ["process", "worker-in-process"] as const;
export type SandboxKind = (typeof sandboxKinds)[number];

/** What may be asked for; `auto` is the stronger of those that this berth can have. */
export const sandboxChoices = ["auto", ...sandboxKinds] as const;
export type SandboxChoice = (typeof sandboxChoices)[number];

/**
 * The kind that a choice means, or undefined when it can't be had: a compiled binary can't start a process with fewer
 * permissions than it has itself.
 */
export function sandboxKindOf(choice: SandboxChoice, isCompiled: boolean): SandboxKind | undefined {
  if (choice === "auto") return isCompiled ? "worker-in-process" : "process";
  return choice === "process" && isCompiled ? undefined : choice;
}
