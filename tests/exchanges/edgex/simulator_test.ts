/** The simulated EdgeX is no easier than the venue: what it refuses, and how it says so. */
import { assert, assertEquals } from "@std/assert";
import { accountId, type ClientSocket, type Fields, simulatedEdgex } from "./simulated.ts";

const createPath = "/api/v2/private/order/createOrder";
const assetPath = "/api/v2/private/account/getAccountAsset";

Deno.test("what is wrong with an order is refused, and nothing of it is left", async (t) => {
  const cases: readonly {
    readonly name: string;
    readonly code: string;
    readonly change?: Fields;
    readonly signed?: Fields;
  }[] = [
    {
      name: "a contract that is not listed",
      code: "INVALID_CONTRACT_ID",
      change: { contractId: "10000001" },
    },
    { name: "a size off the step", code: "INVALID_ORDER_SIZE", change: { size: "0.1005" } },
    { name: "a size of zero", code: "INVALID_ORDER_SIZE", change: { size: "0" } },
    { name: "a size above the maximum", code: "ORDER_SIZE_GREATER_THAN_MAX", change: { size: "201" } },
    { name: "a price off the tick", code: "INVALID_ORDER_PRICE", change: { price: "59900.05" } },
    { name: "a price with an exponent", code: "INVALID_PARAM", signed: { price: "5.99e4" } },
    { name: "a price beyond the band", code: "ORDER_PRICE_RATIO_OUT_OF_LIMIT", change: { price: "63100" } },
    { name: "a type that there is not", code: "INVALID_PARAM", change: { type: "ICEBERG" } },
    {
      name: "a market order that rests",
      code: "INVALID_TIME_IN_FORCE",
      change: { type: "MARKET", price: "0" },
    },
    {
      name: "a market order with a price",
      code: "INVALID_ORDER_PRICE",
      change: { type: "MARKET", timeInForce: "IMMEDIATE_OR_CANCEL" },
    },
    { name: "a stop without its price", code: "INVALID_TRIGGER_PRICE_TYPE", change: { type: "STOP_LIMIT" } },
    {
      name: "a stop off the tick",
      code: "INVALID_TRIGGER_PRICE",
      change: { type: "STOP_LIMIT", triggerPrice: "59000.05", triggerPriceType: "ORACLE_PRICE" },
    },
    { name: "another account's order", code: "ACCOUNT_PERMISSION_DENIED", signed: { accountId: "1" } },
    { name: "a nonce of another id", code: "INVALID_L2_NONCE", signed: { l2Nonce: "7" } },
    { name: "another size in the signature", code: "INVALID_L2_SIZE", signed: { l2Size: "0.2" } },
    { name: "another value in the signature", code: "INVALID_L2_VALUE", signed: { l2Value: "5990.1" } },
    { name: "a fee limit below the fee", code: "INVALID_L2_LIMIT_FEE", signed: { l2LimitFee: "2" } },
    { name: "a fee limit beyond what was signed", code: "INVALID_L2_SIGNATURE", signed: { l2LimitFee: "4" } },
    { name: "a fractional fee limit", code: "INVALID_PARAM", signed: { l2LimitFee: "3.5" } },
    { name: "an order that expired", code: "INVALID_EXPIRE_TIME", signed: { expireTime: "1700000000000" } },
    {
      name: "a signature that ends too soon",
      code: "INVALID_L2_EXPIRE_TIME",
      signed: { l2ExpireTime: "1786000000000" },
    },
    { name: "the other side's signature", code: "INVALID_L2_SIGNATURE", signed: { side: "SELL" } },
    { name: "no signature", code: "INVALID_L2_SIGNATURE", signed: { l2Signature: "" } },
  ];
  for (const { change, code, name, signed } of cases) {
    await t.step(name, async () => {
      const edgex = await simulatedEdgex();
      const answer = await edgex.create("wrong1", change, signed);
      assertEquals(answer.code, code);
      assertEquals(edgex.venue.openOrders(accountId), []);
      // What was refused uses up neither id nor nonce.
      assertEquals((await edgex.create("wrong1")).code, "SUCCESS");
      edgex.protocol.stop();
    });
  }
});

Deno.test("a client order id is used once, whatever became of its order", async () => {
  const edgex = await simulatedEdgex();
  assertEquals((await edgex.create("once1")).code, "SUCCESS");
  const body = { clientOrderIdList: ["once1"] };
  await edgex.request("POST", "/api/v2/private/order/cancelOrderByClientOrderId", body);
  assertEquals((await edgex.create("once1")).code, "DUPLICATE_CLIENT_ORDER_ID");
  edgex.protocol.stop();
});

Deno.test("a request that is not signed as it should be is refused", async (t) => {
  const edgex = await simulatedEdgex();
  const without = (name: string) => (headers: Record<string, string>) => {
    const { [name]: _, ...others } = headers;
    return others;
  };
  const cases = [
    ["a header is missing", without("X-edgeX-Passphrase"), 400, "GATEWAY_HEADER_REQUIRED"],
    ["another key", (h: Fields) => ({ ...h, "X-edgeX-Api-Key": "nope" }), 401, "INVALID_API_KEY"],
    ["another passphrase", (h: Fields) => ({ ...h, "X-edgeX-Passphrase": "x" }), 401, "INVALID_PASSPHRASE"],
    [
      "an old stamp",
      (h: Fields) => ({ ...h, "X-edgeX-Timestamp": "1785095960000" }),
      401,
      "INVALID_TIMESTAMP",
    ],
    [
      "capital letters",
      (h: Fields) => ({
        ...h,
        "X-edgeX-Signature": String(h["X-edgeX-Signature"]).toUpperCase(),
      }),
      401,
      "INVALID_SIGNATURE",
    ],
  ] as const;
  for (const [name, change, status, code] of cases) {
    await t.step(name, async () => {
      const answer = await edgex.request("GET", assetPath, {}, (headers) => texts(change(headers)));
      assertEquals([answer.status, answer.code], [status, code]);
    });
  }
  await t.step("a body that was changed on the way", async () => {
    const path = createPath;
    const signature = (await edgexHeaders(edgex, path, edgex.order("first")))["X-edgeX-Signature"] ?? "";
    const answer = await edgex.request("POST", path, edgex.order("second"), (headers) => ({
      ...headers,
      "X-edgeX-Signature": signature,
    }));
    assertEquals(answer.code, "INVALID_SIGNATURE");
  });
  await t.step("a page of more rows than allowed", async () => {
    const path = "/api/v2/private/order/getActiveOrderPage";
    assertEquals((await edgex.request("GET", path, { size: "201" })).code, "INVALID_GET_PAGE_SIZE");
    assertEquals((await edgex.request("GET", path, { size: "200" })).code, "SUCCESS");
  });
  edgex.protocol.stop();
});

/** The headers that a request would have. */
async function edgexHeaders(
  edgex: Awaited<ReturnType<typeof simulatedEdgex>>,
  path: string,
  fields: Fields,
): Promise<Readonly<Record<string, string>>> {
  let found: Readonly<Record<string, string>> = {};
  await edgex.request("POST", path, fields, (headers) => {
    found = { ...headers };
    return { ...headers, "X-edgeX-Signature": "0".repeat(64) };
  });
  return found;
}

const texts = (headers: Fields): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));

Deno.test("more orders a minute than allowed are met with 429", async () => {
  const edgex = await simulatedEdgex();
  let refused = 0;
  for (let count = 0; count < 605; count++) {
    // What is wrong with it is looked at after the limit.
    const answer = await edgex.create("many1", { size: "0.1005" });
    if (answer.status === 429) refused += 1;
    else assertEquals(answer.code, "INVALID_ORDER_SIZE");
  }
  assertEquals(refused, 5);
  edgex.clock.advanceTo(edgex.clock.nowMs() + 61_000);
  assertEquals((await edgex.create("many2")).code, "SUCCESS");
  edgex.protocol.stop();
});

function open(found: ClientSocket | number): ClientSocket {
  assert(typeof found !== "number", `refused with ${found}`);
  return found;
}
const types = ({ received }: ClientSocket) => received.map(({ type }) => type);

Deno.test("the account's connection opens with a right signature alone, and takes no subscriptions", async () => {
  const edgex = await simulatedEdgex();
  const { headers, url } = edgex.privateRequest();
  const path = url.slice("ws://edgex.test".length);
  assertEquals(edgex.connect(path, { ...headers, "X-edgeX-Signature": "0".repeat(64) }), 401);
  assertEquals(edgex.connect(path.replace(/accountId=\d+/, "accountId=1"), headers), 401);
  assertEquals(edgex.connect("/api/v1/private/ws", headers), 401);
  const socket = open(edgex.connect(path, headers));
  edgex.clock.advanceTo(edgex.clock.nowMs() + 10);
  assertEquals(types(socket), ["connected", "trade-event"]);
  for (let mistake = 0; mistake < 5; mistake++) socket.send({ type: "subscribe", channel: "order" });
  edgex.clock.advanceTo(edgex.clock.nowMs() + 10);
  assertEquals(socket.isOpen, false);
  edgex.protocol.stop();
});

Deno.test("a client that answers no ping is closed after five, one that does is not", async () => {
  const edgex = await simulatedEdgex();
  assertEquals(edgex.connect("/api/v1/public/ws", {}), 400);
  const [silent, polite] = [open(edgex.connectPublic()), open(edgex.connectPublic())];
  for (let second = 0; second < 65; second++) {
    edgex.clock.advanceTo(edgex.clock.nowMs() + 1_000);
    const last = polite.received.at(-1);
    if (last?.["type"] === "ping") polite.send({ type: "pong", time: last["time"] });
  }
  assertEquals([silent.isOpen, polite.isOpen], [false, true]);
  polite.send({ type: "ping", time: "42" });
  edgex.clock.advanceTo(edgex.clock.nowMs() + 10);
  assertEquals(polite.received.at(-1), { type: "pong", time: "42" });
  edgex.protocol.stop();
});

Deno.test("channels that there are not are mistakes, and five of them end the connection", async () => {
  const edgex = await simulatedEdgex();
  const socket = open(edgex.connectPublic());
  const wrong = ["depth.10000001.15", "depth.30000001.50", "bbo.30000001", "trades.30000001.15"];
  for (const channel of wrong) socket.send({ type: "subscribe", channel });
  edgex.clock.advanceTo(edgex.clock.nowMs() + 10);
  assertEquals(types(socket), ["connected", "error", "error", "error", "error"]);
  socket.send("no JSON");
  edgex.clock.advanceTo(edgex.clock.nowMs() + 10);
  assertEquals(socket.isOpen, false);
  edgex.protocol.stop();
});

Deno.test("rows of the stream leave out what did not change; fills name their order alone", async () => {
  const edgex = await simulatedEdgex();
  const socket = open(edgex.connectPrivate());
  await edgex.create("rest1");
  const cancel = { clientOrderIdList: ["rest1"] };
  await edgex.request("POST", "/api/v2/private/order/cancelOrderByClientOrderId", cancel);
  await edgex.create("take1", { price: "60100", timeInForce: "IMMEDIATE_OR_CANCEL" });
  edgex.clock.advanceTo(edgex.clock.nowMs() + 20);
  const events = socket.received.filter(({ type }) => type === "trade-event").map(({ content }) => content);
  const groups = events.flatMap((event) => isEvent(event) ? [event.data] : []);
  const orders = groups.flatMap(({ order }) => order ?? []);
  assertEquals(orders.map((row) => [row["status"], "clientOrderId" in row]), [
    ["OPEN", true],
    ["CANCELED", false],
    ["FILLED", true],
  ]);
  const fills = groups.flatMap(({ orderFillTransaction }) => orderFillTransaction ?? []);
  assertEquals(fills.map((row) => ["contractId" in row, "orderSide" in row, row["fillFee"]]), [
    [false, false, "2.700045"],
  ]);
  edgex.protocol.stop();
});

interface Event {
  readonly data: { readonly order?: readonly Fields[]; readonly orderFillTransaction?: readonly Fields[] };
}
const isEvent = (found: unknown): found is Event =>
  typeof found === "object" && found !== null && "data" in found;

Deno.test("a market order trades no worse than its signature allows", async () => {
  const edgex = await simulatedEdgex();
  const market = { type: "MARKET", price: "0", timeInForce: "IMMEDIATE_OR_CANCEL" };
  // The offers stand at 60,001 and above.
  for (const [id, bound, filledLots] of [["bound1", "60000", 0], ["bound2", "60001", 100]] as const) {
    const order = edgex.order(id, market, {});
    const signed = edgex.order(id, { price: bound });
    const keys = ["l2Value", "l2LimitFee", "l2Signature"] as const;
    const body = { ...order, ...Object.fromEntries(keys.map((key) => [key, signed[key]])) };
    assertEquals((await edgex.request("POST", createPath, body)).code, "SUCCESS", id);
    const [found] = edgex.venue.orderHistory(accountId).filter(({ clientOrderId }) => clientOrderId === id);
    assertEquals(found?.filledLots, filledLots, id);
  }
  edgex.protocol.stop();
});
