/**
 * The venue's end of a connection as the protocol simulators see it: a real WebSocket in the simulators' process, a
 * pair of queues on virtual time in the deterministic simulation.
 */

export interface ServerSocketHandlers {
  /** A frame of the client: text, or something the venue does not take. */
  onMessage(data: unknown): void;
  /** Once, whatever ended it. */
  onClose(): void;
}

export interface ServerSocket {
  readonly isOpen: boolean;
  /** Bytes that wait for a reader who does not keep up. */
  readonly queuedBytes: number;
  listen(handlers: ServerSocketHandlers): void;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

/** The platform's own WebSocket as a server's end. */
export function serverSocket(socket: WebSocket): ServerSocket {
  return {
    get isOpen() {
      return socket.readyState === WebSocket.OPEN;
    },
    get queuedBytes() {
      return socket.bufferedAmount;
    },
    listen({ onMessage, onClose }) {
      socket.onmessage = (event: MessageEvent<unknown>) => onMessage(event.data);
      socket.onclose = onClose;
    },
    send: (data) => socket.send(data),
    close: (code, reason) => socket.close(code, reason),
  };
}
