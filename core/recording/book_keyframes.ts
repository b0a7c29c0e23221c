/**
 * The books of a recording as they stand, so that each part can begin with them whole: a part can then be played
 * without those before it, and one that is lost costs its own time only.
 */
import type { Instrument } from "../model/instrument.ts";
import type { BookUpdate } from "../model/market.ts";
import { OrderBook } from "../model/order_book.ts";
import { type Row, rowsOfBook } from "./tables.ts";

interface KeptBook {
  readonly book: OrderBook;
  instrument: Instrument;
  last: BookUpdate;
}

export class BookKeyframes {
  readonly #books = new Map<string, KeptBook>();

  apply(update: BookUpdate, instrument: Instrument): void {
    const known = this.#books.get(update.instrument);
    const kept = known ?? { book: new OrderBook(), instrument, last: update };
    if (known === undefined) this.#books.set(update.instrument, kept);
    kept.instrument = instrument;
    kept.last = update;
    kept.book.apply(update);
  }

  /** Every whole book as a snapshot, stamped as the update that made it what it is. */
  snapshots(): readonly BookUpdate[] {
    return [...this.#books.values()].filter(({ book }) => book.state === "whole").map(({ book, last }) => ({
      ...last,
      kind: "snapshot",
      bids: [...book.bids],
      asks: [...book.asks],
    }));
  }

  rows(): readonly Row[] {
    return this.snapshots().flatMap((snapshot) => {
      const kept = this.#books.get(snapshot.instrument);
      return kept === undefined ? [] : rowsOfBook(snapshot, kept.instrument);
    });
  }
}
