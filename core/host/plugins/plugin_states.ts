/**
 * Where a plugin is in its life.
 *
 * probing → (broken | awaiting_approval | disabled | starting) → running → (backing_off → starting | quarantined |
 * stopping → stopped). A changed file goes stopping → starting → running in place.
 */
import type { SandboxUsage } from "../../sandbox/sandbox.ts";
import type { Manifest } from "../../sdk/manifest.ts";
import type { Decision } from "./grants.ts";

export type PluginState =
  | { readonly kind: "probing" | "starting" | "running" | "stopping" | "disabled" }
  | { readonly kind: "broken"; readonly why: string }
  | { readonly kind: "awaiting_approval"; readonly why: string }
  | { readonly kind: "backing_off"; readonly why: string; readonly untilMs: number }
  | { readonly kind: "quarantined"; readonly why: string }
  | { readonly kind: "stopped"; readonly why: string };

/** A newer version lies in the folder and does not run, while the older one goes on. */
export interface PendingUpdate {
  readonly kind: "awaiting_approval" | "broken" | "failed";
  readonly why: string;
}

export interface PluginView {
  /** Of its manifest; before that is read, or when it can't be, the name of its file or folder. */
  readonly id: string;
  readonly kind: "strategy" | "exchange" | "unknown";
  /** As its manifest says; undefined before that is read. */
  readonly version: string | undefined;
  /** Of the version that runs, else of the one in the folder; undefined before it is read. */
  readonly manifest: Manifest | undefined;
  readonly path: string;
  readonly state: PluginState;
  readonly update: PendingUpdate | undefined;
  readonly usage: SandboxUsage | undefined;
  readonly restarts: number;
  readonly decision: Decision | undefined;
}

export const whyOf = (state: PluginState): string => ("why" in state ? state.why : "");
