/**
 * The arbitrage plugin itself, from its own module: its context is the SDK's, its words pass the host's own channel with
 * grant, budget and schema. Costs are set aside by its settings, so that it trades often; what it does is its own.
 */
import { grantOf, StrategyChannel, visibleInstruments } from "../../core/host/plugins/strategy_channel.ts";
import type { HostLog } from "../../core/host/ports.ts";
import { checkSettings } from "../../core/host/plugins/manifest_schema.ts";
import { BerthError } from "../../core/errors.ts";
import type { PluginId } from "../../core/model/ids.ts";
import { protocolVersion } from "../../core/protocol/messages.ts";
import type { SimulationRandom } from "../../exchanges/simulation/ports.ts";
import { between } from "../../exchanges/simulation/random.ts";
import arbitrage from "../../plugins/cross_exchange_arbitrage/mod.ts";
import { MemoryPlugin } from "./memory_plugin.ts";
import type { SimHost } from "./sim_host.ts";
import type { World } from "./virtual_time.ts";

export const arbitrageId = arbitrage.manifest.id;

/** What the manifest's checks have passed: they are the host's, and tests of it have them. */
const { manifest } = arbitrage;

/** The plugin's settings of one seed: drawn once, the same over its restarts. */
export function drawArbitrageSettings(
  random: SimulationRandom,
  symbols: readonly string[],
): Readonly<Record<string, unknown>> {
  const pick = <T>(choices: readonly T[]): T | undefined =>
    choices[Math.floor(random.next() * choices.length)];
  return {
    symbols,
    minNetEdgeBps: between(random, -25, -5),
    minRoundTripBps: -60,
    orderNotionalUsd: between(random, 300, 2_000),
    depthShare: between(random, 0.3, 1),
    legMode: pick(["pilot_first", "together", "maker_first"]),
    makerRestMs: between(random, 300, 5_000),
    pilotVenue: pick(["", "okx", "paradex"]),
    entryMode: pick(["fixed", "fixed", "percentile", "z_score"]),
    sampleEveryMs: 100,
    minSamples: 10,
    entryPercentile: 60,
    entryFloorBps: -5,
    entryZ: 0.5,
    priceCapBps: between(random, 0, 5),
    exitPriceCapBps: between(random, 2, 20),
    completeMaxLossBps: between(random, 0, 12),
    maxNakedMs: between(random, 1_000, 4_000),
    closeSpreadBps: between(random, -1, 3),
    takeProfitBps: between(random, -25, -10),
    maxHoldMs: between(random, 2_000, 20_000),
    cooldownMs: 200,
    failureCooldownMs: between(random, 300, 1_500),
  };
}

export interface ArbitrageTraderOptions {
  readonly world: World;
  readonly plugin: PluginId;
  readonly subscriber: number;
  readonly random: SimulationRandom;
  readonly host: SimHost;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly say: (line: string) => void;
  readonly count: (what: string) => void;
  /** It did what the plugin never may: it threw, it broke the protocol, it said too much. */
  readonly fail: (what: string) => void;
}

export class ArbitrageTrader {
  readonly #options: ArbitrageTraderOptions;
  readonly #process: MemoryPlugin;
  #isAttached = true;

  constructor(options: ArbitrageTraderOptions) {
    const { world, plugin, subscriber, random, host, count, fail } = options;
    this.#options = options;
    const { driver } = host;
    const checked = checkSettings(manifest.settings, options.settings);
    if (checked.kind === "invalid") throw new Error(JSON.stringify(checked.faults));
    const channel = new StrategyChannel({
      plugin,
      manifest,
      driver,
      log: this.#log(),
      tally: {
        opportunity: (_plugin, { isTaken, slippageBps }) => {
          count(isTaken ? "opportunities taken" : "opportunities left");
          if (slippageBps > 0) count("opportunities that reach into a book");
        },
        gauge: () => undefined,
        panel: () => undefined,
      },
      saveState: (value) => host.keepPluginState(plugin, value),
      askHistory: () => Promise.resolve({ kind: "failed", code: "unreachable", details: "not asked for" }),
      answer: () => undefined,
      onBreach: (reason) => fail(`${plugin} broke a limit of its channel: ${reason.message}`),
    });
    this.#process = new MemoryPlugin({
      world,
      host: host.process,
      module: arbitrage,
      hello: {
        type: "hello",
        role: "strategy",
        protocolVersion,
        pluginId: plugin,
        environment: "sim",
        settings: checked.value,
        secrets: {},
        savedState: host.pluginState(plugin) ?? null,
        seed: 1,
        heartbeatEveryMs: 1_000,
        timeMode: "real",
        epochUs: host.process.epochUs(),
        instruments: visibleInstruments(driver, manifest),
      },
      // Mostly at once; now and then the plugin is busy, and market data is conflated before it.
      delayMs: () => random.next() < 0.02 ? between(random, 5, 150) : 0.05,
      onMessage: (message) => {
        if (message.type === "failed") fail(`${plugin} failed: ${message.details}`);
        if (message.type === "callback_error") {
          fail(`${plugin} threw in ${message.callback}: ${message.details}`);
        }
        channel.onMessage(message);
      },
      onExit: ({ code, reason }) => {
        // Pairs that can't be closed in time are the host's from then on: that is no mistake of the plugin's.
        if (reason !== undefined && reason.code !== "PLUGIN_STOP_LATE") {
          fail(`${plugin} ended with code ${code}: ${reason.message}`);
        }
        this.#detach("ended", true);
      },
    });
    host.attachPlugin({ plugin, subscriber, process: this.#process, trading: manifest.trading });
    host.dispatch({
      kind: "plugin_started",
      plugin,
      subscriber,
      grant: grantOf(manifest),
      budget: {
        maxOrderNotionalUsd: 1e6,
        maxPositionNotionalUsd: 1e6,
        maxOrdersPerSecond: 1e3,
        maxDailyLossUsd: 1e6,
      },
      onStop: manifest.onStop,
    });
  }

  /** It is asked to stop, or hangs, or is gone: whichever, its pairs are the host's to end. */
  rest(): void {
    const { random, host, plugin, subscriber, say } = this.#options;
    const draw = random.next();
    if (draw < 0.5) {
      say(`${plugin} is asked to stop`);
      void this.#process.stop("calm", 10_000);
    } else if (draw < 0.75) {
      say(`${plugin} hangs`);
      this.#isAttached = false;
      host.detachPlugin(plugin, subscriber);
      this.#kill();
    } else this.crash(true);
  }

  crash(isFinal: boolean): void {
    this.#kill();
    this.#detach("crash", isFinal);
  }

  #kill(): void {
    void this.#process.kill(
      new BerthError("PLUGIN_CRASHED", { pluginId: this.#options.plugin, reason: "storm" }),
    );
  }

  #detach(reason: string, isFinal: boolean): void {
    if (!this.#isAttached) return;
    this.#isAttached = false;
    const { host, plugin, subscriber } = this.#options;
    host.detachPlugin(plugin, subscriber);
    host.dispatch({ kind: "plugin_stopped", plugin, reason, isFinal });
  }

  #log(): HostLog {
    const { say } = this.#options;
    return {
      write: (level, source, message, fields) =>
        say(`${level} ${source}: ${message} ${JSON.stringify(fields ?? {})}`),
    };
  }
}
