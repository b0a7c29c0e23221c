/** Spreads seeds over a few worker threads; each takes the next one when it is done. */
import type { SeedResult } from "./run_seed.ts";

export interface SeedsOptions {
  readonly first: number;
  readonly count: number;
  readonly jobs: number;
  readonly onResult?: (result: SeedResult) => void;
}

/** Runs them all; returns those that failed. */
export async function runSeeds(options: SeedsOptions): Promise<readonly SeedResult[]> {
  const { first, count, jobs, onResult } = options;
  const failed: SeedResult[] = [];
  let next = first;
  const work = (): Promise<void> => {
    const worker = new Worker(new URL("./seed_worker.ts", import.meta.url), { type: "module" });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const give = (): void => {
      if (next < first + count) worker.postMessage(next++);
      else {
        worker.terminate();
        resolve();
      }
    };
    worker.onmessage = ({ data }: MessageEvent<SeedResult>) => {
      onResult?.(data);
      if (data.violations.length > 0) failed.push(data);
      give();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      worker.terminate();
      reject(new Error(`a worker of the simulation ended: ${event.message}`));
    };
    give();
    return promise;
  };
  await Promise.all(Array.from({ length: Math.min(jobs, count) }, work));
  return failed.toSorted((a, b) => a.seed - b.seed);
}
