/** What the simulated Paradex's REST routes are made of (paradex.md, section 4). */
import { type ApiError } from "./accounts.ts";
import { listingOf, type ParadexListing, priceText, sizeText } from "./listing.ts";
import type { SimulatedLevel } from "../../simulation/ports.ts";
import type { SessionContext } from "./sessions.ts";

export interface Call {
  readonly context: SessionContext;
  readonly request: Request;
  readonly query: URLSearchParams;
  /** Parts of the path after the pattern's fixed ones. */
  readonly parts: readonly string[];
  readonly body: unknown;
}

export type Result = { readonly status: number; readonly body?: unknown } | ApiError;

export interface Route {
  readonly method: string;
  readonly pattern: RegExp;
  readonly pool: "public" | "auth" | "private" | "orders";
  readonly handle: (call: Call) => Result;
}

export const ok = (body: unknown): Result => ({ status: 200, body });
export const notFound = (error: string, message: string): ApiError => ({ status: 400, error, message });

export function withMarket(
  call: Call,
  market: string | null | undefined,
  act: (one: ParadexListing) => Result,
): Result {
  const one = listingOf(call.context.venue, market ?? "");
  return one === undefined ? notFound("MARKET_NOT_FOUND", `market ${market ?? ""} not found`) : act(one);
}

export const levelText = (
  { priceTicks, sizeLots }: SimulatedLevel,
  one: ParadexListing,
): readonly [string, string] => [priceText(priceTicks, one), sizeText(sizeLots, one)];

/** A page of a list, newest first; the cursor is the index of the next row, in Base64. */
export function page<Item>(call: Call, newestFirst: readonly Item[], row: (item: Item) => unknown): Result {
  const size = Math.min(1_000, Math.max(1, Number(call.query.get("page_size") ?? 100) || 100));
  const cursor = call.query.get("cursor");
  const from = cursor === null ? 0 : Number(atob(cursor));
  if (!Number.isInteger(from) || from < 0) return notFound("INVALID_REQUEST_PARAMETER", "cursor: is invalid");
  const next = from + size < newestFirst.length ? btoa(String(from + size)) : null;
  const prev = from > 0 ? btoa(String(Math.max(0, from - size))) : null;
  return ok({ next, prev, results: newestFirst.slice(from, from + size).map(row) });
}

export function inWindow(call: Call, tsMs: number): boolean {
  const start = Number(call.query.get("start_at") ?? 0);
  const end = Number(call.query.get("end_at") ?? Infinity);
  return tsMs >= start && tsMs <= end;
}

export const route = (method: string, path: string, pool: Route["pool"], handle: Route["handle"]): Route => ({
  method,
  pattern: new RegExp(`^/v1${path.replaceAll("*", "([^/]+)")}$`),
  pool,
  handle,
});
