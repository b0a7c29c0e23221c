/** Rows of the account as reports, fills, positions and balances; what can't be read is counted and breaks nothing. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import * as v from "valibot";
import { formatMoney, parseMoney, sizeLots } from "@berth/sdk";
import { AccountReader } from "../../../exchanges/edgex/private_stream.ts";
import { isUnknownOutcome, orderEnd, rejectCodeOf } from "../../../exchanges/edgex/reject_codes.ts";
import { accountAssetSchema, accountSchema } from "../../../exchanges/edgex/wire.ts";
import { bookOf, btcInstrument } from "./builders.ts";

const newReader = () =>
  new AccountReader({
    instruments: bookOf(btcInstrument()),
    coinName: (coinId) => coinId === "1000" ? "USDC" : undefined,
    markPrice: () => NaN,
  });

const order = {
  id: "729107150223180559",
  contractId: "30000001",
  clientOrderId: "b1abc",
  side: "SELL",
  type: "LIMIT",
  timeInForce: "GOOD_TIL_CANCEL",
  price: "60000.0",
  size: "0.100",
  reduceOnly: false,
  status: "OPEN",
  cumMatchSize: "0",
  updatedTime: "1773833120256",
};
const fill = {
  id: "729108951626416911",
  orderId: order.id,
  fillSize: "0.02",
  fillFee: "0.017554",
  fillPrice: "60000.0",
  direction: "TAKER",
  matchTime: "1773833120252",
};

Deno.test("what a row of an order leaves out is known from the one before, older rows change nothing", () => {
  const reader = newReader();
  reader.orders([order]);
  const change = { id: order.id, status: "OPEN", cumMatchSize: "0.02", updatedTime: "1773833120300" };
  const { misfits, values: [report] } = reader.orders([change]);
  assertEquals([misfits, report?.clientOrderId, report?.filledLots, report?.sizeLots], [
    [],
    "b1abc",
    20,
    100,
  ]);
  const [older] = reader.orders([{ ...order, cumMatchSize: "0.01" }]).values;
  assertEquals(older?.filledLots, sizeLots(20));
});

Deno.test("a fill takes contract, side and owner from its order; without one it says which is needed", () => {
  const reader = newReader();
  assertEquals(reader.unknownOrders([], [fill]), [order.id]);
  assertEquals(reader.unknownOrders([{ id: "7", status: "OPEN", updatedTime: "1" }], []), ["7"]);
  reader.know({ ...order, updatedTime: undefined, status: undefined });
  assertEquals(reader.unknownOrders([], [fill]), []);
  const [found] = reader.newFills([fill, fill], 1_000).values;
  assertEquals([
    found?.side,
    found?.sizeLots,
    found?.clientOrderId,
    formatMoney(found?.fee ?? parseMoney("0")),
  ], [
    "sell",
    20,
    "b1abc",
    "0.017554",
  ]);
  assertEquals(reader.newFills([fill], 1_000).values, []);
  // A price that is shown rounded is the tick next to it.
  const [rounded] = reader.fills([{ ...fill, fillPrice: "60000.0333" }], 1_000).values;
  assertEquals(rounded?.priceTicks, found?.priceTicks);
});

Deno.test("the balance is the collateral with what positions were opened for put back, shorts negative", () => {
  const reader = newReader();
  reader.positions([
    { contractId: "30000001", openSize: "-0.1", openValue: "-6000.1", updatedTime: "1" },
    { contractId: "30000077", coinId: "1000", openSize: "2", openValue: "100", updatedTime: "1" },
    { contractId: "30000078", coinId: "1001", openSize: "2", openValue: "55", updatedTime: "1" },
  ]);
  const { misfits, values: [balance] } = reader.balances([
    { coinId: "1000", amount: "105900", updatedTime: "2" },
    { coinId: "2000", amount: "1", updatedTime: "2" },
  ]);
  assertEquals([formatMoney(balance?.total ?? parseMoney("0")), misfits.length], ["99999.9", 1]);
});

Deno.test("what a whole list no longer names is flat", () => {
  const reader = newReader();
  const row = { contractId: "30000001", openSize: "0.1", openValue: "6000.1", updatedTime: "1" };
  assertEquals(reader.allPositions([row], 5).values.map(({ entryPrice }) => entryPrice), [60_001]);
  assertEquals(reader.allPositions([], 5).values.map(({ positionLots }) => positionLots), [sizeLots(0)]);
  assertEquals(reader.allPositions([], 5).values, []);
});

Deno.test("ends of orders and refusals have berth's words", () => {
  const ends = [
    ["USER_CANCELED", "GOOD_TIL_CANCEL", false, "cancelled requested"],
    ["COULD_NOT_FILL", "IMMEDIATE_OR_CANCEL", true, "cancelled ioc_remainder"],
    ["COULD_NOT_FILL", "POST_ONLY", false, "rejected post_only_would_cross"],
    ["COULD_NOT_FILL", "POST_ONLY", true, "cancelled post_only_would_cross"],
    ["COULD_NOT_FILL", "FILL_OR_KILL", false, "rejected fok_not_filled"],
    ["EXPIRE_CANCELED", "GOOD_TIL_CANCEL", false, "expired undefined"],
    ["SOMETHING_NEW", "GOOD_TIL_CANCEL", false, "cancelled venue"],
  ] as const;
  for (const [reason, timeInForce, isPartlyFilled, expected] of ends) {
    const end = orderEnd(reason, timeInForce, isPartlyFilled);
    assertEquals(`${end.status} ${end.reason}`, expected, reason);
  }
  const codes = {
    INVALID_API_KEY: "authentication",
    INVALID_L2_SIGNATURE: "authentication",
    INVALID_CONTRACT_ID: "instrument_unknown",
    ORDER_PRICE_RATIO_OUT_OF_LIMIT: "price_outside_band",
    ORDER_NOT_FOUND: "order_not_found",
    INSUFFICIENT_AVAILABLE_BALANCE: "insufficient_margin",
    STOCK_MARKET_CLOSED: "instrument_not_trading",
    HTTP_429: "rate_limited",
    SOMETHING_NEW: "other",
  };
  for (const [code, expected] of Object.entries(codes)) {
    assertEquals<string>(rejectCodeOf(code), expected, code);
  }
  assertEquals(["HTTP_429", "SYSTEM_ERROR", "INVALID_API_KEY"].map(isUnknownOutcome), [true, true, false]);
});

Deno.test("what a venue leaves empty, or null, or at zero, hides no order and no account", () => {
  const reader = newReader();
  const row = {
    ...order,
    size: "0",
    price: null,
    triggerPrice: null,
    cancelReason: null,
    cumMatchSize: null,
  };
  const { misfits, values } = reader.orders([row]);
  assertEquals([misfits, values.map(({ limitPriceTicks, sizeLots: lots }) => [limitPriceTicks, lots])], [
    [],
    [[undefined, sizeLots(0)]],
  ]);
  const asset = v.parse(accountAssetSchema, {
    collateralList: [{ coinId: "1000", amount: "5" }],
    positionList: [],
    positionAssetList: null,
    collateralAssetModelList: [{ coinId: "1000", availableAmount: null }],
  });
  const [balance] = reader.account(asset).balances.values;
  assertEquals([balance?.total, balance?.available], [parseMoney("5"), parseMoney("5")]);
  const account = {
    createOrderPerMinuteLimit: null,
    defaultTradeSetting: { isSetFeeRate: null, takerFeeRate: null },
  };
  assertEquals(v.is(accountSchema, account), true);
});

Deno.test("no rows of whatever kind break the reader", () => {
  const row = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.record({
      ...Object.fromEntries(
        Object.entries({ ...order, ...fill, openSize: "1", openValue: "1", amount: "1" }).map((
          [key, value],
        ) => [
          key,
          fc.oneof(fc.constant<unknown>(value), fc.jsonValue({ maxDepth: 0 })),
        ]),
      ),
    }, { requiredKeys: [] }),
  );
  fc.assert(fc.property(fc.array(row, { maxLength: 6 }), (rows) => {
    const reader = newReader();
    reader.unknownOrders(rows, rows);
    reader.orders(rows);
    reader.newFills(rows, 1_000);
    reader.allPositions(rows, 1);
    reader.balances(rows);
    reader.newFundingPayments(rows);
  }));
});
