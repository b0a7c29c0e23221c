import { assertEquals } from "@std/assert";
import { TradeLog, TradingLog } from "../../../../core/host/observers/trading_log.ts";
import { instrumentId } from "../../../../core/model/ids.ts";
import { sizeLots } from "../../../../core/model/ticks.ts";
import { recordBytes, recordKinds, writeRecord } from "../../../../core/protocol/records.ts";
import { alpha, EngineHarness } from "../../../support/engine_builders.ts";

type Line = readonly [
  level: string,
  source: string,
  message: string,
  fields: Readonly<Record<string, unknown>>,
];

function logged(harness: EngineHarness, act: () => void): readonly Line[] {
  const lines: Line[] = [];
  const { onEntry } = new TradingLog({
    engine: harness.engine,
    log: { write: (level, source, message, fields = {}) => lines.push([level, source, message, fields]) },
  });
  harness.outputs = [];
  act();
  for (const output of harness.outputs) if (output.kind === "journal") onEntry(output.entry);
  return lines;
}

Deno.test("an order's way is told in exact amounts: intent, order, fill", () => {
  const harness = EngineHarness.ready();
  const lines = logged(harness, () => harness.fill(harness.place({ sizeLots: sizeLots(10) }), 4));
  assertEquals(lines.map(([level, source, message]) => `${level} ${source} ${message}`), [
    "debug orders intent",
    "debug orders order created",
    "debug orders order acknowledged",
    "info fills filled",
    "debug orders order fill_partial",
  ]);
  const [, , , intent = {}] = lines[0] ?? [];
  assertEquals([intent.side, intent.size, intent.price], ["buy", "0.01", "50000"]);
  const [, , , fill = {}] = lines[3] ?? [];
  assertEquals(
    [fill.plugin, fill.instrument, fill.size, fill.price, fill.liquidity],
    ["maker", "alpha:BTC-PERP", "0.004", "50000", "maker"],
  );
});

Deno.test("a refusal is told with its code and numbers", () => {
  const harness = EngineHarness.ready();
  const lines = logged(harness, () => harness.intend({ sizeLots: sizeLots(5_000_000) }));
  const [level, source, message, fields = {}] = lines.at(-1) ?? [];
  assertEquals([level, source, message, fields.instrument], ["debug", "orders", "refused", "alpha:BTC-PERP"]);
  assertEquals(typeof fields.code, "string");
});

Deno.test("others' trades are told; quotes are not", () => {
  const harness = EngineHarness.ready();
  const lines: unknown[] = [];
  const log = new TradeLog({
    engine: harness.engine,
    log: { write: (...line) => lines.push(line) },
  });
  const record = new Uint8Array(2 * recordBytes);
  const view = new DataView(record.buffer);
  const index = harness.engine.indexOf(instrumentId(alpha, "BTC-PERP")) ?? -1;
  writeRecord(view, 0, recordKinds.quote, 0, index, 1, 5, 6, 1, 2, 3, 4);
  writeRecord(view, recordBytes, recordKinds.trade, 1, index, 2, 1_750, 6, 50_000.5, 0.25, NaN, NaN);
  log.record(index, record, 0);
  log.record(index, record, recordBytes);
  assertEquals(lines, [[
    "debug",
    "trades",
    "trade",
    { instrument: "alpha:BTC-PERP", takerSide: "sell", price: 50_000.5, sizeBase: 0.25, tsVenueMs: 1_750 },
  ]]);
});
