/** Two berths on one account of the simulated venues: each notices the other, and an operator decides which of them goes on. */
import { assertEquals, assertGreater, fail } from "@std/assert";
import type { EngineEvent, EngineOutput } from "../../core/engine/events.ts";
import { type PluginId, pluginId, venueId } from "../../core/model/ids.ts";
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
const okx = venueId("okx");
const keys = await makeKeys();

/** Counts what a host's engine says. */
class Count implements SimWatcher {
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

class TwoHosts {
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

  host(hostTag: string): { readonly host: SimHost; readonly count: Count } {
    const count = new Count();
    const { world, venues, random } = this;
    const host = new SimHost({
      world,
      random: random.fork(hostTag),
      disk: new JournalDisk(),
      venues,
      symbols,
      risk: defaultRiskSettings,
      watcher: count,
      wallOffsetMs: 0,
      holdBackMs: () => 0,
      hostTag,
      hasBooks: false,
    });
    return { host, count };
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
function rest(host: SimHost, plugin: PluginId): void {
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

Deno.test("a host that comes to an account of a berth that runs is refused on every venue, and so is the first", async () => {
  const two = new TwoHosts();
  const first = two.host("one1");
  await two.pass(1_500);
  const trader = two.trader(first.host, pluginId("first"));
  await two.pass(10_000);
  assertGreater(first.count.of("submit okx"), 5);
  assertGreater(first.count.of("submit paradex"), 5);
  assertEquals(first.count.of("OTHER_HOST"), 0);

  const second = two.host("two2");
  await two.pass(1_500);
  const other = two.trader(second.host, pluginId("second"));
  await two.pass(5_000);
  assertEquals(second.count.of("OTHER_HOST"), 2);
  assertEquals([second.count.of("submit okx"), second.count.of("submit paradex")], [0, 0]);
  assertGreater(second.count.of("ACCOUNT_OTHER_HOST"), 5);
  assertEquals([second.count.of("cancel okx"), second.count.of("cancel paradex")], [0, 0]);

  // An operator who lets the second go on beside the first: whoever is quicker trades, the other is closed, not both.
  for (const { id: venue } of two.venues) {
    const scope = { kind: "account" as const, venue };
    second.host.dispatch({
      kind: "operator",
      by: "cli",
      command: { kind: "set_state", scope, state: "active", reason: "a mistake" },
    });
  }
  await two.pass(5_000);
  const noticed = first.count.of("OTHER_HOST") + second.count.of("OTHER_HOST");
  assertEquals(noticed, 4);
  assertEquals([second.count.of("submit okx"), second.count.of("submit paradex")], [0, 0]);
  trader.rest();
  other.rest();
  two.stop();
});

Deno.test("a host whose journal was lost takes over its own old orders in one command, and trades on", async () => {
  const two = new TwoHosts();
  const old = two.host("old1");
  await two.pass(1_500);
  two.trader(old.host, pluginId("trader")).rest();
  rest(old.host, pluginId("trader"));
  await two.pass(1_000);
  old.host.kill();
  const left = two.openOrders();
  assertEquals(left.length, 1);
  await two.pass(12_000); // the dead man's switch would cancel it after 30 s

  const fresh = two.host("new1");
  await two.pass(2_000);
  const trader = two.trader(fresh.host, pluginId("trader"));
  await two.pass(3_000);
  // Nothing of the old one is at Paradex: only OKX is closed.
  assertEquals(fresh.count.of("submit okx"), 0);
  assertGreater(fresh.count.of("submit paradex"), 0);
  assertGreater(fresh.count.of("ACCOUNT_OTHER_HOST"), 0);
  const command = { kind: "take_over", venue: okx, tag: "old1", reason: "the disk is gone" } as const;
  fresh.host.dispatch({ kind: "operator", by: "cli", command });
  await two.pass(10_000);
  assertEquals([fresh.count.of("HOST_TAKEN_OVER"), fresh.count.of("order_adopted")], [1, 1]);
  assertGreater(fresh.count.of("submit okx"), 5);
  assertEquals(two.openOrders().filter((id) => left.includes(id)), []);
  trader.rest();
  two.stop();
});
