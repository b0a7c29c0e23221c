/** Adapter and venue in one process on virtual time. */
import { assert } from "@std/assert";
import {
  clientOrderId,
  type ExchangeAdapter,
  type OrderRequest,
  parseInstrumentId,
  sizeLots,
  type Trading,
} from "@berth/sdk";
import type { OpenSocket } from "@berth/sdk/venue/transport.ts";
import { AsterAdapter } from "../../../exchanges/aster/adapter.ts";
import type { AsterSettings } from "../../../exchanges/aster/settings.ts";
import { createProtocol, makeCredentials, simulatedInstruments } from "../../../exchanges/aster/simulator.ts";
import { noFaults } from "../../../exchanges/simulation/faults.ts";
import type {
  FaultProfile,
  SimulatedCredentials,
  VenueProtocol,
} from "../../../exchanges/simulation/ports.ts";
import { seededRandom } from "../../../exchanges/simulation/random.ts";
import {
  createSimulatedVenue,
  type SimulatedVenueControl,
} from "../../../exchanges/simulation/simulated_venue.ts";
import { MemoryNetwork } from "../../simulation/memory_network.ts";
import { SimProcess, World } from "../../simulation/virtual_time.ts";
import { Published } from "../../support/published.ts";
import { accountId, BenchMarket, limit } from "../../support/venue_bench.ts";
import { constantRandom, recordingLog, usualNames } from "../../support/venue_fakes.ts";
import { defaultSettings } from "./bench.ts";

export const startMs = 1_790_000_000_000;
export const btc = parseInstrumentId("aster:BTC-PERP");
export const never = new AbortController().signal;

export interface VirtualBench {
  readonly world: World;
  readonly process: SimProcess;
  readonly venue: SimulatedVenueControl;
  readonly market: BenchMarket;
  readonly protocol: VenueProtocol;
  readonly network: MemoryNetwork;
  readonly credentials: SimulatedCredentials;
  readonly adapter: ExchangeAdapter;
  readonly trading: Trading;
  readonly published: Published;
  readonly log: ReturnType<typeof recordingLog>;
  readonly gauges: Map<string, number>;
  /** `POST /fapi/v3/order`, as they left. */
  readonly requests: string[];
  run(durationMs: number): Promise<void>;
  /** What a promise comes to within two minutes. */
  settled<T>(promise: Promise<T> | undefined): Promise<T>;
}

export async function virtualBench(
  settings: Partial<AsterSettings> = {},
  weather: Partial<FaultProfile> = {},
): Promise<VirtualBench> {
  const world = new World(startMs);
  const process = new SimProcess(world);
  const random = seededRandom(7);
  const venue = createSimulatedVenue({
    venue: "aster",
    instruments: simulatedInstruments,
    clock: world.clock,
    firstId: 1_000,
  });
  venue.deposit(accountId, "100000");
  const market = new BenchMarket(venue, "aster", 1_000);
  market.setMark(60_000.5);
  market.quoteHouse();
  const credentials = await makeCredentials(random.fork("credentials"));
  const protocol = createProtocol({
    venue,
    accountId,
    credentials,
    faults: { ...noFaults, ...weather },
    random,
  });
  const network = new MemoryNetwork(world.clock, random.fork("network"), protocol);
  const published = new Published();
  const log = recordingLog();
  const gauges = new Map<string, number>();
  const requests: string[] = [];
  const send = network.fetchOf(process);
  const openSocket: OpenSocket = (url, handlers) =>
    network.connect(process, { url }, {
      onOpen: () => handlers.onOpen(),
      onData: (data) => handlers.onText(String(data)),
      onClose: (why) => handlers.onClose(why),
    });
  const adapter = new AsterAdapter({
    venue: "aster",
    environment: "sim",
    endpoints: { restUrl: "http://venue.test", wsUrl: "ws://venue.test" },
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
  }, {
    fetch: (url, init) => {
      requests.push(`${init.method} ${new URL(url).pathname}`);
      return send(url, init);
    },
    openSocket,
  });
  const { trading } = adapter;
  assert(trading !== undefined);
  return {
    world,
    process,
    venue,
    market,
    protocol,
    network,
    credentials,
    adapter,
    trading,
    published,
    log,
    gauges,
    requests,
    run: (durationMs) => world.runUntil(world.clock.nowMs() + durationMs),
    async settled(promise) {
      assert(promise !== undefined);
      let isOver = false;
      const over = (): void => void (isOver = true);
      promise.then(over, over);
      await world.runUntil(world.clock.nowMs() + 120_000, () => isOver);
      assert(isOver, "nothing came of it in two minutes");
      return await promise;
    },
  };
}

/** With its adapter started, and its streams up. */
export async function startedBench(
  settings: Partial<AsterSettings> = {},
  weather: Partial<FaultProfile> = {},
): Promise<VirtualBench> {
  const bench = await virtualBench(settings, weather);
  await bench.settled(bench.adapter.start(never));
  await bench.run(500);
  return bench;
}

/** Buys 0.1 BTC at 59,900, good till cancelled, unless changed. */
export const order = (id: string, change: Partial<OrderRequest> = {}): OrderRequest => ({
  instrument: btc,
  clientOrderId: clientOrderId(id),
  side: "buy",
  sizeLots: sizeLots(100),
  reduceOnly: false,
  pricing: limit(599_000, "GTC"),
  ...change,
});
