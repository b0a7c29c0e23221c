/** Lists Aster's perpetuals and publishes those that are wanted, now and whenever they change. */
import * as v from "valibot";
import { describeError, type InstrumentIndex, type Log, type Publish } from "@berth/sdk";
import { matchesAny } from "@berth/sdk/venue/symbol_patterns.ts";
import {
  type AsterInstrument,
  bpsOf,
  type FeeBps,
  type InstrumentBook,
  isPerpetual,
  type PreferredSymbols,
  preferredSymbols,
  toInstrument,
  usualSymbol,
} from "./instruments.ts";
import type { RequestBudget } from "./request_budget.ts";
import type { RestClient } from "./rest.ts";
import type { AsterContext, AsterSettings } from "./settings.ts";
import {
  bracketSchema,
  commissionSchema,
  exchangeInfoSchema,
  fundingInfoSchema,
  limitSchema,
  type SymbolRow,
  symbolSchema,
} from "./wire.ts";

export interface InstrumentLoaderOptions {
  readonly rest: RestClient;
  readonly budget: RequestBudget;
  readonly hasAccount: boolean;
  readonly symbols: readonly string[];
  readonly symbolFor: AsterContext["symbolFor"];
  readonly settings: Pick<
    AsterSettings,
    "defaultMakerFeeBps" | "defaultTakerFeeBps" | "preferredQuoteAssets"
  >;
  readonly instruments: InstrumentBook;
  readonly publish: Publish;
  readonly log: Log;
  /** New or changed. */
  readonly onInstrument: (one: AsterInstrument, index: InstrumentIndex) => void;
}

/** Rates are asked for instrument by instrument, at a weight of 20: beyond this many the settings' ones are taken. */
const maxFeeQuestions = 16;

export class InstrumentLoader {
  readonly #options: InstrumentLoaderOptions;
  readonly #fees = new Map<string, FeeBps>();
  #preferred: PreferredSymbols = new Map();

  constructor(options: InstrumentLoaderOptions) {
    this.#options = options;
  }

  /** @throws {BerthError} VENUE_REFUSED, VENUE_UNREACHABLE, VENUE_ANSWER_INVALID */
  async load(signal: AbortSignal): Promise<void> {
    const { instruments, log, rest, settings, symbolFor, symbols } = this.#options;
    const info = await rest.ask("/fapi/v3/exchangeInfo", {}, exchangeInfoSchema, {
      isSigned: false,
      weight: 1,
      signal,
    });
    this.#takeLimits(info.rateLimits);
    const unreadable: string[] = [];
    const rows = info.symbols.flatMap((row) => {
      const parsed = v.safeParse(symbolSchema, row);
      if (!parsed.success) unreadable.push(v.getDotPath(parsed.issues[0]) ?? "row");
      return parsed.success && isPerpetual(parsed.output) ? [parsed.output] : [];
    });
    this.#preferred = preferredSymbols(rows, settings.preferredQuoteAssets, this.#preferred);
    const fundingHours = await this.#fundingHours(signal);
    const leverages = await this.#leverages(signal);
    const listed = new Set<string>();
    for (const row of rows) {
      try {
        const symbol = symbolFor(row.symbol, usualSymbol(row, this.#preferred));
        if (!matchesAny(symbol, symbols)) continue;
        const extras = {
          fees: this.#defaultFees,
          maxLeverage: leverages.get(row.symbol),
          fundingIntervalHours: fundingHours.get(row.symbol),
        };
        const one = toInstrument(row, symbol, extras);
        listed.add(row.symbol);
        this.#announce(await this.#withFees(one, signal));
      } catch (error) {
        // A fresh listing can be incomplete; the next load reads it.
        log.debug("an instrument can't be read", { symbol: row.symbol, why: describeError(error) });
        unreadable.push(row.symbol);
      }
    }
    for (const one of instruments.all()) {
      if (listed.has(one.symbol)) continue; // the others are delisted
      this.#announce({ ...one, instrument: { ...one.instrument, status: "halted" } });
    }
    this.#tell(unreadable, rows);
  }

  #tell(unreadable: readonly string[], rows: readonly SymbolRow[]): void {
    const { instruments, log, symbols } = this.#options;
    if (unreadable.length > 0) {
      const some = unreadable.slice(0, 5).join(", ");
      log.warn("instruments left out: their metadata is incomplete", { count: unreadable.length, some });
    }
    if (instruments.all().length === 0) {
      log.warn("no instrument matches", { symbols: symbols.join(" "), listed: rows.length });
    }
  }

  get #defaultFees(): FeeBps {
    const { defaultMakerFeeBps, defaultTakerFeeBps } = this.#options.settings;
    return { maker: defaultMakerFeeBps, taker: defaultTakerFeeBps };
  }

  /** The limits of a minute; those that the venue does not state stay as they are documented. */
  #takeLimits(rows: readonly unknown[]): void {
    const perMinute = (type: string): number | undefined => {
      for (const row of rows) {
        const parsed = v.safeParse(limitSchema, row);
        if (!parsed.success) continue;
        const { interval, intervalNum, limit, rateLimitType } = parsed.output;
        if (rateLimitType === type && interval === "MINUTE" && intervalNum === 1) return limit;
      }
      return undefined;
    };
    const weight = perMinute("REQUEST_WEIGHT");
    const orders = perMinute("ORDERS");
    if (weight !== undefined && orders !== undefined) this.#options.budget.setLimits({ weight, orders });
  }

  /** Hours that one rate stands for, by symbol; what is not said stays unknown. */
  async #fundingHours(signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
    const found = await this.#list("/fapi/v3/fundingInfo", false, fundingInfoSchema, signal);
    return new Map(found.map(({ fundingIntervalHours, symbol }) => [symbol, fundingIntervalHours]));
  }

  /** The largest leverage of each symbol: that of its smallest positions. */
  async #leverages(signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
    if (!this.#options.hasAccount) return new Map();
    const found = await this.#list("/fapi/v3/leverageBracket", true, bracketSchema, signal);
    return new Map(
      found.map(({ brackets, symbol }) =>
        [symbol, Math.max(1, ...brackets.map(({ initialLeverage }) => initialLeverage))] as const
      ),
    );
  }

  /** Rows that add to what is known: without them the adapter starts all the same. */
  async #list<T>(
    path: string,
    isSigned: boolean,
    schema: v.GenericSchema<unknown, T>,
    signal: AbortSignal,
  ): Promise<readonly T[]> {
    const result = await this.#options.rest.request("GET", path, {}, { isSigned, weight: 1, signal });
    if (result.kind !== "data" || !Array.isArray(result.data)) {
      this.#options.log.debug("a list about instruments is not there", { path, kind: result.kind });
      return [];
    }
    return result.data.flatMap((row) => {
      const parsed = v.safeParse(schema, row);
      return parsed.success ? [parsed.output] : [];
    });
  }

  /** With the account's own rates, asked for once an instrument. */
  async #withFees(one: AsterInstrument, signal: AbortSignal): Promise<AsterInstrument> {
    const { hasAccount, log, rest } = this.#options;
    if (hasAccount && !this.#fees.has(one.symbol) && this.#fees.size < maxFeeQuestions) {
      const result = await rest.request("GET", "/fapi/v3/commissionRate", { symbol: one.symbol }, {
        isSigned: true,
        weight: 20,
        signal,
      });
      const parsed = v.safeParse(commissionSchema, result.kind === "data" ? result.data : undefined);
      const maker = parsed.success ? bpsOf(parsed.output.makerCommissionRate) : undefined;
      const taker = parsed.success ? bpsOf(parsed.output.takerCommissionRate) : undefined;
      if (maker !== undefined && taker !== undefined) this.#fees.set(one.symbol, { maker, taker });
      else {
        log.warn("the account's fees are not known: the settings' are used", { symbol: one.symbol });
      }
    }
    const fees = this.#fees.get(one.symbol);
    if (fees === undefined) return one;
    return { ...one, instrument: { ...one.instrument, makerFeeBps: fees.maker, takerFeeBps: fees.taker } };
  }

  /** Publishes what is new or changed. */
  #announce(one: AsterInstrument): void {
    const { instruments, onInstrument, publish } = this.#options;
    const known = instruments.byName(one.symbol);
    instruments.add(one);
    if (known !== undefined && JSON.stringify(known) === JSON.stringify(one)) return;
    onInstrument(one, publish.instrument(one.instrument));
  }
}
