import { assert, assertEquals } from "@std/assert";
import * as v from "valibot";
import { parseMoney } from "@berth/sdk";
import { fillOf, privateChannels, PrivateStream } from "../../../exchanges/paradex/private_stream.ts";
import { FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import { parseJson } from "../../../exchanges/paradex/wire/json.ts";
import { btcInstrument, btcOnly, misfitsOf, recordingLog, recordingPublish, VirtualTime } from "./fakes.ts";
import { readVectors, skippedWithoutVectors } from "./vectors.ts";
import { viewOfBase64 } from "./wire/sbe_encoder.ts";

function bench() {
  const publish = recordingPublish();
  const log = recordingLog();
  const time = new VirtualTime();
  const statistics = new FeedStatistics(time);
  const misfits = misfitsOf(time, log);
  const stream = new PrivateStream({ publish, instruments: btcOnly(), statistics, misfits, log });
  return { publish, log, statistics, misfits, stream };
}

const orderJson = {
  id: "1753846435990201709277900000",
  account: "0x1",
  market: "BTC-USD-PERP",
  side: "SELL",
  type: "LIMIT",
  instruction: "GTC",
  size: "0.15",
  remaining_size: "0.1",
  price: "62000",
  avg_fill_price: "62000",
  status: "OPEN",
  cancel_reason: "",
  client_id: "b7x2",
  flags: ["REDUCE_ONLY"],
  last_updated_at: 1_717_000_000_123,
  seq_no: 10,
};
const report = {
  instrument: btcInstrument.id,
  clientOrderId: "b7x2",
  venueOrderId: orderJson.id,
  side: "sell",
  sizeLots: 15_000,
  filledLots: 5_000,
  limitPriceTicks: 620_000,
  reduceOnly: true,
  status: "open",
  reason: undefined,
  venueText: undefined,
  tsVenueMs: 1_717_000_000_123,
};

const orderCases: readonly {
  readonly name: string;
  readonly change: Readonly<Record<string, unknown>>;
  readonly expected: Readonly<Record<string, unknown>>;
}[] = [
  { name: "an open order that is filled in part is open", change: {}, expected: {} },
  { name: "NEW is open: the venue has it, risk has not spoken", change: { status: "NEW" }, expected: {} },
  {
    name: "CLOSED with nothing left and no reason is filled",
    change: { status: "CLOSED", remaining_size: "0" },
    expected: { status: "filled", filledLots: 15_000 },
  },
  {
    name: "CLOSED with nothing left is filled whatever the reason says",
    change: { status: "CLOSED", remaining_size: "0", cancel_reason: "USER_CANCELED" },
    expected: { status: "filled", filledLots: 15_000, venueText: "USER_CANCELED" },
  },
  {
    name: "a cancel of ours is cancelled, what was filled stays",
    change: { status: "CLOSED", cancel_reason: "USER_CANCELED" },
    expected: { status: "cancelled", reason: "requested", venueText: "USER_CANCELED" },
  },
  {
    name: "a crossing post-only order was rejected",
    change: { status: "CLOSED", remaining_size: "0.15", cancel_reason: "POST_ONLY_WOULD_CROSS" },
    expected: {
      status: "rejected",
      reason: "post_only_would_cross",
      filledLots: 0,
      venueText: "POST_ONLY_WOULD_CROSS",
    },
  },
  {
    name: "too little margin before any fill is a rejection",
    change: { status: "CLOSED", remaining_size: "0.15", cancel_reason: "NOT_ENOUGH_MARGIN" },
    expected: {
      status: "rejected",
      reason: "insufficient_margin",
      filledLots: 0,
      venueText: "NOT_ENOUGH_MARGIN",
    },
  },
  {
    name: "too little margin after a fill is a cancel",
    change: { status: "CLOSED", cancel_reason: "NOT_ENOUGH_MARGIN" },
    expected: { status: "cancelled", reason: "insufficient_margin", venueText: "NOT_ENOUGH_MARGIN" },
  },
  {
    name: "the rest of an IOC order is cancelled, even all of it",
    change: { status: "CLOSED", remaining_size: "0.15", cancel_reason: "REMAINING_IOC_CANCEL" },
    expected: {
      status: "cancelled",
      reason: "ioc_remainder",
      filledLots: 0,
      venueText: "REMAINING_IOC_CANCEL",
    },
  },
  {
    name: "a reason nobody documented is a cancel by the venue",
    change: { status: "CLOSED", cancel_reason: "constructor" },
    expected: { status: "cancelled", reason: "venue", venueText: "constructor" },
  },
  {
    name: "an order of somebody else's tool has no client order id of ours",
    change: { client_id: "my-order-001" },
    expected: { clientOrderId: undefined },
  },
  {
    name: "a market order has no limit price",
    change: { type: "MARKET", price: "0" },
    expected: { limitPriceTicks: undefined },
  },
];
for (const { name, change, expected } of orderCases) {
  Deno.test(`order update: ${name}`, () => {
    const { publish, stream } = bench();
    stream.onPush("orders.ALL", { ...orderJson, ...change }, 9);
    assertEquals(publish.of("order"), [{ ...report, ...expected }]);
  });
}

Deno.test("repeated and older updates of an order stop here, also beyond 2^53", () => {
  const { publish, stream } = bench();
  const update = (seqNo: string, remaining: string) =>
    stream.onPush(
      "orders.ALL",
      parseJson(
        JSON.stringify({ ...orderJson, remaining_size: remaining }).replace(
          '"seq_no":10',
          `"seq_no":${seqNo}`,
        ),
      ),
      9,
    );
  update("1717000000123456788", "0.1");
  update("1717000000123456788", "0.1");
  update("1717000000123456787", "0.12");
  update("1717000000123456789", "0.05");
  assertEquals(publish.of("order").length, 2);
});

Deno.test("nothing changes after CLOSED, not even after a reconnect", () => {
  const { publish, stream } = bench();
  stream.onPush("orders.ALL", { ...orderJson, status: "CLOSED", cancel_reason: "USER_CANCELED" }, 9);
  stream.onState("reconnecting");
  stream.onPush("orders.ALL", { ...orderJson, seq_no: 11 }, 9);
  assertEquals(publish.of("order").length, 1);
});

Deno.test("sequence numbers are forgotten with the connection, and the host is told when it is back", () => {
  const { publish, stream } = bench();
  stream.onPush("orders.ALL", orderJson, 9);
  stream.onState("reconnecting");
  stream.onPush("orders.ALL", { ...orderJson, seq_no: 3 }, 9);
  stream.onState("connected");
  assertEquals(publish.published.map((entry) => entry.kind), ["order", "order", "restored"]);
});

const fillJson = {
  id: "8615262148007718462",
  market: "BTC-USD-PERP",
  order_id: orderJson.id,
  client_id: "b7x2",
  side: "BUY",
  liquidity: "MAKER",
  price: "62000.1",
  size: "0.05",
  fee: "-0.0031",
  fee_currency: "USDC",
  fill_type: "FILL",
  created_at: 1_717_000_000_200,
};

Deno.test("a fill is published once, with the order's side where that is known", () => {
  const { publish, stream } = bench();
  stream.onPush("orders.ALL", orderJson, 9);
  stream.onPush("fills.ALL", fillJson, 10);
  stream.onPush("fills.ALL", fillJson, 11);
  assertEquals(publish.of("fill"), [{
    instrument: btcInstrument.id,
    fillId: fillJson.id,
    venueOrderId: orderJson.id,
    clientOrderId: "b7x2",
    side: "sell",
    priceTicks: 620_001,
    sizeLots: 5_000,
    liquidity: "maker",
    fee: parseMoney("-0.0031"),
    feeAsset: "USDC",
    tsVenueMs: 1_717_000_000_200,
    tsRecvUs: 10,
  }]);
});

Deno.test("a fill of an order never seen has the side that it states", () => {
  const { publish, stream } = bench();
  stream.onPush("fills.ALL", fillJson, 10);
  const [fill] = publish.of("fill");
  assert(typeof fill === "object" && fill !== null && "side" in fill);
  assertEquals(fill.side, "buy");
});

Deno.test("an acknowledged order's side is known before its first update", () => {
  const { publish, stream } = bench();
  stream.noteOrder(orderJson.id, "sell");
  stream.onPush("fills.ALL", fillJson, 10);
  const [fill] = publish.of("fill");
  assert(typeof fill === "object" && fill !== null && "side" in fill);
  assertEquals(fill.side, "sell");
});

Deno.test("a liquidation at a mark price off the tick is a fill at the nearest tick", () => {
  const { publish, stream } = bench();
  stream.onPush("fills.ALL", { ...fillJson, fill_type: "LIQUIDATION", price: "67307.7725876" }, 10);
  const [fill] = publish.of("fill");
  assert(typeof fill === "object" && fill !== null && "priceTicks" in fill);
  assertEquals(fill.priceTicks, 673_078);
});

const positionJson = {
  market: "BTC-USD-PERP",
  status: "OPEN",
  side: "SHORT",
  size: "-0.05",
  average_entry_price: "62000.05",
  liquidation_price: "",
  leverage: "5",
  seq_no: 5,
  last_updated_at: 1_717_000_000_300,
};
for (
  const [name, change, lots, entryPrice] of [
    ["a short is negative", {}, -5_000, 62000.05],
    ["a long is positive", { side: "LONG", size: "0.05" }, 5_000, 62000.05],
    ["a closed one is flat", { status: "CLOSED", size: "0" }, 0, undefined],
  ] as const
) {
  Deno.test(`position: ${name}`, () => {
    const { publish, stream } = bench();
    stream.onPush("positions", { ...positionJson, ...change }, 9);
    assertEquals(publish.of("position"), [{
      instrument: btcInstrument.id,
      positionLots: lots,
      entryPrice,
      markPrice: undefined,
      liquidationPrice: undefined,
      leverage: 5,
      tsVenueMs: 1_717_000_000_300,
    }]);
  });
}

Deno.test("an account update is the balance of its settlement asset, once a sequence number", () => {
  const { publish, stream } = bench();
  const account = {
    account: "0x1",
    account_value: "136285.06918911",
    total_collateral: "123003.62047353",
    free_collateral: "73276.47229774",
    settlement_asset: "USDC",
    seq_no: 4,
    updated_at: 1_717_000_000_400,
  };
  stream.onPush("account", account, 9);
  stream.onPush("account", account, 9);
  assertEquals(publish.of("balance"), [{
    asset: "USDC",
    total: parseMoney("123003.62047353"),
    available: parseMoney("73276.47229774"),
    tsVenueMs: 1_717_000_000_400,
  }]);
});

Deno.test("a funding payment that we receive is negative for us to pay", () => {
  const { publish, stream } = bench();
  stream.onPush(
    "funding_payments.ALL",
    { id: "f1", market: "BTC-USD-PERP", payment: "34.44", created_at: 5 },
    9,
  );
  assertEquals(publish.of("funding"), [{
    instrument: btcInstrument.id,
    paymentId: "f1",
    amount: parseMoney("-34.44"),
    asset: "USDC",
    tsVenueMs: 5,
  }]);
});

Deno.test("records that don't fit are counted and logged without their content", () => {
  const { log, misfits, publish, stream } = bench();
  stream.onPush("orders.ALL", { ...orderJson, status: "DREAMING" }, 9);
  stream.onPush("fills.ALL", { ...fillJson, size: "lots" }, 9);
  stream.onBinary(new DataView(new ArrayBuffer(5)), 9);
  assertEquals([misfits.count(), publish.published.length], [3, 0]);
  assertEquals(JSON.stringify(log.lines).includes("DREAMING"), false);
});

Deno.test("a size off the lot can't be told exactly: the host is asked to reconcile", () => {
  const { publish, stream } = bench();
  stream.onPush("fills.ALL", { ...fillJson, size: "0.0000001" }, 9);
  assertEquals(publish.published.map((entry) => entry.kind), ["restored"]);
});

Deno.test("markets that berth does not trade are passed over", () => {
  const { publish, stream } = bench();
  stream.onPush("orders.ALL", { ...orderJson, market: "SOL-USD-PERP" }, 9);
  stream.onPush("positions", { ...positionJson, market: "SOL-USD-PERP" }, 9);
  stream.onPush("fills.ALL", { ...fillJson, market: "SOL-USD-PERP" }, 9);
  assertEquals(publish.published, []);
});

Deno.test("every private channel leads somewhere", () => {
  const { publish, stream } = bench();
  const samples: Readonly<Record<string, unknown>> = {
    "orders.ALL": orderJson,
    "fills.ALL": fillJson,
    positions: positionJson,
    account: { account_value: "1", total_collateral: "1", free_collateral: "1" },
    "funding_payments.ALL": { id: "f", market: "BTC-USD-PERP", payment: "1", created_at: 1 },
  };
  for (const channel of privateChannels) stream.onPush(channel, samples[channel], 9);
  assertEquals(publish.published.length, privateChannels.length);
});

const binaryFile = v.object({ frames: v.array(v.object({ name: v.string(), b64: v.string() })) });
const binary = readVectors("ws_sbe_constructed.json", (value) => v.parse(binaryFile, value));
Deno.test({
  name: binary === undefined
    ? `binary private records ${skippedWithoutVectors}`
    : "binary orders, fills, positions and accounts are the same records as JSON ones",
  ignore: binary === undefined,
  fn() {
    const { publish, stream } = bench();
    const frames = new Map(binary?.frames.map((frame) => [frame.name, frame.b64]));
    for (
      const name of [
        "order_open_partial_v1",
        "order_closed_post_only_v2",
        "fill_maker_rebate_v1",
        "position_short_v1",
      ]
        .concat(["account_v1", "heartbeat_v1"])
    ) stream.onBinary(viewOfBase64(frames.get(name) ?? ""), 9);
    const [open, closed] = publish.of("order");
    assertEquals(open, {
      ...report,
      clientOrderId: undefined,
      venueOrderId: "1791421918320201709163280000",
      tsVenueMs: 1_791_421_923_324,
    });
    assertEquals(closed, {
      ...report,
      clientOrderId: undefined,
      venueOrderId: "1791421923320201709163280002",
      side: "buy",
      sizeLots: 1_000,
      filledLots: 0,
      limitPriceTicks: 834_600,
      reduceOnly: false,
      status: "rejected",
      reason: "post_only_would_cross",
      venueText: "POST_ONLY_WOULD_CROSS",
      tsVenueMs: 1_791_421_923_324,
    });
    const [fill] = publish.of("fill");
    assert(
      typeof fill === "object" && fill !== null && "side" in fill && "fee" in fill && "feeAsset" in fill,
    );
    // The frame says BUY; the order it belongs to is a sell.
    assertEquals([fill.side, fill.fee, fill.feeAsset], ["sell", parseMoney("-0.0031"), "USDC"]);
    const [position] = publish.of("position");
    assert(typeof position === "object" && position !== null && "positionLots" in position);
    assertEquals(position.positionLots, -5_000);
    assertEquals(publish.of("balance").length, 1);
  },
});

Deno.test("fillOf() believes a given side over the record's", () => {
  const record = {
    id: "1",
    orderId: "2",
    clientId: "",
    market: "BTC-USD-PERP",
    side: "BUY",
    liquidity: "TAKER",
    price: "1",
    size: "1",
    fee: "0",
    feeAsset: "USDC",
    fillType: "FILL",
    tsVenueMs: 1,
  } as const;
  assertEquals(fillOf(record, btcInstrument, "sell", 1).side, "sell");
  assertEquals(fillOf(record, btcInstrument, undefined, 1).side, "buy");
});

Deno.test("a fill that the venue takes back is told and makes the host compare the account", () => {
  const { log, publish, stream } = bench();
  stream.onPush("tradebusts", { account: "0x1", busted_fill_id: "f1", created_at: 5 }, 9);
  assertEquals(log.lines.map(({ level, fields }) => [level, fields["fillId"]]), [["error", "f1"]]);
  assertEquals(publish.of("restored").length, 1);
});

Deno.test("transfers are told, failed settlements are warned of, the rest of the account's news is only counted", () => {
  const { log, misfits, statistics, stream } = bench();
  const transfer = {
    id: "1",
    kind: "DEPOSIT",
    direction: "IN",
    status: "COMPLETED",
    amount: "5",
    token: "USDC",
  };
  stream.onPush("transfers", transfer, 9);
  stream.onPush("transaction", { id: "1", type: "TRANSACTION_FILL", state: "ACCEPTED_ON_L2" }, 9);
  stream.onPush("transaction", { id: "2", type: "TRANSACTION_FILL", state: "REVERTED" }, 9);
  stream.onPush("balance_events", { type: "TRANSACTION_FILL", status: "ON_BLOCKCHAIN" }, 9);
  stream.onPush("transfers", { id: 7 }, 9);
  assertEquals(log.lines.map(({ level, message }) => [level, message]), [
    ["info", "transfer"],
    ["warn", "settlement on chain failed"],
    ["warn", "what the venue sent can't be read"],
  ]);
  assertEquals(misfits.count("private_record"), 1);
  const counted = statistics.takeChannels().filter(({ updates }) => updates > 0);
  assertEquals(counted.map(({ channel, updates }) => [channel, updates]), [
    ["transfers", 1],
    ["transaction", 2],
    ["balance_events", 1],
  ]);
});
