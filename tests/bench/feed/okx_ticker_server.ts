/**
 * Sends OKX ticker frames over loopback as fast as the reader takes them: the same bytes for every reader that is
 * compared. It speaks just enough of HTTP and WebSocket to be faster than what it measures: frames are made
 * beforehand and written by the megabyte. Run as a process of its own; prints its port, ends with its stdin.
 *
 * Answers REST `GET /api/v5/public/instruments` with the instruments it sends, so that a real adapter can start.
 */
import { createHash } from "node:crypto";

/** Argument: how many swaps the feed has; BTC is the first. */
const symbols = Array.from(
  { length: Number(Deno.args[0] ?? "4") },
  (_, index) => (index === 0 ? "BTC" : `C${index}`),
);
const framesPerBlock = 8_192;
const encoder = new TextEncoder();

const instruments = symbols.map((base, index) => ({
  instType: "SWAP",
  instId: `${base}-USDT-SWAP`,
  instIdCode: 10_459 + index,
  instFamily: `${base}-USDT`,
  uly: `${base}-USDT`,
  settleCcy: "USDT",
  ctType: "linear",
  ctVal: "0.01",
  ctMult: "1",
  ctValCcy: base,
  tickSz: "0.1",
  lotSz: "0.01",
  minSz: "0.01",
  lever: "100",
  listTime: "1573557408000",
  expTime: "",
  state: "live",
  ruleType: "normal",
  maxLmtSz: "100000000",
  maxMktSz: "20000",
  groupId: "",
  upcChg: [],
}));

function tickerText(index: number): string {
  const instId = `${symbols[index % symbols.length] ?? "BTC"}-USDT-SWAP`;
  const bid = (43_000 + (index % 997) / 10).toFixed(1);
  const ask = (43_000.1 + (index % 997) / 10).toFixed(1);
  const data = {
    instType: "SWAP",
    instId,
    last: bid,
    lastSz: "3",
    askPx: ask,
    askSz: String(10 + (index % 50)),
    bidPx: bid,
    bidSz: String(12 + (index % 40)),
    open24h: "42100.5",
    high24h: "43899.9",
    low24h: "41950.2",
    volCcy24h: "105623.4",
    vol24h: "10562340",
    sodUtc0: "42500.1",
    sodUtc8: "42480.7",
    ts: String(1_785_096_000_000 + index),
  };
  return JSON.stringify({ arg: { channel: "tickers", instId }, data: [data] });
}

function textFrame(text: string): Uint8Array {
  const payload = encoder.encode(text);
  const head = payload.length < 126
    ? Uint8Array.of(0x81, payload.length)
    : Uint8Array.of(0x81, 126, payload.length >> 8, payload.length & 0xff);
  const frame = new Uint8Array(head.length + payload.length);
  frame.set(head);
  frame.set(payload, head.length);
  return frame;
}

function block(): Uint8Array {
  const frames = Array.from({ length: framesPerBlock }, (_, index) => textFrame(tickerText(index)));
  const bytes = new Uint8Array(frames.reduce((sum, frame) => sum + frame.length, 0));
  let at = 0;
  for (const frame of frames) {
    bytes.set(frame, at);
    at += frame.length;
  }
  return bytes;
}

async function readHead(connection: Deno.Conn): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(8_192);
  let text = "";
  while (!text.includes("\r\n\r\n")) {
    const count = await connection.read(buffer);
    if (count === null) return text;
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
  return text;
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** One masked client text frame of under 64 KiB: enough for subscriptions. */
function clientText(bytes: Uint8Array): string {
  const length = (bytes[1] ?? 0) & 0x7f;
  const at = length === 126 ? 4 : 2;
  const size = length === 126 ? ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0) : length;
  const mask = bytes.subarray(at, at + 4);
  const payload = bytes.slice(at + 4, at + 4 + size);
  return new TextDecoder().decode(payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0)));
}

/** Acknowledges the first subscription, then never stops sending. Other subscriptions go unanswered. */
async function feed(connection: Deno.Conn, frames: Uint8Array): Promise<void> {
  const buffer = new Uint8Array(65_536);
  for (;;) {
    const count = await connection.read(buffer);
    if (count === null) return;
    const text = clientText(buffer.subarray(0, count));
    if (!text.includes("tickers")) continue;
    const ack = JSON.stringify({
      event: "subscribe",
      arg: { channel: "tickers", instId: "BTC-USDT-SWAP" },
      connId: "a",
    });
    await writeAll(connection, textFrame(ack));
    for (;;) await writeAll(connection, frames);
  }
}

async function serve(connection: Deno.Conn, frames: Uint8Array): Promise<void> {
  const head = await readHead(connection);
  const key = /sec-websocket-key: *(\S+)/i.exec(head)?.[1];
  if (key === undefined) {
    const body = JSON.stringify({
      code: "0",
      msg: "",
      data: head.includes("instruments") ? instruments : [],
    });
    const answer =
      `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n`;
    await writeAll(connection, encoder.encode(answer + body));
    return connection.close();
  }
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  const answer =
    `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`;
  await writeAll(connection, encoder.encode(answer));
  await feed(connection, frames);
}

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
const frames = block();
await Deno.stdout.write(encoder.encode(`${listener.addr.transport === "tcp" ? listener.addr.port : 0}\n`));
const stdinEnd = (async () => {
  const buffer = new Uint8Array(16);
  while ((await Deno.stdin.read(buffer)) !== null);
  Deno.exit(0);
})();
for await (const connection of listener) {
  serve(connection, frames).catch((error: unknown) => {
    // A reader that hangs up ends its feed; anything else is worth a line.
    const isHangUp = error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset;
    if (!isHangUp) Deno.stderr.writeSync(encoder.encode(`${String(error)}\n`));
  });
}
await stdinEnd;
