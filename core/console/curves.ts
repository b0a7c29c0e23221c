/** The curves: the newest moment as it is sent live, and what lies behind it, of runs before too. */
import * as v from "valibot";
import { BerthError } from "../errors.ts";
import type { JournalReader } from "../journal/reader.ts";
import { scopeText } from "./commands.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";
import { type History, type PnlPoint, sampleOf, type SpreadMoment } from "./history.ts";
import { opportunityOf, pastSamples } from "./past_curves.ts";
import type { HostPicture } from "./ports.ts";
import { limitText } from "./query_fields.ts";
import { figure } from "./resources.ts";
import { list, opportunitySchema } from "./schemas.ts";

const text = v.string();
const usd = v.nullable(v.number());
const bps = v.pipe(
  v.nullable(v.number()),
  v.description(
    "(bid where one sells / ask where one buys − 1) × 10⁴, before fees; negative while there is nothing to gain.",
  ),
);
const timeMs = v.pipe(v.number(), v.description("Milliseconds since the epoch."));

/** One moment of all curves, as it is sent live. */
export const curvesSchema = v.object({
  tsMs: timeMs,
  pnl: v.array(v.object({ scope: text, totalUsd: usd, drawdownUsd: usd })),
  spreads: v.array(v.object({ symbol: text, buyVenue: text, sellVenue: text, spreadBps: bps })),
});
const pastProblem = v.pipe(
  v.nullable(text),
  v.description("Why what lies before this start of the host is missing; null when it is not."),
);
export const pnlHistorySchema = v.object({
  scope: text,
  pastProblem,
  tsMs: v.pipe(
    v.array(timeMs),
    v.description(
      "Oldest first: the last quarter of an hour each second, what lies before it in at most 1000 points.",
    ),
  ),
  totalUsd: v.pipe(v.array(usd), v.description("Null between two starts of the host.")),
  drawdownUsd: v.pipe(
    v.array(usd),
    v.description("Below the peak; the deepest of the time up to the next point."),
  ),
});
export const spreadHistorySchema = v.object({
  symbol: text,
  pastProblem,
  tsMs: v.pipe(v.array(timeMs), v.description("Oldest first, the last quarter of an hour.")),
  directions: v.array(v.object({ buyVenue: text, sellVenue: text, spreadBps: v.array(bps) })),
});

export type Curves = v.InferOutput<typeof curvesSchema>;
export type PnlHistory = v.InferOutput<typeof pnlHistorySchema>;
export type SpreadHistory = v.InferOutput<typeof spreadHistorySchema>;

export function curves(picture: HostPicture): Curves {
  const { tsMs, pnl, spreads } = sampleOf(picture);
  return {
    tsMs,
    pnl: pnl.map(({ scope, totalUsd, drawdownUsd }) => ({
      scope,
      totalUsd: figure(totalUsd),
      drawdownUsd: figure(drawdownUsd),
    })),
    spreads: spreads.map(({ spreadBps, ...direction }) => ({ ...direction, spreadBps: figure(spreadBps) })),
  };
}

/** Between two runs a moment without figures: no line is drawn over what nobody saw. */
export function pnlHistory(
  scope: string,
  points: readonly PnlPoint[],
  problem: string | null = null,
): PnlHistory {
  const rows = points.flatMap((point) => {
    const row = {
      tsMs: point.tsMs,
      totalUsd: figure(point.totalUsd),
      drawdownUsd: figure(point.drawdownUsd),
    };
    return point.isNewRun === true
      ? [{ tsMs: point.tsMs - 1, totalUsd: null, drawdownUsd: null }, row]
      : [row];
  });
  return {
    scope,
    pastProblem: problem,
    tsMs: rows.map(({ tsMs }) => tsMs),
    totalUsd: rows.map(({ totalUsd }) => totalUsd),
    drawdownUsd: rows.map(({ drawdownUsd }) => drawdownUsd),
  };
}

/** One column of numbers for each direction that was seen; null at moments when it could not be told. */
export function spreadHistory(
  symbol: string,
  moments: readonly SpreadMoment[],
  problem: string | null = null,
): SpreadHistory {
  const seen = moments.flatMap(({ spreads }) => spreads);
  const directions = new Map(
    seen.map(({ buyVenue, sellVenue }) => [`${buyVenue} ${sellVenue}`, { buyVenue, sellVenue }]),
  );
  return {
    symbol,
    pastProblem: problem,
    tsMs: moments.map(({ tsMs }) => tsMs),
    directions: [...directions.values()].map(({ buyVenue, sellVenue }) => ({
      buyVenue,
      sellVenue,
      spreadBps: moments.map(({ spreads }) =>
        figure(spreads.find((one) => one.buyVenue === buyVenue && one.sellVenue === sellVenue)?.spreadBps)
      ),
    })),
  };
}

/**
 * Has the history know what the journal keeps of runs before.
 *
 * @returns why it can't be known; null when it is
 */
function recall(history: History, openJournal: () => JournalReader): string | null {
  try {
    history.recall((beforeMs) => {
      using reader = openJournal();
      return pastSamples(reader, beforeMs);
    });
    return null;
  } catch (error) {
    if (error instanceof BerthError) return error.text.what; // the curve of this run is told all the same
    throw error;
  }
}

export const curveEndpoints: readonly Endpoint[] = [
  endpoint({
    id: "getSpreadHistory",
    method: "GET",
    path: "/api/v1/history/spreads",
    tag: "market",
    summary: "What buying on one venue and selling on another would have brought, over the last minutes.",
    query: v.strictObject({
      symbol: v.pipe(v.string(), v.maxLength(64), v.description("Such as `BTC-PERP`.")),
    }),
    answer: spreadHistorySchema,
    handle({ query: { symbol } }, { history, journal }) {
      const problem = recall(history, journal);
      return { answer: spreadHistory(symbol, history.spreads(symbol), problem) };
    },
  }),
  endpoint({
    id: "getPnlHistory",
    method: "GET",
    path: "/api/v1/history/pnl",
    tag: "orders",
    summary: "Profit and loss of a scope and its distance from the peak, of this run and of a day before it.",
    query: v.strictObject({ scope: v.optional(scopeText, "global") }),
    answer: pnlHistorySchema,
    handle({ query: { scope } }, { history, journal }) {
      const problem = recall(history, journal);
      return { answer: pnlHistory(scope, history.pnl(scope), problem) };
    },
  }),
  endpoint({
    id: "getOpportunityHistory",
    method: "GET",
    path: "/api/v1/history/opportunities",
    tag: "market",
    summary:
      "Opportunities that the journal keeps, newest first: what was taken, and the best of each second.",
    query: v.strictObject({ limit: limitText(1_000, 300) }),
    answer: list(opportunitySchema),
    problems: [404],
    handle({ query: { limit } }, { journal }) {
      using reader = journal();
      const items = reader.records({ kinds: ["opportunity"] }, { limit, order: "newest_first" })
        .flatMap((record) => opportunityOf(record) ?? [])
        .map((one) => ({ ...one, edgeBps: figure(one.edgeBps) }));
      return { answer: { items } };
    },
  }),
];
