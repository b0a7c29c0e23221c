/** What an adapter needs of the network; tests and simulations hand in their own. */
import { BerthError } from "../../errors.ts";
import type { UnknownWhy } from "../../model/order.ts";

/** The part of a WebSocket that is used. */
export interface Socket {
  send(text: string): void;
  close(): void;
}

export interface SocketHandlers {
  onOpen(): void;
  onText(text: string): void;
  /** Absent where the venue sends none. */
  onBinary?(data: ArrayBuffer): void;
  /** Once, whatever ended it. */
  onClose(why: string): void;
}

/** What a WebSocket's opening request says beside its address, where a venue logs in by it. */
export type SocketHeaders = Readonly<Record<string, string>>;

export type OpenSocket = (url: string, handlers: SocketHandlers, headers?: SocketHeaders) => Socket;

/** The part of `fetch` that is used. */
export type HttpFetch = (url: string, init: RequestInit) => Promise<Response>;

export interface Transport {
  readonly fetch: HttpFetch;
  readonly openSocket: OpenSocket;
}

/** A request that left and was not answered, or not in words that say anything: it may have taken effect. */
export interface Unanswered {
  readonly kind: "unanswered";
  readonly why: UnknownWhy;
  readonly details: string;
}

/** The platform's own WebSocket. It answers pings of the protocol by itself. */
export const openWebSocket: OpenSocket = (url, handlers, headers) => {
  const socket = headers === undefined ? new WebSocket(url) : new WebSocket(url, { headers });
  socket.binaryType = "arraybuffer";
  let lastError = "";
  socket.onopen = () => handlers.onOpen();
  socket.onmessage = (event: MessageEvent<unknown>) => {
    if (typeof event.data === "string") handlers.onText(event.data);
    else if (event.data instanceof ArrayBuffer) handlers.onBinary?.(event.data);
  };
  // `onclose` follows every error.
  socket.onerror = (event) => {
    if (event instanceof ErrorEvent) lastError = event.message;
    event.preventDefault();
  };
  socket.onclose = (event) => handlers.onClose(`${event.code} ${event.reason} ${lastError}`.trim());
  return { send: (text) => socket.send(text), close: () => socket.close() };
};

/** The network itself. */
export const networkTransport: Transport = {
  fetch: (url, init) => fetch(url, init),
  openSocket: openWebSocket,
};

/** @throws {BerthError} CONFIG_INVALID when the host hands over no such address */
export function endpointOf(
  { endpoints }: { readonly endpoints: Readonly<Record<string, string>> },
  name: string,
): string {
  const url = endpoints[name];
  if (url !== undefined) return url.replace(/\/+$/, "");
  const field = `endpoints.${name}`;
  throw new BerthError("CONFIG_INVALID", { file: "manifest", field, found: "missing", expected: "a URL" });
}
