/** A whole run of berth with a configuration file, on simulated venues, and what its summary says. */
import { assertEquals } from "@std/assert";
import { projectDir } from "./mini_host.ts";
import { join } from "node:path";

export interface Summary {
  readonly venues: readonly {
    readonly venue: string;
    readonly quotes: number;
    readonly fills: number;
    readonly ledger: { readonly agrees: boolean; readonly differences: readonly string[] };
  }[];
  readonly groups: { readonly opened: number; readonly closed: number; readonly broken: number };
  readonly fills: number;
  readonly positions: readonly unknown[];
  readonly workingOrders: readonly unknown[];
}

/** @returns the summary, and all that was printed; a run that fails or complains is a failed test */
export async function runConfigured(
  configFile: string,
  dataDir: string,
  durationS: number,
): Promise<{ readonly summary: Summary; readonly out: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--frozen", join(projectDir, "core/main.ts"), "start"]
      .concat("--duration", `${durationS}s`, "--seed", "1", "--config", configFile, "--data-dir", dataDir),
    cwd: projectDir,
  }).output();
  const out = new TextDecoder().decode(stdout);
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""], out.slice(-3_000));
  const summary: Summary = JSON.parse(out.trim().split("\n").at(-1) ?? "");
  return { summary, out };
}
