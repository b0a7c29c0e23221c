/** The adapter against a simulated venue that fails: lost answers, repeats, gaps, disconnects. */
import type { Event } from "../../support/published.ts";
import { assert, assertEquals } from "@std/assert";
import { clientOrderId } from "@berth/sdk";
import {
  accountId,
  btc,
  ioc,
  order,
  orderUpdate,
  quoteHouse,
  simulated,
  started,
  withBench,
} from "./simulated.ts";

const within = (ms: number): AbortSignal => AbortSignal.timeout(ms);

simulated(
  "an order whose answer is lost is unknown, and the question about it finds it",
  () =>
    withBench({ faults: { loseAnswer: 1 } }, async (bench) => {
      await started(bench);
      const { published, signal, trading } = bench;
      const outcome = await trading.submit(order("lost1"), within(150));
      assertEquals(outcome, { kind: "unknown", why: "timeout", details: "no answer to order.create" });
      await published.next("the order's update", orderUpdate("lost1", "open"));
      const key = { instrument: btc, clientOrderId: clientOrderId("lost1"), venueOrderId: undefined };
      const found = await trading.queryOrder(key, signal);
      assert(found.kind === "found" && found.report.status === "open");
      // The cancel takes effect though its answer is lost too.
      assertEquals((await trading.cancel(key, within(150))).kind, "unknown");
      await published.next("the cancelled order", orderUpdate("lost1", "cancelled"));
    }),
);

simulated(
  "an order that is lost on the way is unknown, and the question about it does not find it",
  () =>
    withBench({ faults: { loseRequest: 1 } }, async (bench) => {
      await started(bench);
      const outcome = await bench.trading.submit(order("lost2"), within(150));
      assertEquals(outcome.kind, "unknown");
      const key = { instrument: btc, clientOrderId: clientOrderId("lost2"), venueOrderId: undefined };
      assertEquals(await bench.trading.queryOrder(key, bench.signal), { kind: "not_found" });
      assertEquals(bench.venue.orderHistory(accountId), []);
    }),
);

simulated("the venue's rate limit is a refusal, its internal error is unknown", async () => {
  await withBench({ faults: { rateLimit: 1 } }, async (bench) => {
    await started(bench);
    const outcome = await bench.trading.submit(order("limit1"), bench.signal);
    assert(outcome.kind === "rejected" && outcome.code === "rate_limited", JSON.stringify(outcome));
  });
  await withBench({ faults: { reject: 1 } }, async (bench) => {
    await started(bench);
    assertEquals((await bench.trading.submit(order("error1"), bench.signal)).kind, "unknown");
  });
});

simulated(
  "pushes that come twice are published once",
  () =>
    withBench({ faults: { duplicatePrivatePush: 1 } }, async (bench) => {
      const { published, signal, trading } = bench;
      await started(bench);
      await trading.submit(order("twice1", { pricing: ioc(600_020) }), signal);
      await published.next("the filled order", orderUpdate("twice1", "filled"));
      await trading.submit(order("after1"), signal);
      await published.next("a later order", orderUpdate("after1", "open"));
      const fills = published.events.filter((e) => e.kind === "fill");
      const ends = published.events.filter((e) => orderUpdate("twice1", "filled")(e) !== undefined);
      assertEquals([fills.length, ends.length], [1, 1]);
    }),
);

simulated("when the connection ends, the venue takes the orders back", () =>
  withBench({}, async (bench) => {
    const { adapter, published, signal, trading, venue } = bench;
    await started(bench);
    await trading.submit(order("leave1"), signal);
    await published.next("the open order", orderUpdate("leave1", "open"));
    const isCancelled = new Promise<void>((resolve) => {
      venue.subscribe((e) => {
        if (e.kind === "order" && e.order.status === "cancelled") resolve();
      });
    });
    await adapter.stop();
    await isCancelled;
    assertEquals(venue.order(accountId, { clientOrderId: "leave1" })?.cancelReason, "disconnect");
  }));

simulated("after the venue was gone everything resumes by itself", () =>
  withBench({}, async (bench) => {
    const { adapter, published, signal, trading, venue } = bench;
    await started(bench);
    adapter.marketData.subscribe([{ instrument: btc, kinds: ["quotes", "books"] }]);
    await published.next("a quote", (e) => e.kind === "quote" ? e : undefined);
    await published.next("a book", (e) => e.kind === "book" ? e : undefined);
    const from = published.events.length;
    await bench.restartSimulator();
    await published.next("the book's end", (e) =>
      e.kind === "book" && e.value.kind === "invalid" ? e : undefined, from);
    await published.next("the private stream", (e) =>
      e.kind === "restored" ? true : undefined, from);
    await published.next("a new book", (e) =>
      e.kind === "book" && e.value.kind === "snapshot" ? e : undefined, from);
    quoteHouse(venue, 50);
    await published.next("a new quote", (e) =>
      e.kind === "quote" && e.bid === 60_005 ? e : undefined, from);
    const outcome = await trading.submit(order("after1"), signal);
    assert(outcome.kind === "acknowledged", JSON.stringify(outcome));
    await published.next("the order's update", orderUpdate("after1", "open"), from);
  }));

simulated(
  "a book with gaps is made whole again",
  () =>
    withBench({ faults: { gapPublic: 0.2 } }, async (bench) => {
      const { adapter, published, venue } = bench;
      await started(bench);
      adapter.marketData.subscribe([{ instrument: btc, kinds: ["books"] }]);
      await published.next("a book", (e) => e.kind === "book" ? e : undefined);
      let invalidated = 0;
      for (let shift = 1; invalidated < 3; shift++) {
        assert(shift < 400, "no gap in 400 updates");
        quoteHouse(venue, shift % 50);
        await new Promise((resolve) => setTimeout(resolve, 5));
        invalidated = published.events.filter((e) => e.kind === "book" && e.value.kind === "invalid").length;
      }
      quoteHouse(venue, 77);
      const isWhole = () =>
        bestOf(published.events, 5).join() ===
          venue.book("BTC-PERP", 5).bids.map((level) => level.priceTicks).join();
      // A lost update shows at the next one, which may be lost itself.
      for (let nudge = 0; !isWhole(); nudge++) {
        assert(nudge < 400, "the book stayed broken");
        venue.takeHouse("BTC-PERP", "buy", 1);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }),
);

/** Best bid prices of the book that the published updates add up to. */
function bestOf(events: readonly Event[], depth: number): number[] {
  const bids = new Map<number, number>();
  for (const event of events) {
    if (event.kind !== "book") continue;
    if (event.value.kind !== "delta") bids.clear();
    for (const level of event.value.bids) {
      if (level.sizeLots === 0) bids.delete(level.priceTicks);
      else bids.set(level.priceTicks, level.sizeLots);
    }
  }
  return [...bids.keys()].sort((a, b) => b - a).slice(0, depth);
}
