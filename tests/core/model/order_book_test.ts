import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { OrderBook, walkLevels } from "../../../core/model/order_book.ts";
import type { BookLevel, BookUpdate } from "../../../core/model/market.ts";
import { priceTicks, sizeLots } from "../../../core/model/ticks.ts";
import { alpha, btcAt } from "../../support/engine_builders.ts";

type Pair = readonly [ticks: number, lots: number];
const levels = (pairs: readonly Pair[]): BookLevel[] =>
  pairs.map(([ticks, lots]) => ({ priceTicks: priceTicks(ticks), sizeLots: sizeLots(lots) }));
const update = (kind: BookUpdate["kind"], bids: readonly Pair[], asks: readonly Pair[]): BookUpdate => ({
  instrument: btcAt(alpha).id,
  kind,
  bids: levels(bids),
  asks: levels(asks),
  sequence: 1,
  tsVenueMs: 0,
  tsRecvUs: 0,
});
const pairs = (list: readonly BookLevel[]): readonly Pair[] =>
  list.map(({ priceTicks: ticks, sizeLots: lots }) => [ticks, lots]);

Deno.test("a delta before the first snapshot, or after a gap, changes nothing", () => {
  const book = new OrderBook();
  book.apply(update("delta", [[100, 1]], []));
  assertEquals([book.state, book.bids.length], ["waiting_for_snapshot", 0]);
  book.apply(update("snapshot", [[100, 1]], [[101, 1]]));
  book.apply(update("invalid", [], []));
  book.apply(update("delta", [[99, 1]], []));
  assertEquals([book.state, book.bids.length, book.asks.length], ["waiting_for_snapshot", 0, 0]);
});

Deno.test("a crossed book is broken until the next snapshot", () => {
  const book = new OrderBook();
  book.apply(update("snapshot", [[100, 1]], [[101, 1]]));
  book.apply(update("delta", [[101, 1]], []));
  assertEquals(book.state, "waiting_for_snapshot");
  book.apply(update("snapshot", [[100, 1]], [[101, 1]]));
  assertEquals(book.state, "whole");
});

Deno.test("against a sorted map: every delta is set, changed or removed in its place", () => {
  const anyLevel = fc.tuple(fc.integer({ min: 1, max: 50 }), fc.nat({ max: 3 }));
  const anyAsk = fc.tuple(fc.integer({ min: 51, max: 100 }), fc.nat({ max: 3 }));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.array(anyLevel), fc.array(anyAsk)), { maxLength: 20 }), (deltas) => {
      const book = new OrderBook();
      book.apply(update("snapshot", [], []));
      const [bids, asks] = [new Map<number, number>(), new Map<number, number>()];
      for (const [bidPairs, askPairs] of deltas) {
        book.apply(update("delta", bidPairs, askPairs));
        for (const [side, changes] of [[bids, bidPairs], [asks, askPairs]] as const) {
          for (const [ticks, lots] of changes) {
            if (lots === 0) side.delete(ticks);
            else side.set(ticks, lots);
          }
        }
      }
      assertEquals(pairs(book.bids), [...bids].toSorted(([a], [b]) => b - a));
      assertEquals(pairs(book.asks), [...asks].toSorted(([a], [b]) => a - b));
    }),
  );
});

Deno.test("a book keeps its best 400 levels a side", () => {
  const book = new OrderBook();
  const many = Array.from({ length: 500 }, (_, at): Pair => [at + 1, 1]);
  book.apply(update("snapshot", many, []));
  assertEquals(
    [book.bids.length, book.bids[0]?.priceTicks as number, book.bids.at(-1)?.priceTicks as number],
    [400, 500, 101],
  );
});

const walked: readonly {
  readonly name: string;
  readonly levels: readonly Pair[];
  readonly lots: number;
  readonly average: number | undefined;
  readonly worst?: number;
}[] = [
  { name: "within the first level", levels: [[100, 5], [101, 5]], lots: 5, average: 100, worst: 100 },
  // 5 at 100, 5 at 101, 2 at 103: 1,211 / 12.
  {
    name: "through three levels",
    levels: [[100, 5], [101, 5], [103, 5]],
    lots: 12,
    average: 1_211 / 12,
    worst: 103,
  },
  { name: "more than there is", levels: [[100, 5]], lots: 6, average: undefined },
  { name: "an empty side", levels: [], lots: 1, average: undefined },
  { name: "nothing", levels: [[100, 5]], lots: 0, average: undefined },
  { name: "not a number", levels: [[100, 5]], lots: NaN, average: undefined },
];
for (const { name, levels: rows, lots, average, worst } of walked) {
  Deno.test(`walkLevels() for ${name}`, () => {
    const found = walkLevels(levels(rows), lots);
    assertEquals(found?.averageTicks, average);
    assertEquals<number | undefined>(found?.worstTicks, worst);
  });
}
