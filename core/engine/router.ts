/**
 * Who gets an instrument's market data. Subscribers are numbers; the list of an instrument and kind is one array
 * that is replaced when somebody comes or goes, never changed, so the host may iterate over it while it sends.
 */
import type { Instrument } from "../model/instrument.ts";
import { matchesPattern } from "../model/symbol_pattern.ts";
import type { InstrumentIndex, MarketDataKind, Subscriber, TradingGrant } from "./events.ts";

const kinds: readonly MarketDataKind[] = ["quotes", "trades", "books", "marks"];
const nobody: readonly Subscriber[] = [];

/** Whether a grant covers an instrument. */
export const grantCovers = (
  grant: Pick<TradingGrant, "venues" | "instruments">,
  instrument: Instrument,
): boolean =>
  grant.venues.some((venue) => matchesPattern(venue, instrument.venue)) &&
  grant.instruments.some((symbol) => matchesPattern(symbol, instrument.symbol));

export class Router {
  readonly #instruments: Instrument[] = [];
  readonly #grants = new Map<Subscriber, TradingGrant>();
  /** By `index × 4 + kind`. */
  readonly #subscribers: (readonly Subscriber[])[] = [];

  addInstrument(index: InstrumentIndex, instrument: Instrument): void {
    this.#instruments[index] = instrument;
    this.#refresh(index);
  }

  subscribe(subscriber: Subscriber, grant: TradingGrant): void {
    this.#grants.set(subscriber, grant);
    this.#refreshAll();
  }

  unsubscribe(subscriber: Subscriber): void {
    if (this.#grants.delete(subscriber)) this.#refreshAll();
  }

  /** Subscribers in the order in which they came; the same array until somebody comes or goes. */
  subscribers(index: InstrumentIndex, kind: MarketDataKind): readonly Subscriber[] {
    return this.#subscribers[index * 4 + kinds.indexOf(kind)] ?? nobody;
  }

  #refreshAll(): void {
    for (let index = 0; index < this.#instruments.length; index++) this.#refresh(index);
  }

  #refresh(index: InstrumentIndex): void {
    const instrument = this.#instruments[index];
    if (instrument === undefined) return;
    kinds.forEach((kind, at) => {
      const wanted = [...this.#grants]
        .filter(([, grant]) => grant.data.includes(kind) && grantCovers(grant, instrument))
        .map(([subscriber]) => subscriber);
      const current = this.#subscribers[index * 4 + at];
      const isSame = current?.length === wanted.length && current.every((one, i) => one === wanted[i]);
      if (!isSame) this.#subscribers[index * 4 + at] = wanted.length === 0 ? nobody : wanted;
    });
  }
}
