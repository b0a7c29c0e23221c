/** A thread of the simulation: a seed in, its result out. */
import { runSeed, type SeedResult } from "./run_seed.ts";
import { makeKeys } from "./sim_venues.ts";

interface Scope {
  onmessage: ((event: MessageEvent<number>) => void) | null;
  postMessage(result: SeedResult): void;
}
declare const self: Scope;

const keys = makeKeys();

self.onmessage = async ({ data: seed }) => {
  self.postMessage(await runSeed(seed, { keys: await keys, isLogging: false }));
};
