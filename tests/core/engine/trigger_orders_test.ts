/** Orders that wait in the host for a price. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { isTriggered } from "../../../core/execution/trigger_price.ts";
import type { OrderIntent, OrderTrigger } from "../../../core/model/order.ts";
import { priceTicks, sizeLots } from "../../../core/model/ticks.ts";
import { alpha, beta, btcAt, EngineHarness, intentOf, maker } from "../../support/engine_builders.ts";
import { TwoPaperVenues } from "../../support/two_paper_venues.ts";

const at = (kind: OrderTrigger["kind"], ticks: number): OrderTrigger => ({
  kind,
  triggerPriceTicks: priceTicks(ticks),
});

const market = (side: "buy" | "sell", changes: Partial<OrderIntent> = {}): OrderIntent =>
  intentOf({
    ref: "t1",
    side,
    sizeLots: sizeLots(50),
    pricing: { kind: "market", worstPriceTicks: undefined },
    ...changes,
  });

/** Bid 49,999.5, ask 50,000.5; long 100 lots. */
function ready(): TwoPaperVenues {
  const run = new TwoPaperVenues();
  run.pass(1_000);
  run.handle({ kind: "intent", intent: market("buy", { ref: "e1", sizeLots: sizeLots(100) }) });
  run.pass(300);
  return run;
}

/** What the plugin was told of the waiting order. */
const phases = (run: TwoPaperVenues): readonly string[] =>
  run.outputs.flatMap((output) =>
    output.kind === "to_plugin" && output.message.type === "trigger" ? [output.message.phase] : []
  );

const table: readonly {
  readonly side: "buy" | "sell";
  readonly kind: OrderTrigger["kind"];
  readonly ticks: number;
  /** Middle of the quote, and whether it fires there: the bid is half a dollar below, the ask half above. */
  readonly prices: readonly (readonly [number, boolean])[];
}[] = [
  {
    side: "sell",
    kind: "stop",
    ticks: 499_900,
    prices: [[49_991, false], [49_990.6, false], [49_990.5, true]],
  },
  {
    side: "sell",
    kind: "take_profit",
    ticks: 500_100,
    prices: [[50_010, false], [50_010.4, false], [50_010.5, true]],
  },
  {
    side: "buy",
    kind: "stop",
    ticks: 500_100,
    prices: [[50_009, false], [50_009.4, false], [50_009.5, true]],
  },
  {
    side: "buy",
    kind: "take_profit",
    ticks: 499_900,
    prices: [[49_991, false], [49_989.6, false], [49_989.5, true]],
  },
];
for (const { side, kind, ticks, prices } of table) {
  Deno.test(`a ${side} ${kind} waits for its price and is sent when that is reached`, () => {
    const run = ready();
    const before = run.lots(alpha).ours;
    run.handle({ kind: "intent", intent: market(side), trigger: at(kind, ticks) });
    for (const [price, fires] of prices) {
      run.price(alpha, price);
      run.pass(200);
      assertEquals(run.lots(alpha).ours !== before, fires, `at ${price}`);
    }
    assertEquals([run.lots(alpha).ours - before, phases(run)], [side === "buy" ? 50 : -50, [
      "waiting",
      "fired",
      "sent",
    ]]);
  });
}

Deno.test("one whose price is reached already is sent at once", () => {
  const run = ready();
  run.handle({ kind: "intent", intent: market("sell"), trigger: at("stop", 600_000) });
  run.pass(200);
  assertEquals(run.lots(alpha).ours, 50);
});

Deno.test("a reduce-only one closes at most what is held, and nothing when nothing is", () => {
  const run = ready();
  run.handle({
    kind: "intent",
    intent: market("sell", { sizeLots: sizeLots(500), reduceOnly: true }),
    trigger: at("stop", 499_000),
  });
  run.price(alpha, 49_800);
  run.pass(500);
  assertEquals(run.lots(alpha).ours, 0);
  run.handle({
    kind: "intent",
    intent: market("sell", { ref: "t2", reduceOnly: true }),
    trigger: at("stop", 499_000),
  });
  run.pass(500);
  assertEquals([run.lots(alpha).ours, phases(run).at(-1)], [0, "cancelled"]);
});

Deno.test("the gate judges it when it fires, not before", () => {
  const run = ready();
  run.handle({ kind: "intent", intent: market("buy"), trigger: at("stop", 501_000) });
  const scope = { kind: "plugin" as const, plugin: maker };
  run.handle({
    kind: "operator",
    by: "cli",
    command: { kind: "set_state", scope, state: "reducing", reason: "r" },
  });
  assertEquals(phases(run).at(-1), "cancelled", "what may add risk is cancelled with the rest");
  const again = ready();
  again.handle({
    kind: "intent",
    intent: market("buy", { sizeLots: sizeLots(1_000_001) }),
    trigger: at("stop", 501_000),
  });
  again.price(alpha, 50_150);
  again.pass(200);
  assertEquals([again.journal("refusal").at(-1)?.code, phases(again).at(-1)], [
    "ORDER_SIZE_TOO_LARGE",
    "refused",
  ]);
});

Deno.test("it is cancelled by name, with all, by a kill, and by its plugin's end", () => {
  const ends: readonly ((run: TwoPaperVenues) => void)[] = [
    (run) => run.handle({ kind: "cancel_intent", plugin: maker, ref: "t1" }),
    (run) => run.handle({ kind: "cancel_all_intent", plugin: maker, instrument: undefined }),
    (run) => run.handle({ kind: "operator", by: "cli", command: { kind: "kill", flatten: false } }),
    (run) => run.stopPlugin(true),
  ];
  for (const [index, end] of ends.entries()) {
    const run = ready();
    run.handle({ kind: "intent", intent: market("sell"), trigger: at("stop", 499_000) });
    end(run);
    assertEquals(phases(run), ["waiting", "cancelled"], `end ${index}`);
    run.price(alpha, 49_000);
    run.pass(1_000);
    assertEquals(run.lots(alpha).ours, 100);
  }
});

Deno.test("it survives the host under a name of its own, and is sent once", () => {
  for (const crashMs of [0, 20, 40, 60, 80, 100, 200]) {
    const run = ready();
    run.handle({
      kind: "intent",
      intent: market("sell", { reduceOnly: true }),
      trigger: at("stop", 499_900),
    });
    run.pass(50);
    run.price(alpha, 49_980);
    run.pass(crashMs);
    run.crash();
    run.pass(8_000);
    assertEquals(run.lots(alpha).ours, 50, `dead after ${crashMs} ms`);
  }
});

Deno.test("what can't wait is refused", () => {
  const harness = EngineHarness.ready();
  const submit = (intent: OrderIntent, trigger: OrderTrigger): void => {
    harness.handle({ kind: "intent", intent, trigger });
  };
  submit(market("sell"), { kind: "stop", triggerPriceTicks: priceTicks(0) });
  submit(market("sell"), at("stop", 400_000));
  submit(market("sell"), at("stop", 400_000));
  submit(market("sell", { ref: "t2", instrument: btcAt(beta).id }), at("stop", 1));
  assertEquals(harness.refusals(), ["ORDER_INVALID", "ORDER_REF_IN_USE", "INSTRUMENT_UNKNOWN"]);
  for (let count = 3; count <= 202; count++) {
    submit(market("sell", { ref: `t${count}` }), at("stop", 400_000));
  }
  assertEquals(harness.refusals().at(-1), "TRIGGER_TOO_MANY");
  harness.startPlugin(maker, {
    grant: { venues: ["*"], instruments: ["*"], data: [], orders: "reduce_only" },
  });
  submit(market("buy", { ref: "x" }), at("stop", 600_000));
  assertEquals(harness.refusals().at(-1), "NOT_GRANTED_INCREASE");
});

Deno.test("isTriggered(): stop and take-profit of a side never fire at the same price, except at it", () => {
  const price = fc.integer({ min: 1, max: 100 });
  fc.assert(
    fc.property(fc.constantFrom("buy" as const, "sell" as const), price, price, (side, trigger, now) => {
      const stop = isTriggered(side, "stop", trigger, now, now);
      const profit = isTriggered(side, "take_profit", trigger, now, now);
      assertEquals([stop && profit, stop || profit], [trigger === now, true]);
      assertEquals(isTriggered(side, "stop", trigger, NaN, NaN), false);
    }),
  );
});
