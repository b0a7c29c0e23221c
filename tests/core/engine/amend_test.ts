/** Changes of orders: amended where the venue can, cancelled and placed anew elsewhere, always through the gate. */
import { assertEquals } from "@std/assert";
import { venueOrderId } from "../../../core/model/ids.ts";
import type { AmendOutcome, Order } from "../../../core/model/order.ts";
import { priceTicks, sizeLots } from "../../../core/model/ticks.ts";
import { alpha, EngineHarness, looseRisk, maker } from "../../support/engine_builders.ts";

function ready(
  canAmend: boolean,
  changes: ConstructorParameters<typeof EngineHarness>[0] = {},
): EngineHarness {
  const harness = EngineHarness.ready(changes);
  harness.connect(alpha, { amend: canAmend });
  harness.reconcile();
  return harness;
}

function amend(harness: EngineHarness, { ref }: Order, lots?: number, ticks?: number): void {
  harness.handle({ kind: "amend_intent", plugin: maker, ref, sizeLots: lots, limitPriceTicks: ticks });
}

const acknowledge = (harness: EngineHarness, order: Order, outcome?: AmendOutcome): void => {
  const { requestId } = harness.pending("amend");
  const acknowledged = {
    kind: "acknowledged" as const,
    venueOrderId: venueOrderId(`v-${order.clientOrderId}`),
  };
  harness.answer(requestId, { kind: "amend", outcome: outcome ?? acknowledged });
};

const terms = ({ sizeLots: lots, pricing, status }: Order): readonly unknown[] => [
  status,
  lots,
  pricing.kind === "limit" ? pricing.limitPriceTicks : undefined,
];

/** What the plugin was told of an order, newest last. */
const told = (harness: EngineHarness, ref: string): readonly string[] =>
  harness.outputs.flatMap((output) => {
    if (output.kind !== "to_plugin") return [];
    const { message } = output;
    if (message.type === "order" && message.ref === ref) return [message.order.status];
    return (message.type === "refused" || message.type === "amend_refused") && message.ref === ref
      ? [message.code]
      : [];
  });

Deno.test("where the venue can, the order is amended: same order, new terms, one request", () => {
  const harness = ready(true);
  const order = harness.place();
  amend(harness, order, 20, 499_990);
  const { request } = harness.pending("amend");
  assertEquals([request.sizeLots, request.limitPriceTicks, request.clientOrderId], [
    sizeLots(20),
    priceTicks(499_990),
    order.clientOrderId,
  ]);
  assertEquals(terms(harness.order(order.clientOrderId)), ["pending_replace", 10, 500_000]);
  acknowledge(harness, order);
  assertEquals(terms(harness.order(order.clientOrderId)), ["accepted", 20, 499_990]);
  assertEquals([harness.sent("submit"), harness.sent("cancel")], [1, 0]);
  assertEquals(told(harness, order.ref).slice(-2), ["pending_replace", "accepted"]);
});

Deno.test("a venue's no leaves the order as it is", () => {
  const harness = ready(true);
  const order = harness.place();
  amend(harness, order, 20);
  acknowledge(harness, order, {
    kind: "rejected",
    code: "insufficient_margin",
    venueCode: "1",
    venueText: "poor",
  });
  assertEquals(terms(harness.order(order.clientOrderId)), ["accepted", 10, 500_000]);
  assertEquals(harness.order(order.clientOrderId).reason, "insufficient_margin");
});

Deno.test("the gate sees the change without the order that it replaces, and counts the larger of both meanwhile", () => {
  // 10 lots at 50,000 are 500 USD; the limit is 1,200.
  const risk = { ...looseRisk, plugin: { ...looseRisk.plugin, maxPositionNotionalUsd: 1_200 } };
  const harness = ready(true, { risk });
  const order = harness.place();
  amend(harness, order, 24); // 1,200 USD: fits only in place of the old one
  assertEquals(told(harness, order.ref).at(-1), "pending_replace");
  assertEquals(harness.intend({ sizeLots: sizeLots(1) }), undefined);
  assertEquals(harness.refusals().at(-1), "POSITION_LIMIT");
  acknowledge(harness, order);
  amend(harness, order, 25);
  harness.pass(200);
  assertEquals(told(harness, order.ref).at(-1), "POSITION_LIMIT");
  assertEquals(terms(harness.order(order.clientOrderId)), ["accepted", 24, 500_000]);
});

Deno.test("of several changes while one is on its way the newest is made", () => {
  const harness = ready(true);
  const order = harness.place();
  for (const ticks of [499_990, 499_980, 499_970, 499_960]) amend(harness, order, undefined, ticks);
  assertEquals(harness.sent("amend"), 1);
  acknowledge(harness, order);
  harness.pass(100);
  assertEquals(harness.pending("amend").request.limitPriceTicks, priceTicks(499_960));
  acknowledge(harness, order);
  harness.pass(1_000);
  assertEquals([harness.sent("amend"), terms(harness.order(order.clientOrderId))], [2, [
    "accepted",
    10,
    499_960,
  ]]);
});

Deno.test("a change to what it is already costs no request", () => {
  const harness = ready(true);
  const order = harness.place();
  amend(harness, order, 10, 500_000);
  harness.pass(200);
  assertEquals(harness.sent("amend"), 0);
});

Deno.test("where it can't, the new order waits for the end of the old one and has what that left", () => {
  const harness = ready(false);
  const order = harness.place();
  harness.fill(order, 4);
  amend(harness, order, 12, 499_990);
  assertEquals([harness.sent("cancel"), harness.sent("submit")], [1, 1]);
  harness.answer(harness.pending("cancel").requestId, { kind: "cancel", outcome: { kind: "acknowledged" } });
  assertEquals(harness.sent("submit"), 1, "acknowledged is not cancelled");
  harness.fill(harness.order(order.clientOrderId), 1); // on its way when the cancel came
  harness.report(harness.order(order.clientOrderId), "cancelled", { filledLots: sizeLots(5) });
  const { order: anew } = harness.pending("submit").request;
  assertEquals([anew.sizeLots, anew.pricing.kind === "limit" && anew.pricing.limitPriceTicks], [7, 499_990]);
  assertEquals(told(harness, order.ref).includes("cancelled"), false, "to its plugin it is one order");
  assertEquals(told(harness, order.ref).at(-1), "pending_new");
});

Deno.test("what filled before the cancel came is not placed anew", () => {
  const harness = ready(false);
  const order = harness.place();
  amend(harness, order, undefined, 499_990);
  harness.fill(harness.order(order.clientOrderId), 10);
  assertEquals([harness.sent("submit"), told(harness, order.ref).at(-1)], [1, "filled"]);
});

Deno.test("a cancel by the plugin ends a replacement that is on its way", () => {
  const harness = ready(false);
  const order = harness.place();
  amend(harness, order, undefined, 499_990);
  harness.handle({ kind: "cancel_intent", plugin: maker, ref: order.ref });
  harness.report(harness.order(order.clientOrderId), "cancelled");
  assertEquals([harness.sent("submit"), told(harness, order.ref).at(-1)], [1, "cancelled"]);
});

Deno.test("a replacement that the gate refuses when it is due is told as refused", () => {
  const harness = ready(false);
  const order = harness.place();
  amend(harness, order, undefined, 499_990);
  const scope = { kind: "plugin" as const, plugin: maker };
  harness.handle({
    kind: "operator",
    by: "cli",
    command: { kind: "set_state", scope, state: "halted", reason: "r" },
  });
  harness.report(harness.order(order.clientOrderId), "cancelled");
  assertEquals([harness.sent("submit"), told(harness, order.ref).at(-1)], [1, "TRADING_HALTED"]);
});

Deno.test("the churn gate lets one replacement of an order through in half a second", () => {
  const harness = ready(false);
  const order = harness.place();
  let current = order;
  for (let round = 1; round <= 20; round++) {
    amend(harness, order, undefined, 500_000 - round * 10);
    harness.pass(100);
    if (harness.hasPending("cancel")) {
      harness.answer(harness.pending("cancel").requestId, {
        kind: "cancel",
        outcome: { kind: "acknowledged" },
      });
      harness.report(harness.order(current.clientOrderId), "cancelled");
    }
    if (harness.hasPending("submit")) {
      const { clientOrderId } = harness.pending("submit").request.order;
      harness.acknowledge(clientOrderId);
      current = harness.order(clientOrderId);
    }
  }
  assertEquals(harness.sent("submit") <= 1 + 5, true, `${harness.sent("submit")} in two seconds`);
  assertEquals(harness.engine.snapshot(harness.nowUs).workingOrders.length, 1);
});

Deno.test("what has ended or has no price can't be changed", () => {
  const harness = ready(true);
  const filled = harness.place();
  harness.fill(filled, 10);
  amend(harness, filled, 5);
  assertEquals(told(harness, filled.ref).at(-1), "AMEND_IMPOSSIBLE");
  const market = harness.place({ pricing: { kind: "market", worstPriceTicks: undefined } });
  amend(harness, market, 5);
  assertEquals(told(harness, market.ref).at(-1), "AMEND_IMPOSSIBLE");
});

Deno.test("a size that has filled already leaves nothing: the order is cancelled", () => {
  const harness = ready(true);
  const order = harness.place();
  harness.fill(order, 6);
  amend(harness, order, 5);
  assertEquals([harness.sent("amend"), harness.sent("cancel")], [0, 1]);
});

Deno.test("the report of an end says which terms an order under amendment ended with; others keep theirs", () => {
  for (const [lots, expected] of [[20, 20], [10, 10]] as const) {
    const harness = ready(true);
    const order = harness.place();
    amend(harness, order, 20);
    const limitPriceTicks = priceTicks(500_000);
    harness.report(order, "cancelled", { sizeLots: sizeLots(lots), limitPriceTicks, reason: "requested" });
    assertEquals([
      harness.order(order.clientOrderId).sizeLots as number,
      harness.order(order.clientOrderId).amending,
    ], [
      expected,
      undefined,
    ]);
  }
  const harness = ready(true);
  const order = harness.place();
  harness.report(order, "cancelled", { reason: "requested" });
  assertEquals(harness.journal("order").map(({ event }) => event).includes("terms_known"), false);
});

Deno.test("why an order ended that nobody cancelled: its remainder was not to rest, or the venue wanted it so", () => {
  const limit = (timeInForce: "GTC" | "IOC") => ({
    kind: "limit" as const,
    limitPriceTicks: priceTicks(500_000),
    timeInForce,
    postOnly: false,
  });
  const cases = [
    [limit("GTC"), "venue"],
    [limit("IOC"), "ioc_remainder"],
    [{ kind: "market" as const, worstPriceTicks: undefined }, "ioc_remainder"],
  ] as const;
  for (const [pricing, expected] of cases) {
    const harness = EngineHarness.ready();
    const order = harness.place({ pricing });
    harness.report(order, "cancelled");
    assertEquals(harness.order(order.clientOrderId).reason, expected);
  }
});
