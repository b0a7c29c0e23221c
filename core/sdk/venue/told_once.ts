/** What was told already: a venue's stream repeats itself, and lists overlap. */

export class ToldOnce {
  readonly #maxKnown: number;
  /** Oldest first. */
  readonly #told = new Set<string>();

  /** @param maxKnown ids that are remembered */
  constructor(maxKnown: number) {
    this.#maxKnown = maxKnown;
  }

  /** True the first time; the id is then remembered. */
  isNew(id: string): boolean {
    if (this.#told.has(id)) return false;
    this.#told.add(id);
    for (const oldest of this.#told) {
      if (this.#told.size <= this.#maxKnown) break;
      this.#told.delete(oldest);
    }
    return true;
  }
}
