/** Time as a plugin sees it: real, or virtual and moved by the host. */
import type { Time } from "./strategy.ts";

/** What the runtime needs of the machine, taken before the plugin is loaded. */
export interface Platform {
  epochMs(): number;
  epochUs(): number;
  monotonicMs(): number;
  /** Runs `task` once; the returned function cancels. */
  after(delayMs: number, task: () => void): () => void;
  /** Runs `task` in the next turn of the event loop. */
  nextTurn(task: () => void): void;
  heapUsedBytes(): number;
  seededRandom(seed: number): () => number;
}

export interface PluginTime extends Time {
  /** Virtual time only: moves on and runs what falls due, in order. */
  advance(epochUs: number): void;
  /** Virtual time only: when the next timer falls due; Infinity for none. */
  nextDueUs(): number;
}

/** Runs a task of the plugin; what it throws is the guard's to report. */
export type Guard = (callback: string, run: () => void) => void;

export function createTime(
  hello: { readonly timeMode: "real" | "virtual"; readonly epochUs: number },
  platform: Platform,
  guard: Guard,
): PluginTime {
  return hello.timeMode === "real" ? realTime(platform, guard) : virtualTime(hello.epochUs, guard);
}

function realTime(platform: Platform, guard: Guard): PluginTime {
  const after = (delayMs: number, task: () => void): () => void =>
    platform.after(delayMs, () => guard("timer", task));
  return {
    epochMs: () => platform.epochMs(),
    epochUs: () => platform.epochUs(),
    after,
    every(periodMs, task) {
      let cancel = after(periodMs, run);
      let isOver = false;
      function run(): void {
        if (isOver) return;
        cancel = after(periodMs, run);
        task();
      }
      return () => {
        isOver = true;
        cancel();
      };
    },
    advance: () => undefined, // real time moves by itself
    nextDueUs: () => Infinity,
  };
}

interface Planned {
  readonly atUs: number;
  readonly task: () => void;
}

function virtualTime(startUs: number, guard: Guard): PluginTime {
  let nowUs = startUs;
  /** The next one last. */
  const planned: Planned[] = [];
  const after = (delayMs: number, task: () => void): () => void => {
    const entry: Planned = { atUs: nowUs + Math.max(0, delayMs) * 1000, task };
    let place = planned.length;
    while (place > 0 && (planned[place - 1]?.atUs ?? Infinity) <= entry.atUs) place--;
    planned.splice(place, 0, entry);
    return () => {
      const at = planned.indexOf(entry);
      if (at >= 0) planned.splice(at, 1);
    };
  };
  return {
    epochMs: () => nowUs / 1000,
    epochUs: () => nowUs,
    after,
    every(periodMs, task) {
      let isOver = false;
      let cancel = after(Math.max(periodMs, 1), run);
      function run(): void {
        if (isOver) return;
        cancel = after(Math.max(periodMs, 1), run);
        task();
      }
      return () => {
        isOver = true;
        cancel();
      };
    },
    advance(epochUs) {
      for (let due = planned.at(-1); due !== undefined && due.atUs <= epochUs; due = planned.at(-1)) {
        planned.pop();
        nowUs = Math.max(nowUs, due.atUs);
        guard("timer", due.task);
      }
      nowUs = Math.max(nowUs, epochUs);
    },
    nextDueUs: () => planned.at(-1)?.atUs ?? Infinity,
  };
}
