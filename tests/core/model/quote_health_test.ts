/** Thresholds at and beyond their edges. */
import { assertEquals } from "@std/assert";
import { type QuoteFindingCode, quoteFindings, type QuoteState } from "../../../core/model/quote_health.ts";

const well: QuoteState = {
  isConnected: true,
  quoteAgeMs: 10_000,
  heartbeatAgeMs: 30_000,
  averageLatencyMs: 200,
  updatesPerSecond: 0.1,
};
const cases: readonly {
  readonly name: string;
  readonly change: Partial<QuoteState>;
  readonly found: readonly [QuoteFindingCode, string][];
}[] = [
  { name: "all at the edge", change: {}, found: [] },
  { name: "a quote of 10.001 s", change: { quoteAgeMs: 10_001 }, found: [["quote_stale", "notice"]] },
  {
    name: "a heartbeat of 30.001 s",
    change: { heartbeatAgeMs: 30_001 },
    found: [["heartbeat_stale", "warning"]],
  },
  { name: "a latency of 200.1 ms", change: { averageLatencyMs: 200.1 }, found: [["latency_high", "notice"]] },
  {
    name: "0.09 updates a second",
    change: { updatesPerSecond: 0.09 },
    found: [["update_rate_low", "warning"]],
  },
  { name: "no latency yet", change: { averageLatencyMs: NaN }, found: [] },
  {
    name: "a venue that never spoke",
    change: { isConnected: false, quoteAgeMs: Infinity, heartbeatAgeMs: Infinity, updatesPerSecond: 0 },
    found: [
      ["disconnected", "critical"],
      ["heartbeat_stale", "warning"],
      ["update_rate_low", "warning"],
      ["quote_stale", "notice"],
    ],
  },
];
for (const { name, change, found } of cases) {
  Deno.test(`quoteFindings() of ${name}`, () =>
    assertEquals(
      quoteFindings({ ...well, ...change }).map(({ code, severity }) => [code, severity]),
      found.map((pair) => [...pair]),
    ));
}

Deno.test("quoteFindings() goes by the thresholds it is given", () => {
  const strict = { maxQuoteAgeMs: 1, maxHeartbeatAgeMs: 1, maxAverageLatencyMs: 1, minUpdatesPerSecond: 1 };
  assertEquals(quoteFindings(well, strict).length, 4);
});
