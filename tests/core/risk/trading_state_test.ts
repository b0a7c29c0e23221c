import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { RiskScope, ScopeLimits, TradingState } from "../../../core/model/risk_limits.ts";
import { pluginId } from "../../../core/model/ids.ts";
import { tradingStates } from "../../../core/model/risk_limits.ts";
import { TradingStates } from "../../../core/risk/trading_state.ts";
import { noLimits } from "../../support/engine_builders.ts";

const everything: RiskScope = { kind: "global" };
const day = 86_400_000_000;
const noon = 20_000 * day + day / 2;

function statesWith(
  limits: Partial<ScopeLimits>,
  breachState: "reducing" | "halted" = "reducing",
): TradingStates {
  const states = new TradingStates({ breachState, haltAtBreachFactor: null });
  states.register(everything, { ...noLimits, ...limits });
  return states;
}
const stateOf = (states: TradingStates): TradingState | undefined => states.get(everything)?.state;

Deno.test("a loss since midnight moves the state, by a change with its numbers", () => {
  const states = statesWith({ maxDailyLossUsd: 100 });
  assertEquals(states.updatePnl(everything, 1_000, noon), undefined);
  assertEquals(states.updatePnl(everything, 900.01, noon + 1), undefined);
  assertEquals(states.updatePnl(everything, 900, noon + 2), {
    scope: everything,
    before: "active",
    after: "reducing",
    by: "risk",
    reason: "daily_loss",
    facts: { value: 100, limit: 100 },
  });
  assertEquals(states.updatePnl(everything, 800, noon + 3), undefined);
});

Deno.test("midnight UTC starts a new day's loss, but not a new drawdown", () => {
  const states = statesWith({ maxDailyLossUsd: 100, maxDrawdownUsd: 150 });
  states.updatePnl(everything, 0, noon);
  states.updatePnl(everything, -90, noon + 1);
  assertEquals(states.updatePnl(everything, -90, noon + day), undefined);
  assertEquals(states.updatePnl(everything, -149, noon + day + 1), undefined);
  assertEquals(states.updatePnl(everything, -150, noon + day + 2)?.reason, "drawdown");
});

Deno.test("an unknown profit moves nothing, and the next known one is looked at again", () => {
  const states = statesWith({ maxDailyLossUsd: 100 });
  assertEquals(states.updatePnl(everything, 0, noon), undefined);
  assertEquals(states.updatePnl(everything, NaN, noon + 1), undefined);
  const view = states.get(everything);
  assertEquals(view === undefined ? 0 : states.dayPnlUsd(view), NaN);
  assertEquals(states.updatePnl(everything, -100, noon + 2)?.after, "reducing");
});

Deno.test("a breach never moves a stricter state", () => {
  const states = statesWith({ maxDailyLossUsd: 100 });
  states.updatePnl(everything, 0, noon);
  states.set(everything, "halted", "cli", "test");
  assertEquals(states.updatePnl(everything, -500, noon + 1), undefined);
  assertEquals(stateOf(states), "halted");
});

Deno.test("a breach may be set to halt", () => {
  const states = statesWith({ maxDrawdownUsd: 10 }, "halted");
  states.updatePnl(everything, 0, noon);
  assertEquals(states.updatePnl(everything, -10, noon + 1)?.after, "halted");
});

Deno.test("an operator's way back takes the present as the new start", () => {
  const states = statesWith({ maxDailyLossUsd: 100, maxConsecutiveLosses: 2 });
  states.updatePnl(everything, 0, noon);
  states.countRoundTrip(everything, true);
  states.updatePnl(everything, -120, noon + 1);
  assertEquals(states.set(everything, "active", "cli", "seen")?.before, "reducing");
  assertEquals(states.get(everything)?.consecutiveLosses, 0);
  assertEquals(states.updatePnl(everything, -219, noon + 2), undefined);
  assertEquals(states.updatePnl(everything, -220, noon + 3)?.reason, "daily_loss");
});

Deno.test("losses in a row count until a win", () => {
  const states = statesWith({ maxConsecutiveLosses: 2 });
  states.countRoundTrip(everything, true);
  states.countRoundTrip(everything, false);
  states.countRoundTrip(everything, true);
  assertEquals(states.updatePnl(everything, 0, noon), undefined);
  states.countRoundTrip(everything, true);
  assertEquals(states.updatePnl(everything, 0, noon + 1)?.reason, "consecutive_losses");
});

Deno.test("orders are counted over the last second, to the microsecond", () => {
  const states = statesWith({});
  for (const at of [0, 500_000, 999_999]) states.countOrder(everything, noon + at);
  assertEquals(states.ordersLastSecond(everything, noon + 999_999), 3);
  assertEquals(states.ordersLastSecond(everything, noon + 1_000_000), 2);
  assertEquals(states.ordersLastSecond(everything, noon + 1_999_998), 1);
  assertEquals(states.ordersLastSecond(everything, noon + 1_999_999), 0);
});

Deno.test("restored states and baselines hold for scopes that come later and for those that are there", () => {
  const plugin: RiskScope = { kind: "plugin", plugin: pluginId("late") };
  const states = statesWith({ maxDailyLossUsd: 100 });
  const baseline = { day: Math.floor(noon / day), dayStartPnl: 50, peakPnl: 80, consecutiveLosses: 1 };
  states.restore(
    [{ scope: "global", ...baseline }, { scope: "plugin/late", ...baseline }],
    [{ scope: plugin, state: "reducing", reason: "yesterday" }],
  );
  states.register(plugin, noLimits);
  assertEquals([states.get(plugin)?.state, states.get(plugin)?.reason], ["reducing", "yesterday"]);
  assertEquals(states.updatePnl(everything, -49, noon), undefined);
  assertEquals(states.updatePnl(everything, -50, noon)?.reason, "daily_loss");
});

Deno.test("without an operator a state only ever gets stricter", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.double({ min: -1e4, max: 1e4 }), fc.constant(NaN)), { maxLength: 50 }),
      fc.array(fc.boolean(), { maxLength: 50 }),
      (pnls, trips) => {
        const states = statesWith({ maxDailyLossUsd: 100, maxDrawdownUsd: 200, maxConsecutiveLosses: 3 });
        let strictness = 0;
        pnls.forEach((pnl, at) => {
          const isLoss = trips[at];
          if (isLoss !== undefined) states.countRoundTrip(everything, isLoss);
          states.updatePnl(everything, pnl, noon + at * (day / 7));
          const now = tradingStates.indexOf(stateOf(states) ?? "active");
          if (now < strictness) throw new Error("a state was relaxed");
          strictness = now;
        });
      },
    ),
  );
});

Deno.test("an operator's way to stricter leaves the losses counted as they are", () => {
  const states = statesWith({ maxDrawdownUsd: 100 });
  states.updatePnl(everything, 0, noon);
  states.updatePnl(everything, -90, noon + 1);
  states.set(everything, "reducing", "cli", "look at it");
  assertEquals(states.get(everything)?.peakPnlUsd, 0);
  states.set(everything, "reducing", "cli", "again");
  assertEquals(states.get(everything)?.peakPnlUsd, 0);
  states.set(everything, "active", "cli", "seen");
  assertEquals(states.get(everything)?.peakPnlUsd, -90);
});

Deno.test("a limit of 0 is breached by a loss, not by none", () => {
  const states = statesWith({ maxDailyLossUsd: 0, maxDrawdownUsd: 0 });
  assertEquals(states.updatePnl(everything, 10, noon), undefined);
  assertEquals(states.updatePnl(everything, 10, noon + 1), undefined);
  assertEquals(states.updatePnl(everything, 9.99, noon + 2)?.reason, "daily_loss");
});

Deno.test("what stands beyond a limit moves no stricter state, and the day's figure counts from midnight", () => {
  const states = statesWith({ maxDailyLossUsd: 1_000 });
  states.updatePnl(everything, 500, noon);
  states.updatePnl(everything, 450, noon + 1);
  const scope = states.get(everything);
  assertEquals(scope === undefined ? NaN : states.dayPnlUsd(scope), -50);
  const beyond = { reason: "leverage" as const, value: 12, limit: 10 };
  assertEquals(states.checkStanding(everything, [{ ...beyond, value: 11 }]), undefined);
  states.set(everything, "halted", "cli", "held");
  assertEquals(states.checkStanding(everything, [beyond]), undefined);
  assertEquals(stateOf(states), "halted");
  states.set(everything, "active", "cli", "seen");
  assertEquals(states.checkStanding(everything, [beyond])?.reason, "leverage");
  assertEquals(stateOf(states), "reducing");
});
