/** What an adapter knows of the instruments it listed, by berth's id and by the venue's own name. */
import type { InstrumentId } from "../../model/ids.ts";
import type { Instrument } from "../../model/instrument.ts";

/** `Listed` is an instrument with what else the adapter keeps of it. */
export class ListedInstruments<Listed extends { readonly instrument: Instrument }> {
  readonly #nameOf: (listed: Listed) => string;
  readonly #byName = new Map<string, Listed>();
  readonly #byId = new Map<InstrumentId, Listed>();

  /** @param nameOf what the venue's messages call it */
  constructor(nameOf: (listed: Listed) => string) {
    this.#nameOf = nameOf;
  }

  /** Adds one, or puts its newer form in the place of the older one. */
  add(listed: Listed): void {
    this.#byName.set(this.#nameOf(listed), listed);
    this.#byId.set(listed.instrument.id, listed);
  }

  byName(name: string): Listed | undefined {
    return this.#byName.get(name);
  }

  byId(id: InstrumentId): Listed | undefined {
    return this.#byId.get(id);
  }

  all(): readonly Listed[] {
    return [...this.#byId.values()];
  }
}
