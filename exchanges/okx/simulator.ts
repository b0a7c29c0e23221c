/**
 * The simulated OKX: REST and WebSocket of API v5 on loopback over the shared matching engine. Checks signatures,
 * precision and limits as the venue does. Everything it lists and fills is simulated.
 *
 * @see docs of the venue's API v5 (state of autumn 2026); what could not be verified is said where it is decided
 */
import { Faults } from "../simulation/faults.ts";
import type {
  ProtocolOptions,
  ProtocolSimulator,
  ProtocolSimulatorOptions,
  SimulatedCredentials,
  SimulatedInstrument,
  SimulationRandom,
  VenueProtocol,
} from "../simulation/ports.ts";
import { hexText } from "../simulation/random.ts";
import { serveProtocol } from "../simulation/server.ts";
import type { ServerSocket } from "../simulation/sockets.ts";
import { AlgoOrders } from "./simulator/algo_orders.ts";
import { History } from "./simulator/history.ts";
import { listings } from "./simulator/listing.ts";
import { OrderEntry } from "./simulator/order_entry.ts";
import { PositionMode } from "./simulator/position_mode.ts";
import { PublicFeed } from "./simulator/public_feed.ts";
import { RateLimits } from "./simulator/rate_limits.ts";
import { createRestRoutes } from "./simulator/rest_routes.ts";
import { Session, type SessionPath } from "./simulator/sessions.ts";

export const simulatedInstruments: readonly SimulatedInstrument[] = listings.map((one) => one.simulated);

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

/** The venue's protocol without a server: REST requests and sockets are handed in. */
export function createProtocol(options: ProtocolOptions): VenueProtocol {
  const { venue, accountId, credentials } = options;
  const faults = new Faults(options.faults, options.random, venue.clock);
  const feed = new PublicFeed(venue, faults);
  const history = new History(venue);
  const positions = new PositionMode(venue, accountId);
  const entry = new OrderEntry(venue, accountId, positions);
  const algos = new AlgoOrders(venue, entry);
  const context = {
    venue,
    accountId,
    credentials,
    entry,
    positions,
    algos,
    feed,
    limits: new RateLimits(venue.clock),
    history,
    faults,
  };
  const rest = createRestRoutes(context);
  const sessions = new Set<Session>();
  let sessionCount = 0;
  return {
    handleRequest: (request) => rest.handle(request),
    upgrade(request) {
      const path = paths[new URL(request.url).pathname];
      if (path === undefined) {
        return { kind: "refused", response: new Response("Not Found", { status: 404 }) };
      }
      const accept = (socket: ServerSocket): void => {
        sessionCount += 1;
        const connId = sessionCount.toString(16).padStart(8, "0");
        const session = new Session(socket, path, connId, context, () => sessions.delete(session));
        sessions.add(session);
      };
      return { kind: "accepted", idleTimeoutS: 0, accept };
    },
    setFaults: (profile) => {
      faults.profile = profile;
    },
    waitingOrders: () => algos.waiting(),
    stop() {
      feed.stop();
      history.stop();
      algos.stop();
      rest.stop();
      for (const session of sessions) session.close();
    },
  };
}

export function startSimulator(options: ProtocolSimulatorOptions): Promise<ProtocolSimulator> {
  return Promise.resolve(serveProtocol(createProtocol(options), options, (host) => ({
    restUrl: `http://${host}`,
    wsPublicUrl: `ws://${host}/ws/v5/public`,
    wsPrivateUrl: `ws://${host}/ws/v5/private`,
    wsBusinessUrl: `ws://${host}/ws/v5/business`,
    restUrlAlternative: `http://${host}`,
    wsPublicUrlAlternative: `ws://${host}/ws/v5/public`,
    wsPrivateUrlAlternative: `ws://${host}/ws/v5/private`,
    wsBusinessUrlAlternative: `ws://${host}/ws/v5/business`,
  })));
}
