/**
 * What holds a plugin. One interface, so that other kinds of sandbox can follow; the host deals with processes only
 * through it.
 */
import type { BerthError } from "../errors.ts";
import type { PluginId } from "../model/ids.ts";
import type { IndexedBook } from "../protocol/codec.ts";
import type { HostMessage, PluginMessage } from "../protocol/messages.ts";

export interface SandboxLimits {
  /** V8's old space. */
  readonly heapMb: number;
  /** Resident memory as the system sees it: off-heap buffers are in it. */
  readonly rssMb: number;
  /** Share of one core over `cpuWindowMs`; 1 for a whole one. */
  readonly cpuShare: number;
  readonly cpuWindowMs: number;
  /** A heartbeat later than this stops a plugin that uses its core; four times this stops one that does not. */
  readonly heartbeatMs: number;
  /** From the start of the process to `ready`. */
  readonly startTimeoutMs: number;
  /** Bytes that may wait to be read by the plugin. */
  readonly maxQueuedBytes: number;
}

export const defaultLimits: SandboxLimits = {
  heapMb: 128,
  rssMb: 384,
  cpuShare: 0.95,
  cpuWindowMs: 30_000,
  heartbeatMs: 250,
  startTimeoutMs: 15_000,
  maxQueuedBytes: 16 << 20,
};

export interface SandboxSpec {
  readonly pluginId: PluginId;
  readonly role: "strategy" | "exchange" | "probe";
  readonly entryPath: string;
  /** The plugin's folder, or its one file. */
  readonly rootPath: string;
  /**
   * What its files must hash to (plugin_files.ts): those that the operator's approval is bound to. Undefined: whatever
   * lies there. It refuses with PLUGIN_FILES_CHANGED.
   */
  readonly filesHash?: string | undefined;
  readonly permissions: {
    readonly net: readonly string[];
    readonly read: readonly string[];
    readonly write: readonly string[];
  };
  /** npm packages that it may load: adapters only. */
  readonly packages: readonly string[];
  readonly limits: SandboxLimits;
  readonly hello: Extract<HostMessage, { readonly type: "hello" }>;
}

export interface SandboxHandlers {
  /** Whole 64-byte records; `payload` is valid during the call only. */
  onRecords(payload: Uint8Array): void;
  onBook(book: IndexedBook): void;
  /** A message that passed the schema. */
  onMessage(message: PluginMessage): void;
  /** A line the process wrote to its standard error. */
  onErrorLine(line: string): void;
  /** Called once, when the process is gone and reaped. */
  onExit(exit: SandboxExit): void;
}

export interface SandboxExit {
  readonly code: number;
  readonly signal: string | undefined;
  /** Why it is gone, or undefined after a stop that was asked for. */
  readonly reason: BerthError | undefined;
}

export interface SandboxUsage {
  /** Share of one core since the last sample. */
  readonly cpuShare: number;
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  /** How late the plugin's own timers ran at its last heartbeat. */
  readonly loopDelayMs: number;
  readonly heartbeatAgeMs: number;
  readonly conflatedRecords: number;
  readonly droppedTrades: number;
}

export interface SandboxProcess {
  readonly pid: number;
  send(message: HostMessage): void;
  /** Queues one market-data record for the plugin's instrument `index`; the bytes are copied. */
  push(index: number, record: Uint8Array, at: number): void;
  pushBook(book: IndexedBook): void;
  /** Sends whole records that must all arrive, in order: on virtual time nothing is conflated. */
  sendRecords(records: Uint8Array): void;
  usage(): SandboxUsage;
  /** Asks the plugin to stop, kills it at the deadline. */
  stop(reason: string, deadlineMs: number): Promise<SandboxExit>;
  /** Kills it now, for a reason. */
  kill(reason: BerthError): Promise<SandboxExit>;
  readonly exited: Promise<SandboxExit>;
}

export interface Sandbox {
  start(spec: SandboxSpec, handlers: SandboxHandlers): SandboxProcess;
}
