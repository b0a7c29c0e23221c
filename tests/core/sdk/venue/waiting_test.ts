import { assertEquals, assertRejects } from "@std/assert";
import { BerthError } from "@berth/sdk";
import { backoffMs } from "@berth/sdk/venue/backoff.ts";
import { QuotePoller } from "@berth/sdk/venue/quote_poller.ts";
import { RepeatedTasks } from "@berth/sdk/venue/repeated_tasks.ts";
import { endpointOf } from "@berth/sdk/venue/transport.ts";
import { untilReached, withDeadline } from "@berth/sdk/venue/waiting.ts";
import type { ConnectionState } from "@berth/sdk";
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

Deno.test("a venue that can't be reached is tried until it can, one that refuses is not", async () => {
  const time = new VirtualTime();
  const ports = { scheduler: time, random: constantRandom, log: recordingLog() };
  let attempts = 0;
  const reached = untilReached(ports, new AbortController().signal, () => {
    attempts += 1;
    return attempts < 6 ? Promise.reject(unreachable()) : Promise.resolve();
  });
  await time.advance(10_000);
  await reached;
  assertEquals([attempts, ports.log.lines.length], [6, 5]);
  await assertRejects(() =>
    untilReached(ports, new AbortController().signal, () => Promise.reject(new TypeError("mistake")))
  );
});

Deno.test("giving up ends the wait for a venue at once", async () => {
  const time = new VirtualTime();
  const stop = new AbortController();
  const ports = { scheduler: time, random: constantRandom, log: recordingLog() };
  const ended = assertRejects(
    () => untilReached(ports, stop.signal, () => Promise.reject(unreachable())),
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
