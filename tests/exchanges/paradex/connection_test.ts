import { assert, assertEquals } from "@std/assert";
import {
  type CallResult,
  type ConnectionOptions,
  VenueConnection,
} from "../../../exchanges/paradex/connection.ts";
import { constantRandom, FakeSockets, misfitsOf, recordingLog, settle, VirtualTime } from "./fakes.ts";

interface Bench {
  readonly time: VirtualTime;
  readonly sockets: FakeSockets;
  readonly states: string[];
  readonly pushes: unknown[];
  readonly connection: VenueConnection;
  readonly misfits: ReturnType<typeof misfitsOf>;
}

function bench(options: Partial<ConnectionOptions> = {}): Bench {
  const time = new VirtualTime();
  const sockets = new FakeSockets();
  const states: string[] = [];
  const pushes: unknown[] = [];
  const misfits = misfitsOf(time, recordingLog());
  const connection = new VenueConnection({
    name: "test",
    urls: ["wss://venue.test/v1?sbeSchemaId=1", "wss://other.test/v1?sbeSchemaId=1"],
    openSocket: sockets.open,
    clock: time,
    scheduler: time,
    random: constantRandom,
    log: recordingLog(),
    misfits,
    requiredChannels: [],
    onPush: (channel, data) => void pushes.push([channel, data]),
    onBinary: (view) => void pushes.push(view.byteLength),
    onState: (state) => void states.push(state),
    ...options,
  });
  return { time, sockets, states, pushes, connection, misfits };
}

async function connected(options: Partial<ConnectionOptions> = {}): Promise<Bench> {
  const made = bench(options);
  made.connection.start();
  await settle();
  made.sockets.last.handlers.onOpen();
  await settle();
  for (let round = 0; round < 3; round++) {
    made.sockets.last.acknowledgeAll();
    await settle();
  }
  assertEquals(made.connection.state, "connected");
  return made;
}

Deno.test("a private connection authenticates with a fresh bearer, then subscribes one channel a call", async () => {
  let issued = 0;
  const { connection, sockets, states } = bench({
    bearer: () => Promise.resolve(`jwt${++issued}`),
    requiredChannels: ["orders.ALL", "positions"],
  });
  connection.start();
  await settle();
  sockets.last.handlers.onOpen();
  await settle();
  assertEquals(sockets.last.sent.map((frame) => [frame.method, frame.params]), [["auth", {
    bearer: "jwt1",
  }]]);
  sockets.last.acknowledgeAll({ node_id: "n" });
  await settle();
  assertEquals(sockets.last.sent.map((frame) => frame.params), [{ channel: "orders.ALL" }, {
    channel: "positions",
  }]);
  assertEquals(states, []);
  sockets.last.acknowledgeAll();
  await settle();
  assertEquals(states, ["connected"]);
});

Deno.test("after a loss it comes back by itself with a new bearer and every channel, waiting longer each time", async () => {
  let issued = 0;
  const { connection, sockets, states, time } = await connected({
    bearer: () => Promise.resolve(`jwt${++issued}`),
    requiredChannels: ["orders.ALL"],
  });
  connection.subscribe("fills.ALL");
  await settle();
  sockets.last.acknowledgeAll();
  sockets.last.handlers.onClose("1006");
  assertEquals(states, ["connected", "reconnecting"]);
  const failedAttempts: number[] = [];
  // Doubling waits: 187, 375, 750 ms with a random number of one half.
  for (const waitMs of [187.5, 375, 750]) {
    const before = sockets.opened.length;
    await time.advance(waitMs - 1);
    assertEquals(sockets.opened.length, before);
    await time.advance(1);
    assertEquals(sockets.opened.length, before + 1);
    sockets.last.handlers.onClose("refused");
    failedAttempts.push(connection.failedAttempts);
  }
  assertEquals(failedAttempts, [2, 3, 4]); // the loss counts too: the connection had not held
  await time.advance(1500);
  sockets.last.handlers.onOpen();
  await settle();
  assertEquals(sockets.last.sent[0]?.params, { bearer: "jwt5" });
  sockets.last.acknowledgeAll();
  await settle();
  assertEquals(sockets.last.sent.map((frame) => frame.params["channel"]), ["orders.ALL", "fills.ALL"]);
  sockets.last.acknowledgeAll();
  await settle();
  assertEquals(states, ["connected", "reconnecting", "connected"]);
  assertEquals([connection.reconnects, connection.failedAttempts], [1, 0]);
});

Deno.test("the first wait is short again after a connection that held", async () => {
  const { connection, sockets, time } = await connected();
  sockets.last.handlers.onClose("1006");
  await time.advance(200);
  sockets.last.handlers.onOpen();
  await settle();
  await time.advance(10_001);
  sockets.last.handlers.onClose("1006");
  const before = sockets.opened.length;
  await time.advance(188);
  assertEquals(sockets.opened.length, before + 1);
  assertEquals(connection.failedAttempts, 0);
});

Deno.test("a refused bearer is handed back and another is tried", async () => {
  const refused: string[] = [];
  let issued = 0;
  const { connection, sockets, time } = bench({
    bearer: () => Promise.resolve(`jwt${++issued}`),
    bearerRefused: (bearer) => void refused.push(bearer),
  });
  connection.start();
  await settle();
  sockets.last.handlers.onOpen();
  await settle();
  sockets.last.refuse(sockets.last.sent[0]?.id ?? 0, 40111, "invalid bearer jwt");
  await settle();
  assertEquals(refused, ["jwt1"]);
  assert(sockets.last.isClosed);
  await time.advance(1000);
  assertEquals(issued, 2);
});

Deno.test("without a bearer nothing is opened, and it is asked for again", async () => {
  let asked = 0;
  const { connection, sockets, time } = bench({
    bearer: () => ++asked < 3 ? Promise.reject(new Error("venue away")) : Promise.resolve("jwt"),
  });
  connection.start();
  await time.advance(3000);
  assertEquals([asked, sockets.opened.length], [3, 1]);
});

Deno.test("a required channel that is refused ends the connection; another one does not", async () => {
  const { connection, sockets, states } = bench({ requiredChannels: ["orders.ALL"] });
  connection.subscribe("odd");
  connection.start();
  await settle();
  sockets.last.handlers.onOpen();
  await settle();
  for (const frame of sockets.last.sent.splice(0)) {
    if (frame.params["channel"] === "odd") sockets.last.refuse(frame.id, -32600, "invalid subscribe request");
    else sockets.last.reply(frame.id, {});
  }
  await settle();
  assertEquals(states, ["connected"]);

  const second = bench({ requiredChannels: ["orders.ALL"] });
  second.connection.start();
  await settle();
  second.sockets.last.handlers.onOpen();
  await settle();
  second.sockets.last.refuse(second.sockets.last.sent[0]?.id ?? 0, 40300, "permission denied");
  await settle();
  assertEquals(second.states, ["reconnecting"]);
});

Deno.test("silence ends a connection, the venue's heartbeats keep it", async () => {
  const { sockets, states, time } = await connected();
  for (let i = 0; i < 5; i++) {
    await time.advance(20_000);
    sockets.last.handlers.onBinary?.(new ArrayBuffer(24));
  }
  assertEquals(states, ["connected"]);
  await time.advance(60_000);
  assertEquals(states[1], "reconnecting");
  assert(sockets.opened[0]?.isClosed);
});

Deno.test("a quiet private connection is asked for a sign of life, whose answer counts", async () => {
  const { sockets, states, time } = await connected({
    probe: { method: "order.cancel_on_disconnect", params: { enabled: true } },
  });
  for (let i = 0; i < 4; i++) {
    await time.advance(25_000);
    assertEquals(sockets.last.sent.map((frame) => frame.method), ["order.cancel_on_disconnect"]);
    sockets.last.acknowledgeAll({ enabled: true });
  }
  assertEquals(states, ["connected"]);
});

Deno.test("connecting that takes too long is given up", async () => {
  const { connection, sockets, states, time } = bench();
  connection.start();
  await time.advance(10_000);
  assertEquals(states, ["reconnecting"]);
  assert(sockets.opened[0]?.isClosed);
});

const ends: readonly {
  readonly name: string;
  readonly act: (bench: Bench, id: number, abort: () => void) => void;
  readonly expected: CallResult;
}[] = [
  {
    name: "the venue's answer",
    act: ({ sockets }, id) => sockets.last.reply(id, { order: 1 }),
    expected: { kind: "result", result: { order: 1 } },
  },
  {
    name: "the venue's refusal, its data beside the message",
    act: ({ sockets }, id) =>
      sockets.last.handlers.onText(
        `{"jsonrpc":"2.0","id":${id},"error":{"code":100,"message":"method error","data":"NOT_ENOUGH_MARGIN"}}`,
      ),
    expected: { kind: "error", code: 100, message: "method error NOT_ENOUGH_MARGIN" },
  },
  {
    name: "unknown at the caller's deadline",
    act: (_, __, abort) => abort(),
    expected: { kind: "unknown", why: "timeout", details: "no answer to order.create" },
  },
  {
    name: "unknown when the connection is lost",
    act: ({ sockets }) => sockets.last.handlers.onClose("1006"),
    expected: { kind: "unknown", why: "disconnected", details: "closed: 1006" },
  },
];
for (const end of ends) {
  Deno.test(`a call ends once: ${end.name}`, async () => {
    const made = await connected();
    const controller = new AbortController();
    const answer = made.connection.call("order.create", {}, controller.signal);
    const id = made.sockets.last.sent[0]?.id ?? 0;
    end.act(made, id, () => controller.abort());
    assertEquals(await answer, end.expected);
    // Whatever comes later changes nothing.
    made.sockets.last.reply(id, { order: 2 });
    controller.abort();
  });
}

Deno.test("a call without a connection, and one past its deadline, are not sent", async () => {
  const made = bench();
  const signal = new AbortController().signal;
  assertEquals((await made.connection.call("order.create", {}, signal)).kind, "not_sent");
  const live = await connected();
  assertEquals((await live.connection.call("order.create", {}, AbortSignal.abort())).kind, "not_sent");
  assertEquals(live.sockets.last.sent.length, 0);
});

Deno.test("text is dispatched as JSON and counted when it is none, binary is passed on", async () => {
  const { misfits, pushes, sockets } = await connected();
  sockets.last.push("orders.ALL", { id: "1" });
  sockets.last.handlers.onText("{ not json");
  sockets.last.handlers.onText('{"jsonrpc":"2.0"}');
  sockets.last.handlers.onBinary?.(new ArrayBuffer(3));
  assertEquals(pushes, [["orders.ALL", { id: "1" }], 3]);
  assertEquals(misfits.count("text_frame"), 2);
});

Deno.test("what an old socket still says is ignored", async () => {
  const { pushes, sockets, states, time } = await connected();
  const old = sockets.last;
  old.handlers.onClose("1006");
  await time.advance(500);
  sockets.last.handlers.onOpen();
  await settle();
  old.handlers.onClose("again");
  old.handlers.onBinary?.(new ArrayBuffer(3));
  assertEquals(pushes, []);
  assertEquals(states, ["connected", "reconnecting", "connected"]);
});

Deno.test("stop() is final", async () => {
  const { connection, sockets, states, time } = await connected();
  const waiting = connection.call("order.create", {}, new AbortController().signal);
  connection.stop();
  assertEquals((await waiting).kind, "unknown");
  sockets.last.handlers.onClose("1000");
  await time.advance(120_000);
  assertEquals([states.at(-1), sockets.opened.length], ["stopped", 1]);
});

Deno.test("resubscribe() lets go of the channel and asks for it again, in this order", async () => {
  const { connection, sockets } = await connected();
  connection.subscribe("order_book.X.deltas");
  connection.subscribe("order_book.X.deltas");
  sockets.last.acknowledgeAll();
  await settle();
  connection.resubscribe("order_book.X.deltas");
  assertEquals(sockets.last.sent.map((frame) => frame.method), ["unsubscribe", "subscribe"]);
  connection.unsubscribe("order_book.X.deltas");
  assertEquals(sockets.last.sent.map((frame) => frame.method), ["unsubscribe", "subscribe", "unsubscribe"]);
});

Deno.test("a pinned channel stays, whoever lets go of it", async () => {
  const { connection, sockets } = await connected();
  connection.pin("markets_summary.X");
  sockets.last.acknowledgeAll();
  await settle();
  connection.unsubscribe("markets_summary.X");
  assertEquals(sockets.last.sent, []);
});

Deno.test("an address that fails twice gives way to the other, which is kept while it works", async () => {
  const { connection, sockets, time } = bench();
  connection.start();
  await settle();
  for (let failure = 0; failure < 4; failure++) {
    sockets.last.handlers.onClose("refused");
    await time.advance(5_000);
  }
  const hosts = sockets.opened.map((socket) => new URL(socket.url).host);
  assertEquals(hosts, ["venue.test", "venue.test", "other.test", "other.test", "venue.test"]);
  for (let failure = 0; failure < 2; failure++) {
    sockets.last.handlers.onClose("refused");
    await time.advance(10_000);
  }
  assertEquals(new URL(sockets.last.url).host, "other.test");
  sockets.last.handlers.onOpen();
  await settle();
  sockets.last.acknowledgeAll();
  await settle();
  assertEquals(connection.state, "connected");
});
