import { assertEquals } from "@std/assert";
import type { LogFields } from "../../../../core/host/ports.ts";
import { areQuotesLogged, QuoteLog } from "../../../../core/host/observers/quote_log.ts";
import { instrumentId } from "../../../../core/model/ids.ts";
import { recordBytes, recordKinds, writeRecord } from "../../../../core/protocol/records.ts";
import { parseLogLevels } from "../../../../core/terminal/log_levels.ts";
import { alpha, EngineHarness } from "../../../support/engine_builders.ts";

/** The founding documents' sample of ETH: 1.30 bps, 42.1 ms on its way. */
Deno.test("a quote's line has both sides, the spread in bps and the latency", () => {
  const harness = EngineHarness.ready();
  const index = harness.engine.indexOf(instrumentId(alpha, "BTC-PERP")) ?? -1;
  const lines: (readonly [string, string, string, LogFields | undefined])[] = [];
  const log = new QuoteLog({
    engine: harness.engine,
    log: { write: (level, source, message, fields) => void lines.push([level, source, message, fields]) },
  });
  const record = new Uint8Array(2 * recordBytes);
  const view = new DataView(record.buffer);
  writeRecord(view, 0, recordKinds.trade, 0, index, 1, 5, 6, 1, 2, NaN, NaN);
  writeRecord(view, recordBytes, recordKinds.quote, 0, index, 2, 1_000, 1_042_100, 2_308.4, 12, 2_308.7, 8);
  log.record(index, record, 0);
  log.record(index, record, recordBytes);
  assertEquals(lines, [["debug", "quotes", "quote", {
    instrument: "alpha:BTC-PERP",
    bidPrice: 2_308.4,
    bidSizeBase: 12,
    askPrice: 2_308.7,
    askSizeBase: 8,
    spreadBps: 1.3,
    latencyMs: 42.1,
  }]]);
});

for (const [levels, expected] of [["debug", false], ["info", false], ["info,quotes=debug", true]] as const) {
  Deno.test(`--log-level ${levels}: quotes are ${expected ? "" : "not "}written`, () =>
    assertEquals(areQuotesLogged(parseLogLevels(levels)), expected));
}
