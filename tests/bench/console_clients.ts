/**
 * Clients of a console, in a process of their own: followers of the live events, and requests at a steady rate. They
 * speak HTTP over plain sockets, so that they take little of the machine that they share with what is measured. Prints
 * one line of JSON at the end.
 *
 * Arguments: address, followers, requests a second, seconds.
 */
const [url = "", followersText = "500", rateText = "2000", secondsText = "10"] = Deno.args;
const paths = ["/api/v1/status", "/api/v1/quotes", "/api/v1/orders", "/api/v1/risk"];
/** So many requests are under way at most. */
const maxConnections = 200;
const newline = 10;
const { hostname, port, host } = new URL(url);
const encoder = new TextEncoder();
const decoder = new TextDecoder();
let events = 0;
let open = 0;

const connect = (): Promise<Deno.TcpConn> => Deno.connect({ hostname, port: Number(port) });

const requestOf = (path: string): Uint8Array =>
  encoder.encode(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\n\r\n`);

async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** Ends of events; the beats that keep a stream alive have one too, and are too few to matter. */
function eventsIn(chunk: Uint8Array): number {
  let count = 0;
  for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, at + 1)) {
    if (chunk[at + 1] === newline) count += 1;
  }
  return count;
}

async function follow(): Promise<void> {
  const connection = await connect();
  await writeAll(connection, requestOf("/api/v1/events"));
  const buffer = new Uint8Array(1 << 15);
  let isOpen = false;
  for (;;) {
    const count = await connection.read(buffer);
    if (count === null) break; // cut off by the console
    if (!isOpen && !decoder.decode(buffer.subarray(0, count)).startsWith("HTTP/1.1 200 ")) break;
    if (!isOpen) open += 1;
    isOpen = true;
    events += eventsIn(buffer.subarray(0, count));
  }
  if (isOpen) open -= 1;
}

/** A connection that is kept, for one request after the other. */
class KeptConnection {
  readonly #connection: Deno.TcpConn;
  readonly #buffer = new Uint8Array(1 << 18);

  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  /** The status of the answer, once all of it is there. */
  async ask(request: Uint8Array): Promise<number> {
    await writeAll(this.#connection, request);
    let length = 0;
    let whole = Infinity;
    let status = 0;
    while (length < whole) {
      const count = await this.#connection.read(this.#buffer.subarray(length));
      if (count === null) throw new Error("the console closed a connection");
      length += count;
      if (status !== 0) continue;
      const head = /^HTTP\/1\.1 (\d{3}) .*?\r\n\r\n/s.exec(
        decoder.decode(this.#buffer.subarray(0, Math.min(length, 4_096))),
      );
      if (head === null) continue;
      const bodyLength = /\r\ncontent-length: (\d+)\r\n/i.exec(head[0])?.[1];
      if (bodyLength === undefined) throw new Error(`an answer without a length: ${head[0]}`);
      status = Number(head[1]);
      whole = head[0].length + Number(bodyLength);
    }
    return status;
  }
}

for (let count = 0; count < Number(followersText); count++) void follow();
await new Promise((resolve) => setTimeout(resolve, 1_000));

const requests = paths.map(requestOf);
const ratePerMs = Number(rateText) / 1_000;
const fromMs = performance.now();
const untilMs = fromMs + Number(secondsText) * 1_000;
const latencies: number[] = [];
const statuses = new Map<number, number>();
const idle: KeptConnection[] = [];
const waiting = new Set<Promise<void>>();
let sent = 0;

async function ask(request: Uint8Array): Promise<void> {
  const askedMs = performance.now();
  const connection = idle.pop() ?? new KeptConnection(await connect());
  const status = await connection.ask(request);
  idle.push(connection);
  latencies.push(performance.now() - askedMs);
  statuses.set(status, (statuses.get(status) ?? 0) + 1);
}

while (performance.now() < untilMs) {
  const due = Math.floor((performance.now() - fromMs) * ratePerMs);
  for (; sent < due && waiting.size < maxConnections; sent++) {
    const request = requests[sent % requests.length];
    if (request === undefined) break;
    const asked: Promise<void> = ask(request).finally(() => waiting.delete(asked));
    waiting.add(asked);
  }
  await new Promise((resolve) => setTimeout(resolve, 1));
}
await Promise.all(waiting);
const seconds = (performance.now() - fromMs) / 1_000;
latencies.sort((a, b) => a - b);
const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? NaN;
const report = {
  followers: open,
  eventsPerSecond: Math.round(events / seconds),
  requestsPerSecond: Math.round(latencies.length / seconds),
  statuses: Object.fromEntries(statuses),
  p50Ms: at(0.5),
  p99Ms: at(0.99),
};
await Deno.stdout.write(encoder.encode(`${JSON.stringify(report)}\n`));
Deno.exit(0); // the followers would go on
