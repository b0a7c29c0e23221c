/** A strategy that comes when books are followed already is given them whole: their snapshots were told to others. */
import { assertEquals } from "@std/assert";
import type { Engine } from "../../../core/engine/engine.ts";
import { knownBooks } from "../../../core/host/plugins/plugin_subscriptions.ts";
import type { BookUpdate } from "../../../core/model/market.ts";
import { priceTicks, sizeLots } from "../../../core/model/ticks.ts";
import { OrderBook } from "../../../core/model/order_book.ts";
import type { StrategyManifest } from "../../../core/sdk/manifest.ts";
import { alpha, beta, btcAt, EngineHarness } from "../../support/engine_builders.ts";

const level = (price: number, lots: number) => ({ priceTicks: priceTicks(price), sizeLots: sizeLots(lots) });
const instrument = btcAt(alpha).id;
const times = { tsVenueMs: 1, tsRecvUs: 2_000 };
const snapshot: BookUpdate = {
  instrument,
  kind: "snapshot",
  bids: [level(100, 5), level(99, 7)],
  asks: [level(101, 4)],
  sequence: 1,
  ...times,
};
const change: BookUpdate = {
  instrument,
  kind: "delta",
  bids: [level(100, 0)],
  asks: [level(102, 9)],
  sequence: 2,
  ...times,
};
const trading: StrategyManifest["trading"] = {
  venues: ["*"],
  instruments: ["*"],
  data: ["quotes", "books"],
  orders: "trade",
};

function engineWith(...updates: readonly BookUpdate[]): Engine {
  const harness = new EngineHarness();
  harness.listInstrument(btcAt(beta));
  harness.listInstrument(btcAt(alpha));
  for (const update of updates) harness.handle({ kind: "book", update });
  return harness.engine;
}

Deno.test("it is given each whole book, as the changes since have left it", () => {
  const engine = engineWith(snapshot, change);
  const [book, ...others] = knownBooks({ engine }, { trading });
  assertEquals([book, others], [{
    index: 1,
    kind: "snapshot",
    bids: [level(99, 7)],
    asks: [level(101, 4), level(102, 9)],
    sequence: 2,
    ...times,
  }, []]);
  // What it builds of that goes on with the next change as the host's does.
  const own = new OrderBook();
  if (book !== undefined) own.apply({ ...book, instrument });
  const next = { ...change, bids: [level(98, 1)], asks: [], sequence: 3 };
  own.apply(next);
  const [kept] = knownBooks({ engine: engineWith(snapshot, change, next) }, { trading });
  assertEquals(own.snapshot()?.bids, kept?.bids);
});

for (
  const { name, updates, data } of [
    { name: "nothing of a book that waits for its snapshot", updates: [change], data: trading.data },
    {
      name: "nothing of a book with a gap",
      updates: [snapshot, { ...change, kind: "invalid" as const }],
      data: trading.data,
    },
    { name: "no book that it did not ask for", updates: [snapshot], data: ["quotes" as const] },
  ]
) {
  Deno.test(`it is given ${name}`, () => {
    assertEquals(knownBooks({ engine: engineWith(...updates) }, { trading: { ...trading, data } }), []);
  });
}
