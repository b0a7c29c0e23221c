/** Exit plans in the whole engine: taken with an order, driven by quotes, alive when plugin and host are not. */
import { assert, assertEquals, assertLess } from "@std/assert";
import fc from "fast-check";
import { PriceWatch } from "../../../core/engine/price_watch.ts";
import type { ExitTerms } from "../../../core/model/exit_plan.ts";
import { priceTicks, sizeLots } from "../../../core/model/ticks.ts";
import { alpha, beta, btcAt, EngineHarness, intentOf, maker } from "../../support/engine_builders.ts";
import { TwoPaperVenues } from "../../support/two_paper_venues.ts";

const btcAlpha = btcAt(alpha).id;

const exits: ExitTerms = {
  stopLossBps: 20,
  stopPrice: undefined,
  takeProfitBps: 40,
  takeProfitPrice: undefined,
  trailing: undefined,
  breakEven: undefined,
  maxHoldMs: undefined,
  wideSpread: undefined,
  exitCapBps: 20,
};

const buy = (ref: string, lots = 100) =>
  intentOf({
    ref,
    sizeLots: sizeLots(lots),
    pricing: { kind: "limit", limitPriceTicks: priceTicks(500_100), timeInForce: "IOC", postOnly: false },
  });

/** Long 100 lots on alpha from 50,000.5, guarded. */
function guarded(terms: Partial<ExitTerms> = {}): TwoPaperVenues {
  const run = new TwoPaperVenues();
  run.pass(1_000);
  run.handle({ kind: "intent", intent: buy("e1"), exits: { ...exits, ...terms } });
  run.pass(300);
  assertEquals(run.lots(alpha).ours, 100);
  assertEquals(run.engine.snapshot(run.nowUs).exits.map(({ phase, direction }) => [phase, direction]), [[
    "armed",
    "long",
  ]]);
  return run;
}

const ends = (run: TwoPaperVenues): readonly string[] =>
  run.journal("exit_plan").flatMap(({ plan: { phase } }) => (phase.kind === "ended" ? [phase.why] : []));

Deno.test("a stop closes the position by a reduce-only order in the plugin's name", () => {
  const run = guarded();
  run.price(alpha, 49_850);
  run.pass(300);
  assertEquals([run.lots(alpha).ours, ends(run)], [0, ["stop_loss"]]);
  const order = run.journal("order").at(-1)?.order;
  assertEquals([order?.plugin, order?.side, order?.reduceOnly], [maker, "sell", true]);
  assert(run.notices().includes("EXIT_FIRED"));
  run.pass(5_000);
  assertEquals([run.lots(alpha), run.engine.snapshot(run.nowUs).exits], [{ ours: 0, venues: 0 }, []]);
});

Deno.test("it is driven by quotes: between two ticks the order is on its way", () => {
  const run = guarded();
  while (run.nowUs % 100_000 !== 0) run.pass(10);
  const before = run.journal("request").length;
  run.price(alpha, 49_850);
  run.pass(10); // one quote, no tick
  assertEquals(run.journal("request").slice(before).map(({ request }) => request.kind), ["submit"]);
});

Deno.test("it outlives its plugin's process", () => {
  const run = guarded();
  run.stopPlugin();
  run.pass(1_000);
  run.price(alpha, 50_300);
  run.pass(1_000);
  assertEquals([run.lots(alpha).ours, ends(run)], [0, ["take_profit"]]);
});

Deno.test("it outlives the host, wherever that dies", () => {
  for (let crashMs = 0; crashMs <= 200; crashMs += 20) {
    const run = guarded({ trailing: { activationBps: 10, distanceBps: 15 } });
    run.price(alpha, 50_100);
    run.pass(200);
    run.price(alpha, 49_850);
    run.pass(crashMs);
    run.crash();
    run.pass(10_000);
    const at = `dead after ${crashMs} ms`;
    assertEquals(run.lots(alpha), { ours: 0, venues: 0 }, at);
    assertEquals(run.engine.snapshot(run.nowUs).exits, [], at);
    const submitted = run.journal("request").flatMap(({ request }) =>
      request.kind === "submit" ? [request.order.clientOrderId] : []
    );
    assertEquals(new Set(submitted).size, submitted.length, at);
  }
});

Deno.test("a stop that trailed stands where it was after a restart", () => {
  const run = guarded({
    stopLossBps: undefined,
    takeProfitBps: undefined,
    trailing: { activationBps: 10, distanceBps: 15 },
  });
  run.price(alpha, 50_400);
  run.pass(200);
  run.crash();
  run.pass(3_000);
  assertEquals(run.lots(alpha).ours, 100);
  run.price(alpha, 50_310); // 18 bps below its best, far above its entry
  run.pass(500);
  assertEquals([run.lots(alpha).ours, ends(run)], [0, ["trailing"]]);
});

Deno.test("the plan grows with the position, whatever filled it", () => {
  const run = guarded();
  run.handle({ kind: "intent", intent: buy("e2", 50) });
  run.pass(300);
  run.price(alpha, 49_850);
  run.pass(500);
  assertEquals([run.lots(alpha).ours, ends(run)], [0, ["stop_loss"]]);
});

Deno.test("an order whose plan can't be taken is not sent; one that never fills leaves no plan", () => {
  const run = new TwoPaperVenues();
  run.pass(1_000);
  run.handle({ kind: "intent", intent: buy("e1"), exits: { ...exits, stopLossBps: -5 } });
  assertEquals(run.journal("refusal").map(({ code }) => code), ["EXIT_INVALID"]);
  assertEquals(run.journal("intent"), []);
  const away = intentOf({
    ref: "e2",
    pricing: { kind: "limit", limitPriceTicks: priceTicks(499_000), timeInForce: "IOC", postOnly: false },
  });
  run.handle({ kind: "intent", intent: away, exits });
  run.pass(1_000);
  assertEquals([ends(run), run.engine.snapshot(run.nowUs).exits], [["never_filled"], []]);
});

const invalid: readonly { readonly name: string; readonly terms: Partial<ExitTerms> }[] = [
  { name: "no exit at all", terms: { stopLossBps: undefined, takeProfitBps: undefined } },
  { name: "a profit of NaN", terms: { takeProfitBps: NaN } },
  { name: "a stop at zero", terms: { stopPrice: 0 } },
  { name: "trailing by nothing", terms: { trailing: { activationBps: 10, distanceBps: 0 } } },
  { name: "break-even beyond its activation", terms: { breakEven: { activationBps: 5, offsetBps: 10 } } },
  { name: "a reach of nothing", terms: { exitCapBps: 0 } },
];
for (const { name, terms } of invalid) {
  Deno.test(`an exit plan is refused: ${name}`, () => {
    const harness = EngineHarness.ready();
    const intent = {
      plugin: maker,
      instrument: btcAlpha,
      terms: { ...exits, ...terms },
      entryRef: undefined,
    };
    harness.handle({ kind: "set_exit_intent", intent });
    assertEquals([harness.refusals(), harness.journal("exit_plan")], [["EXIT_INVALID"], []]);
  });
}

Deno.test("what closes already can't be cleared or replaced", () => {
  const run = guarded();
  run.sizes.set(alpha, 0); // nobody buys
  run.price(alpha, 49_850);
  run.pass(300);
  run.handle({ kind: "clear_exit_intent", plugin: maker, instrument: btcAlpha });
  const intent = { plugin: maker, instrument: btcAlpha, terms: exits, entryRef: undefined };
  run.handle({ kind: "set_exit_intent", intent });
  assertEquals(run.journal("refusal").map(({ code }) => code), ["EXIT_UNDER_WAY", "EXIT_UNDER_WAY"]);
  run.sizes.set(alpha, 1);
  run.pass(10_000);
  assertEquals(run.lots(alpha).ours, 0);
});

Deno.test("a plan is cleared, or replaced keeping the time of the first fill", () => {
  const run = guarded({ maxHoldMs: 5_000 });
  const intent = {
    plugin: maker,
    instrument: btcAlpha,
    terms: { ...exits, maxHoldMs: 6_000 },
    entryRef: undefined,
  };
  run.pass(3_000);
  run.handle({ kind: "set_exit_intent", intent });
  run.pass(3_500);
  assertEquals([run.lots(alpha).ours, ends(run)], [0, ["replaced", "max_hold"]]);
  const cleared = guarded();
  cleared.handle({ kind: "clear_exit_intent", plugin: maker, instrument: btcAlpha });
  cleared.price(alpha, 49_000);
  cleared.pass(1_000);
  assertEquals([cleared.lots(alpha).ours, ends(cleared)], [100, ["cleared"]]);
});

Deno.test("a leg of a group has no exit plan beside it, nor the other way round", () => {
  const run = guarded();
  const legs = [
    {
      instrument: btcAlpha,
      side: "buy" as const,
      sizeLots: sizeLots(10),
      limitPriceTicks: priceTicks(500_100),
    },
    {
      instrument: btcAt(beta).id,
      side: "sell" as const,
      sizeLots: sizeLots(10),
      limitPriceTicks: priceTicks(499_900),
    },
  ] as const;
  const terms = {
    legs,
    mode: "sequential" as const,
    maxNakedNotionalUsd: 1_000,
    maxNakedMs: 3_000,
    completeWithinBps: 4,
    exitCapBps: 10,
    maxHoldMs: undefined,
    maxRestMs: undefined,
  };
  run.handle({ kind: "group_intent", intent: { plugin: maker, ref: "g1", terms }, causes: [] });
  run.handle({ kind: "clear_exit_intent", plugin: maker, instrument: btcAlpha });
  run.handle({ kind: "group_intent", intent: { plugin: maker, ref: "g2", terms }, causes: [] });
  const intent = { plugin: maker, instrument: btcAlpha, terms: exits, entryRef: undefined };
  run.handle({ kind: "set_exit_intent", intent });
  assertEquals(run.journal("refusal").map(({ code }) => code), ["GROUP_INVALID", "EXIT_IN_GROUP"]);
});

Deno.test("a best price is written down in steps, not at each quote", () => {
  const run = guarded({ trailing: { activationBps: 1_000, distanceBps: 15 } });
  const before = run.journal("exit_plan").length;
  for (let step = 1; step <= 100; step++) {
    run.price(alpha, 50_000 + step);
    run.pass(20);
  }
  assertLess(run.journal("exit_plan").length - before, 13); // 20 bps in steps of 2
});

Deno.test("PriceWatch is due exactly when a price is at or beyond an end of its range", () => {
  const range = fc.record({
    index: fc.nat({ max: 100 }),
    side: fc.constantFrom("bid" as const, "ask" as const),
    low: fc.integer({ min: 0, max: 50 }),
    high: fc.integer({ min: 50, max: 100 }),
  });
  const seen = fc.record({
    index: fc.nat({ max: 100 }),
    bid: fc.integer({ min: 0, max: 100 }),
    ask: fc.integer({ min: 0, max: 100 }),
  });
  fc.assert(
    fc.property(fc.array(range, { maxLength: 20 }), fc.array(seen, { maxLength: 20 }), (ranges, prices) => {
      const watch = new PriceWatch();
      for (const { index, side, low, high } of ranges) watch.narrow(index, side, low, high);
      for (const { index, bid, ask } of prices) {
        watch.see(index, bid, ask);
        const isOut = ranges.some((one) => {
          const price = one.side === "bid" ? bid : ask;
          return one.index === index && (price <= one.low || price >= one.high);
        });
        assertEquals(watch.takeDue(), isOut);
      }
      watch.clear();
      for (const { index, bid, ask } of prices) watch.see(index, bid, ask);
      watch.see(3, NaN, NaN);
      assertEquals(watch.isDue, false);
    }),
  );
});

Deno.test("profit is taken in steps, resized with fills, over a restart between two of them", () => {
  const steps = [20, 40].map((bps) => ({ bps, price: undefined, share: 0.5 }));
  const run = guarded({ stopLossBps: 50, takeProfitBps: undefined, takeProfitSteps: steps });
  run.price(alpha, 50_110); // the first step is at 50,100.5
  run.pass(500);
  assertEquals([run.lots(alpha).ours, ends(run)], [50, []]);
  assert(run.notices().includes("EXIT_STEP_FIRED"));
  run.crash();
  run.pass(5_000);
  assertEquals(run.lots(alpha).ours, 50, "no step is taken twice");
  run.price(alpha, 50_220);
  run.pass(1_000);
  assertEquals([run.lots(alpha).ours, ends(run)], [0, ["take_profit"]]);
  assertEquals(run.engine.snapshot(run.nowUs).exits, []);
});
