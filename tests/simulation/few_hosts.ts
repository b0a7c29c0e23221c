/** Hosts and their venues by hand, where a seed's scenario would say too much. */
import { fail } from "@std/assert";
import type { EngineEvent, EngineOutput } from "../../core/engine/events.ts";
import { type PluginId, venueId } from "../../core/model/ids.ts";
import { incrementValue, priceTicks, sizeLots } from "../../core/model/ticks.ts";
import { defaultRiskSettings } from "../../core/risk/settings.ts";
import { noFaults } from "../../exchanges/simulation/faults.ts";
import { seededRandom } from "../../exchanges/simulation/random.ts";
import { JournalDisk } from "./memory_journal.ts";
import { RandomTrader } from "./random_trader.ts";
import { SimHost, type SimWatcher } from "./sim_host.ts";
import { SimMarket } from "./sim_market.ts";
import { accountId, makeKeys, makeVenue, type SimVenue, usualVenues } from "./sim_venues.ts";
import { World } from "./virtual_time.ts";

const symbols = ["BTC-PERP"];
export const okx = venueId("okx");
const keys = await makeKeys();

/** Counts what a host's engine says. */
export class Count implements SimWatcher {
  readonly seen = new Map<string, number>();
  of(what: string): number {
    return this.seen.get(what) ?? 0;
  }
  onEvent(_event: EngineEvent, outputs: readonly EngineOutput[]): void {
    for (const output of outputs) {
      if (output.kind === "notice") this.#add(output.code);
      if (output.kind === "adapter_request") this.#add(`${output.request.kind} ${output.venue}`);
      if (output.kind !== "journal") continue;
      const { body } = output.entry;
      if (body.kind === "refusal") this.#add(body.code);
      if (body.kind === "repair") this.#add(body.repair.kind);
    }
  }
  onLog(): void {}
  #add(what: string): void {
    this.seen.set(what, this.of(what) + 1);
  }
}

/** Hosts that a test starts one by one beside two venues and a market. */
export class FewHosts {
  readonly world = new World(1_790_000_000_000);
  readonly random = seededRandom(11);
  readonly venues: readonly SimVenue[];

  constructor() {
    this.venues = usualVenues.map((name) =>
      makeVenue(name, {
        world: this.world,
        random: this.random.fork(name),
        symbols,
        faults: { ...noFaults, latencyMs: 2, latencyJitterMs: 5 },
        keys,
        isSigningShort: true,
      })
    );
    new SimMarket(this.world.clock, this.random.fork("market"), this.venues.map(({ control }) => control))
      .start();
  }

  host(hostTag: string): { readonly host: SimHost; readonly count: Count; readonly disk: JournalDisk } {
    const count = new Count();
    const disk = new JournalDisk();
    const { world, venues, random } = this;
    const host = new SimHost({
      world,
      random: random.fork(hostTag),
      disk,
      venues,
      symbols,
      risk: defaultRiskSettings,
      watcher: count,
      wallOffsetMs: 0,
      holdBackMs: () => 0,
      hostTag,
      hasBooks: false,
    });
    return { host, count, disk };
  }

  trader(host: SimHost, plugin: PluginId): RandomTrader {
    const random = this.random.fork(`trader/${plugin}`);
    const order = { everyMs: 200, orderUsd: 500, onStop: "keep_positions", exits: undefined } as const;
    return new RandomTrader({ plugin, subscriber: 1, random, host, ...order });
  }

  async pass(ms: number): Promise<void> {
    await this.world.runUntil(this.world.clock.nowMs() + ms);
  }

  openOrders(): readonly string[] {
    return this.venues.flatMap(({ control }) => control.openOrders(accountId)).map((order) =>
      order.clientOrderId
    );
  }

  stop(): void {
    for (const { protocol } of this.venues) protocol.stop();
  }
}

/** A buy order on OKX that is too low to be filled. */
export function restOnOkx(host: SimHost, plugin: PluginId): void {
  const { id, tick } = host.instruments.find(({ venue }) => venue === okx) ?? fail("OKX lists nothing");
  const bid = host.engine.quotes.bidPrice(host.engine.indexOf(id) ?? -1);
  const limitPriceTicks = priceTicks(Math.round(bid * 0.95 / incrementValue(tick)));
  host.dispatch({
    kind: "intent",
    intent: {
      plugin,
      ref: "resting",
      instrument: id,
      side: "buy",
      sizeLots: sizeLots(1),
      reduceOnly: false,
      pricing: { kind: "limit", limitPriceTicks, timeInForce: "GTC", postOnly: true },
      causes: [],
    },
  });
}
