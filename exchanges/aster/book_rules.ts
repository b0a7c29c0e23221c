/**
 * How a book is kept from changes and a snapshot that is asked for: changes wait until the snapshot is there; the first
 * one taken goes on where the snapshot ends, and each that follows where the one before it ended.
 *
 * @see https://github.com/asterdex/api-docs "How to manage a local order book correctly": every `pu` is the `u` before it
 */
import type { DepthSnapshot, DepthUpdate } from "./wire.ts";

/** What one change of a book comes to. */
export type ChangeVerdict = "delta" | "waits" | "old" | "gap" | "ignore";

/** Of one book: what waits beyond it is no book any more (25 s of changes). */
const maxWaiting = 250;

export class BookFollower {
  /** Undefined where nobody wants the book, or nothing was asked for. */
  #waiting: DepthUpdate[] | undefined;
  /** Last update id that is in the book; undefined before a snapshot. */
  #lastId: number | undefined;
  /** No change was taken since the snapshot. */
  #isFresh = false;

  /** A book is there: snapshot and all changes since. */
  get isValid(): boolean {
    return this.#lastId !== undefined;
  }

  /** A snapshot was asked for and is not there yet. */
  get isAwaited(): boolean {
    return this.#waiting !== undefined;
  }

  /** Forgets everything; changes are ignored until the next `await`. */
  reset(): void {
    this.#waiting = undefined;
    this.#lastId = undefined;
  }

  /** A snapshot is asked for: changes from now on wait for it. */
  await(): void {
    this.#waiting = [];
    this.#lastId = undefined;
  }

  take(change: DepthUpdate): ChangeVerdict {
    if (this.#waiting !== undefined) {
      this.#waiting.push(change);
      if (this.#waiting.length > maxWaiting) this.#waiting.shift();
      return "waits";
    }
    if (this.#lastId === undefined) return "ignore";
    const verdict = this.#follow(change, this.#lastId);
    if (verdict === "delta") {
      this.#lastId = change.u;
      this.#isFresh = false;
    }
    if (verdict === "gap") this.reset();
    return verdict;
  }

  /** @returns the changes that came meanwhile and go on from the snapshot; undefined when it is older than they are, and another one is needed */
  takeSnapshot({ lastUpdateId }: DepthSnapshot): readonly DepthUpdate[] | undefined {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    this.#lastId = lastUpdateId;
    this.#isFresh = true;
    const taken: DepthUpdate[] = [];
    for (const change of waiting) {
      const verdict = this.take(change);
      if (verdict === "delta") taken.push(change);
      if (verdict === "gap") return undefined;
    }
    return taken;
  }

  #follow({ U, pu, u }: DepthUpdate, lastId: number): "delta" | "old" | "gap" {
    if (!this.#isFresh) return pu === lastId ? "delta" : u <= lastId ? "old" : "gap";
    if (u < lastId) return "old";
    // The first one holds the snapshot's last change, or begins right behind it.
    return U <= lastId || pu <= lastId ? "delta" : "gap";
  }
}
