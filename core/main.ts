/**
 * Entry: reads the command line, loads what the command needs and nothing else, and ends with an exit code of
 * `cli/exit_codes.ts`.
 */
import { type CommandLine, readCommandLine } from "./cli/command_line.ts";
import type { KillOptions } from "./cli/operator_command_line.ts";
import { exitCodeOf } from "./cli/exit_codes.ts";
import { ConfigFaults } from "./cli/place.ts";
import type { StartOptions } from "./cli/start_options.ts";
import { version } from "./cli/version.ts";
import { BerthError, describeError } from "./errors.ts";
import { exitCodes, type HostOptions } from "./host/config/options.ts";
import { systemClock } from "./host/system_clock.ts";
import type { TerminalOutput } from "./terminal/ports.ts";
import { openTerminalOutput } from "./terminal/terminal_output.ts";

/** For a person, without a stack trace: usage in one sentence, all else with why and what to do. */
function wordsOf(error: unknown): string {
  if (error instanceof BerthError && error.code === "CLI_USAGE") {
    return `${error.text.what}; ${error.text.fix}.`;
  }
  return describeError(error);
}

/** Exit code 0 when the venues confirm that nothing is left. */
async function runKillCommand(
  options: KillOptions,
  workingFolder: string,
  output: TerminalOutput,
): Promise<number> {
  const { kill } = await import("./cli/kill.ts");
  const { hostOptions, listenForSignals } = await import("./cli/start.ts");
  const { plainStart } = await import("./cli/start_options.ts");
  const { runKill } = await import("./host/compose.ts");
  using signals = listenForSignals();
  const { isClean } = await kill(options, {
    workingFolder,
    output,
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    runKill,
    hostOptions: (quiet) =>
      hostOptions({
        ...plainStart,
        ...options,
        logLevel: "warn",
        isLiveConfirmed: true, // it only closes
        isConsoleOff: true,
      }, { version, workingFolder, output: quiet, signals, drawSeed: () => 1 }),
  });
  return isClean ? exitCodes.ok : exitCodes.failure;
}

interface HostCommand {
  readonly workingFolder: string;
  readonly output: TerminalOutput;
  /** What a command has otherwise than `start`. */
  readonly change?: (host: HostOptions) => HostOptions;
}

/** A host in this process, until its end. */
async function runHostCommand(options: StartOptions, command: HostCommand): Promise<number> {
  const { hostOptions, listenForSignals } = await import("./cli/start.ts");
  const { workingFolder, output, change = (host) => host } = command;
  using signals = listenForSignals();
  const around = { version, workingFolder, output, signals, drawSeed };
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
      return await runHostCommand(line.options, { workingFolder, output });
    case "record": {
      const { options } = line;
      const { asStart, recordingHost } = await import("./cli/record.ts");
      return await runHostCommand(asStart(options), {
        workingFolder,
        output,
        change: (host) => recordingHost(host, options, workingFolder),
      });
    }
    case "replay": {
      const { options } = line;
      const { replayAsStart, replayingHost } = await import("./cli/replay.ts");
      return await runHostCommand(replayAsStart(options), {
        workingFolder,
        output,
        change: (host) => replayingHost(host, options, workingFolder),
      });
    }
    case "spreads": {
      const { showSpreads } = await import("./cli/spreads.ts");
      await showSpreads(line.options, { workingFolder, write });
      return exitCodes.ok;
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
    case "venue_leverage": {
      const { setLeverage } = await import("./cli/venue.ts");
      await setLeverage(line.options, { workingFolder, nowMs: Date.now(), write });
      return exitCodes.ok;
    }
    case "kill":
      return await runKillCommand(line.options, workingFolder, output);
    case "journal": {
      const { showJournal } = await import("./cli/journal.ts");
      await showJournal(line.options, { workingFolder, nowMs: Date.now(), write });
      return exitCodes.ok;
    }
    case "journal_upkeep": {
      const { keepUpJournal } = await import("./cli/journal_upkeep.ts");
      await keepUpJournal(line.options, { workingFolder, nowMs: Date.now(), write });
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
    case "alerts": {
      const { runAlertsCommand } = await import("./cli/alerts.ts");
      return await runAlertsCommand(line.options, { workingFolder, write, clock: systemClock() });
    }
    case "config_check": {
      const { checkConfiguration } = await import("./cli/config.ts");
      return await checkConfiguration(line.options, { workingFolder, write });
    }
    case "config_show": {
      const { showConfiguration } = await import("./cli/config.ts");
      await showConfiguration(line.options, { workingFolder, write });
      return exitCodes.ok;
    }
    case "config_schema": {
      const { configJsonSchemaText } = await import("./host/config/config_json_schema.ts");
      write(configJsonSchemaText());
      return exitCodes.ok;
    }
    default:
      return line satisfies never;
  }
}

/** For a program that asked for JSON: one object on standard error. */
function errorLine(error: unknown): string {
  const facts = error instanceof BerthError
    ? { code: error.code, ...error.text }
    : error instanceof ConfigFaults
    ? { code: "CONFIG_INVALID", what: "The configuration has faults.", faults: error.faults }
    : { what: describeError(error) };
  return JSON.stringify({ error: facts });
}

/** Runs the command that the command line names; resolves with the exit code. */
export async function main(): Promise<number> {
  const output = openTerminalOutput();
  try {
    return await run(readCommandLine(Deno.args, version, output.size()?.columns), output);
  } catch (error) {
    const lines = Deno.args.includes("--json")
      ? [errorLine(error)]
      : wordsOf(error).split("\n").map((sentence) => `berth: ${sentence}`);
    output.writeError(`${lines.join("\n")}\n`);
    return exitCodeOf(error);
  } finally {
    await output.flush(2000);
  }
}

if (import.meta.main) Deno.exit(await main());
