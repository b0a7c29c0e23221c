/** What stands on an account and is not ours: shown and left alone, claimed by configuration, or the sign of a second host. */
import { assertEquals } from "@std/assert";
import { ClientOrderIds } from "../../../core/execution/client_order_ids.ts";
import { type ClientOrderId, clientOrderId, fillId, venueOrderId } from "../../../core/model/ids.ts";
import type { VenuePosition } from "../../../core/model/account.ts";
import type { OrderReport } from "../../../core/model/order.ts";
import { priceTicks, sizeLots } from "../../../core/model/ticks.ts";
import { alpha, btcAt, EngineHarness, maker } from "../../support/engine_builders.ts";

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
  assertEquals(harness.refusals(), ["TRADING_REDUCING"]);
  assertEquals([harness.sent("cancel"), harness.sent("cancel_all")], [0, 0]);
  assertEquals(harness.engine.snapshot(harness.nowUs).venues[0]?.foreignOrders.length, 1);
  // Once the other is stopped, an operator lifts it.
  const scope = { kind: "account" as const, venue: alpha };
  harness.handle({
    kind: "operator",
    by: "cli",
    command: { kind: "set_state", scope, state: "active", reason: "the other was stopped" },
  });
  harness.price(alpha, 50_000);
  assertEquals(harness.intend()?.status, "pending_new");
});

Deno.test("a fill of another berth while we run is the same sign; one from before we came is not", () => {
  const harness = started({});
  const fillAt = (id: string, tsVenueMs: number) => ({
    ...harness.fillOf(harness.intend() ?? harness.place(), 5, { clientOrderId: idOf("zz9"), tsVenueMs }),
    fillId: fillId(id),
    venueOrderId: venueOrderId(`other-${id}`),
  });
  harness.handle({ kind: "fill_report", venue: alpha, fill: fillAt("old", harness.nowUs / 1000 - 60_000) });
  assertEquals(harness.notices().includes("OTHER_HOST"), false);
  harness.pass(1_000);
  harness.handle({ kind: "fill_report", venue: alpha, fill: fillAt("new", harness.nowUs / 1000) });
  assertEquals(harness.notices().includes("OTHER_HOST"), true);
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
