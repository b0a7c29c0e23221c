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

Deno.test("attempts that failed are counted from the loss of a good link, and forgotten when one holds", async () => {
  const time = new VirtualTime();
  const sockets = new FakeSockets();
  const connection = new KeptConnection({
    urls: ["wss://venue.test/ws"],
    ports: { openSocket: sockets.open, clock: time, scheduler: time, random: constantRandom },
    keepAlive: { ping: "ping", afterMs: 500_000, deadAfterMs: 900_000 },
    accept: (link) => ({ onOpen: () => link.ready(), onText: () => {}, onEnd: () => {} }),
    onState: () => {},
  });
  const counts: number[] = [];
  const count = (): void => void counts.push(connection.failedAttempts);
  const lose = async (): Promise<void> => {
    sockets.last.handlers.onClose("refused");
    count();
    const opened = sockets.opened.length;
    while (sockets.opened.length === opened) await time.advance(100);
  };
  connection.start();
  for (let attempt = 0; attempt < 3; attempt++) await lose();
  sockets.last.handlers.onOpen();
  count();
  await lose(); // it let us in and closed at once: no good either
  sockets.last.handlers.onOpen();
  await time.advance(11_000);
  await lose(); // a good one: its loss is no attempt
  await lose();
  assertEquals(counts, [1, 2, 3, 0, 4, 0, 1]);
  connection.stop();
});
