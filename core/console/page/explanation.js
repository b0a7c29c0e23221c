/** Why something came about: the chain from the quote over intent and order to the fill, as `berth explain` tells it. */
import { read } from "./api.js";
import { button, element } from "./dom.js";
import { exactTime, fixed, spaced } from "./formats.js";

/** @import { Explanation } from "./types.ts" */

/**
 * Opens a dialog with the chain.
 *
 * @param {string} id a client order id, or the id of a record
 * @param {string} title
 */
export async function explain(id, title) {
  const dialog = element("dialog", { class: "dialog roomy", "aria-label": `${title}: why` });
  const steps = element("ol", { class: "chain" }, element("li", {}, "Reading the journal…"));
  dialog.append(
    element("h2", {}, `${title}: why`),
    steps,
    element("p", { class: "actions" }, button("Close", () => dialog.close())),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  try {
    /** @type {Explanation} */
    const { chain } = await read(`/explain?id=${encodeURIComponent(id)}`);
    const startUs = chain.find(({ tsUs }) => tsUs !== null)?.tsUs ?? 0;
    steps.replaceChildren(...chain.map((step) => stepOf(step, startUs)));
  } catch (error) {
    steps.replaceChildren(
      element("li", { class: "trouble" }, error instanceof Error ? error.message : String(error)),
    );
  }
}

/**
 * @param {Explanation["chain"][number]} step
 * @param {number} startUs
 */
const stepOf = ({ role, id, kind, words, tsUs }, startUs) =>
  element(
    "li",
    { "data-role": role },
    element("b", {}, spaced(kind ?? id.split("/")[0] ?? "")),
    element(
      "time",
      {},
      tsUs === null ? "before" : `${exactTime(tsUs / 1_000)}  +${fixed((tsUs - startUs) / 1_000, 3)} ms`,
    ),
    element("span", {}, words),
    element("code", {}, id),
  );
