/**
 * Judges a plugin's process by what can be seen from outside: heartbeats, CPU time, memory. Pure: samples come in with
 * their time, a verdict comes out.
 */
import { BerthError } from "../errors.ts";
import type { SandboxLimits, SandboxUsage } from "./sandbox.ts";
import type { ProcessUsage } from "./process_usage.ts";

/** How often the host looks. */
export const sampleEveryMs = 50;
/** CPU and memory are read less often than heartbeats are judged. */
const usageEveryMs = 250;

export class Supervisor {
  readonly #pluginId: string;
  readonly #limits: SandboxLimits;
  readonly #heartbeatEveryMs: number;
  #startDeadlineMs: number;
  #isReady = false;
  #lastHeartbeatMs: number;
  #lastSampleMs: number;
  #cpuAtHeartbeat: number | undefined;
  #lastUsage: ProcessUsage | undefined;
  #lastUsageMs: number;
  #cpuShare = 0;
  #heapUsedBytes = 0;
  #loopDelayMs = 0;
  #shareStart: { readonly cpuMs: number; readonly atMs: number } | undefined;
  #windowStart: { readonly cpuMs: number; readonly atMs: number } | undefined;

  constructor(pluginId: string, limits: SandboxLimits, heartbeatEveryMs: number, nowMs: number) {
    this.#pluginId = pluginId;
    this.#limits = limits;
    this.#heartbeatEveryMs = heartbeatEveryMs;
    this.#startDeadlineMs = nowMs + limits.startTimeoutMs;
    this.#lastHeartbeatMs = nowMs;
    this.#lastSampleMs = nowMs;
    this.#lastUsageMs = nowMs;
  }

  onReady(nowMs: number): void {
    this.#isReady = true;
    this.#lastHeartbeatMs = nowMs;
  }

  /** It loaded and waits for something outside, as an adapter does for a venue that is down: no fault of its own. */
  onWaiting(nowMs: number): void {
    this.#startDeadlineMs = nowMs + this.#limits.startTimeoutMs;
  }

  onHeartbeat(nowMs: number, heapUsedBytes: number, loopDelayMs: number): void {
    this.#lastHeartbeatMs = nowMs;
    this.#heapUsedBytes = heapUsedBytes;
    this.#loopDelayMs = loopDelayMs;
    this.#cpuAtHeartbeat = undefined;
  }

  usage(nowMs: number): Omit<SandboxUsage, "conflatedRecords" | "droppedTrades"> {
    return {
      cpuShare: this.#cpuShare,
      rssBytes: this.#lastUsage?.rssBytes ?? 0,
      heapUsedBytes: this.#heapUsedBytes,
      loopDelayMs: this.#loopDelayMs,
      heartbeatAgeMs: nowMs - this.#lastHeartbeatMs,
    };
  }

  /**
   * Called every `sampleEveryMs`. A host that stalled itself forgives its plugins the time.
   * @param read reads CPU time and memory of the process; called only when needed
   * @returns why the process must be killed, if it must
   */
  sample(nowMs: number, read: () => ProcessUsage | undefined): BerthError | undefined {
    const stalledMs = Math.max(0, nowMs - this.#lastSampleMs - sampleEveryMs);
    this.#lastSampleMs = nowMs;
    this.#lastHeartbeatMs = Math.min(nowMs, this.#lastHeartbeatMs + stalledMs);
    return this.#startVerdict(nowMs) ?? this.#heartbeatVerdict(nowMs, read) ??
      this.#usageVerdict(nowMs, read);
  }

  #startVerdict(nowMs: number): BerthError | undefined {
    if (this.#isReady || nowMs <= this.#startDeadlineMs) return undefined;
    return new BerthError("PLUGIN_START_FAILED", {
      pluginId: this.#pluginId,
      reason: `it did not answer within ${this.#limits.startTimeoutMs} ms`,
    });
  }

  /** Late and busy is a spin and ends at the limit; late and idle may be a starved machine and gets four times as long. */
  #heartbeatVerdict(nowMs: number, read: () => ProcessUsage | undefined): BerthError | undefined {
    if (!this.#isReady) return undefined;
    const lateMs = nowMs - this.#lastHeartbeatMs - this.#heartbeatEveryMs;
    if (lateMs <= this.#limits.heartbeatMs / 2) return undefined;
    const cpuMs = read()?.cpuMs;
    if (this.#cpuAtHeartbeat === undefined) this.#cpuAtHeartbeat = cpuMs;
    if (lateMs <= this.#limits.heartbeatMs) return undefined;
    const busyMs = cpuMs === undefined || this.#cpuAtHeartbeat === undefined
      ? Infinity
      : cpuMs - this.#cpuAtHeartbeat;
    const isSpinning = busyMs >= (lateMs - this.#limits.heartbeatMs / 2) / 2;
    if (!isSpinning && lateMs <= 4 * this.#limits.heartbeatMs) return undefined;
    const facts = { pluginId: this.#pluginId, lateMs: Math.round(lateMs), limitMs: this.#limits.heartbeatMs };
    return new BerthError("PLUGIN_HEARTBEAT_LATE", facts);
  }

  #usageVerdict(nowMs: number, read: () => ProcessUsage | undefined): BerthError | undefined {
    if (nowMs - this.#lastUsageMs < usageEveryMs) return undefined;
    const usage = read();
    if (usage === undefined) return undefined;
    this.#measureShare(usage, nowMs);
    this.#lastUsage = usage;
    this.#lastUsageMs = nowMs;
    const rssMb = Math.round(usage.rssBytes / (1 << 20));
    if (!(rssMb <= this.#limits.rssMb)) return this.#exceeded("rssMb", rssMb, this.#limits.rssMb);
    this.#windowStart ??= { cpuMs: usage.cpuMs, atMs: nowMs };
    const windowMs = nowMs - this.#windowStart.atMs;
    if (windowMs < this.#limits.cpuWindowMs) return undefined;
    const share = (usage.cpuMs - this.#windowStart.cpuMs) / windowMs;
    this.#windowStart = { cpuMs: usage.cpuMs, atMs: nowMs };
    return share <= this.#limits.cpuShare
      ? undefined
      : this.#exceeded("cpuShare", Number(share.toFixed(2)), this.#limits.cpuShare);
  }

  /** The system counts in hundredths of a second, so a share needs a second or so to mean something. */
  #measureShare(usage: ProcessUsage, nowMs: number): void {
    this.#shareStart ??= { cpuMs: usage.cpuMs, atMs: nowMs };
    const spanMs = nowMs - this.#shareStart.atMs;
    if (spanMs < 1_000) return;
    this.#cpuShare = (usage.cpuMs - this.#shareStart.cpuMs) / spanMs;
    this.#shareStart = { cpuMs: usage.cpuMs, atMs: nowMs };
  }

  #exceeded(limit: string, value: number, allowed: number): BerthError {
    return new BerthError("PLUGIN_LIMIT_EXCEEDED", { pluginId: this.#pluginId, limit, value, allowed });
  }
}

/** When a plugin that crashed may start again: exponential back-off, and quarantine after three crashes in a minute. */
export interface RestartPolicy {
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  readonly crashesToQuarantine: number;
  readonly windowMs: number;
}

export const defaultRestartPolicy: RestartPolicy = {
  firstDelayMs: 500,
  maxDelayMs: 30_000,
  crashesToQuarantine: 3,
  windowMs: 60_000,
};

export type RestartDecision = { readonly kind: "restart"; readonly delayMs: number } | {
  readonly kind: "quarantine";
};

/** @param crashesMs times of this plugin's crashes, the newest (now) last */
export function afterCrash(
  crashesMs: readonly number[],
  policy: RestartPolicy = defaultRestartPolicy,
): RestartDecision {
  const nowMs = crashesMs.at(-1) ?? 0;
  const recent = crashesMs.filter((atMs) => nowMs - atMs < policy.windowMs).length;
  if (recent >= policy.crashesToQuarantine) return { kind: "quarantine" };
  return {
    kind: "restart",
    delayMs: Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** Math.max(0, recent - 1)),
  };
}
