/** Instruments of all venues by their number in this host, and the prices at which they are valued. */
import type { InstrumentId } from "../model/ids.ts";
import type { Instrument } from "../model/instrument.ts";
import { incrementValue } from "../model/ticks.ts";
import type { InstrumentIndex } from "./events.ts";
import type { QuoteCache } from "./quote_cache.ts";

export type Registration =
  | { readonly kind: "new"; readonly index: InstrumentIndex }
  | { readonly kind: "changed"; readonly index: InstrumentIndex }
  /** Another tick or lot size: what is held is counted in the old ones. */
  | { readonly kind: "other_increments"; readonly index: InstrumentIndex };

export class InstrumentTable {
  readonly #quotes: QuoteCache;
  readonly #maxValuationAgeMs: () => number;
  readonly #list: Instrument[] = [];
  readonly #tickValues: number[] = [];
  readonly #indexes = new Map<InstrumentId, InstrumentIndex>();
  readonly #symbols = new Map<string, number>();
  readonly #underlyings: number[] = [];

  constructor(quotes: QuoteCache, maxValuationAgeMs: () => number) {
    this.#quotes = quotes;
    this.#maxValuationAgeMs = maxValuationAgeMs;
  }

  register(instrument: Instrument): Registration {
    const known = this.#indexes.get(instrument.id);
    const before = known === undefined ? undefined : this.#list[known];
    if (known !== undefined && before !== undefined) {
      const isSame = before.tick.text === instrument.tick.text && before.lot.text === instrument.lot.text;
      // Kept in the increments that positions and orders are counted in; nothing new may be traded.
      this.#list[known] = isSame ? instrument : { ...before, status: "halted" };
      return { kind: isSame ? "changed" : "other_increments", index: known };
    }
    const index = this.#list.length;
    this.#list.push(instrument);
    this.#tickValues.push(incrementValue(instrument.tick));
    this.#indexes.set(instrument.id, index);
    const underlying = this.#symbols.get(instrument.symbol) ?? this.#symbols.size;
    this.#symbols.set(instrument.symbol, underlying);
    this.#underlyings.push(underlying);
    return { kind: "new", index };
  }

  get(index: InstrumentIndex): Instrument | undefined {
    return this.#list[index];
  }

  indexOf(id: InstrumentId): InstrumentIndex | undefined {
    return this.#indexes.get(id);
  }

  all(): readonly Instrument[] {
    return this.#list;
  }

  /** The same number for instruments of one symbol on all venues. */
  underlying(index: InstrumentIndex): number {
    return this.#underlyings[index] ?? -1;
  }

  /** Mark price, or else the middle of the quote, in ticks (float), if young enough to value a position; else NaN. */
  valuationTicks(index: InstrumentIndex, nowUs: number): number {
    const tick = this.#tickValues[index] ?? NaN;
    const quotes = this.#quotes;
    const maxAgeMs = this.#maxValuationAgeMs();
    if (quotes.markAgeMs(index, nowUs) <= maxAgeMs) return quotes.markPrice(index) / tick;
    const isQuoteYoung = quotes.quoteAgeMs(index, nowUs) <= maxAgeMs;
    return isQuoteYoung && !quotes.isCrossed(index) ? quotes.midPrice(index) / tick : NaN;
  }

  /** The same whatever its age: for display. */
  lastTicks(index: InstrumentIndex): number {
    const tick = this.#tickValues[index] ?? NaN;
    const mark = this.#quotes.markPrice(index);
    return (Number.isNaN(mark) ? this.#quotes.midPrice(index) : mark) / tick;
  }
}
