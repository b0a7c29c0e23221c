/** `berth status` and `berth risk`: what a running host does, and its limits and states. */
import type * as v from "valibot";
import {
  doneSchema,
  list,
  positionSchema,
  riskSchema,
  statusSchema,
  venueSchema,
} from "../console/schemas.ts";
import { marketLimitNames, scopeLimitNames } from "../model/risk_limits.ts";
import { connectHost } from "./host_client.ts";
import type { CommandSurroundings } from "./journal.ts";
import { marketScope, type RiskAct, type RiskOptions, type StatusOptions } from "./operator_command_line.ts";
import { readPlace } from "./place.ts";

type Risk = v.InferOutput<typeof riskSchema>;

const usd = (value: number | null): string => value === null ? "?" : value.toFixed(2);

/** @throws {BerthError} HOST_NOT_RUNNING, HOST_UNREACHABLE */
export async function showStatus(options: StatusOptions, around: CommandSurroundings): Promise<void> {
  const host = await connectHost(await readPlace(options, around.workingFolder));
  const [status, venues, { items: positions }] = await Promise.all([
    host.get("/status", statusSchema),
    host.get("/venues", list(venueSchema)),
    host.get("/positions", list(positionSchema)),
  ]);
  const held = positions.filter(({ positionLots }) => positionLots !== 0);
  if (options.asJson) {
    return around.write(`${JSON.stringify({ ...status, venues: venues.items, positions: held })}\n`);
  }
  const { environment, tradingState, tradingReason, counts, uptimeMs, alerts } = status;
  const why = tradingReason === "" ? "" : ` (${tradingReason})`;
  around.write(
    `${environment}, up ${Math.round(uptimeMs / 1000)} s, trading is ${tradingState}${why}\n` +
      `${counts.orders} orders, ${counts.fills} fills, ${counts.workingOrders} working\n` +
      (alerts === "restarting" ? "ALERTS ENDED BY A FAILURE and begin anew: nobody is told meanwhile\n" : ""),
  );
  for (const { venue, isStarted, hasTrading, isReconciled, health, otherHosts } of venues.items) {
    const trading = !hasTrading ? "market data only" : isReconciled ? "ready" : "reconciling";
    const state = isStarted ? health?.marketData ?? "connecting" : "not running";
    around.write(`${venue.padEnd(12)} ${state}, ${trading}\n`);
    for (const { tag, kind } of otherHosts) {
      around.write(
        `${" ".repeat(13)}another berth (${tag}) was seen here by its ${kind}: nothing new is opened\n`,
      );
    }
  }
  for (const position of held) {
    const { instrument, plugin, sizeBase } = position;
    around.write(`${instrument} ${sizeBase ?? "?"} of ${plugin}, ${stopWords(position)}\n`);
  }
}

const stopWords = ({ stop, venueStopPrice }: v.InferOutput<typeof positionSchema>): string =>
  stop === "none"
    ? "without a stop"
    : stop === "host"
    ? "its stop is kept by this host alone"
    : `its stop is at the venue too, at ${venueStopPrice ?? "?"}`;

/** @throws {BerthError} HOST_NOT_RUNNING, HOST_UNREACHABLE, HOST_REFUSED */
export async function changeRisk(options: RiskOptions, around: CommandSurroundings): Promise<void> {
  const host = await connectHost(await readPlace(options, around.workingFolder));
  const request = requestOf(options.act);
  if (request !== undefined) await host.post(request.path, request.body, doneSchema);
  const risk = await host.get("/risk", riskSchema);
  if (options.asJson) return around.write(`${JSON.stringify(risk)}\n`);
  for (const line of linesOf(risk, options.act)) around.write(`${line}\n`);
}

function requestOf(act: RiskAct): { readonly path: string; readonly body: unknown } | undefined {
  switch (act.kind) {
    case "show":
      return undefined;
    case "tighten":
      return act.scope === marketScope
        ? { path: "/risk/market/tighten", body: { limits: act.limits } }
        : { path: "/risk/tighten", body: { scope: act.scope, limits: act.limits } };
    case "loosen":
      return act.scope === marketScope
        ? { path: "/risk/market/loosen", body: { limits: act.limits, reason: act.reason } }
        : { path: "/risk/loosen", body: { scope: act.scope, limits: act.limits, reason: act.reason } };
    case "take_over":
      return { path: "/risk/take-over", body: { venue: act.venue, tag: act.tag, reason: act.reason } };
    case "state":
      return { path: "/risk/state", body: { scope: act.scope, state: act.state, reason: act.reason } };
    default:
      return act satisfies never;
  }
}

/** Everything for `show`; what a change was about otherwise. */
function linesOf(risk: Risk, act: RiskAct): readonly string[] {
  const scopes = act.kind === "show" ? risk.scopes : risk.scopes.filter(({ scope }) => scope === act.scope);
  const lines = scopes.flatMap((one) => {
    const why = one.reason === "" ? "" : ` (${one.reason})`;
    const limits = scopeLimitNames.map((name) => `  ${name.padEnd(24)} ${one.limits[name] ?? "none"}`);
    const figures = `gross ${usd(one.grossExposureUsd)}, net ${usd(one.netExposureUsd)}, today ${
      usd(one.todayUsd)
    }, drawdown ${usd(one.drawdownUsd)} USD`;
    const isOfState = act.kind === "state" || act.kind === "take_over";
    return [`${one.scope}: ${one.state}${why}; ${figures}`, ...(isOfState ? [] : limits)];
  });
  const market = [
    `${marketScope}:`,
    ...marketLimitNames.map((name) => `  ${name.padEnd(24)} ${risk.market[name]}`),
  ];
  if (act.kind !== "show") return act.scope === marketScope ? market : lines;
  return [
    ...lines,
    ...market,
    ...Object.entries(risk.refusals).map(([code, count]) => `refused ${count} × ${code}`),
  ];
}
