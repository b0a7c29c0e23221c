/** The real adapter against the simulated venue on loopback: what its tests share. */
import { assert } from "@std/assert";
import {
  clientOrderId,
  type ExchangeAdapter,
  type OrderReport,
  type OrderRequest,
  parseInstrumentId,
  priceTicks,
  type SettingValues,
  sizeLots,
  type Trading,
} from "@berth/sdk";
import { systemClock, systemScheduler } from "../../../core/host/system_clock.ts";
import { ParadexAdapter } from "../../../exchanges/paradex/adapter.ts";
import { openWebSocket } from "@berth/sdk/venue/transport.ts";
import { realTimeClock } from "../../../exchanges/simulation/clock.ts";
import { noFaults } from "../../../exchanges/simulation/faults.ts";
import type {
  FaultProfile,
  ProtocolSimulator,
  SimulatedCredentials,
} from "../../../exchanges/simulation/ports.ts";
import { seededRandom } from "../../../exchanges/simulation/random.ts";
import {
  createSimulatedVenue,
  type SimulatedVenueControl,
} from "../../../exchanges/simulation/simulated_venue.ts";
import type { settings } from "../../../exchanges/paradex/settings.ts";
import * as paradexSimulator from "../../../exchanges/paradex/simulator.ts";
import { type Event, Published } from "../../support/published.ts";

import { constantRandom, recordingLog } from "./fakes.ts";

export const btc = parseInstrumentId("paradex:BTC-PERP");
export const accountId = "trader";

export interface Bench {
  readonly venue: SimulatedVenueControl;
  readonly adapter: ExchangeAdapter;
  readonly trading: Trading;
  readonly published: Published;
  readonly log: ReturnType<typeof recordingLog>;
  readonly signal: AbortSignal;
  /** `POST /v1/orders` and the like, in order. */
  readonly requests: readonly string[];
  readonly restUrl: string;
  /** A token that only reads, made by the account. */
  readOnlyToken(): Promise<string>;
  /** Another adapter on the same venue with other secrets; whoever makes it stops it. */
  anotherAdapter(secrets: SimulatedCredentials): {
    readonly adapter: ExchangeAdapter;
    readonly published: Published;
  };
  /** Stops the protocol simulator and starts another on the same port, with the same books. */
  restartSimulator(): Promise<void>;
}

/** A house that quotes 60,000 / 60,001 with 1 BTC at each of five prices a side. */
export function quoteHouse(venue: SimulatedVenueControl, shiftTicks = 0): void {
  const ladder = (first: number, step: number) =>
    new Map(Array.from({ length: 5 }, (_, i) => [first + shiftTicks + i * step, 100_000] as const));
  // Empty first: a ladder that moves through the other side would trade with it.
  for (const side of ["buy", "sell"] as const) venue.quoteHouse("BTC-PERP", side, new Map());
  venue.quoteHouse("BTC-PERP", "buy", ladder(600_000, -10));
  venue.quoteHouse("BTC-PERP", "sell", ladder(600_010, 10));
}

export function setMark(venue: SimulatedVenueControl, markPrice: number): void {
  const rest = { indexPrice: 60_002.5, fundingRate: 0.0001, tsNextFundingMs: 0, tsMs: Date.now() };
  venue.setMark({ symbol: "BTC-PERP", markPrice, ...rest });
}

export async function withBench(
  options: {
    readonly faults?: Partial<FaultProfile>;
    /** What the adapter is given beside or instead of the made-up ones. */
    readonly credentials?: SimulatedCredentials;
    readonly isOnboarded?: boolean;
    readonly sbeSchemaVersion?: "0" | "1" | "2";
    readonly settings?: Partial<SettingValues<typeof settings>>;
  },
  test: (bench: Bench) => Promise<void>,
): Promise<void> {
  const random = seededRandom(7);
  const venue = createSimulatedVenue({
    venue: "paradex",
    instruments: paradexSimulator.simulatedInstruments,
    clock: realTimeClock(),
    firstId: Date.now() * 1_000,
  });
  venue.deposit(accountId, "100000");
  setMark(venue, 60_000.5);
  quoteHouse(venue);
  const credentials = await paradexSimulator.makeCredentials(random.fork("credentials"));
  const startSimulator = (port: number): Promise<ProtocolSimulator> =>
    paradexSimulator.startSimulator({
      venue,
      accountId,
      credentials: { ...credentials, ONBOARDED: String(options.isOnboarded ?? true) },
      faults: { ...noFaults, ...options.faults },
      random: random.fork("faults"),
      hostname: "127.0.0.1",
      port,
    });
  let simulator = await startSimulator(0);
  const { endpoints } = simulator;
  const log = recordingLog();
  const requests: string[] = [];
  const tokens: string[] = [];
  const makeAdapter = (secrets: SimulatedCredentials) => {
    const published = new Published();
    const adapter = new ParadexAdapter({
      venue: "paradex",
      environment: "sim",
      endpoints,
      symbols: ["BTC-PERP"],
      secret: (name) => secrets[name],
      settings: {
        sbeSchemaVersion: options.sbeSchemaVersion ?? "1",
        quoteChannel: "api",
        bookChannel: "deltas",
        fundingChannel: false,
        cancelOnDisconnect: true,
        recvWindowMs: 10_000,
        rateLimitShare: 0.5,
        makerFeeBps: 0,
        takerFeeBps: 4.5,
        ethereumAddress: "",
        ...options.settings,
      },
      publish: published.port,
      clock: systemClock(),
      scheduler: systemScheduler,
      random: constantRandom,
      log,
      gauge: () => {},
    }, {
      fetch: (url, init) => {
        requests.push(`${init.method} ${new URL(url).pathname}`);
        const bearer = new Headers(init.headers).get("authorization");
        if (bearer !== null) tokens.push(bearer);
        return fetch(url, init);
      },
      openSocket: openWebSocket,
    });
    return { adapter, published };
  };
  const { adapter, published } = makeAdapter({ ...credentials, ...options.credentials });
  const { trading } = adapter;
  assert(trading !== undefined);
  const controller = new AbortController();
  try {
    await test({
      venue,
      adapter,
      trading,
      published,
      log,
      requests,
      signal: controller.signal,
      restUrl: endpoints["rest"] ?? "",
      anotherAdapter: makeAdapter,
      async readOnlyToken() {
        const answer = await fetch(`${endpoints["rest"]}/account/tokens`, {
          method: "POST",
          headers: { authorization: tokens.at(-1) ?? "" },
          body: JSON.stringify({ name: "ro", expiry_duration: 3_600 }),
        });
        return String((await answer.json()).token);
      },
      async restartSimulator() {
        await simulator.stop();
        simulator = await startSimulator(Number(new URL(endpoints["rest"] ?? "").port));
      },
    });
  } finally {
    await adapter.stop();
    await simulator.stop();
  }
}

export async function started(bench: Bench): Promise<void> {
  await bench.adapter.start(bench.signal);
  await bench.published.next("the private stream", (event) => event.kind === "restored" ? true : undefined);
}

export const order = (id: string, change: Partial<OrderRequest> = {}): OrderRequest => ({
  instrument: btc,
  clientOrderId: clientOrderId(id),
  side: "buy",
  sizeLots: sizeLots(1_000),
  reduceOnly: false,
  pricing: { kind: "limit", limitPriceTicks: priceTicks(599_000), timeInForce: "GTC", postOnly: false },
  ...change,
});
export const ioc = (ticks: number) =>
  ({ kind: "limit", limitPriceTicks: priceTicks(ticks), timeInForce: "IOC", postOnly: false }) as const;
export const orderUpdate = (id: string, status: OrderReport["status"]) => (event: Event) =>
  event.kind === "order" && event.value.clientOrderId === id && event.value.status === status
    ? event.value
    : undefined;

// Real sockets and timers that the platform winds down by itself after stop().
export const simulated = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });

export const filled = (bench: Bench, id: string, change: Partial<OrderRequest> = {}) => {
  const done = bench.published.next(`${id} filled`, orderUpdate(id, "filled"));
  return bench.trading.submit(order(id, { pricing: ioc(600_100), ...change }), bench.signal).then(() => done);
};
