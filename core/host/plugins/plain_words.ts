/**
 * What a plugin asks for, in words an operator decides by: money first, then secrets, network, files, data. And what
 * changed between two versions: whether its power grew.
 */
import type { ExchangeManifest, Manifest, StrategyManifest } from "../../sdk/manifest.ts";

/** Things a plugin may do, each with a stable key, so that two versions can be compared. */
export interface Power {
  readonly key: string;
  /** For powers with an amount: more is wider. */
  readonly amount?: number;
  readonly words: string;
}

const usd = (amount: number): string => `${amount.toLocaleString("en-US")} USD`;
const venueWords = (
  venues: readonly string[],
): string => (venues.includes("*") ? "every connected venue" : venues.join(", "));

function moneyPowers(manifest: StrategyManifest): readonly Power[] {
  const { trading, riskBudget } = manifest;
  if (trading.orders === "none") return [];
  const verb = trading.orders === "trade" ? "place orders" : "place orders that only reduce positions";
  const budget = (key: keyof typeof riskBudget, words: string): Power => ({
    key: `budget.${key}`,
    amount: riskBudget[key],
    words,
  });
  return [
    ...trading.venues.flatMap((venue) =>
      trading.instruments.map((pattern): Power => ({
        key: `orders.${venue}.${pattern}`,
        amount: trading.orders === "trade" ? 2 : 1,
        words: `may ${verb} in ${pattern} on ${venueWords([venue])}`,
      }))
    ),
    budget("maxOrderNotionalUsd", `up to ${usd(riskBudget.maxOrderNotionalUsd)} in one order`),
    budget("maxPositionNotionalUsd", `up to ${usd(riskBudget.maxPositionNotionalUsd)} in one position`),
    budget("maxDailyLossUsd", `may lose ${usd(riskBudget.maxDailyLossUsd)} a day`),
    budget("maxOrdersPerSecond", `up to ${riskBudget.maxOrdersPerSecond} orders a second`),
    ...(manifest.onStop === "flatten"
      ? [{ key: "on_stop.flatten", words: "its positions are closed at market when it stops" }]
      : []),
  ];
}

function exchangePowers(manifest: ExchangeManifest): readonly Power[] {
  const endpoints = [
    ...Object.values(manifest.endpoints.live),
    ...Object.values(manifest.endpoints.testnet ?? {}),
  ];
  return [
    ...(manifest.tradingSecrets.length > 0
      ? [{
        key: `trades.${manifest.venue}`,
        words: `sends the host's orders to ${manifest.venue}, with your account's keys`,
      }]
      : []),
    ...[...manifest.tradingSecrets, ...(manifest.optionalSecrets ?? [])].map((name): Power => ({
      key: `secret.${name}`,
      words: `reads the secret ${name}`,
    })),
    ...[...new Set(endpoints.map((endpoint) => new URL(endpoint.url).host))].map((host): Power => ({
      key: `net.${host}`,
      words: `connects to ${host}`,
    })),
    ...manifest.packages.map((name): Power => ({
      key: `package.${name}`,
      words: `loads the package ${name}`,
    })),
  ];
}

/** Everything a manifest asks for, money first. */
export function powersOf(manifest: Manifest): readonly Power[] {
  const { net = [], read = [], write = [], secrets = [] } = manifest.permissions ?? {};
  return [
    ...(manifest.kind === "strategy" ? moneyPowers(manifest) : exchangePowers(manifest)),
    ...secrets.map((name): Power => ({ key: `secret.${name}`, words: `reads the secret ${name}` })),
    ...net.map((host): Power => ({ key: `net.${host}`, words: `connects to ${host}` })),
    ...write.map((path): Power => ({ key: `write.${path}`, words: `writes files in ${path}` })),
    ...read.map((path): Power => ({ key: `read.${path}`, words: `reads files in ${path}` })),
    ...(manifest.kind === "strategy"
      ? manifest.trading.data.map((kind): Power => ({
        key: `data.${kind}`,
        words: `sees ${kind} of ${manifest.trading.instruments.join(", ")} on ${
          venueWords(manifest.trading.venues)
        }`,
      }))
      : []),
  ];
}

/** True when a plugin asks for the network, files or secrets: such a one never runs unapproved. */
export function asksForSystem(manifest: Manifest): boolean {
  const { net = [], read = [], write = [], secrets = [] } = manifest.permissions ?? {};
  return manifest.kind === "exchange" || net.length + read.length + write.length + secrets.length > 0;
}

export interface PowerChange {
  /** Wider waits for the operator, narrower and same go through. */
  readonly direction: "same" | "narrower" | "wider";
  readonly gained: readonly string[];
  readonly lost: readonly string[];
}

/** What the new version may do that the approved one may not, and the other way round. */
export function comparePowers(approved: Manifest, updated: Manifest): PowerChange {
  const before = new Map(powersOf(approved).map((power) => [power.key, power]));
  const after = new Map(powersOf(updated).map((power) => [power.key, power]));
  // NaN never gets here: manifests are validated. Written so that it would count as wider.
  const gained = [...after.values()].filter((power) => {
    const old = before.get(power.key);
    return old === undefined || !((power.amount ?? 0) <= (old.amount ?? 0));
  });
  const lost = [...before.values()].filter((power) => {
    const now = after.get(power.key);
    return now === undefined || (now.amount ?? 0) < (power.amount ?? 0);
  });
  const direction = gained.length > 0 ? "wider" : lost.length > 0 ? "narrower" : "same";
  return { direction, gained: gained.map((power) => power.words), lost: lost.map((power) => power.words) };
}
