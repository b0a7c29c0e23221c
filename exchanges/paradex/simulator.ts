/**
 * The simulated Paradex: REST and WebSocket on loopback over the shared matching engine, with STARK signatures
 * verified, public channels in binary, and the venue's own errors. Everything it lists and fills is simulated. Stop
 * and take-profit orders are not.
 */
import { grindKey } from "@scure/starknet";
import { Faults } from "../simulation/faults.ts";
import type {
  ProtocolSimulator,
  ProtocolSimulatorOptions,
  SimulatedCredentials,
  SimulatedInstrument,
  SimulationRandom,
} from "../simulation/ports.ts";
import { Accounts, addressOf } from "./simulator/accounts.ts";
import { listings } from "./simulator/listing.ts";
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
  const seed = Array.from({ length: 64 }, () => Math.floor(random.next() * 16).toString(16)).join("");
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

export function startSimulator(options: ProtocolSimulatorOptions): Promise<ProtocolSimulator> {
  const { venue, accountId, credentials } = options;
  const faults = new Faults(options.faults, options.random, venue.clock);
  const accounts = new Accounts(
    credentials["PARADEX_PRIVATE_KEY"] ?? "",
    venue.clock,
    credentials["ONBOARDED"] !== "false",
  );
  const rules = new OrderRules(venue, accountId, accounts);
  const feed = new PublicFeed(venue, faults);
  const context = {
    venue,
    accountId,
    accounts,
    rules,
    feed,
    faults,
    rows: { venue, address: accounts.address, facts: rules.facts, sequence: new SequenceNumbers() },
    budget: new OrderBudget(venue.clock, [[800, 1_000], [17_250, 60_000]]),
  };
  const rest = new RestRoutes(context);
  const connections = new OrderBudget(venue.clock, [[20, 1_000], [600, 60_000]]);
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
    const url = new URL(request.url);
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") return rest.handle(request);
    if (url.pathname !== "/v1") return new Response("Not Found", { status: 404 });
    const version = negotiatedVersion(url.searchParams);
    if (version === "refused") return new Response("unsupported SBE schema", { status: 400 });
    if (!connections.admit()) return new Response("Too Many Requests", { status: 429 });
    // The venue pings every 55 s and closes what does not answer.
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 55 });
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      const session = new Session(socket, version, context);
      sessions.add(session);
      socket.addEventListener("close", () => sessions.delete(session));
    };
    return response;
  });
  const base = `${options.hostname}:${server.addr.port}`;
  return Promise.resolve({
    endpoints: { rest: `http://${base}/v1`, ws: `ws://${base}/v1` },
    async stop() {
      feed.stop();
      for (const session of sessions) session.close();
      ending.abort();
      await server.finished;
    },
  });
}
