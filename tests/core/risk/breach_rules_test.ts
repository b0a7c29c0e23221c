/** Which state each breach leads to, from each state: the whole table. */
import { assertEquals } from "@std/assert";
import { type Breach, stateAfter } from "../../../core/risk/breach_rules.ts";
import type { RiskSettings, TradingState } from "../../../core/model/risk_limits.ts";
import { TradingStates } from "../../../core/risk/trading_state.ts";
import { noLimits } from "../../support/engine_builders.ts";

const usual = { breachState: "reducing", haltAtBreachFactor: 1.5 } as const;
const loss = (value: number): Breach => ({ reason: "daily_loss", value, limit: 100 });
const fall = (value: number): Breach => ({ reason: "drawdown", value, limit: 100 });
const active = { state: "active", reason: "" } as const;
const byLoss = { state: "reducing", reason: "daily_loss" } as const;
const byPerson = { state: "reducing", reason: "flat by the evening" } as const;
const halted = { state: "halted", reason: "daily_loss" } as const;

interface Case {
  readonly name: string;
  readonly now: { readonly state: TradingState; readonly reason: string };
  readonly breach: Breach;
  readonly settings?: Pick<RiskSettings, "breachState" | "haltAtBreachFactor">;
  readonly expected: TradingState | undefined;
}

const cases: readonly Case[] = [
  { name: "a first loss", now: active, breach: loss(100), expected: "reducing" },
  {
    name: "a first loss of any size goes one step",
    now: active,
    breach: loss(1_000),
    expected: "reducing",
  },
  { name: "the same loss again", now: byLoss, breach: loss(149.9), expected: undefined },
  { name: "the same loss half as large again", now: byLoss, breach: loss(150), expected: "halted" },
  { name: "another loss limit", now: byLoss, breach: fall(100), expected: "halted" },
  {
    name: "a first loss of a scope that a person reduced",
    now: byPerson,
    breach: loss(100),
    expected: "halted",
  },
  { name: "a loss of no number", now: byLoss, breach: loss(NaN), expected: undefined },
  { name: "a loss under a halt", now: halted, breach: fall(1_000), expected: undefined },
  {
    name: "another loss limit, with the escalation off",
    now: byLoss,
    breach: fall(1_000),
    settings: { ...usual, haltAtBreachFactor: null },
    expected: undefined,
  },
  ...([
    "consecutive_losses",
    "position",
    "net_exposure",
    "gross_exposure",
    "leverage",
    "margin_buffer",
  ] as const)
    .map((reason) => ({
      name: `${reason} beside a loss`,
      now: byLoss,
      breach: { reason, value: 1_000, limit: 100 },
      expected: undefined,
    })),
  {
    name: "a first loss where breaches halt",
    now: active,
    breach: loss(100),
    settings: { breachState: "halted", haltAtBreachFactor: null },
    expected: "halted",
  },
  {
    name: "an exposure where breaches halt, of a scope that a person reduced",
    now: byPerson,
    breach: { reason: "leverage", value: 6, limit: 5 },
    settings: { breachState: "halted", haltAtBreachFactor: null },
    expected: "halted",
  },
];

for (const { name, now, breach, settings = usual, expected } of cases) {
  Deno.test(`stateAfter() ${name}: ${expected ?? "stays"}`, () => {
    assertEquals(stateAfter(now, breach, settings), expected);
  });
}

Deno.test("a loss that goes on halts by itself, with its numbers, and only an operator moves it back", () => {
  const scope = { kind: "global" } as const;
  const noon = 20_000.5 * 86_400_000_000;
  const states = new TradingStates(usual);
  states.register(scope, { ...noLimits, maxDailyLossUsd: 100, maxDrawdownUsd: 1_000 });
  states.updatePnl(scope, 0, noon);
  assertEquals(states.updatePnl(scope, -100, noon + 1)?.after, "reducing");
  assertEquals(states.updatePnl(scope, -149, noon + 2), undefined);
  assertEquals(states.updatePnl(scope, -150, noon + 3), {
    scope,
    before: "reducing",
    after: "halted",
    by: "risk",
    reason: "daily_loss",
    facts: { value: 150, limit: 100 },
  });
  assertEquals(states.updatePnl(scope, 500, noon + 4), undefined);
  assertEquals(states.get(scope)?.state, "halted");
});
