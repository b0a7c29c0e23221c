/** What an endpoint of the simulated Aster is. */
import type { Faults } from "../../simulation/faults.ts";
import type { VenueHistory } from "../../simulation/history.ts";
import type { SimulatedVenue } from "../../simulation/ports.ts";
import type { AccountSettings } from "./account_settings.ts";
import type { Authentication } from "./authentication.ts";
import type { Countdowns } from "./countdowns.ts";
import { missing, unknownSymbol, type VenueError } from "./errors.ts";
import type { Limits } from "./limits.ts";
import type { ListenKeys } from "./listen_keys.ts";
import { type AsterListing, listingOf, listings } from "./listing.ts";
import type { Orders } from "./orders.ts";
import type { PublicFeed } from "./public_feed.ts";

export interface RestContext {
  readonly venue: SimulatedVenue;
  readonly accountId: string;
  readonly authentication: Authentication;
  readonly limits: Limits;
  readonly orders: Orders;
  readonly keys: ListenKeys;
  readonly feed: PublicFeed;
  readonly history: VenueHistory;
  readonly countdowns: Countdowns;
  readonly settings: AccountSettings;
  /** A setting changed: the account's stream tells it. */
  readonly onConfig: (event: Readonly<Record<string, unknown>>) => void;
  readonly faults: Faults;
}

export type Params = ReadonlyMap<string, string>;

/** What an endpoint answers: data, or an error. */
export type Answer = unknown | VenueError;

export interface Route {
  readonly weight: (params: Params) => number;
  readonly isSigned: boolean;
  /** Those that it takes; any other is refused. Absent where it checks them itself. */
  readonly params?: readonly string[];
  /** Orders that it counts for. */
  readonly orders?: (params: Params) => number;
  /** Draws faults of order requests. */
  readonly isOrder?: boolean;
  readonly handle: (params: Params, context: RestContext) => Answer;
}

export const listed = (venue: SimulatedVenue): readonly AsterListing[] =>
  listings.filter((one) => venue.instrument(one.simulated.symbol) !== undefined);

/** Answers of endpoints that want a symbol. */
export const ofSymbol =
  (act: (one: AsterListing, params: Params, context: RestContext) => Answer) =>
  (params: Params, context: RestContext): Answer => {
    const symbol = params.get("symbol");
    if (symbol === undefined || symbol === "") return missing("symbol");
    const one = listingOf(symbol);
    return one === undefined || !listed(context.venue).includes(one)
      ? unknownSymbol
      : act(one, params, context);
  };

export const weightOf = (weight: number) => (): number => weight;
