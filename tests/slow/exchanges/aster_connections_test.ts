/** A day of Aster's connections, on virtual time. */
import { assert, assertEquals } from "@std/assert";
import { btc, startedBench } from "../../exchanges/aster/virtual.ts";

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
