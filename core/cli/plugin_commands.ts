/** `berth plugin`: to the command that was asked for. */
import { exitCodes } from "../host/config/options.ts";
import type { TerminalOutput } from "../terminal/ports.ts";
import type { PluginCommandOptions } from "./plugin_options.ts";

export interface PluginCommandSurroundings {
  readonly workingFolder: string;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  readonly output: TerminalOutput;
  readonly version: string;
}

/** @returns the exit code */
export async function runPluginCommand(
  options: PluginCommandOptions,
  { workingFolder, nowMs, output, version }: PluginCommandSurroundings,
): Promise<number> {
  const write = (text: string): void => output.write(text);
  switch (options.action) {
    case "new": {
      const { newPlugin } = await import("./plugin_new.ts");
      await newPlugin(options, workingFolder, write);
      return exitCodes.ok;
    }
    case "check": {
      const { checkPlugin } = await import("./plugin_check.ts");
      return await checkPlugin(options, { workingFolder, version, write });
    }
    default: {
      const { managePlugins } = await import("./plugin.ts");
      const columns = output.size()?.columns;
      const ask = Deno.stdin.isTerminal() && output.isTerminal ? askBy(output) : undefined;
      return await managePlugins(options, { workingFolder, nowMs, write, columns, ask });
    }
  }
}

/** Asks on the terminal; the end of its input is no answer. */
const askBy = (output: TerminalOutput) => async (question: string): Promise<string> => {
  output.write(question);
  await output.flush(1_000);
  const buffer = new Uint8Array(1_024);
  const count = await Deno.stdin.read(buffer);
  return count === null ? "" : new TextDecoder().decode(buffer.subarray(0, count));
};
