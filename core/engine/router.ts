/**
 * Who gets an instrument's market data. Subscribers are numbers; the list of an instrument and kind is one array
 * that is replaced when somebody comes or goes, never changed, so the host may iterate over it while it sends.
 */
import type { Instrument } from "../model/instrument.ts";
import type { InstrumentIndex, MarketDataKind, Subscriber, TradingGrant } from "./events.ts";

const kinds: readonly MarketDataKind[] = ["quotes", "trades", "books", "marks"];
const nobody: readonly Subscriber[] = [];

/** `*` stands for any run of characters, the rest for itself. */
export function matchesPattern(pattern: string, text: string): boolean {
  const parts = pattern.split("*");
  const first = parts[0] ?? "";
  const last = parts.at(-1) ?? "";
  if (parts.length === 1) return pattern === text;
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) {
    return false;
  }
  let at = first.length;
  const end = text.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

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
