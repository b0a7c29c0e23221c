/** The adapter and its venue in one process on virtual time: what takes minutes, and what a jump of the clock does. */
import { assert, assertEquals } from "@std/assert";
import {
  clientOrderId,
  type ExchangeAdapter,
  type OrderRequest,
  parseInstrumentId,
  priceTicks,
  sizeLots,
} from "@berth/sdk";
import type { OpenSocket } from "@berth/sdk/venue/transport.ts";
import { HyperliquidAdapter } from "../../../exchanges/hyperliquid/adapter.ts";
import { clientIdOf } from "../../../exchanges/hyperliquid/client_ids.ts";
import type { HyperliquidSettings } from "../../../exchanges/hyperliquid/settings.ts";
import {
  createProtocol,
  makeCredentials,
  simulatedInstruments,
} from "../../../exchanges/hyperliquid/simulator.ts";
import { noFaults } from "../../../exchanges/simulation/faults.ts";
import type { FaultProfile } from "../../../exchanges/simulation/ports.ts";
import { seededRandom } from "../../../exchanges/simulation/random.ts";
import {
  createSimulatedVenue,
  type SimulatedVenueControl,
} from "../../../exchanges/simulation/simulated_venue.ts";
import { MemoryNetwork } from "../../simulation/memory_network.ts";
import { SimProcess, World } from "../../simulation/virtual_time.ts";
import { constantRandom, defaultSettings, Published, recordingLog } from "./fakes.ts";
import { accountId, quoteHouse, setMark, startMs } from "./simulated.ts";
import { usualNames } from "../../support/venue_fakes.ts";

const btc = parseInstrumentId("hyperliquid:BTC-PERP");

interface Bench {
  readonly world: World;
  readonly process: SimProcess;
  readonly venue: SimulatedVenueControl;
  readonly network: MemoryNetwork;
  readonly adapter: ExchangeAdapter;
  readonly published: Published;
  readonly log: ReturnType<typeof recordingLog>;
  readonly gauges: Map<string, number>;
  /** While true no socket can be opened; those that are stay. */
  refuseSockets: boolean;
  run(durationMs: number): Promise<void>;
  /** What a promise comes to within a minute. */
  settled<T>(promise: Promise<T>): Promise<T>;
}

async function bench(
  settings: Partial<HyperliquidSettings> = {},
  weather: Partial<FaultProfile> = {},
  seed = 7,
): Promise<Bench> {
  const world = new World(startMs);
  const process = new SimProcess(world);
  const random = seededRandom(seed);
  const venue = createSimulatedVenue({
    venue: "hyperliquid",
    instruments: simulatedInstruments,
    clock: world.clock,
    firstId: 1_000,
  });
  venue.deposit(accountId, "100000");
  setMark(venue, 60_000.5);
  quoteHouse(venue);
  const credentials = await makeCredentials(random.fork("credentials"));
  const faults = { ...noFaults, ...weather };
  const protocol = createProtocol({
    venue,
    accountId,
    credentials,
    faults,
    random,
    priorVolumeUsd: 2_000_000,
  });
  const network = new MemoryNetwork(world.clock, random.fork("network"), protocol);
  const published = new Published();
  const log = recordingLog();
  const gauges = new Map<string, number>();
  const openSocket: OpenSocket = (url, handlers) => {
    if (made.refuseSockets) {
      process.after(1, () => handlers.onClose("refused"));
      return { send() {}, close() {} };
    }
    return network.connect(process, { url }, {
      onOpen: () => handlers.onOpen(),
      onData: (data) => handlers.onText(String(data)),
      onClose: (why) => handlers.onClose(why),
    });
  };
  const adapter = new HyperliquidAdapter({
    venue: "hyperliquid",
    environment: "sim",
    endpoints: { restUrl: "http://venue.test", wsUrl: "ws://venue.test/ws" },
    symbols: ["BTC-PERP"],
    symbolFor: usualNames,
    secret: (name) => credentials[name],
    settings: { ...defaultSettings, ...settings },
    publish: published.port,
    clock: process,
    scheduler: process,
    random: constantRandom,
    log,
    gauge: (name, value) => void gauges.set(name, value),
  }, { fetch: network.fetchOf(process), openSocket });
  const made: Bench = {
    world,
    process,
    venue,
    network,
    adapter,
    published,
    log,
    gauges,
    refuseSockets: false,
    run: (durationMs) => world.runUntil(world.clock.nowMs() + durationMs),
    async settled(promise) {
      let isOver = false;
      const over = (): void => void (isOver = true);
      promise.then(over, over);
      await world.runUntil(world.clock.nowMs() + 60_000, () => isOver);
      assert(isOver, "nothing came of it in a minute");
      return await promise;
    },
  };
  return made;
}

const never = new AbortController().signal;
const order = (id: string, ticks = 599_000): OrderRequest => ({
  instrument: btc,
  clientOrderId: clientOrderId(id),
  side: "buy",
  sizeLots: sizeLots(10_000),
  reduceOnly: false,
  pricing: { kind: "limit", limitPriceTicks: priceTicks(ticks), timeInForce: "GTC", postOnly: false },
});

Deno.test("while the stream is down quotes come by REST, marked as such, and stop when it is back", async () => {
  const test = await bench();
  await test.settled(test.adapter.start(never));
  test.adapter.marketData.subscribe([{ instrument: btc, kinds: ["quotes", "books"] }]);
  await test.run(2_000);
  const sources = () => test.published.of("quote").map((quote) => quote.source);
  assertEquals(new Set(sources()), new Set(["stream"]));
  test.refuseSockets = true;
  test.network.cutAll();
  await test.run(3_000);
  const before = sources().length;
  await test.run(10_000);
  const polled = sources().slice(before);
  assert(polled.length >= 5 && polled.every((source) => source === "rest"), polled.join(" "));
  assertEquals(test.published.of("book").at(-1)?.value.kind, "invalid");
  test.refuseSockets = false;
  await test.run(40_000);
  quoteHouse(test.venue, 30);
  await test.run(2_000);
  assertEquals(sources().at(-1), "stream");
  assertEquals(test.published.of("book").at(-1)?.value.kind, "snapshot");
  await test.adapter.stop();
});

Deno.test("statistics and health tell of each channel, and what is left of the account's requests", async () => {
  const test = await bench();
  await test.settled(test.adapter.start(never));
  test.adapter.marketData.subscribe([{ instrument: btc, kinds: ["quotes", "marks"] }]);
  await test.run(6_000);
  const channels = test.published.of("statistics").at(-1)?.value ?? [];
  const quotes = channels.find((one) => one.channel === "quotes" && one.instrument === btc);
  const account = channels.find((one) => one.channel === "account");
  assert((quotes?.updates ?? 0) >= 1 && quotes?.latencyP99Ms !== undefined);
  assert((account?.updates ?? 0) >= 1);
  assertEquals([test.gauges.get("clock_offset_ms"), test.gauges.get("address_requests_left")], [
    0,
    2_010_000,
  ]);
  const health = test.published.of("health").at(-1)?.value;
  assertEquals([health?.marketData, health?.privateStream, health?.reconnects], [
    "connected",
    "connected",
    0,
  ]);
  await test.adapter.stop();
});

Deno.test("the dead man's switch is moved on while we live, and cancels everything when we are gone", async () => {
  const test = await bench({ deadMansSwitchSeconds: 30 });
  await test.settled(test.adapter.start(never));
  const { trading } = test.adapter;
  assert(trading !== undefined);
  assertEquals((await test.settled(trading.submit(order("rest1"), never))).kind, "acknowledged");
  await test.run(120_000);
  assertEquals(test.venue.openOrders(accountId).length, 1);
  assertEquals(test.published.of("health").at(-1)?.value.deadMansSwitch, "armed");
  test.process.kill();
  await test.run(19_000);
  assertEquals(test.venue.openOrders(accountId).length, 1, "a renewal was at most 10 s ago");
  await test.run(12_000);
  assertEquals(test.venue.orderHistory(accountId).map((one) => one.cancelReason), ["dead_mans_switch"]);
});

Deno.test("a stop takes the switch back: what is meant to stay at the venue stays", async () => {
  const test = await bench({ deadMansSwitchSeconds: 15 });
  await test.settled(test.adapter.start(never));
  const { trading } = test.adapter;
  assert(trading !== undefined);
  await test.settled(trading.submit(order("rest1"), never));
  await test.settled(test.adapter.stop());
  await test.run(60_000);
  assertEquals(test.venue.openOrders(accountId).length, 1);
});

Deno.test("a wall clock that jumps minutes back or a day ahead has no order refused", async () => {
  const test = await bench();
  await test.settled(test.adapter.start(never));
  const { trading } = test.adapter;
  assert(trading !== undefined);
  for (const [at, jumpMs] of [-300_000, 2 * 86_400_000, -86_400_000].entries()) {
    test.process.jumpClock(jumpMs);
    const outcome = await test.settled(trading.submit(order(`jump${at}`), never));
    assertEquals(outcome.kind, "acknowledged", JSON.stringify(outcome));
  }
  await test.adapter.stop();
});

Deno.test("fills that nobody told of are asked for page by page, oldest first, each once", async () => {
  const test = await bench();
  await test.settled(test.adapter.start(never));
  const { trading } = test.adapter;
  assert(trading !== undefined);
  // Two and a half pages, several in one millisecond.
  for (let i = 0; i < 5_000; i++) {
    test.venue.submit({
      accountId,
      symbol: "BTC-PERP",
      clientOrderId: `~${i}`,
      side: i % 2 === 0 ? "buy" : "sell",
      type: "market",
      timeInForce: "IOC",
      postOnly: false,
      reduceOnly: false,
      sizeLots: 100,
    });
    if (i % 7 === 0) test.world.clock.advanceTo(test.world.clock.nowMs() + 1);
  }
  const fills = await test.settled(trading.fills(startMs, never));
  assertEquals(fills.length, test.venue.fills(accountId).length);
  assertEquals(new Set(fills.map((fill) => fill.fillId)).size, fills.length);
  assert(fills.every((fill, at) => at === 0 || (fills[at - 1]?.tsVenueMs ?? 0) <= fill.tsVenueMs));
  await test.adapter.stop();
});

const weathers: readonly { readonly name: string; readonly weather: Partial<FaultProfile> }[] = [
  { name: "calm", weather: { latencyMs: 15, latencyJitterMs: 40 } },
  {
    name: "lost answers",
    weather: { latencyMs: 15, latencyJitterMs: 40, loseAnswer: 0.15, loseRequest: 0.1 },
  },
  { name: "repeats", weather: { latencyMs: 5, latencyJitterMs: 100, duplicatePrivatePush: 0.4 } },
];
for (const { name, weather } of weathers) {
  Deno.test(`orders that are changed while they fill are told as the venue has them (${name})`, async () => {
    for (const seed of [1, 2]) {
      const test = await bench({}, weather, seed);
      await test.settled(test.adapter.start(never));
      const { trading } = test.adapter;
      assert(trading !== undefined);
      const dice = seededRandom(seed).fork("dice");
      const working = new Set<string>();
      /** Orders that are being changed: as the host does it, one change at a time. */
      const changing = new Set<string>();
      const deadline = (): AbortSignal => {
        const controller = new AbortController();
        test.process.after(2_000, () => controller.abort());
        return controller.signal;
      };
      let count = 0;
      const deeds = [
        () => {
          const id = `chg${seed}x${++count}`;
          working.add(id);
          void trading.submit(order(id, 599_900 + 10 * Math.floor(dice.next() * 11)), deadline());
        },
        () => {
          const id = [...working][Math.floor(dice.next() * working.size)];
          if (id === undefined) return;
          if (changing.has(id)) return;
          changing.add(id);
          const lots = 2_000 + 1_000 * Math.floor(dice.next() * 15);
          const ticks = 599_900 + 10 * Math.floor(dice.next() * 13);
          const key = { instrument: btc, clientOrderId: clientOrderId(id), venueOrderId: undefined };
          const change = {
            side: "buy",
            sizeLots: sizeLots(lots),
            limitPriceTicks: priceTicks(ticks),
          } as const;
          trading.amend?.({ ...key, ...change }, deadline()).finally(() => changing.delete(id));
        },
        () => test.venue.takeHouse("BTC-PERP", "sell", 1_000 + Math.floor(dice.next() * 8_000)),
        () => {
          const id = [...working][Math.floor(dice.next() * working.size)];
          if (id === undefined || dice.next() < 0.7) return;
          const key = { instrument: btc, clientOrderId: clientOrderId(id), venueOrderId: undefined };
          void trading.cancel(key, deadline());
        },
      ];
      // The house steps back, so that takers meet our orders.
      test.venue.quoteHouse("BTC-PERP", "buy", new Map([[590_000, 1_000_000]]));
      test.process.every(60, () => {
        if (test.world.clock.nowMs() < startMs + 20_000) deeds[Math.floor(dice.next() * deeds.length)]?.();
      });
      await test.run(40_000);
      const filled = new Map<string, number>();
      for (const fill of test.venue.fills(accountId)) {
        const id = String(clientIdOf(fill.clientOrderId));
        filled.set(id, (filled.get(id) ?? 0) + fill.sizeLots);
      }
      assert(filled.size > 5, `${filled.size} orders were filled`);
      const open = new Map(
        test.venue.openOrders(accountId).map((one) => [String(clientIdOf(one.clientOrderId)), one]),
      );
      let changed = 0;
      for (const id of working) {
        const key = { instrument: btc, clientOrderId: clientOrderId(id), venueOrderId: undefined };
        const found = await test.settled(trading.queryOrder(key, deadline()));
        if (found.kind === "not_found") {
          assertEquals([open.has(id), filled.has(id)], [false, false], `seed ${seed}: ${id} was never there`);
          continue;
        }
        assert(found.kind === "found", `seed ${seed} ${id}: ${JSON.stringify(found)}`);
        const { report } = found;
        const last = test.published.of("order").findLast((event) => event.value.clientOrderId === id)?.value;
        const there = open.get(id);
        assertEquals(report.status === "open", there !== undefined, `seed ${seed}: ${id}`);
        assertEquals<number>(report.filledLots, filled.get(id) ?? 0, `seed ${seed}: filled of ${id}`);
        if (there !== undefined) {
          assertEquals<number>(report.sizeLots - report.filledLots, there.sizeLots - there.filledLots, id);
        }
        assertEquals(
          [last?.status, last?.filledLots],
          [report.status, report.filledLots],
          `seed ${seed}: told of ${id}`,
        );
        const numbers = new Set(
          test.venue.orderHistory(accountId).filter((one) => String(clientIdOf(one.clientOrderId)) === id)
            .map((one) => one.orderId),
        );
        if (numbers.size > 1) changed += 1;
      }
      assert(changed > 5, `${changed} orders were changed`);
      await test.adapter.stop();
    }
  });
}
