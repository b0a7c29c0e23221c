/**
 * The page's own way to the document: elements are made once and their texts patched. Text is always set as text, never
 * parsed: names and messages come from plugins and venues.
 */

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function ofKind(id, kind) {
  const found = byId(id);
  if (!(found instanceof kind)) throw new Error(`#${id} is no ${kind.name}`);
  return found;
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Readonly<Record<string, string>>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * Changes the document only when the text did.
 *
 * @param {Element} node with nothing but text in it
 * @param {string} text
 */
export function setText(node, text) {
  const { firstChild } = node;
  if (firstChild instanceof Text && firstChild === node.lastChild) {
    if (firstChild.data !== text) firstChild.data = text;
  } else if (text !== "" || firstChild !== null) {
    node.textContent = text;
  }
}

/**
 * @param {Element} node
 * @param {string} name
 * @param {string | undefined} value undefined takes it away
 */
export function setAttribute(node, name, value) {
  if (value === undefined) node.removeAttribute(name);
  else if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

/**
 * Words that are there only while something is to be said.
 *
 * @param {HTMLElement} note
 * @param {string | null} words
 */
export function showNote(note, words) {
  note.hidden = words === null;
  setText(note, words ?? "");
}

/**
 * @param {string} label
 * @param {() => void} onPress
 * @param {Readonly<Record<string, string>>} [attributes]
 */
export function button(label, onPress, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", onPress);
  return made;
}

/**
 * A list whose items have keys: what stays keeps its elements, so that focus and selection stay too.
 *
 * @template T
 */
export class KeyedList {
  /** @type {Map<string, { readonly root: Element, readonly update: (item: T) => void }>} */
  #shown = new Map();

  /**
   * @param {Element} parent
   * @param {(item: T) => string} keyOf
   * @param {(item: T) => { readonly root: Element, readonly update: (item: T) => void }} make
   */
  constructor(parent, keyOf, make) {
    this.parent = parent;
    this.keyOf = keyOf;
    this.make = make;
  }

  /** @param {readonly T[]} items in the order in which they are shown */
  update(items) {
    const gone = new Set(this.#shown.keys());
    let next = this.parent.firstElementChild;
    for (const item of items) {
      const key = this.keyOf(item);
      if (!gone.delete(key) && this.#shown.has(key)) continue; // a key twice: the first one is shown
      const known = this.#shown.get(key) ?? this.make(item);
      this.#shown.set(key, known);
      known.update(item);
      if (known.root === next) next = next.nextElementSibling;
      else this.parent.insertBefore(known.root, next);
    }
    for (const key of gone) {
      this.#shown.get(key)?.root.remove();
      this.#shown.delete(key);
    }
  }

  clear() {
    this.update([]);
  }
}
