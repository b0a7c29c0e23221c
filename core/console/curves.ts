/** The curves of a run: the newest moment as it is sent live, and what lies behind it. */
import * as v from "valibot";
import { scopeText } from "./commands.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";
import { type PnlPoint, sampleOf, type SpreadMoment } from "./history.ts";
import type { HostPicture } from "./ports.ts";
import { figure } from "./resources.ts";

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
export const pnlHistorySchema = v.object({
  scope: text,
  tsMs: v.pipe(v.array(timeMs), v.description("Oldest first; the further back, the wider apart.")),
  totalUsd: v.array(usd),
  drawdownUsd: v.pipe(
    v.array(usd),
    v.description("Below the peak; the deepest of the time up to the next point."),
  ),
});
export const spreadHistorySchema = v.object({
  symbol: text,
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

export const pnlHistory = (scope: string, points: readonly PnlPoint[]): PnlHistory => ({
  scope,
  tsMs: points.map(({ tsMs }) => tsMs),
  totalUsd: points.map(({ totalUsd }) => figure(totalUsd)),
  drawdownUsd: points.map(({ drawdownUsd }) => figure(drawdownUsd)),
});

/** One column of numbers for each direction that was seen; null at moments when it could not be told. */
export function spreadHistory(symbol: string, moments: readonly SpreadMoment[]): SpreadHistory {
  const seen = moments.flatMap(({ spreads }) => spreads);
  const directions = new Map(
    seen.map(({ buyVenue, sellVenue }) => [`${buyVenue} ${sellVenue}`, { buyVenue, sellVenue }]),
  );
  return {
    symbol,
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
    handle: ({ query: { symbol } }, { history }) => ({
      answer: spreadHistory(symbol, history.spreads(symbol)),
    }),
  }),
  endpoint({
    id: "getPnlHistory",
    method: "GET",
    path: "/api/v1/history/pnl",
    tag: "orders",
    summary: "Profit and loss of a scope and its distance from the peak, since the host started.",
    query: v.strictObject({ scope: v.optional(scopeText, "global") }),
    answer: pnlHistorySchema,
    handle: ({ query: { scope } }, { history }) => ({ answer: pnlHistory(scope, history.pnl(scope)) }),
  }),
];
