/** Named values in a small grid: one list for everything that has figures. */
import { element, setAttribute, setText } from "./dom.js";
import { toneOf } from "./formats.js";

/**
 * `amount` gives the value the tone of a gain or a loss.
 *
 * @template T
 * @typedef {{
 *   readonly name: string,
 *   readonly text: (item: T) => string,
 *   readonly amount?: (item: T) => number | null,
 * }} Fact
 */

/** @template T */
export class Facts {
  root = element("dl", { class: "facts" });
  #shown;

  /** @param {readonly Fact<T>[]} facts */
  constructor(facts) {
    this.#shown = facts.map((fact) => ({ fact, value: element("dd") }));
    this.root.append(
      ...this.#shown.map(({ fact, value }) => element("div", {}, element("dt", {}, fact.name), value)),
    );
  }

  /** @param {T} item */
  show(item) {
    for (const { fact: { text, amount }, value } of this.#shown) {
      setText(value, text(item));
      if (amount !== undefined) setAttribute(value, "data-tone", toneOf(amount(item)).tone);
    }
  }
}
