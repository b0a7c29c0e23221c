/** `berth doctor`: a table of what was checked, and below it for each failure what to do. */
import { resolve } from "node:path";
import { type AlertsResource, alertsSchema } from "../console/alerts.ts";
import { BerthError } from "../errors.ts";
import { checkAlerts } from "../host/doctor/alerts_check.ts";
import { type Check, isHealthy, type VenueExamination } from "../host/doctor/checks.ts";
import { examine } from "../host/doctor/doctor.ts";
import { examineMachine, thisMachine } from "../host/doctor/machine.ts";
import { readSecrets } from "../host/config/secrets.ts";
import { exitCodes } from "../host/config/options.ts";
import { span } from "../terminal/styled_text.ts";
import { type Column, drawTable } from "../terminal/table.ts";
import type { DoctorCommandOptions } from "./command_line.ts";
import { connectHost } from "./host_client.ts";
import { type Place, readPlace } from "./place.ts";

export interface DoctorSurroundings {
  readonly workingFolder: string;
  readonly write: (text: string) => void;
  /** Of the terminal; undefined where there is none. */
  readonly columns: number | undefined;
  /** Of the simulated markets. */
  readonly seed: number;
}

/**
 * Examines and shows. @returns the exit code: 0 when nothing failed
 *
 * @throws {BerthError} HOST_LIVE_NOT_CONFIRMED for a real order without the flag, CONFIG_UNREADABLE
 */
export async function runDoctor(options: DoctorCommandOptions, around: DoctorSurroundings): Promise<number> {
  const place = await readPlace(options, around.workingFolder);
  const { config } = place;
  const { environment } = config;
  if (environment === "live" && options.isTrading && !options.isLiveConfirmed) {
    throw new BerthError("HOST_LIVE_NOT_CONFIRMED", { environment });
  }
  const envFile = resolve(around.workingFolder, ".env");
  const machine = [...await examineMachine(envFile, thisMachine), await examineAlerts(place, envFile)];
  const venues = await examine({
    environment,
    config,
    venues: options.venues,
    isTrading: options.isTrading,
    patienceMs: options.patienceMs,
    seed: around.seed,
    envFile,
  });
  const healthy = isHealthy([...machine, ...venues.flatMap(({ checks }) => checks)]);
  around.write(
    options.asJson
      ? `${JSON.stringify({ environment, isHealthy: healthy, machine, venues })}\n`
      : report([{ venue: "machine", checks: machine }, ...venues], environment, around.columns ?? 110),
  );
  return healthy ? exitCodes.ok : exitCodes.failure;
}

async function examineAlerts(place: Place, envFile: string): Promise<Check> {
  const startMs = performance.now();
  const end = checkAlerts(
    place.config.alerts,
    await readSecrets(envFile, Deno.env),
    await runningAlerts(place),
  );
  return { name: "alerts", ...end, tookMs: Math.round(performance.now() - startMs) };
}

/** Undefined when no host runs, or it has no console. */
async function runningAlerts(place: Place): Promise<AlertsResource | undefined> {
  try {
    const host = await connectHost(place);
    return await host.get("/alerts", alertsSchema);
  } catch (error) {
    const isAway = error instanceof BerthError &&
      (error.code === "HOST_NOT_RUNNING" || error.code === "HOST_UNREACHABLE");
    if (isAway) return undefined;
    throw error;
  }
}

interface Row extends Check {
  readonly venue: string;
}

const words = { passed: "ok", failed: "FAILED", skipped: "-" } as const;

const columns: readonly Column<Row>[] = [
  { heading: "venue", alignment: "left", minWidth: 8, dropRank: 0, cell: ({ venue }) => span(venue) },
  { heading: "check", alignment: "left", minWidth: 15, dropRank: 0, cell: ({ name }) => span(name) },
  {
    heading: "result",
    alignment: "left",
    minWidth: 6,
    dropRank: 0,
    cell: ({ result }) => span(words[result]),
  },
  {
    heading: "ms",
    alignment: "right",
    minWidth: 5,
    dropRank: 0,
    cell: ({ result, tookMs }) => span(result === "skipped" ? "" : String(tookMs)),
  },
  {
    heading: "what was seen",
    alignment: "left",
    minWidth: 10,
    dropRank: 0,
    cell: ({ details }) => span(details),
  },
];

function report(venues: readonly VenueExamination[], environment: string, width: number): string {
  const rows = venues.flatMap(({ venue, checks }) => checks.map((check): Row => ({ venue, ...check })));
  // The last column is the only long one: it is cut here, and told whole below where something failed.
  const room = Math.max(20, width - 44);
  const shown = rows.map((row) =>
    row.details.length <= room ? row : { ...row, details: `${row.details.slice(0, room - 1)}…` }
  );
  const table = drawTable(columns, shown, width);
  const text = (line: readonly { readonly text: string }[]): string =>
    line.map((part) => part.text).join("").trimEnd();
  const failures = rows.filter(({ result }) => result === "failed");
  const advice = failures.flatMap(({ venue, name, details, fix }) => [
    "",
    `${venue}, ${name}: ${details}`,
    ...(fix === "" ? [] : [`  ${fix}`]),
  ]);
  const verdict = failures.length === 0
    ? `Nothing is wrong in ${environment}.`
    : `${failures.length} of ${rows.length} checks failed in ${environment}.`;
  return [text(table.heading), ...table.rows.map(text), ...advice, "", verdict, ""].join("\n");
}
