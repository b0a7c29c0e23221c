/** Tables whose cells are patched in place. */
import { element, KeyedList, setAttribute, setText } from "./dom.js";

/**
 * @typedef {{ readonly text: string, readonly tone?: string, readonly title?: string }} CellText
 */

/**
 * What a column is called and how its cell is made of an item: a text, a text with a tone (a class of the style sheet),
 * or an element that is made once and then updated by nobody. Minor columns are left out on a phone, rare ones wherever
 * there is little room.
 *
 * @template T
 * @typedef {{
 *   readonly name: string,
 *   readonly kind?: "number" | "text" | "action",
 *   readonly minor?: boolean,
 *   readonly rare?: boolean,
 *   readonly cell?: (item: T) => string | CellText,
 *   readonly make?: (item: T) => Element,
 * }} Column
 */

/** @template T */
const classOf = (/** @type {Column<T>} */ { kind = "text", minor = false, rare = false }) =>
  `${kind}${minor ? " minor" : ""}${rare ? " rare" : ""}`;

/**
 * @template T
 * @param {Element} head
 * @param {Element} body
 * @param {readonly Column<T>[]} columns
 * @param {(item: T) => string} keyOf
 * @param {(item: T) => string | undefined} [markOf] a class of the whole row
 * @returns {KeyedList<T>}
 */
export function table(head, body, columns, keyOf, markOf = () => undefined) {
  head.replaceChildren(
    element(
      "tr",
      {},
      ...columns.map((column) =>
        element(
          "th",
          { scope: "col", class: classOf(column) },
          column.kind === "action" ? element("span", { class: "spoken" }, column.name) : column.name,
        )
      ),
    ),
  );
  body.replaceChildren();
  return new KeyedList(body, keyOf, (item) => {
    const cells = columns.map((column) =>
      element("td", { class: classOf(column) }, ...(column.make === undefined ? [] : [column.make(item)]))
    );
    return {
      root: element("tr", {}, ...cells),
      update(newer) {
        setAttribute(cells[0]?.parentElement ?? element("tr"), "class", markOf(newer));
        columns.forEach((column, index) => {
          const cell = cells[index];
          if (cell === undefined || column.cell === undefined) return;
          const shown = column.cell(newer);
          const { text, tone, title } = typeof shown === "string" ? { text: shown } : shown;
          setText(cell, text);
          setAttribute(cell, "data-tone", tone);
          setAttribute(cell, "title", title);
        });
      },
    };
  });
}
