/** One seeded run from a fresh start to a flat end. The same seed gives the same run, byte for byte. */
import type { EngineSnapshot } from "../../core/engine/snapshot.ts";
import type { ExitTerms } from "../../core/model/exit_plan.ts";
import type { PluginId } from "../../core/model/ids.ts";
import { pluginId } from "../../core/model/ids.ts";
import type { RiskSettings } from "../../core/model/risk_limits.ts";
import { scopeName } from "../../core/model/risk_limits.ts";
import { defaultRiskSettings } from "../../core/risk/settings.ts";
import { noFaults } from "../../exchanges/simulation/faults.ts";
import type { FaultProfile, SimulationRandom } from "../../exchanges/simulation/ports.ts";
import { between, exponential, seededRandom } from "../../exchanges/simulation/random.ts";
import { bookedFills, differences, remains } from "./agreement.ts";
import { JournalDisk } from "./memory_journal.ts";
import { Observer } from "./observer.ts";
import { sampleMs } from "./naked_watch.ts";
import { arbitrageId, ArbitrageTrader, drawArbitrageSettings } from "./arbitrage_trader.ts";
import { PairTrader } from "./pair_trader.ts";
import { noExits, RandomTrader } from "./random_trader.ts";
import { SimHost } from "./sim_host.ts";
import { SimMarket } from "./sim_market.ts";
import { makeVenue, type SimVenue, usualVenues, type VenueKeys, type VenueName } from "./sim_venues.ts";
import { World } from "./virtual_time.ts";

export interface SeedResult {
  readonly seed: number;
  readonly violations: readonly string[];
  /** Every event in order; empty unless asked for. */
  readonly lines: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  /** Virtual milliseconds and tasks of the run. */
  readonly durationMs: number;
  readonly tasks: number;
}

const startMs = 1_790_000_000_000;
const calmLimitMs = 60_000;

const risk: RiskSettings = {
  ...defaultRiskSettings,
  global: {
    ...defaultRiskSettings.global,
    maxOrderNotionalUsd: 6_000,
    maxPositionNotionalUsd: 20_000,
    maxNetExposureUsd: 30_000,
    maxGrossExposureUsd: 40_000,
    maxOpenOrders: 24,
    maxOrdersPerSecond: 12,
  },
  account: {
    ...defaultRiskSettings.account,
    maxOrderNotionalUsd: 6_000,
    maxPositionNotionalUsd: 16_000,
    maxNetExposureUsd: 24_000,
    maxGrossExposureUsd: 24_000,
    maxOpenOrders: 16,
    maxOrdersPerSecond: 8,
    maxDailyLossUsd: 400,
  },
  plugin: {
    ...defaultRiskSettings.plugin,
    maxOrderNotionalUsd: 5_000,
    maxPositionNotionalUsd: 10_000,
    maxNetExposureUsd: 15_000,
    maxGrossExposureUsd: 24_000,
    maxOpenOrders: 9,
    maxOrdersPerSecond: 5,
    maxDailyLossUsd: 150,
  },
};

/** Who trades: in half of the seeds the arbitrage's own code. */
const casts: readonly (readonly string[])[] = [
  ["random_one"],
  ["random_one", "random_two"],
  ["pair_one"],
  ["pair_one", "random_one"],
  [arbitrageId],
  [arbitrageId],
  [arbitrageId, "random_one"],
  [arbitrageId, "pair_one"],
];

/** Each seed has its own weather: some faults not at all, the others from a little to a lot. */
function faultsOf(random: SimulationRandom): FaultProfile {
  const some = (most: number): number => random.next() < 0.5 ? 0 : random.next() ** 2 * most;
  return {
    ...noFaults,
    latencyMs: between(random, 0.5, 20),
    latencyJitterMs: random.next() < 0.3 ? between(random, 50, 600) : between(random, 0.5, 30),
    dropPrivatePush: some(0.4),
    duplicatePrivatePush: some(0.5),
    gapPublic: some(0.05),
    loseAnswer: some(0.3),
    loseRequest: some(0.3),
    rateLimit: some(0.3),
    reject: some(0.2),
    disconnectEveryMs: random.next() < 0.5 ? 0 : between(random, 4_000, 30_000),
  };
}

export interface RunOptions {
  readonly keys: VenueKeys;
  readonly isLogging: boolean;
  /** Real signatures of the STARK curve. */
  readonly hasRealSignatures?: boolean;
  readonly venues?: readonly VenueName[];
}

export async function runSeed(seed: number, options: RunOptions): Promise<SeedResult> {
  const run = new Run(seed, options);
  try {
    await run.play();
  } catch (error) {
    run.observer.fail(
      `the run threw: ${error instanceof Error ? error.stack ?? error.message : String(error)}`,
    );
  }
  const { observer, world } = run;
  observer.counts.set("groups", observer.naked.groups);
  return {
    seed,
    violations: observer.violations,
    lines: observer.lines,
    counts: Object.fromEntries(observer.counts),
    durationMs: world.clock.nowMs() - startMs,
    tasks: world.taskCount,
  };
}

class Run {
  readonly world = new World(startMs);
  readonly observer: Observer;
  readonly #random: SimulationRandom;
  readonly #disk = new JournalDisk();
  readonly #venues: readonly SimVenue[];
  readonly #symbols: readonly string[];
  readonly #faults: FaultProfile;
  readonly #holdBack: number;
  readonly #pluginIds: readonly PluginId[];
  readonly #isFair: boolean;
  readonly #market: SimMarket;
  /** Draws exit plans for the random traders' orders; undefined in runs without. */
  readonly #exits: SimulationRandom | undefined;
  readonly #shocks: SimulationRandom;
  #host: SimHost | undefined;
  readonly #hasBooks: boolean;
  readonly #arbitrageSettings: Readonly<Record<string, unknown>>;
  readonly #traders = new Map<PluginId, RandomTrader | PairTrader | ArbitrageTrader>();
  readonly #inMaintenance = new Set<string>();
  #isStormy = true;
  #wallOffsetMs = 0;
  #hostStarts = 0;

  constructor(
    seed: number,
    { keys, isLogging, hasRealSignatures = false, venues = usualVenues }: RunOptions,
  ) {
    const random = seededRandom(seed).fork("run");
    this.#random = random;
    this.#isFair = random.next() < 0.15;
    const faults = faultsOf(random);
    this.#faults = this.#isFair ? { ...noFaults, latencyMs: 5, latencyJitterMs: 10 } : faults;
    this.#holdBack = this.#isFair || random.next() < 0.5 ? 0 : random.next() * 0.2;
    this.#symbols = random.next() < 0.7 ? ["BTC-PERP"] : ["BTC-PERP", "SOL-PERP"];
    this.#pluginIds = (casts[Math.floor(random.next() * casts.length)] ?? []).map(pluginId);
    this.#hasBooks = this.#pluginIds.some((plugin) => plugin === arbitrageId) && random.next() < 0.1; // they cost time
    this.#arbitrageSettings = drawArbitrageSettings(random.fork("arbitrage"), this.#symbols);
    this.#venues = venues.map((name) =>
      makeVenue(name, {
        world: this.world,
        random: random.fork(`venue/${name}`),
        symbols: this.#symbols,
        faults: this.#faults,
        keys,
        isSigningShort: !hasRealSignatures,
      })
    );
    const controls = this.#venues.map(({ control }) => control);
    this.#market = new SimMarket(this.world.clock, random.fork("market"), controls);
    this.#market.start();
    this.#exits = random.fork("exits").next() < 0.5 ? random.fork("exit terms") : undefined;
    this.#shocks = random.fork("shocks");
    this.observer = new Observer({
      world: this.world,
      isHostDown: () => this.#host === undefined,
      venues: this.#venues,
      risk,
      isLogging,
      nakedSlackMs: this.#isFair ? 1_500 : 25_000,
    });
    this.observer.say(`faults ${JSON.stringify(this.#faults)}`);
  }

  async play(): Promise<void> {
    const { clock } = this.world;
    this.#startHost();
    if (!this.#isFair) this.#planStorm();
    this.#watchNaked();
    await this.world.runUntil(clock.nowMs() + between(this.#random, 12_000, 30_000));
    this.#calmDown();
    await this.#untilAgreed("after the storm");
    this.#guardPositions();
    await this.#untilAgreed("with all positions guarded");
    if (this.#random.next() < 0.5) {
      this.#killHost("once more, in quiet");
      await this.world.runUntil(clock.nowMs() + 1_500);
      await this.#untilAgreed("after a quiet restart");
    }
    await this.#killSwitch();
    for (const venue of this.#venues) venue.protocol.stop();
  }

  // ---- the host

  #startHost(): void {
    this.#hostStarts += 1;
    const random = this.#random.fork(`host/${this.#hostStarts}`);
    const holdBack = random.fork("hold_back");
    const { observer } = this;
    observer.say(`host starts, ${this.#disk.records.length} records in its journal`);
    observer.hostStarted(this.#committedStates());
    observer.keepBookedFills(bookedFills(this.#disk));
    const host: SimHost = new SimHost({
      world: this.world,
      random,
      disk: this.#disk,
      venues: this.#venues,
      symbols: this.#symbols,
      risk,
      watcher: observer,
      wallOffsetMs: this.#wallOffsetMs,
      hasBooks: this.#hasBooks,
      holdBackMs: () => this.#isStormy && holdBack.next() < this.#holdBack ? holdBack.next() * 400 : 0,
    });
    this.#host = host;
    this.#traders.clear();
    if (!this.#isStormy) return;
    this.#pluginIds.forEach((plugin, at) =>
      host.process.after(500 + at * 200, () => this.#startTrader(host, plugin, at + 1))
    );
  }

  #committedStates(): ReadonlyMap<string, string> {
    const states = new Map<string, string>();
    for (const { scope, body } of this.#disk.keptValues()) {
      if (scope !== "trading_state" || typeof body !== "object" || body === null) continue;
      if ("scope" in body && "after" in body) states.set(nameOf(body.scope), String(body.after));
    }
    return states;
  }

  #startTrader(host: SimHost, plugin: PluginId, subscriber: number): void {
    if (!this.#isStormy) return;
    const random = this.#random.fork(`trader/${plugin}/${this.world.clock.nowMs()}`);
    if (plugin === arbitrageId) {
      this.#traders.set(plugin, this.#startArbitrage(host, plugin, subscriber, random));
      return;
    }
    if (plugin.startsWith("pair")) {
      this.#traders.set(plugin, new PairTrader({ plugin, subscriber, random, host }));
      return;
    }
    this.#traders.set(
      plugin,
      new RandomTrader({
        plugin,
        subscriber,
        random,
        host,
        everyMs: between(random, 120, 700),
        onStop: random.next() < 0.5 ? "keep_positions" : "flatten",
        orderUsd: between(random, 500, 4_000),
        exits: this.#exits?.fork(`${plugin}/${this.world.clock.nowMs()}`),
      }),
    );
  }

  #startArbitrage(
    host: SimHost,
    plugin: PluginId,
    subscriber: number,
    random: SimulationRandom,
  ): ArbitrageTrader {
    const { observer, world } = this;
    return new ArbitrageTrader({
      world,
      plugin,
      subscriber,
      random,
      host,
      settings: this.#arbitrageSettings,
      say: (line) => observer.say(line),
      count: (what) => observer.count(what),
      fail: (what) => observer.fail(what),
    });
  }

  #killHost(why: string): void {
    this.observer.say(`host is killed: ${why}`);
    this.observer.count("host kills");
    this.#host?.kill();
    this.#host = undefined;
    this.#traders.clear();
    const sign = this.observer.standingStopSign();
    if (sign !== 0 && this.#shocks.next() < 0.8) {
      // Prices go through what only the venue can close now.
      const fraction = sign * between(this.#shocks, 0.008, 0.015);
      this.world.clock.schedule(200, () => this.#market.shock(fraction));
    }
    this.world.clock.schedule(between(this.#random, 1_000, 4_000), () => {
      if (this.#host === undefined) this.#startHost();
    });
  }

  #watchNaked(): void {
    this.world.clock.schedule(sampleMs, () => {
      this.observer.naked.sample(this.observer.naked.isAnyNaked && this.#isAble());
      this.#watchNaked();
    });
  }

  /** Whether what is wrong could be put right now. */
  #isAble(): boolean {
    const host = this.#host;
    if (
      host === undefined ||
      this.#venues.some(({ network, name }) => network.isDown || this.#inMaintenance.has(name))
    ) {
      return false;
    }
    const { venues, scopes } = host.engine.snapshot(host.process.epochUs());
    return venues.length === this.#venues.length && scopes.every(({ state }) => state === "active") &&
      venues.every(({ isReconciled, health }) => isReconciled && health?.privateStream === "connected");
  }

  // ---- the storm

  #planStorm(): void {
    const random = this.#random.fork("storm");
    const deeds: readonly { readonly everyMs: number; readonly act: () => void }[] = [
      { everyMs: 12_000, act: () => this.#crash(random) },
      { everyMs: 20_000, act: () => this.#crashAdapter(random) },
      { everyMs: 15_000, act: () => this.#crashPlugin(random) },
      { everyMs: 15_000, act: () => this.#one(random).network.cutAll() },
      { everyMs: 25_000, act: () => this.#outage(random) },
      { everyMs: 25_000, act: () => this.#maintenance(random) },
      { everyMs: 30_000, act: () => this.#jumpClock(random) },
      { everyMs: 25_000, act: () => this.#operator(random) },
    ];
    const guarded = this.#exits === undefined ? [] : [{ everyMs: 6_000, act: () => this.#crashWithStops() }];
    for (const { everyMs, act } of [...deeds, ...guarded]) {
      if (random.next() < 0.4) continue; // not in this run
      const plan = (): void => {
        this.world.clock.schedule(exponential(random, everyMs), () => {
          if (!this.#isStormy) return;
          act();
          plan();
        });
      };
      plan();
    }
  }

  #one(random: SimulationRandom): SimVenue {
    const venue = this.#venues[Math.floor(random.next() * this.#venues.length)];
    if (venue === undefined) throw new Error("no venue");
    return venue;
  }

  #crash(random: SimulationRandom): void {
    // At the boundary of some event, not at a time when nothing happens.
    this.world.clock.schedule(random.next() * 50, () => {
      if (this.#host !== undefined) this.#killHost("crash");
    });
  }

  #crashWithStops(): void {
    if (this.#host !== undefined && this.observer.standingStopSign() !== 0) {
      this.#killHost("while a stop stands at a venue");
    }
  }

  #crashAdapter(random: SimulationRandom): void {
    const venue = this.#one(random);
    this.observer.say(`the adapter of ${venue.name} crashes`);
    this.#host?.crashAdapter(venue, between(random, 200, 3_000));
  }

  #crashPlugin(random: SimulationRandom): void {
    const host = this.#host;
    const at = Math.floor(random.next() * this.#pluginIds.length);
    const plugin = this.#pluginIds[at];
    const trader = plugin === undefined ? undefined : this.#traders.get(plugin);
    if (host === undefined || trader === undefined || plugin === undefined) return;
    this.observer.say(`${plugin} crashes`);
    trader.crash(random.next() < 0.7);
    this.#traders.delete(plugin);
    host.process.after(between(random, 1_000, 4_000), () => this.#startTrader(host, plugin, at + 1));
  }

  #outage(random: SimulationRandom): void {
    const { network, name } = this.#one(random);
    this.observer.say(`${name} can't be reached`);
    network.isDown = true;
    network.cutAll();
    this.world.clock.schedule(between(random, 500, 6_000), () => (network.isDown = false));
  }

  #maintenance(random: SimulationRandom): void {
    const { control, name } = this.#one(random);
    this.observer.say(`maintenance of ${name}`);
    control.setMaintenance(true);
    this.#inMaintenance.add(name);
    this.world.clock.schedule(between(random, 500, 6_000), () => {
      control.setMaintenance(false);
      this.#inMaintenance.delete(name);
    });
  }

  #jumpClock(random: SimulationRandom): void {
    const byMs = Math.round((random.next() < 0.5 ? -1 : 1) * between(random, 50, 90_000) ** 1);
    this.observer.say(`the machine's clock jumps by ${byMs} ms`);
    this.#wallOffsetMs += byMs;
    this.#host?.process.jumpClock(byMs);
  }

  #operator(random: SimulationRandom): void {
    const plugin = this.#pluginIds[0];
    if (plugin === undefined) return;
    const scope = random.next() < 0.5 ? { kind: "global" as const } : { kind: "plugin" as const, plugin };
    const set = (state: "reducing" | "halted" | "active"): void =>
      this.#host?.dispatch({
        kind: "operator",
        by: "cli",
        command: { kind: "set_state", scope, state, reason: "storm" },
      });
    set(random.next() < 0.7 ? "reducing" : "halted");
    this.world.clock.schedule(between(random, 500, 4_000), () => set("active"));
  }

  #calmDown(): void {
    this.observer.say("calm");
    this.#isStormy = false;
    for (const trader of this.#traders.values()) trader.rest();
    for (const { control, network, protocol } of this.#venues) {
      network.isDown = false;
      control.setMaintenance(false);
      this.#inMaintenance.clear();
      protocol.setFaults({ ...noFaults, latencyMs: 2, latencyJitterMs: 5 });
    }
  }

  /** What is held is guarded, so that something stands when the host dies once more. */
  #guardPositions(): void {
    const host = this.#host;
    if (host === undefined || this.#exits === undefined) return;
    const terms: ExitTerms = { ...noExits, stopLossBps: between(this.#exits, 20, 50) };
    for (
      const { plugin, instrument, positionLots } of host.engine.snapshot(host.process.epochUs()).positions
    ) {
      if (positionLots === 0) continue;
      host.dispatch({ kind: "set_exit_intent", intent: { plugin, instrument, terms, entryRef: undefined } });
    }
  }

  // ---- the end

  #differences(): readonly string[] {
    const host = this.#host;
    if (host === undefined) return ["no host runs"];
    const state = host.engine.snapshot(host.process.epochUs());
    const orders = state.workingOrders.filter(({ status }) =>
      status !== "accepted" && status !== "partially_filled"
    );
    return [
      ...this.#venues.flatMap((venue) => differences(venue, state, this.#disk)),
      ...(scopesAreActive(state) ? this.observer.naked.left() : []),
      ...orders.map(({ clientOrderId, status }) => `${clientOrderId} is ${status}`),
      ...state.plugins.filter((plugin) => plugin.isFlattening).map(({ plugin }) =>
        `${plugin} is being flattened`
      ),
    ];
  }

  async #untilAgreed(when: string): Promise<void> {
    const { clock } = this.world;
    const endMs = clock.nowMs() + calmLimitMs;
    let left: readonly string[] = ["not looked at yet"];
    while (clock.nowMs() < endMs && left.length > 0) {
      await this.world.runUntil(clock.nowMs() + 1_000);
      left = this.#differences();
    }
    for (const one of left) this.observer.fail(`${when}: ${one}`);
  }

  /** What plugins hold in our books, whatever the accounts do. */
  #heldByPlugins(): readonly string[] {
    const host = this.#host;
    const positions = host?.engine.snapshot(host.process.epochUs()).positions ?? [];
    return positions.filter(({ positionLots }) => positionLots !== 0)
      .map(({ plugin, instrument, positionLots }) => `${plugin} holds ${positionLots} lots of ${instrument}`);
  }

  /** Everything is cancelled and closed, and the venues say so. */
  async #killSwitch(): Promise<void> {
    const { clock } = this.world;
    this.observer.say("kill switch");
    this.observer.naked.end();
    this.#host?.dispatch({ kind: "operator", by: "cli", command: { kind: "kill", flatten: true } });
    const endMs = clock.nowMs() + 60_000;
    let left: readonly string[] = ["not looked at yet"];
    while (clock.nowMs() < endMs && left.length > 0) {
      await this.world.runUntil(clock.nowMs() + 500);
      left = [...this.#venues.flatMap(remains), ...this.#differences(), ...this.#heldByPlugins()];
    }
    for (const one of left) this.observer.fail(`after the kill: ${one}`);
  }
}

/** A halted plugin's groups wait for an operator. */
const scopesAreActive = ({ scopes }: EngineSnapshot): boolean =>
  scopes.every(({ state }) => state === "active");

/** Name of a scope as the journal kept it. */
function nameOf(scope: unknown): string {
  if (typeof scope !== "object" || scope === null || !("kind" in scope)) return "?";
  if (scope.kind === "plugin" && "plugin" in scope) {
    return scopeName({ kind: "plugin", plugin: pluginId(String(scope.plugin)) });
  }
  return scope.kind === "account" && "venue" in scope ? `account/${String(scope.venue)}` : "global";
}
