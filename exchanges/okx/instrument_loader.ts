/** Lists OKX's instruments and publishes those that are wanted, now and whenever they change. */
import * as v from "valibot";
import {
  type Clock,
  describeError,
  type ExchangeContext,
  type InstrumentIndex,
  type InstrumentStatus,
  type Log,
  type Publish,
} from "@berth/sdk";
import {
  type FeeBps,
  feesOf,
  type InstrumentBook,
  instrumentTypesOf,
  type OkxInstrument,
  type PreferredSwaps,
  preferredSwaps,
  toInstrument,
} from "./instruments.ts";
import { renamed } from "@berth/sdk/venue/instrument_names.ts";
import { matchesAny } from "@berth/sdk/venue/symbol_patterns.ts";
import { fundingIntervalHours } from "./market_data.ts";
import { stricter } from "./venue_status.ts";
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
  readonly symbolFor: ExchangeContext["symbolFor"];
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
  /** As the venue lists them, each with its own status. */
  readonly #own = new Map<string, OkxInstrument>();
  #preferred: PreferredSwaps = new Map();
  /** By type, as last asked for. */
  readonly #knownFees = new Map<string, FeeRow | undefined>();
  #venueStatus: InstrumentStatus = "trading";

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
      this.#knownFees.set(instType, fees);
      const preferred = preferredSwaps(rows, settings.preferredQuoteAssets, this.#preferred);
      this.#preferred = preferred;
      rowCount += rows.length;
      const wanted = rows.flatMap((row) => this.#read(row, preferred, fees, unreadable) ?? []);
      for (const one of wanted.slice(0, maxFundingQueries)) await this.#askFundingInterval(one, signal);
      for (const one of wanted) {
        listed.add(one.instId);
        this.#take(one);
      }
    }
    for (const one of this.#own.values()) {
      if (listed.has(one.instId)) continue; // the others are delisted
      this.#take({ ...one, instrument: { ...one.instrument, status: "halted" } });
    }
    if (unreadable.length > 0) {
      const some = unreadable.slice(0, 5).join(", ");
      log.warn("instruments left out: their metadata is incomplete", { count: unreadable.length, some });
    }
    if (instruments.all().length === 0) {
      log.warn("no instrument matches", { symbols: symbols.join(" "), listed: rowCount });
    }
  }

  /** Changed rows of the `instruments` channel; what could not be read yet follows with the next load. */
  onRows(rows: readonly unknown[]): void {
    const unreadable: string[] = [];
    for (const row of this.#parsed(rows, unreadable)) {
      const one = this.#read(row, this.#preferred, this.#knownFees.get(row.instType), unreadable);
      if (one !== undefined) this.#take(one);
    }
    if (unreadable.length > 0) {
      this.#options.log.warn("changes of instruments can't be read", { count: unreadable.length });
    }
  }

  /** The venue as a whole: no instrument trades more freely than it. */
  setVenueStatus(status: InstrumentStatus): void {
    if (this.#venueStatus === status) return;
    this.#options.log.warn("the venue's state changed", { from: this.#venueStatus, to: status });
    this.#venueStatus = status;
    for (const one of this.#own.values()) this.#announce(this.#withInterval(one));
  }

  #take(one: OkxInstrument): void {
    this.#own.set(one.instId, one);
    this.#announce(this.#withInterval(one));
  }

  /** What one funding rate stands for, as the stream says it. */
  noteFundingInterval(instId: string, hours: number): void {
    if (this.#fundingHours.get(instId) === hours) return;
    this.#fundingHours.set(instId, hours);
    const one = this.#own.get(instId);
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
    return this.#parsed(found, unreadable);
  }

  #parsed(found: readonly unknown[], unreadable: string[]): readonly InstrumentRow[] {
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
      const one = this.#named(toInstrument(row, preferred, feesOf(row, fees, fallback)));
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

  /** @throws {BerthError} INSTRUMENT_NAME_REFUSED */
  #named(one: OkxInstrument): OkxInstrument {
    const { instrument, instId } = one;
    return { ...one, instrument: renamed(instrument, this.#options.symbolFor(instId, instrument.symbol)) };
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
  #announce(listed: OkxInstrument): void {
    const { instruments, onInstrument, publish } = this.#options;
    const status = stricter(listed.instrument.status, this.#venueStatus);
    const one = { ...listed, instrument: { ...listed.instrument, status } };
    const known = instruments.byName(one.instId);
    instruments.add(one);
    if (known !== undefined && JSON.stringify(known) === JSON.stringify(one)) return;
    onInstrument(one, publish.instrument(one.instrument));
  }
}
