import { assertEquals } from "@std/assert";
import { KeptConnection } from "@berth/sdk/venue/kept_connection.ts";
import { constantRandom, FakeSockets, VirtualTime } from "../../../support/venue_fakes.ts";

Deno.test("each attempt opens with a request made for it, and each ping is made for its time", async () => {
  const time = new VirtualTime();
  const sockets = new FakeSockets();
  let attempts = 0;
  const connection = new KeptConnection({
    urls: ["wss://venue.test/ws"],
    ports: { openSocket: sockets.open, clock: time, scheduler: time, random: constantRandom },
    keepAlive: { ping: () => `ping at ${time.epochMs()}`, afterMs: 5_000, deadAfterMs: 60_000 },
    requestOf: (url) => ({ url: `${url}?attempt=${++attempts}`, headers: { "x-signature": `s${attempts}` } }),
    accept: (link) => ({ onOpen: () => link.ready(), onText: () => {}, onEnd: () => {} }),
    onState: () => {},
  });
  connection.start();
  sockets.last.handlers.onOpen();
  const openedMs = time.epochMs();
  await time.advance(6_000);
  assertEquals(sockets.last.sent, [`ping at ${openedMs + 5_000}`]);
  sockets.last.handlers.onClose("gone");
  await time.advance(1_000);
  assertEquals(sockets.opened.map(({ url, headers }) => [url, headers?.["x-signature"]]), [
    ["wss://venue.test/ws?attempt=1", "s1"],
    ["wss://venue.test/ws?attempt=2", "s2"],
  ]);
  connection.stop();
});
