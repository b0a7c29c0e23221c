/** Several tables in one place: one is open, the arrow keys move between them. */
import { button, element, setAttribute, setText } from "./dom.js";
import { table } from "./tables.js";

/** @import { KeyedList } from "./dom.js" */
/** @import { Column } from "./tables.js" */

/**
 * Where the open tab's table stands.
 *
 * @typedef {{
 *   readonly list: HTMLElement,
 *   readonly panel: HTMLElement,
 *   readonly head: HTMLElement,
 *   readonly body: HTMLElement,
 *   readonly empty: HTMLElement,
 * }} Place
 */

/**
 * One table with the button that opens it. What it is shown while it is closed it keeps.
 *
 * @template T
 */
export class Tab {
  /** @type {readonly T[]} */
  #items = [];
  #count = element("span", { class: "count" });
  /** @type {{ readonly rows: KeyedList<T>, readonly empty: HTMLElement } | undefined} */
  #open;
  #options;

  /**
   * @param {{
   *   readonly name: string,
   *   readonly label: string,
   *   readonly nothing: string,
   *   readonly columns: readonly Column<T>[],
   *   readonly keyOf: (item: T) => string,
   *   readonly markOf?: (item: T) => string | undefined,
   * }} options
   */
  constructor(options) {
    this.#options = options;
    this.button = button(options.label, () => {}, {
      role: "tab",
      id: `tab-${options.name}`,
      "aria-controls": "tab-panel",
    });
    this.button.append(" ", this.#count);
  }

  get isOpen() {
    return this.#open !== undefined;
  }

  /** @param {Place} place */
  open({ head, body, empty }) {
    const { columns, keyOf, markOf } = this.#options;
    this.#open = { rows: table(head, body, columns, keyOf, markOf), empty };
    this.show(this.#items);
  }

  close() {
    this.#open = undefined;
  }

  /** @param {readonly T[]} items */
  show(items) {
    this.#items = items;
    if (this.#open === undefined) return;
    const { rows, empty } = this.#open;
    rows.update(items);
    empty.hidden = items.length > 0;
    setText(empty, this.#options.nothing);
  }

  /** @param {number} count beside its name */
  count(count) {
    setText(this.#count, String(count));
  }
}

/** @typedef {{ readonly button: HTMLElement, readonly open: (place: Place) => void, readonly close: () => void }} AnyTab */

export class Tabs {
  #place;
  #tabs;
  #onOpen;
  #at = 0;

  /**
   * @param {Place} place
   * @param {readonly AnyTab[]} tabs the first one is open at first
   * @param {() => void} onOpen
   */
  constructor(place, tabs, onOpen) {
    this.#place = place;
    this.#tabs = tabs;
    this.#onOpen = onOpen;
    tabs.forEach((tab, index) => {
      tab.button.addEventListener("click", () => this.#open(index));
      place.list.append(tab.button);
    });
    place.list.addEventListener("keydown", (event) => this.#step(event));
    this.#open(0);
  }

  /** @param {number} at */
  #open(at) {
    this.#tabs[this.#at]?.close();
    this.#at = at;
    this.#tabs.forEach((tab, index) => {
      setAttribute(tab.button, "aria-selected", String(index === at));
      setAttribute(tab.button, "tabindex", index === at ? "0" : "-1");
    });
    const tab = this.#tabs[at];
    if (tab === undefined) return;
    setAttribute(this.#place.panel, "aria-labelledby", tab.button.id);
    tab.open(this.#place);
    this.#onOpen();
  }

  /** @param {KeyboardEvent} event */
  #step({ key }) {
    const by = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
    if (by === 0) return;
    this.#open((this.#at + by + this.#tabs.length) % this.#tabs.length);
    this.#tabs[this.#at]?.button.focus();
  }
}
