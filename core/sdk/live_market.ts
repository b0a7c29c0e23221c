/** What a strategy sees of the market: instruments by number, name and symbol, and their live quotes. */
import { type InstrumentId, symbolOf, type VenueId, venueOf } from "../model/ids.ts";
import type { Instrument } from "../model/instrument.ts";
import { isTwoSided, type Quote } from "../model/quote.ts";
import {
  defaultQuoteThresholds,
  type QuoteFinding,
  quoteFindings,
  type QuoteThresholds,
} from "../model/quote_health.ts";
import type { VenueHealth } from "../model/venue_health.ts";
import { type KnownInstrument, knownInstrument, type LiveQuote, readQuote } from "./live_quotes.ts";
import { QuoteMeter, type QuoteStatistics } from "./quote_meter.ts";
import type { Instruments, Quotes, QuoteWithAge } from "./strategy.ts";

export class LiveMarket implements Quotes {
  readonly #nowUs: () => number;
  readonly #health: (venue: VenueId) => VenueHealth | undefined;
  readonly #known: KnownInstrument[] = [];
  readonly #byId = new Map<InstrumentId, KnownInstrument>();
  readonly #instrumentsBySymbol = new Map<string, Instrument[]>();
  readonly #quotesBySymbol = new Map<string, LiveQuote[]>();
  #allInstruments: readonly Instrument[] = [];

  /** The same market, by its instruments. */
  readonly instruments: Instruments = {
    get: (instrument) => this.instrument(instrument),
    all: () => this.#allInstruments,
    bySymbol: (symbol) => this.#instrumentsBySymbol.get(symbol) ?? [],
    symbols: () => [...this.#instrumentsBySymbol.keys()],
  };

  constructor(nowUs: () => number, health: (venue: VenueId) => VenueHealth | undefined) {
    this.#nowUs = nowUs;
    this.#health = health;
  }

  /** A new instrument, or new terms of a known one. @param index the host's number of it */
  add(index: number, instrument: Instrument): void {
    const known = this.#known[index];
    if (known === undefined) {
      const created = knownInstrument(instrument);
      this.#known[index] = created;
      this.#byId.set(instrument.id, created);
    } else known.instrument = instrument;
    this.#allInstruments = [...this.#byId.values()].map((one) => one.instrument);
    this.#instrumentsBySymbol.set(
      instrument.symbol,
      this.#allInstruments.filter((one) => one.symbol === instrument.symbol),
    );
  }

  at(index: number): KnownInstrument | undefined {
    return this.#known[index];
  }

  instrument(id: InstrumentId): Instrument | undefined {
    return this.#byId.get(id)?.instrument;
  }

  venues(): readonly VenueId[] {
    return [...new Set(this.#allInstruments.map((one) => one.venue))];
  }

  /** Hot path: reads the quote record at `at` into the instrument's live quote. */
  readQuote(known: KnownInstrument, view: DataView, at: number): void {
    readQuote(known, view, at);
    if (known.hasQuote) return;
    known.hasQuote = true;
    const symbol = symbolOf(known.quote.instrument);
    this.#quotesBySymbol.set(symbol, [...(this.#quotesBySymbol.get(symbol) ?? []), known.quote]);
  }

  get(instrument: InstrumentId): Quote | undefined {
    const known = this.#byId.get(instrument);
    return known?.hasQuote === true ? known.quote : undefined;
  }

  ageMs(instrument: InstrumentId): number {
    const quote = this.get(instrument);
    return quote === undefined ? Infinity : (this.#nowUs() - quote.tsRecvUs) / 1000;
  }

  all(symbol: string): readonly Quote[] {
    return this.#quotesBySymbol.get(symbol) ?? [];
  }

  best(
    symbol: string,
    maxAgeMs: number,
  ): { readonly bid: Quote | undefined; readonly ask: Quote | undefined } {
    const nowUs = this.#nowUs();
    let bid: Quote | undefined;
    let ask: Quote | undefined;
    for (const quote of this.all(symbol)) {
      if (!isTwoSided(quote) || !(nowUs - quote.tsRecvUs <= maxAgeMs * 1000)) continue;
      if (bid === undefined || quote.bidPrice > bid.bidPrice) bid = quote;
      if (ask === undefined || quote.askPrice < ask.askPrice) ask = quote;
    }
    return { bid, ask };
  }

  withAge(instrument: InstrumentId): QuoteWithAge | undefined {
    const quote = this.get(instrument);
    return quote === undefined ? undefined : { quote, ageMs: this.ageMs(instrument) };
  }

  statistics(instrument: InstrumentId): QuoteStatistics {
    const meter = this.#byId.get(instrument)?.meter ?? new QuoteMeter();
    return meter.statistics(this.#nowUs());
  }

  findings(instrument: InstrumentId, thresholds: Partial<QuoteThresholds> = {}): readonly QuoteFinding[] {
    const health = this.#health(venueOf(instrument));
    const { ageMs, averageLatencyMs, updatesPerSecond } = this.statistics(instrument);
    return quoteFindings({
      isConnected: health?.marketData === "connected",
      heartbeatAgeMs: health?.heartbeatAgeMs ?? Infinity,
      quoteAgeMs: ageMs,
      averageLatencyMs,
      updatesPerSecond,
    }, { ...defaultQuoteThresholds, ...thresholds });
  }
}
