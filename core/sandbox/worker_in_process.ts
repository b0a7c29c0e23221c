/**
 * The kind of sandbox that a compiled berth uses, and that a source run can choose: a web worker with narrowed
 * permissions inside a process that can be killed. The process is berth itself, started again with a command that is
 * on no help page.
 */
import { join } from "node:path";
import { cacheEnvironment, type ChildProcessOptions, type Launch, startProcess } from "./child_process.ts";
import { isCompiled, ownCommands, v8MemoryFlag } from "./edition.ts";
import type { Sandbox } from "./sandbox.ts";

/** @param options `projectDir` is not looked at in a compiled berth, whose modules are in its own file */
export function createWorkerSandbox({ clock, projectDir }: ChildProcessOptions): Sandbox {
  const launch = (name: string): Launch => ({
    prefix: [], // its main thread always sees that the host is gone
    // The name is for whoever looks at the list of processes.
    args: [...keeperArguments(isCompiled(), projectDir), name],
    // The plugin's files come by the pipe: where the process stands does not matter.
    cwd: undefined,
    env: cacheEnvironment(),
  });
  return { start: (spec, handlers) => startProcess(clock, launch(spec.pluginId), spec, handlers) };
}

/** The same entry in both: what is tested from source is what a binary does. */
export function keeperArguments(compiled: boolean, projectDir: string): readonly string[] {
  if (compiled) return [ownCommands.keepThread];
  return [
    "run",
    "--quiet",
    "--no-prompt",
    "--no-remote",
    "--cached-only",
    "--frozen",
    "--allow-all",
    `--v8-flags=${v8MemoryFlag}`,
    "--config",
    join(projectDir, "deno.json"),
    join(projectDir, "core/executable.ts"),
    ownCommands.keepThread,
  ];
}
