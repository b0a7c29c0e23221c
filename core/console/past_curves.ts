/** What the journal keeps of curves: samples of runs before this one, and opportunities that were told of. */
import type { ShownOpportunity } from "../model/shown.ts";
import * as v from "valibot";
import type { JournalReader } from "../journal/reader.ts";
import type { StoredRecord } from "../journal/schema.ts";
import { type CurveSample, curveSampleEveryMs, curveSampleKind } from "../model/curve_sample.ts";
import { venueOf } from "../model/ids.ts";
import { instrumentName } from "./commands.ts";

/** So far back curves are drawn over restarts. */
export const pastMs = 24 * 3_600_000;
const maxSamples = pastMs / curveSampleEveryMs;

/** A kept sample, and when and of which start of the host it is. */
export interface PastSample extends CurveSample {
  readonly tsMs: number;
  readonly runId: string | undefined;
}

const figure = v.pipe(v.number(), v.finite());
const price = v.pipe(figure, v.gtValue(0));
const sampleBody = v.object({
  pnl: v.array(v.object({ scope: v.string(), totalUsd: figure, drawdownUsd: figure })),
  quotes: v.array(v.object({ instrument: instrumentName, bidPrice: price, askPrice: price })),
});

/** Samples before a moment, oldest first; a day's at most. What can't be read as one is left out. */
export function pastSamples(
  reader: Pick<JournalReader, "last">,
  beforeMs: number,
): readonly PastSample[] {
  const window = { fromUs: (beforeMs - pastMs) * 1_000, toUs: beforeMs * 1_000 };
  return reader.last(maxSamples, { kinds: [curveSampleKind], ...window })
    .flatMap(({ tsUs, runId, body }): PastSample[] => {
      const parsed = v.safeParse(sampleBody, body);
      return parsed.success ? [{ tsMs: Math.round(tsUs / 1_000), runId, ...parsed.output }] : [];
    });
}

const opportunityBody = v.object({
  opportunity: v.object({
    symbol: v.string(),
    buy: instrumentName,
    sell: instrumentName,
    netBps: v.nullable(figure),
    isTaken: v.boolean(),
  }),
});

/** An `opportunity` record as the console tells of opportunities; undefined when it can't be read as one. */
export function opportunityOf({ tsUs, plugin, body }: StoredRecord): ShownOpportunity | undefined {
  const parsed = v.safeParse(opportunityBody, body);
  if (!parsed.success || plugin === undefined) return undefined;
  const { symbol, buy, sell, netBps, isTaken } = parsed.output.opportunity;
  const words = `buy ${venueOf(buy)}, sell ${venueOf(sell)}`;
  return { tsMs: Math.round(tsUs / 1_000), plugin, symbol, words, edgeBps: netBps ?? NaN, isTaken };
}
