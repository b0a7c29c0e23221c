/** A venue's protocol on a port of loopback. */
import type { ProtocolSimulator, VenueProtocol } from "./ports.ts";
import { serverSocket } from "./sockets.ts";

export function serveProtocol(
  protocol: VenueProtocol,
  listening: { readonly hostname: string; readonly port: number },
  endpoints: (host: string) => Readonly<Record<string, string>>,
): ProtocolSimulator {
  // Answers that are lost on purpose never end, so the server is ended rather than drained.
  const ending = new AbortController();
  const options = { ...listening, signal: ending.signal, onListen: () => {} };
  const server = Deno.serve(options, (request) => {
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") return protocol.handleRequest(request);
    const upgrade = protocol.upgrade(request);
    if (upgrade.kind === "refused") return upgrade.response;
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: upgrade.idleTimeoutS });
    socket.binaryType = "arraybuffer";
    socket.onopen = () => upgrade.accept(serverSocket(socket));
    return response;
  });
  return {
    endpoints: endpoints(`${listening.hostname}:${server.addr.port}`),
    async stop() {
      protocol.stop();
      ending.abort();
      await server.finished;
    },
  };
}
