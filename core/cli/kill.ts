/**
 * `berth kill`: by the console of the running host; where that does not answer, by the file KILL; and where no host runs,
 * by starting its adapters for it.
 */
import { join } from "node:path";
import * as v from "valibot";
import { killReportSchema } from "../console/schemas.ts";
import { killReport } from "../console/resources.ts";
import { BerthError } from "../errors.ts";
import { environmentFolder } from "../host/config/config.ts";
import { readAddress } from "../host/console/console_files.ts";
import { killFileName, killReportFileName } from "../host/kill_switch.ts";
import type { HostOptions } from "../host/config/options.ts";
import type { TerminalOutput } from "../terminal/ports.ts";
import { connectHost } from "./host_client.ts";
import type { KillOptions } from "./operator_command_line.ts";
import { type Place, readPlace } from "./place.ts";

export type Report = v.InferOutput<typeof killReportSchema>;

export interface KillSurroundings {
  readonly workingFolder: string;
  readonly output: TerminalOutput;
  readonly wait: (ms: number) => Promise<void>;
  /** The host's options as for a start, but live needs no confirmation: nothing is opened. */
  readonly hostOptions: (output: TerminalOutput) => Promise<HostOptions>;
  readonly runKill: (options: HostOptions, flatten: boolean) => Promise<Parameters<typeof killReport>[0]>;
}

const folderOf = ({ config }: Place): string => environmentFolder(config.dataDir, config.environment);

const fileAnswerMs = 45_000;
const lookEveryMs = 200;

/** Returns the report; its `isClean` is the exit code. */
export async function kill(options: KillOptions, around: KillSurroundings): Promise<Report> {
  const { output } = around;
  const place = await readPlace(options, around.workingFolder);
  const report = await killBy(place, options, around);
  output.write(options.asJson ? `${JSON.stringify(report)}\n` : `${reportLines(report).join("\n")}\n`);
  return report;
}

async function killBy(place: Place, options: KillOptions, around: KillSurroundings): Promise<Report> {
  const { output } = around;
  try {
    const host = await connectHost(place);
    return await host.post("/kill", { flatten: options.flatten }, killReportSchema);
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    if (error.code === "HOST_NOT_RUNNING") {
      output.writeError(
        `berth: no host runs in ${place.config.environment}; its adapters are started to cancel and to ask.\n`,
      );
      // The report alone belongs on standard output.
      const hostOptions = await around.hostOptions(withoutStandardOutput(output));
      return killReport(await around.runKill(hostOptions, options.flatten));
    }
    if (error.code === "HOST_REFUSED" && error.message.includes("did not answer in time")) {
      const { pid } = await readAddress(folderOf(place)) ?? { pid: 0 };
      throw new BerthError("HOST_HANGS", { pid });
    }
    if (error.code !== "HOST_UNREACHABLE") throw error;
    output.writeError(`berth: ${error.text.what} The file ${killFileName} tells the host instead.\n`);
    return await killByFile(place, options.flatten, around);
  }
}

/** The host sees the file within a quarter of a second and writes what the venues said beside it. */
async function killByFile(place: Place, flatten: boolean, around: KillSurroundings): Promise<Report> {
  const folder = folderOf(place);
  const reportPath = join(folder, killReportFileName);
  await Deno.remove(reportPath).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  const path = join(folder, killFileName);
  await Deno.remove(path).catch(() => undefined); // a file that is there already would be no news
  await around.wait(2 * lookEveryMs);
  await Deno.writeTextFile(path, flatten ? "flatten\n" : "cancel\n", { mode: 0o600 });
  for (let waitedMs = 0; waitedMs < fileAnswerMs; waitedMs += lookEveryMs) {
    const text = await Deno.readTextFile(reportPath).catch(() => undefined);
    if (text !== undefined && text.endsWith("}\n")) return v.parse(killReportSchema, JSON.parse(text));
    await around.wait(lookEveryMs);
  }
  throw new BerthError("HOST_UNREACHABLE", {
    url: folder,
    reason: `it did not answer to the file ${killFileName}; the file stays, and holds it halted`,
  });
}

/** What the short-lived host has to say goes to standard error. */
const withoutStandardOutput = (output: TerminalOutput): TerminalOutput => ({
  isTerminal: false,
  useColor: false,
  useUnicode: output.useUnicode,
  size: () => undefined,
  onResize: () => () => undefined,
  write: (text) => output.writeError(text),
  writeError: (text) => output.writeError(text),
  pendingBytes: 0,
  droppedBytes: 0,
  flush: (deadlineMs) => output.flush(deadlineMs),
  restoreOnExit: () => undefined,
});

/** For a person. */
export function reportLines(report: Report): readonly string[] {
  const venues = report.venues.flatMap(({ venue, isVerified, why, openOrders, positions, residentStops }) => [
    `${venue}: ${isVerified ? "verified" : "NOT VERIFIED"}${
      why === "" ? "" : ` (${why})`
    }, ${openOrders.length} open orders, ${positions.length} positions${
      residentStops === 0 ? "" : `, ${residentStops} stops at the venue guard them`
    }`,
    ...openOrders.map((order) =>
      `  order ${order.venueOrderId} ${order.side} ${
        order.sizeLots - order.filledLots
      } lots on ${order.instrument}`
    ),
    ...positions.map(({ instrument, positionLots }) => `  position ${positionLots} lots on ${instrument}`),
  ]);
  const unresolved = report.unresolvedOrders.map(({ clientOrderId, instrument, status }) =>
    `order ${clientOrderId} on ${instrument} is ${status}: nobody knows its end yet`
  );
  const end = report.isClean
    ? "Everything is cancelled and the venues confirm it."
    : "SOMETHING REMAINS or could not be asked; see above.";
  return [...venues, ...unresolved, end, "Trading is halted until: berth risk resume global --reason WHY"];
}
