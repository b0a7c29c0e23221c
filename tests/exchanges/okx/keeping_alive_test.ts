/** What must go on whatever the venue does: the dead man's switch, books, connections, quotes. In virtual time. */
import { assert, assertEquals } from "@std/assert";
import { BookResync } from "@berth/sdk/venue/book_resync.ts";
import { DeadMansSwitch } from "../../../exchanges/okx/dead_mans_switch.ts";
import type { RestResult } from "../../../exchanges/okx/rest.ts";
import { KeptConnection } from "@berth/sdk/venue/kept_connection.ts";
import { keepAlive } from "../../../exchanges/okx/keep_alive.ts";
import { constantRandom, FakeSockets, recordingLog, VirtualTime } from "./fakes.ts";

Deno.test("a renewal of the dead man's switch that hangs does not hold up the next", async () => {
  const time = new VirtualTime();
  const log = recordingLog();
  const sentMs: number[] = [];
  const startMs = time.monotonicMs();
  const post = (_path: string, _body: unknown, signal?: AbortSignal): Promise<RestResult> => {
    sentMs.push(time.monotonicMs() - startMs);
    // The venue never answers: only the deadline ends the wait.
    return new Promise((resolve) =>
      signal?.addEventListener(
        "abort",
        () => resolve({ kind: "unanswered", why: "timeout", details: "no answer in time" }),
      )
    );
  };
  const armed = new DeadMansSwitch({ rest: { post }, seconds: 10, scheduler: time, log });
  const arming = armed.arm();
  await time.advance(20_000);
  await arming;
  assertEquals(sentMs.map((ms) => Math.round(ms)), [0, 3_333, 6_667, 10_000, 13_333, 16_667, 20_000]);
  // Each of the lost ones is told.
  assert(log.lines.length >= 6 && log.lines.every(({ level }) => level === "warn"));
  assertEquals(armed.isArmed, false);
  const disarming = armed.disarm();
  await time.advance(2_000);
  await disarming;
  const sent = sentMs.length;
  await time.advance(60_000);
  assertEquals(sentMs.length, sent);
});

Deno.test("the dead man's switch counts as armed while its newest three renewals have not all failed", async () => {
  const time = new VirtualTime();
  let isUp = true;
  const post = (): Promise<RestResult> =>
    Promise.resolve(
      isUp
        ? { kind: "rows", rows: [] }
        : { kind: "unanswered", why: "timeout", details: "no answer in time" },
    );
  const armed = new DeadMansSwitch({ rest: { post }, seconds: 30, scheduler: time, log: recordingLog() });
  assertEquals(armed.isArmed, false);
  await armed.arm();
  assertEquals(armed.isArmed, true);
  isUp = false;
  await time.advance(20_000);
  assertEquals(armed.isArmed, true);
  await time.advance(10_000);
  assertEquals(armed.isArmed, false);
  isUp = true;
  await time.advance(10_000);
  assertEquals(armed.isArmed, true);
  await armed.disarm();
  assertEquals(armed.isArmed, false);
});

Deno.test("a book that breaks again and again is asked for ever more slowly, and at once after it held", async () => {
  const time = new VirtualTime();
  const askedMs: number[] = [];
  const startMs = time.monotonicMs();
  const resync = new BookResync({
    clock: time,
    scheduler: time,
    random: constantRandom,
    refresh: () => {
      askedMs.push(time.monotonicMs() - startMs);
      time.after(1, () => resync.onGap("BTC-USDT-SWAP")); // each new snapshot is followed by a gap
    },
  });
  resync.onGap("BTC-USDT-SWAP");
  await time.advance(3_600_000);
  const hourly = askedMs.length;
  // Without a wait it would be 1,800,000 times; the venue allows 480 operations, two of which each resync takes.
  assert(hourly > 100 && hourly < 200, `${hourly} times`);
  resync.forget("BTC-USDT-SWAP");
  await time.advance(61_000);
  assertEquals(askedMs.length, hourly);
  resync.onGap("BTC-USDT-SWAP");
  assertEquals(askedMs.length, hourly + 1);
  resync.clear();
});

Deno.test("an address that lets us in and then says nothing is left for the other one", async () => {
  const time = new VirtualTime();
  const sockets = new FakeSockets();
  const states: string[] = [];
  const connection = new KeptConnection({
    urls: ["wss://one", "wss://two"],
    ports: { openSocket: sockets.open, clock: time, scheduler: time, random: constantRandom },
    keepAlive,
    accept: (link) => ({ onOpen: () => link.ready(), onText: () => {}, onEnd: () => {} }),
    onState: (state, why) => void states.push(`${state} ${why}`.trim()),
  });
  connection.start();
  sockets.last.handlers.onOpen();
  await time.advance(33_000);
  assertEquals(sockets.opened.map(({ url }) => url), ["wss://one", "wss://two"]);
  // A ping was tried first; the other address works, and is stayed with.
  assertEquals(sockets.opened[0]?.sent, ["ping"]);
  sockets.last.handlers.onOpen();
  for (let i = 0; i < 20; i++) {
    sockets.last.push("pong");
    await time.advance(15_000);
  }
  assertEquals(sockets.opened.length, 2);
  // Lost after a good while it is tried again first, and then the other.
  sockets.last.handlers.onClose("gone");
  for (let i = 0; i < 2; i++) {
    await time.advance(2_000);
    sockets.last.handlers.onClose("refused");
  }
  await time.advance(5_000);
  assertEquals(sockets.opened.slice(2, 5).map(({ url }) => url), ["wss://two", "wss://one", "wss://one"]);
  connection.stop();
  assertEquals(states.filter((one) => one === "connected").length, 2);
});
