/** Rows of the account as reports, fills, positions and payments: documented ones, recorded ones, and damaged ones. */
import { assert, assertEquals } from "@std/assert";
import { clientOrderId, formatMoney, type OrderReport, priceTicks, sizeLots, venueOrderId } from "@berth/sdk";
import fc from "fast-check";
import * as v from "valibot";
import { damaged } from "../../support/nonsense.ts";
import { bookOf, btcInstrument, fillRow, orderRow, updateRow } from "./builders.ts";
import { cloidOf } from "../../../exchanges/hyperliquid/client_ids.ts";
import { OrderChains } from "../../../exchanges/hyperliquid/order_chains.ts";
import { AccountReader, balanceOf } from "../../../exchanges/hyperliquid/private_stream.ts";
import { toInstrument } from "../../../exchanges/hyperliquid/instruments.ts";
import { accountStateSchema, fundingLedgerSchema, metaSchema } from "../../../exchanges/hyperliquid/wire.ts";
import { sharedDataMissing, sharedPath } from "../../support/shared_data.ts";

const id = clientOrderId("b0000rest000000000001");
const cloid = cloidOf(id) ?? "";
const readerOf = (chains = new OrderChains()) => new AccountReader(bookOf(btcInstrument()), chains);

const statuses: readonly {
  readonly status: string;
  readonly left: string;
  readonly expected: Pick<OrderReport, "status" | "reason"> & { readonly filled: number };
}[] = [
  { status: "open", left: "0.1", expected: { status: "open", reason: undefined, filled: 0 } },
  { status: "open", left: "0.06", expected: { status: "open", reason: undefined, filled: 4_000 } },
  { status: "triggered", left: "0.1", expected: { status: "open", reason: undefined, filled: 0 } },
  { status: "filled", left: "0.0", expected: { status: "filled", reason: undefined, filled: 10_000 } },
  { status: "canceled", left: "0.06", expected: { status: "cancelled", reason: "requested", filled: 4_000 } },
  {
    status: "scheduledCancel",
    left: "0.1",
    expected: { status: "cancelled", reason: "dead_mans_switch", filled: 0 },
  },
  {
    status: "liquidatedCanceled",
    left: "0.1",
    expected: { status: "cancelled", reason: "liquidation", filled: 0 },
  },
  {
    status: "selfTradeCanceled",
    left: "0.1",
    expected: { status: "cancelled", reason: "self_trade", filled: 0 },
  },
  { status: "delistedCanceled", left: "0.1", expected: { status: "cancelled", reason: "venue", filled: 0 } },
  { status: "someNewCanceled", left: "0.1", expected: { status: "cancelled", reason: "venue", filled: 0 } },
  {
    status: "badAloPxRejected",
    left: "0.1",
    expected: { status: "rejected", reason: "post_only_would_cross", filled: 0 },
  },
  {
    status: "iocCancelRejected",
    left: "0.1",
    expected: { status: "rejected", reason: "fok_not_filled", filled: 0 },
  },
  { status: "someNewRejected", left: "0.05", expected: { status: "rejected", reason: "other", filled: 0 } },
];
for (const { status, left, expected } of statuses) {
  Deno.test(`an order that is ${status} with ${left} left is ${expected.status}`, () => {
    const { values: [report], misfits } = readerOf().orderUpdates([updateRow(status, { cloid, sz: left })]);
    assertEquals(misfits, []);
    assert(report !== undefined);
    assertEquals([report.status, report.reason, report.filledLots], [
      expected.status,
      expected.reason,
      sizeLots(expected.filled),
    ]);
    assertEquals([
      report.clientOrderId,
      report.venueOrderId,
      report.side,
      report.sizeLots,
      report.limitPriceTicks,
    ], [
      id,
      venueOrderId("91490942"),
      "buy",
      sizeLots(10_000),
      priceTicks(599_000),
    ]);
  });
}

Deno.test("a status that nobody knows is a misfit, not a guess", () => {
  const read = readerOf().orderUpdates([updateRow("pondering")]);
  assertEquals([read.values, read.misfits], [[], ["no such status: pondering"]]);
});

Deno.test("a trigger order that waits names its price", () => {
  const [report] = readerOf().openOrders([orderRow({ cloid, isTrigger: true, triggerPx: "59000.0" })]).values;
  assertEquals(report?.triggerPriceTicks, priceTicks(590_000));
  const [rests] = readerOf().openOrders([orderRow({ cloid, isTrigger: false, triggerPx: "0.0" })]).values;
  assert(rests !== undefined && !("triggerPriceTicks" in rests));
});

Deno.test("fills: charges, rebates, makers, somebody else's ids; each once", () => {
  const reader = readerOf();
  const rows = [
    fillRow({ cloid }),
    fillRow({ cloid: `0x${"ab".repeat(16)}`, tid: 2, side: "A", crossed: false, fee: "-0.5" }),
    fillRow({ cloid: null, tid: 3 }),
    fillRow({ cloid }),
  ];
  const { values, misfits } = reader.newFills(rows.slice(0, 3), 1_790_000_000_003_000);
  assertEquals(misfits, []);
  assertEquals(values.map((fill) => [fill.clientOrderId, fill.side, fill.liquidity, formatMoney(fill.fee)]), [
    [id, "buy", "taker", "1.080018"],
    [clientOrderId("ab".repeat(16)), "sell", "maker", "-0.5"],
    [undefined, "buy", "taker", "1.080018"],
  ]);
  assertEquals(reader.newFills(rows, 0).values, []);
  assertEquals(new Set(values.map((fill) => fill.fillId)).size, 3);
});

Deno.test("positions: signed, and flat once they are gone from the account's state", () => {
  const reader = readerOf();
  const state = (szi: string | undefined) =>
    v.parse(accountStateSchema, {
      marginSummary: { accountValue: "1000.5" },
      withdrawable: "900",
      assetPositions: szi === undefined ? [] : [{
        type: "oneWay",
        position: {
          coin: "BTC",
          szi,
          entryPx: "60001.5",
          positionValue: "6000",
          unrealizedPnl: "-1.25",
          liquidationPx: null,
          leverage: { type: "cross", value: 20 },
        },
      }],
    });
  const [short] = reader.positions(state("-0.1"), 1, true).values;
  assertEquals([short?.positionLots, short?.entryPrice, short?.markPrice, short?.leverage], [
    sizeLots(-10_000),
    60_001.5,
    60_000,
    20,
  ]);
  const [flat] = reader.positions(state(undefined), 2, true).values;
  assertEquals([flat?.positionLots, flat?.tsVenueMs], [sizeLots(0), 2]);
  assertEquals(reader.positions(state(undefined), 3, true).values, []);
  // What is realized: the account's value without what the position would bring.
  assertEquals(formatMoney(balanceOf(state("-0.1"), 1).total), "1001.75");
});

Deno.test("funding: what the venue takes is positive here; the ledger's form is the stream's", () => {
  const row = { time: 1_790_000_000_000, coin: "BTC", usdc: "-0.75", szi: "0.1", fundingRate: "0.0000125" };
  const [streamed] = readerOf().fundings([row]).values;
  const { time, ...delta } = row;
  const ledger = [{ time, hash: "0x0", delta: { type: "funding", ...delta, nSamples: null } }];
  const [asked] = readerOf().fundings(ledger, fundingLedgerSchema).values;
  assertEquals([formatMoney(streamed?.amount ?? asked?.amount ?? never()), streamed], ["0.75", asked]);
});
const never = (): never => {
  throw new Error("nothing was read");
};

Deno.test("a change: one order from two numbers, in whatever order their ends are told", () => {
  const orderings = [["open", "canceled"], ["canceled", "open"]] as const;
  for (const ordering of orderings) {
    const chains = new OrderChains();
    const reader = readerOf(chains);
    reader.orderUpdates([updateRow("open", { cloid, sz: "0.06" })]);
    chains.begin(id, venueOrderId("91490942"), 4_000);
    const rows = {
      open: updateRow("open", { cloid, oid: 7, sz: "0.05", origSz: "0.05" }),
      canceled: updateRow("canceled", { cloid, sz: "0.06" }),
    };
    const told = ordering.flatMap((which) => reader.orderUpdates([rows[which]]).values);
    chains.succeed(id);
    assertEquals(told.map((one) => [one.status, one.venueOrderId, one.sizeLots, one.filledLots]), [
      ["open", venueOrderId("7"), sizeLots(9_000), sizeLots(4_000)],
    ]);
    const [filled] =
      reader.orderUpdates([updateRow("filled", { cloid, oid: 7, sz: "0.0", origSz: "0.05" })]).values;
    assertEquals([filled?.status, filled?.sizeLots, filled?.filledLots], [
      "filled",
      sizeLots(9_000),
      sizeLots(9_000),
    ]);
    // A late word on the old number is none on the order.
    assertEquals(reader.orderUpdates([rows.canceled]).values, []);
  }
});

Deno.test("a change that is refused after the old order was taken away is the order's end", () => {
  const chains = new OrderChains();
  const reader = readerOf(chains);
  chains.begin(id, venueOrderId("91490942"), 0);
  assertEquals(reader.orderUpdates([updateRow("canceled", { cloid })]).values, []);
  const report = chains.fail(id);
  assertEquals([report?.status, report?.clientOrderId], ["cancelled", id]);
  assertEquals(chains.fail(id), undefined);
  // A change that was refused before anything happened leaves the order as it is.
  chains.begin(id, venueOrderId("91490942"), 0);
  assertEquals(chains.fail(id), undefined);
  assertEquals(reader.orderUpdates([updateRow("canceled", { cloid })]).values.length, 1);
});

const samples: readonly (readonly [name: string, sample: unknown, read: (row: unknown) => unknown])[] = [
  ["an order update", updateRow("open", { cloid }), (row) => readerOf().orderUpdates([row])],
  ["an open order", orderRow({ cloid }), (row) => readerOf().openOrders([row])],
  ["a fill", fillRow({ cloid }), (row) => readerOf().newFills([row], 1)],
  [
    "a funding payment",
    { time: 1_790_000_000_000, coin: "BTC", usdc: "-0.75", szi: "0.1", fundingRate: "0.0000125" },
    (row) => readerOf().fundings([row]),
  ],
];
for (const [name, sample, read] of samples) {
  Deno.test(`whatever happens to ${name}, it is read or counted, never thrown`, () => {
    let misfits = 0;
    fc.assert(
      fc.property(damaged(sample), (found) => {
        const text = JSON.stringify(found);
        const result = v.parse(
          v.object({ values: v.array(v.unknown()), misfits: v.array(v.string()) }),
          read(text === undefined ? undefined : JSON.parse(text)),
        );
        assert(result.values.length + result.misfits.length <= 1);
        misfits += result.misfits.length;
      }),
      { numRuns: 500 },
    );
    assert(misfits > 0, "no damage was ever seen");
  });
}

const recordedPath = sharedPath("vectors/hyperliquid/rest_info_recorded.json");
const recordedSchema = v.record(v.string(), v.array(v.object({ responseBody: v.unknown() })));
Deno.test({
  name: `what was recorded at the venue is read whole ${recordedPath === undefined ? sharedDataMissing : ""}`,
  ignore: recordedPath === undefined,
  fn: async () => {
    const recorded = v.parse(recordedSchema, JSON.parse(await Deno.readTextFile(recordedPath ?? "")));
    const bodyOf = (name: string): unknown => recorded[name]?.[0]?.responseBody;
    const rows = (name: string) => v.parse(v.array(v.unknown()), bodyOf(name));
    // Decimals of coins that the recorded list leaves out are those of their recorded sizes.
    const { universe } = v.parse(metaSchema, bodyOf("meta"));
    const named = v.parse(
      v.array(v.object({ name: v.string(), szDecimals: v.number(), maxLeverage: v.number() })),
      universe,
    );
    const others = [["SUI", 1], ["INJ", 1], ["DOGE", 0], ["ARB", 1]] as const;
    const instruments = bookOf(
      ...named.map((row, asset) => toInstrument(row, asset, { maker: 1, taker: 2 })),
      ...others.map(([name, szDecimals], at) =>
        toInstrument({ name, szDecimals, maxLeverage: 50 }, 100 + at, { maker: 1, taker: 2 })
      ),
    );
    const reader = new AccountReader(instruments, new OrderChains());
    const orders = reader.openOrders(rows("openOrders"));
    const fills = reader.fills(rows("userFills"), 1);
    const state = v.parse(accountStateSchema, bodyOf("clearinghouseState"));
    const positions = reader.positions(state, 1, false);
    assertEquals([orders.misfits, fills.misfits, positions.misfits], [[], [], []]);
    assertEquals([orders.values.length, fills.values.length, positions.values.length], [8, 8, 8]);
    assertEquals(new Set(fills.values.map((fill) => fill.fillId)).size, 8);
    assertEquals(formatMoney(balanceOf(state, 1).available), "1010.57173");
  },
});
