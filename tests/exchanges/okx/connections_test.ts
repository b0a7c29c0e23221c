/** Connections on virtual time: announced restarts, quotes by REST while the stream is down, limits of requests. */
import { assert, assertEquals } from "@std/assert";
import { clientOrderId, type OrderRequest, parseInstrumentId, priceTicks, sizeLots } from "@berth/sdk";
import { quoteHouse, type VirtualVenue, virtualVenue } from "./virtual_venue.ts";

const btc = parseInstrumentId("okx:BTC-PERP");
const order = (id: string): OrderRequest => ({
  instrument: btc,
  clientOrderId: clientOrderId(id),
  side: "buy",
  sizeLots: sizeLots(1),
  reduceOnly: false,
  pricing: { kind: "limit", limitPriceTicks: priceTicks(599_000), timeInForce: "GTC", postOnly: false },
});
const key = (id: string) => ({ instrument: btc, clientOrderId: clientOrderId(id), venueOrderId: undefined });
const signal = new AbortController().signal;

async function started(options: Parameters<typeof virtualVenue>[0] = {}): Promise<VirtualVenue> {
  const bench = await virtualVenue(options);
  quoteHouse(bench.venue, bench.clock);
  await bench.settled(bench.adapter.start(signal));
  bench.adapter.marketData.subscribe([{ instrument: btc, kinds: ["quotes", "books"] }]);
  await bench.advance(1_000);
  assertEquals(bench.published.of("restored").length, 1);
  return bench;
}

const notice = {
  event: "notice",
  code: "64008",
  msg: "The connection will soon be closed for a service upgrade. Please reconnect.",
};

Deno.test("an announced restart is met by a second connection, and nothing is missed between the two", async () => {
  const bench = await started();
  const { adapter, clock, published, venue } = bench;
  const [oldPublic] = bench.sockets("/ws/v5/public");
  const [oldPrivate] = bench.sockets("/ws/v5/private");
  assert(oldPublic !== undefined && oldPrivate !== undefined);
  const from = published.events.length;
  oldPublic.push(notice);
  oldPrivate.push(notice);
  await bench.advance(50);
  assertEquals([bench.sockets("/ws/v5/public").length, bench.sockets("/ws/v5/private").length], [2, 2]);
  // Orders and quotes while both are up, until after the venue closed the old ones.
  for (let i = 0; i < 80; i++) {
    if (i === 60) {
      oldPublic.close("service upgrade");
      oldPrivate.close("service upgrade");
    }
    quoteHouse(venue, clock, i % 2);
    const outcome = await bench.settled(adapter.trading!.submit(order(`handover${i}`), signal));
    assertEquals(outcome.kind, "acknowledged");
    await bench.advance(1_000);
  }
  const after = published.events.slice(from);
  for (let i = 0; i < 80; i++) {
    const reports = after.filter((e) => e.kind === "order" && e.value.clientOrderId === `handover${i}`);
    assert(reports.length > 0, `handover${i} was not reported`);
  }
  // A handover is no interruption: no state but connected, no second reconciliation.
  const states = after.flatMap((
    e,
  ) => (e.kind === "health" ? [e.value.marketData, e.value.privateStream] : []));
  assertEquals([...new Set(states)], ["connected"]);
  assertEquals(after.filter((e) => e.kind === "restored").length, 0);
  assertEquals([bench.sockets("/ws/v5/public").length, bench.sockets("/ws/v5/private").length], [1, 1]);
  assertEquals(bench.requests.filter((one) => one === "POST /api/v5/trade/order"), []);
  await bench.settled(adapter.stop());
});

Deno.test("while the stream is down quotes come by REST and are marked so; afterwards the stream's alone", async () => {
  const bench = await started();
  const { adapter, clock, published, venue } = bench;
  // Sockets are refused, REST is not: the one route that is left.
  bench.refuseSockets(true);
  await bench.advance(2_000);
  const from = published.events.length;
  for (let i = 0; i < 20; i++) {
    quoteHouse(venue, clock, 10 * i);
    await bench.advance(1_000);
  }
  const quotes = published.events.slice(from).filter((e) => e.kind === "quote");
  assert(quotes.length >= 15 && quotes.length <= 20, `${quotes.length} quotes in 20 s`);
  assertEquals(new Set(quotes.map(({ source }) => source)), new Set(["rest"]));
  assert(quotes.at(-1)!.bid > quotes[0]!.bid, "they follow the market");
  bench.refuseSockets(false);
  await bench.advance(60_000);
  const back = published.events.length;
  const requests = bench.requests.filter((one) => one === "GET /api/v5/market/tickers").length;
  quoteHouse(venue, clock, 500);
  await bench.advance(5_000);
  const later = published.events.slice(back).filter((e) => e.kind === "quote");
  assertEquals(new Set(later.map(({ source }) => source)), new Set(["stream"]));
  assertEquals(bench.requests.filter((one) => one === "GET /api/v5/market/tickers").length, requests);
  assertEquals(published.of("restored").length, 2);
  await bench.settled(adapter.stop());
});

Deno.test("a burst of orders ends at the budget, cancels still go through, and time refills it", async () => {
  const bench = await started({ settings: { rateLimitShare: 0.5 } });
  const trading = bench.adapter.trading!;
  const burst = await bench.settled(
    Promise.all(Array.from({ length: 40 }, (_, i) => trading.submit(order(`burst${i}`), signal))),
  );
  // Half of 60 in 2 s, less a fifth that is kept for orders that only reduce; the rest never reaches the venue.
  assertEquals(burst.filter((one) => one.kind === "acknowledged").length, 24);
  assertEquals(burst.flatMap((one) => (one.kind === "rejected" ? [`${one.code} ${one.venueCode}`] : [])), [
    ...Array.from({ length: 16 }, () => "rate_limited LOCAL"),
  ]);
  assertEquals(bench.venue.orderHistory("trader").length, 24);
  const cancels = await bench.settled(
    Promise.all(Array.from({ length: 24 }, (_, i) => trading.cancel(key(`burst${i}`), signal))),
  );
  assertEquals(new Set(cancels.map(({ kind }) => kind)), new Set(["acknowledged"]));
  await bench.advance(1_000);
  const later = await bench.settled(
    Promise.all(Array.from({ length: 20 }, (_, i) => trading.submit(order(`later${i}`), signal))),
  );
  assertEquals(later.filter((one) => one.kind === "acknowledged").length, 15);
  await bench.settled(bench.adapter.stop());
});

Deno.test('after the venue\'s own "too many" orders wait, cancels do not', async () => {
  const bench = await started();
  const trading = bench.adapter.trading!;
  assertEquals((await bench.settled(trading.submit(order("first1"), signal))).kind, "acknowledged");
  bench.protocol.setFaults({ ...bench.faults, rateLimit: 1 });
  const refused = await bench.settled(trading.submit(order("many1"), signal));
  assert(refused.kind === "rejected" && refused.venueCode === "50011", JSON.stringify(refused));
  bench.protocol.setFaults(bench.faults);
  const local = await bench.settled(trading.submit(order("many2"), signal));
  assert(local.kind === "rejected" && local.venueCode === "LOCAL", JSON.stringify(local));
  assertEquals((await bench.settled(trading.cancel(key("first1"), signal))).kind, "acknowledged");
  await bench.advance(1_100);
  assertEquals((await bench.settled(trading.submit(order("many3"), signal))).kind, "acknowledged");
  await bench.settled(bench.adapter.stop());
});

Deno.test("through restarts, announced and not, orders go through and no fill is missed", async () => {
  const bench = await started({ faults: { disconnectEveryMs: 150_000 } });
  const { adapter, clock, published, venue } = bench;
  let announced = 0;
  for (let minute = 0; minute < 20; minute++) {
    quoteHouse(venue, clock, minute % 2);
    const taking = {
      ...order(`restart${minute}`),
      pricing: { kind: "market", worstPriceTicks: undefined },
    } as const;
    await bench.settled(adapter.trading!.submit(taking, signal));
    await bench.advance(60_000);
    announced += bench.log.lines.splice(0).filter(({ message }) => message === "OKX announces").length;
  }
  assert(announced > 3, `${announced} announced`);
  const told = new Set<string>(published.of("fill").map(({ value }) => value.fillId));
  for (const fill of await bench.settled(adapter.trading!.fills(0, signal))) told.add(fill.fillId);
  assertEquals(venue.fills("trader").filter((fill) => !told.has(`BTC-USDT-SWAP-${fill.tradeId}`)), []);
  await bench.settled(adapter.stop());
});

Deno.test("a stop right after a renewal still disarms the dead man's switch, within the venue's one request a second", async () => {
  const bench = await started({ settings: { deadMansSwitchSeconds: 30 } });
  await bench.advance(9_010); // the renewal after a third of its span has just left
  const before = bench.clock.nowMs();
  await bench.settled(bench.adapter.stop());
  assert(bench.clock.nowMs() - before < 1_100, `${bench.clock.nowMs() - before} ms`);
  const sent = bench.requests.filter((one) => one === "POST /api/v5/trade/cancel-all-after");
  assertEquals(sent.length, 3);
  assertEquals(bench.log.lines.filter(({ message }) => /switch was not set/.test(message)), []);
});
