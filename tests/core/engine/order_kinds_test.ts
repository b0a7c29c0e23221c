/** Every kind of order reaches the adapter as it was asked for, a market order with the worst price that its collar allows. */
import { assertEquals } from "@std/assert";
import type { OrderIntent, OrderPricing } from "../../../core/model/order.ts";
import { priceTicks, sizeLots } from "../../../core/model/ticks.ts";
import { EngineHarness } from "../../support/engine_builders.ts";

const limit = (timeInForce: "GTC" | "IOC" | "FOK", postOnly = false, ticks = 500_000): OrderPricing => ({
  kind: "limit",
  limitPriceTicks: priceTicks(ticks),
  timeInForce,
  postOnly,
});
const market: OrderPricing = { kind: "market", worstPriceTicks: undefined };

const kinds: readonly {
  readonly name: string;
  readonly intent: Partial<OrderIntent>;
  /** Lots held before. */
  readonly heldLots?: number;
  /** Undefined: as in the intent. */
  readonly sentPricing?: OrderPricing;
}[] = [
  { name: "limit, good till cancelled", intent: { pricing: limit("GTC") } },
  { name: "limit, post-only", intent: { pricing: limit("GTC", true, 499_990) } },
  { name: "limit, immediate or cancel", intent: { pricing: limit("IOC") } },
  { name: "limit, fill or kill", intent: { pricing: limit("FOK") } },
  // The quote's collar is 100 bps beyond the ask of 50,000.5, the mark's 200 beyond 50,000: the tighter holds.
  {
    name: "market, bounded by its collar",
    intent: { pricing: market },
    sentPricing: { kind: "market", worstPriceTicks: priceTicks(505_005) },
  },
  {
    name: "reduce-only limit",
    intent: { side: "sell", reduceOnly: true, pricing: limit("GTC") },
    heldLots: 10,
  },
  {
    // 300 bps from the looser of mark (50,000) and bid (49,999.5).
    name: "reduce-only market",
    intent: { side: "sell", reduceOnly: true, pricing: market },
    heldLots: 10,
    sentPricing: { kind: "market", worstPriceTicks: priceTicks(484_996) },
  },
  {
    name: "reduce-only limit beyond its bound, moved there",
    intent: { side: "sell", reduceOnly: true, pricing: limit("IOC", false, 400_000) },
    heldLots: 10,
    sentPricing: limit("IOC", false, 484_996),
  },
];
for (const { name, intent, heldLots = 0, sentPricing } of kinds) {
  Deno.test(`as it was asked for: ${name}`, () => {
    const harness = EngineHarness.ready();
    if (heldLots > 0) harness.trade("buy", heldLots);
    const asked = { side: "buy" as const, sizeLots: sizeLots(10), reduceOnly: false, ...intent };
    harness.intend(asked);
    const { side, sizeLots: size, reduceOnly, pricing } = harness.pending("submit").request.order;
    assertEquals({ side, sizeLots: size, reduceOnly, pricing }, {
      side: asked.side,
      sizeLots: asked.sizeLots,
      reduceOnly: asked.reduceOnly,
      pricing: sentPricing ?? intent.pricing,
    });
  });
}
