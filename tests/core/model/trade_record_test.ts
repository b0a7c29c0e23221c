/** Trade statistics by hand and over days. */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { type ClosedTrade, TradeRecord } from "../../../core/model/trade_record.ts";

const minuteMs = 60_000;
const dayMs = 86_400_000;
const trade = (netPnlUsd: number, closedMs: number, holdMs = minuteMs, feesUsd = 0.1): ClosedTrade => ({
  instrument: "paradex:BTC-PERP",
  side: "buy",
  netPnlUsd,
  feesUsd,
  openedMs: closedMs - holdMs,
  closedMs,
});

Deno.test("four trades by hand", () => {
  const record = new TradeRecord();
  record.add(trade(3, dayMs + 1, 2 * minuteMs));
  record.add(trade(-1, dayMs + 2));
  record.add(trade(-2, dayMs + 3, 5 * minuteMs));
  record.add(trade(0, dayMs + 4));
  const found = record.statistics(dayMs + 5);
  assertEquals([found.trades, found.wins, found.losses, found.winRatePercent], [4, 1, 2, 25]);
  assertEquals([found.totalNetUsd, found.dayNetUsd], [0, 0]);
  assertEquals([found.averageWinUsd, found.averageLossUsd, found.profitFactor], [3, -1.5, 1]);
  assertAlmostEquals(found.feesUsd, 0.4, 1e-12);
  assertEquals([found.averageHoldMs, found.longestHoldMs], [2.25 * minuteMs, 5 * minuteMs]);
  assertEquals(
    found.consecutiveLosses,
    2,
    "a trade that nets nothing neither adds to a losing run nor ends it",
  );
});

Deno.test("a new day begins with nothing won or lost; the totals stay", () => {
  const record = new TradeRecord();
  record.add(trade(-5, dayMs - 1));
  assertEquals(record.statistics(dayMs - 1).dayNetUsd, -5);
  assertEquals(record.statistics(dayMs).dayNetUsd, 0);
  record.add(trade(2, dayMs + 1));
  const found = record.statistics(dayMs + 2);
  assertEquals([found.dayNetUsd, found.totalNetUsd, found.consecutiveLosses], [2, -3, 0]);
});

Deno.test("nothing traded yet has no rates", () => {
  const found = new TradeRecord().statistics(0);
  assertEquals(
    [
      found.winRatePercent,
      found.averageWinUsd,
      found.averageLossUsd,
      found.profitFactor,
      found.averageHoldMs,
    ],
    [undefined, undefined, undefined, undefined, undefined],
  );
});

Deno.test("what was saved goes on where it was; what can't be read begins anew", () => {
  const record = new TradeRecord();
  record.add(trade(1, dayMs));
  const restored = new TradeRecord(JSON.parse(JSON.stringify(record.save())));
  assertEquals(restored.statistics(dayMs), record.statistics(dayMs));
  for (
    const broken of [null, 7, "x", {}, { ...record.save(), wins: "many" }, { ...record.save(), day: NaN }]
  ) {
    assertEquals(new TradeRecord(broken).statistics(dayMs).trades, 0);
  }
});
