/** What a plugin may say, message by message, against a clock of the test. */
import { assertEquals } from "@std/assert";
import { MessageBudget } from "../../../../core/host/plugins/message_budget.ts";
import type { PluginMessage } from "../../../../core/protocol/messages.ts";

const log: PluginMessage = { type: "log", level: "info", message: "x", fields: {} };
const gauge = (name: string): PluginMessage => ({ type: "gauge", name, value: 1 });
const cancel: PluginMessage = { type: "cancel", ref: "1" };

const cases: readonly {
  readonly name: string;
  readonly message: (index: number) => PluginMessage;
  /** So many at once are let pass. */
  readonly burst: number;
  /** And so many a second after that. */
  readonly perSecond: number;
  readonly limit: string;
}[] = [
  { name: "log lines", message: () => log, burst: 2_000, perSecond: 200, limit: "logLinesPerSecond" },
  { name: "gauges", message: () => gauge("one"), burst: 10_000, perSecond: 2_000, limit: "gaugesPerSecond" },
  {
    name: "other messages",
    message: () => cancel,
    burst: 20_000,
    perSecond: 5_000,
    limit: "messagesPerSecond",
  },
];

/** How many of `count` messages at `nowMs` pass before one does not. */
function passing(
  budget: MessageBudget,
  message: (index: number) => PluginMessage,
  count: number,
  nowMs: number,
): number {
  for (let index = 0; index < count; index++) {
    if (budget.spend(message(index), nowMs) !== undefined) return index;
  }
  return count;
}

for (const { name, message, burst, perSecond, limit } of cases) {
  Deno.test(`${name}: a burst passes, one more ends the plugin with the limit's name`, () => {
    const budget = new MessageBudget("chatty", 0);
    assertEquals(passing(budget, message, burst, 0), burst);
    const breach = budget.spend(message(0), 0);
    assertEquals([breach?.code, breach?.facts], ["PLUGIN_LIMIT_EXCEEDED", {
      pluginId: "chatty",
      limit,
      value: burst + 1,
      allowed: burst,
    }]);
  });

  Deno.test(`${name}: a second gives back what a second allows, and never more than a burst`, () => {
    const budget = new MessageBudget("chatty", 0);
    passing(budget, message, burst, 0);
    assertEquals(passing(budget, message, burst, 1_000), perSecond);
    const rested = new MessageBudget("chatty", 0);
    assertEquals(passing(rested, message, 2 * burst, 3_600_000), burst);
  });
}

Deno.test("a plugin may invent 200 gauges; names that come again are no new ones", () => {
  const budget = new MessageBudget("chatty", 0);
  assertEquals(passing(budget, (index) => gauge(`g${index % 200}`), 1_000, 0), 1_000);
  const breach = budget.spend(gauge("one_more"), 0);
  assertEquals([breach?.code, breach?.message], [
    "PLUGIN_LIMIT_EXCEEDED",
    "chatty was stopped: gaugeNames 201 (allowed 200).",
  ]);
});

Deno.test("one kind of message takes nothing from another", () => {
  const budget = new MessageBudget("chatty", 0);
  assertEquals(passing(budget, () => log, 2_000, 0), 2_000);
  assertEquals(budget.spend(cancel, 0), undefined);
  assertEquals(budget.spend(gauge("g"), 0), undefined);
});
