/** The simulated venue's rules by themselves, on virtual time: it takes nothing that the venue would refuse. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { RequestSigner } from "../../../exchanges/aster/signing.ts";
import { ListenKeys } from "../../../exchanges/aster/simulator/listen_keys.ts";
import { VirtualClock } from "../../../exchanges/simulation/clock.ts";
import { seededRandom } from "../../../exchanges/simulation/random.ts";
import type { ServerSocketHandlers } from "../../../exchanges/simulation/sockets.ts";
import { nonsense } from "../../support/nonsense.ts";
import { accountId } from "../../support/venue_bench.ts";
import { startMs, virtualBench } from "./virtual.ts";

interface Sent {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

async function protocolBench() {
  const bench = await virtualBench({}, { latencyMs: 0, latencyJitterMs: 0 });
  const { credentials, protocol, world } = bench;
  let nonce = startMs * 1_000;
  const signer = new RequestSigner({
    privateKey: credentials["ASTER_AGENT_PRIVATE_KEY"] ?? "",
    user: credentials["ASTER_ACCOUNT_ADDRESS"] ?? "",
    network: "testnet",
    nextNonce: () => ++nonce,
  });
  const send = async (method: string, path: string, text: string): Promise<Sent> => {
    const url = `http://venue.test${path}`;
    const request = method === "GET" ? new Request(text === "" ? url : `${url}?${text}`) : new Request(url, {
      method,
      body: text,
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    const response = await bench.settled(protocol.handleRequest(request));
    const body = await response.text();
    return { status: response.status, headers: response.headers, body: body === "" ? "" : parsed(body) };
  };
  return {
    ...bench,
    setNonce: (value: number) => void (nonce = value),
    signer,
    send,
    /** Signed as the adapter signs. */
    ask: (method: string, path: string, params: Readonly<Record<string, string>>) =>
      send(method, path, signer.sign(new URLSearchParams(params).toString())),
    now: () => world.clock.nowMs(),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const codeOf = ({ body }: Sent): unknown =>
  typeof body === "object" && body !== null ? Reflect.get(body, "code") : body;

const limitOrder = {
  symbol: "BTCUSDT",
  side: "BUY",
  type: "LIMIT",
  timeInForce: "GTC",
  quantity: "0.1",
  price: "59900",
  newClientOrderId: "table1",
};
const market = { symbol: "BTCUSDT", side: "BUY", type: "MARKET", quantity: "0.1" };
const stop = { symbol: "BTCUSDT", side: "SELL", type: "STOP_MARKET", quantity: "0.1", stopPrice: "59000" };
const without = (name: string, params: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(params).filter(([key]) => key !== name));

const refusedOrders: readonly (readonly [string, Readonly<Record<string, string>>, number])[] = [
  ["a symbol that is not listed", { ...limitOrder, symbol: "XYZUSDT" }, -1121],
  ["a symbol in small letters", { ...limitOrder, symbol: "btcusdt" }, -1121],
  ["no side", without("side", limitOrder), -1117],
  ["our own word for a side", { ...limitOrder, side: "buy" }, -1117],
  ["a type that there is not", { ...limitOrder, type: "IOC" }, -1116],
  ["a limit without time in force", without("timeInForce", limitOrder), -1102],
  ["a time in force that there is not", { ...limitOrder, timeInForce: "PO" }, -1115],
  ["a limit without price", without("price", limitOrder), -1102],
  ["a limit without size", without("quantity", limitOrder), -1102],
  ["a market order with a price", { ...market, price: "60000" }, -1106],
  ["a market order with a time in force", { ...market, timeInForce: "IOC" }, -1106],
  ["a limit with a stop price", { ...limitOrder, stopPrice: "59000" }, -1106],
  ["a price off the tick", { ...limitOrder, price: "59900.05" }, -4014],
  ["a price with nine decimals", { ...limitOrder, price: "59900.100000000" }, -1111],
  ["a negative price", { ...limitOrder, price: "-1" }, -4001],
  ["an exponent", { ...limitOrder, price: "6e4" }, -1102],
  ["a size off the step", { ...limitOrder, quantity: "0.1005" }, -4023],
  ["a size of zero", { ...limitOrder, quantity: "0" }, -4003],
  ["a size over the most", { ...limitOrder, quantity: "1000.001" }, -4005],
  ["a value below five", { ...limitOrder, price: "57500", quantity: "0.000" }, -4003],
  ["a price beyond the band", { ...limitOrder, price: "63100" }, -4016],
  ["a sell beyond the band", { ...limitOrder, side: "SELL", price: "56900" }, -4024],
  ["more than the margin", { ...limitOrder, quantity: "900" }, -2019],
  ["reduce-only without a position", { ...limitOrder, reduceOnly: "true" }, -2022],
  ["a flag as the JSON word in capitals", { ...limitOrder, reduceOnly: "TRUE" }, -4062],
  ["a side of hedge mode", { ...limitOrder, positionSide: "LONG" }, -4061],
  ["a client id with a blank", { ...limitOrder, newClientOrderId: "a b" }, -4015],
  ["a client id of 37 characters", { ...limitOrder, newClientOrderId: "a".repeat(37) }, -4015],
  ["a parameter of V1", { ...limitOrder, timestamp: "1" }, -1103],
  ["what is not simulated", { ...stop, closePosition: "true" }, -4084],
  ["a stop without its price", without("stopPrice", stop), -1102],
  ["a stop off the tick", { ...stop, stopPrice: "59000.01" }, -4014],
  ["a stop that is reached", { ...stop, stopPrice: "60001" }, -2021],
  ["a trigger price of another kind", { ...stop, workingType: "INDEX_PRICE" }, -4031],
];

Deno.test("orders that the venue would not take are refused with its codes, and leave nothing behind", async () => {
  const bench = await protocolBench();
  for (const [what, params, code] of refusedOrders) {
    const sent = await bench.ask("POST", "/fapi/v3/order", params);
    assertEquals([sent.status, codeOf(sent)], [400, code], what);
  }
  assertEquals([bench.venue.openOrders(accountId), bench.protocol.waitingOrders()], [[], []]);
  const taken = await bench.ask("POST", "/fapi/v3/order", limitOrder);
  assertEquals([taken.status, codeOf(taken)], [200, undefined]);
  assertEquals(codeOf(await bench.ask("POST", "/fapi/v3/order", limitOrder)), -4116);
});

Deno.test("requests that are not as documented are refused", async () => {
  const bench = await protocolBench();
  const cases = [
    ["GET", "/fapi/v3/depth", { symbol: "BTCUSDT", limit: "7" }, -4021],
    ["GET", "/fapi/v3/depth", {}, -1102],
    ["GET", "/fapi/v3/klines", { symbol: "BTCUSDT", interval: "7m" }, -1120],
    ["GET", "/fapi/v3/klines", { symbol: "BTCUSDT", interval: "1m", limit: "1501" }, -1130],
    ["GET", "/fapi/v3/time", { symbol: "BTCUSDT" }, -1104],
    ["GET", "/fapi/v3/order", { symbol: "BTCUSDT" }, -1102],
    ["GET", "/fapi/v3/order", { symbol: "BTCUSDT", origClientOrderId: "never" }, -2013],
    ["DELETE", "/fapi/v3/order", { symbol: "BTCUSDT", orderId: "1" }, -2011],
    ["DELETE", "/fapi/v3/allOpenOrders", {}, -1102],
    ["PUT", "/fapi/v3/order", { symbol: "BTCUSDT", orderId: "1", quantity: "1" }, -1102],
    ["POST", "/fapi/v3/batchOrders", { batchOrders: JSON.stringify(Array(6).fill(limitOrder)) }, -4082],
    ["DELETE", "/fapi/v3/batchOrders", { symbol: "BTCUSDT", orderIdList: `[${Array(11).fill(1)}]` }, -4032],
    ["DELETE", "/fapi/v3/batchOrders", { symbol: "BTCUSDT", orderIdList: '["1"]' }, -1102],
    ["POST", "/fapi/v3/countdownCancelAll", { symbol: "BTCUSDT", countdownTime: "soon" }, -1102],
    ["POST", "/fapi/v3/leverage", { symbol: "BTCUSDT", leverage: "126" }, -4028],
    ["PUT", "/fapi/v3/listenKey", {}, -1125],
    ["GET", "/fapi/v3/userTrades", { symbol: "BTCUSDT", startTime: "1", endTime: "604800002" }, -4165],
    ["GET", "/fapi/v3/userTrades", { symbol: "BTCUSDT", startTime: "1", fromId: "1" }, -1128],
  ] as const;
  for (const [method, path, params, code] of cases) {
    const isOpen = ["depth", "klines", "time"].some((name) => path.endsWith(name));
    const sent = isOpen
      ? await bench.send(method, path, new URLSearchParams(params).toString())
      : await bench.ask(method, path, params);
    assertEquals(codeOf(sent), code, `${method} ${path} ${JSON.stringify(params)}`);
  }
  assertEquals((await bench.ask("GET", "/fapi/v1/order", {})).status, 404);
});

Deno.test("a signature must be the agent's, over what is sent, and stand last; a nonce is young and used once", async () => {
  const bench = await protocolBench();
  const path = "/fapi/v3/balance";
  const good = bench.signer.sign("");
  assertEquals((await bench.send("GET", path, good)).status, 200);
  const codes = async (text: string) => codeOf(await bench.send("GET", path, text));
  assertEquals(await codes(good), -4225, "the same again");
  const fresh = () => bench.signer.sign("");
  assertEquals(await codes(""), -1102);
  assertEquals(await codes(fresh().replace(/&signature=.*/, "")), -1102);
  assertEquals(await codes(`${fresh()}&recvWindow=5000`), -1102, "behind the signature");
  assertEquals(await codes(fresh().replace(/nonce=(\d+)/, (_, n) => `nonce=${Number(n) + 1}`)), -1022);
  assertEquals(await codes(fresh().replace("user=0x", "user=0X")), -1022, "other letters");
  assertEquals(await codes(fresh().replace(/..$/, "1d")), -1022);
  assertEquals(await codes(fresh().replace(/nonce=\d+&/, "")), -1102);
  const { credentials } = bench;
  const mainnet = new RequestSigner({
    privateKey: credentials["ASTER_AGENT_PRIVATE_KEY"] ?? "",
    user: credentials["ASTER_ACCOUNT_ADDRESS"] ?? "",
    network: "mainnet",
    nextNonce: () => Math.floor(bench.now()) * 1_000 + 999,
  });
  assertEquals(await codes(mainnet.sign("")), -1022, "of another network");
  const other = new RequestSigner({
    privateKey: `0x${"34".repeat(32)}`,
    user: credentials["ASTER_ACCOUNT_ADDRESS"] ?? "",
    network: "testnet",
    nextNonce: () => Math.floor(bench.now()) * 1_000 + 998,
  });
  assertEquals(await codes(other.sign("")), -2015, "of another key");
  for (const [offMs, code] of [[-10_500, -1021], [10_500, -1021], [-9_000, undefined], [9_000, undefined]]) {
    bench.setNonce(Math.floor(bench.now() + (offMs ?? 0)) * 1_000);
    assertEquals(await codes(fresh()), code, `${offMs} ms off`);
  }
  const firstUs = Math.floor(bench.now()) * 1_000;
  bench.setNonce(firstUs);
  for (let i = 0; i < 100; i++) assertEquals(await codes(fresh()), undefined);
  bench.setNonce(firstUs - 1_000);
  assertEquals(await codes(fresh()), -4225, "below the hundred that are kept");
});

Deno.test("a weight of 2,400 a minute is told in headers, refused beyond, and those who go on are banned", async () => {
  const bench = await protocolBench();
  const depth = () => bench.send("GET", "/fapi/v3/depth", "symbol=BTCUSDT&limit=1000");
  const minuteMs = 60_000;
  await bench.run(minuteMs - bench.now() % minuteMs + 1);
  for (let i = 1; i <= 120; i++) {
    const sent = await depth();
    assertEquals([sent.status, sent.headers.get("x-mbx-used-weight-1m")], [200, String(i * 20)]);
  }
  const refused = await depth();
  assertEquals([refused.status, codeOf(refused)], [429, -1003]);
  assert(Number(refused.headers.get("retry-after")) > 0);
  for (let i = 0; i < 50; i++) assertEquals((await depth()).status, 429);
  assertEquals((await depth()).status, 418);
  await bench.run(minuteMs + 1);
  assertEquals((await depth()).status, 418, "a ban lasts two minutes");
  await bench.run(minuteMs);
  assertEquals((await depth()).status, 200);
});

/** A socket whose frames are kept. */
function socketTo(bench: Awaited<ReturnType<typeof protocolBench>>, path: string) {
  const frames: string[] = [];
  let handlers: ServerSocketHandlers | undefined;
  let closed: number | undefined;
  const upgrade = bench.protocol.upgrade(new Request(`http://venue.test${path}`));
  assert(upgrade.kind === "accepted");
  upgrade.accept({
    get isOpen() {
      return closed === undefined;
    },
    queuedBytes: 0,
    listen: (given) => void (handlers = given),
    send: (data) => void frames.push(String(data)),
    close(code = 1005) {
      closed ??= code;
    },
  });
  return {
    frames,
    say: (frame: unknown) => handlers?.onMessage(typeof frame === "string" ? frame : JSON.stringify(frame)),
    hangUp: () => handlers?.onClose(),
    closed: () => closed,
  };
}

Deno.test("sockets: raw and combined, ids, ten messages a second, 200 streams", async () => {
  const bench = await protocolBench();
  const socket = socketTo(bench, "/ws");
  const cases = [
    [{ method: "SUBSCRIBE", params: ["btcusdt@bookTicker"], id: 1 }, '{"result":null,"id":1}'],
    [{ method: "LIST_SUBSCRIPTIONS", id: 3 }, '{"result":["btcusdt@bookTicker"],"id":3}'],
    [{ method: "SUBSCRIBE", params: ["x"], id: "1" }, /request ID must be an unsigned integer/],
    [{ method: "JOIN", id: 1 }, /"code":2/],
    ["{", /"code":3/],
    [{ method: "SUBSCRIBE", params: Array.from({ length: 200 }, (_, i) => `s${i}`), id: 4 }, /too many/],
  ] as const;
  for (const [frame, answer] of cases) {
    socket.say(frame);
    await bench.run(200);
    const last = socket.frames.at(-1) ?? "";
    assert(typeof answer === "string" ? last === answer : answer.test(last), last);
  }
  bench.market.quoteHouse(20);
  await bench.run(10);
  assertEquals(socket.frames.at(-1)?.startsWith('{"e":"bookTicker","u":'), true);
  const combined = socketTo(bench, "/stream?streams=btcusdt@depth@100ms/btcusdt@aggTrade");
  bench.venue.takeHouse("BTC-PERP", "buy", 5);
  await bench.run(200);
  assertEquals(combined.frames.map((text) => /^\{"stream":"([^"]+)","data":\{/.exec(text)?.[1]).sort(), [
    "btcusdt@aggTrade",
    "btcusdt@depth@100ms",
  ]);
  for (let i = 0; i < 11; i++) socket.say({ method: "LIST_SUBSCRIPTIONS", id: i });
  assertEquals(socket.closed(), 1008);
  assertEquals(bench.protocol.upgrade(new Request("http://venue.test/other")).kind, "refused");
});

Deno.test("a listen key is one for an hour from when it was last asked for; without one nothing is extended", () => {
  const clock = new VirtualClock(startMs);
  const ended: string[] = [];
  const keys = new ListenKeys(clock, seededRandom(1), (key) => void ended.push(key));
  assertEquals([keys.extend(), keys.close()], [false, false]);
  const key = keys.open();
  const minuteMs = 60_000;
  clock.advanceTo(startMs + 50 * minuteMs);
  assertEquals([keys.open(), keys.isActive(key)], [key, true]);
  clock.advanceTo(startMs + 100 * minuteMs);
  assertEquals(keys.extend(), true);
  clock.advanceTo(startMs + 160 * minuteMs - 1);
  assertEquals([keys.isActive(key), ended], [true, []]);
  clock.advanceTo(startMs + 160 * minuteMs);
  assertEquals([keys.isActive(key), ended, keys.extend()], [false, [key], false]);
  assert(keys.open() !== key);
});

Deno.test("the account's stream is where its key says; with the key it ends, which is told", async () => {
  const bench = await protocolBench();
  const opened = await bench.ask("POST", "/fapi/v3/listenKey", {});
  const socket = socketTo(bench, `/ws/${Reflect.get(Object(opened.body), "listenKey")}`);
  const stranger = socketTo(bench, "/ws/0123456789abcdef");
  await bench.ask("POST", "/fapi/v3/order", limitOrder);
  await bench.run(10);
  assertEquals(socket.frames.map((text) => JSON.parse(text).e), ["ORDER_TRADE_UPDATE"]);
  await bench.ask("DELETE", "/fapi/v3/listenKey", {});
  await bench.ask("DELETE", "/fapi/v3/order", { symbol: "BTCUSDT", origClientOrderId: "table1" });
  await bench.run(10);
  assertEquals(socket.frames.map((text) => JSON.parse(text).e), ["ORDER_TRADE_UPDATE", "listenKeyExpired"]);
  assertEquals(stranger.frames, []);
});

Deno.test("bodies and frames of every form have an answer of the venue's, and change nothing", async () => {
  const bench = await protocolBench();
  const socket = socketTo(bench, "/ws");
  const methods = fc.constantFrom("GET", "POST", "PUT", "DELETE");
  const path = fc.constantFrom("order", "batchOrders", "allOpenOrders", "leverage", "depth", "klines", "x");
  const name = fc.constantFrom(
    ...Object.keys(limitOrder),
    "batchOrders",
    "orderIdList",
    "limit",
    "__proto__",
  );
  const params = fc.array(
    fc.tuple(name, nonsense.map((value) => String(JSON.stringify(value)).slice(0, 200))),
    {
      maxLength: 8,
    },
  );
  await fc.assert(
    fc.asyncProperty(methods, path, params, fc.boolean(), async (method, where, pairs, isSigned) => {
      const text = new URLSearchParams(pairs.map(([key, value]) => [key, value])).toString();
      bench.setNonce(Math.floor(bench.now()) * 1_000 + Math.floor(Math.abs(text.length)) + 1);
      const sent = await bench.send(method, `/fapi/v3/${where}`, isSigned ? bench.signer.sign(text) : text);
      assert([200, 400, 401, 404].includes(sent.status), `${sent.status}`);
      await bench.run(1_000);
    }),
    { numRuns: 60 },
  );
  await fc.assert(
    fc.asyncProperty(nonsense, async (frame) => {
      socket.say(String(JSON.stringify(frame)));
      await bench.run(1_000);
      assertEquals(socket.closed(), undefined);
    }),
    { numRuns: 40 },
  );
  assertEquals(bench.venue.orderHistory(accountId), []);
  socket.hangUp();
});
