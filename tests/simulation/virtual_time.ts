/** Virtual time as each party of a simulation sees it. Nothing here reads the machine's clock. */
import type { Clock, Scheduler } from "../../core/model/clock.ts";
import { VirtualClock } from "../../exchanges/simulation/clock.ts";

/** The world's clock: moves on by one task at a time, and lets promises settle after each. */
export class World {
  readonly clock: VirtualClock;
  #taskCount = 0;

  constructor(startMs: number) {
    this.clock = new VirtualClock(startMs);
  }

  get taskCount(): number {
    return this.#taskCount;
  }

  async runUntil(endMs: number, isDone: () => boolean = () => false): Promise<void> {
    let isOver = false;
    const cancel = this.clock.schedule(endMs - this.clock.nowMs(), () => (isOver = true));
    while (!isOver && !isDone() && this.clock.runNext()) {
      this.#taskCount += 1;
      await settle();
    }
    cancel();
  }
}

/** Lets promises run that are ready, and those that they make ready. What is left runs after the next task. */
async function settle(): Promise<void> {
  for (let hop = 0; hop < 40; hop++) await null;
}

/**
 * A process of the simulated machine: its timers and its clocks. When it is killed, nothing that it planned happens,
 * and nothing that it hears is heard.
 */
export class SimProcess implements Clock, Scheduler {
  readonly #world: World;
  readonly #parent: SimProcess | undefined;
  #isDead = false;
  #wallOffsetMs = 0;

  constructor(world: World, parent?: SimProcess) {
    this.#world = world;
    this.#parent = parent;
  }

  get isAlive(): boolean {
    return !this.#isDead && (this.#parent?.isAlive ?? true);
  }

  kill(): void {
    this.#isDead = true;
  }

  /** The machine's wall clock is set; durations don't notice. */
  jumpClock(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  get wallOffsetMs(): number {
    return this.#wallOffsetMs + (this.#parent?.wallOffsetMs ?? 0);
  }

  epochMs = (): number => Math.floor(this.#world.clock.nowMs() + this.wallOffsetMs);
  epochUs = (): number => Math.round((this.#world.clock.nowMs() + this.wallOffsetMs) * 1000);
  monotonicMs = (): number => this.#world.clock.nowMs();

  after = (delayMs: number, task: () => void): () => void =>
    this.#world.clock.schedule(delayMs, () => {
      if (this.isAlive) task();
    });

  every(periodMs: number, task: () => void): void {
    this.after(periodMs, () => {
      task();
      this.every(periodMs, task);
    });
  }
}
