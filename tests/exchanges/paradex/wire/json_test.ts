import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import * as v from "valibot";
import {
  accountInfoSchema,
  marketListSchema,
  orderResultSchema,
  parseJson,
  systemConfigSchema,
  systemStateSchema,
  systemTimeSchema,
  textFrameSchema,
} from "../../../../exchanges/paradex/wire/json.ts";
import {
  accountRecordSchema,
  fillRecordSchema,
  orderRecordSchema,
  positionRecordSchema,
  read,
} from "../../../../exchanges/paradex/wire/records.ts";
import { readVectorText, skippedWithoutVectors } from "../vectors.ts";

Deno.test("parseJson() keeps every integer, and is JSON.parse for all else", () => {
  assertEquals(
    parseJson(
      '{"seq_no":1721903808521364144,"a":[-9007199254740993,9007199254740991,1.5e300,"1721903808521364144"]}',
    ),
    {
      seq_no: 1721903808521364144n,
      a: [-9007199254740993n, 9007199254740991, 1.5e300, "1721903808521364144"],
    },
  );
  const integer = fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n });
  fc.assert(fc.property(fc.array(integer), (integers) => {
    const parsed = parseJson(`[${integers.join(",")}]`);
    assert(Array.isArray(parsed));
    assertEquals(parsed.map((value) => BigInt(value)), integers);
  }));
  const text = fc.jsonValue().map((value) => JSON.stringify(value)).filter((json) =>
    !/\d{16}(?![\d.e])/.test(json)
  );
  fc.assert(fc.property(text, (json) => assertEquals(parseJson(json), JSON.parse(json))));
  assertThrows(() => parseJson("{"), SyntaxError);
});

const recorded = readVectorText("rest_responses.json");
const recordedSchema = v.object({ items: v.array(v.object({ path: v.string(), response: v.unknown() })) });
const listOf = <T>(schema: v.GenericSchema<unknown, T>) => v.object({ results: v.array(schema) });
for (
  const [path, schema] of [
    ["/system/time", systemTimeSchema],
    ["/system/state", systemStateSchema],
    ["/system/config", systemConfigSchema],
    ["/markets", marketListSchema],
    ["/orders-history", listOf(orderRecordSchema)],
    ["/positions", listOf(positionRecordSchema)],
  ] as const
) {
  Deno.test({
    name: `a recorded answer to GET ${path} fits${recorded === undefined ? ` ${skippedWithoutVectors}` : ""}`,
    ignore: recorded === undefined,
    fn() {
      const { items } = v.parse(recordedSchema, parseJson(recorded ?? ""));
      const item = items.find((candidate) => candidate.path.split("?")[0] === path);
      assertEquals(read<unknown>(schema, item?.response).kind, "read");
    },
  });
}

Deno.test({
  name: `a recorded order keeps its sequence number${
    recorded === undefined ? ` ${skippedWithoutVectors}` : ""
  }`,
  ignore: recorded === undefined,
  fn() {
    const { items } = v.parse(recordedSchema, parseJson(recorded ?? ""));
    const item = items.find((candidate) => candidate.path.startsWith("/orders-history"));
    const [order] = v.parse(listOf(orderRecordSchema), item?.response).results;
    assertEquals([order?.seqNo, order?.cancelReason, order?.tsVenueMs], [
      1721903808521364144n,
      "ORDER_SIZE_BELOW_MIN",
      1721903808521,
    ]);
  },
});

const messages = readVectorText("ws_json_messages.json");
Deno.test({
  name: `the documented text frames fit${messages === undefined ? ` ${skippedWithoutVectors}` : ""}`,
  ignore: messages === undefined,
  fn() {
    const parsed = v.parse(v.object({ messages: v.array(v.unknown()) }), parseJson(messages ?? ""));
    for (const message of parsed.messages) {
      assertEquals(read<unknown>(textFrameSchema, message).kind, "read", fc.stringify(message));
    }
  },
});

Deno.test("errors without an id, and with data, fit", () => {
  for (const id of ["", ',"id":null', ',"id":4', ',"id":"x"']) {
    const frame = read(
      textFrameSchema,
      parseJson(`{"jsonrpc":"2.0","error":{"code":-32600,"message":"m","data":"d"}${id}}`),
    );
    assert(frame.kind === "read" && "error" in frame.value);
    assertEquals(frame.value.error.data, "d");
  }
});

Deno.test("the documented answers to order.create and to the account's queries fit", () => {
  const order =
    '{"id":"1759400000131201703010000","status":"NEW","market":"BTC-USD-PERP","side":"BUY","type":"LIMIT","size":"0.01","remaining_size":"0.01","price":"65123.4","instruction":"POST_ONLY","client_id":"a1","flags":[],"avg_fill_price":"0","cancel_reason":"","seq_no":1759400000140123456,"timestamp":1759400000123,"created_at":1759400000140,"last_updated_at":1759400000140,"received_at":1759400000131,"published_at":1759400000141,"account":"0x129f"}';
  const result = read(
    orderResultSchema,
    parseJson(`{"created_at":1759400000140,"received_at":1759400000131123456,"order":${order}}`),
  );
  assert(result.kind === "read");
  assertEquals(result.value.order.seq_no, 1759400000140123456n);
  const fill =
    '{"id":"8615262148007718462","account":"0x9785","market":"BTC-USD-PERP","order_id":"1681462103821101699438490000","client_id":"x1234","side":"BUY","liquidity":"TAKER","price":"30000.12","size":"0.5","remaining_size":"0.5","fee":"7.56","fee_currency":"USDC","realized_pnl":"7.56","realized_funding":"7.56","underlying_price":"30001","fill_type":"FILL","flags":["rpi"],"orderbook_seq_no":12345,"created_at":1681375176910}';
  assertEquals(read<unknown>(fillRecordSchema, parseJson(fill)).kind, "read");
  const account =
    '{"account":"0x495d","account_value":"136285.06918911","total_collateral":"123003.62047353","free_collateral":"73276.47229774","initial_margin_requirement":"63008.59689218","maintenance_margin_requirement":"31597.25239676","margin_cushion":"104687.8167956","settlement_asset":"USDC","status":"ACTIVE","seq_no":1681471234972000000,"updated_at":1681471234972,"last_seen_notification":0}';
  assertEquals(read<unknown>(accountRecordSchema, parseJson(account)).kind, "read");
  const info = { account: "0x1", fees: { maker_rate: "0", taker_rate: "0.0003" } };
  assertEquals(read(accountInfoSchema, { results: [info] }), { kind: "read", value: [info] });
  assertEquals(read(accountInfoSchema, info), { kind: "read", value: [info] });
});

Deno.test("a misfit names the field, never what it holds", () => {
  const result = read<unknown>(accountRecordSchema, {
    account_value: "one secret",
    total_collateral: "1",
    free_collateral: "1",
  });
  assert(result.kind === "misfit");
  assertEquals([result.details.includes("account_value"), result.details.includes("secret")], [true, false]);
});
