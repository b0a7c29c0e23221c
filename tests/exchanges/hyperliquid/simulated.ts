/** The simulated venue for tests: a house that quotes, a funded account, its protocol with or without a server. */
import { realTimeClock, VirtualClock } from "../../../exchanges/simulation/clock.ts";
import { noFaults } from "../../../exchanges/simulation/faults.ts";
import type {
  FaultProfile,
  ProtocolSimulator,
  SimulatedCredentials,
  SimulationClock,
  VenueProtocol,
} from "../../../exchanges/simulation/ports.ts";
import { seededRandom } from "../../../exchanges/simulation/random.ts";
import {
  createSimulatedVenue,
  type SimulatedVenueControl,
} from "../../../exchanges/simulation/simulated_venue.ts";
import * as simulator from "../../../exchanges/hyperliquid/simulator.ts";

export const accountId = "trader";
export const startMs = 1_790_000_000_000;

/** A house that quotes 60,000 / 60,001 with 10 BTC at each of five prices a side; ticks are tenths, prices whole. */
export function quoteHouse(venue: SimulatedVenueControl, shiftTicks = 0): void {
  const ladder = (first: number, step: number) =>
    new Map(Array.from({ length: 5 }, (_, i) => [first + shiftTicks + i * step, 1_000_000] as const));
  // Empty first: a ladder that moves through the other side would trade with it.
  for (const side of ["buy", "sell"] as const) venue.quoteHouse("BTC-PERP", side, new Map());
  venue.quoteHouse("BTC-PERP", "buy", ladder(600_000, -10));
  venue.quoteHouse("BTC-PERP", "sell", ladder(600_010, 10));
}

export function setMark(venue: SimulatedVenueControl, markPrice: number, tsNextFundingMs?: number): void {
  const tsMs = venue.clock.nowMs();
  venue.setMark({
    symbol: "BTC-PERP",
    markPrice,
    indexPrice: 60_002.5,
    fundingRate: 0.0000125,
    tsNextFundingMs: tsNextFundingMs ?? (Math.floor(tsMs / 3_600_000) + 1) * 3_600_000,
    tsMs,
  });
}

export interface Simulated {
  readonly venue: SimulatedVenueControl;
  readonly credentials: SimulatedCredentials;
}

function simulatedVenue(clock: SimulationClock, firstId: number): SimulatedVenueControl {
  const instruments = simulator.simulatedInstruments;
  const venue = createSimulatedVenue({ venue: "hyperliquid", instruments, clock, firstId });
  venue.deposit(accountId, "100000");
  setMark(venue, 60_000.5);
  quoteHouse(venue);
  return venue;
}

/** The protocol alone, on virtual time. */
export async function protocolBench(
  options: { readonly priorVolumeUsd?: number; readonly faults?: Partial<FaultProfile> } = {},
): Promise<Simulated & { readonly clock: VirtualClock; readonly protocol: VenueProtocol }> {
  const clock = new VirtualClock(startMs);
  const random = seededRandom(7);
  const venue = simulatedVenue(clock, 1_000);
  const credentials = await simulator.makeCredentials(random.fork("credentials"));
  const protocol = simulator.createProtocol({
    venue,
    accountId,
    credentials,
    faults: { ...noFaults, latencyMs: 0, latencyJitterMs: 0, ...options.faults },
    random: random.fork("faults"),
    priorVolumeUsd: options.priorVolumeUsd ?? 0,
  });
  return { venue, credentials, clock, protocol };
}

export interface Served extends Simulated {
  readonly endpoints: Readonly<Record<string, string>>;
  readonly restUrl: string;
  readonly wsUrl: string;
  /** Stops the protocol simulator and starts another on the same port, with the same books. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** On a port of loopback, in real time. */
export async function served(
  options: { readonly priorVolumeUsd?: number; readonly faults?: Partial<FaultProfile> } = {},
): Promise<Served> {
  const random = seededRandom(7);
  const venue = simulatedVenue(realTimeClock(), Date.now() * 1_000);
  const credentials = await simulator.makeCredentials(random.fork("credentials"));
  const start = (port: number): Promise<ProtocolSimulator> =>
    simulator.startSimulator({
      venue,
      accountId,
      credentials,
      faults: { ...noFaults, ...options.faults },
      random: random.fork("faults"),
      hostname: "127.0.0.1",
      port,
      priorVolumeUsd: options.priorVolumeUsd ?? 0,
    });
  let running = await start(0);
  const { endpoints } = running;
  const restUrl = endpoints["restUrl"] ?? "";
  return {
    venue,
    credentials,
    endpoints,
    restUrl,
    wsUrl: endpoints["wsUrl"] ?? "",
    async restart() {
      await running.stop();
      running = await start(Number(new URL(restUrl).port));
    },
    stop: () => running.stop(),
  };
}
