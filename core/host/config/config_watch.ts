/** Notices a saved config file: settings of running strategies and of alerts follow it, everything else waits for the next start. */
import { describeError } from "../../errors.ts";
import type { HostConfig } from "./config.ts";
import type { HostLog } from "../ports.ts";

const lookEveryMs = 1_000;

export interface ConfigWatchOptions {
  /** Absolute. */
  readonly file: string;
  readonly log: HostLog;
  /** The whole configuration anew, environment and flags over the file; throws where it has faults. */
  reread(): Promise<HostConfig>;
  onChange(config: HostConfig): void;
}

/** Calls back with each valid new content; a faulty one is told and changes nothing. Returns how to end it. */
export function watchConfig({ file, log, reread, onChange }: ConfigWatchOptions): () => void {
  let lastText: string | undefined;
  const look = async (): Promise<void> => {
    try {
      const text = await Deno.readTextFile(file);
      const isFirst = lastText === undefined;
      if (text === lastText) return;
      lastText = text;
      if (!isFirst) onChange(await reread());
    } catch (error) {
      const words = describeError(error).replaceAll("\n", " ");
      log.write("error", "host", `${file} was changed, and nothing follows it: ${words}`);
    }
  };
  void look();
  const timer = setInterval(() => void look(), lookEveryMs);
  return () => clearInterval(timer);
}
