import { assert, assertEquals, assertMatch } from "@std/assert";
import { summaryJson, summaryLines } from "../../../core/terminal/summary.ts";
import { sampleSnapshot } from "./sample_snapshot.ts";
import { sampleSummary as summary } from "./sample_summary.ts";

const plain = { color: false, unicode: true, columns: 120 } as const;

Deno.test("the summary tells what a run did", () => {
  assertEquals(summaryLines(summary, plain), [
    "berth 0.1.0 ran 00:00:20, ended by duration   SIM · simulated venues",
    "",
    "VENUE─────────QUOTES──ORDERS───FILLS──────FEES────REALIZED──UNREALIZED" + "─".repeat(50),
    "okx              812      20      15      2.25      +12.30        0.00",
    "paradex        12.3k      22      16      2.25       −4.10       +1.00",
    "",
    "opportunities 12 seen, 3 taken · round trips 9 · orders 42 · fills 31 · refused 5",
    "leg groups 4 opened, 3 closed, 2 broken, 1 taken back · at most 512.40 USD alone, for 87 ms",
    "no leg alone · positions read back 8 equal, 0 different",
    "realized +8.20  unrealized +1.00  fees 4.50  funding 0.10  net +4.60 USD",
    "no positions left · no orders left working",
    "okx: the venue's own books agree to the last unit",
    "paradex: the venue's own books differ: fees 2.25 here, 2.26 there",
    "paradex_scalper: 2 restarts, running at the end",
    "",
    "run run1 · seed 7 · journal /data/journal.db",
  ]);
});

Deno.test("positions and orders that are left are listed", () => {
  const { positions, orders } = sampleSnapshot;
  const text = summaryLines({ ...summary, positions, workingOrders: orders }, plain).join("\n");
  assertMatch(text, /2 positions left · 1 orders left working/);
  assertMatch(text, /cross_exchange_arbitrage paradex +BTC-PERP +−0\.01500 +43255\.1 +\+0\.17/);
  assertMatch(text, /b00010abcdefg000000001 paradex +BTC-PERP +buy +0\.01500 accepted/);
});

Deno.test("no line is wider than the terminal", () => {
  const { positions, orders } = sampleSnapshot;
  for (const columns of [20, 40, 80]) {
    const lines = summaryLines({ ...summary, positions, workingOrders: orders }, { ...plain, columns });
    for (const line of lines) assert(line.length <= columns, line);
  }
});

Deno.test("for machines it is one JSON object on one line", () => {
  const line = summaryJson({ ...summary, unrealizedUsd: NaN }, { totalUsd: "4.600000000000000001" });
  assertEquals(line.split("\n").length, 2);
  const parsed = JSON.parse(line);
  assertEquals(parsed.totalUsd, "4.600000000000000001");
  assertEquals([parsed.event, parsed.fills, parsed.unrealizedUsd, parsed.venues[1].quotes], [
    "summary",
    31,
    null,
    12_345,
  ]);
});
