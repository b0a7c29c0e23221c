/** Lists OKX's instruments and publishes those that are wanted, now and whenever they change. */
import * as v from "valibot";
import { type Clock, describeError, type InstrumentIndex, type Log, type Publish } from "@berth/sdk";
import {
  type FeeBps,
  feesOf,
  type InstrumentBook,
  instrumentTypesOf,
  matchesAny,
  type OkxInstrument,
  type PreferredSwaps,
  preferredSwaps,
  toInstrument,
} from "./instruments.ts";
import { fundingIntervalHours } from "./market_data.ts";
import type { RestClient } from "./rest.ts";
import type { OkxSettings } from "./settings.ts";
import {
  type FeeRow,
  feeRowSchema,
  fundingRowSchema,
  type InstrumentRow,
  instrumentRowSchema,
} from "./wire.ts";

export interface InstrumentLoaderOptions {
  readonly rest: RestClient;
  readonly hasKeys: boolean;
  readonly symbols: readonly string[];
  readonly settings: Pick<OkxSettings, "defaultMakerFeeBps" | "defaultTakerFeeBps" | "preferredQuoteAssets">;
  readonly instruments: InstrumentBook;
  readonly publish: Publish;
  readonly clock: Clock;
  readonly log: Log;
  /** New or changed. */
  readonly onInstrument: (one: OkxInstrument, index: InstrumentIndex) => void;
}

/** Funding intervals are asked for one by one (10 requests in 2 s); beyond this many the stream tells them. */
const maxFundingQueries = 8;

export class InstrumentLoader {
  readonly #options: InstrumentLoaderOptions;
  readonly #fundingHours = new Map<string, number>();
  #preferred: PreferredSwaps = new Map();

  constructor(options: InstrumentLoaderOptions) {
    this.#options = options;
  }

  /** @throws {BerthError} VENUE_REFUSED, VENUE_UNREACHABLE */
  async load(signal: AbortSignal): Promise<void> {
    const { instruments, log, settings, symbols } = this.#options;
    const listed = new Set<string>();
    const unreadable: string[] = [];
    let rowCount = 0;
    for (const instType of instrumentTypesOf(symbols)) {
      const rows = await this.#rows(instType, unreadable, signal);
      const fees = await this.#fees(instType, signal);
      const preferred = preferredSwaps(rows, settings.preferredQuoteAssets, this.#preferred);
      this.#preferred = preferred;
      rowCount += rows.length;
      const wanted = rows.flatMap((row) => this.#read(row, preferred, fees, unreadable) ?? []);
      for (const one of wanted.slice(0, maxFundingQueries)) await this.#askFundingInterval(one, signal);
      for (const one of wanted) {
        listed.add(one.instId);
        this.#announce(this.#withInterval(one));
      }
    }
    for (const one of instruments.all()) {
      if (listed.has(one.instId)) continue; // the others are delisted
      this.#announce({ ...one, instrument: { ...one.instrument, status: "halted" } });
    }
    if (unreadable.length > 0) {
      const some = unreadable.slice(0, 5).join(", ");
      log.warn("instruments left out: their metadata is incomplete", { count: unreadable.length, some });
    }
    if (instruments.all().length === 0) {
      log.warn("no instrument matches", { symbols: symbols.join(" "), listed: rowCount });
    }
  }

  /** What one funding rate stands for, as the stream says it. */
  noteFundingInterval(instId: string, hours: number): void {
    if (this.#fundingHours.get(instId) === hours) return;
    this.#fundingHours.set(instId, hours);
    const one = this.#options.instruments.byInstId(instId);
    if (one !== undefined) this.#announce(this.#withInterval(one));
  }

  async #rows(
    instType: string,
    unreadable: string[],
    signal: AbortSignal,
  ): Promise<readonly InstrumentRow[]> {
    const query = { instType };
    const found = await this.#options.rest.rows("/api/v5/public/instruments", query, {
      isPrivate: false,
      signal,
    });
    return found.flatMap((row) => {
      const parsed = v.safeParse(instrumentRowSchema, row);
      if (!parsed.success) unreadable.push(v.getDotPath(parsed.issues[0]) ?? "row");
      return parsed.success ? [parsed.output] : [];
    });
  }

  /** Undefined for what is not wanted or can't be read yet. */
  #read(
    row: InstrumentRow,
    preferred: PreferredSwaps,
    fees: FeeRow | undefined,
    unreadable: string[],
  ): OkxInstrument | undefined {
    const { defaultMakerFeeBps, defaultTakerFeeBps } = this.#options.settings;
    const fallback: FeeBps = { maker: defaultMakerFeeBps, taker: defaultTakerFeeBps };
    try {
      const one = toInstrument(row, preferred, feesOf(row, fees, fallback));
      return matchesAny(one.instrument.symbol, this.#options.symbols) ? one : undefined;
    } catch (error) {
      // A fresh listing has empty fields for a while; the next load reads it.
      this.#options.log.debug("an instrument can't be read", {
        instId: row.instId,
        why: describeError(error),
      });
      unreadable.push(row.instId);
      return undefined;
    }
  }

  /** The account's rates; undefined without keys, or where the venue does not state them. */
  async #fees(instType: string, signal: AbortSignal): Promise<FeeRow | undefined> {
    if (!this.#options.hasKeys) return undefined;
    const options = { isPrivate: true, signal };
    const result = await this.#options.rest.get("/api/v5/account/trade-fee", { instType }, options);
    const parsed = v.safeParse(feeRowSchema, result.kind === "rows" ? result.rows[0] : undefined);
    if (parsed.success) return parsed.output;
    this.#options.log.warn("the account's fees are not known: the settings' are used", { instType });
    return undefined;
  }

  async #askFundingInterval(one: OkxInstrument, signal: AbortSignal): Promise<void> {
    if (one.instrument.kind !== "perpetual" || this.#fundingHours.has(one.instId)) return;
    const query = { instId: one.instId };
    const options = { isPrivate: false, signal };
    const result = await this.#options.rest.get("/api/v5/public/funding-rate", query, options);
    const parsed = v.safeParse(fundingRowSchema, result.kind === "rows" ? result.rows[0] : undefined);
    if (!parsed.success) return; // the stream says it too
    const hours = fundingIntervalHours(parsed.output.fundingTime, parsed.output.nextFundingTime);
    if (hours !== undefined) this.#fundingHours.set(one.instId, hours);
  }

  #withInterval(one: OkxInstrument): OkxInstrument {
    const hours = this.#fundingHours.get(one.instId);
    if (hours === undefined || one.instrument.kind !== "perpetual") return one;
    return { ...one, instrument: { ...one.instrument, fundingIntervalHours: hours } };
  }

  /** Publishes what is new or changed. */
  #announce(one: OkxInstrument): void {
    const { instruments, onInstrument, publish } = this.#options;
    const known = instruments.byInstId(one.instId);
    instruments.add(one);
    if (known !== undefined && JSON.stringify(known) === JSON.stringify(one)) return;
    onInstrument(one, publish.instrument(one.instrument));
  }
}
