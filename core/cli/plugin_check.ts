/**
 * `berth plugin check`: types, manifest, and a run on simulated venues with nothing else beside it. The run is a real
 * host with a data folder of its own, on a copy of the plugin's files; what was approved holds there too.
 */
import { basename, dirname, join, resolve } from "node:path";
import { BerthError } from "../errors.ts";
import { runHost } from "../host/compose.ts";
import { environmentFolder, type HostConfig, journalPath } from "../host/config/config.ts";
import { pluginAt, type PluginSource } from "../host/plugins/discovery.ts";
import { grantsPath, readGrants, setDisabled, writeGrants } from "../host/plugins/grants.ts";
import { copyPlugin } from "../host/plugins/laid_out_files.ts";
import { exitCodes, type HostOptions } from "../host/config/options.ts";
import { inspectPlugins } from "../host/plugins/plugin_inspection.ts";
import type { SoundVersion } from "../host/plugins/plugin_version.ts";
import { powersOf } from "../host/plugins/plain_words.ts";
import { projectFolder } from "../host/project_folder.ts";
import { openJournalReader } from "../journal/reader.ts";
import { isCompiled } from "../sandbox/edition.ts";
import type { TerminalOutput } from "../terminal/ports.ts";
import type { PluginCommandOptions } from "./plugin_options.ts";
import { readPlace } from "./place.ts";
import { listenForSignals } from "./start.ts";

export interface CheckSurroundings {
  readonly workingFolder: string;
  readonly version: string;
  readonly write: (text: string) => void;
}

type CheckOptions = Extract<PluginCommandOptions, { readonly action: "check" }>;

/** One thing that was looked at. */
interface Finding {
  readonly step: "types" | "manifest" | "run";
  readonly passed: boolean;
  /** What was seen, a line each. */
  readonly details: readonly string[];
}

/** A few times in a short run, every five seconds in a long one. */
const progressEveryMs = (durationMs: number): number => Math.min(5_000, Math.max(1_000, durationMs / 5));

/**
 * @returns the exit code: 0 when all passed
 * @throws {BerthError} PLUGIN_UNKNOWN, CONFIG_UNREADABLE
 */
export async function checkPlugin(options: CheckOptions, around: CheckSurroundings): Promise<number> {
  const { workingFolder, write } = around;
  const { config } = await readPlace(options, workingFolder);
  const path = resolve(workingFolder, options.path);
  const source = await pluginAt(dirname(path), basename(path));
  if (source === undefined) {
    throw new BerthError("PLUGIN_UNKNOWN", { name: options.path, known: "no such file" });
  }
  const tell = (finding: Finding): boolean => {
    if (options.asJson) write(`${JSON.stringify(finding)}\n`);
    else {
      write(`${finding.passed ? "ok    " : "FAILED"} ${finding.step}\n`);
      for (const line of finding.details) write(`       ${line}\n`);
    }
    return finding.passed;
  };
  let passed = tell(await checkTypes(source));
  const { plugins } = await inspectPlugins(
    { config: withSim(config), trustedFolders: [], envFile: resolve(workingFolder, ".env") },
    [source],
  );
  const inspected = plugins.find((plugin) => plugin.source.rootPath === source.rootPath);
  const { version, target } = inspected ?? {};
  const obstacle = target?.version === undefined && target?.state.kind !== "awaiting_approval"
    ? target?.state
    : undefined;
  if (version?.kind !== "sound" || obstacle?.kind === "broken") {
    const why = version?.kind === "broken" ? version.why : obstacle?.kind === "broken" ? obstacle.why : "";
    tell({ step: "manifest", passed: false, details: why.split("; ") });
    return verdict(false, options.asJson, write);
  }
  passed = tell(manifestFinding(version)) && passed;
  if (target?.version === undefined && target?.state.kind === "awaiting_approval") {
    const details = [target.state.why, `approve it first: berth plugin approve ${options.path}`];
    tell({ step: "run", passed: false, details });
    return verdict(false, options.asJson, write);
  }
  if (version.manifest.kind === "exchange") {
    const details = ["an adapter is run by berth doctor, against its venue or its simulator"];
    tell({ step: "run", passed: true, details });
  } else passed = tell(await checkRun(source, version, config, options, around)) && passed;
  return verdict(passed, options.asJson, write);
}

function verdict(passed: boolean, asJson: boolean, write: (text: string) => void): number {
  write(asJson ? `${JSON.stringify({ step: "verdict", passed })}\n` : `\n${passed ? "passed" : "FAILED"}\n`);
  return passed ? exitCodes.ok : exitCodes.failure;
}

const withSim = (config: HostConfig): HostConfig => ({ ...config, environment: "sim" });

/** The compiler's word. It reads what the plugin imports and runs nothing of it; nothing is fetched for it. */
async function checkTypes(source: PluginSource): Promise<Finding> {
  if (isCompiled()) {
    const details = ["not looked at: this is the compiled berth, which has no compiler; use an editor's"];
    return { step: "types", passed: true, details };
  }
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "check",
      "--quiet",
      "--frozen",
      "--no-remote",
      "--config",
      join(projectFolder, "deno.json"),
      source.entryPath,
    ],
    cwd: projectFolder,
    env: { NO_COLOR: "1" },
    stdout: "null",
  }).output();
  const lines = new TextDecoder().decode(stderr).split("\n").map((line) => line.trimEnd()).filter(Boolean);
  const details = success
    ? []
    : lines.filter((line) => !/^(Stack backtrace|\s+\d+: )/.test(line)).slice(0, 60);
  return { step: "types", passed: success, details };
}

function manifestFinding({ manifest, fingerprint }: SoundVersion): Finding {
  const asks = powersOf(manifest).map(({ words }) => words);
  const details = [
    `${manifest.id} ${manifest.version}: ${manifest.description}`,
    asks.length === 0 ? "it asks for nothing" : `it ${asks.join(", ")}`,
    `fingerprint ${fingerprint.slice(0, 16)}…`,
  ];
  return { step: "manifest", passed: true, details };
}

/** What the host logged, as far as the verdict needs it. */
interface LogLine {
  readonly level: string;
  readonly source: string;
  readonly message: string;
  readonly code: string | undefined;
}

async function checkRun(
  source: PluginSource,
  version: SoundVersion,
  config: HostConfig,
  options: CheckOptions,
  around: CheckSurroundings,
): Promise<Finding> {
  const { id } = version.manifest;
  const folder = await Deno.makeTempDir({ prefix: "berth-check-" });
  const lines: LogLine[] = [];
  let summary: Readonly<Record<string, unknown>> = {};
  using signals = listenForSignals();
  try {
    const copied = await copyPlugin(source, join(folder, "plugins"));
    const dataDir = join(folder, "data");
    // What was approved holds; that it is switched off does not: it was named to be run.
    const grants = await readGrants(grantsPath(config.dataDir));
    await writeGrants(grantsPath(dataDir), setDisabled(grants, id, false));
    const checkedConfig: HostConfig = {
      ...withSim(config),
      dataDir,
      pluginFolders: [dirname(copied.rootPath)],
      console: { ...config.console, enabled: false },
    };
    const hostOptions: HostOptions = {
      version: around.version,
      strategies: "all",
      recordTo: undefined,
      replay: undefined,
      environment: "sim",
      isLiveConfirmed: false,
      seed: options.seed ?? 1,
      isSeedGiven: true,
      durationMs: options.durationMs,
      configFile: undefined,
      config: checkedConfig,
      rereadConfig: () => Promise.resolve(checkedConfig),
      logFormat: "json",
      isTraced: false,
      trustedFolders: [],
      envFile: resolve(around.workingFolder, ".env"),
      output: lineOutput((line) => {
        const found: unknown = JSON.parse(line);
        if (typeof found !== "object" || found === null) return;
        if ("event" in found && found.event === "summary") summary = { ...found };
        else lines.push(logLine(found));
      }),
      signals,
    };
    const startedMs = performance.now();
    const journal = journalPath(environmentFolder(dataDir, "sim"));
    const ticker = setInterval(() => {
      const seconds = Math.round((performance.now() - startedMs) / 1000);
      const counts = countsOf(journal, id);
      if (options.asJson) around.write(`${JSON.stringify({ step: "progress", seconds, ...counts })}\n`);
      else around.write(`       ${String(seconds).padStart(4)} s  ${countWords(counts)}\n`);
    }, progressEveryMs(options.durationMs));
    let code: number;
    try {
      code = await runHost(hostOptions);
    } finally {
      clearInterval(ticker);
    }
    return runFinding(id, code, lines, countsOf(journal, id), summary);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function logLine(found: object): LogLine {
  const text = (name: string): string | undefined => {
    const value: unknown = Reflect.get(found, name);
    return typeof value === "string" ? value : undefined;
  };
  return {
    level: text("level") ?? "",
    source: text("source") ?? "",
    message: text("message") ?? "",
    code: text("code"),
  };
}

type Counts = Readonly<Record<"orders" | "fills" | "refusals", number>>;

/** Of the plugin, as the journal has them. */
function countsOf(journal: string, plugin: string): Counts {
  try {
    using reader = openJournalReader(journal);
    const counts = new Map(reader.counts({ plugin }).map(({ kind, count }) => [kind, count]));
    return {
      orders: counts.get("intent") ?? 0,
      fills: counts.get("fill") ?? 0,
      refusals: counts.get("refusal") ?? 0,
    };
  } catch (error) {
    if (!(error instanceof BerthError)) throw error; // nothing is written yet
    return { orders: 0, fills: 0, refusals: 0 };
  }
}

const countWords = ({ orders, fills, refusals }: Counts): string =>
  `orders asked for ${orders}, fills ${fills}, refused ${refusals}`;

function runFinding(
  id: string,
  code: number,
  lines: readonly LogLine[],
  counts: Counts,
  summary: Readonly<Record<string, unknown>>,
): Finding {
  const own = lines.filter(({ source }) => source === id);
  const states = own.filter(({ message }) =>
    /^(backing_off|quarantined|broken|awaiting_approval|disabled)\b/.test(message)
  );
  const threw = own.filter((line) => line.code === "PLUGIN_CALLBACK_THREW");
  const hasRun = own.some(({ message }) => message === "running");
  const problems = [
    ...(hasRun ? [] : ["it never ran"]),
    ...states.map(({ message }) => message),
    ...new Set(threw.map(({ message }) => message.split("\n").slice(0, 3).join(" "))),
    ...(code === exitCodes.ok
      ? []
      : lines.filter(({ level }) => level === "error").map(({ message }) => message)),
  ];
  const refusals = Array.isArray(summary["refusals"]) ? summary["refusals"] : [];
  const codes = refusals.map((one) => `${one.code} ${one.count}`).join(", ");
  const figures = [
    countWords(counts) + (codes === "" ? "" : ` (${codes})`),
    `realized ${usd(summary["realizedUsd"])}, fees ${usd(summary["feesUsd"])}, total ${
      usd(summary["totalUsd"])
    }`,
  ];
  const isWorthALine = ({ level, message }: LogLine): boolean =>
    level === "warn" && message !== "refused" && !states.some((state) => state.message === message);
  const warnings = own.filter(isWorthALine).slice(0, 10)
    .map(({ message }) => `it warned: ${message}`);
  return { step: "run", passed: problems.length === 0, details: [...problems, ...figures, ...warnings] };
}

const usd = (value: unknown): string => typeof value === "number" ? `${value.toFixed(2)} USD` : "unknown";

/** Standard output of the host inside: whole lines. */
function lineOutput(onLine: (line: string) => void): TerminalOutput {
  let rest = "";
  return {
    isTerminal: false,
    useColor: false,
    useUnicode: false,
    size: () => undefined,
    onResize: () => () => undefined,
    write(text) {
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      for (const line of parts) if (line !== "") onLine(line);
    },
    writeError: () => undefined,
    pendingBytes: 0,
    droppedBytes: 0,
    flush: () => Promise.resolve(),
    restoreOnExit: () => undefined,
  };
}
