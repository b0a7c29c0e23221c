/** Leg groups whose first leg rests, in the whole engine over two paper venues: quotes move, the host dies. */
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import type { LegGroupTerms } from "../../../core/model/leg_group.ts";
import { priceTicks, sizeLots } from "../../../core/model/ticks.ts";
import { alpha, beta, btcAt, maker } from "../../support/engine_builders.ts";
import { TwoPaperVenues } from "../../support/two_paper_venues.ts";

/** Bids 49,995 for 100 lots on alpha, where 49,999.5 is bid; sells on beta at 49,990 or better, where 49,999.5 is bid. */
const terms: LegGroupTerms = {
  legs: [
    {
      instrument: btcAt(alpha).id,
      side: "buy",
      sizeLots: sizeLots(100),
      limitPriceTicks: priceTicks(499_950),
    },
    {
      instrument: btcAt(beta).id,
      side: "sell",
      sizeLots: sizeLots(100),
      limitPriceTicks: priceTicks(499_900),
    },
  ],
  mode: "maker_first",
  maxNakedNotionalUsd: 10_000,
  maxNakedMs: 3_000,
  completeWithinBps: 4,
  exitCapBps: 10,
  maxHoldMs: undefined,
  maxRestMs: 5_000,
};

function resting(changes: Partial<LegGroupTerms> = {}): TwoPaperVenues {
  const run = new TwoPaperVenues();
  run.pass(1_000);
  const intent = { plugin: maker, ref: "g1", terms: { ...terms, ...changes } };
  run.handle({ kind: "group_intent", intent, causes: [] });
  run.pass(500);
  return run;
}

const phases = (run: TwoPaperVenues): readonly string[] =>
  run.engine.snapshot(run.nowUs).groups.map(({ phase }) => phase);

Deno.test("it rests, fills as maker, is hedged as taker, and each fill has its own fee", () => {
  const run = resting();
  assertEquals([phases(run), run.lots(alpha).ours], [["opening"], 0]);
  run.price(alpha, 49_994); // the ask comes down to the bid
  run.pass(1_000);
  assertEquals([phases(run), run.lots(alpha).ours, run.lots(beta).ours], [["open"], 100, -100]);
  const fills = run.journal("fill").map(({ fill }) => fill);
  assertEquals(fills[0]?.liquidity, "maker");
  assertEquals(fills.slice(1).every(({ liquidity }) => liquidity === "taker"), true);
  const { maxNakedMs, broken } = run.engine.snapshot(run.nowUs).groupTotals;
  assertEquals(broken, 0);
  assertLess(maxNakedMs, 500);
});

Deno.test("it is cancelled when the other venue no longer pays for it, and nothing is held", () => {
  const run = resting();
  run.price(beta, 49_985);
  run.pass(600);
  run.price(alpha, 49_990); // too late: nobody is there any more
  run.pass(3_000);
  assertEquals([phases(run), run.lots(alpha).ours, run.lots(beta).ours], [[], 0, 0]);
  assertEquals(run.engine.snapshot(run.nowUs).groupTotals.nothingFilled, 1);
});

Deno.test("it rests no longer than it may", () => {
  const run = resting({ maxRestMs: 2_000 });
  run.pass(1_300);
  assertEquals(phases(run), ["opening"]);
  run.pass(1_000);
  assertEquals([phases(run), run.engine.snapshot(run.nowUs).workingOrders.length], [[], 0]);
});

Deno.test("when its plugin goes, it does not rest on", () => {
  const run = resting({ maxRestMs: 60_000 });
  run.stopPlugin(true);
  run.pass(1_000);
  assertEquals([phases(run), run.engine.snapshot(run.nowUs).workingOrders.length], [[], 0]);
});

Deno.test("a first leg that would rest without an end is refused", () => {
  const run = resting({ maxRestMs: undefined });
  assertEquals(run.journal("refusal").map(({ code, facts }) => [code, facts["field"]]), [[
    "GROUP_INVALID",
    "maxRestMs",
  ]]);
});

Deno.test("wherever the host dies while a leg rests and fills, it ends even and the books agree", () => {
  let filledRuns = 0;
  for (let crashMs = 0; crashMs <= 300; crashMs += 20) {
    const run = resting();
    run.sizes.set(alpha, 0.04); // fills in parts
    run.price(alpha, 49_994);
    run.pass(crashMs);
    run.crash();
    run.pass(15_000);
    const at = `dead after ${crashMs} ms`;
    const [one, other] = [run.lots(alpha), run.lots(beta)];
    assertEquals(one.ours + other.ours, 0, `${at}: even`);
    assertEquals([one.ours, other.ours], [one.venues, other.venues], `${at}: as the venues say`);
    assertEquals(run.engine.snapshot(run.nowUs).workingOrders.length, 0, `${at}: nothing rests on`);
    if (one.ours > 0) filledRuns++;
    for (const { ref } of run.engine.snapshot(run.nowUs).groups) {
      run.handle({ kind: "close_group_intent", plugin: maker, ref, reason: "end" });
    }
    run.pass(10_000);
    assertEquals([run.lots(alpha), run.lots(beta)], [{ ours: 0, venues: 0 }, { ours: 0, venues: 0 }], at);
  }
  assertGreater(filledRuns, 5);
});
