/** A loopback server that plays a service of somebody else; its clock is the test's. */

export interface ServiceClock {
  nowMs: number;
}

export interface LoopbackService extends AsyncDisposable {
  readonly url: string;
}

/** Serves until it is disposed of; an assertion that fails in a handler fails as status 599, which no channel takes. */
export function serve(handler: (request: Request) => Promise<Response> | Response): LoopbackService {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => undefined }, handler);
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
    },
  };
}

export async function jsonBodyOf(request: Request): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const value: unknown = JSON.parse(await request.text());
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** Times of the last few calls, for limits by a sliding window. */
export class Window {
  readonly #times: number[] = [];
  readonly #limit: number;
  readonly #spanMs: number;

  constructor(limit: number, spanMs: number) {
    this.#limit = limit;
    this.#spanMs = spanMs;
  }

  /** Takes one if there is room: 0. Else how long until there is. */
  take(nowMs: number): number {
    while ((this.#times[0] ?? Infinity) <= nowMs - this.#spanMs) this.#times.shift();
    if (this.#times.length >= this.#limit) return (this.#times[0] ?? 0) + this.#spanMs - nowMs;
    this.#times.push(nowMs);
    return 0;
  }

  get left(): number {
    return this.#limit - this.#times.length;
  }

  /** Until the oldest is forgotten. */
  resetMs(nowMs: number): number {
    return Math.max(0, (this.#times[0] ?? nowMs) + this.#spanMs - nowMs);
  }
}
