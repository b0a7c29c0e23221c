/**
 * The simulated Paradex: REST and WebSocket on loopback over the shared matching engine, with STARK signatures
 * verified, public channels in binary, and the venue's own errors. Everything it lists and fills is simulated.
 */
import { grindKey } from "@scure/starknet";
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
import { Accounts, addressOf, type SigningAccount, signingAccount } from "./simulator/accounts.ts";
import { listings } from "./simulator/listing.ts";
import { FundingPayments } from "./simulator/funding_payments.ts";
import { OrderBudget } from "./simulator/order_budget.ts";
import { OrderRules } from "./simulator/order_rules.ts";
import { PublicFeed } from "./simulator/public_feed.ts";
import { RestRoutes } from "./simulator/rest_routes.ts";
import { SequenceNumbers } from "./simulator/rows.ts";
import type { SbeVersion } from "./simulator/sbe_encoder.ts";
import { Session } from "./simulator/sessions.ts";

export const simulatedInstruments: readonly SimulatedInstrument[] = listings.map((one) => one.simulated);

/** A made-up account: a valid STARK key and the address that belongs to it. */
export function makeCredentials(random: SimulationRandom): Promise<SimulatedCredentials> {
  const seed = hexText(random, 64);
  const privateKey = `0x${grindKey(seed)}`;
  return Promise.resolve({ PARADEX_ACCOUNT: addressOf(privateKey), PARADEX_PRIVATE_KEY: privateKey });
}

/** The schema version a client asks for: none, one that is spoken, or a refusal of the upgrade. */
function negotiatedVersion(query: URLSearchParams): SbeVersion | undefined | "refused" {
  const id = query.get("sbeSchemaId");
  const version = query.get("sbeSchemaVersion");
  if (id === null && version === null) return undefined;
  if (id !== "1") return "refused";
  return version === "0" ? 0 : version === "1" ? 1 : version === "2" ? 2 : "refused";
}

/**
 * The venue's protocol without a server: REST requests and sockets are handed in.
 *
 * @param account the account's key, made ready; its signatures are checked by whatever this says
 */
export function createProtocol(
  options: ProtocolOptions,
  account: SigningAccount = signingAccount(options.credentials["PARADEX_PRIVATE_KEY"] ?? ""),
): VenueProtocol {
  const { venue, accountId, credentials } = options;
  const faults = new Faults(options.faults, options.random, venue.clock);
  const accounts = new Accounts(account, venue.clock, credentials["ONBOARDED"] !== "false");
  const rules = new OrderRules(venue, accountId, accounts);
  const feed = new PublicFeed(venue, faults);
  const context = {
    venue,
    accountId,
    accounts,
    rules,
    feed,
    faults,
    payments: new FundingPayments(venue, accountId, accounts.address),
    rows: { venue, address: accounts.address, rules, sequence: new SequenceNumbers() },
    budget: new OrderBudget(venue.clock, [[800, 1_000], [17_250, 60_000]]),
  };
  const rest = new RestRoutes(context);
  const connections = new OrderBudget(venue.clock, [[20, 1_000], [600, 60_000]]);
  const sessions = new Set<Session>();
  let sessionCount = 0;
  const refused = (text: string, status: number) =>
    ({ kind: "refused", response: new Response(text, { status }) }) as const;
  return {
    handleRequest: (request) => rest.handle(request),
    upgrade(request) {
      const url = new URL(request.url);
      if (url.pathname !== "/v1") return refused("Not Found", 404);
      const version = negotiatedVersion(url.searchParams);
      if (version === "refused") return refused("unsupported SBE schema", 400);
      if (!connections.admit()) return refused("Too Many Requests", 429);
      const accept = (socket: ServerSocket): void => {
        sessionCount += 1;
        const lane = `ws-${sessionCount.toString(16).padStart(16, "0")}`;
        const session = new Session(socket, version, lane, context, () => sessions.delete(session));
        sessions.add(session);
      };
      // The venue pings every 55 s and closes what does not answer.
      return { kind: "accepted", idleTimeoutS: 55, accept };
    },
    setFaults: (profile) => {
      faults.profile = profile;
    },
    waitingOrders: () => rules.triggers.waiting().map(({ request }) => request.clientOrderId),
    stop() {
      feed.stop();
      rules.triggers.stop();
      context.payments.stop();
      for (const session of sessions) session.close();
    },
  };
}

export function startSimulator(options: ProtocolSimulatorOptions): Promise<ProtocolSimulator> {
  return Promise.resolve(serveProtocol(createProtocol(options), options, (host) => ({
    rest: `http://${host}/v1`,
    ws: `ws://${host}/v1`,
  })));
}
