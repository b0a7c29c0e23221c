/** Curves in the journal: at their pace, bounded, and without what could not be told. */
import { assert, assertEquals } from "@std/assert";
import { CurveJournal } from "../../../../core/host/observers/curve_journal.ts";
import type { JournalRecord } from "../../../../core/journal/schema.ts";
import { instrumentId } from "../../../../core/model/ids.ts";
import { somePicture } from "../../console/bench.ts";

Deno.test("a sample each quarter of a minute: scopes with figures, and quotes of symbols that several venues have", () => {
  const { engine } = somePicture();
  const [quote] = engine.quotes;
  const [scope] = engine.scopes;
  assert(quote !== undefined && scope !== undefined);
  const at = (venue: string, symbol: string, bidPrice: number) => ({
    ...quote,
    instrument: instrumentId(venue, symbol),
    bidPrice,
    askPrice: bidPrice + 1,
  });
  const snapshot = {
    ...engine,
    scopes: [
      { ...scope, pnl: { ...scope.pnl, totalUsd: 12.5 }, drawdownUsd: 3 },
      { ...scope, pnl: { ...scope.pnl, totalUsd: NaN }, drawdownUsd: NaN },
    ],
    quotes: [
      at("alpha", "BTC-PERP", 100),
      at("beta", "BTC-PERP", NaN), // not quoted yet
      at("gamma", "BTC-PERP", 102),
      at("alpha", "ETH-PERP", 50), // nobody to compare it with
    ],
  };
  let nowMs = 0;
  const records: JournalRecord[] = [];
  const journal = new CurveJournal({
    engine: { snapshot: () => snapshot },
    journal: { append: (record) => void records.push(record) },
    clock: { monotonicMs: () => nowMs, epochUs: () => 1_700_000_000_000_000 + nowMs * 1_000 },
  });
  for (; nowMs <= 40_000; nowMs += 100) journal.tick();
  assertEquals(records.map(({ kind, tsUs }) => [kind, tsUs - 1_700_000_000_000_000]), [
    ["curves", 0],
    ["curves", 15_000_000],
    ["curves", 30_000_000],
  ]);
  assertEquals(new Set(records.map(({ id }) => id)).size, 3);
  assertEquals(records[0]?.body, {
    pnl: [{ scope: "global", totalUsd: 12.5, drawdownUsd: 3 }],
    quotes: [
      { instrument: instrumentId("alpha", "BTC-PERP"), bidPrice: 100, askPrice: 101 },
      { instrument: instrumentId("gamma", "BTC-PERP"), bidPrice: 102, askPrice: 103 },
    ],
  });
});
