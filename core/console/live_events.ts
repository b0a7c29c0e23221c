/**
 * Server-sent events: after each picture every topic that changed is sent to whoever follows it. A topic is encoded once
 * for all; a client that does not read is cut off, and sees all topics anew when it comes back.
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

const maxClients = 1_000;
/** What one client may leave unread. */
const maxQueuedBytes = 1 << 20;
const keepAliveMs = 15_000;

interface Client {
  readonly topics: ReadonlySet<Topic>;
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  readonly stopTimer: () => void;
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
  readonly #newest = new Map<Topic, { readonly text: string; readonly bytes: Uint8Array }>();
  readonly #encoder = new TextEncoder();
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
          controller,
          stopTimer: this.#options.every(
            keepAliveMs,
            () => this.#enqueue(client, this.#encoder.encode(":\n\n")),
          ),
        };
        this.#clients.add(client);
        this.#options.onCount(this.#clients.size);
        this.#enqueue(client, this.#encoder.encode("retry: 2000\n\n"));
        for (const [topic, { bytes }] of this.#newest) {
          if (client.topics.has(topic)) this.#enqueue(client, bytes);
        }
      },
      cancel: () => this.#leave(client),
    }, new ByteLengthQueuingStrategy({ highWaterMark: maxQueuedBytes }));
  }

  /** Tells of a new picture. */
  tell(picture: HostPicture): void {
    if (this.#clients.size === 0) {
      this.#newest.clear(); // what is old by the time somebody comes is no use
      this.#slowToldMs = -Infinity;
      return;
    }
    const nowMs = this.#options.monotonicMs();
    // A tenth before its time is its time: pictures come on a timer that is not exact.
    const isSlowDue = nowMs - this.#slowToldMs >= slowEveryMs * 0.9;
    if (isSlowDue) this.#slowToldMs = nowMs;
    for (const topic of topicNames) {
      if (!isSlowDue && slowTopics.has(topic) && this.#newest.has(topic)) continue;
      const text = jsonText(topics[topic](picture));
      if (this.#newest.get(topic)?.text === text) continue;
      const bytes = this.#encoder.encode(`id: ${++this.#serial}\nevent: ${topic}\ndata: ${text}\n\n`);
      this.#newest.set(topic, { text, bytes });
      for (const client of this.#clients) if (client.topics.has(topic)) this.#enqueue(client, bytes);
    }
  }

  close(): void {
    for (const client of [...this.#clients]) {
      this.#leave(client);
      client.controller.close();
    }
  }

  #enqueue(client: Client | undefined, bytes: Uint8Array): void {
    if (client === undefined || !this.#clients.has(client)) return;
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
