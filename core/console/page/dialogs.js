/** One modal dialog for everything that is asked: what it does in words, what must be typed, what came of it. */
import { change, forgetToken, keepToken, knownToken, Refused } from "./api.js";
import { button, element, setText } from "./dom.js";

/**
 * @typedef {{
 *   readonly title: string,
 *   readonly content: readonly Node[],
 *   readonly action: string,
 *   readonly isDangerous?: boolean,
 *   readonly typed?: string,
 *   readonly option?: string,
 *   readonly reason?: string,
 *   readonly choices?: readonly { readonly value: string, readonly label: string }[],
 *   readonly run: (input: { readonly option: boolean, readonly reason: string, readonly choice: string }) => Promise<readonly Node[] | undefined>,
 * }} Question
 */

let nextId = 1;

/**
 * @param {string} label
 * @param {Readonly<Record<string, string>>} attributes
 */
function field(label, attributes) {
  const id = `field-${nextId++}`;
  const input = element("input", { id, autocomplete: "off", spellcheck: "false", ...attributes });
  return { input, row: element("p", { class: "field" }, element("label", { for: id }, label), input) };
}

const tokenField = () =>
  field("Console token (console.token of the data folder)", { type: "password", required: "" });

/**
 * Asks, runs, and shows what came of it. Where no token is known the dialog asks for it too.
 *
 * @param {Question} question
 */
export function ask(question) {
  const { title, content, action, isDangerous = false, typed, option, reason, choices = [], run } = question;
  const titleId = `title-${nextId++}`;
  const heading = element("h2", { id: titleId }, title);
  const dialog = element("dialog", { class: "dialog", "aria-labelledby": titleId });
  const token = knownToken() === undefined ? tokenField() : undefined;
  const word = typed === undefined
    ? undefined
    : field(`Type ${typed} to confirm`, { type: "text", autocapitalize: "characters" });
  const why = reason === undefined ? undefined : field(reason, { type: "text", maxlength: "200" });
  const choice = element("input", { type: "checkbox" });
  const radios = choices.map(({ value }) =>
    element("input", { type: "radio", name: "choice", value, required: "" })
  );
  const chosen = () => radios.find(({ checked }) => checked)?.value;
  const trouble = element("p", { class: "trouble", role: "alert" });
  const outcome = element("div", { class: "outcome", role: "status" });
  const submit = element(
    "button",
    { type: "submit", class: isDangerous ? "danger solid" : "primary" },
    action,
  );
  const close = button("Cancel", () => dialog.close());
  const form = element(
    "form",
    { method: "dialog" },
    heading,
    ...content,
    ...(option === undefined ? [] : [element("label", { class: "choice" }, choice, option)]),
    ...choices.map(({ label }, index) => element("label", { class: "choice" }, radios[index] ?? "", label)),
    ...[why, word, token].flatMap((one) => (one === undefined ? [] : [one.row])),
    trouble,
    outcome,
    element("p", { class: "actions" }, close, submit),
  );
  const isWhole = () =>
    (word === undefined || word.input.value === typed) &&
    (radios.length === 0 || chosen() !== undefined) &&
    (why === undefined || why.input.value.trim() !== "") &&
    (token === undefined || knownToken() !== undefined || token.input.value.trim() !== "");
  const judge = () => (submit.disabled = !isWhole());
  form.addEventListener("input", judge);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (isWhole()) void carryOut();
  });
  async function carryOut() {
    if (token !== undefined && token.input.value.trim() !== "") keepToken(token.input.value.trim());
    submit.disabled = true;
    dialog.setAttribute("aria-busy", "true");
    setText(trouble, "");
    setText(outcome, "Working…");
    try {
      const shown = await run({
        option: choice.checked,
        reason: why?.input.value.trim() ?? "",
        choice: chosen() ?? "",
      });
      if (shown === undefined) return dialog.close();
      outcome.replaceChildren(...shown);
      submit.hidden = true;
      for (const row of form.querySelectorAll(".field, .choice")) row.remove();
      setText(close, "Close");
      close.focus();
    } catch (error) {
      setText(outcome, "");
      setText(trouble, error instanceof Error ? error.message : String(error));
      if (error instanceof Refused && error.status === 401) askForToken();
      judge();
    } finally {
      dialog.removeAttribute("aria-busy");
    }
  }
  /** The one that was known is wrong: a field for another. */
  function askForToken() {
    forgetToken();
    if (token !== undefined) return token.input.select();
    dialog.close();
    ask(question);
  }
  dialog.append(form);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  judge();
  dialog.showModal();
  (radios[0] ?? (word ?? why ?? token)?.input)?.focus();
}

/**
 * Asks for the token by itself.
 *
 * @param {() => void} onKnown
 */
export function askForToken(onKnown) {
  ask({
    title: "Unlock changes",
    content: [
      element(
        "p",
        {},
        "Reading is open on this machine; changes need the console's token. It is kept for this tab only.",
      ),
    ],
    action: "Unlock",
    async run() {
      await checkToken();
      onKnown();
      return undefined;
    },
  });
}

/** Asks the host whether the token that was given is its own; one that is not known to be is not kept. */
async function checkToken() {
  try {
    await change("POST", "/token/check");
  } catch (error) {
    forgetToken();
    if (!(error instanceof Refused) || error.status !== 401) throw error;
    throw new Refused(401, "This is not the console's token. It lies in console.token of the data folder.");
  }
}

/** @param {string} text */
export const paragraph = (text) => element("p", {}, text);

/** @param {readonly string[]} items */
export const bullets = (items) => element("ul", {}, ...items.map((item) => element("li", {}, item)));
