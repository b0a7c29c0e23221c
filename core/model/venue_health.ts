/** State of one venue's connections as its adapter reports it. */
import type { VenueId } from "./ids.ts";

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
  readonly tsMs: number;
}
