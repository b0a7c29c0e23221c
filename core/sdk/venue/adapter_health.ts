/** An adapter's report on itself: its connections, its feed, and what it could not read. */
import type { ExchangeContext } from "../exchange.ts";
import type { ConnectionView } from "./kept_connection.ts";
import type { FeedStatistics } from "./feed_statistics.ts";
import type { Misfits } from "./misfits.ts";

export interface AdapterParts {
  readonly publicConnection: ConnectionView;
  /** Absent without an account. */
  readonly privateConnection: ConnectionView | undefined;
  readonly statistics: FeedStatistics;
  readonly misfits: Pick<Misfits<string>, "count">;
  /** Undefined where there is none, or none is wanted. */
  readonly isDeadMansSwitchArmed: boolean | undefined;
}

/** Takes the updates a second since the last call; to be called at an even pace. */
export function publishHealth(
  { gauge, publish }: Pick<ExchangeContext, "gauge" | "publish">,
  { isDeadMansSwitchArmed, misfits, privateConnection, publicConnection, statistics }: AdapterParts,
): void {
  const latency = statistics.quoteLatency();
  publish.health({
    marketData: publicConnection.state,
    privateStream: privateConnection?.state,
    heartbeatAgeMs: Math.round(publicConnection.heartbeatAgeMs),
    updatesPerSecond: statistics.takeUpdatesPerSecond(),
    latencyAverageMs: latency?.averageMs,
    latencyP99Ms: latency?.p99Ms,
    gaps: statistics.gaps,
    reconnects: publicConnection.reconnects + (privateConnection?.reconnects ?? 0),
    failedAttempts: Math.max(publicConnection.failedAttempts, privateConnection?.failedAttempts ?? 0),
    ...(isDeadMansSwitchArmed === undefined
      ? {}
      : { deadMansSwitch: isDeadMansSwitchArmed ? "armed" : "not_armed" }),
  });
  const privateMisfits = misfits.count("private_");
  gauge("unreadable_frames", misfits.count() - privateMisfits);
  gauge("unreadable_private_rows", privateMisfits);
}
