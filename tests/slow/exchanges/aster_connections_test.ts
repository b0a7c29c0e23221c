/** Aster's connections over hours and a day, and a crowd of questions, on virtual time. */
import { assert, assertEquals } from "@std/assert";
import { clientOrderId } from "@berth/sdk";
import { btc, never, order, startedBench } from "../../exchanges/aster/virtual.ts";

Deno.test("connections are handed over before the venue's 24 hours are over: nothing is missed", async () => {
  const bench = await startedBench();
  const { adapter, published } = bench;
  adapter.marketData.subscribe([{ instrument: btc, kinds: ["books"] }]);
  await bench.run(2_000);
  await bench.run(25 * 3_600_000);
  const states = published.of("health").map(({ value }) => [value.marketData, value.privateStream].join());
  assertEquals(new Set(states.slice(5)), new Set(["connected,connected"]));
  assertEquals(published.of("book").filter(({ value }) => value.kind === "invalid"), []);
  assertEquals(published.of("restored").length, 1);
  assert((published.of("health").at(-1)?.value.reconnects ?? 0) >= 2);
  bench.market.quoteHouse(20);
  await bench.run(500);
  assertEquals(published.of("book").at(-1)?.value.kind, "delta");
  await bench.settled(adapter.stop());
});

Deno.test("the listen key is extended before its hour is over, and asked for again with each connection", async () => {
  const bench = await startedBench();
  const { published } = bench;
  await bench.run(65 * 60_000);
  assertEquals(bench.requests.filter((line) => line === "PUT /fapi/v3/listenKey").length, 2);
  assertEquals(published.of("restored").length, 1, "the stream held");
  bench.network.cutAll();
  await bench.run(5_000);
  assertEquals(published.of("restored").length, 2);
  await bench.settled(bench.trading.submit(order("after1"), never));
  await bench.run(200);
  assertEquals(published.of("order").at(-1)?.value.status, "open");
  await bench.settled(bench.adapter.stop());
});

Deno.test("a crowd of questions stays below the venue's weight, and cancels pass all the same", async () => {
  const bench = await startedBench();
  const { trading } = bench;
  await bench.settled(trading.submit(order("rest1"), never));
  const key = { instrument: btc, clientOrderId: clientOrderId("rest1"), venueOrderId: undefined };
  const startedMs = bench.world.clock.nowMs();
  // 5 each: 3,000 in all, where 1,512 are left to questions in a minute. Those that wait too long are not sent.
  const crowd = Array.from({ length: 600 }, () => trading.balances(never).then(() => "told", () => "unsent"));
  await bench.run(100);
  assertEquals(await bench.settled(trading.cancel(key, never)), { kind: "acknowledged" });
  const answers = await bench.settled(Promise.all(crowd));
  const told = answers.filter((answer) => answer === "told").length;
  assert(told > 250 && told < 303, `${told} were told`);
  assert(bench.world.clock.nowMs() - startedMs < 20_000);
  assertEquals(bench.log.lines.filter(({ level }) => level === "error"), []);
  await bench.settled(bench.adapter.stop());
});
