/**
 * The simulated Aster: REST and WebSocket of API V3 on loopback over the shared matching engine. Checks signatures, nonces,
 * precision, weights and limits as the venue documents them. Everything it lists and fills is simulated.
 *
 * @see https://github.com/asterdex/api-docs (June 2026); what could not be verified is said in the README beside it
 */
import { Faults } from "../simulation/faults.ts";
import { VenueHistory } from "../simulation/history.ts";
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
import { AccountSettings } from "./simulator/account_settings.ts";
import { Authentication } from "./simulator/authentication.ts";
import { Countdowns } from "./simulator/countdowns.ts";
import { Limits } from "./simulator/limits.ts";
import { ListenKeys } from "./simulator/listen_keys.ts";
import { listings } from "./simulator/listing.ts";
import { Orders } from "./simulator/orders.ts";
import { PublicFeed } from "./simulator/public_feed.ts";
import { RestApi } from "./simulator/rest_api.ts";
import { AccountEvents, Session, type SessionAddress } from "./simulator/sessions.ts";

export const simulatedInstruments: readonly SimulatedInstrument[] = listings.map((one) => one.simulated);

/** A main wallet's address and the key of its agent, made up for one run. */
export function makeCredentials(random: SimulationRandom): Promise<SimulatedCredentials> {
  // Its first digit is no f: below the order of the curve.
  return Promise.resolve({
    ASTER_ACCOUNT_ADDRESS: `0x${hexText(random, 40)}`,
    ASTER_AGENT_PRIVATE_KEY: `0x1${hexText(random, 63)}`,
  });
}

/** What a WebSocket's address asks for; undefined for one that there is not. */
function addressOf(url: URL): SessionAddress | undefined {
  if (url.pathname === "/stream") {
    const names = (url.searchParams.get("streams") ?? "").split("/").filter((name) => name !== "");
    return { names, isCombined: true };
  }
  const [, path = "", name = "", ...rest] = url.pathname.split("/");
  if (path !== "ws" || rest.length > 0) return undefined;
  return { names: name === "" ? [] : [name], isCombined: false };
}

/** The venue's protocol without a server: REST requests and sockets are handed in. */
export function createProtocol(options: ProtocolOptions): VenueProtocol {
  const { venue, accountId, credentials } = options;
  const { clock } = venue;
  const faults = new Faults(options.faults, options.random, clock);
  const feed = new PublicFeed(venue, faults);
  const history = new VenueHistory(venue);
  const orders = new Orders(venue, accountId);
  const sessions = new Set<Session>();
  const keys = new ListenKeys(clock, options.random.fork("listen keys"), (key) => {
    for (const session of sessions) session.onKeyExpired(key);
  });
  const push = (event: Readonly<Record<string, unknown>>): void => {
    for (const session of sessions) session.push(event);
  };
  const countdowns = new Countdowns(clock, (one) => orders.cancelAll(one, "dead_mans_switch"));
  const rest = new RestApi({
    venue,
    accountId,
    authentication: new Authentication(clock, credentials),
    limits: new Limits(clock),
    orders,
    keys,
    feed,
    history,
    countdowns,
    settings: new AccountSettings(),
    onConfig: push,
    faults,
  });
  const context = { venue, accountId, orders, feed, keys, faults };
  const events = new AccountEvents(context, push);
  let sessionCount = 0;
  return {
    handleRequest: (request) => rest.handle(request),
    upgrade(request) {
      const address = addressOf(new URL(request.url));
      if (address === undefined) {
        return { kind: "refused", response: new Response("Not Found", { status: 404 }) };
      }
      const accept = (socket: ServerSocket): void => {
        sessionCount += 1;
        const session = new Session(socket, address, sessionCount, context, () => sessions.delete(session));
        sessions.add(session);
      };
      return { kind: "accepted", idleTimeoutS: 0, accept };
    },
    setFaults: (profile) => {
      faults.profile = profile;
    },
    waitingOrders: () => orders.waiting(),
    stop() {
      events.stop();
      feed.stop();
      history.stop();
      orders.stop();
      countdowns.stop();
      keys.stop();
      for (const session of sessions) session.close();
    },
  };
}

export function startSimulator(options: ProtocolSimulatorOptions): Promise<ProtocolSimulator> {
  return Promise.resolve(serveProtocol(createProtocol(options), options, (host) => ({
    restUrl: `http://${host}`,
    wsUrl: `ws://${host}`,
  })));
}
