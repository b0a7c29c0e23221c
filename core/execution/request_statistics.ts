/** How many requests of each kind every venue was sent, how they ended, and how long answers took. */
import type { AdapterRequest, AdapterResponse } from "../model/adapter_request.ts";
import type { VenueId } from "../model/ids.ts";
import { latencyBucket, latencyBuckets, type LatencyHistogram } from "../model/latency_histogram.ts";

/** `done`: it took effect or was answered. `refused`: a clear no. `unknown`: nobody can say. `lost`: no answer in time. */
export type RequestEnd = "done" | "refused" | "unknown" | "lost";

export interface RequestCounts {
  readonly venue: VenueId;
  readonly request: AdapterRequest["kind"];
  readonly ends: Readonly<Record<RequestEnd, number>>;
  readonly latency: LatencyHistogram;
}

interface Row {
  readonly venue: VenueId;
  readonly request: AdapterRequest["kind"];
  readonly ends: Record<RequestEnd, number>;
  readonly counts: number[];
  sumMs: number;
}

/** What an answer says of its request. A batch counts once, by its worst item. */
export function endOf(response: AdapterResponse): RequestEnd {
  if (response.kind === "failed") return "refused";
  if ("outcome" in response) return endOfOutcome(response.outcome.kind);
  if ("outcomes" in response) {
    const ends = response.outcomes.map((outcome) => endOfOutcome(outcome.kind));
    return ends.includes("unknown") ? "unknown" : ends.includes("refused") ? "refused" : "done";
  }
  return "done";
}

function endOfOutcome(kind: string): RequestEnd {
  if (kind === "unknown") return "unknown";
  return kind === "rejected" || kind === "failed" ? "refused" : "done";
}

export class RequestStatistics {
  readonly #rows = new Map<string, Row>();

  count(venue: VenueId, request: AdapterRequest["kind"], end: RequestEnd, latencyMs: number): void {
    const key = `${venue} ${request}`;
    let row = this.#rows.get(key);
    if (row === undefined) {
      const ends = { done: 0, refused: 0, unknown: 0, lost: 0 };
      row = { venue, request, ends, counts: new Array(latencyBuckets).fill(0), sumMs: 0 };
      this.#rows.set(key, row);
    }
    row.ends[end] += 1;
    if (end === "lost") return; // it has no latency
    const bucket = latencyBucket(latencyMs);
    row.counts[bucket] = (row.counts[bucket] ?? 0) + 1;
    row.sumMs += latencyMs;
  }

  all(): readonly RequestCounts[] {
    return [...this.#rows.values()].map(({ venue, request, ends, counts, sumMs }) => ({
      venue,
      request,
      ends: { ...ends },
      latency: { counts: [...counts], sumMs },
    }));
  }
}
