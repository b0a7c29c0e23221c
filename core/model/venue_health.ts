/** State of one venue's connections as its adapter reports it. */
import type { InstrumentId, VenueId } from "./ids.ts";

export type ConnectionState = "connecting" | "connected" | "reconnecting" | "stopped";

export interface VenueHealth {
  readonly venue: VenueId;
  readonly marketData: ConnectionState;
  /** Absent where the adapter has no trading (paper). */
  readonly privateStream: ConnectionState | undefined;
  /** Since the last frame of any kind. */
  readonly heartbeatAgeMs: number;
  readonly updatesPerSecond: number;
  /** Receive time − venue time of quotes over the last minute; includes clock skew. */
  readonly latencyAverageMs: number | undefined;
  readonly latencyP99Ms: number | undefined;
  readonly gaps: number;
  readonly reconnects: number;
  /** Attempts to reach the venue that failed in a row, of the connection with most; absent where nobody counts them. */
  readonly failedAttempts?: number | undefined;
  /** Whether the venue would cancel our orders if we went silent now; absent where it has no such switch, or it is off. */
  readonly deadMansSwitch?: "armed" | "not_armed" | undefined;
  readonly tsMs: number;
}

/** How one channel of one instrument is doing. */
export interface ChannelStatistics {
  /** Undefined for channels of the account. */
  readonly instrument: InstrumentId | undefined;
  /** A kind of market data, or what the account's channel carries: `orders`. */
  readonly channel: string;
  /** Since the adapter started. */
  readonly updates: number;
  readonly updatesPerSecond: number;
  /** Since the last update; undefined before the first. */
  readonly heartbeatAgeMs: number | undefined;
  /** Receive time − venue time over the last minute, at most the newest 256; clock skew is in it. */
  readonly latencyAverageMs: number | undefined;
  readonly latencyP50Ms: number | undefined;
  readonly latencyP99Ms: number | undefined;
  readonly latencyMaxMs: number | undefined;
  /** Breaks in its sequence. */
  readonly gaps: number;
}
