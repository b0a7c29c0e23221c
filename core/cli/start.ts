/** `berth start`: command line and configuration become the host's options; signals become abort signals. */
import { resolve } from "node:path";
import { BerthError } from "../errors.ts";
import type { HostOptions, HostSignals } from "../host/config/options.ts";
import { isCompiled } from "../sandbox/edition.ts";
import { sandboxKindOf } from "../sandbox/kind_names.ts";
import type { TerminalOutput } from "../terminal/ports.ts";
import type { StartOptions } from "./start_options.ts";
import { settingFlags } from "./setting_flags.ts";
import { existingFolders, readPlace } from "./place.ts";

/** What `start` needs beside its options. */
export interface StartSurroundings {
  readonly version: string;
  readonly workingFolder: string;
  readonly output: TerminalOutput;
  readonly signals: HostSignals;
  /** A seed for a start that names none, from 0 to 2^32 − 1. */
  drawSeed(): number;
}

/**
 * The host's options.
 *
 * @throws {ConfigFaults} with a line for each fault
 * @throws {BerthError} CONFIG_UNREADABLE, CLI_USAGE, HOST_LIVE_NOT_CONFIRMED
 */
export async function hostOptions(options: StartOptions, around: StartSurroundings): Promise<HostOptions> {
  const { workingFolder, output } = around;
  const pluginFolders = await existingFolders("--plugins", options.pluginFolders, workingFolder);
  const trustedFolders = await existingFolders("--trust", options.trustedFolders, workingFolder);
  const read = () => readPlace(options, workingFolder, settingFlags({ ...options, pluginFolders }));
  const { config, configFile } = await read();
  const { environment } = config;
  if (environment === "live" && !options.isLiveConfirmed) {
    throw new BerthError("HOST_LIVE_NOT_CONFIRMED", { environment });
  }
  if (sandboxKindOf(config.sandbox, isCompiled()) === undefined) {
    throw new BerthError("CLI_USAGE", {
      problem: `This berth can't have sandbox ${config.sandbox}`,
      fix: "leave it at auto: a compiled berth can't start a process with fewer permissions than its own",
    });
  }
  const { seed, log: { format } } = config;
  return {
    version: around.version,
    strategies: "all",
    recordTo: undefined,
    replay: undefined,
    environment,
    isLiveConfirmed: options.isLiveConfirmed,
    seed: seed ?? around.drawSeed(),
    isSeedGiven: seed !== undefined,
    durationMs: options.durationMs,
    configFile,
    config,
    rereadConfig: async () => (await read()).config,
    logFormat: format === "auto" ? (output.isTerminal ? "pretty" : "json") : format,
    isTraced: Deno.env.get("OTEL_DENO") === "true",
    trustedFolders,
    envFile: resolve(workingFolder, ".env"),
    output,
    signals: around.signals,
  };
}

const stopSignals: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/** Windows has no signals of one's own; the file KILL and the command line do the same there. */
const killSignals: readonly { readonly name: Deno.Signal; readonly flatten: boolean }[] =
  Deno.build.os === "windows"
    ? []
    : [{ name: "SIGUSR1", flatten: false }, { name: "SIGUSR2", flatten: true }];

export interface ListeningSignals extends HostSignals, Disposable {}

/** The first signal asks to stop, a second one to leave at once. */
export function listenForSignals(): ListeningSignals {
  const stop = new AbortController();
  const leave = new AbortController();
  let onKill: ((flatten: boolean) => void) | undefined;
  let early: boolean | undefined; // a kill that came before the host could act
  const kill = (flatten: boolean): void => {
    if (onKill === undefined) early = flatten || early === true;
    else onKill(flatten);
  };
  const killListeners = killSignals.map(({ name, flatten }) => ({ name, listener: () => kill(flatten) }));
  for (const { name, listener } of killListeners) Deno.addSignalListener(name, listener);
  const listeners = stopSignals.map((name) => {
    const listener = (): void => {
      (stop.signal.aborted ? leave : stop).abort(name);
    };
    Deno.addSignalListener(name, listener);
    return { name, listener };
  });
  return {
    stop: stop.signal,
    leave: leave.signal,
    onKill: (listener) => {
      onKill = listener;
      if (early !== undefined) listener(early);
    },
    [Symbol.dispose]() {
      for (const { name, listener } of [...listeners, ...killListeners]) {
        Deno.removeSignalListener(name, listener);
      }
    },
  };
}
