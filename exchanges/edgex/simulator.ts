/**
 * The simulated EdgeX: REST and WebSocket of V2 on loopback over the shared matching engine. Checks HMAC and EIP-712
 * signatures, nonces, client ids, precision and limits as the venue does. Everything it lists and fills is simulated.
 *
 * What the venue does not document (error codes, limits of requests, how old a stamp may be) is said where it is decided.
 */
import { WalletKey } from "@berth/sdk/venue/eip712.ts";
import { Faults } from "../simulation/faults.ts";
import type {
  ProtocolOptions,
  ProtocolSimulator,
  ProtocolSimulatorOptions,
  SimulatedCredentials,
  SimulatedInstrument,
  SimulationRandom,
  SocketUpgrade,
  VenueProtocol,
} from "../simulation/ports.ts";
import { hexText } from "../simulation/random.ts";
import { serveProtocol } from "../simulation/server.ts";
import { checkSignature, signedQuery } from "./simulator/authentication.ts";
import { History } from "./simulator/history.ts";
import { listings } from "./simulator/listing.ts";
import { OrderEntry } from "./simulator/order_entry.ts";
import { PublicFeed } from "./simulator/public_feed.ts";
import { createRestRoutes } from "./simulator/rest_routes.ts";
import { openPublicSession, type OpenSession, PrivateSession } from "./simulator/sessions.ts";

export const simulatedInstruments: readonly SimulatedInstrument[] = listings.map((one) => one.simulated);

/** Keys of the venue's shape, made up for one run. */
export function makeCredentials(random: SimulationRandom): Promise<SimulatedCredentials> {
  const uuid = [8, 4, 4, 4, 12].map((length) => hexText(random, length)).join("-");
  return Promise.resolve({
    // Beyond what a double holds, as the venue's are.
    EDGEX_ACCOUNT_ID: `7246254766261${String(Math.floor(random.next() * 100_000)).padStart(5, "0")}`,
    EDGEX_API_KEY: uuid,
    EDGEX_API_SECRET: hexText(random, 40),
    EDGEX_API_PASSPHRASE: `Sim-${hexText(random, 16)}`,
    EDGEX_SIGNER_PRIVATE_KEY: `0x1${hexText(random, 63)}`,
  });
}

const publicPath = "/api/v1/public/ws";
const privatePath = "/api/v1/private/ws";
const maxStampSkewMs = 60_000;

const refused = (status: number, code: string, msg: string): SocketUpgrade => ({
  kind: "refused",
  response: Response.json({ code, msg, data: null }, { status }),
});

/** The venue's protocol without a server: REST requests and sockets are handed in. */
export function createProtocol(options: ProtocolOptions): VenueProtocol {
  const { accountId, credentials, venue } = options;
  const faults = new Faults(options.faults, options.random, venue.clock);
  const feed = new PublicFeed(venue, faults);
  const history = new History(venue);
  const signer = new WalletKey(credentials["EDGEX_SIGNER_PRIVATE_KEY"] ?? "").address;
  const privateSessions = new Set<PrivateSession>();
  const sessions = new Set<OpenSession>();
  const entry = new OrderEntry({
    venue,
    accountId,
    credentials,
    signer,
    onTrigger: (trigger) => {
      for (const session of privateSessions) session.onTrigger(trigger);
    },
  });
  const context = { venue, accountId, credentials, entry, feed, history, faults, signer };
  const rest = createRestRoutes(context);
  let sessionCount = 0;
  const laneOf = (path: string): string => `${path}-${++sessionCount}`;
  return {
    handleRequest: (request) => rest.handle(request),
    upgrade(request) {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname === publicPath) {
        const stamp = Number(searchParams.get("timestamp"));
        if (!(Math.abs(stamp - venue.clock.nowMs()) <= maxStampSkewMs)) {
          return refused(400, "INVALID_TIMESTAMP", "timestamp is required");
        }
        return {
          kind: "accepted",
          idleTimeoutS: 0,
          accept(socket) {
            const session = openPublicSession(
              socket,
              laneOf("public"),
              context,
              () => sessions.delete(session),
            );
            sessions.add(session);
          },
        };
      }
      if (pathname !== privatePath) return refused(404, "NOT_FOUND", "no such path");
      const signed = {
        headers: request.headers,
        method: "GET",
        path: pathname,
        content: signedQuery(searchParams),
      };
      const fault = checkSignature(credentials, signed, venue.clock.nowMs());
      if (fault !== undefined) return refused(fault.status, fault.code, fault.msg);
      const isStamped = searchParams.get("timestamp") === request.headers.get("X-edgeX-Timestamp");
      if (!isStamped || searchParams.get("accountId") !== credentials["EDGEX_ACCOUNT_ID"]) {
        return refused(403, "ACCOUNT_PERMISSION_DENIED", "account or timestamp differ");
      }
      return {
        kind: "accepted",
        idleTimeoutS: 0,
        accept(socket) {
          const session = new PrivateSession(socket, laneOf("private"), context, () => {
            sessions.delete(session);
            privateSessions.delete(session);
          });
          sessions.add(session);
          privateSessions.add(session);
        },
      };
    },
    setFaults: (profile) => {
      faults.profile = profile;
    },
    waitingOrders: () => entry.waiting(),
    stop() {
      feed.stop();
      history.stop();
      entry.stop();
      for (const session of [...sessions]) session.close();
    },
  };
}

export function startSimulator(options: ProtocolSimulatorOptions): Promise<ProtocolSimulator> {
  return Promise.resolve(serveProtocol(createProtocol(options), options, (host) => ({
    restUrl: `http://${host}`,
    wsPublicUrl: `ws://${host}${publicPath}`,
    wsPrivateUrl: `ws://${host}${privatePath}`,
  })));
}
