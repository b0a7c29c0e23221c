/**
 * Identifiers. Each is a branded string made by one function that checks its form, so that a venue's order id can't
 * be passed where ours is meant.
 */
import { BerthError } from "../errors.ts";

declare const brand: unique symbol; // not exported: no other module can write a brand down

export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** A place to trade: lower case, e.g. `paradex`. */
export type VenueId = Brand<string, "VenueId">;
/** A plugin: `paradex_scalper`, `okx`. */
export type PluginId = Brand<string, "PluginId">;
/** Venue and symbol: `paradex:BTC-PERP`. */
export type InstrumentId = Brand<string, "InstrumentId">;
/** Ours: letters and digits only, at most 32, unique for ever; every venue takes this form. */
export type ClientOrderId = Brand<string, "ClientOrderId">;
/** Theirs. */
export type VenueOrderId = Brand<string, "VenueOrderId">;
/** The venue's id of one of our fills, unique per venue. */
export type FillId = Brand<string, "FillId">;
/**
 * What caused an event: `quote/paradex:BTC-PERP/812`, `intent/cross_exchange_arbitrage/17`, `order/b7x2…`,
 * `timer/…`, `operator/…`. Every journalled event carries its own id and that of its cause.
 */
export type CauseId = Brand<string, "CauseId">;

function checked<T extends string>(
  kind: string,
  value: string,
  pattern: RegExp,
  expected: string,
): Brand<string, T> {
  if (!pattern.test(value)) {
    throw new BerthError("MODEL_INVALID_ID", { kind, value: value.slice(0, 80), expected });
  }
  return value as Brand<string, T>; // the one cast of this file
}

/** @throws {BerthError} MODEL_INVALID_ID */
export const venueId = (value: string): VenueId =>
  checked("venue id", value, /^[a-z][a-z0-9_]{1,23}$/, "lower-case letters, digits and _, at most 24");
/** @throws {BerthError} MODEL_INVALID_ID */
export const pluginId = (value: string): PluginId =>
  checked("plugin id", value, /^[a-z][a-z0-9_]{1,47}$/, "lower-case letters, digits and _, at most 48");
/** @throws {BerthError} MODEL_INVALID_ID */
export const instrumentId = (venue: string, symbol: string): InstrumentId =>
  checked(
    "instrument id",
    `${venue}:${symbol}`,
    /^[a-z][a-z0-9_]{1,23}:[A-Za-z0-9]{1,20}(-[A-Z0-9]{1,12}){1,4}$/,
    "venue:SYMBOL such as paradex:BTC-PERP",
  );
/** Reads `venue:SYMBOL`. @throws {BerthError} MODEL_INVALID_ID */
export function parseInstrumentId(text: string): InstrumentId {
  const colon = text.indexOf(":");
  return instrumentId(text.slice(0, Math.max(colon, 0)), text.slice(colon + 1));
}
/** The venue part of an instrument id. */
export const venueOf = (id: InstrumentId): VenueId => venueId(id.slice(0, id.indexOf(":")));
/** The symbol part of an instrument id, the same on every venue: `BTC-PERP`. */
export const symbolOf = (id: InstrumentId): string => id.slice(id.indexOf(":") + 1);
/** @throws {BerthError} MODEL_INVALID_ID */
export const clientOrderId = (value: string): ClientOrderId =>
  checked("client order id", value, /^[A-Za-z0-9]{1,32}$/, "letters and digits, at most 32");
/** @throws {BerthError} MODEL_INVALID_ID */
export const venueOrderId = (value: string): VenueOrderId =>
  checked("venue order id", value, /^[\x21-\x7e]{1,128}$/, "printable text, at most 128 characters");
/** @throws {BerthError} MODEL_INVALID_ID */
export const fillId = (value: string): FillId =>
  checked("fill id", value, /^[\x21-\x7e]{1,128}$/, "printable text, at most 128 characters");
/** @throws {BerthError} MODEL_INVALID_ID */
export const causeId = (value: string): CauseId =>
  checked("cause id", value, /^[a-z_]+\/[\x21-\x7e]{1,160}$/, "kind/rest, printable text");
