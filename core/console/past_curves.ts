/** What the journal keeps of curves: samples of runs before this one, and opportunities that were told of. */
import type { ShownOpportunity } from "../model/shown.ts";
import * as v from "valibot";
import type { JournalReader } from "../journal/reader.ts";
import type { StoredRecord } from "../journal/schema.ts";
import { type CurveSample, curveSampleEveryMs, curveSampleKind } from "../model/curve_sample.ts";
import { venueOf } from "../model/ids.ts";
import { instrumentName } from "./commands.ts";

/** So far back profit and loss are drawn over restarts. */
const pastMs = 24 * 3_600_000;
const maxSamples = pastMs / curveSampleEveryMs;
/** So far back spreads are drawn. */
export const spreadWindowMs = 900_000;

/** A kept sample, and when and of which start of the host it is. */
export interface PastSample extends CurveSample {
  readonly tsMs: number;
  readonly runId: string | undefined;
}

const figure = v.pipe(v.number(), v.finite());
const price = v.pipe(figure, v.gtValue(0));
const pnlBody = v.object({
  pnl: v.array(v.object({ scope: v.string(), totalUsd: figure, drawdownUsd: figure })),
});
const quotesBody = v.object({
  quotes: v.array(v.object({ instrument: instrumentName, bidPrice: price, askPrice: price })),
});

/**
 * Samples before a moment, oldest first; a day's at most, with quotes as far back as spreads are drawn. What can't be
 * read as one is left out.
 */
export function pastSamples(
  reader: Pick<JournalReader, "last">,
  beforeMs: number,
): readonly PastSample[] {
  const window = { fromUs: (beforeMs - pastMs) * 1_000, toUs: beforeMs * 1_000 };
  return reader.last(maxSamples, { kinds: [curveSampleKind], ...window })
    .flatMap(({ tsUs, runId, body }): PastSample[] => {
      const tsMs = Math.round(tsUs / 1_000);
      const pnl = v.safeParse(pnlBody, body);
      const isDrawn = tsMs >= beforeMs - spreadWindowMs;
      const quotes = isDrawn ? v.safeParse(quotesBody, body) : undefined;
      if (!pnl.success || quotes?.success === false) return [];
      return [{ tsMs, runId, pnl: pnl.output.pnl, quotes: quotes?.output.quotes ?? [] }];
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
