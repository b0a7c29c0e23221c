import { assert, assertEquals } from "@std/assert";
import { type Context, type HrTime, type SpanContext, type SpanOptions, trace } from "@opentelemetry/api";
import { TradingSpans } from "../../../../core/host/observers/trading_spans.ts";
import { causeId, instrumentId } from "../../../../core/model/ids.ts";
import { sizeLots } from "../../../../core/model/ticks.ts";
import { recordBytes, recordKinds, writeRecord } from "../../../../core/protocol/records.ts";
import { alpha, EngineHarness } from "../../../support/engine_builders.ts";

interface Told {
  readonly name: string;
  readonly parent: string | undefined;
  readonly links: readonly string[];
  readonly attributes: Record<string, unknown>;
  readonly startUs: number;
  endUs: number | undefined;
  error: string | undefined;
}

const usOf = (time: unknown): number => {
  assert(Array.isArray(time));
  const [seconds = 0, nanos = 0]: HrTime = [Number(time[0]), Number(time[1])];
  return seconds * 1e6 + nanos / 1e3;
};

/** Spans by what they were told; their ids are their places. */
function tracing(engine: EngineHarness["engine"]) {
  const told: Told[] = [];
  const nameOf = ({ spanId }: SpanContext): string => told[Number(spanId)]?.name ?? "?";
  const startSpan = (name: string, options: SpanOptions = {}, context?: Context) => {
    const parent = context === undefined ? undefined : trace.getSpanContext(context);
    const span: Told = {
      name,
      parent: parent === undefined ? undefined : nameOf(parent),
      links: (options.links ?? []).map((link) => nameOf(link.context)),
      attributes: { ...options.attributes },
      startUs: usOf(options.startTime),
      endUs: undefined,
      error: undefined,
    };
    const spanId = String(told.push(span) - 1);
    const made = {
      spanContext: () => ({ traceId: "t", spanId, traceFlags: 1 }),
      setAttribute: (key: string, value: unknown) => (span.attributes[key] = value, made),
      setAttributes: (
        values: Readonly<Record<string, unknown>>,
      ) => (Object.assign(span.attributes, values), made),
      addEvent: () => made,
      addLink: () => made,
      addLinks: () => made,
      setStatus: ({ message = "" }: { readonly message?: string }) => (span.error = message, made),
      updateName: () => made,
      end(time: unknown) {
        assertEquals(span.endUs, undefined, `${name} is ended twice`);
        span.endUs = usOf(time);
      },
      isRecording: () => span.endUs === undefined,
      recordException: () => undefined,
    };
    return made;
  };
  const startActiveSpan = (): never => {
    throw new Error("spans are made from records, never around code");
  };
  return { told, spans: new TradingSpans({ engine, tracer: { startSpan, startActiveSpan } }) };
}

function during(harness: EngineHarness, act: () => void) {
  const { told, spans } = tracing(harness.engine);
  harness.outputs = [];
  let seen = 0;
  /** Hands over what the engine has written down since. */
  const handOver = (): void => {
    for (const output of harness.outputs.slice(seen)) {
      if (output.kind === "journal") spans.onEntry(output.entry);
    }
    seen = harness.outputs.length;
  };
  act();
  handOver();
  return { told, spans };
}

const shape = (told: readonly Told[]): readonly string[] =>
  told.map(({ name, parent, links }) =>
    `${parent === undefined ? "" : `${parent} > `}${name}${
      links.length === 0 ? "" : ` ~ ${links.join(", ")}`
    }`
  );

Deno.test("a fill hangs on its order, that on its intent, and that on its quote", () => {
  const harness = EngineHarness.ready();
  const startUs = harness.nowUs;
  const { told } = during(harness, () => {
    const order = harness.intend({ sizeLots: sizeLots(10) });
    assert(order !== undefined);
    harness.nowUs += 3_000;
    harness.acknowledge(order.clientOrderId);
    harness.nowUs += 5_000;
    harness.fill(order, 10);
  });
  assertEquals(shape(told), [
    "quote",
    "quote > intent",
    "intent > order",
    "order > acknowledgement",
    "order > fill ~ quote",
  ]);
  const [, intent, order, acknowledgement, fill] = told;
  assertEquals([order?.startUs, order?.endUs], [startUs, startUs + 8_000]);
  assertEquals([acknowledgement?.startUs, acknowledgement?.endUs], [startUs, startUs + 3_000]);
  assertEquals(intent?.attributes["berth.size"], "0.01");
  assertEquals(order?.attributes["berth.order.status"], "filled");
  assertEquals(
    [fill?.attributes["berth.client_order_id"], fill?.attributes["berth.venue"]],
    [order?.attributes["berth.client_order_id"], "alpha"],
  );
});

Deno.test("a quote's span begins when the quote was received", () => {
  const harness = EngineHarness.ready();
  const { told, spans } = tracing(harness.engine);
  const record = new Uint8Array(recordBytes);
  const index = harness.engine.indexOf(instrumentId(alpha, "BTC-PERP")) ?? -1;
  const view = new DataView(record.buffer);
  writeRecord(view, 0, recordKinds.quote, 0, index, 7, 0, harness.nowUs - 900, 1, 1, 2, 1);
  spans.record(index, record, 0);
  harness.outputs = [];
  const causes = [7, 8].map((sequence) => causeId(`quote/alpha:BTC-PERP/${sequence}`));
  harness.intend({ causes });
  for (const output of harness.outputs) if (output.kind === "journal") spans.onEntry(output.entry);
  assertEquals(shape(told).slice(0, 3), ["quote", "quote", "quote > intent ~ quote"]);
  assertEquals(told[0]?.startUs, harness.nowUs - 900);
  assertEquals(told[1]?.startUs, harness.nowUs, "a quote that is not remembered has no time of its own");
});

Deno.test("a refusal is an intent that failed", () => {
  const harness = EngineHarness.ready();
  const { told } = during(harness, () => harness.intend({ sizeLots: sizeLots(5_000_000) }));
  assertEquals(shape(told), ["quote", "quote > intent"]);
  assertEquals(told[1]?.error, told[1]?.attributes["berth.refusal"]);
});

Deno.test("a plugin's own words for a cause make no spans", () => {
  const harness = EngineHarness.ready();
  const causes = ["quote/nothing", "quote/a:b/1", "quote/alpha:BTC-PERP/x", "other/thing"].map(causeId);
  const { told } = during(harness, () => harness.intend({ causes }));
  assertEquals(shape(told)[0], "intent");
});

Deno.test("what is open when the host stops is ended", () => {
  const harness = EngineHarness.ready();
  const { told, spans } = during(harness, () => harness.intend());
  assertEquals(told.filter(({ endUs }) => endUs === undefined).map(({ name }) => name), [
    "order",
    "acknowledgement",
  ]);
  spans.end(harness.nowUs);
  assert(told.every(({ endUs }) => endUs !== undefined));
});
