/**
 * Ten simulated hours of the Paradex, the Hyperliquid, the EdgeX and the Aster adapter (OKX has a soak of its own), on virtual time,
 * over the venue's own protocol: storms of cut lines and outages, lost answers, dropped and repeated pushes, gaps in the books.
 * After each storm everything must be as the venue has it.
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import {
  type BookUpdate,
  clientOrderId,
  type Fill,
  fitPriceFigures,
  increment,
  instrumentId,
  type OrderRequest,
  priceTicks,
  type Publish,
  sizeLots,
  type Trading,
  type VenueHealth,
} from "@berth/sdk";
import { noFaults } from "../../exchanges/simulation/faults.ts";
import type { FaultProfile } from "../../exchanges/simulation/ports.ts";
import { seededRandom } from "../../exchanges/simulation/random.ts";
import { accountId, makeKeys, makeVenue, type SimVenue, type VenueName } from "../simulation/sim_venues.ts";
import { SimProcess, World } from "../simulation/virtual_time.ts";

const symbol = "BTC-PERP";
const startMs = 1_764_000_000_000;
const hourMs = 3_600_000;
const hours = 10;
const calmMs = 240_000;
const stormEveryMs = 20 * 60_000;

const stormy: FaultProfile = {
  ...noFaults,
  latencyMs: 5,
  latencyJitterMs: 60,
  dropPrivatePush: 0.02,
  duplicatePrivatePush: 0.05,
  gapPublic: 0.01,
  loseAnswer: 0.03,
  loseRequest: 0.03,
  rateLimit: 0.01,
  reject: 0.01,
  disconnectEveryMs: 60_000,
};

/** What the adapter told, kept as a host would keep it. */
class Told {
  readonly bids = new Map<number, number>();
  readonly asks = new Map<number, number>();
  isBookValid = false;
  bid = NaN;
  ask = NaN;
  /** By the stream and by lists of the time after storms. */
  readonly fills = new Map<string, Fill>();
  readonly toldTwice: string[] = [];
  readonly lines: string[] = [];
  health: Omit<VenueHealth, "venue" | "tsMs"> | undefined;
  restored = 0;
  statistics = 0;
  books = 0;

  readonly publish: Publish = {
    instrument: () => 0,
    quote: (_index, bid, _bidSize, ask) => {
      this.bid = bid;
      this.ask = ask;
    },
    trade: () => {},
    mark: () => {},
    book: (update) => this.#book(update),
    order: () => {},
    fill: (fill) => {
      if (this.fills.has(fill.fillId)) this.toldTwice.push(fill.fillId);
      this.fills.set(fill.fillId, fill);
    },
    position: () => {},
    balance: () => {},
    funding: () => {},
    health: (health) => {
      this.health = health;
    },
    statistics: () => {
      this.statistics += 1;
    },
    privateStreamRestored: () => {
      this.restored += 1;
    },
  };

  #book({ asks, bids, kind }: Omit<BookUpdate, "sequence">): void {
    this.books += 1;
    this.isBookValid = kind !== "invalid";
    if (kind !== "delta") {
      this.bids.clear();
      this.asks.clear();
    }
    for (const [levels, side] of [[bids, this.bids], [asks, this.asks]] as const) {
      for (const { priceTicks: ticks, sizeLots: lots } of levels) {
        if (lots === 0) side.delete(ticks);
        else side.set(ticks, lots);
      }
    }
  }
}

/** Ticks from one price that an order may have to the next. */
function stepTicksOf({ control }: SimVenue): number {
  const { tickSize = "1", maxPriceFigures } = control.instrument(symbol) ?? {};
  const tick = increment(tickSize);
  const ticks = 60_000 / Number(tickSize);
  return fitPriceFigures(ticks + 1, tick, maxPriceFigures, "up") - ticks;
}

/** Levels a side that the fullest book of the venue's stream has. */
const bookDepth: Readonly<Record<VenueName, number>> = {
  paradex: 1_000,
  okx: 1_000,
  hyperliquid: 5,
  edgex: 200,
  aster: 1_000,
};

/** A venue that tells its book by the clock, not by the change, is behind its own for so long. */
const bookAgeMs: Readonly<Record<VenueName, number>> = {
  paradex: 0,
  okx: 0,
  hyperliquid: 1_200,
  edgex: 200,
  aster: 0,
};

/** A house that quotes around a price which wanders. */
function moveMarket(venue: SimVenue, midSteps: number): void {
  const { control } = venue;
  const tick = Number(control.instrument(symbol)?.tickSize ?? "1");
  const stepTicks = stepTicksOf(venue);
  const midTicks = midSteps * stepTicks;
  const ladder = (first: number, step: number) =>
    new Map(Array.from({ length: 8 }, (_, i) => [(first + i * step) * stepTicks, 5_000 + 100 * i] as const));
  for (const side of ["buy", "sell"] as const) control.quoteHouse(symbol, side, new Map());
  control.quoteHouse(symbol, "buy", ladder(midSteps - 2, -1));
  control.quoteHouse(symbol, "sell", ladder(midSteps + 2, 1));
  const markPrice = midTicks * tick;
  const nowMs = control.clock.nowMs();
  const tsNextFundingMs = nowMs + hourMs;
  control.setMark({
    symbol,
    markPrice,
    indexPrice: markPrice,
    fundingRate: 0.0001,
    tsNextFundingMs,
    tsMs: nowMs,
  });
}

const levelsOf = (side: ReadonlyMap<number, number>): readonly (readonly [number, number])[] =>
  [...side].sort(([a], [b]) => a - b);

async function soak(name: VenueName): Promise<void> {
  const random = seededRandom(20_261_121);
  const world = new World(startMs);
  const venue = makeVenue(name, {
    world,
    random: random.fork("venue"),
    symbols: [symbol],
    faults: noFaults,
    keys: await makeKeys(),
    isSigningShort: true,
  });
  const process = new SimProcess(world);
  const told = new Told();
  const keep = (level: string) => (message: string, fields?: object): void => {
    if (level !== "debug") told.lines.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`);
  };
  const lot = venue.control.instrument(symbol);
  assert(lot !== undefined);
  const stepTicks = stepTicksOf(venue);
  let midSteps = Math.round(60_000 / Number(lot.tickSize) / stepTicks);
  moveMarket(venue, midSteps);
  const adapter = venue.makeAdapter({
    process,
    publish: told.publish,
    log: { debug: keep("debug"), info: keep("info"), warn: keep("warn"), error: keep("error") },
    random: random.fork("adapter"),
    symbols: [symbol],
  });
  const never = new AbortController().signal;
  const starting = adapter.start(never);
  let isStarted = false;
  starting.then(() => (isStarted = true));
  await world.runUntil(startMs + 60_000, () => isStarted);
  assert(isStarted, "it did not start");
  const { trading } = adapter;
  assert(trading !== undefined);
  const instrument = instrumentId(name, symbol);
  adapter.marketData.subscribe([{ instrument, kinds: ["quotes", "trades", "marks", "books"] }]);

  // The market moves every two seconds, an order is sent every five, most are taken back later.
  const dice = random.fork("dice");
  process.every(2_000, () => {
    midSteps += Math.floor(dice.next() * 21) - 10;
    moveMarket(venue, midSteps);
    if (dice.next() < 0.3) venue.control.takeHouse(symbol, dice.next() < 0.5 ? "buy" : "sell", 1_000);
  });
  const outcomes = new Map<string, number>();
  const count = (what: string): void => void outcomes.set(what, (outcomes.get(what) ?? 0) + 1);
  let sent = 0;
  process.every(
    5_000,
    () => void trade(trading, process, count, orderOf(instrument, midSteps, stepTicks, ++sent, dice)),
  );

  // Storms: lines are cut again and again, sometimes nothing gets through at all.
  let stormEndMs = 0;
  const storm = (): void => {
    stormEndMs = world.clock.nowMs() + 120_000 + dice.next() * 240_000;
    venue.protocol.setFaults(stormy);
    const gust = (): void => {
      if (world.clock.nowMs() > stormEndMs) {
        venue.network.isDown = false;
        return venue.protocol.setFaults(noFaults);
      }
      venue.network.isDown = dice.next() < 0.2;
      venue.network.cutAll();
      process.after(500 + dice.next() * 15_000, gust);
    };
    gust();
  };
  let checks = 0;
  for (let atMs = stormEveryMs; atMs <= hours * hourMs; atMs += stormEveryMs) {
    storm();
    await world.runUntil(startMs + atMs - calmMs, () => world.clock.nowMs() > stormEndMs);
    await world.runUntil(stormEndMs + calmMs);
    await compare(
      `after ${((world.clock.nowMs() - startMs) / hourMs).toFixed(2)} h`,
      venue,
      told,
      trading,
      world,
    );
    checks += 1;
    await world.runUntil(startMs + atMs);
  }
  assertEquals(checks, 30);
  const reconnects = told.health?.reconnects ?? 0;
  assertGreater(reconnects, 200);
  assertGreater(told.restored, 60);
  assertGreater(told.statistics, 6_000);
  assertGreater(outcomes.get("acknowledged") ?? 0, 3_000);
  assertGreater(outcomes.get("unknown") ?? 0, 20);
  assertGreater(venue.control.fills(accountId).length, 500);
  assertEquals(told.lines.filter((line) => line.includes("can't be read")), []);
  await answered(world, adapter.stop()); // it may have a word to say to the venue
  venue.protocol.stop();
}

function orderOf(
  instrument: OrderRequest["instrument"],
  midSteps: number,
  stepTicks: number,
  number: number,
  dice: { next(): number },
): OrderRequest {
  const side = dice.next() < 0.5 ? "buy" : "sell";
  const away = Math.floor(dice.next() * 12) - 4;
  return {
    instrument,
    clientOrderId: clientOrderId(`soak${number}`),
    side,
    sizeLots: sizeLots(100),
    reduceOnly: false,
    pricing: {
      kind: "limit",
      limitPriceTicks: priceTicks((side === "buy" ? midSteps - away : midSteps + away) * stepTicks),
      timeInForce: dice.next() < 0.2 ? "IOC" : "GTC",
      postOnly: false,
    },
  };
}

/** Sends an order and takes it back after a while; what is not known is left to be found by the comparison. */
async function trade(
  trading: Trading,
  process: SimProcess,
  count: (what: string) => void,
  order: OrderRequest,
): Promise<void> {
  const deadline = () => {
    const controller = new AbortController();
    process.after(5_000, () => controller.abort());
    return controller.signal;
  };
  const outcome = await trading.submit(order, deadline());
  count(outcome.kind);
  if (outcome.kind !== "acknowledged") return;
  process.after(20_000, () => {
    const key = { ...order, venueOrderId: outcome.venueOrderId };
    trading.cancel(key, deadline()).then(({ kind }) => count(`cancel ${kind}`));
  });
}

/** Runs the world until a question has its answer. */
async function answered<T>(world: World, asked: Promise<T>): Promise<T> {
  let isOver = false;
  asked.then(() => (isOver = true), () => (isOver = true));
  await world.runUntil(world.clock.nowMs() + 60_000, () => isOver);
  return await asked;
}

async function compare(
  when: string,
  venue: SimVenue,
  told: Told,
  trading: Trading,
  world: World,
): Promise<void> {
  const never = new AbortController().signal;
  assertEquals(told.health?.marketData, "connected", when);
  assertEquals(told.health?.privateStream, "connected", when);
  // A moment in which nothing is on its way.
  await world.runUntil(world.clock.nowMs() + 1_000, () => told.isBookValid);
  await world.runUntil(Math.ceil(world.clock.nowMs() / 2_000) * 2_000 + 1_500);
  const shown = (side: "bids" | "asks") =>
    levelsOf(
      new Map(
        venue.control.book(symbol, bookDepth[venue.name])[side].map((one) => [one.priceTicks, one.sizeLots]),
      ),
    );
  const isSame = () =>
    String([levelsOf(told.bids), levelsOf(told.asks)]) === String([shown("bids"), shown("asks")]);
  await world.runUntil(world.clock.nowMs() + bookAgeMs[venue.name], isSame);
  const { asks, bids } = venue.control.book(symbol, 1);
  assert(told.isBookValid, `${when}: no book`);
  assertEquals(
    levelsOf(told.bids),
    shown("bids"),
    when,
  );
  assertEquals(
    levelsOf(told.asks),
    shown("asks"),
    when,
  );
  const tick = Number(venue.control.instrument(symbol)?.tickSize);
  assertEquals(Math.round(told.bid / tick), bids[0]?.priceTicks, `${when}: the quote`);
  assertEquals(Math.round(told.ask / tick), asks[0]?.priceTicks, `${when}: the quote`);
  const open = await answered(world, trading.openOrders(never));
  assertEquals(
    open.map(({ clientOrderId: id }) => String(id)).sort(),
    venue.control.openOrders(accountId).map(({ clientOrderId: id }) => venue.hostIdOf(id)).sort(),
    `${when}: open orders`,
  );
  assertEquals(told.toldTwice, [], `${when}: a fill was told twice`);
  // The stream may have lost some; with the list of the time since the last look none is missing.
  const sinceMs = world.clock.nowMs() - stormEveryMs - calmMs;
  for (const fill of await answered(world, trading.fills(sinceMs, never))) told.fills.set(fill.fillId, fill);
  assertEquals(
    lotsByOrder([...told.fills.values()]),
    lotsByOrder(
      venue.control.fills(accountId).map((fill) => ({
        ...fill,
        clientOrderId: venue.hostIdOf(fill.clientOrderId),
      })),
    ),
    `${when}: fills`,
  );
  told.toldTwice.length = 0;
  const [position] = await answered(world, trading.positions(never));
  assertEquals(position?.positionLots ?? 0, venue.control.positions(accountId)[0]?.positionLots ?? 0, when);
}

/** What was filled of each order, by client order id. */
function lotsByOrder(
  fills: readonly { readonly clientOrderId: string | undefined; readonly sizeLots: number }[],
): Readonly<Record<string, number>> {
  const lots: Record<string, number> = {};
  for (const { clientOrderId: id = "", sizeLots: count } of fills) lots[id] = (lots[id] ?? 0) + count;
  return lots;
}

for (const venue of ["paradex", "hyperliquid", "edgex", "aster"] as const) {
  Deno.test(`${hours} hours with storms of reconnects: ${venue} is told as it is after each of them`, () =>
    soak(venue));
}
