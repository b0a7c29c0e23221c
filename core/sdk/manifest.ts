/** What a plugin declares about itself. Plain data: the host reads it in a sandbox with no permissions at all. */
import type { SettingsShape } from "./settings.ts";

/** Raised when a plugin written for an older SDK would no longer work. */
export const sdkVersion = 1;

/** What the plugin's process may reach. Empty for nearly every strategy. */
export interface SystemPermissions {
  /** `host` or `host:port`. */
  readonly net?: readonly string[];
  /** Absolute folders, for `Deno.readTextFile` and its like. berth's own data, plugin folders and `.env` are never granted. */
  readonly read?: readonly string[];
  readonly write?: readonly string[];
  /** Names of secrets that the host hands over if the operator grants them. */
  readonly secrets?: readonly string[];
}

export const marketDataKinds = ["quotes", "trades", "books", "marks"] as const;
export type MarketDataKind = (typeof marketDataKinds)[number];

export interface TradingCapabilities {
  /** Venue ids, or `*` for all that are connected. */
  readonly venues: readonly string[];
  /** Symbols with `*` as wildcard: `BTC-PERP`, `*-PERP`. */
  readonly instruments: readonly string[];
  readonly data: readonly MarketDataKind[];
  readonly orders: "none" | "reduce_only" | "trade";
}

/** The limits a strategy asks for; the operator grants these or less. In USD. */
export interface RiskBudget {
  readonly maxOrderNotionalUsd: number;
  /** Absolute position value per instrument and venue. */
  readonly maxPositionNotionalUsd: number;
  readonly maxOrdersPerSecond: number;
  readonly maxDailyLossUsd: number;
}

interface ManifestBase<Shape extends SettingsShape> {
  /** Lower-case letters, digits and _; the plugin's identity in journal, config and console. */
  readonly id: string;
  /** Semantic version of the plugin. */
  readonly version: string;
  /** The SDK version it was written for. */
  readonly sdkVersion: number;
  /** One sentence. */
  readonly description: string;
  readonly author: string;
  readonly permissions?: SystemPermissions;
  /** It starts only after `berth plugin enable`: for what not everybody wants to run. */
  readonly startsDisabled?: boolean;
  readonly settings: Shape;
}

export interface StrategyManifest<Shape extends SettingsShape = SettingsShape> extends ManifestBase<Shape> {
  readonly kind: "strategy";
  readonly trading: TradingCapabilities;
  readonly riskBudget: RiskBudget;
  /** What happens to its positions when it dies or is stopped; its working orders are always cancelled. */
  readonly onStop: "keep_positions" | "flatten";
}

export const environments = ["sim", "paper", "testnet", "live"] as const;
export type Environment = (typeof environments)[number];

/** One base URL of a venue. Paper trading gets permission for `market_data` hosts alone. */
export interface VenueEndpoint {
  readonly url: string;
  readonly purpose: "market_data" | "trading";
}

export interface ExchangeManifest<Shape extends SettingsShape = SettingsShape> extends ManifestBase<Shape> {
  readonly kind: "exchange";
  /** The venue id under which its instruments appear. */
  readonly venue: string;
  /**
   * Endpoints by name, the same names in each environment. In `sim` the host puts the simulator's loopback
   * addresses under these names.
   */
  readonly endpoints: {
    readonly live: Readonly<Record<string, VenueEndpoint>>;
    readonly testnet?: Readonly<Record<string, VenueEndpoint>>;
  };
  /** Names of the secrets that trading needs, in the order in which they are asked for. */
  readonly tradingSecrets: readonly string[];
  /** Names of secrets that it can do without: handed over beside the others where the operator gave them. */
  readonly optionalSecrets?: readonly string[];
  /** npm packages that its import graph may load, by bare name: `@scure/starknet`. */
  readonly packages: readonly string[];
  /** What the venue takes of one account, with room to spare; a cautious default where it is absent. */
  readonly requestBudget?: RequestBudget;
}

/** Order requests as a token bucket, which the host keeps to before anything reaches the adapter. */
export interface RequestBudget {
  readonly requestsPerSecond: number;
  readonly burst: number;
  /** Share of the burst that only cancels and reduce-only orders may use: 0.3. */
  readonly reservedShare: number;
}

export type Manifest = StrategyManifest | ExchangeManifest;
