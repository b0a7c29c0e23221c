/**
 * A real adapter against the simulated venue over real sockets on loopback. The two share no code: what one writes the
 * other reads by its own understanding of the venue's protocol.
 */
import { assert } from "@std/assert";
import {
  clientOrderId,
  type ExchangeAdapter,
  type ExchangeContext,
  type InstrumentId,
  type OrderReport,
  type OrderRequest,
  parseInstrumentId,
  priceTicks,
  type SettingsShape,
  type SettingValues,
  sizeLots,
  type TimeInForce,
  type Trading,
} from "@berth/sdk";
import { openWebSocket, type Transport } from "@berth/sdk/venue/transport.ts";
import { systemClock, systemScheduler } from "../../core/host/system_clock.ts";
import { realTimeClock } from "../../exchanges/simulation/clock.ts";
import { noFaults } from "../../exchanges/simulation/faults.ts";
import type {
  FaultProfile,
  ProtocolSimulator,
  ProtocolSimulatorOptions,
  SimulatedCredentials,
  SimulatorModule,
} from "../../exchanges/simulation/ports.ts";
import { seededRandom } from "../../exchanges/simulation/random.ts";
import {
  createSimulatedVenue,
  type SimulatedVenueControl,
} from "../../exchanges/simulation/simulated_venue.ts";
import { type Event, Published } from "./published.ts";
import { constantRandom, recordingLog } from "./venue_fakes.ts";

export const accountId = "trader";

/** A venue with its adapter, as the tests that all venues share need to know it. */
export interface VenueSubject<Shape extends SettingsShape> {
  readonly venue: string;
  /** Of BTC-PERP; its tick is 0.1 everywhere. */
  readonly lotsPerBase: number;
  readonly simulator: Pick<SimulatorModule, "makeCredentials" | "simulatedInstruments">;
  readonly startSimulator: (options: ProtocolSimulatorOptions) => Promise<ProtocolSimulator>;
  readonly settings: SettingValues<Shape>;
  readonly makeAdapter: (ctx: ExchangeContext<Shape>, transport: Transport) => ExchangeAdapter;
}

export interface BenchOptions<Shape extends SettingsShape> {
  readonly faults?: Partial<FaultProfile>;
  /** What the adapter is given beside or instead of the made-up ones. */
  readonly credentials?: SimulatedCredentials;
  readonly settings?: Partial<SettingValues<Shape>>;
}

/** A request over HTTP as the adapter sent it. */
export interface SentRequest {
  /** `POST /v1/orders` */
  readonly line: string;
  readonly headers: Headers;
  readonly body: string;
}

export interface AdapterOnBench {
  readonly adapter: ExchangeAdapter;
  readonly published: Published;
}

export interface Bench extends AdapterOnBench {
  readonly venue: SimulatedVenueControl;
  readonly trading: Trading;
  readonly log: ReturnType<typeof recordingLog>;
  readonly signal: AbortSignal;
  /** In order. */
  readonly requests: readonly SentRequest[];
  readonly endpoints: Readonly<Record<string, string>>;
  /**
   * Another adapter on the same venue with other secrets; whoever makes it stops it.
   * @param names the operator's, by the venue's symbols
   */
  anotherAdapter(secrets: SimulatedCredentials, names?: Readonly<Record<string, string>>): AdapterOnBench;
  /** Stops the protocol simulator and starts another on the same port, with the same books. */
  restartSimulator(): Promise<void>;
  readonly market: BenchMarket;
}

/** BTC-PERP on the bench: the house that quotes it, its mark price, and orders for it. */
export class BenchMarket {
  readonly instrument: InstrumentId;
  readonly #venue: SimulatedVenueControl;
  readonly #lotsPerBase: number;

  constructor(venue: SimulatedVenueControl, name: string, lotsPerBase: number) {
    this.#venue = venue;
    this.#lotsPerBase = lotsPerBase;
    this.instrument = parseInstrumentId(`${name}:BTC-PERP`);
  }

  lots(sizeBase: number): number {
    return Math.round(sizeBase * this.#lotsPerBase);
  }

  /** The house quotes 60,000 / 60,001 with 10 BTC at each of five prices a side, a whole unit apart. */
  quoteHouse(shiftTicks = 0): void {
    const levelLots = this.lots(10);
    const ladder = (first: number, step: number) =>
      new Map(Array.from({ length: 5 }, (_, i) => [first + shiftTicks + i * step, levelLots] as const));
    // Empty first: a ladder that moves through the other side would trade with it.
    for (const side of ["buy", "sell"] as const) this.#venue.quoteHouse("BTC-PERP", side, new Map());
    this.#venue.quoteHouse("BTC-PERP", "buy", ladder(600_000, -10));
    this.#venue.quoteHouse("BTC-PERP", "sell", ladder(600_010, 10));
  }

  setMark(markPrice: number, tsNextFundingMs?: number): void {
    const tsMs = this.#venue.clock.nowMs();
    this.#venue.setMark({
      symbol: "BTC-PERP",
      markPrice,
      indexPrice: 60_002.5,
      fundingRate: 0.0001,
      tsNextFundingMs: tsNextFundingMs ?? (Math.floor(tsMs / 3_600_000) + 1) * 3_600_000,
      tsMs,
    });
  }

  /** Buys 0.1 BTC at 59,900, good till cancelled, unless changed. */
  order(id: string, change: Partial<OrderRequest> = {}): OrderRequest {
    return {
      instrument: this.instrument,
      clientOrderId: clientOrderId(id),
      side: "buy",
      sizeLots: sizeLots(this.lots(0.1)),
      reduceOnly: false,
      pricing: limit(599_000, "GTC"),
      ...change,
    };
  }
}

export const limit = (ticks: number, timeInForce: TimeInForce = "IOC", postOnly = false) =>
  ({ kind: "limit", limitPriceTicks: priceTicks(ticks), timeInForce, postOnly }) as const;

/** Picks the report of an order that reached a status. */
export const orderUpdate = (id: string, status: OrderReport["status"]) => (event: Event) =>
  event.kind === "order" && event.value.clientOrderId === id && event.value.status === status
    ? event.value
    : undefined;

export const within = (ms: number): AbortSignal => AbortSignal.timeout(ms);

// Real sockets and timers that the platform winds down by itself after stop().
export const simulated = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });

/** A funded account and a quoting house on a simulated venue, served on a port of loopback, in real time. */
export async function withBench<Shape extends SettingsShape>(
  subject: VenueSubject<Shape>,
  options: BenchOptions<Shape>,
  test: (bench: Bench) => Promise<void>,
): Promise<void> {
  const random = seededRandom(7);
  const venue = createSimulatedVenue({
    venue: subject.venue,
    instruments: subject.simulator.simulatedInstruments,
    clock: realTimeClock(),
    firstId: Date.now() * 1_000,
  });
  venue.deposit(accountId, "100000");
  const market = new BenchMarket(venue, subject.venue, subject.lotsPerBase);
  market.setMark(60_000.5);
  market.quoteHouse();
  const credentials = await subject.simulator.makeCredentials(random.fork("credentials"));
  const startSimulator = (port: number): Promise<ProtocolSimulator> =>
    subject.startSimulator({
      venue,
      accountId,
      credentials,
      faults: { ...noFaults, ...options.faults },
      random: random.fork("faults"),
      hostname: "127.0.0.1",
      port,
    });
  let simulator = await startSimulator(0);
  const { endpoints } = simulator;
  const [anEndpoint = ""] = Object.values(endpoints);
  const log = recordingLog();
  const requests: SentRequest[] = [];
  const anotherAdapter: Bench["anotherAdapter"] = (secrets, names = {}) => {
    const published = new Published();
    const adapter = subject.makeAdapter({
      venue: subject.venue,
      environment: "sim",
      endpoints,
      symbols: ["BTC-PERP", ...Object.values(names)],
      symbolFor: (venueSymbol, usual) => names[venueSymbol] ?? usual,
      secret: (name) => secrets[name],
      settings: { ...subject.settings, ...options.settings },
      publish: published.port,
      clock: systemClock(),
      scheduler: systemScheduler,
      random: constantRandom,
      log,
      gauge: () => {},
    }, {
      fetch: (url, init) => {
        const line = `${init.method} ${new URL(url).pathname}`;
        requests.push({ line, headers: new Headers(init.headers), body: String(init.body ?? "") });
        return fetch(url, init);
      },
      openSocket: openWebSocket,
    });
    return { adapter, published };
  };
  const { adapter, published } = anotherAdapter({ ...credentials, ...options.credentials });
  const { trading } = adapter;
  assert(trading !== undefined);
  try {
    await test({
      venue,
      adapter,
      trading,
      published,
      log,
      signal: new AbortController().signal,
      requests,
      endpoints,
      anotherAdapter,
      market,
      async restartSimulator() {
        await simulator.stop();
        simulator = await startSimulator(Number(new URL(anEndpoint).port));
      },
    });
  } finally {
    await adapter.stop();
    await simulator.stop();
  }
}

/** Starts the adapter and waits until the account's stream is whole. */
export async function started(bench: Bench): Promise<void> {
  await bench.adapter.start(bench.signal);
  await bench.published.next(
    "the account's stream",
    (event) => event.kind === "restored" ? true : undefined,
  );
}

/** An order that takes what the house offers, filled. */
export async function filled(
  bench: Bench,
  id: string,
  change: Partial<OrderRequest> = {},
): Promise<OrderReport> {
  const done = bench.published.next(`${id} filled`, orderUpdate(id, "filled"));
  await bench.trading.submit(bench.market.order(id, { pricing: limit(600_100), ...change }), bench.signal);
  return await done;
}
