/** Sockets and requests on virtual time, the venue's end played by hand. */
import { assert, assertEquals } from "@std/assert";
import type { ConnectionState } from "@berth/sdk";
import { FeedStatistics } from "@berth/sdk/venue/feed_statistics.ts";
import { Misfits } from "@berth/sdk/venue/misfits.ts";
import fc from "fast-check";
import type { TextFrameMisfit } from "@berth/sdk/venue/misfits.ts";
import { OrderChains } from "../../../exchanges/hyperliquid/order_chains.ts";
import { PrivateSocket } from "../../../exchanges/hyperliquid/private_socket.ts";
import { AccountReader } from "../../../exchanges/hyperliquid/private_stream.ts";
import { PublicSocket } from "../../../exchanges/hyperliquid/public_socket.ts";
import { WeightBudget } from "../../../exchanges/hyperliquid/request_budget.ts";
import { readAction, RestClient } from "../../../exchanges/hyperliquid/rest.ts";
import { damaged } from "../../support/nonsense.ts";
import { bookOf, btcInstrument, fillRow, updateRow } from "./builders.ts";
import { constantRandom, FakeSockets, Published, recordingLog, settle, VirtualTime } from "./fakes.ts";

const user = "0x00000000000000000000000000000000000000aa";
const ping = '{"method":"ping"}';

function ports() {
  const time = new VirtualTime();
  const sockets = new FakeSockets();
  const log = recordingLog();
  const misfits = new Misfits<TextFrameMisfit>(time, log);
  return {
    time,
    sockets,
    log,
    misfits,
    ports: { openSocket: sockets.open, clock: time, scheduler: time, random: constantRandom },
  };
}

function publicBench() {
  const base = ports();
  const states: ConnectionState[] = [];
  const frames: string[] = [];
  const socket = new PublicSocket({
    url: "ws://venue/ws",
    ports: base.ports,
    log: base.log,
    misfits: base.misfits,
    onHotText: (text) => text.startsWith('{"channel":"hot"'),
    onFrame: (channel) => void frames.push(channel),
    onSubscribed: () => {},
    onState: (state) => void states.push(state),
  });
  return { ...base, socket, states, frames };
}

const subscribe = (type: string, coin: string, more: object = {}) =>
  JSON.stringify({ method: "subscribe", subscription: { type, coin, ...more } });

Deno.test("what is wanted is subscribed one by one, again after a reconnect, and given back", async () => {
  const { socket, sockets, states, time } = publicBench();
  socket.want([{ type: "bbo", coin: "BTC" }, { type: "l2Book", coin: "BTC", fast: true }]);
  socket.start();
  sockets.last.handlers.onOpen();
  assertEquals(sockets.last.sent, [subscribe("bbo", "BTC"), subscribe("l2Book", "BTC", { fast: true })]);
  assertEquals(socket.connection.state, "connecting");
  sockets.last.push({
    channel: "subscriptionResponse",
    data: { method: "subscribe", subscription: { type: "bbo" } },
  });
  assertEquals(socket.connection.state, "connected");
  socket.unwant([{ type: "bbo", coin: "BTC" }]);
  socket.want([{ type: "trades", coin: "ETH" }]);
  await time.advance(10);
  assertEquals(sockets.last.sent.slice(2), [
    subscribe("bbo", "BTC").replace("subscribe", "unsubscribe"),
    subscribe("trades", "ETH"),
  ]);
  sockets.last.handlers.onClose("1006");
  await time.advance(1_000);
  assertEquals(sockets.opened.length, 2);
  sockets.last.handlers.onOpen();
  assertEquals(sockets.last.sent, [subscribe("l2Book", "BTC", { fast: true }), subscribe("trades", "ETH")]);
  socket.stop();
  assertEquals(states, ["connected", "reconnecting", "stopped"]);
});

Deno.test("a silent connection is pinged, and given up when it stays silent", async () => {
  const { socket, sockets, time } = publicBench();
  socket.start();
  sockets.last.handlers.onOpen();
  await time.advance(16_000);
  assertEquals(sockets.last.sent, [ping]);
  sockets.last.push({ channel: "pong" });
  await time.advance(16_000);
  assertEquals(sockets.last.sent, [ping, ping]);
  await time.advance(17_000);
  assertEquals([sockets.opened[0]?.isClosed, socket.connection.reconnects], [true, 1]);
  socket.stop();
});

Deno.test("attempts go on for ever, at most half a minute apart, and start anew after a good connection", async () => {
  const { socket, sockets, time } = publicBench();
  socket.start();
  /** Ends the last connection; the time until the next attempt. */
  const waitAfterEnd = async (): Promise<number> => {
    const count = sockets.opened.length;
    const fromMs = time.epochMs();
    sockets.last.handlers.onClose("refused");
    while (sockets.opened.length === count) await time.advance(50);
    return time.epochMs() - fromMs;
  };
  const waits: number[] = [];
  for (let attempt = 0; attempt < 20; attempt++) waits.push(await waitAfterEnd());
  assertEquals(waits.slice(0, 3), [200, 400, 750]);
  assert(waits.every((wait) => wait <= 30_000) && (waits.at(-1) ?? 0) > 15_000, waits.join(" "));
  sockets.last.handlers.onOpen();
  await time.advance(11_000);
  assertEquals(await waitAfterEnd(), 200);
  socket.stop();
});

Deno.test("public frames: read at once, handed on, or counted", () => {
  const { frames, log, misfits, socket, sockets } = publicBench();
  socket.start();
  sockets.last.handlers.onOpen();
  for (const text of ["{", "[]", "null", '{"data":1}', '{"channel":7}']) sockets.last.push(text);
  assertEquals(misfits.count(), 5);
  sockets.last.push('{"channel":"hot"');
  sockets.last.push({ channel: "trades", data: [] });
  sockets.last.push({ channel: "error", data: "Already subscribed: {}" });
  sockets.last.push({ channel: "error", data: "Error parsing JSON into valid websocket request" });
  assertEquals(frames, ["trades"]);
  assertEquals(log.lines.filter(({ level }) => level === "error").length, 1);
  socket.stop();
});

function privateBench() {
  const base = ports();
  const published = new Published();
  const reader = new AccountReader(bookOf(btcInstrument()), new OrderChains());
  const rest = new RestClient({
    baseUrl: "",
    fetch: () => Promise.reject(new Error("not here")),
    scheduler: base.time,
    budget: new WeightBudget(base.time, 1),
  });
  const socket = new PrivateSocket({
    url: "ws://venue/ws",
    ports: base.ports,
    user,
    publish: published.port,
    reader,
    statistics: new FeedStatistics(base.time),
    misfits: base.misfits,
    log: base.log,
    hasOwnCollateral: () => true,
    statusResult: (status, text) => rest.statusResult(status, text),
    onState: () => {},
  });
  const channels = ["orderUpdates", "userFills", "userFundings", "userEvents", "clearinghouseState"];
  const connect = (): void => {
    base.sockets.last.handlers.onOpen();
    for (const type of channels) {
      base.sockets.last.push({
        channel: "subscriptionResponse",
        data: { method: "subscribe", subscription: { type, user } },
      });
    }
  };
  socket.start();
  return { ...base, published, socket, connect };
}
const signal = new AbortController().signal;
const post = (id: number, response: unknown) => ({ channel: "post", data: { id, response } });

Deno.test("the stream is whole when every channel is acknowledged, not before", () => {
  const { published, socket, sockets } = privateBench();
  sockets.last.handlers.onOpen();
  assertEquals(sockets.last.sent.length, 5);
  for (const type of ["orderUpdates", "userFills", "userFundings", "userEvents"]) {
    sockets.last.push({ channel: "subscriptionResponse", data: { subscription: { type, user } } });
  }
  assertEquals([socket.connection.state, published.of("restored").length, socket.request("{}", signal)], [
    "connecting",
    0,
    undefined,
  ]);
  sockets.last.push({
    channel: "subscriptionResponse",
    data: { subscription: { type: "clearinghouseState" } },
  });
  assertEquals([socket.connection.state, published.of("restored").length], ["connected", 1]);
  socket.stop();
});

Deno.test("an answer belongs to its request; a lost connection leaves the rest unknown", async () => {
  const { connect, misfits, socket, sockets } = privateBench();
  connect();
  const requests = Array.from({ length: 5 }, () => socket.request('{"action":1}', signal));
  const ids = sockets.last.sent.slice(-5).map((text) => JSON.parse(text).id);
  const ok = { status: "ok", response: { type: "order", data: { statuses: [{ resting: { oid: 5 } }] } } };
  sockets.last.push(post(ids[1], { type: "action", payload: ok }));
  sockets.last.push(post(ids[0], { type: "action", payload: { status: "err", response: "no" } }));
  sockets.last.push(post(ids[2], { type: "error", payload: "429 Too Many Requests: null" }));
  sockets.last.push(post(ids[3], { type: "error", payload: "422: Failed to deserialize" }));
  sockets.last.push(post(99, { type: "action", payload: ok }));
  sockets.last.handlers.onClose("1006");
  const results = await Promise.all(requests);
  assertEquals(results.map((one) => one?.kind), ["refused", "done", "unanswered", "refused", "unanswered"]);
  assertEquals(misfits.count("answer"), 1);
  assert(results[4]?.kind === "unanswered" && results[4].why === "disconnected");
  socket.stop();
});

Deno.test("a deadline ends a wait as unknown, and the late answer is counted", async () => {
  const { connect, misfits, socket, sockets } = privateBench();
  connect();
  const deadline = new AbortController();
  const request = socket.request("{}", deadline.signal);
  deadline.abort();
  assertEquals(await request, {
    kind: "unanswered",
    why: "timeout",
    details: "the action was not answered in time",
  });
  sockets.last.push(post(1, { type: "action", payload: { status: "err", response: "late" } }));
  assertEquals(misfits.count("answer"), 1);
  socket.stop();
});

Deno.test("account frames: snapshots of the past are left to the host, events go on", () => {
  const { connect, log, published, socket, sockets } = privateBench();
  connect();
  sockets.last.push({ channel: "userFills", data: { isSnapshot: true, user, fills: [fillRow({ tid: 1 })] } });
  sockets.last.push({ channel: "userFills", data: { user, fills: [fillRow({ tid: 2 })] } });
  sockets.last.push({ channel: "user", data: { fills: [fillRow({ tid: 2 })] } });
  sockets.last.push({ channel: "user", data: { liquidation: { lid: 1 } } });
  sockets.last.push({ channel: "user", data: { nonUserCancel: [{ coin: "BTC", oid: 1 }] } });
  sockets.last.push({ channel: "orderUpdates", data: [updateRow("open")] });
  const old = { time: 1_700_000_000_000, coin: "BTC", usdc: "1", szi: "1", fundingRate: "0" };
  sockets.last.push({ channel: "userFundings", data: { isSnapshot: true, user, fundings: [old] } });
  sockets.last.push({
    channel: "userFundings",
    data: { user, fundings: [{ ...old, time: 1_700_000_000_001 }] },
  });
  assertEquals(published.events.map(({ kind }) => kind), ["restored", "fill", "order", "funding"]);
  assertEquals(log.lines.map(({ level }) => level), ["error", "warn"]);
  socket.stop();
});

const frames: readonly unknown[] = [
  { channel: "orderUpdates", data: [updateRow("open")] },
  { channel: "userFills", data: { user, fills: [fillRow()] } },
  {
    channel: "userFundings",
    data: { user, fundings: [{ time: 1_790_000_000_000, coin: "BTC", usdc: "1" }] },
  },
  { channel: "user", data: { liquidation: { lid: 1 } } },
  {
    channel: "subscriptionResponse",
    data: { method: "subscribe", subscription: { type: "orderUpdates", user } },
  },
  post(1, { type: "action", payload: { status: "ok", response: { type: "default" } } }),
  { channel: "error", data: "something id=1" },
  {
    channel: "clearinghouseState",
    data: {
      dex: "",
      user,
      clearinghouseState: {
        marginSummary: { accountValue: "1000" },
        withdrawable: "900",
        assetPositions: [{ position: { coin: "BTC", szi: "0.1", unrealizedPnl: "1" } }],
        time: 1_790_000_000_000,
      },
    },
  },
];
Deno.test("whatever happens to a frame of the account's connection, the connection stands and the harm is counted", () => {
  const { connect, misfits, published, socket, sockets } = privateBench();
  connect();
  void socket.request("{}", signal);
  fc.assert(
    fc.property(fc.constantFrom(...frames).chain(damaged), (frame) => {
      const text = JSON.stringify(frame);
      sockets.last.push(text ?? "");
      for (let cut = 1; cut < (text?.length ?? 0); cut += 17) sockets.last.push(text?.slice(0, cut) ?? "");
    }),
    { numRuns: 300 },
  );
  assertEquals(socket.connection.state, "connected");
  assert(misfits.count("private_") > 100);
  for (const event of published.events) {
    if (event.kind === "fill") assert(event.value.sizeLots >= 0 && event.value.priceTicks >= 0);
  }
  socket.stop();
});

// Requests by HTTP -------------------------------------------------------------------------------------------------------

const restBench = (respond: (body: string) => Response | Promise<Response>) => {
  const time = new VirtualTime();
  const sent: string[] = [];
  const rest = new RestClient({
    baseUrl: "http://venue",
    fetch: (url, init) => {
      sent.push(`${url} ${String(init.body)}`);
      return Promise.resolve(respond(String(init.body)));
    },
    scheduler: time,
    budget: new WeightBudget(time, 1),
  });
  return { rest, sent, time };
};

const statuses: readonly {
  readonly name: string;
  readonly response: () => Response;
  readonly kind: string;
}[] = [
  {
    name: "done",
    response: () => Response.json({ status: "ok", response: { type: "default" } }),
    kind: "done",
  },
  { name: "refused", response: () => Response.json({ status: "err", response: "no" }), kind: "refused" },
  {
    name: "unreadable form",
    response: () => new Response("Failed to deserialize", { status: 422 }),
    kind: "refused",
  },
  { name: "wrong type", response: () => new Response("", { status: 415 }), kind: "refused" },
  { name: "too many", response: () => new Response("null", { status: 429 }), kind: "unanswered" },
  { name: "gateway", response: () => new Response("Bad Gateway", { status: 502 }), kind: "unanswered" },
  { name: "internal error", response: () => new Response("null", { status: 500 }), kind: "unanswered" },
  { name: "no JSON", response: () => new Response("<html>"), kind: "unanswered" },
  { name: "other JSON", response: () => Response.json({ hello: 1 }), kind: "unanswered" },
];
Deno.test("an action is refused only where the venue says no; all else may have taken effect", async () => {
  for (const { name, response, kind } of statuses) {
    const { rest, sent } = restBench(response);
    assertEquals((await rest.exchange("{}", signal)).kind, kind, name);
    assertEquals(sent, ["http://venue/exchange {}"], "sent once");
  }
});

Deno.test("a question that is not answered in ten seconds is given up", async () => {
  const { rest, time } = restBench(() => new Promise<Response>(() => {}));
  const hanging = new RestClient({
    baseUrl: "http://venue",
    fetch: (_url, init) =>
      new Promise((_resolve, reject) =>
        init.signal?.addEventListener("abort", () => reject(new Error("aborted")))
      ),
    scheduler: time,
    budget: new WeightBudget(time, 1),
  });
  const result = hanging.info({ type: "meta" }, { weight: 20 });
  await time.advance(10_001);
  await settle();
  assertEquals(await result, { kind: "unanswered", why: "timeout", details: "no answer in time" });
  void rest;
});

Deno.test("after a 429 questions wait, and an empty budget asks nothing", async () => {
  const { rest, sent, time } = restBench(() => new Response("null", { status: 429 }));
  assertEquals((await rest.info({ type: "meta" }, { weight: 20 })).kind, "error");
  assertEquals(await rest.info({ type: "meta" }, { weight: 20 }), {
    kind: "error",
    status: 429,
    text: "our own budget of requests is empty",
  });
  await time.advance(2_001);
  await rest.info({ type: "meta" }, { weight: 20 });
  assertEquals(sent.length, 2);
});

Deno.test("whatever an action's answer is, it is read as something", () => {
  const answer = {
    status: "ok",
    response: { type: "order", data: { statuses: [{ resting: { oid: 1 } }, "success"] } },
  };
  fc.assert(fc.property(damaged(answer), (found) => {
    const { kind } = readAction(found);
    assert(["done", "refused", "unanswered"].includes(kind));
  }));
});
