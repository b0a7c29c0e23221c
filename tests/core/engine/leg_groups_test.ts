/** Leg groups in the whole engine: what is asked of them first, their life, and that they survive the host. */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { ClientOrderIds } from "../../../core/execution/client_order_ids.ts";
import { causeId, venueOrderId } from "../../../core/model/ids.ts";
import { defaultLegGroupLimits, type LegGroup, type LegGroupTerms } from "../../../core/model/leg_group.ts";
import { priceTicks, sizeLots } from "../../../core/model/ticks.ts";
import { alpha, beta, btcAt, EngineHarness, looseRisk, maker, taker } from "../../support/engine_builders.ts";
import { TwoPaperVenues } from "../../support/two_paper_venues.ts";

const btcAlpha = btcAt(alpha).id;
const btcBeta = btcAt(beta).id;

/** Buy 100 lots on alpha, sell 100 on beta: 5,000 USD a leg. */
function termsOf(changes: Partial<LegGroupTerms> = {}): LegGroupTerms {
  return {
    legs: [
      { instrument: btcAlpha, side: "buy", sizeLots: sizeLots(100), limitPriceTicks: priceTicks(500_100) },
      { instrument: btcBeta, side: "sell", sizeLots: sizeLots(100), limitPriceTicks: priceTicks(499_900) },
    ],
    mode: "sequential",
    maxNakedNotionalUsd: 10_000,
    maxNakedMs: 3_000,
    completeWithinBps: 4,
    exitCapBps: 10,
    maxHoldMs: undefined,
    maxRestMs: undefined,
    ...changes,
  };
}

function ready(changes: ConstructorParameters<typeof EngineHarness>[0] = {}): EngineHarness {
  const harness = EngineHarness.ready(changes);
  harness.listInstrument(btcAt(beta));
  harness.connect(beta);
  harness.reconcile(beta);
  harness.price(beta, 50_000);
  return harness;
}

function submit(harness: EngineHarness, terms = termsOf(), ref = "g1", plugin = maker): void {
  harness.handle({ kind: "group_intent", intent: { plugin, ref, terms }, causes: [] });
}

const groupOf = (harness: EngineHarness): LegGroup => {
  const newest = harness.journal("leg_group").at(-1)?.group;
  assert(newest !== undefined, `refused: ${harness.refusals().at(-1)}`);
  return newest;
};

interface Refused {
  readonly name: string;
  readonly terms?: Partial<LegGroupTerms>;
  readonly arrange?: (harness: EngineHarness) => void;
  readonly settings?: ConstructorParameters<typeof EngineHarness>[0];
  readonly expected: string;
}
const legs = termsOf().legs;
const refused: readonly Refused[] = [
  {
    name: "two legs of one instrument",
    terms: { legs: [legs[0], { ...legs[1], instrument: btcAlpha }] },
    expected: "GROUP_INVALID",
  },
  {
    name: "two buys of one symbol",
    terms: { legs: [legs[0], { ...legs[1], side: "buy" }] },
    expected: "GROUP_INVALID",
  },
  { name: "a bound of NaN", terms: { maxNakedMs: NaN }, expected: "GROUP_INVALID" },
  { name: "a bound of 0", terms: { maxNakedNotionalUsd: 0 }, expected: "GROUP_INVALID" },
  { name: "a name in use", arrange: (harness) => submit(harness), expected: "GROUP_INVALID" },
  {
    name: "one group more than a plugin may have",
    settings: { legGroups: { ...defaultLegGroupLimits, maxGroups: 1 } },
    arrange: (harness) => submit(harness, termsOf(), "other"),
    expected: "GROUP_TOO_MANY",
  },
  {
    name: "a leg that is worth more alone than its terms allow",
    terms: { maxNakedNotionalUsd: 4_900 },
    expected: "GROUP_NAKED_NOTIONAL",
  },
  {
    name: "a leg that is worth more alone than the host allows",
    settings: { legGroups: { ...defaultLegGroupLimits, maxNakedNotionalUsd: 4_900 } },
    expected: "GROUP_NAKED_NOTIONAL",
  },
  {
    name: "a second leg that the gate would refuse because of the first",
    settings: { risk: { ...looseRisk, global: { ...looseRisk.global, maxGrossExposureUsd: 9_000 } } },
    expected: "GROSS_EXPOSURE",
  },
  {
    name: "a second venue whose account was not compared",
    arrange: (harness) => harness.connect(beta),
    expected: "ACCOUNT_NOT_RECONCILED",
  },
  {
    name: "a leg whose opposite the plugin holds by other orders",
    arrange: (harness) => void harness.trade("sell", 5),
    expected: "GROUP_OPPOSITE_POSITION",
  },
  {
    name: "a venue whose open orders nobody has listed lately",
    settings: { legGroups: { ...defaultLegGroupLimits, maxSweepAgeMs: 1_000 } },
    arrange: (harness) => harness.pass(1_500),
    expected: "GROUP_UNSWEPT",
  },
  {
    name: "an orphan order on a leg's instrument",
    arrange: (harness) => {
      // Our tag and plugin, and no record of it: a crash came between the order and the journal.
      const lost = { ...harness.place(), clientOrderId: new ClientOrderIds("t1", 900).next(maker) };
      harness.report(lost, "open");
    },
    expected: "GROUP_STRAY_ORDER",
  },
  {
    name: "a grant for reductions only",
    arrange: (harness) => {
      const grant = { venues: ["*"], instruments: ["*"], data: [], orders: "reduce_only" as const };
      harness.startPlugin(maker, { grant });
    },
    expected: "NOT_GRANTED_INCREASE",
  },
  { name: "another plugin that never started", expected: "PLUGIN_NOT_RUNNING" },
];
for (const { name, terms, arrange, settings, expected } of refused) {
  Deno.test(`a leg group is refused (${expected}): ${name}`, () => {
    const harness = ready(settings);
    arrange?.(harness);
    const sent = harness.sent("submit") + harness.sent("submit", beta);
    submit(harness, termsOf(terms), "g1", expected === "PLUGIN_NOT_RUNNING" ? taker : maker);
    assertEquals(harness.refusals().at(-1), expected);
    assertEquals(harness.sent("submit") + harness.sent("submit", beta), sent, "nothing was sent");
  });
}

Deno.test("an acknowledged leg holds nothing: the second one waits for fills", () => {
  const harness = ready();
  submit(harness);
  const order = harness.journal("order").at(-1)!.order;
  harness.acknowledge(order.clientOrderId);
  harness.pass(500);
  assertEquals([harness.sent("submit"), harness.sent("submit", beta)], [1, 0]);
  harness.fill(harness.order(order.clientOrderId), 60);
  assertEquals(harness.sent("submit", beta), 0, "it may fill further");
  harness.report(harness.order(order.clientOrderId), "cancelled", {
    filledLots: sizeLots(60),
    reason: "ioc_remainder",
  });
  const hedge = harness.pending("submit", beta).request.order;
  assertEquals([hedge.side, hedge.sizeLots, hedge.reduceOnly], ["sell", 60, false]);
});

Deno.test("an order of a group is in the journal before its request, and so is the group", () => {
  const harness = ready();
  submit(harness);
  const kinds = harness.outputs.map((output) =>
    output.kind === "journal" ? output.entry.body.kind : output.kind
  );
  const request = harness.outputs.findIndex((output) =>
    output.kind === "adapter_request" && output.request.kind === "submit"
  );
  assertLess(kinds.indexOf("leg_group"), request);
  assertEquals(groupOf(harness).orders.length, 1);
});

Deno.test("a fill of a leg leads back over order, intent and group to the quote", () => {
  const harness = ready();
  const quote = causeId("quote/alpha:BTC-PERP/1");
  harness.handle({
    kind: "group_intent",
    intent: { plugin: maker, ref: "g1", terms: termsOf() },
    causes: [quote],
  });
  const order = harness.journal("order").at(-1)!.order;
  harness.acknowledge(order.clientOrderId);
  harness.fill(harness.order(order.clientOrderId), 100);
  const entries = harness.outputs.flatMap((output) => output.kind === "journal" ? [output.entry] : []);
  const kinds: string[] = [];
  let at = entries.findLast(({ body }) => body.kind === "fill");
  while (at !== undefined) {
    kinds.push(at.body.kind);
    const { cause } = at;
    at = entries.find(({ id }) => id === cause);
    if (at === undefined) kinds.push(String(cause));
  }
  assertEquals(kinds, ["fill", "order", "intent", "leg_group", quote]);
});

Deno.test("a group that can't be taken back halts its plugin until an operator lifts it", () => {
  const harness = ready({ legGroups: { ...defaultLegGroupLimits, maxAttempts: 3 } });
  submit(harness);
  const answerAll = (fillFirst: boolean): void => {
    for (const venue of [alpha, beta]) {
      for (const { requestId, request } of harness.unanswered(venue)) {
        if (request.kind !== "submit") continue;
        const isFirst = fillFirst && venue === alpha;
        const outcome = isFirst
          ? {
            kind: "acknowledged" as const,
            venueOrderId: venueOrderId(`v-${request.order.clientOrderId}`),
            tsVenueMs: 0,
          }
          : { kind: "rejected" as const, code: "other" as const, venueCode: "1", venueText: "no" };
        harness.answer(requestId, { kind: "submit", outcome }, venue);
        if (isFirst) harness.fill(harness.order(request.order.clientOrderId), request.order.sizeLots);
      }
    }
  };
  answerAll(true);
  for (let round = 0; round < 60; round++) {
    answerAll(false);
    harness.pass(100);
    for (const venue of [alpha, beta]) harness.reconcile(venue);
  }
  const scope = { kind: "plugin" as const, plugin: maker };
  assertEquals(groupOf(harness).phase.kind, "halted");
  assertEquals(
    harness.engine.snapshot(harness.nowUs).scopes.find((one) => one.scope.kind === "plugin")?.state,
    "halted",
  );
  assert(harness.notices().includes("GROUP_HALTED"));
  assertEquals(harness.engine.snapshot(harness.nowUs).groupTotals.halted, 1);
  const sent = harness.sent("submit");
  harness.pass(10_000);
  assertEquals(harness.sent("submit"), sent, "nothing is tried any more");
  harness.handle({
    kind: "operator",
    by: "cli",
    command: { kind: "set_state", scope, state: "active", reason: "seen" },
  });
  harness.pass(100);
  assertEquals(harness.sent("submit"), sent + 1);
});

Deno.test("over two venues a group opens, is closed, and its positions are read back", () => {
  const run = new TwoPaperVenues();
  run.pass(1_000);
  run.handle({ kind: "group_intent", intent: { plugin: maker, ref: "g1", terms: termsOf() }, causes: [] });
  run.pass(500);
  assertEquals(run.engine.snapshot(run.nowUs).groups.map(({ phase, nakedUsd }) => [phase, nakedUsd]), [[
    "open",
    0,
  ]]);
  assertEquals([run.lots(alpha).ours, run.lots(beta).ours], [100, -100]);
  run.handle({ kind: "close_group_intent", plugin: maker, ref: "g1", reason: "test" });
  run.pass(10_000);
  const { groups, groupTotals } = run.engine.snapshot(run.nowUs);
  assertEquals(groups, []);
  const { closed, opened, broken, verified } = groupTotals;
  assertEquals([opened, closed, broken, verified], [1, 1, 0, { agreed: 2, differed: 0, pending: 0 }]);
  assertGreater(groupTotals.maxNakedUsd, 4_000);
  assertEquals([run.lots(alpha), run.lots(beta)], [{ ours: 0, venues: 0 }, { ours: 0, venues: 0 }]);
});

Deno.test("a venue without the other side leaves no leg alone", () => {
  const run = new TwoPaperVenues();
  run.pass(1_000);
  run.sizes.set(beta, 0);
  run.handle({ kind: "group_intent", intent: { plugin: maker, ref: "g1", terms: termsOf() }, causes: [] });
  run.pass(20_000);
  const { groups, groupTotals } = run.engine.snapshot(run.nowUs);
  assertEquals([groups, groupTotals.unwound, groupTotals.broken], [[], 1, 1]);
  assertLess(groupTotals.maxNakedMs, 3_000);
  assertEquals([run.lots(alpha).ours, run.lots(beta).ours], [0, 0]);
});

Deno.test("wherever the host dies, the group ends even and the books agree", () => {
  for (const mode of ["sequential", "together"] as const) {
    for (let crashMs = 0; crashMs <= 260; crashMs += 10) {
      const run = new TwoPaperVenues();
      run.pass(1_000);
      run.sizes.set(beta, 0.06); // less than a leg: the group breaks
      run.handle({
        kind: "group_intent",
        intent: { plugin: maker, ref: "g1", terms: termsOf({ mode }) },
        causes: [],
      });
      run.pass(crashMs);
      run.crash();
      run.pass(12_000);
      const at = `${mode}, dead after ${crashMs} ms`;
      const [one, other] = [run.lots(alpha), run.lots(beta)];
      assertEquals(one.ours + other.ours, 0, `${at}: even`);
      assertEquals([one.ours, other.ours], [one.venues, other.venues], `${at}: as the venues say`);
      const submitted = run.journal("request").flatMap(({ request }) =>
        request.kind === "submit" ? [request.order.clientOrderId] : []
      );
      assertEquals(new Set(submitted).size, submitted.length, `${at}: no order is sent twice`);
      for (const { ref } of run.engine.snapshot(run.nowUs).groups) {
        run.handle({ kind: "close_group_intent", plugin: maker, ref, reason: "end" });
      }
      run.pass(10_000);
      assertEquals([run.lots(alpha), run.lots(beta)], [{ ours: 0, venues: 0 }, { ours: 0, venues: 0 }], at);
      assertEquals(run.engine.snapshot(run.nowUs).groups, [], at);
    }
  }
});

Deno.test("a group of before the restart comes first: nothing new is opened until it is even", () => {
  const run = new TwoPaperVenues();
  run.pass(1_000);
  run.sizes.set(beta, 0);
  run.handle({ kind: "group_intent", intent: { plugin: maker, ref: "g1", terms: termsOf() }, causes: [] });
  run.pass(90); // alpha has filled, beta has nobody
  run.crash();
  run.handle({ kind: "group_intent", intent: { plugin: maker, ref: "g2", terms: termsOf() }, causes: [] });
  assertEquals(run.journal("refusal").map(({ code }) => code), ["GROUP_RESUMING"]);
  run.sizes.set(beta, 1);
  run.pass(20_000);
  const before = run.journal("refusal").length;
  run.handle({ kind: "group_intent", intent: { plugin: maker, ref: "g4", terms: termsOf() }, causes: [] });
  assertEquals(run.journal("refusal").slice(before), []);
});

Deno.test("flattening closes groups with the rest", () => {
  const run = new TwoPaperVenues();
  run.pass(1_000);
  run.handle({ kind: "group_intent", intent: { plugin: maker, ref: "g1", terms: termsOf() }, causes: [] });
  run.pass(500);
  run.handle({ kind: "operator", by: "cli", command: { kind: "kill", flatten: true } });
  run.pass(20_000);
  assertEquals([run.lots(alpha).ours, run.lots(beta).ours], [0, 0]);
  const { groups, groupTotals, workingOrders } = run.engine.snapshot(run.nowUs);
  assertEquals([groups, groupTotals.closedElsewhere, workingOrders], [[], 1, []]);
});
