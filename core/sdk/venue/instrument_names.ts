/**
 * Names that the operator gave a venue's instruments in place of the adapter's own: `venues.instruments` of the
 * configuration, the venue's symbol to berth's. Only the name changes: prices and sizes are in the venue's units.
 */
import { BerthError } from "../../errors.ts";
import { instrumentId } from "../../model/ids.ts";
import type { Instrument } from "../../model/instrument.ts";

/** The instrument by another name. */
export const renamed = (instrument: Instrument, symbol: string): Instrument => ({
  ...instrument,
  symbol,
  id: instrumentId(instrument.venue, symbol),
});

const isPerpetual = (symbol: string): boolean => symbol.endsWith("-PERP");

export class InstrumentNames {
  readonly #venue: string;
  readonly #symbols: ReadonlyMap<string, string>;
  readonly #owners: ReadonlyMap<string, string>;

  /** @param given berth's symbols by the venue's; each of them once */
  constructor(venue: string, given: Readonly<Record<string, string>>) {
    this.#venue = venue;
    this.#symbols = new Map(Object.entries(given));
    this.#owners = new Map(Object.entries(given).map(([venueSymbol, symbol]) => [symbol, venueSymbol]));
  }

  /**
   * berth's symbol of one instrument.
   *
   * @param venueSymbol `BTC-USDT-SWAP`
   * @param usual what the adapter calls it by itself: `BTC-PERP`
   * @throws {BerthError} INSTRUMENT_NAME_REFUSED when the operator gave its usual name to another instrument, or gave
   *   it one of another kind
   */
  symbolOf(venueSymbol: string, usual: string): string {
    const given = this.#symbols.get(venueSymbol);
    const symbol = given ?? usual;
    const owner = this.#owners.get(symbol);
    if (owner !== undefined && owner !== venueSymbol) {
      throw this.#refused(venueSymbol, symbol, `${owner} has that name`);
    }
    if (isPerpetual(symbol) !== isPerpetual(usual)) {
      const reason = isPerpetual(usual) ? "a perpetual's name ends in -PERP" : "it is no perpetual";
      throw this.#refused(venueSymbol, symbol, reason);
    }
    return symbol;
  }

  /** @throws {BerthError} INSTRUMENT_NAME_REFUSED when an adapter announces an instrument under another name */
  check(venueSymbol: string, symbol: string): void {
    const given = this.#symbols.get(venueSymbol);
    if (given === undefined || given === symbol) return;
    throw this.#refused(venueSymbol, given, `its adapter calls it ${symbol} all the same`);
  }

  /** Venue symbols that were named and are not among those listed, though they were wanted. */
  unlisted(listed: ReadonlySet<string>, isWanted: (symbol: string) => boolean): readonly string[] {
    return [...this.#symbols].flatMap(([venueSymbol, symbol]) =>
      listed.has(venueSymbol) || !isWanted(symbol) ? [] : [venueSymbol]
    );
  }

  #refused(venueSymbol: string, symbol: string, reason: string): BerthError<"INSTRUMENT_NAME_REFUSED"> {
    return new BerthError("INSTRUMENT_NAME_REFUSED", { venue: this.#venue, venueSymbol, symbol, reason });
  }
}
