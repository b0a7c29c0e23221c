/**
 * The engine alone, without pipes, journal and venues: what a quote and an intent cost it. Ratios count, not times.
 * An intent is judged by every limit, becomes an order, its request and its journal entries, is acknowledged, filled
 * and booked; `baseline` is the marking of one quote.
 */
import { alpha, EngineHarness, intentOf, maker } from "../support/engine_builders.ts";
import { venueOrderId } from "../../core/model/ids.ts";
import { sizeLots } from "../../core/model/ticks.ts";

const quoted = EngineHarness.ready();
let sequence = 1_000;
Deno.bench("one quote into the cache", { group: "engine", baseline: true }, () => {
  sequence += 1;
  quoted.nowUs += 100;
  quoted.engine.onQuote(0, 49_999.5, 1, 50_000.5, 1, sequence, quoted.nowUs / 1000, quoted.nowUs, "stream");
});

const traded = EngineHarness.ready();
let ref = 0;
/** One intent from the gate to the booked fill; sides alternate, so that the position stays small. */
function roundOfOrder(): void {
  ref += 1;
  traded.nowUs += 1_000;
  traded.price(alpha, 50_000);
  const { engine, nowUs: tsUs } = traded;
  const side = ref % 2 === 0 ? "sell" as const : "buy" as const;
  const intent = intentOf({ ref: `b${ref}`, side, sizeLots: sizeLots(1), plugin: maker });
  for (const output of engine.handle({ kind: "intent", tsUs, intent })) {
    if (output.kind !== "adapter_request" || output.request.kind !== "submit") continue;
    const { requestId, request } = output;
    const id = request.order.clientOrderId;
    const outcome = { kind: "acknowledged" as const, venueOrderId: venueOrderId(`v${id}`), tsVenueMs: 0 };
    engine.handle({
      kind: "adapter_response",
      tsUs,
      venue: alpha,
      requestId,
      response: { kind: "submit", outcome },
    });
    const order = { ...intent, clientOrderId: id };
    engine.handle({
      kind: "fill_report",
      tsUs,
      venue: alpha,
      fill: traded.fillOf({ ...placeholder, ...order }, 1),
    });
  }
}
const placeholder = traded.place({ ref: "placeholder" });
Deno.bench("an intent: judged, sent, acknowledged, filled, booked", { group: "engine" }, roundOfOrder);

const refused = EngineHarness.ready();
Deno.bench("an intent that is refused at the last limit", { group: "engine" }, () => {
  refused.nowUs += 1_000;
  refused.price(alpha, 50_000);
  const intent = intentOf({ ref: "big", sizeLots: sizeLots(900_000) });
  refused.engine.handle({ kind: "intent", tsUs: refused.nowUs, intent });
});

const ticked = EngineHarness.ready();
ticked.trade("buy", 10);
Deno.bench("a tick: timeouts, reconciliation, profit and loss of every scope", { group: "engine" }, () => {
  ticked.engine.handle({ kind: "tick", tsUs: ticked.nowUs });
});
