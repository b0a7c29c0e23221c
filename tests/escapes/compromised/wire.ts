/** The frame stream as somebody holds it who got past everything inside a plugin's process. */
import { decodeHostMessage } from "../../../core/protocol/codec.ts";
import { type HostMessage, protocolVersion } from "../../../core/protocol/messages.ts";
import { FrameReader } from "../../../core/protocol/stream.ts";

const encoder = new TextEncoder();

export class Wire {
  readonly #reader = new FrameReader();
  readonly #waiting: HostMessage[] = [];
  /** While true the process shows that it lives. */
  isAlive = true;

  /** Takes what came before. */
  constructor(first: Uint8Array) {
    this.#take(first);
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
  }

  header(size: number, kind: number, version: number = protocolVersion): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setUint32(0, size, true);
    bytes[4] = kind;
    bytes[5] = version;
    return bytes;
  }

  frame(kind: number, payload: Uint8Array): void {
    this.write(this.header(payload.length, kind));
    this.write(payload);
  }

  text(text: string): void {
    this.frame(1, encoder.encode(text));
  }

  message(value: unknown): void {
    this.text(JSON.stringify(value));
  }

  log(message: string): void {
    this.message({ type: "log", level: "info", message, fields: {} });
  }

  heartbeat(): void {
    this.message({ type: "heartbeat", count: 1, heapUsedBytes: 1, loopDelayMs: 0 });
  }

  async pause(forMs: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, forMs));
  }

  /** The next message of the host; undefined when it is gone. */
  async next(): Promise<HostMessage | undefined> {
    const buffer = new Uint8Array(1 << 16);
    for (;;) {
      const message = this.#waiting.shift();
      if (message !== undefined) return message;
      const count = await Deno.stdin.read(buffer);
      if (count === null) return undefined;
      this.#take(buffer.subarray(0, count));
    }
  }

  #take(bytes: Uint8Array): void {
    this.#reader.push(bytes, (kind, payload) => {
      if (kind === 1) this.#waiting.push(decodeHostMessage(payload));
    });
  }
}
