import { assertEquals, assertRejects } from "@std/assert";
import { BerthError } from "@berth/sdk";
import { backoffMs } from "@berth/sdk/venue/backoff.ts";
import { QuotePoller } from "@berth/sdk/venue/quote_poller.ts";
import { RepeatedTasks } from "@berth/sdk/venue/repeated_tasks.ts";
import { endpointOf } from "@berth/sdk/venue/transport.ts";
import { untilReached, withDeadline } from "@berth/sdk/venue/waiting.ts";
import type { ConnectionState } from "@berth/sdk";
import { Published } from "../../../support/published.ts";
import { constantRandom, recordingLog, settle, VirtualTime } from "../../../support/venue_fakes.ts";

Deno.test("waits double from a quarter second to half a minute, their second half at random", () => {
  const at = (failures: number, random: number) => backoffMs(failures, { next: () => random });
  assertEquals([1, 2, 3, 8, 9, 1_000].map((failures) => at(failures, 0)), [
    125,
    250,
    500,
    15_000,
    15_000,
    15_000,
  ]);
  assertEquals(at(1, 1), 250);
  assertEquals(at(1_000, 1), 30_000);
});

const unreachable = () =>
  new BerthError("VENUE_UNREACHABLE", { venue: "x", request: "GET /", reason: "silence" });

function waitingContext() {
  const time = new VirtualTime();
  const published = new Published();
  const { port: publish } = published;
  return {
    time,
    published,
    clock: time,
    scheduler: time,
    random: constantRandom,
    log: recordingLog(),
    publish,
  };
}

Deno.test("a venue that can't be reached is tried until it can, one that refuses is not", async () => {
  const ctx = waitingContext();
  let attempts = 0;
  const reached = untilReached(ctx, new AbortController().signal, () => {
    attempts += 1;
    return attempts < 6 ? Promise.reject(unreachable()) : Promise.resolve();
  });
  await ctx.time.advance(10_000);
  await reached;
  assertEquals([attempts, ctx.log.lines.length], [6, 5]);
  await assertRejects(() =>
    untilReached(ctx, new AbortController().signal, () => Promise.reject(new TypeError("mistake")))
  );
});

Deno.test("while a venue is waited for the host hears so every second, with the attempts that failed", async () => {
  const ctx = waitingContext();
  const isUp = Promise.withResolvers<void>();
  let attempts = 0;
  const reached = untilReached(ctx, new AbortController().signal, async () => {
    attempts += 1;
    if (attempts < 5) throw unreachable();
    await isUp.promise; // an attempt that hangs is waiting as well
  });
  await ctx.time.advance(5_000);
  isUp.resolve();
  await reached;
  await ctx.time.advance(5_000);
  const told = ctx.published.of("health").map(({ value }) => [value.marketData, value.failedAttempts]);
  assertEquals(told, [3, 4, 4, 4, 4].map((failed) => ["connecting", failed]));
});

Deno.test("giving up ends the wait for a venue at once", async () => {
  const ctx = waitingContext();
  const stop = new AbortController();
  const ended = assertRejects(
    () => untilReached(ctx, stop.signal, () => Promise.reject(unreachable())),
    BerthError,
  );
  await settle();
  stop.abort();
  await ended;
});

Deno.test("a deadline reaches the task as its signal", async () => {
  const time = new VirtualTime();
  const ended = withDeadline(
    time,
    500,
    (signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve("too late"))),
  );
  await time.advance(500);
  assertEquals(await ended, "too late");
});

Deno.test("a repeated task goes on after a failure and ends with stop()", async () => {
  const time = new VirtualTime();
  const log = recordingLog();
  const tasks = new RepeatedTasks({ scheduler: time, log });
  let runs = 0;
  tasks.every("look", 100, () => {
    runs += 1;
    if (runs === 2) throw new Error("once");
  });
  await time.advance(450);
  assertEquals([runs, log.lines.map(({ message }) => message)], [4, ["look failed"]]);
  tasks.stop();
  await time.advance(1_000);
  assertEquals(runs, 4);
});

Deno.test("quotes are polled only while the stream is down for longer than a reconnect takes", async () => {
  const time = new VirtualTime();
  const stream: { state: ConnectionState } = { state: "connected" };
  const needed: boolean[] = [];
  const poller = new QuotePoller({
    poll: (isNeeded) => {
      needed.push(isNeeded());
      stream.state = needed.length === 2 ? "connected" : stream.state;
      needed.push(isNeeded());
      return needed.length === 2 ? Promise.reject(new Error("venue is down")) : Promise.resolve();
    },
    streamState: () => stream.state,
    clock: time,
    scheduler: time,
    log: recordingLog(),
  });
  poller.start();
  await time.advance(10_000);
  assertEquals(needed, []);
  stream.state = "reconnecting";
  await time.advance(3_000);
  assertEquals(needed, []);
  await time.advance(2_000); // a failing pass is followed by the next
  assertEquals(needed, [true, true, true, true]);
  poller.stop();
  await time.advance(10_000);
  assertEquals(needed.length, 4);
});

Deno.test("an address that the host did not hand over is a fault of the configuration", async () => {
  assertEquals(
    endpointOf({ endpoints: { rest: "https://venue.test/v1/" } }, "rest"),
    "https://venue.test/v1",
  );
  const error = await assertRejects(() => Promise.resolve().then(() => endpointOf({ endpoints: {} }, "ws")));
  assertEquals(error instanceof BerthError && error.code, "CONFIG_INVALID");
});
