/**
 * The simulated OKX: REST and WebSocket of API v5 on loopback over the shared matching engine. Checks signatures,
 * precision and limits as the venue does. Everything it lists and fills is simulated.
 *
 * @see docs of the venue's API v5 (state of autumn 2026); what could not be verified is said where it is decided
 */
import { Faults } from "../simulation/faults.ts";
import type {
  ProtocolSimulator,
  ProtocolSimulatorOptions,
  SimulatedCredentials,
  SimulatedInstrument,
  SimulationRandom,
} from "../simulation/ports.ts";
import { listings } from "./simulator/listing.ts";
import { OrderEntry } from "./simulator/order_entry.ts";
import { PublicFeed } from "./simulator/public_feed.ts";
import { RateLimits } from "./simulator/rate_limits.ts";
import { createRestRoutes } from "./simulator/rest_routes.ts";
import { Session, type SessionPath } from "./simulator/sessions.ts";

export const simulatedInstruments: readonly SimulatedInstrument[] = listings.map((one) => one.simulated);

const hexText = (random: SimulationRandom, length: number): string =>
  Array.from({ length }, () => Math.floor(random.next() * 16).toString(16)).join("");

/** Keys of the venue's shape, made up for one run. */
export function makeCredentials(random: SimulationRandom): Promise<SimulatedCredentials> {
  const uuid = [8, 4, 4, 4, 12].map((length) => hexText(random, length)).join("-");
  return Promise.resolve({
    OKX_API_KEY: uuid,
    OKX_SECRET_KEY: hexText(random, 32).toUpperCase(),
    OKX_PASSPHRASE: `Sim-${hexText(random, 12)}`,
  });
}

const paths: Readonly<Record<string, SessionPath>> = {
  "/ws/v5/public": "public",
  "/ws/v5/private": "private",
  "/ws/v5/business": "business",
};

export function startSimulator(options: ProtocolSimulatorOptions): Promise<ProtocolSimulator> {
  const { venue, accountId, credentials } = options;
  const faults = new Faults(options.faults, options.random, venue.clock);
  const feed = new PublicFeed(venue, faults);
  const context = {
    venue,
    accountId,
    credentials,
    entry: new OrderEntry(venue, accountId),
    feed,
    limits: new RateLimits(venue.clock),
    faults,
  };
  const rest = createRestRoutes(context);
  const sessions = new Set<Session>();
  // Answers that are lost on purpose never end, so the server is ended rather than drained.
  const ending = new AbortController();
  const listening = {
    hostname: options.hostname,
    port: options.port,
    signal: ending.signal,
    onListen: () => {},
  };
  const server = Deno.serve(listening, (request) => {
    const path = paths[new URL(request.url).pathname];
    if (path === undefined) return rest.handle(request);
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      return new Response("Bad Request", {
        status: 400,
      });
    }
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
    socket.onopen = () => {
      const session = new Session(socket, path, context);
      sessions.add(session);
      socket.addEventListener("close", () => sessions.delete(session));
    };
    return response;
  });
  const base = `${options.hostname}:${server.addr.port}`;
  return Promise.resolve({
    endpoints: {
      restUrl: `http://${base}`,
      wsPublicUrl: `ws://${base}/ws/v5/public`,
      wsPrivateUrl: `ws://${base}/ws/v5/private`,
      wsBusinessUrl: `ws://${base}/ws/v5/business`,
    },
    async stop() {
      feed.stop();
      rest.stop();
      for (const session of sessions) session.close();
      ending.abort();
      await server.finished;
    },
  });
}
