/** Notices a saved config file: settings of running strategies follow it, everything else waits for the next start. */
import { dirname } from "node:path";
import { describeError } from "../errors.ts";
import { type HostConfig, readConfig } from "./config.ts";
import type { HostLog } from "./ports.ts";

const lookEveryMs = 1_000;

/** Calls back with each valid new content; a faulty one is told and changes nothing. Returns how to end it. */
export function watchConfig(file: string, log: HostLog, onChange: (config: HostConfig) => void): () => void {
  let lastText: string | undefined;
  const look = async (): Promise<void> => {
    try {
      const text = await Deno.readTextFile(file);
      const isFirst = lastText === undefined;
      if (text === lastText) return;
      lastText = text;
      if (isFirst) return;
      const { checked } = await readConfig(file, dirname(file));
      if (checked.kind === "valid") return onChange(checked.value);
      const faults = checked.faults.map((fault) =>
        `${fault.field} is ${fault.found}; expected ${fault.expected}`
      );
      log.write("error", "host", `${file} was saved with faults, nothing was changed: ${faults.join("; ")}`);
    } catch (error) {
      log.write("warn", "host", `the config file can't be read now: ${describeError(error)}`);
    }
  };
  void look();
  const timer = setInterval(() => void look(), lookEveryMs);
  return () => clearInterval(timer);
}
