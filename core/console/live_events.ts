/**
 * Server-sent events: after each picture every topic that changed is sent to whoever follows it. A topic is encoded once
 * for all; a client that does not read is cut off, and sees all topics anew when it comes back.
 *
 * Many followers are told a few at a time over the time until the next picture. To write to all of them at once would
 * keep a processor busy for tens of milliseconds, which a quote on its way to a strategy would have to wait for.
 */
import { alerts } from "./alerts.ts";
import { curves } from "./curves.ts";
import { jsonText } from "./endpoint.ts";
import { groups } from "./leg_groups.ts";
import { newLogs } from "./logs.ts";
import type { HostPicture } from "./ports.ts";
import * as resources from "./resources.ts";

/** What may be followed, each with what it tells: the same as the endpoint of that name. */
export const topics = {
  status: resources.status,
  venues: resources.venues,
  quotes: resources.quotes,
  opportunities: resources.opportunities,
  plugins: resources.plugins,
  strategies: resources.strategies,
  orders: (picture: HostPicture) => resources.orders(picture).working,
  positions: resources.positions,
  pnl: resources.pnl,
  risk: resources.risk,
  kill: resources.kill,
  alerts,
  notices: (picture: HostPicture) => picture.notices.slice(0, 20),
  groups,
  curves,
  logs: newLogs,
} as const satisfies Record<string, (picture: HostPicture) => unknown>;
export type Topic = keyof typeof topics;

/** What nobody needs four times a second, at most this often. */
const slowEveryMs = 1_000;
const slowTopics: ReadonlySet<Topic> = new Set([
  "status",
  "venues",
  "plugins",
  "strategies",
  "pnl",
  "risk",
  "curves",
  "alerts",
]);

export const topicNames: readonly Topic[] = Object.keys(topics).filter((name): name is Topic =>
  Object.hasOwn(topics, name)
);

const encoder = new TextEncoder();
const maxClients = 1_000;
/** What one client may leave unread. */
const maxQueuedBytes = 1 << 20;
const keepAliveMs = 15_000;
/** All are told within this time, which is less than that between two pictures. */
const roundMs = 200;
const sliceEveryMs = 4;
/** So many are told at once however few there are. */
const minSlice = 4;

interface Client {
  readonly topics: ReadonlySet<Topic>;
  /** The same for clients that follow the same topics. */
  readonly topicsKey: string;
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  readonly stopTimer: () => void;
}

/** What changed with one picture, and who is to be told. */
interface Round {
  /** As events. */
  readonly changed: ReadonlyMap<Topic, string>;
  readonly clients: readonly Client[];
  readonly sliceSize: number;
  /** What is sent, by the client's topics. */
  readonly chunks: Map<string, Uint8Array>;
  told: number;
}

export interface LiveEventsOptions {
  readonly monotonicMs: () => number;
  readonly onCount: (clients: number) => void;
  /** Calls back again and again; the returned function ends that. */
  readonly every: (periodMs: number, task: () => void) => () => void;
}

export class LiveEvents {
  readonly #options: LiveEventsOptions;
  readonly #clients = new Set<Client>();
  readonly #newest = new Map<Topic, { readonly text: string; readonly event: string }>();
  #round: Round | undefined;
  #stopSlices: () => void = () => {};
  #serial = 0;
  #slowToldMs = -Infinity;

  constructor(options: LiveEventsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#clients.size;
  }

  /** A stream of events, beginning with all that is known; undefined when there are too many clients. */
  open(wanted: readonly Topic[]): ReadableStream<Uint8Array> | undefined {
    if (this.#clients.size >= maxClients) return undefined;
    let client: Client | undefined;
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        client = {
          topics: new Set(wanted),
          topicsKey: topicNames.filter((topic) => wanted.includes(topic)).join(),
          controller,
          stopTimer: this.#options.every(
            keepAliveMs,
            () => this.#enqueue(client, encoder.encode(":\n\n")),
          ),
        };
        this.#clients.add(client);
        this.#options.onCount(this.#clients.size);
        this.#enqueue(
          client,
          encoder.encode(
            `retry: 2000\n\n${textFor(client.topics, (topic) => this.#newest.get(topic)?.event)}`,
          ),
        );
      },
      cancel: () => this.#leave(client),
    }, new ByteLengthQueuingStrategy({ highWaterMark: maxQueuedBytes }));
  }

  /** Tells of a new picture. */
  tell(picture: HostPicture): void {
    while (this.#round !== undefined) this.#tellSlice(this.#round); // a picture before its time: nothing is left out
    if (this.#clients.size === 0) {
      this.#newest.clear(); // what is old by the time somebody comes is no use
      this.#slowToldMs = -Infinity;
      return;
    }
    const changed = this.#changesOf(picture);
    if (changed.size === 0) return;
    const clients = [...this.#clients];
    const sliceSize = Math.max(minSlice, Math.ceil((clients.length * sliceEveryMs) / roundMs));
    const round: Round = { changed, clients, sliceSize, chunks: new Map(), told: 0 };
    this.#round = round;
    this.#stopSlices = this.#options.every(sliceEveryMs, () => this.#tellSlice(round));
    this.#tellSlice(round);
  }

  close(): void {
    this.#endRound();
    for (const client of [...this.#clients]) {
      this.#leave(client);
      client.controller.close();
    }
  }

  /** Encodes what is due and new. */
  #changesOf(picture: HostPicture): ReadonlyMap<Topic, string> {
    const nowMs = this.#options.monotonicMs();
    // A tenth before its time is its time: pictures come on a timer that is not exact.
    const isSlowDue = nowMs - this.#slowToldMs >= slowEveryMs * 0.9;
    if (isSlowDue) this.#slowToldMs = nowMs;
    const changed = new Map<Topic, string>();
    for (const topic of topicNames) {
      if (!isSlowDue && slowTopics.has(topic) && this.#newest.has(topic)) continue;
      const text = jsonText(topics[topic](picture));
      if (this.#newest.get(topic)?.text === text) continue;
      const event = `id: ${++this.#serial}\nevent: ${topic}\ndata: ${text}\n\n`;
      this.#newest.set(topic, { text, event });
      changed.set(topic, event);
    }
    return changed;
  }

  #tellSlice(round: Round): void {
    const until = Math.min(round.clients.length, round.told + round.sliceSize);
    for (; round.told < until; round.told++) {
      const client = round.clients[round.told];
      if (client !== undefined) this.#enqueue(client, chunkFor(client, round));
    }
    if (round.told === round.clients.length) this.#endRound();
  }

  #endRound(): void {
    this.#stopSlices();
    this.#stopSlices = () => {};
    this.#round = undefined;
  }

  #enqueue(client: Client | undefined, bytes: Uint8Array): void {
    if (client === undefined || !this.#clients.has(client) || bytes.length === 0) return;
    if ((client.controller.desiredSize ?? 0) < bytes.length) {
      this.#leave(client);
      return client.controller.error(new Error("the client does not read"));
    }
    client.controller.enqueue(bytes);
  }

  #leave(client: Client | undefined): void {
    if (client === undefined || !this.#clients.delete(client)) return;
    client.stopTimer();
    this.#options.onCount(this.#clients.size);
  }
}

const textFor = (followed: ReadonlySet<Topic>, eventOf: (topic: Topic) => string | undefined): string =>
  topicNames.map((topic) => (followed.has(topic) ? eventOf(topic) ?? "" : "")).join("");

/** What changed of what the client follows, as one chunk: a write is dear, its length is not. */
function chunkFor({ topics: followed, topicsKey }: Client, { changed, chunks }: Round): Uint8Array {
  let chunk = chunks.get(topicsKey);
  if (chunk === undefined) {
    chunk = encoder.encode(textFor(followed, (topic) => changed.get(topic)));
    chunks.set(topicsKey, chunk);
  }
  return chunk;
}
