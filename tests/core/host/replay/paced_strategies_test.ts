/** Strategies on the host's time: what is sent before a turn is there before it, and nobody waits for who is gone. */
import { assertEquals } from "@std/assert";
import { PacedStrategies } from "../../../../core/host/replay/paced_strategies.ts";
import type { IndexedBook } from "../../../../core/protocol/codec.ts";
import { recordBytes, recordKinds, writeRecord } from "../../../../core/protocol/records.ts";
import type { SandboxExit, SandboxProcess } from "../../../../core/sandbox/sandbox.ts";

class FakeProcess implements SandboxProcess {
  readonly pid = 1;
  readonly sent: string[] = [];
  readonly #exit = Promise.withResolvers<SandboxExit>();
  readonly exited = this.#exit.promise;

  send(message: Parameters<SandboxProcess["send"]>[0]): void {
    this.sent.push(message.type === "run_until" ? `until ${message.epochUs}` : message.type);
  }
  push(): void {
    this.sent.push("conflated");
  }
  pushBook(book: IndexedBook): void {
    this.sent.push(`book ${book.sequence}`);
  }
  sendRecords(records: Uint8Array): void {
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
    const numbers = [];
    for (let at = 0; at < records.length; at += recordBytes) {
      numbers.push(`${view.getUint32(at + 4, true)}:${view.getFloat64(at + 8, true)}`);
    }
    this.sent.push(`records ${numbers.join(" ")}`);
  }
  usage(): ReturnType<SandboxProcess["usage"]> {
    return {
      cpuShare: 0,
      rssBytes: 0,
      heapUsedBytes: 0,
      loopDelayMs: 0,
      heartbeatAgeMs: 0,
      conflatedRecords: 0,
      droppedTrades: 0,
    };
  }
  stop(): Promise<SandboxExit> {
    this.sent.push("stop");
    return this.exited;
  }
  kill(): Promise<SandboxExit> {
    return this.exited;
  }
  end(): void {
    this.#exit.resolve({ code: 0, signal: undefined, reason: undefined });
  }
}

const ready = { type: "ready", protocolVersion: 1, capabilities: undefined, hasTrading: false } as const;
const book = (sequence: number): IndexedBook => ({
  index: 0,
  kind: "invalid",
  bids: [],
  asks: [],
  sequence,
  tsVenueMs: 0,
  tsRecvUs: 0,
});

function record(sequence: number): Uint8Array {
  const bytes = new Uint8Array(recordBytes);
  writeRecord(new DataView(bytes.buffer), 0, recordKinds.quote, 0, 9, sequence, 0, 0, 1, 1, 2, 1);
  return bytes;
}

Deno.test("data goes out in its order and whole, before the turn it belongs to, by the host's number", async () => {
  const strategies = new PacedStrategies();
  const process = new FakeProcess();
  const paced = strategies.pace(process);
  assertEquals(paced.hears(ready), false, "the host wants to know of it too");
  for (let sequence = 1; sequence <= 2; sequence++) paced.push(3, record(sequence), 0);
  paced.pushBook(book(7));
  paced.push(4, record(3), 0);
  const turn = strategies.playTo(1_000);
  assertEquals(process.sent, ["records 3:1 3:2", "book 7", "records 4:3", "until 1000"]);
  assertEquals(paced.hears({ type: "at", epochUs: 500 }), true);
  assertEquals(paced.hears({ type: "paused", epochUs: 1_000 }), true);
  await turn;
});

Deno.test("more than a frame's worth of records is kept until the turn", () => {
  const strategies = new PacedStrategies();
  const process = new FakeProcess();
  const paced = strategies.pace(process);
  for (let sequence = 0; sequence < 1_000; sequence++) paced.push(0, record(sequence), 0);
  assertEquals(process.sent, []);
  void strategies.playTo(1);
  const numbers = process.sent.join("").replace("records ", "").split(" ");
  assertEquals(numbers, Array.from({ length: 1_000 }, (_, sequence) => `0:${sequence}`));
});

Deno.test("nobody waits for a strategy that has not started, stops, or dies in its turn", async () => {
  const strategies = new PacedStrategies();
  const [starting, stopping, dying] = [new FakeProcess(), new FakeProcess(), new FakeProcess()];
  strategies.pace(starting);
  const stopped = strategies.pace(stopping);
  stopped.hears(ready);
  void stopped.stop("over", 1);
  strategies.pace(dying).hears(ready);
  const turn = strategies.playTo(5);
  assertEquals([starting.sent, stopping.sent, dying.sent], [[], ["stop"], ["until 5"]]);
  dying.end();
  await turn;
  await strategies.playTo(6);
  assertEquals(dying.sent, ["until 5"], "it has left");
});
