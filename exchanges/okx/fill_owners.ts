/**
 * Whose a fill is that the list of fills names no order id of ours for: what a trigger order became goes by the venue's
 * id alone there, and only the order itself says which trigger order it came of.
 */
import type { ClientOrderId, Fill } from "@berth/sdk";
import type { InstrumentBook } from "./instruments.ts";
import type { AccountReader } from "./private_stream.ts";
import { rejectCodeOf } from "./reject_codes.ts";
import { errorOf, type RestClient } from "./rest.ts";

const path = "/api/v5/trade/order";
/** Orders that are remembered, oldest first. */
const maxKnown = 5_000;

export interface FillOwnersOptions {
  readonly rest: Pick<RestClient, "get">;
  readonly instruments: InstrumentBook;
  readonly reader: AccountReader;
}

export class FillOwners {
  readonly #options: FillOwnersOptions;
  /** By the venue's order id; undefined for orders that are not ours. */
  readonly #known = new Map<string, ClientOrderId | undefined>();

  constructor(options: FillOwnersOptions) {
    this.#options = options;
  }

  /**
   * The same fills under our ids; others' stay without one. Each order is asked for once.
   *
   * @throws {BerthError} when an order can't be asked for: its fill would look like somebody else's
   */
  async named(fills: readonly Fill[], signal: AbortSignal): Promise<readonly Fill[]> {
    const named: Fill[] = [];
    for (const fill of fills) {
      named.push(
        fill.clientOrderId === undefined
          ? { ...fill, clientOrderId: await this.#ownerOf(fill, signal) }
          : fill,
      );
    }
    return named;
  }

  async #ownerOf(
    { instrument, venueOrderId }: Fill,
    signal: AbortSignal,
  ): Promise<ClientOrderId | undefined> {
    if (this.#known.has(venueOrderId)) return this.#known.get(venueOrderId);
    const { rest, instruments, reader } = this.#options;
    const query = { instId: instruments.byId(instrument)?.instId ?? "", ordId: venueOrderId };
    const result = await rest.get(path, query, { isPrivate: true, signal });
    const isForgotten = result.kind === "error" && rejectCodeOf(result.code) === "order_not_found";
    if (result.kind !== "rows" && !isForgotten) throw errorOf(`GET ${path}`, result);
    const [report] = result.kind === "rows" ? reader.orders(result.rows).values : [];
    this.#known.set(venueOrderId, report?.clientOrderId);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= maxKnown) break;
      this.#known.delete(oldest);
    }
    return report?.clientOrderId;
  }
}
