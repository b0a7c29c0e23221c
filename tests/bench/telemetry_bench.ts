/**
 * What OpenTelemetry costs a quote on its way through the host to a strategy. `baseline` is the way without the place
 * where spans would listen; "off" is a host as it runs by default. `OTEL_DENO=true deno bench …` exports besides.
 */
import { trace } from "@opentelemetry/api";
import { Driver } from "../../core/host/engine_driver.ts";
import { TradingSpans } from "../../core/host/observers/trading_spans.ts";
import { systemClock } from "../../core/host/system_clock.ts";
import { recordBytes, recordKinds, writeRecord } from "../../core/protocol/records.ts";
import type { SandboxProcess } from "../../core/sandbox/sandbox.ts";
import { EngineHarness } from "../support/engine_builders.ts";
import { memoryJournal } from "../support/mini_host.ts";

const { engine, nowUs } = EngineHarness.ready();
const index = 0;

function driver(): Driver {
  return new Driver({
    engine,
    clock: systemClock(),
    journal: memoryJournal([]),
    log: { write: () => undefined },
    onNotice: () => undefined,
    onShutdownComplete: () => undefined,
    onOrder: () => undefined,
    onFill: () => undefined,
    onPosition: () => undefined,
    onJournalLost: () => undefined,
  });
}

const off = driver();
const on = driver();
on.taps.push(new TradingSpans({ engine, tracer: trace.getTracer("bench") }));

const quotes = 1_024;
const records = new Uint8Array(quotes * recordBytes);
const view = new DataView(records.buffer);
for (let at = 0; at < quotes; at += 1) {
  writeRecord(view, at * recordBytes, recordKinds.quote, 0, index, at, 0, nowUs + at, 49_999, 1, 50_001, 1);
}

/** As `Driver.route`, without the question who else listens; no process is attached in either. */
const processes: (SandboxProcess | undefined)[] = [];
function routeAlone(record: Uint8Array, at: number): void {
  for (const subscriber of engine.router.subscribers(index, "quotes")) {
    processes[subscriber]?.push(index, record, at);
  }
}

const all = (route: (at: number) => void) => (): void => {
  for (let at = 0; at < records.length; at += recordBytes) route(at);
};

Deno.bench(
  "1,024 quotes, nobody listening",
  { group: "telemetry", baseline: true },
  all((at) => routeAlone(records, at)),
);
Deno.bench(
  "1,024 quotes, telemetry off",
  { group: "telemetry" },
  all((at) => off.route(index, "quotes", records, at)),
);
Deno.bench(
  "1,024 quotes, telemetry on",
  { group: "telemetry" },
  all((at) => on.route(index, "quotes", records, at)),
);
