/**
 * Ten hours of OKX on virtual time, run by okx_soak_test.ts in a process of its own with `--expose-gc`: the adapter
 * against the simulated venue through reconnect storms, outages, announced restarts, address changes and gaps. Prints
 * one line of JSON: what was seen, and the heap after each hour.
 */
import { clientOrderId, type OrderRequest, parseInstrumentId, priceTicks, sizeLots } from "@berth/sdk";
import { noFaults } from "../../exchanges/simulation/faults.ts";
import { seededRandom } from "../../exchanges/simulation/random.ts";
import { accountId, quoteHouse, virtualVenue } from "../exchanges/okx/virtual_venue.ts";

declare const gc: () => void;

const btc = parseInstrumentId("okx:BTC-PERP");
const hourMs = 3_600_000;
const hours = 10;
const stepMs = 5_000;
const signal = new AbortController().signal;

const random = seededRandom(20_261_121);
const bench = await virtualVenue({ seed: 20_261_121, settings: { deadMansSwitchSeconds: 120 } });
const { adapter, clock, published, venue } = bench;
const { trading } = adapter;
if (trading === undefined) throw new Error("no trading");
quoteHouse(venue, clock);
await bench.settled(adapter.start(signal));
adapter.marketData.subscribe([{ instrument: btc, kinds: ["quotes", "trades", "marks", "books"] }]);
await bench.advance(1_000);

const startMs = clock.nowMs();
const elapsedMs = (): number => clock.nowMs() - startMs;
const toldFills = new Set<string>();
const counts = {
  quotes: 0,
  restQuotes: 0,
  books: 0,
  gaps: 0,
  restored: 0,
  orders: 0,
  unknown: 0,
  refused: 0,
  fills: 0,
};
const heapMb: number[] = [];
let mirror = new Map<string, number>();
let isMirrorValid = false;
let longestSilenceMs = 0;
let lastQuoteMs = clock.nowMs();
let lastReconciledMs = startMs - 60_000;
let mustReconcile = false;
let reconnects = 0;
let serial = 0;
let failures = 0;

/** Runs a request with the deadline that the host gives each. */
async function within<T>(ask: (deadline: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const cancel = clock.schedule(5_000, () => controller.abort());
  try {
    return await bench.settled(ask(controller.signal));
  } finally {
    cancel();
  }
}

/** What a host would take from the adapter; nothing is kept but counts. */
function takeEvents(): void {
  for (const event of published.events) {
    switch (event.kind) {
      case "quote":
        counts.quotes += 1;
        if (event.source === "rest") counts.restQuotes += 1;
        longestSilenceMs = Math.max(longestSilenceMs, event.tsVenueMs - lastQuoteMs);
        lastQuoteMs = Math.max(lastQuoteMs, event.tsVenueMs);
        break;
      case "book": {
        const { kind, bids, asks } = event.value;
        counts.books += 1;
        if (kind === "invalid") counts.gaps += 1;
        isMirrorValid = kind !== "invalid";
        if (kind !== "delta") mirror = new Map();
        for (const [side, levels] of [["b", bids], ["a", asks]] as const) {
          for (const level of levels) {
            if (level.sizeLots === 0) mirror.delete(`${side}${level.priceTicks}`);
            else mirror.set(`${side}${level.priceTicks}`, level.sizeLots);
          }
        }
        break;
      }
      case "fill":
        toldFills.add(event.value.fillId);
        break;
      case "restored":
        counts.restored += 1;
        mustReconcile = true;
        break;
      case "health":
        reconnects = event.value.reconnects;
        break;
      default:
        break;
    }
  }
  published.events.length = 0;
  bench.requests.length = 0;
  bench.log.lines.length = 0;
}

/** As the host does after an interruption: what was missed is asked for. */
async function reconcile(): Promise<void> {
  if (!mustReconcile) return;
  mustReconcile = false;
  try {
    const fills = await within((deadline) => trading!.fills(lastReconciledMs - 60_000, deadline));
    for (const fill of fills) toldFills.add(fill.fillId);
    for (const open of await within((deadline) => trading!.openOrders(deadline))) {
      if (open.clientOrderId === undefined) continue;
      const key = { instrument: btc, clientOrderId: open.clientOrderId, venueOrderId: open.venueOrderId };
      await within((deadline) => trading!.cancel(key, deadline));
    }
    lastReconciledMs = clock.nowMs();
  } catch {
    mustReconcile = true; // the venue can't be asked: again at the next step
    failures += 1;
  }
}

async function trade(): Promise<void> {
  const isTaking = random.next() < 0.5;
  const side = random.next() < 0.5 ? "buy" : "sell";
  const passive = side === "buy" ? 590_000 : 610_000;
  const order: OrderRequest = {
    instrument: btc,
    clientOrderId: clientOrderId(`soak${serial++}`),
    side,
    sizeLots: sizeLots(1 + Math.floor(random.next() * 20)),
    reduceOnly: false,
    pricing: {
      kind: "limit",
      limitPriceTicks: priceTicks(isTaking ? (side === "buy" ? 605_000 : 595_000) : passive),
      timeInForce: isTaking ? "IOC" : "GTC",
      postOnly: false,
    },
  };
  const outcome = await within((deadline) => trading!.submit(order, deadline));
  counts.orders += 1;
  if (outcome.kind === "unknown") counts.unknown += 1;
  if (outcome.kind === "rejected") counts.refused += 1;
  if (outcome.kind !== "rejected" && !isTaking) {
    const key = { instrument: btc, clientOrderId: order.clientOrderId, venueOrderId: undefined };
    await within((deadline) => trading!.cancel(key, deadline));
  }
}

/** Weather by the minute of each hour: half of it calm, the rest one thing after the other. */
function setWeather(): void {
  const minute = Math.floor(elapsedMs() / 60_000) % 60;
  const isStorm = minute >= 10 && minute < 20;
  bench.protocol.setFaults({
    ...noFaults,
    gapPublic: minute >= 20 && minute < 25 ? 0.05 : 0,
    disconnectEveryMs: isStorm ? 3_000 : 1_800_000,
    duplicatePrivatePush: 0.05,
    loseAnswer: isStorm ? 0.02 : 0,
    rateLimit: isStorm ? 0.02 : 0,
  });
  bench.refuseSockets(minute >= 30 && minute < 33);
  bench.cutNetwork(minute === 36);
  bench.refuseHosts(
    ...(minute >= 40 && minute < 45 ? ["okx.test"] : minute >= 45 && minute < 48 ? ["aws.test"] : []),
  );
}

let lastMinute = -1;
for (let step = 0; elapsedMs() < hours * hourMs; step++) {
  const minute = Math.floor(elapsedMs() / 60_000);
  if (minute !== lastMinute) {
    lastMinute = minute;
    setWeather();
    if (minute % 60 === 50) {
      for (const socket of bench.sockets()) {
        socket.push({ event: "notice", code: "64008", msg: "Service upgrade" });
        clock.schedule(55_000, () => socket.close("service upgrade"));
      }
    }
    if (minute % 60 === 55) venue.setMaintenance(true);
    if (minute % 60 === 56) venue.setMaintenance(false);
    if (minute % 60 === 0) {
      gc();
      heapMb.push(Deno.memoryUsage().heapUsed / 2 ** 20);
    }
  }
  quoteHouse(venue, clock, Math.floor(random.next() * 200) - 100);
  if (minute % 480 === 479) venue.applyFunding("BTC-PERP");
  if (step % 3 === 0) await trade();
  await bench.advance(stepMs);
  takeEvents();
  await reconcile();
}
setWeather();
bench.protocol.setFaults(noFaults);
bench.refuseSockets(false);
bench.cutNetwork(false);
bench.refuseHosts();
venue.setMaintenance(false);
await bench.advance(120_000);
takeEvents();
mustReconcile = true;
await reconcile();
quoteHouse(venue, clock, 7);
await bench.advance(5_000);
takeEvents();
gc();
heapMb.push(Deno.memoryUsage().heapUsed / 2 ** 20);

const book = venue.book("BTC-PERP", 400);
const truth = new Map([
  ...book.bids.map((level) => [`b${level.priceTicks}`, level.sizeLots] as const),
  ...book.asks.map((level) => [`a${level.priceTicks}`, level.sizeLots] as const),
]);
const isBookTrue = isMirrorValid && truth.size === mirror.size &&
  [...truth].every(([key, lots]) => mirror.get(key) === lots);
const recent = venue.fills(accountId).map((fill) => `BTC-USDT-SWAP-${fill.tradeId}`);
counts.fills = toldFills.size;
const positions = await bench.settled(trading.positions(signal));
const result = {
  hours,
  ...counts,
  reconnects,
  failures,
  longestSilenceMs,
  isBookTrue,
  missedFills: recent.filter((id) => !toldFills.has(id)).length,
  recentFills: recent.length,
  isPositionTrue: (positions[0]?.positionLots ?? 0) ===
    (venue.positions(accountId)[0]?.positionLots ?? 0),
  openOrders: venue.openOrders(accountId).length,
  sockets: bench.sockets().length,
  heapMb: heapMb.map((mb) => Number(mb.toFixed(1))),
};
await bench.settled(adapter.stop());
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(result) + "\n"));
