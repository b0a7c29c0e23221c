/** A sandbox that holds a module in this process, for backtests by the hundred: the runtime, its frames, no process. */
import type { Sandbox } from "../../../core/sandbox/sandbox.ts";
import { MemoryPlugin } from "../../simulation/memory_plugin.ts";
import { SimProcess, World } from "../../simulation/virtual_time.ts";

export interface MemorySandbox extends Sandbox {
  /** Turns that plugins were given so far. */
  readonly turns: number;
}

/** Of the time that its pipes and heartbeats take, which is none of the backtest's. */
const patienceMs = 1e6;

/** @param module a strategy's default export */
export function memorySandbox(module: unknown): MemorySandbox {
  let turns = 0;
  return {
    get turns() {
      return turns;
    },
    start({ hello }, handlers) {
      if (hello.role !== "strategy") throw new Error("strategies only");
      const world = new World(0);
      const host = new SimProcess(world);
      let isGone = false;
      const plugin = new MemoryPlugin({
        world,
        host,
        module,
        hello,
        delayMs: () => 0.05,
        onMessage: (message) => {
          if (message.type === "paused") turns++;
          handlers.onMessage(message);
        },
        onExit: (exit) => {
          isGone = true;
          handlers.onExit(exit);
        },
      });
      host.every(1, () => undefined); // time goes on while nothing is on its way
      void world.runUntil(patienceMs, () => isGone);
      return plugin;
    },
  };
}
