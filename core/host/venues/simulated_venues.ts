/** The simulated venues of a run: those that somebody else keeps, or new ones in a process of their own. */
import { BerthError } from "../../errors.ts";
import type { HostConfig } from "../config/config.ts";
import { attachSimulation, type Simulation, startSimulation } from "./simulation_process.ts";

export interface SimulatedVenuesOptions {
  readonly settings: HostConfig["simulation"];
  /** Folder names of the venues that the configuration has on. */
  readonly venues: readonly string[];
  readonly seed: number;
  readonly onLog: (line: string) => void;
  /** The venues are gone though nobody stopped them. */
  readonly onLost: (error: BerthError) => void;
}

export async function simulatedVenues(options: SimulatedVenuesOptions): Promise<Simulation> {
  const { settings, venues, seed, onLog, onLost } = options;
  if (settings.attach !== undefined) return await attachSimulation(settings.attach);
  return await startSimulation({
    venues,
    seed,
    depositUsd: String(settings.depositUsd),
    faults: settings.faults,
    onLog,
    onLost: (code) =>
      onLost(
        new BerthError("PLUGIN_CRASHED", { pluginId: "simulated venues", reason: `exit code ${code}` }),
      ),
  });
}
