/**
 * What an environment means: which addresses an adapter may reach, which secrets it gets, and whether its orders go
 * to a venue at all. The four modes differ here and in compose.ts, nowhere else.
 *
 * In `sim` and `paper` no order can reach a real venue: sim knows loopback addresses alone, and paper gets neither
 * trading secrets nor the permission to connect to hosts that only trading needs; its orders are filled in the host.
 */
import type { Environment, ExchangeManifest } from "../../sdk/manifest.ts";
import type { SimulatedVenueAccess } from "./simulation_process.ts";

export interface AdapterAccess {
  /** URLs by the manifest's endpoint names. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** `host:port` of these URLs: all that the adapter's process may connect to. */
  readonly netHosts: readonly string[];
  /** Secrets that are handed over, by name. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Orders are filled by the host against live quotes instead of being sent. */
  readonly isPaper: boolean;
}

export type AccessResult =
  | { readonly kind: "access"; readonly access: AdapterAccess }
  | { readonly kind: "impossible"; readonly what: string; readonly fix: string };

const defaultPorts: Readonly<Record<string, string>> = {
  "https:": "443",
  "wss:": "443",
  "http:": "80",
  "ws:": "80",
};

/** `host:port` of a URL, with the scheme's own port where none is written. */
export function hostAndPort(url: string): string {
  const parsed = new URL(url);
  return `${parsed.hostname}:${parsed.port === "" ? defaultPorts[parsed.protocol] ?? "" : parsed.port}`;
}

const hostsOf = (endpoints: Readonly<Record<string, string>>): readonly string[] => [
  ...new Set(Object.values(endpoints).map(hostAndPort)),
];

function isLoopback(url: string): boolean {
  const name = new URL(url).hostname;
  return name === "127.0.0.1" || name === "[::1]" || name === "localhost";
}

function simulatedAccess(
  manifest: ExchangeManifest,
  simulated: SimulatedVenueAccess | undefined,
): AccessResult {
  if (simulated === undefined) {
    return {
      kind: "impossible",
      what: `There is no simulator of ${manifest.venue}.`,
      fix: `Leave ${manifest.venue} out of venues, or use another environment.`,
    };
  }
  const foreign = Object.entries(simulated.endpoints).find(([, url]) => !isLoopback(url));
  if (foreign !== undefined) {
    return {
      kind: "impossible",
      what: `The simulator of ${manifest.venue} named ${foreign[0]} outside this machine.`,
      fix: "Simulated venues run on loopback only; report this.",
    };
  }
  const secrets = Object.fromEntries(
    Object.entries(simulated.credentials).filter(([name]) => manifest.tradingSecrets.includes(name)),
  );
  const { endpoints } = simulated;
  return { kind: "access", access: { endpoints, netHosts: hostsOf(endpoints), secrets, isPaper: false } };
}

function paperAccess(manifest: ExchangeManifest, overrides: EndpointOverrides): AccessResult {
  const isNeeded = (name: string): boolean => manifest.endpoints.live[name]?.purpose === "market_data";
  const endpoints = withOverrides(
    manifest.venue,
    Object.fromEntries(
      Object.entries(manifest.endpoints.live).filter(([name]) => isNeeded(name))
        .map(([name, endpoint]) => [name, endpoint.url]),
    ),
    Object.fromEntries(
      Object.entries(overrides).filter(([name]) =>
        isNeeded(name) || manifest.endpoints.live[name] === undefined
      ),
    ),
  );
  return endpoints.kind === "impossible" ? endpoints : accessTo(endpoints.endpoints, {}, true);
}

/** Addresses that the operator put in place of the manifest's, by its names for them. */
export type EndpointOverrides = Readonly<Record<string, string>>;

const accessTo = (
  endpoints: Readonly<Record<string, string>>,
  secrets: Readonly<Record<string, string>>,
  isPaper: boolean,
): AccessResult => ({
  kind: "access",
  access: { endpoints, netHosts: hostsOf(endpoints), secrets, isPaper },
});

/** Keys go to these addresses: an unknown name is a slip, and what is not encrypted may go to this machine alone. */
function withOverrides(
  venue: string,
  endpoints: Readonly<Record<string, string>>,
  overrides: EndpointOverrides,
):
  | { readonly kind: "endpoints"; readonly endpoints: Readonly<Record<string, string>> }
  | Extract<AccessResult, { readonly kind: "impossible" }> {
  for (const [name, url] of Object.entries(overrides)) {
    const given = endpoints[name];
    const setting = `venues.endpoints.${venue}.${name}`;
    if (given === undefined) {
      return {
        kind: "impossible",
        what: `${setting} names no address of ${venue}.`,
        fix: `Its addresses are ${Object.keys(endpoints).join(", ")}.`,
      };
    }
    const isSafe = URL.canParse(url) && (isLoopback(url) || /^(https|wss):$/.test(new URL(url).protocol));
    const isSameKind = URL.canParse(url) &&
      new URL(url).protocol.startsWith("ws") === new URL(given).protocol.startsWith("ws");
    if (!isSafe || !isSameKind) {
      const scheme = new URL(given).protocol.replace(":", "");
      return { kind: "impossible", what: `${setting} is ${url}.`, fix: `Write a ${scheme}:// address.` };
    }
  }
  return { kind: "endpoints", endpoints: { ...endpoints, ...overrides } };
}

function tradingAccess(
  environment: "testnet" | "live",
  manifest: ExchangeManifest,
  readSecret: (name: string) => string | undefined,
  overrides: EndpointOverrides,
): AccessResult {
  const declared = environment === "live" ? manifest.endpoints.live : manifest.endpoints.testnet;
  if (declared === undefined) {
    return {
      kind: "impossible",
      what: `${manifest.venue} has no testnet.`,
      fix: `Leave ${manifest.venue} out of venues, or use paper.`,
    };
  }
  const found = manifest.tradingSecrets.map((name) => [name, readSecret(name)] as const);
  const missing = found.filter(([, value]) => value === undefined || value === "").map(([name]) => name);
  if (missing.length > 0 && missing.length < found.length) {
    return {
      kind: "impossible",
      what: `${manifest.venue} lacks ${missing.join(", ")}.`,
      fix: "Put all of its keys into .env, or none for market data only.",
    };
  }
  const endpoints = withOverrides(
    manifest.venue,
    Object.fromEntries(Object.entries(declared).map(([name, endpoint]) => [name, endpoint.url])),
    overrides,
  );
  if (endpoints.kind === "impossible") return endpoints;
  const optional = (manifest.optionalSecrets ?? []).map((name) => [name, readSecret(name)] as const);
  const secrets = Object.fromEntries(
    [...found, ...optional].flatMap((
      [name, value],
    ) => (value === undefined || value === "" ? [] : [[name, value] as const])),
  );
  return accessTo(endpoints.endpoints, secrets, false);
}

/** What the adapter of one venue gets in an environment, or why it can't run there. */
export function adapterAccess(
  environment: Environment,
  manifest: ExchangeManifest,
  simulated: SimulatedVenueAccess | undefined,
  readSecret: (name: string) => string | undefined,
  overrides: EndpointOverrides = {},
): AccessResult {
  switch (environment) {
    case "sim":
      return simulatedAccess(manifest, simulated);
    case "paper":
      return paperAccess(manifest, overrides);
    case "testnet":
    case "live":
      return tradingAccess(environment, manifest, readSecret, overrides);
    default:
      return environment satisfies never;
  }
}
