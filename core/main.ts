/**
 * Entry: reads the command line, loads what the command needs and nothing else, and ends with an exit code: 0 done,
 * 1 failed, 2 command line or configuration, 3 port or data folder in use.
 */
import { type CommandLine, readCommandLine, type StartOptions } from "./cli/command_line.ts";
import type { KillOptions } from "./cli/operator_command_line.ts";
import { ConfigFaults } from "./cli/place.ts";
import { version } from "./cli/version.ts";
import { BerthError, describeError, type ErrorCode } from "./errors.ts";
import { exitCodes, type HostOptions } from "./host/options.ts";
import { keeperCommand } from "./sandbox/keeper_command.ts";
import type { TerminalOutput } from "./terminal/ports.ts";
import { openTerminalOutput } from "./terminal/terminal_output.ts";

/** Codes that mean: change the command line or the configuration. */
const usageCodes: readonly ErrorCode[] = [
  "CLI_USAGE",
  "CONFIG_INVALID",
  "CONFIG_UNREADABLE",
  "PLUGIN_UNKNOWN",
  "PLUGIN_APPROVAL_UNCONFIRMED",
  "PLUGIN_PATH_TAKEN",
  "HOST_LIVE_NOT_CONFIRMED",
  "BACKTEST_PLUGIN",
  "BACKTEST_BAD_BARS",
  "BACKTEST_NO_DATA",
];
const busyCodes: readonly ErrorCode[] = ["HOST_ALREADY_RUNNING", "HOST_PORT_BUSY"];

function exitCodeOf(error: unknown): number {
  if (error instanceof ConfigFaults) return exitCodes.usage;
  if (!(error instanceof BerthError)) return exitCodes.failure;
  if (usageCodes.includes(error.code)) return exitCodes.usage;
  return busyCodes.includes(error.code) ? exitCodes.busy : exitCodes.failure;
}

/** For a person, without a stack trace: usage in one sentence, all else with why and what to do. */
function wordsOf(error: unknown): string {
  if (error instanceof BerthError && error.code === "CLI_USAGE") {
    return `${error.text.what}; ${error.text.fix}.`;
  }
  return describeError(error);
}

/** @throws {BerthError} CLI_USAGE */
function consolePort(): number | undefined {
  const text = Deno.env.get("BERTH_CONSOLE_PORT");
  if (text === undefined || text === "") return undefined;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (port <= 65_535) return port;
  throw new BerthError("CLI_USAGE", {
    problem: `BERTH_CONSOLE_PORT is ${JSON.stringify(text)}`,
    fix: "write a whole number from 0 to 65535",
  });
}

/** Exit code 0 when the venues confirm that nothing is left. */
async function runKillCommand(
  options: KillOptions,
  workingFolder: string,
  output: TerminalOutput,
): Promise<number> {
  const { kill } = await import("./cli/kill.ts");
  const { hostOptions, listenForSignals } = await import("./cli/start.ts");
  const { runKill } = await import("./host/compose.ts");
  using signals = listenForSignals();
  const { isClean } = await kill(options, {
    workingFolder,
    output,
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    runKill,
    hostOptions: (quiet) =>
      hostOptions({
        ...options,
        durationMs: undefined,
        seed: undefined,
        logLevel: "warn",
        logFormat: undefined,
        sandbox: undefined,
        pluginFolders: [],
        trustedFolders: [],
        isLiveConfirmed: true, // it only closes
        consolePort: undefined,
        isConsoleOff: true,
      }, { version, workingFolder, output: quiet, signals, drawSeed: () => 1 }),
  });
  return isClean ? exitCodes.ok : exitCodes.failure;
}

interface HostCommand {
  readonly workingFolder: string;
  readonly output: TerminalOutput;
  readonly consolePort?: number | undefined;
  /** What a command has otherwise than `start`. */
  readonly change?: (host: HostOptions) => HostOptions;
}

/** A host in this process, until its end. */
async function runHostCommand(options: StartOptions, command: HostCommand): Promise<number> {
  const { hostOptions, listenForSignals } = await import("./cli/start.ts");
  const { workingFolder, output, consolePort, change = (host) => host } = command;
  using signals = listenForSignals();
  const around = { version, workingFolder, output, signals, drawSeed, consolePort };
  const host = change(await hostOptions(options, around));
  const { runHost } = await import("./host/compose.ts");
  return await runHost(host);
}

const drawSeed = (): number => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;

/** Runs one command; returns the exit code. */
async function run(line: CommandLine, output: TerminalOutput): Promise<number> {
  const workingFolder = Deno.cwd();
  const write = (text: string): void => output.write(text);
  switch (line.kind) {
    case "show":
      write(line.text);
      return exitCodes.ok;
    case "misuse":
      output.writeError(`berth: ${line.sentence}\n`);
      return exitCodes.usage;
    case "start":
      return await runHostCommand(line.options, { workingFolder, output, consolePort: consolePort() });
    case "record": {
      const { options } = line;
      const { asStart, recordingHost } = await import("./cli/record.ts");
      return await runHostCommand(asStart(options), {
        workingFolder,
        output,
        change: (host) => recordingHost(host, options, workingFolder),
      });
    }
    case "status": {
      const { showStatus } = await import("./cli/risk.ts");
      await showStatus(line.options, { workingFolder, nowMs: Date.now(), write });
      return exitCodes.ok;
    }
    case "risk": {
      const { changeRisk } = await import("./cli/risk.ts");
      await changeRisk(line.options, { workingFolder, nowMs: Date.now(), write });
      return exitCodes.ok;
    }
    case "kill":
      return await runKillCommand(line.options, workingFolder, output);
    case "journal": {
      const { showJournal } = await import("./cli/journal.ts");
      await showJournal(line.options, { workingFolder, nowMs: Date.now(), write });
      return exitCodes.ok;
    }
    case "explain": {
      const { showExplanation } = await import("./cli/journal.ts");
      await showExplanation(line.options, { workingFolder, nowMs: Date.now(), write });
      return exitCodes.ok;
    }
    case "doctor": {
      const { runDoctor } = await import("./cli/doctor.ts");
      const columns = output.size()?.columns;
      return await runDoctor(line.options, { workingFolder, write, columns, seed: drawSeed() });
    }
    case "backtest": {
      const { runBacktestCommand } = await import("./cli/backtest.ts");
      const { isTerminal } = output;
      const writeError = (text: string): void => output.writeError(text);
      await runBacktestCommand(line.options, { workingFolder, write, writeError, isTerminal });
      return exitCodes.ok;
    }
    case "plugin": {
      const { runPluginCommand } = await import("./cli/plugin_commands.ts");
      return await runPluginCommand(line.options, { workingFolder, nowMs: Date.now(), output, version });
    }
    case "config_check": {
      const { readPlace } = await import("./cli/place.ts");
      const place = await readPlace(
        { ...line.options, dataDir: undefined, environment: undefined },
        workingFolder,
      );
      write(
        place.configFile === undefined
          ? "There is no berth.json; the defaults hold.\n"
          : `${place.configFile} is fine.\n`,
      );
      return exitCodes.ok;
    }
    case "config_schema": {
      const { configJsonSchemaText } = await import("./host/config_json_schema.ts");
      write(configJsonSchemaText());
      return exitCodes.ok;
    }
    default:
      return line satisfies never;
  }
}

async function main(): Promise<number> {
  const output = openTerminalOutput();
  try {
    return await run(readCommandLine(Deno.args, version), output);
  } catch (error) {
    output.writeError(`${wordsOf(error).split("\n").map((sentence) => `berth: ${sentence}`).join("\n")}\n`);
    return exitCodeOf(error);
  } finally {
    await output.flush(2000);
  }
}

if (import.meta.main) {
  if (Deno.args[0] === keeperCommand) await (await import("./sandbox/worker_keeper.ts")).keepWorker();
  Deno.exit(await main());
}
