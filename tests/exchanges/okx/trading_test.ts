/** What else an account can do, on virtual time: batches, trigger orders, both position modes, funding, maintenance. */
import { assert, assertEquals } from "@std/assert";
import {
  clientOrderId,
  formatMoney,
  type OrderReport,
  type OrderRequest,
  parseInstrumentId,
  priceTicks,
  sizeLots,
  type Trading,
} from "@berth/sdk";
import { accountId, quoteHouse, type VirtualVenue, virtualVenue } from "./virtual_venue.ts";

const btc = parseInstrumentId("okx:BTC-PERP");
const eth = parseInstrumentId("okx:ETH-PERP");
const signal = new AbortController().signal;
const limit = (ticks: number, timeInForce: "GTC" | "IOC" = "GTC") =>
  ({ kind: "limit", limitPriceTicks: priceTicks(ticks), timeInForce, postOnly: false }) as const;
const order = (id: string, change: Partial<OrderRequest> = {}): OrderRequest => ({
  instrument: btc,
  clientOrderId: clientOrderId(id),
  side: "buy",
  sizeLots: sizeLots(10),
  reduceOnly: false,
  pricing: limit(599_000),
  ...change,
});
const key = (id: string) => ({ instrument: btc, clientOrderId: clientOrderId(id), venueOrderId: undefined });

interface Bench extends VirtualVenue {
  readonly trading: Trading;
}

async function started(options: Parameters<typeof virtualVenue>[0] = {}): Promise<Bench> {
  const bench = await virtualVenue(options);
  quoteHouse(bench.venue, bench.clock);
  return await begin(bench);
}
async function begin(bench: VirtualVenue): Promise<Bench> {
  await bench.settled(bench.adapter.start(signal));
  await bench.advance(1_000);
  assertEquals(bench.published.of("restored").length, 1);
  const { trading } = bench.adapter;
  assert(trading !== undefined);
  return { ...bench, trading };
}
const reportsOf = (bench: Bench, id: string): readonly OrderReport[] =>
  bench.published.of("order").map(({ value }) => value).filter((one) => one.clientOrderId === id);
const setMark = (bench: Bench, markPrice: number) =>
  bench.venue.setMark({
    symbol: "BTC-PERP",
    markPrice,
    indexPrice: markPrice,
    fundingRate: 0.0001,
    tsNextFundingMs: bench.clock.nowMs() + 3_600_000,
    tsMs: bench.clock.nowMs(),
  });

for (const way of ["socket", "REST"] as const) {
  Deno.test(`a batch by ${way}: any number of orders, an outcome each, in the order given`, async () => {
    const bench = await started({ symbols: ["BTC-PERP", "ETH-PERP"] });
    const { trading, venue } = bench;
    if (way === "REST") bench.refuseSockets(true);
    await bench.advance(100);
    assertEquals((await bench.settled(trading.submit(order("same1"), signal))).kind, "acknowledged");
    const orders = [
      ...Array.from({ length: 23 }, (_, i) => order(`many${i}`)),
      order("same1"),
      order("band1", { pricing: limit(900_000) }),
      order("other1", { instrument: eth, pricing: limit(100_000), sizeLots: sizeLots(10_000_000) }),
      order("gone1", { instrument: parseInstrumentId("okx:XYZ-PERP") }),
    ];
    const from = bench.requests.length;
    const outcomes = await bench.settled(Promise.resolve(trading.submitBatch?.(orders, signal)));
    assertEquals(
      outcomes?.map((one) => one.kind === "rejected" ? one.code : one.kind),
      [
        ...Array.from({ length: 23 }, () => "acknowledged"),
        "duplicate_client_order_id",
        "price_outside_band",
        "insufficient_margin", // nothing is quoted there, and the account is small
        "instrument_unknown",
      ],
    );
    const sent = bench.requests.slice(from).filter((one) => one.startsWith("POST"));
    assertEquals(
      sent,
      way === "socket" ? [] : Array.from({ length: 2 }, () => "POST /api/v5/trade/batch-orders"),
    );
    assertEquals(venue.openOrders(accountId).length, 24);

    const keys = [...Array.from({ length: 23 }, (_, i) => key(`many${i}`)), key("never1")];
    const cancelled = await bench.settled(Promise.resolve(trading.cancelBatch?.(keys, signal)));
    assertEquals(cancelled?.map(({ kind }) => kind), [
      ...Array.from({ length: 23 }, () => "acknowledged"),
      "already_done",
    ]);
    assertEquals(venue.openOrders(accountId).map((one) => one.clientOrderId), ["same1"]);
    await bench.settled(bench.adapter.stop());
  });
}

Deno.test("a stop waits at the venue, and becomes an order of the same id when the mark reaches it", async () => {
  const bench = await started();
  const { trading, published } = bench;
  await bench.settled(trading.submit(order("entry1", { pricing: limit(600_020, "IOC") }), signal));
  await bench.advance(100);
  const stop = order("stop1", {
    side: "sell",
    reduceOnly: true,
    pricing: { kind: "market", worstPriceTicks: undefined },
    trigger: { kind: "stop", triggerPriceTicks: priceTicks(599_500) },
  });
  const outcome = await bench.settled(trading.submit(stop, signal));
  assert(outcome.kind === "acknowledged", JSON.stringify(outcome));
  await bench.advance(100);
  const [open] = reportsOf(bench, "stop1");
  assertEquals([open?.status, open?.triggerPriceTicks, open?.venueOrderId, open?.limitPriceTicks], [
    "open",
    priceTicks(599_500),
    outcome.venueOrderId,
    undefined,
  ]);
  const listed = await bench.settled(trading.openOrders(signal));
  assertEquals(listed.map((one) => [one.clientOrderId, one.triggerPriceTicks]), [[
    clientOrderId("stop1"),
    priceTicks(599_500),
  ]]);
  const waiting = await bench.settled(trading.queryOrder(key("stop1"), signal));
  assert(waiting.kind === "found" && waiting.report.status === "open", JSON.stringify(waiting));

  setMark(bench, 59_950.1);
  await bench.advance(100);
  assertEquals(reportsOf(bench, "stop1").length, 1, "not reached yet");
  setMark(bench, 59_950);
  await bench.advance(100);
  const last = reportsOf(bench, "stop1").at(-1);
  assertEquals<unknown>([last?.status, last?.filledLots, last?.reduceOnly], ["filled", sizeLots(10), true]);
  const fill = published.of("fill").at(-1)?.value;
  assertEquals<unknown>([fill?.clientOrderId, fill?.side, fill?.priceTicks], [
    clientOrderId("stop1"),
    "sell",
    priceTicks(600_000),
  ]);
  const found = await bench.settled(trading.queryOrder(key("stop1"), signal));
  assert(found.kind === "found" && found.report.status === "filled", JSON.stringify(found));
  assertEquals(found.report.clientOrderId, clientOrderId("stop1"));
  // The list of fills names none of our ids for it: the order itself does, and is asked for once.
  for (let round = 0; round < 2; round++) {
    const fills = await bench.settled(trading.fills(0, signal));
    assertEquals(fills.map((one) => one.clientOrderId), [clientOrderId("entry1"), clientOrderId("stop1")]);
  }
  assertEquals(bench.requests.filter((request) => request === "GET /api/v5/trade/order").length, 3 + 1);
  assertEquals(bench.venue.positions(accountId).map((one) => one.positionLots), [0]);
  await bench.settled(bench.adapter.stop());
});

Deno.test("a take-profit rests as a limit order once it is reached; waiting ones are cancelled by our id", async () => {
  const bench = await started();
  const { trading } = bench;
  await bench.settled(trading.submit(order("entry1", { pricing: limit(600_020, "IOC") }), signal));
  const exit = (id: string, triggerTicks: number, kind: "stop" | "take_profit") =>
    order(id, {
      side: "sell",
      reduceOnly: true,
      sizeLots: sizeLots(5),
      pricing: limit(600_500),
      trigger: { kind, triggerPriceTicks: priceTicks(triggerTicks) },
    });
  const outcomes = await bench.settled(
    Promise.resolve(
      trading.submitBatch?.([
        exit("profit1", 600_300, "take_profit"),
        exit("stop1", 599_000, "stop"),
        exit("stop2", 598_000, "stop"),
        { ...exit("bad1", 598_000, "stop"), pricing: limit(600_500, "IOC") },
      ], signal),
    ),
  );
  assertEquals(outcomes?.map((one) => one.kind === "rejected" ? one.code : one.kind), [
    "acknowledged",
    "acknowledged",
    "acknowledged",
    "unsupported",
  ]);
  await bench.advance(100);
  setMark(bench, 60_030);
  await bench.advance(100);
  const resting = reportsOf(bench, "profit1").at(-1);
  assertEquals([resting?.status, resting?.limitPriceTicks, resting?.triggerPriceTicks], [
    "open",
    priceTicks(600_500),
    undefined,
  ]);
  // The one that became an order is cancelled as an order, the waiting ones where they wait.
  const cancelled = await bench.settled(
    Promise.resolve(trading.cancelBatch?.([key("profit1"), key("stop1")], signal)),
  );
  assertEquals(cancelled?.map(({ kind }) => kind), ["acknowledged", "acknowledged"]);
  await bench.advance(100);
  assertEquals(reportsOf(bench, "stop1").at(-1)?.status, "cancelled");
  assertEquals((await bench.settled(trading.cancel(key("stop1"), signal))).kind, "already_done");
  assertEquals((await bench.settled(trading.openOrders(signal))).map((one) => one.clientOrderId), [
    clientOrderId("stop2"),
  ]);
  assertEquals(await bench.settled(trading.cancelAll(undefined, signal)), { kind: "acknowledged" });
  await bench.advance(100);
  assertEquals(await bench.settled(trading.openOrders(signal)), []);
  const gone = await bench.settled(trading.queryOrder(key("stop2"), signal));
  assert(gone.kind === "found" && gone.report.status === "cancelled", JSON.stringify(gone));
  await bench.settled(bench.adapter.stop());
});

Deno.test("in long/short mode an order closes what it covers, opens otherwise, and the position is the sum", async () => {
  const bench = await virtualVenue();
  quoteHouse(bench.venue, bench.clock);
  const mode = await bench.settled(
    bench.client.post("/api/v5/account/set-position-mode", { posMode: "long_short_mode" }),
  );
  assertEquals(mode.kind, "rows");
  const ready = await begin(bench);
  const { trading } = ready;
  let serial = 0;
  const trade = async (side: "buy" | "sell", lots: number, reduceOnly = false) => {
    const ticks = side === "buy" ? 600_050 : 599_950;
    const id = `hedge${serial++}`;
    const outcome = await ready.settled(
      trading.submit(
        order(id, { side, sizeLots: sizeLots(lots), reduceOnly, pricing: limit(ticks, "IOC") }),
        signal,
      ),
    );
    await ready.advance(100);
    return outcome.kind === "rejected" ? outcome.code : outcome.kind;
  };
  const legs = async () => {
    const result = await ready.settled(
      ready.client.get("/api/v5/account/positions", {}, { isPrivate: true }),
    );
    assert(result.kind === "rows");
    return result.rows.map((row) =>
      typeof row === "object" && row !== null
        ? `${Reflect.get(row, "posSide")} ${Reflect.get(row, "pos")}`
        : ""
    ).sort();
  };
  const net = () => ready.published.of("position").at(-1)?.value.positionLots;

  assertEquals(await trade("buy", 100), "acknowledged");
  assertEquals([await legs(), net()], [["long 1"], 100]);
  // What is held covers it: it closes.
  assertEquals(await trade("sell", 40), "acknowledged");
  assertEquals([await legs(), net()], [["long 0.6"], 60]);
  // More than is held: it opens the other side.
  assertEquals(await trade("sell", 80), "acknowledged");
  assertEquals([await legs(), net()], [["long 0.6", "short 0.8"], -20]);
  assertEquals((await ready.settled(trading.positions(signal))).map((one) => one.positionLots), [
    sizeLots(-20),
  ]);
  // Reduce-only closes the other side, and no more than there is.
  assertEquals(await trade("buy", 80, true), "acknowledged");
  assertEquals([await legs(), net()], [["long 0.6"], 60]);
  assertEquals(await trade("buy", 10, true), "reduce_only_would_increase");
  assertEquals(await trade("sell", 60, true), "acknowledged");
  assertEquals([await legs(), net()], [[], 0]);
  const [position] = await ready.settled(trading.positions(signal));
  assertEquals(position, undefined);
  await ready.settled(ready.adapter.stop());
});

Deno.test("leverage is set with a margin mode, which orders have from then on", async () => {
  const bench = await started();
  const { trading } = bench;
  const set = (leverage: number, mode: "cross" | "isolated") =>
    bench.settled(Promise.resolve(trading.setLeverage?.(btc, leverage, mode, signal)));
  assertEquals(await set(7, "isolated"), { kind: "acknowledged" });
  const tooMuch = await set(1_000, "cross");
  assert(tooMuch?.kind === "rejected" && tooMuch.venueCode === "59102", JSON.stringify(tooMuch));
  await bench.settled(trading.submit(order("lever1", { pricing: limit(600_020, "IOC") }), signal));
  await bench.advance(100);
  assertEquals(bench.published.of("position").at(-1)?.value.leverage, 7);
  await bench.settled(bench.adapter.stop());
});

Deno.test("funding payments are told once each, with their sign, and can be asked for", async () => {
  const bench = await started();
  const { trading, published, venue } = bench;
  const sinceMs = bench.clock.nowMs();
  await bench.settled(
    trading.submit(order("long1", { pricing: limit(600_020, "IOC"), sizeLots: sizeLots(1_000) }), signal),
  );
  await bench.advance(1_000);
  for (let i = 0; i < 3; i++) {
    setMark(bench, 60_000);
    venue.applyFunding("BTC-PERP");
    await bench.advance(70_000);
  }
  // 0.1 BTC at 60,000 and 1 bps: longs pay 0.6.
  const told = published.of("funding").map((
    { value },
  ) => [formatMoney(value.amount), value.asset, value.instrument]);
  assertEquals(told, Array.from({ length: 3 }, () => ["0.6", "USDT", btc]));
  const asked = await bench.settled(Promise.resolve(trading.fundingPayments?.(sinceMs, signal)));
  assertEquals(
    asked?.map(({ paymentId }) => paymentId),
    published.of("funding").map(({ value }) => value.paymentId),
  );
  assertEquals(venue.positions(accountId)[0]?.fundingPaid, 1_800_000_000_000_000_000n);
  await bench.settled(bench.adapter.stop());
});

Deno.test("maintenance halts every instrument, on the stream and after a look, until it is over", async () => {
  const bench = await started();
  const { adapter, published, venue } = bench;
  const status = () => published.of("instrument").at(-1)?.value.status;
  assertEquals([status(), await bench.settled(adapter.queries!.venueStatus(signal))], ["trading", "trading"]);
  venue.setMaintenance(true);
  await bench.advance(1_000);
  assertEquals([status(), await bench.settled(adapter.queries!.venueStatus(signal))], ["halted", "halted"]);
  const refused = await bench.settled(bench.trading.submit(order("late1"), signal));
  assert(refused.kind === "rejected" && refused.code === "maintenance", JSON.stringify(refused));
  // Its end is missed by the stream: the next look tells it.
  bench.refuseSockets(true);
  await bench.advance(10);
  venue.setMaintenance(false);
  await bench.advance(1_000);
  assertEquals(status(), "halted");
  await bench.advance(61_000);
  assertEquals(status(), "trading");
  await bench.settled(adapter.stop());
});

Deno.test("when an address fails everything goes over to the other one, and back when that one fails", async () => {
  const bench = await started();
  const { adapter, published, venue, clock } = bench;
  adapter.marketData.subscribe([{ instrument: btc, kinds: ["quotes"] }]);
  await bench.advance(1_000);
  const hosts = () => new Set(bench.sockets().map(({ host }) => host));
  assertEquals(hosts(), new Set(["okx.test"]));
  for (const [gone, host] of [["okx.test", "aws.test"], ["aws.test", "okx.test"]] as const) {
    bench.refuseHosts(gone);
    await bench.advance(20_000);
    assertEquals([bench.sockets().length, hosts()], [3, new Set([host])]);
    const from = published.events.length;
    quoteHouse(venue, clock, host === "aws.test" ? 100 : 200);
    await bench.advance(1_000);
    assert(published.events.slice(from).some((event) => event.kind === "quote" && event.source === "stream"));
    // REST goes over too, after a question or two that no one answered.
    for (let i = 0; i < 2; i++) await bench.settled(bench.trading.balances(signal).catch(() => undefined));
    assertEquals((await bench.settled(bench.trading.balances(signal))).length, 1);
  }
  await bench.settled(adapter.stop());
});

Deno.test("a crowd of questions waits for the venue's limits instead of meeting its refusal", async () => {
  const bench = await started();
  const startMs = bench.clock.nowMs();
  const answers = await bench.settled(
    Promise.all(Array.from({ length: 30 }, () => bench.trading.balances(signal))),
  );
  assertEquals(answers.length, 30);
  // 9 at once and 9 in each 2 s after: of OKX's 10 a share of 0.9.
  const tookMs = bench.clock.nowMs() - startMs;
  assert(tookMs > 4_000 && tookMs < 6_000, `${tookMs} ms`);
  const late = bench.trading.balances(AbortSignal.abort());
  assertEquals(
    await bench.settled(late.then(() => "", (error: Error) => error.message)).then((why) =>
      /not sent/.test(why)
    ),
    true,
  );
  await bench.settled(bench.adapter.stop());
});
