/**
 * The network between adapters and one venue, in memory and on virtual time: what is sent over one socket stays in
 * order, requests over HTTP overtake each other, a cut is noticed by each end in its own time.
 */
import type { SimulationClock, SimulationRandom, VenueProtocol } from "../../exchanges/simulation/ports.ts";
import type { ServerSocket, ServerSocketHandlers } from "../../exchanges/simulation/sockets.ts";
import type { SimProcess } from "./virtual_time.ts";

export interface ClientHandlers {
  onOpen(): void;
  onData(data: string | Uint8Array<ArrayBuffer>): void;
  onClose(why: string): void;
}

export interface ClientSocket {
  send(text: string): void;
  close(): void;
}

interface Link {
  readonly owner: SimProcess;
  readonly client: ClientHandlers;
  server: ServerSocketHandlers | undefined;
  isClientOpen: boolean;
  isServerOpen: boolean;
  /** What the client sent arrives in order. */
  lastArrivalMs: number;
}

/** How a socket is opened. */
export interface OpeningRequest {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export class MemoryNetwork {
  readonly #clock: SimulationClock;
  readonly #random: SimulationRandom;
  readonly #protocol: VenueProtocol;
  readonly #links = new Set<Link>();
  /** Nothing gets through: neither a request nor a connection. */
  isDown = false;
  upstreamMs = 1;
  upstreamJitterMs = 1;

  constructor(clock: SimulationClock, random: SimulationRandom, protocol: VenueProtocol) {
    this.#clock = clock;
    this.#random = random;
    this.#protocol = protocol;
  }

  /** `fetch` of one process. */
  fetchOf(owner: SimProcess): (url: string, init: RequestInit) => Promise<Response> {
    return (url, init) =>
      new Promise((resolve, reject) => {
        const { signal } = init;
        const fail = (error: Error): void => {
          if (owner.isAlive) reject(error);
        };
        if (signal?.aborted === true) return fail(new Error("aborted"));
        signal?.addEventListener("abort", () => fail(new Error("aborted")), { once: true });
        this.#clock.schedule(this.#delayMs(), () => {
          if (this.isDown) return fail(new Error("connection refused"));
          const { method = "GET", headers, body } = init;
          const request = new Request(url, {
            method,
            ...(headers === undefined ? {} : { headers }),
            ...(body === undefined || body === null ? {} : { body }),
          });
          this.#protocol.handleRequest(request).then((response) => {
            if (this.isDown) fail(new Error("connection reset"));
            else if (owner.isAlive) resolve(response);
          }, fail);
        });
      });
  }

  connect(owner: SimProcess, opening: OpeningRequest, client: ClientHandlers): ClientSocket {
    const link: Link = {
      owner,
      client,
      server: undefined,
      isClientOpen: false,
      isServerOpen: false,
      lastArrivalMs: 0,
    };
    this.#clock.schedule(this.#delayMs(), () => this.#accept(link, opening));
    return {
      send: (text) => {
        if (!link.isClientOpen) throw new Error("socket is not open");
        this.#upstream(link, () => {
          if (link.isServerOpen) link.server?.onMessage(text);
        });
      },
      close: () => {
        link.isClientOpen = false;
        this.#upstream(link, () => this.#closeServer(link));
        this.#clock.schedule(this.#delayMs(), () => this.#closeClient(link, "1000"));
      },
    };
  }

  /** Every connection of a process that was killed is closed by the machine it ran on. */
  closeAllOf(owner: SimProcess): void {
    for (const link of [...this.#links]) {
      if (link.owner === owner) this.#upstream(link, () => this.#closeServer(link));
    }
  }

  /** The line is cut: each end notices in its own time. */
  cutAll(): void {
    for (const link of [...this.#links]) {
      this.#clock.schedule(this.#random.next() * 300, () => this.#closeClient(link, "1006 cut"));
      this.#clock.schedule(this.#random.next() * 1_500, () => this.#closeServer(link));
    }
  }

  #delayMs(): number {
    return this.upstreamMs + this.#random.next() * this.upstreamJitterMs;
  }

  #upstream(link: Link, task: () => void): void {
    const nowMs = this.#clock.nowMs();
    link.lastArrivalMs = Math.max(nowMs + this.#delayMs(), link.lastArrivalMs);
    this.#clock.schedule(link.lastArrivalMs - nowMs, task);
  }

  #accept(link: Link, { url, headers: own }: OpeningRequest): void {
    if (!link.owner.isAlive) return;
    const refuse = (why: string): void => link.client.onClose(why);
    if (this.isDown) return refuse("1006 connection refused");
    const headers = { ...own, upgrade: "websocket" };
    const upgrade = this.#protocol.upgrade(new Request(url.replace(/^ws/, "http"), { headers }));
    if (upgrade.kind === "refused") return refuse(`1006 HTTP ${upgrade.response.status}`);
    link.isServerOpen = true;
    link.isClientOpen = true;
    this.#links.add(link);
    upgrade.accept(this.#serverEnd(link));
    link.client.onOpen();
  }

  #serverEnd(link: Link): ServerSocket {
    return {
      get isOpen() {
        return link.isServerOpen;
      },
      queuedBytes: 0,
      listen: (handlers) => {
        link.server = handlers;
      },
      // The simulators delay what they send by themselves.
      send: (data) => {
        if (link.owner.isAlive && link.isClientOpen) link.client.onData(data);
      },
      close: (code = 1000, reason = "") => {
        if (!link.isServerOpen) return;
        link.isServerOpen = false;
        this.#clock.schedule(this.#delayMs(), () => this.#closeClient(link, `${code} ${reason}`));
        this.#clock.schedule(this.#delayMs(), () => link.server?.onClose());
      },
    };
  }

  #closeClient(link: Link, why: string): void {
    if (!this.#links.delete(link)) return;
    link.isClientOpen = false;
    if (link.owner.isAlive) link.client.onClose(why);
    // A server whose client is gone for good notices too.
    this.#clock.schedule(2_000, () => this.#closeServer(link));
  }

  #closeServer(link: Link): void {
    if (!link.isServerOpen) return;
    link.isServerOpen = false;
    link.server?.onClose();
  }
}
