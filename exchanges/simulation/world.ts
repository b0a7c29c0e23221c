/** The simulated venues of one process: market, matching engines, a loopback server per venue, and their books as records. */
import { formatMoney, increment, money, tickLotMoney } from "@berth/sdk";
import * as v from "valibot";
import { realTimeClock } from "./clock.ts";
import { noFaults } from "./faults.ts";
import { MarketModel } from "./market_model.ts";
import { seededRandom } from "./random.ts";
import { createSimulatedVenue, type SimulatedVenueControl } from "./simulated_venue.ts";
import type {
  FaultProfile,
  ProtocolSimulator,
  SimulatedCredentials,
  SimulatedPosition,
  SimulatorModule,
} from "./ports.ts";

const probability = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const milliseconds = v.pipe(v.number(), v.minValue(0), v.maxValue(3_600_000));
export const faultsSchema = v.strictObject({
  latencyMs: v.optional(milliseconds, noFaults.latencyMs),
  latencyJitterMs: v.optional(milliseconds, noFaults.latencyJitterMs),
  dropPrivatePush: v.optional(probability, 0),
  duplicatePrivatePush: v.optional(probability, 0),
  gapPublic: v.optional(probability, 0),
  loseAnswer: v.optional(probability, 0),
  loseRequest: v.optional(probability, 0),
  rateLimit: v.optional(probability, 0),
  reject: v.optional(probability, 0),
  disconnectEveryMs: v.optional(milliseconds, 0),
});

/** What a process of simulated venues is told at its start. */
export const worldSchema = v.strictObject({
  venues: v.pipe(v.array(v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_]*$/))), v.minLength(1)),
  seed: v.pipe(v.number(), v.integer()),
  depositUsd: v.pipe(v.string(), v.regex(/^\d+(\.\d+)?$/)),
  symbols: v.exactOptional(v.array(v.string())),
  faults: v.optional(faultsSchema, {}),
  credentials: v.exactOptional(v.record(v.string(), v.record(v.string(), v.string()))),
  ports: v.exactOptional(v.record(v.string(), v.pipe(v.number(), v.integer()))),
});
export type WorldOptions = v.InferOutput<typeof worldSchema>;

/** The one trading account of each simulated venue. */
const accountId = "trader";

export interface RunningVenue {
  readonly venue: SimulatedVenueControl;
  readonly simulator: ProtocolSimulator;
  readonly credentials: SimulatedCredentials;
}

async function loadSimulator(venue: string): Promise<SimulatorModule> {
  const url = new URL(`../${venue}/simulator.ts`, import.meta.url);
  try {
    return await import(url.href);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`there is no simulator of ${venue}: ${reason}`, { cause });
  }
}

export interface RunningWorld {
  readonly running: readonly RunningVenue[];
  readonly model: MarketModel;
}

/** Starts market and servers. @throws when there is no simulator of a venue */
export async function startWorld(command: WorldOptions): Promise<RunningWorld> {
  const clock = realTimeClock();
  const random = seededRandom(command.seed);
  const faults: FaultProfile = command.faults;
  const modules = await Promise.all(
    command.venues.map(async (name) => ({ name, module: await loadSimulator(name) })),
  );
  const venues = modules.map(({ name, module }) => {
    const instruments = module.simulatedInstruments.filter((one) =>
      command.symbols?.includes(one.symbol) ?? true
    );
    // Ids start from the clock, as a venue's do, so that a second run never repeats the first one's.
    const venue = createSimulatedVenue({ venue: name, instruments, clock, firstId: clock.nowMs() * 1_000 });
    venue.deposit(accountId, command.depositUsd);
    return { name, module, venue };
  });
  const model = new MarketModel({
    venues: venues.map(({ venue }) => venue),
    clock,
    random: random.fork("market"),
  });
  model.start();
  const running = await Promise.all(venues.map(async ({ name, module, venue }): Promise<RunningVenue> => {
    const credentials = command.credentials?.[name] ??
      await module.makeCredentials(random.fork(`credentials/${name}`));
    const simulator = await module.startSimulator({
      venue,
      accountId,
      credentials,
      faults,
      random: random.fork(`faults/${name}`),
      hostname: "127.0.0.1",
      port: command.ports?.[name] ?? 0,
    });
    return { venue, simulator, credentials };
  }));
  return { running, model };
}

export async function stopWorld({ running, model }: RunningWorld): Promise<void> {
  model.stop();
  await Promise.all(running.map(({ simulator }) => simulator.stop()));
}

/** What an adapter needs to reach each venue. */
export const accessOf = ({ running }: RunningWorld): Readonly<Record<string, unknown>> =>
  Object.fromEntries(running.map(({ venue, simulator, credentials }) => [
    venue.venue,
    { endpoints: simulator.endpoints, credentials, accountId },
  ]));

/** Books of all venues by name. */
export const ledgersOf = ({ running }: RunningWorld): Readonly<Record<string, unknown>> =>
  Object.fromEntries(running.map(({ venue }) => [venue.venue, ledgerOf(venue)]));

/** One venue's books, all money as exact decimal text. */
function ledgerOf(venue: SimulatedVenueControl): Readonly<Record<string, unknown>> {
  const account = venue.account(accountId);
  const positions = venue.positions(accountId);
  const total = (pick: (position: (typeof positions)[number]) => bigint): string =>
    formatMoney(money(positions.reduce((sum, position) => sum + pick(position), 0n)));
  return {
    cash: formatMoney(money(account.cash)),
    equity: formatMoney(money(account.equity)),
    feesPaid: total((position) => position.feesPaid),
    realizedPnl: total((position) => position.realizedPnl),
    cashFlow: total((position) => cashFlow(venue, position)),
    fundingPaid: total((position) => position.fundingPaid),
    positions: positions.map((position) => ({
      symbol: position.symbol,
      positionLots: position.positionLots,
      realizedPnl: formatMoney(money(position.realizedPnl)),
      feesPaid: formatMoney(money(position.feesPaid)),
    })),
    openOrders: venue.openOrders(accountId).map((
      { clientOrderId, orderId, symbol, side, sizeLots, filledLots },
    ) => ({
      clientOrderId,
      orderId,
      symbol,
      side,
      sizeLots,
      filledLots,
    })),
    fills: venue.fills(accountId).map((fill) => ({
      fillId: fill.fillId,
      clientOrderId: fill.clientOrderId,
      symbol: fill.symbol,
      side: fill.side,
      priceTicks: fill.priceTicks,
      sizeLots: fill.sizeLots,
      fee: formatMoney(money(fill.fee)),
      notional: notionalText(venue, fill.symbol, fill.priceTicks, fill.sizeLots),
    })),
  };
}

/** What went in and out by fills, before fees: no order of fills changes it, as it does what of it is realized. */
function cashFlow(
  venue: SimulatedVenueControl,
  { symbol, realizedPnl, costTicksLots }: SimulatedPosition,
): bigint {
  const instrument = venue.instrument(symbol);
  if (instrument === undefined) return realizedPnl;
  const unit = tickLotMoney({ tick: increment(instrument.tickSize), lot: increment(instrument.lotSize) });
  return realizedPnl - costTicksLots * unit;
}

function notionalText(
  venue: SimulatedVenueControl,
  symbol: string,
  priceTicks: number,
  sizeLots: number,
): string {
  const instrument = venue.instrument(symbol);
  if (instrument === undefined) return "0";
  const unit = tickLotMoney({ tick: increment(instrument.tickSize), lot: increment(instrument.lotSize) });
  return formatMoney(money(BigInt(priceTicks) * BigInt(sizeLots) * unit));
}
