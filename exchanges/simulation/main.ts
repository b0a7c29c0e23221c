/**
 * Process of the simulated venues. Speaks JSON lines over its standard streams:
 *
 * - in, first: `{kind:"start", venues, seed, depositUsd, faults?, credentials?, ports?, detached?}`;
 *   out: `{kind:"ready", venues:{okx:{endpoints, credentials, accountId}}}` or `{kind:"error", message}` and exit 1
 * - `{kind:"ledger"}` → `{kind:"ledger", venues:{okx:{cash, equity, feesPaid, realizedPnl, positions, openOrders, fills}}}`
 * - `{kind:"set_maintenance", venue, isOn}` → `{kind:"done"}`
 * - `{kind:"stop"}` → `{kind:"stopped"}` and exit 0
 *
 * The end of the input ends it too, unless it was started detached. Credentials are made up for each run and leave
 * by the pipe alone. Everything here is simulated.
 */
import { formatMoney, increment, money, tickLotMoney } from "@berth/sdk";
import * as v from "valibot";
import { realTimeClock } from "./clock.ts";
import { noFaults } from "./faults.ts";
import { MarketModel } from "./market_model.ts";
import { seededRandom } from "./random.ts";
import { createSimulatedVenue, type SimulatedVenueControl } from "./simulated_venue.ts";
import type { FaultProfile, ProtocolSimulator, SimulatedCredentials, SimulatorModule } from "./ports.ts";

const probability = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const milliseconds = v.pipe(v.number(), v.minValue(0), v.maxValue(3_600_000));
const faultsSchema = v.strictObject({
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

const commandSchema = v.variant("kind", [
  v.strictObject({
    kind: v.literal("start"),
    venues: v.pipe(v.array(v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_]*$/))), v.minLength(1)),
    seed: v.pipe(v.number(), v.integer()),
    depositUsd: v.pipe(v.string(), v.regex(/^\d+(\.\d+)?$/)),
    symbols: v.exactOptional(v.array(v.string())),
    faults: v.optional(faultsSchema, {}),
    credentials: v.exactOptional(v.record(v.string(), v.record(v.string(), v.string()))),
    ports: v.exactOptional(v.record(v.string(), v.pipe(v.number(), v.integer()))),
    detached: v.exactOptional(v.boolean()),
  }),
  v.strictObject({ kind: v.literal("ledger") }),
  v.strictObject({ kind: v.literal("set_maintenance"), venue: v.string(), isOn: v.boolean() }),
  v.strictObject({ kind: v.literal("stop") }),
]);
type Command = v.InferOutput<typeof commandSchema>;
type StartCommand = Extract<Command, { readonly kind: "start" }>;

/** The one trading account of each simulated venue. */
const accountId = "trader";

interface Running {
  readonly venue: SimulatedVenueControl;
  readonly simulator: ProtocolSimulator;
  readonly credentials: SimulatedCredentials;
}

const encoder = new TextEncoder();
const answer = (message: Readonly<Record<string, unknown>>): void => {
  Deno.stdout.writeSync(encoder.encode(JSON.stringify(message) + "\n"));
};
const log = (line: string): void => {
  Deno.stderr.writeSync(encoder.encode(line + "\n"));
};

async function loadSimulator(venue: string): Promise<SimulatorModule> {
  const url = new URL(`../${venue}/simulator.ts`, import.meta.url);
  try {
    return await import(url.href);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`there is no simulator of ${venue}: ${reason}`, { cause });
  }
}

async function startVenues(
  command: StartCommand,
): Promise<{ readonly running: readonly Running[]; readonly model: MarketModel }> {
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
  const running = await Promise.all(venues.map(async ({ name, module, venue }): Promise<Running> => {
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

/** Nobody holds the other end: it runs until it is signalled. */
let isDetached = false;

async function* commands(): AsyncGenerator<Command> {
  let rest = "";
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") yield v.parse(commandSchema, JSON.parse(line));
  }
}

async function main(): Promise<number> {
  let running: readonly Running[] = [];
  let model: MarketModel | undefined;
  for await (const command of commands()) {
    switch (command.kind) {
      case "start": {
        isDetached = command.detached === true;
        ({ running, model } = await startVenues(command));
        const venues = running.map(({ venue, simulator, credentials }) => [
          venue.venue,
          { endpoints: simulator.endpoints, credentials, accountId },
        ]);
        answer({ kind: "ready", venues: Object.fromEntries(venues) });
        break;
      }
      case "ledger":
        answer({
          kind: "ledger",
          venues: Object.fromEntries(running.map(({ venue }) => [venue.venue, ledgerOf(venue)])),
        });
        break;
      case "set_maintenance":
        running.find(({ venue }) => venue.venue === command.venue)?.venue.setMaintenance(command.isOn);
        answer({ kind: "done" });
        break;
      case "stop":
        model?.stop();
        await Promise.all(running.map(({ simulator }) => simulator.stop()));
        answer({ kind: "stopped" });
        return 0;
      default:
        command satisfies never;
    }
  }
  if (isDetached) return await new Promise<number>(() => {});
  model?.stop();
  return 0;
}

// Ctrl-C reaches the whole group. The venues stay until the host has taken its orders back and says stop, or is gone.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  if (Deno.build.os !== "windows" || signal === "SIGINT") {
    Deno.addSignalListener(signal, () => {
      if (isDetached) Deno.exit(0);
    });
  }
}

try {
  Deno.exit(await main());
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  log(`simulated venues: ${message}`);
  answer({ kind: "error", message });
  Deno.exit(1);
}
