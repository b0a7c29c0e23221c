/** A whole host exports its spans by Deno's own OpenTelemetry to a receiver on this machine. */
import { assert, assertEquals } from "@std/assert";
import * as v from "valibot";

const entry = new URL("../../core/main.ts", import.meta.url).pathname;
const plugins = new URL("../../plugins", import.meta.url).pathname;

const attributes = v.array(v.object({
  key: v.string(),
  value: v.record(v.string(), v.unknown()),
}));
const span = v.object({
  traceId: v.string(),
  spanId: v.string(),
  parentSpanId: v.string(),
  name: v.string(),
  startTimeUnixNano: v.string(),
  endTimeUnixNano: v.string(),
  attributes,
  links: v.array(v.object({ traceId: v.string(), spanId: v.string() })),
});
type ReceivedSpan = v.InferOutput<typeof span>;
const traces = v.object({
  resourceSpans: v.array(v.object({
    resource: v.object({ attributes }),
    scopeSpans: v.array(v.object({ scope: v.object({ name: v.string() }), spans: v.array(span) })),
  })),
});

interface Received {
  readonly spans: ReceivedSpan[];
  readonly services: Set<unknown>;
  text: string;
}

/** Takes OTLP over HTTP as JSON. */
function receiver(received: Received): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => undefined }, async (request) => {
    const text = await request.text();
    if (new URL(request.url).pathname === "/v1/traces") {
      received.text += text;
      for (const { resource, scopeSpans } of v.parse(traces, JSON.parse(text)).resourceSpans) {
        const service = resource.attributes.find(({ key }) => key === "service.name");
        received.services.add(service?.value.stringValue);
        for (const { scope, spans } of scopeSpans) {
          if (scope.name === "berth") received.spans.push(...spans);
        }
      }
    }
    return Response.json({});
  });
}

const valueOf = ({ attributes }: ReceivedSpan, key: string): unknown =>
  attributes.find((one) => one.key === key)?.value.stringValue;

Deno.test("spans lead from each fill back to the quote, in one trace", async () => {
  const received: Received = { spans: [], services: new Set(), text: "" };
  const server = receiver(received);
  const folder = await Deno.makeTempDir();
  try {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-check",
        entry,
        "start",
        ...["--plugins", plugins, "--duration", "15s", "--seed", "7", "--no-console"],
      ],
      cwd: folder,
      env: {
        OTEL_DENO: "true",
        OTEL_SERVICE_NAME: "berth",
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${server.addr.port}`,
      },
      stdout: "null",
    }).output();
    assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
  } finally {
    await server.shutdown();
    await Deno.remove(folder, { recursive: true });
  }
  assertEquals([...received.services], ["berth"]);
  const byId = new Map(received.spans.map((one) => [one.spanId, one]));
  const fills = received.spans.filter(({ name }) => name === "fill");
  assert(fills.length > 0, `no fill among ${received.spans.length} spans`);
  for (const fill of fills) {
    const chain = [fill];
    for (let at = byId.get(fill.parentSpanId); at !== undefined; at = byId.get(at.parentSpanId)) {
      chain.push(at);
    }
    assertEquals(chain.map(({ name }) => name), ["fill", "order", "intent", "leg_group", "quote"]);
    assertEquals(new Set(chain.map(({ traceId }) => traceId)).size, 1);
    const [, order, , , quote] = chain;
    assert(order !== undefined && quote !== undefined);
    assertEquals(valueOf(order, "berth.client_order_id"), valueOf(fill, "berth.client_order_id"));
    assertEquals(fill.links[0]?.spanId, quote.spanId);
    assert(BigInt(quote.startTimeUnixNano) <= BigInt(order.startTimeUnixNano));
    assert(BigInt(order.startTimeUnixNano) <= BigInt(fill.startTimeUnixNano));
  }
  const acknowledged = received.spans.filter(({ name }) => name === "acknowledgement");
  assertEquals(acknowledged.length, received.spans.filter(({ name }) => name === "order").length);
  assert(!/secret|passphrase|private.?key|api.?key/i.test(received.text));
});
