/** Makes a sandbox of a kind. */
import { type ChildProcessOptions, createChildProcessSandbox } from "./child_process.ts";
import type { SandboxKind } from "./kind_names.ts";
import type { Sandbox } from "./sandbox.ts";
import { createWorkerSandbox } from "./worker_in_process.ts";

export function createSandbox(kind: SandboxKind, options: ChildProcessOptions): Sandbox {
  switch (kind) {
    case "process":
      return createChildProcessSandbox(options);
    case "worker-in-process":
      return createWorkerSandbox(options);
    default:
      return kind satisfies never;
  }
}
