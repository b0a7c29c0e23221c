/** The private connection: login, account channels, order operations with their answers. */
import * as v from "valibot";
import type { ConnectionState, Fill, Log, Publish } from "@berth/sdk";
import { Connection, type ConnectionPorts } from "./connection.ts";
import type { SocketResult } from "./orders.ts";
import type { AccountReader, Read } from "./private_stream.ts";
import { loginArgument, type OkxKeys } from "./signing.ts";
import { isRecord, orderReplySchema } from "./wire.ts";

export interface PrivateSocketOptions {
  readonly url: string;
  readonly ports: ConnectionPorts;
  readonly keys: OkxKeys;
  readonly publish: Publish;
  readonly reader: AccountReader;
  readonly log: Log;
  readonly onState: (state: ConnectionState, why: string) => void;
}

const channels = [
  { channel: "orders", instType: "SWAP" },
  { channel: "positions", instType: "SWAP" },
  { channel: "account" },
] as const;

/** Login errors that no new attempt will mend soon; they are told as errors, tried on all the same. */
const loginErrors: ReadonlySet<string> = new Set(["60004", "60005", "60006", "60007", "60009", "60024"]);

/** Ids of fills that are remembered; the host knows them all for longer. */
const maxTold = 10_000;

export class PrivateSocket {
  readonly #options: PrivateSocketOptions;
  readonly #connection: Connection;
  readonly #pending = new Map<string, (result: SocketResult) => void>();
  #isLoggedIn = false;
  #acknowledged = 0;
  readonly #told = new Set<string>();
  #nextId = 1;

  constructor(options: PrivateSocketOptions) {
    this.#options = options;
    this.#connection = new Connection(options.url, options.ports, {
      onOpen: () =>
        this.#connection.send(
          JSON.stringify({ op: "login", args: [loginArgument(options.keys, options.ports.clock.epochMs())] }),
        ),
      onText: (text) => this.#onText(text),
      onState: (state, why) => {
        if (state !== "connected") this.#onLost(why);
        options.onState(state, why);
      },
    });
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  get reconnects(): number {
    return this.#connection.reconnects;
  }

  start(): void {
    this.#connection.start();
  }

  stop(): void {
    this.#connection.stop();
  }

  /** Sends an operation; undefined when the socket is not logged in, and nothing was sent. */
  request(op: string, args: readonly unknown[], signal: AbortSignal): Promise<SocketResult> | undefined {
    if (!this.#isLoggedIn) return undefined;
    const id = String(this.#nextId++);
    if (!this.#connection.send(JSON.stringify({ id, op, args }))) return undefined;
    return new Promise((resolve) => {
      const end = (result: SocketResult): void => {
        this.#pending.delete(id);
        signal.removeEventListener("abort", onAbort);
        resolve(result);
      };
      const onAbort = (): void =>
        end({ kind: "unanswered", why: "timeout", details: `${op} was not answered in time` });
      this.#pending.set(id, end);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  #onLost(why: string): void {
    this.#isLoggedIn = false;
    this.#acknowledged = 0;
    for (const end of [...this.#pending.values()]) {
      end({ kind: "unanswered", why: "disconnected", details: why });
    }
  }

  #onText(text: string): void {
    const tsRecvUs = this.#options.ports.clock.epochUs();
    let frame: unknown;
    try {
      frame = JSON.parse(text);
    } catch {
      return this.#options.log.warn("a private frame is no JSON", {});
    }
    if (!isRecord(frame)) return;
    if (typeof frame["op"] === "string") return this.#onReply(frame);
    if (typeof frame["event"] === "string") return this.#onEvent(frame["event"], frame);
    const { arg, data } = frame;
    if (isRecord(arg) && Array.isArray(data)) this.#onData(String(arg["channel"]), data, tsRecvUs);
  }

  #onReply(frame: Readonly<Record<string, unknown>>): void {
    const parsed = v.safeParse(orderReplySchema, frame);
    const end = parsed.success ? this.#pending.get(parsed.output.id ?? "") : undefined;
    if (!parsed.success || end === undefined) {
      return this.#options.log.warn("an answer fits no request", { id: String(frame["id"]) });
    }
    end({ kind: "reply", reply: parsed.output });
  }

  #onEvent(event: string, frame: Readonly<Record<string, unknown>>): void {
    if (event === "login") {
      this.#isLoggedIn = true;
      this.#connection.send(JSON.stringify({ op: "subscribe", args: channels }));
    }
    if (event === "subscribe") this.#onSubscribed();
    if (event === "notice" && frame["code"] === "64008") {
      this.#connection.reconnect("the venue restarts its service");
    }
    if (event !== "error") return;
    const code = String(frame["code"]);
    this.#options.log.error(
      loginErrors.has(code) ? "OKX refused the login" : "OKX refused a private subscription",
      { code, text: String(frame["msg"]).slice(0, 200) },
    );
    if (!this.#isLoggedIn) this.#connection.reconnect(`login refused: ${code}`);
  }

  /** The stream is whole when every channel is acknowledged. */
  #onSubscribed(): void {
    this.#acknowledged += 1;
    if (this.#acknowledged < channels.length) return;
    this.#connection.markConnected();
    // The first time too: what happened before the stream was whole is only known by asking.
    this.#options.publish.privateStreamRestored();
  }

  #onData(channel: string, rows: readonly unknown[], tsRecvUs: number): void {
    const { publish, reader } = this.#options;
    switch (channel) {
      case "orders":
        // Fills first: an order's cumulative size is then never ahead of its fills.
        this.#each(reader.pushedFills(rows, tsRecvUs), (fill) => this.#publishFill(fill));
        return this.#each(reader.orders(rows), (report) => publish.order(report));
      case "positions":
        return this.#each(reader.positions(rows), (position) => publish.position(position));
      case "account":
        return this.#each(reader.balances(rows), (balance) => publish.balance(balance));
      default:
        return; // a channel that was not asked for
    }
  }

  /** Pushes repeat: an amendment tells the last fill again. The host would bear it; nobody needs it. */
  #publishFill(fill: Fill): void {
    if (this.#told.has(fill.fillId)) return;
    if (this.#told.size >= maxTold) this.#told.clear();
    this.#told.add(fill.fillId);
    this.#options.publish.fill(fill);
  }

  #each<T>(read: Read<T>, publish: (value: T) => void): void {
    for (const misfit of read.misfits) {
      this.#options.log.error("a private row can't be read", { why: misfit });
    }
    for (const value of read.values) publish(value);
  }
}
