/** The kinds of sandbox, by the names that the command line and the configuration use. */
import { type ChildProcessOptions, createChildProcessSandbox } from "./child_process.ts";
import type { Sandbox } from "./sandbox.ts";

export const sandboxKinds = ["process"] as const;
export type SandboxKind = (typeof sandboxKinds)[number];

export function createSandbox(kind: SandboxKind, options: ChildProcessOptions): Sandbox {
  switch (kind) {
    case "process":
      return createChildProcessSandbox(options);
    default:
      return kind satisfies never;
  }
}
