/** The end of a run: what brings it, and then in order: strategies, what they leave to be flattened, the last orders. */
import { isResidentStop } from "../model/order.ts";
import type { ShutdownRemains } from "../engine/events.ts";
import type { Clock } from "../model/clock.ts";
import type { PluginManager } from "./plugins/plugin_manager.ts";
import type { EngineDriver } from "./ports.ts";

const shutdownDeadlineMs = 5_000;
const flattenDeadlineMs = 5_000;

export type RunEnd =
  | { readonly kind: "asked"; readonly why: string }
  | { readonly kind: "failed"; readonly error: unknown };

/** What ends the run first: a signal, the end of its duration, or a failure. */
export function firstEnd(
  ends: {
    readonly stop: AbortSignal;
    /** Undefined: until a signal. */
    readonly durationMs: number | undefined;
    readonly failed: Promise<unknown>;
    /** Resolves with why there is nothing more to do; undefined where there always is. */
    readonly over: Promise<string> | undefined;
  },
): Promise<RunEnd> {
  const { stop, durationMs, failed, over } = ends;
  return Promise.race<RunEnd>([
    aborted(stop).then(() => ({ kind: "asked", why: String(stop.reason) })),
    failed.then((error) => ({ kind: "failed", error })),
    ...(over === undefined ? [] : [
      over.then((why): RunEnd => ({ kind: "asked", why }), (error): RunEnd => ({ kind: "failed", error })),
    ]),
    ...(durationMs === undefined
      ? []
      : [after(durationMs).then((): RunEnd => ({ kind: "asked", why: "duration is over" }))]),
  ]);
}

export interface LastOrders {
  readonly clock: Clock;
  readonly driver: EngineDriver;
  /** What the engine says of the orders when it has shut down. */
  readonly remains: Promise<ShutdownRemains>;
}

export interface OrderlyStop extends LastOrders {
  readonly manager: PluginManager;
}

/** Strategies stop first, then every order is cancelled; adapters still run afterwards. */
export async function stopTrading(parts: OrderlyStop, why: string): Promise<void> {
  const { clock, driver, manager } = parts;
  await manager.stopStrategies(why);
  await untilQuiet(clock, driver);
  await cancelOrders(parts, "signal");
}

/**
 * Cancels every order and lets none be sent from then on. Needs no journal: a cancel that is not written down is asked
 * for again by the next run at worst, an order that rests while nobody watches is filled.
 *
 * @param failure why the host can't go on: told as critical
 * @returns what was left when the venues had confirmed; undefined when they did not in time
 */
export async function cancelOrders(
  { clock, driver, remains }: LastOrders,
  by: string,
  failure?: string,
): Promise<ShutdownRemains | undefined> {
  driver.dispatch({
    kind: "operator",
    tsUs: clock.epochUs(),
    by,
    command: {
      kind: "shutdown",
      deadlineMs: shutdownDeadlineMs,
      ...(failure === undefined ? {} : { failure }),
    },
  });
  return await Promise.race([remains, after(shutdownDeadlineMs + 1_000).then(() => undefined)]);
}

/** Positions that a stopped plugin leaves to be flattened are closed before the last orders are cancelled. */
async function untilQuiet(clock: Clock, driver: EngineDriver): Promise<void> {
  const untilMs = clock.monotonicMs() + flattenDeadlineMs;
  while (clock.monotonicMs() < untilMs) {
    const state = driver.engine.snapshot(clock.epochUs());
    const isQuiet = state.workingOrders.every(isResidentStop); // these may stay
    if (isQuiet && !state.plugins.some((plugin) => plugin.isFlattening)) return;
    await after(25);
  }
}

const after = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs));

export const aborted = (signal: AbortSignal): Promise<void> =>
  signal.aborted
    ? Promise.resolve()
    : new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
