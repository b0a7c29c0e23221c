/**
 * The simulated Hyperliquid: `info`, `exchange` and the WebSocket on loopback, over the shared matching engine. It
 * checks signatures, nonces, agents, precision and limits as the venue does, in its testnet's dress. Everything it
 * lists and fills is simulated.
 *
 * @see README.md: what of the venue could not be verified, and what is not simulated
 */
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
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
import { AccountLog } from "./simulator/account_log.ts";
import { AddressBudget, Agents } from "./simulator/accounts.ts";
import { ExchangeDesk } from "./simulator/exchange_desk.ts";
import { Gateway, type Reply, weightOf } from "./simulator/gateway.ts";
import { InfoDesk, weightOfInfo } from "./simulator/info.ts";
import { IpLimits } from "./simulator/ip_limits.ts";
import { listings } from "./simulator/listing.ts";
import { NonceSets } from "./simulator/nonces.ts";
import { PublicFeed } from "./simulator/public_feed.ts";
import { Session } from "./simulator/sessions.ts";

export const simulatedInstruments: readonly SimulatedInstrument[] = listings.map((one) => one.simulated);

/** A private key that the curve takes; nearly all numbers are. */
function makeKey(random: SimulationRandom): string {
  for (;;) {
    const key = hexText(random, 64);
    if (secp256k1.utils.isValidSecretKey(hexToBytes(key))) return `0x${key}`;
  }
}

function addressOf(privateKey: string): string {
  const publicKey = secp256k1.getPublicKey(hexToBytes(privateKey.replace(/^0x/, "")), false);
  return `0x${bytesToHex(keccak_256(publicKey.subarray(1)).subarray(12))}`;
}

/** A funded master account and its agent, made up for one run. The master's own key is for other clients' tests. */
export function makeCredentials(random: SimulationRandom): Promise<SimulatedCredentials> {
  const master = makeKey(random);
  return Promise.resolve({
    HYPERLIQUID_ACCOUNT_ADDRESS: addressOf(master),
    HYPERLIQUID_AGENT_PRIVATE_KEY: makeKey(random),
    HYPERLIQUID_MASTER_PRIVATE_KEY: master,
  });
}

export interface HyperliquidProtocolOptions extends ProtocolOptions {
  /** What the account traded before, in USD: some actions want a million. Default 0. */
  readonly priorVolumeUsd?: number;
}

/** The venue's protocol without a server: requests and sockets are handed in. */
export function createProtocol(options: HyperliquidProtocolOptions): VenueProtocol {
  const { venue, accountId, credentials, priorVolumeUsd = 0 } = options;
  const { clock } = venue;
  const master = (credentials["HYPERLIQUID_ACCOUNT_ADDRESS"] ?? "").toLowerCase();
  const faults = new Faults(options.faults, options.random, clock);
  const sessions = new Set<Session>();
  const log = new AccountLog(venue, accountId, priorVolumeUsd, (row) => {
    for (const session of sessions) session.onFunding({ ...row });
  });
  const volumeUsd = (): number => log.volumeUsd;
  const desk = new ExchangeDesk({
    venue,
    accountId,
    volumeUsd,
    onTriggerUpdate: (row) => {
      for (const session of sessions) session.onTriggerUpdate(row);
    },
  });
  const agents = new Agents(clock, master, addressOf(credentials["HYPERLIQUID_AGENT_PRIVATE_KEY"] ?? ""));
  const budget = new AddressBudget(clock);
  const gateway = new Gateway({ clock, agents, nonces: new NonceSets(), budget, desk, volumeUsd });
  const info = new InfoDesk({ venue, accountId, master, desk, log, agents, budget });
  const feed = new PublicFeed(venue, faults, () => info.mids());
  const limits = new IpLimits(clock);
  const context = { venue, accountId, master, desk, gateway, info, feed, limits, faults };
  let sessionCount = 0;

  const answer = async (request: Request): Promise<Response | "none"> => {
    const path = new URL(request.url).pathname;
    if (path !== "/info" && path !== "/exchange") return new Response("Not Found", { status: 404 });
    if (request.method !== "POST") return new Response(null, { status: 405 });
    if (!(request.headers.get("content-type") ?? "").startsWith("application/json")) {
      return new Response("Expected request with `Content-Type: application/json`", { status: 415 });
    }
    let body: unknown;
    try {
      body = JSON.parse(await request.text());
    } catch {
      return new Response("Failed to parse the request body as JSON", { status: 400 });
    }
    if (path === "/info") {
      const reply = info.answer(body);
      if (!limits.admitWeight(weightOfInfo(body, reply))) return tooMany();
      return reply.kind === "data"
        ? Response.json(reply.data)
        : new Response(reply.text, { status: reply.status });
    }
    const fate = faults.requestFate();
    if (fate === "lose_request") return "none";
    if (fate === "rate_limit" || !limits.admitWeight(weightOf(body))) return tooMany();
    if (fate === "reject") return new Response("Bad Gateway", { status: 502 });
    const response = responseOf(gateway.handle(body));
    return fate === "lose_answer" ? "none" : response;
  };

  return {
    async handleRequest(request) {
      const response = await answer(request);
      // An answer that never comes: the caller's own deadline ends the wait.
      if (response === "none") return await new Promise<Response>(() => {});
      return await new Promise((resolve) => faults.delayedAlone(() => resolve(response)));
    },
    upgrade(request) {
      if (new URL(request.url).pathname !== "/ws") {
        return { kind: "refused", response: new Response("Not Found", { status: 404 }) };
      }
      if (!limits.admitConnection()) return { kind: "refused", response: tooMany() };
      return {
        kind: "accepted",
        idleTimeoutS: 0,
        accept(socket) {
          sessionCount += 1;
          const session = new Session(socket, sessionCount, context, () => sessions.delete(session));
          sessions.add(session);
        },
      };
    },
    setFaults: (profile) => {
      faults.profile = profile;
    },
    waitingOrders: () => desk.triggers().map(({ cloid }) => cloid ?? ""),
    stop() {
      feed.stop();
      desk.stop();
      log.stop();
      for (const session of [...sessions]) session.close();
    },
  };
}

const tooMany = (): Response => new Response("null", { status: 429 });

const responseOf = (reply: Reply): Response =>
  reply.kind === "body" ? Response.json(reply.body) : new Response(reply.text, { status: reply.status });

export function startSimulator(
  options: ProtocolSimulatorOptions & Pick<HyperliquidProtocolOptions, "priorVolumeUsd">,
): Promise<ProtocolSimulator> {
  return Promise.resolve(serveProtocol(createProtocol(options), options, (host) => ({
    restUrl: `http://${host}`,
    wsUrl: `ws://${host}/ws`,
  })));
}
