/** Seeded randomness with labelled forks: adding a consumer does not move the numbers of the others. */
import type { SimulationRandom } from "./ports.ts";

/** FNV-1a over the label, mixed with the parent's seed. */
function forkSeed(seed: number, label: string): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let index = 0; index < label.length; index++) {
    hash = Math.imul(hash ^ label.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash;
}

/** mulberry32: small, fast, and good enough for markets that nobody bets on. */
export function seededRandom(seed: number): SimulationRandom {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    },
    fork: (label) => seededRandom(forkSeed(seed, label)),
  };
}

/** Standard normal by Box and Muller. */
export function normal(random: SimulationRandom): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

/** Exponential waiting time with this mean. */
export const exponential = (random: SimulationRandom, mean: number): number =>
  -Math.log(1 - random.next()) * mean;

/** Uniform between two bounds. */
export const between = (random: SimulationRandom, low: number, high: number): number =>
  low + (high - low) * random.next();

/** Hexadecimal digits, as keys are made of. */
export const hexText = (random: SimulationRandom, length: number): string =>
  Array.from({ length }, () => Math.floor(random.next() * 16).toString(16)).join("");
