/** The simulated venues of one run: market, matching engine and protocol of each, and the real adapter that speaks to it. */
import { defaultSettings as okxDefaults } from "../exchanges/okx/builders.ts";
import { paradex as paradexSubject } from "../exchanges/paradex/bench.ts";
import {
  type Clock,
  type ExchangeAdapter,
  type ExchangeContext,
  type Log,
  type Publish,
  type Random,
  type Scheduler,
  type VenueId,
  venueId,
} from "@berth/sdk";
import type { OpenSocket } from "@berth/sdk/venue/transport.ts";
import { AsterAdapter } from "../../exchanges/aster/adapter.ts";
import { settings as asterSettings } from "../../exchanges/aster/settings.ts";
import * as aster from "../../exchanges/aster/simulator.ts";
import { EdgexAdapter } from "../../exchanges/edgex/adapter.ts";
import { settings as edgexSettings } from "../../exchanges/edgex/settings.ts";
import * as edgex from "../../exchanges/edgex/simulator.ts";
import { HyperliquidAdapter } from "../../exchanges/hyperliquid/adapter.ts";
import { clientIdOf } from "../../exchanges/hyperliquid/client_ids.ts";
import { settings as hyperliquidSettings } from "../../exchanges/hyperliquid/settings.ts";
import * as hyperliquid from "../../exchanges/hyperliquid/simulator.ts";
import { OkxAdapter } from "../../exchanges/okx/adapter.ts";
import type { settings as okxSettings } from "../../exchanges/okx/settings.ts";
import * as okx from "../../exchanges/okx/simulator.ts";
import { spawnedBy } from "../../exchanges/okx/simulator/algo_orders.ts";
import { ParadexAdapter } from "../../exchanges/paradex/adapter.ts";
import type { SigningKey } from "../../exchanges/paradex/credentials.ts";
import { settings as paradexSettings } from "../../exchanges/paradex/settings.ts";
import { type SignedOrder, toChainUnits } from "../../exchanges/paradex/signing.ts";
import * as paradex from "../../exchanges/paradex/simulator.ts";
import { type SigningAccount, signingAccount } from "../../exchanges/paradex/simulator/accounts.ts";
import type {
  FaultProfile,
  SimulatedCredentials,
  SimulationRandom,
  VenueProtocol,
} from "../../exchanges/simulation/ports.ts";
import { seededRandom } from "../../exchanges/simulation/random.ts";
import {
  createSimulatedVenue,
  type SimulatedVenueControl,
} from "../../exchanges/simulation/simulated_venue.ts";
import { MemoryNetwork } from "./memory_network.ts";
import type { SimProcess, World } from "./virtual_time.ts";
import { usualNames } from "../support/venue_fakes.ts";

export const accountId = "trader";
export const venueNames = ["paradex", "okx", "hyperliquid", "edgex", "aster"] as const;
export type VenueName = (typeof venueNames)[number];
/** What a seed runs on unless it is told otherwise. */
export const usualVenues: readonly VenueName[] = ["paradex", "okx"];

/** What an adapter is handed besides its venue. */
export interface AdapterSurroundings {
  readonly process: SimProcess & Clock & Scheduler;
  readonly publish: Publish;
  readonly log: Log;
  readonly random: Random;
  readonly symbols: readonly string[];
}

export interface SimVenue {
  readonly name: VenueName;
  readonly id: VenueId;
  readonly control: SimulatedVenueControl;
  readonly protocol: VenueProtocol;
  readonly network: MemoryNetwork;
  /** Our client order id of the one that an order has at the venue. */
  hostIdOf(venueClientId: string): string;
  makeAdapter(around: AdapterSurroundings): ExchangeAdapter;
}

/** Made once for a process: keys of the STARK curve cost tens of milliseconds. */
export interface VenueKeys {
  readonly paradex: SimulatedCredentials;
  readonly paradexAccount: SigningAccount;
  readonly okx: SimulatedCredentials;
  readonly hyperliquid: SimulatedCredentials;
  readonly edgex: SimulatedCredentials;
  readonly aster: SimulatedCredentials;
}

export async function makeKeys(): Promise<VenueKeys> {
  const random = seededRandom(1);
  const paradexKeys = await paradex.makeCredentials(random.fork("paradex"));
  return {
    paradex: paradexKeys,
    paradexAccount: signingAccount(paradexKeys["PARADEX_PRIVATE_KEY"] ?? ""),
    okx: await okx.makeCredentials(random.fork("okx")),
    hyperliquid: await hyperliquid.makeCredentials(random.fork("hyperliquid")),
    edgex: await edgex.makeCredentials(random.fork("edgex")),
    aster: await aster.makeCredentials(random.fork("aster")),
  };
}

export interface SimVenueOptions {
  readonly world: World;
  readonly random: SimulationRandom;
  readonly symbols: readonly string[];
  readonly faults: FaultProfile;
  readonly keys: VenueKeys;
  /** A cheap signature over the same fields stands for the curve's, which takes 14 ms an order. */
  readonly isSigningShort: boolean;
}

const simulators = { paradex, okx, hyperliquid, edgex, aster } as const;

export function makeVenue(name: VenueName, options: SimVenueOptions): SimVenue {
  const { world: { clock }, random, symbols } = options;
  const control = createSimulatedVenue({
    venue: name,
    instruments: simulators[name].simulatedInstruments.filter(({ symbol }) => symbols.includes(symbol)),
    clock,
    firstId: 1_000_000,
  });
  control.deposit(accountId, "100000");
  const protocol = makeProtocol(name, control, options);
  const network = new MemoryNetwork(clock, random.fork(`network/${name}`), protocol);
  return {
    name,
    id: venueId(name),
    control,
    protocol,
    network,
    hostIdOf: (id) => hostIdOf(name, id),
    makeAdapter: (around) => makeAdapter(name, network, options, around),
  };
}

function hostIdOf(name: VenueName, id: string): string {
  if (name === "hyperliquid") return clientIdOf(id) ?? id;
  // What came of a trigger order is known to the simulated OKX by the ids of both.
  return name === "okx" ? spawnedBy(id)?.algoClOrdId ?? id : id;
}

function makeAdapter(
  name: VenueName,
  network: MemoryNetwork,
  options: SimVenueOptions,
  around: AdapterSurroundings,
): ExchangeAdapter {
  switch (name) {
    case "okx":
      return okxAdapter(network, options.keys.okx, around);
    case "paradex":
      return paradexAdapter(network, options, around);
    case "hyperliquid":
      return hyperliquidAdapter(network, options.keys.hyperliquid, around);
    case "edgex":
      return edgexAdapter(network, options.keys.edgex, around);
    case "aster":
      return asterAdapter(network, options.keys.aster, around);
    default:
      return name satisfies never;
  }
}

function makeProtocol(
  name: VenueName,
  venue: SimulatedVenueControl,
  options: SimVenueOptions,
): VenueProtocol {
  const { keys, random, faults } = options;
  const credentials = keys[name];
  const parts = { venue, accountId, credentials, faults, random: random.fork(`faults/${name}`) };
  if (name === "okx") return okx.createProtocol(parts);
  if (name === "aster") return aster.createProtocol(parts);
  if (name === "edgex") return edgex.createProtocol(parts);
  // Enough behind it for a dead man's switch.
  if (name === "hyperliquid") return hyperliquid.createProtocol({ ...parts, priorVolumeUsd: 2_000_000 });
  const { paradexAccount } = keys;
  return paradex.createProtocol(
    parts,
    options.isSigningShort ? { ...paradexAccount, isSigned: isShortlySigned } : paradexAccount,
  );
}

const context = (name: VenueName, secrets: SimulatedCredentials, around: AdapterSurroundings) => ({
  venue: name,
  environment: "sim" as const,
  symbols: around.symbols,
  symbolFor: usualNames,
  secret: (key: string) => secrets[key],
  publish: around.publish,
  clock: around.process,
  scheduler: around.process,
  random: around.random,
  log: around.log,
  gauge: () => {},
  panel: () => {},
});

function okxAdapter(
  network: MemoryNetwork,
  secrets: SimulatedCredentials,
  around: AdapterSurroundings,
): ExchangeAdapter {
  const ctx: ExchangeContext<typeof okxSettings> = {
    ...context("okx", secrets, around),
    endpoints: {
      restUrl: "http://okx.test",
      wsPublicUrl: "ws://okx.test/ws/v5/public",
      wsPrivateUrl: "ws://okx.test/ws/v5/private",
      wsBusinessUrl: "ws://okx.test/ws/v5/business",
    },
    settings: okxDefaults,
  };
  return new OkxAdapter(ctx, {
    fetch: network.fetchOf(around.process),
    openSocket: socketsOf(network, around.process),
  });
}

function hyperliquidAdapter(
  network: MemoryNetwork,
  secrets: SimulatedCredentials,
  around: AdapterSurroundings,
): ExchangeAdapter {
  const ctx: ExchangeContext<typeof hyperliquidSettings> = {
    ...context("hyperliquid", secrets, around),
    endpoints: { restUrl: "http://hyperliquid.test", wsUrl: "ws://hyperliquid.test/ws" },
    settings: {
      vaultAddress: "",
      bookSpeed: "fast",
      defaultMakerFeeBps: 1.5,
      defaultTakerFeeBps: 4.5,
      rateLimitShare: 0.9,
      actionExpiryMs: 15_000,
      deadMansSwitchSeconds: 30,
    },
  };
  return new HyperliquidAdapter(ctx, {
    fetch: network.fetchOf(around.process),
    openSocket: socketsOf(network, around.process),
  });
}

function edgexAdapter(
  network: MemoryNetwork,
  secrets: SimulatedCredentials,
  around: AdapterSurroundings,
): ExchangeAdapter {
  const ctx: ExchangeContext<typeof edgexSettings> = {
    ...context("edgex", secrets, around),
    endpoints: {
      restUrl: "http://edgex.test",
      wsPublicUrl: "ws://edgex.test/api/v1/public/ws",
      wsPrivateUrl: "ws://edgex.test/api/v1/private/ws",
    },
    settings: {
      bookLevels: "200",
      triggerPriceType: "ORACLE_PRICE",
      ordersPerMinute: 240,
      questionsPerMinute: 300,
    },
  };
  return new EdgexAdapter(ctx, {
    fetch: network.fetchOf(around.process),
    openSocket: socketsOf(network, around.process),
  });
}

function asterAdapter(
  network: MemoryNetwork,
  secrets: SimulatedCredentials,
  around: AdapterSurroundings,
): ExchangeAdapter {
  const ctx: ExchangeContext<typeof asterSettings> = {
    ...context("aster", secrets, around),
    endpoints: { restUrl: "http://aster.test", wsUrl: "ws://aster.test" },
    settings: {
      preferredQuoteAssets: asterSettings.preferredQuoteAssets.default,
      bookSpeed: "100ms",
      defaultMakerFeeBps: 2,
      defaultTakerFeeBps: 4,
      triggerPriceType: "mark",
      rateLimitShare: 0.9,
      deadMansSwitchSeconds: 30,
    },
  };
  return new AsterAdapter(ctx, {
    fetch: network.fetchOf(around.process),
    openSocket: socketsOf(network, around.process),
  });
}

function paradexAdapter(
  network: MemoryNetwork,
  { keys, isSigningShort }: SimVenueOptions,
  around: AdapterSurroundings,
): ExchangeAdapter {
  const ctx: ExchangeContext<typeof paradexSettings> = {
    ...context("paradex", keys.paradex, around),
    endpoints: { rest: "http://paradex.test/v1", ws: "ws://paradex.test/v1" },
    settings: paradexSubject.settings,
  };
  return new ParadexAdapter(ctx, {
    fetch: network.fetchOf(around.process),
    openSocket: socketsOf(network, around.process),
    ...(isSigningShort ? { keyOf: () => shortKey(BigInt(keys.paradexAccount.publicKey)) } : {}),
  });
}

const socketsOf = (network: MemoryNetwork, owner: SimProcess): OpenSocket => (url, handlers, headers) =>
  network.connect(owner, { url, headers }, {
    onOpen: () => handlers.onOpen(),
    onData: (data) => typeof data === "string" ? handlers.onText(data) : handlers.onBinary?.(bufferOf(data)),
    onClose: (why) => handlers.onClose(why),
  });

const bufferOf = (data: Uint8Array<ArrayBuffer>): ArrayBuffer =>
  data.byteOffset === 0 && data.byteLength === data.buffer.byteLength ? data.buffer : data.slice().buffer;

// The short signature: a checksum of the fields that the long one covers, so that a wrong field is still refused.

function checksum(fields: readonly (string | number | bigint)[]): string {
  let hash = 0x811c9dc5;
  for (const letter of fields.map(String).join("|")) {
    hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193) >>> 0;
  }
  return `["${hash}","1"]`;
}

const isShortlySigned: SigningAccount["isSigned"] = (type, fields, signature) =>
  signature === checksum([type, ...fields]);

const orderFields = (order: SignedOrder): readonly (string | number | bigint)[] => [
  order.timestampMs,
  order.market,
  order.side === "BUY" ? 1 : 2,
  order.type,
  toChainUnits(order.size),
  toChainUnits(order.price),
];

const shortKey = (publicKey: bigint): SigningKey => ({
  publicKey,
  signer: () => ({
    order: (order) => checksum(["order", ...orderFields(order)]),
    modifyOrder: (order, id) => checksum(["modify", ...orderFields(order), id]),
    auth: ({ timestampS, expirationS }) =>
      checksum(["request", "POST", "/v1/auth", "", String(timestampS), String(expirationS)]),
    onboarding: () => checksum(["constant", "Onboarding"]),
  }),
});
