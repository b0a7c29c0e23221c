/** The host's log as it is written, with a filter. */
import { read } from "./api.js";
import { byId, element, ofKind, setAttribute, setText } from "./dom.js";
import { exactTime } from "./formats.js";

/** @import { LogLine } from "./types.ts" */

const keptLines = 1_000;
const shownLines = 300;
const levels = ["debug", "info", "warn", "error"];

/** What binary fractions leave behind the tenth digit says nothing. @param {string | number | boolean} value */
const valueText = (value) =>
  typeof value === "number" && !Number.isInteger(value)
    ? String(Number(value.toPrecision(10)))
    : String(value);

/** @param {LogLine} line */
const fieldsOf = ({ fields }) =>
  Object.entries(fields).map(([name, value]) => `${name}=${valueText(value)}`).join("  ");

export class Logs {
  #frame = byId("log");
  #list = byId("log-lines");
  #level = ofKind("log-level", HTMLSelectElement);
  #filter = ofKind("log-filter", HTMLInputElement);
  #pause = byId("log-pause");
  /** @type {LogLine[]} */
  #lines = [];
  #isPaused = false;

  constructor() {
    this.#level.addEventListener("change", () => this.#redraw());
    this.#filter.addEventListener("input", () => this.#redraw());
    this.#pause.addEventListener("click", () => {
      this.#isPaused = !this.#isPaused;
      setAttribute(this.#pause, "aria-pressed", String(this.#isPaused));
      setText(this.#pause, this.#isPaused ? "Go on" : "Pause");
      if (!this.#isPaused) this.#redraw();
    });
  }

  /**
   * A new connection: what was written meanwhile is read, once.
   *
   * @returns {Promise<readonly LogLine[]>}
   */
  async renew() {
    this.#lines = [];
    /** @type {{ readonly items: readonly LogLine[] }} */
    const { items } = await read("/logs?level=debug&limit=1000");
    this.add(items);
    return items;
  }

  /** @param {readonly LogLine[]} lines some may be known already */
  add(lines) {
    const newest = this.#lines.at(-1)?.sequence ?? 0;
    const first = this.#lines[0]?.sequence ?? Infinity;
    const fresh = lines.filter(({ sequence }) => sequence > newest || sequence < first);
    if (fresh.length === 0) return;
    const isInOrder = fresh.every(({ sequence }) => sequence > newest);
    this.#lines = [...this.#lines, ...fresh].sort((a, b) => a.sequence - b.sequence).slice(-keptLines);
    if (this.#isPaused) return;
    if (!isInOrder) return this.#redraw();
    this.#append(fresh.filter((line) => this.#fits(line)));
  }

  /** @param {LogLine} line */
  #fits(line) {
    if (levels.indexOf(line.level) < levels.indexOf(this.#level.value)) return false;
    const wanted = this.#filter.value.trim().toLowerCase();
    return wanted === "" || `${line.source} ${line.message} ${fieldsOf(line)}`.toLowerCase().includes(wanted);
  }

  #redraw() {
    this.#list.replaceChildren();
    this.#append(this.#lines.filter((line) => this.#fits(line)).slice(-shownLines));
  }

  /** Follows the newest line, unless somebody has scrolled up. @param {readonly LogLine[]} lines */
  #append(lines) {
    const [list, frame] = [this.#list, this.#frame];
    const isAtEnd = frame.scrollTop + frame.clientHeight >= frame.scrollHeight - 24;
    list.append(...lines.map(rowOf));
    while (list.childElementCount > shownLines) list.firstElementChild?.remove();
    if (isAtEnd) frame.scrollTop = frame.scrollHeight;
  }
}

/** @param {LogLine} line */
const rowOf = (line) =>
  element(
    "li",
    { "data-level": line.level },
    element("time", {}, exactTime(line.tsMs)),
    element("span", { class: "level" }, line.level),
    element("span", { class: "source" }, line.source),
    element("span", { class: "message" }, line.message, " ", element("small", {}, fieldsOf(line))),
  );
