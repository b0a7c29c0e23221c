/** What stands on an account and is not ours: shown and left alone, claimed by configuration, or the sign of a second host. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { defaultTiming, type OperatorCommand } from "../../../core/engine/events.ts";
import { ClientOrderIds } from "../../../core/execution/client_order_ids.ts";
import { type ClientOrderId, clientOrderId, fillId, venueOrderId } from "../../../core/model/ids.ts";
import { claimsOf } from "../../../core/host/venues/our_orders.ts";
import type { Fill, VenuePosition } from "../../../core/model/account.ts";
import { zeroMoney } from "../../../core/model/money.ts";
import type { OrderReport } from "../../../core/model/order.ts";
import { refusalText } from "../../../core/model/refusals.ts";
import { priceTicks, sizeLots } from "../../../core/model/ticks.ts";
import { alpha, btcAt, EngineHarness, intentOf, maker } from "../../support/engine_builders.ts";

const instrument = btcAt(alpha).id;
const idOf = (tag: string): ClientOrderId => new ClientOrderIds(tag, 7).next(maker);

const openOrder = (id: ClientOrderId): OrderReport => ({
  instrument,
  clientOrderId: id,
  venueOrderId: venueOrderId(`v-${id}`),
  side: "buy",
  sizeLots: sizeLots(10),
  filledLots: sizeLots(0),
  limitPriceTicks: priceTicks(490_000),
  reduceOnly: false,
  status: "open",
  reason: undefined,
  venueText: undefined,
  tsVenueMs: 0,
});

const held = (lots: number): VenuePosition => ({
  instrument,
  positionLots: sizeLots(lots),
  entryPrice: 49_000,
  markPrice: undefined,
  liquidationPrice: undefined,
  leverage: undefined,
  tsVenueMs: 0,
});

function started(
  found: { readonly orders?: readonly OrderReport[]; readonly positions?: readonly VenuePosition[] },
  claims?: ConstructorParameters<typeof EngineHarness>[0],
): EngineHarness {
  const harness = new EngineHarness(claims);
  harness.listInstrument(btcAt(alpha));
  harness.connect();
  harness.startPlugin();
  harness.price(alpha, 50_000);
  harness.reconcile(alpha, found);
  return harness;
}

Deno.test("an order of another berth is shown and left alone, and nothing new is opened beside it", () => {
  const harness = started({ orders: [openOrder(idOf("zz9"))] });
  assertEquals(harness.notices().filter((code) => code === "OTHER_HOST"), ["OTHER_HOST"]);
  harness.intend();
  assertEquals(harness.refusals(), ["ACCOUNT_OTHER_HOST"]);
  const { code = "", facts = {} } = harness.journal("refusal")[0] ?? {};
  assertEquals(facts, { venue: "alpha", host: "0zz9", sign: "order", ageMs: 0 });
  assertStringIncludes(refusalText(code, facts), "berth risk take-over account/alpha 0zz9");
  assertEquals([harness.sent("cancel"), harness.sent("cancel_all")], [0, 0]);
  assertEquals(harness.engine.snapshot(harness.nowUs).venues[0]?.foreignOrders.length, 1);
  const state = harness.engine.snapshot(harness.nowUs).scopes.find(({ scope }) => scope.kind === "account");
  assertEquals([state?.state, state?.reason], ["reducing", "another berth (0zz9) trades here"]);
});

/** A fill that another berth made so long ago. */
function otherFill(harness: EngineHarness, ageMs: number): Fill {
  const order = { ...intentOf(), clientOrderId: idOf("zz9") };
  const tsVenueMs = harness.nowUs / 1000 - ageMs;
  return {
    instrument,
    fillId: fillId(`other-${tsVenueMs}`),
    venueOrderId: venueOrderId(`other-${tsVenueMs}`),
    clientOrderId: order.clientOrderId,
    side: "buy",
    priceTicks: priceTicks(500_000),
    sizeLots: sizeLots(5),
    liquidity: "taker",
    fee: zeroMoney,
    feeAsset: "USDC",
    tsVenueMs,
    tsRecvUs: harness.nowUs,
  };
}

const windowMs = defaultTiming.otherHostWindowMs;
for (
  const { ageMs, expected } of [
    { ageMs: 0, expected: ["ACCOUNT_OTHER_HOST"] },
    { ageMs: windowMs, expected: ["ACCOUNT_OTHER_HOST"] },
    { ageMs: windowMs + 1, expected: [] },
  ]
) {
  Deno.test(`a fill that another berth made ${ageMs} ms ago ${expected.length > 0 ? "closes" : "leaves"} the account`, () => {
    const harness = started({});
    harness.handle({ kind: "fill_report", venue: alpha, fill: otherFill(harness, ageMs) });
    harness.intend();
    assertEquals(harness.refusals(), expected);
    assertEquals(harness.notices().filter((code) => code === "OTHER_HOST").length, expected.length);
  });
}

Deno.test("a position is closed though another berth trades on the account", () => {
  const harness = EngineHarness.ready();
  harness.trade("buy", 10);
  harness.handle({ kind: "fill_report", venue: alpha, fill: otherFill(harness, 0) });
  const closing = harness.intend({ side: "sell", sizeLots: sizeLots(10), reduceOnly: true });
  assertEquals([closing?.status, closing?.reduceOnly], ["pending_new", true]);
});

const account = { kind: "account" as const, venue: alpha };
const operate = (harness: EngineHarness, command: OperatorCommand): void => {
  harness.handle({ kind: "operator", by: "cli", command });
  harness.price(alpha, 50_000);
};

Deno.test("when an operator lets trading go on, what was seen before counts no more, what comes after does", () => {
  const harness = started({ orders: [openOrder(idOf("zz9"))] });
  operate(harness, { kind: "set_state", scope: account, state: "active", reason: "the other was stopped" });
  harness.handle({ kind: "fill_report", venue: alpha, fill: otherFill(harness, 5_000) });
  assertEquals(harness.intend()?.status, "pending_new");
  harness.pass(100);
  harness.handle({ kind: "fill_report", venue: alpha, fill: otherFill(harness, 0) });
  assertEquals(harness.intend(), undefined);
  assertEquals(harness.refusals(), ["ACCOUNT_OTHER_HOST"]);
});

Deno.test("orders of a host that is gone are taken over, cancelled, and the account trades again", () => {
  const order = openOrder(idOf("zz9"));
  const harness = started({ orders: [order] });
  operate(harness, { kind: "take_over", venue: alpha, tag: "0zz9", reason: "its disk is gone" });
  assertEquals(harness.journal("take_over"), [{
    kind: "take_over",
    venue: alpha,
    tag: "0zz9",
    by: "cli",
    reason: "its disk is gone",
  }]);
  assertEquals(harness.engine.snapshot(harness.nowUs).venues[0]?.foreignOrders, []);
  assertEquals(harness.intend()?.status, "pending_new");
  harness.pass(1_000);
  harness.reconcile(alpha, { orders: [order] });
  assertEquals(harness.journal("repair").map(({ repair }) => repair.kind), ["order_adopted"]);
  assertEquals(harness.sent("cancel"), 1);
});

for (
  const { name, tag, ageMs, expected } of [
    { name: "a berth that nobody saw", tag: "aaaa", ageMs: 60_000, expected: "TAKE_OVER_REFUSED" },
    { name: "a berth that still trades", tag: "0zz9", ageMs: 9_999, expected: "TAKE_OVER_REFUSED" },
    { name: "a berth that is quiet", tag: "0zz9", ageMs: 10_000, expected: "HOST_TAKEN_OVER" },
  ]
) {
  Deno.test(`taking over ${name}: ${expected}`, () => {
    const harness = started({});
    harness.handle({ kind: "fill_report", venue: alpha, fill: otherFill(harness, ageMs) });
    operate(harness, { kind: "take_over", venue: alpha, tag, reason: "gone" });
    const isTaken = expected === "HOST_TAKEN_OVER";
    assertEquals(harness.notices().filter((code) => /TAKE/.test(code)), [expected]);
    assertEquals(harness.intend() !== undefined, isTaken);
  });
}

for (const [state, expected] of [["halted", "TRADING_HALTED"], ["reducing", "TRADING_REDUCING"]] as const) {
  Deno.test(`what is ${state} for another cause stays so when a host is taken over`, () => {
    const harness = started({});
    operate(harness, { kind: "set_state", scope: account, state, reason: "maintenance" });
    harness.handle({ kind: "fill_report", venue: alpha, fill: otherFill(harness, 60_000) });
    operate(harness, { kind: "take_over", venue: alpha, tag: "0zz9", reason: "gone" });
    harness.intend();
    assertEquals(harness.refusals(), [expected]);
  });
}

Deno.test("what was taken over stays ours after a restart", () => {
  const kept = [{ scope: "take_over", key: "0zz9", tsUs: 0, body: "0zz9" }, {
    scope: "take_over",
    key: "no tag!",
    tsUs: 0,
    body: "",
  }];
  const claims = claimsOf({ hostTags: ["k3f9"], positions: {} }, { kept });
  assertEquals(claims.hostTags, ["k3f9", "0zz9"]);
  const harness = started({ orders: [openOrder(idOf("zz9"))] }, { claims });
  assertEquals(harness.notices().includes("OTHER_HOST"), false);
});

Deno.test("an order of somebody else's program is no sign of a second host", () => {
  const harness = started({ orders: [openOrder(clientOrderId("manual42"))] });
  assertEquals(harness.notices().includes("OTHER_HOST"), false);
  assertEquals(harness.intend()?.status, "pending_new");
});

Deno.test("orders of a host that is gone are taken on and cancelled when its tag is claimed", () => {
  const orders = [openOrder(idOf("zz9"))];
  const harness = started({ orders }, { claims: { hostTags: ["zz9"], positions: {} } });
  assertEquals(harness.notices().includes("OTHER_HOST"), false);
  assertEquals(harness.sent("cancel"), 1);
  assertEquals(harness.journal("repair").map(({ repair }) => repair.kind), ["order_adopted"]);
});

Deno.test("a position found is given to the plugin that the configuration names, at its entry price, and stays its own", () => {
  const claims = { hostTags: [], positions: { [instrument]: maker } };
  const harness = started({ positions: [held(25)] }, { claims });
  assertEquals(harness.positionLots(maker), 25);
  assertEquals(harness.journal("repair").map(({ repair }) => repair), [{
    kind: "position_claimed",
    instrument,
    plugin: maker,
    lots: sizeLots(25),
    priceTicks: priceTicks(490_000),
  }]);
  assertEquals(harness.engine.snapshot(harness.nowUs).venues[0]?.foreignPositions, []);
  harness.connect();
  harness.reconcile(alpha, { positions: [held(25)] });
  assertEquals([harness.positionLots(maker), harness.journal("repair").length], [25, 1]);
});

Deno.test("a position nobody claims is shown, counted into the account, and left alone", () => {
  const harness = started({ positions: [held(25)] });
  assertEquals(harness.positionLots(maker), 0);
  assertEquals(harness.engine.snapshot(harness.nowUs).venues[0]?.foreignPositions, [
    { instrument, positionLots: 25 },
  ]);
  assertEquals([harness.sent("submit"), harness.sent("cancel")], [0, 0]);
});

/** A plugin buys 10 lots beside foreign ones; then the operator's command. */
function boughtBeside(foreignLots: number, command: OperatorCommand): EngineHarness {
  const harness = started({ positions: [held(foreignLots)] });
  harness.trade("buy", 10);
  harness.handle({ kind: "operator", by: "cli", command });
  harness.pass(100);
  return harness;
}

/** Time for all attempts of flattening; an order that is sent on the way is filled or rejected. */
function flattened(harness: EngineHarness, isFilled: boolean): EngineHarness {
  for (let step = 0; step < 20; step++) {
    harness.pass(1_100);
    if (!harness.hasPending("submit")) continue;
    const { requestId, request } = harness.pending("submit");
    const { clientOrderId, sizeLots: lots } = request.order;
    if (isFilled) {
      harness.acknowledge(clientOrderId);
      harness.fill(harness.order(clientOrderId), lots);
    } else {
      const outcome = { kind: "rejected" as const, code: "other" as const, venueCode: "", venueText: "" };
      harness.answer(requestId, { kind: "submit", outcome });
    }
  }
  return harness;
}

const kill: OperatorCommand = { kind: "kill", flatten: true };
const repairsOf = (harness: EngineHarness): readonly unknown[] =>
  harness.journal("repair").flatMap(({ repair }) => repair.kind === "position_offset" ? [repair] : []);
const foreignOf = (harness: EngineHarness): readonly unknown[] | undefined =>
  harness.engine.snapshot(harness.nowUs).venues[0]?.foreignPositions;

for (
  const { foreignLots, ordered, offset, foreignAfter } of [
    { foreignLots: -10, ordered: [], offset: 10, foreignAfter: [] },
    { foreignLots: -4, ordered: [6], offset: 4, foreignAfter: [] },
    {
      foreignLots: -25,
      ordered: [],
      offset: 10,
      foreignAfter: [{ instrument, positionLots: sizeLots(-15) }],
    },
  ]
) {
  Deno.test(`killed and flattened, 10 lots beside ${foreignLots} foreign ones are closed where they are: ${offset} of them in the books`, () => {
    const harness = boughtBeside(foreignLots, kill);
    const lots = harness.hasPending("submit") ? [harness.pending("submit").request.order.sizeLots] : [];
    assertEquals<readonly number[]>(lots, ordered);
    flattened(harness, true);
    assertEquals(harness.positionLots(maker), 0);
    const priceOf = priceTicks(500_000);
    assertEquals<unknown>(repairsOf(harness), [
      { kind: "position_offset", instrument, plugin: maker, lots: sizeLots(offset), priceTicks: priceOf },
    ]);
    assertEquals<unknown>(foreignOf(harness), foreignAfter);
    assertEquals(
      harness.notices().filter((code) => code.startsWith("FLATTEN")),
      ["FLATTEN_STARTED", "FLATTEN_DONE"],
    );
    // What the venue says of the account is what the books add up to.
    harness.connect();
    harness.reconcile(alpha, { positions: foreignAfter.map(({ positionLots }) => held(positionLots)) });
    assertEquals<unknown>([harness.positionLots(maker), foreignOf(harness)], [0, foreignAfter]);
  });
}

Deno.test("what the account does hold is closed at the venue or not at all", () => {
  for (const foreignLots of [5, -4]) {
    const harness = flattened(boughtBeside(foreignLots, kill), false);
    assertEquals(harness.positionLots(maker), foreignLots < 0 ? 6 : 10);
    assertEquals(harness.notices().includes("FLATTEN_FAILED"), true);
  }
});

Deno.test("where an order may be sent it is sent, and leaves the account with what is foreign", () => {
  const harness = boughtBeside(-10, { kind: "flatten", scope: { kind: "plugin", plugin: maker } });
  const { order } = harness.pending("submit").request;
  assertEquals([order.reduceOnly, order.sizeLots], [false, 10]);
  flattened(harness, true);
  assertEquals<unknown>(
    [harness.positionLots(maker), repairsOf(harness), foreignOf(harness)],
    [0, [], [{ instrument, positionLots: sizeLots(-10) }]],
  );
});
