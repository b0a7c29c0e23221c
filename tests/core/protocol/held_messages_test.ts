/** What a strategy may ask the host to hold: groups, exits, triggers, changes; checked field by field at the edge. */
import { assertEquals } from "@std/assert";
import { decodeJson, encodeMessage } from "../../../core/protocol/codec.ts";
import { parsePluginMessage } from "../../../core/protocol/schemas.ts";

const leg = { instrument: "alpha:BTC-PERP", side: "buy", sizeLots: 5, limitPriceTicks: 100 };
const group = {
  type: "submit_group",
  ref: "1",
  terms: {
    legs: [leg, { ...leg, instrument: "beta:BTC-PERP", side: "sell" }],
    mode: "sequential",
    maxNakedNotionalUsd: 100,
    maxNakedMs: 1_000,
    completeWithinBps: 4,
    exitCapBps: 10,
    maxHoldMs: null,
    maxRestMs: null,
  },
  causes: [],
};
const none = {
  stopLossBps: null,
  stopPrice: null,
  takeProfitBps: null,
  takeProfitPrice: null,
  trailing: null,
  breakEven: null,
  maxHoldMs: null,
  wideSpread: null,
  exitCapBps: 20,
};
const exit = { type: "set_exit", instrument: "alpha:BTC-PERP", terms: { ...none, stopLossBps: 50 } };
const order = {
  type: "submit",
  ref: "1",
  terms: {
    instrument: "alpha:BTC-PERP",
    side: "sell",
    sizeLots: 5,
    reduceOnly: true,
    pricing: { kind: "market", worstPriceTicks: null },
  },
  causes: [],
};

const rows: readonly { readonly name: string; readonly message: unknown; readonly passes: boolean }[] = [
  { name: "a group", message: group, passes: true },
  {
    name: "a group of one leg",
    message: { ...group, terms: { ...group.terms, legs: [leg] } },
    passes: false,
  },
  {
    name: "a group of three legs",
    message: { ...group, terms: { ...group.terms, legs: [leg, leg, leg] } },
    passes: false,
  },
  {
    name: "a group of no lots",
    message: { ...group, terms: { ...group.terms, legs: [leg, { ...leg, sizeLots: 0 }] } },
    passes: false,
  },
  { name: "a group by the host's kind of name", message: { ...group, ref: "group:1:1" }, passes: false },
  {
    name: "a group without a bound on time",
    message: { ...group, terms: { ...group.terms, maxNakedMs: null } },
    passes: false,
  },
  {
    name: "the end of a group",
    message: { type: "close_group", ref: "1", reason: "converged" },
    passes: true,
  },
  {
    name: "the end of a group, told at length",
    message: { type: "close_group", ref: "1", reason: "x".repeat(81) },
    passes: false,
  },
  { name: "an exit plan", message: exit, passes: true },
  {
    name: "an exit plan with text for a number",
    message: { ...exit, terms: { ...none, stopLossBps: "50" } },
    passes: false,
  },
  { name: "an order with exits", message: { ...order, exits: { ...none, takeProfitBps: 5 } }, passes: true },
  {
    name: "an order with steps of profit",
    message: { ...order, exits: { ...none, takeProfitSteps: [{ bps: 5, price: null, share: 0.5 }] } },
    passes: true,
  },
  {
    name: "an order with eleven steps of profit",
    message: {
      ...order,
      exits: {
        ...none,
        takeProfitSteps: Array.from({ length: 11 }, () => ({ bps: 5, price: null, share: 0.05 })),
      },
    },
    passes: false,
  },
  {
    name: "an order that waits",
    message: { ...order, trigger: { kind: "stop", triggerPriceTicks: 90 } },
    passes: true,
  },
  {
    name: "an order that waits for nothing",
    message: { ...order, trigger: { kind: "stop", triggerPriceTicks: 0 } },
    passes: false,
  },
  {
    name: "an order that says what only the gate may",
    message: { ...order, terms: { ...order.terms, reducesPlugin: true } },
    passes: true,
  },
  {
    name: "a change of price alone",
    message: { type: "amend", ref: "1", sizeLots: null, limitPriceTicks: 5 },
    passes: true,
  },
  {
    name: "a change to no lots",
    message: { type: "amend", ref: "1", sizeLots: 0, limitPriceTicks: null },
    passes: false,
  },
];
for (const { name, message, passes } of rows) {
  Deno.test(`a strategy's message ${passes ? "passes" : "is a fault"}: ${name}`, () => {
    const parsed = parsePluginMessage(message, "strategy");
    assertEquals(parsed.kind, passes ? "message" : "fault");
    if (parsed.kind !== "message") return;
    // What an adapter sends stays an adapter's, and what passed comes through the wire as it was.
    assertEquals(parsePluginMessage(message, "exchange").kind, "fault");
    assertEquals(parsePluginMessage(decodeJson(encodeMessage(parsed.message)), "strategy"), parsed);
    if (parsed.message.type === "submit") assertEquals("reducesPlugin" in parsed.message.terms, false);
  });
}
