/** Positions, working orders, ended orders and fills in one place, and why each came about. */
import { change, read } from "./api.js";
import { ask, paragraph } from "./dialogs.js";
import { button, byId, element, setAttribute, setText } from "./dom.js";
import { exactTime, fixed, spaced, span, symbolOf, timeOfDay, toneOf, usd, venueOf } from "./formats.js";
import { table } from "./tables.js";

/** @import { Explanation, Fill, Group, Groups, Order, Position, Status } from "./types.ts" */
/** @import { Market } from "./market.js" */
/** @import { KeyedList } from "./dom.js" */

/** Lists that are read, not told, are read at most this often. */
const readEveryMs = 1_000;
const shownFills = 100;

/** @typedef {"positions" | "groups" | "working" | "ended" | "fills"} TabName */

/** @type {readonly { readonly name: TabName, readonly label: string, readonly nothing: string }[]} */
const tabs = [
  { name: "positions", label: "Positions", nothing: "No position is held, and none was." },
  { name: "groups", label: "Leg groups", nothing: "No trade of two legs is held." },
  { name: "working", label: "Working orders", nothing: "No order is working." },
  { name: "ended", label: "Ended orders", nothing: "No order has ended in this run." },
  { name: "fills", label: "Fills", nothing: "Nothing was filled in this run." },
];

export class Orders {
  /** @type {TabName} */
  #tab = "positions";
  /** @type {Map<TabName, HTMLElement>} */
  #buttons = new Map();
  /** @type {Map<TabName, HTMLElement>} */
  #counts = new Map();
  /** @type {Record<TabName, readonly any[]>} */
  #items = { positions: [], groups: [], working: [], ended: [], fills: [] };
  /** @type {KeyedList<any> | undefined} */
  #list;
  #runId = "";
  #readKey = "";
  #readAtMs = -Infinity;
  #market;

  /** @param {Market} market */
  constructor(market) {
    this.#market = market;
    const list = byId("tabs");
    for (const { name, label } of tabs) {
      const count = element("span", { class: "count" });
      const tab = button(label, () => this.#open(name), {
        role: "tab",
        id: `tab-${name}`,
        "aria-controls": "tab-panel",
      });
      tab.append(" ", count);
      this.#buttons.set(name, tab);
      this.#counts.set(name, count);
      list.append(tab);
    }
    list.addEventListener("keydown", (event) => this.#step(event));
    this.#open("positions", false);
  }

  /** @param {Status} status */
  showStatus({ runId, counts }) {
    this.#runId = runId;
    this.#count("fills", counts.fills);
    const key = `${runId} ${counts.fills} ${counts.orders} ${counts.workingOrders}`;
    const isRead = this.#tab === "fills" || this.#tab === "ended";
    if (isRead && key !== this.#readKey && performance.now() - this.#readAtMs >= readEveryMs * 0.9) {
      this.#readKey = key;
      void this.#read();
    }
  }

  /** @param {readonly Position[]} positions */
  showPositions(positions) {
    const isHeld = (/** @type {Position} */ { positionLots }) => positionLots !== 0;
    this.#show("positions", [...positions.filter(isHeld), ...positions.filter((one) => !isHeld(one))]);
    this.#count("positions", positions.filter(isHeld).length);
  }

  /** @param {Groups} held */
  showGroups({ groups }) {
    this.#show("groups", groups);
    this.#count("groups", groups.length);
  }

  /** @param {readonly Order[]} orders */
  showWorking(orders) {
    this.#show("working", orders);
    this.#count("working", orders.length);
  }

  /**
   * @param {TabName} name
   * @param {boolean} [isMoving] whether the focus goes along
   */
  #open(name, isMoving = true) {
    this.#tab = name;
    for (const [one, tab] of this.#buttons) {
      setAttribute(tab, "aria-selected", String(one === name));
      setAttribute(tab, "tabindex", one === name ? "0" : "-1");
    }
    setAttribute(byId("tab-panel"), "aria-labelledby", `tab-${name}`);
    this.#list = this.#tableOf(name);
    this.#show(name, this.#items[name]);
    if (isMoving) this.#buttons.get(name)?.focus();
    this.#readKey = "";
    void this.#read();
  }

  /** @param {KeyboardEvent} event */
  #step(event) {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (by === 0) return;
    event.preventDefault();
    const at = tabs.findIndex(({ name }) => name === this.#tab);
    const next = tabs[(at + by + tabs.length) % tabs.length];
    if (next !== undefined) this.#open(next.name);
  }

  /**
   * @param {TabName} name
   * @param {number} count
   */
  #count(name, count) {
    const shown = this.#counts.get(name);
    if (shown !== undefined) setText(shown, String(count));
  }

  /**
   * @param {TabName} name
   * @param {readonly any[]} items
   */
  #show(name, items) {
    this.#items[name] = items;
    if (name !== this.#tab) return;
    this.#list?.update(items);
    const empty = byId("tab-empty");
    empty.hidden = items.length > 0;
    setText(empty, tabs.find((tab) => tab.name === name)?.nothing ?? "");
  }

  async #read() {
    const name = this.#tab;
    if (name !== "fills" && name !== "ended") return;
    this.#readAtMs = performance.now();
    try {
      if (name === "ended") {
        const { recent } = await read("/orders");
        this.#count("ended", recent.length);
        return this.#show("ended", recent);
      }
      if (this.#runId === "") return;
      const { items } = await read(`/fills?limit=${shownFills}&run=${encodeURIComponent(this.#runId)}`);
      this.#show("fills", items);
    } catch {
      this.#readKey = ""; // once more with the next status
    }
  }

  /** @param {TabName} name */
  #tableOf(name) {
    const [head, body] = [byId("tab-head"), byId("tab-body")];
    switch (name) {
      case "positions":
        return table(
          head,
          body,
          this.#positionColumns(),
          keyOfPosition,
          (position) => position.positionLots === 0 ? "flat" : undefined,
        );
      case "groups":
        return table(head, body, this.#groupColumns(), (/** @type {Group} */ { id }) => id);
      case "working":
        return table(head, body, [...this.#orderColumns(), cancelColumn, whyColumn], keyOfOrder);
      case "ended":
        return table(head, body, [...this.#orderColumns(), whyColumn], keyOfOrder);
      case "fills":
        return table(head, body, this.#fillColumns(), (/** @type {Fill} */ { id }) => id);
    }
  }

  /** @returns {readonly import("./tables.js").Column<Position>[]} */
  #positionColumns() {
    /** @param {Position} position @param {number | null} price */
    const price = ({ instrument }, price) => fixed(price, this.#market.priceDecimals(instrument));
    return [
      { name: "Symbol", cell: ({ instrument }) => symbolOf(instrument) },
      { name: "Venue", cell: ({ instrument }) => venueOf(instrument) },
      { name: "Plugin", minor: true, cell: ({ plugin }) => plugin },
      {
        name: "Size",
        kind: "number",
        cell: ({ instrument, sizeBase }) => {
          const decimals = this.#market.sizeDecimals(instrument);
          return { text: fixed(sizeBase, decimals), ...toneOf(sizeBase, decimals) };
        },
      },
      { name: "Entry", kind: "number", minor: true, cell: (one) => price(one, one.averageEntryPrice) },
      { name: "Mark", kind: "number", minor: true, cell: (one) => price(one, one.markPrice) },
      {
        name: "Unrealized",
        kind: "number",
        cell: ({ unrealizedUsd }) => ({ text: usd(unrealizedUsd), ...toneOf(unrealizedUsd) }),
      },
      {
        name: "Realized",
        kind: "number",
        cell: ({ realized }) => ({
          text: usd(Number(realized)),
          ...toneOf(Number(realized)),
          title: realized,
        }),
      },
      {
        name: "Fees",
        kind: "number",
        minor: true,
        cell: ({ fees }) => ({ text: fixed(Number(fees), 2), title: fees }),
      },
      {
        name: "Funding",
        kind: "number",
        minor: true,
        cell: ({ funding }) => ({ text: fixed(Number(funding), 2), title: funding }),
      },
    ];
  }

  /** @returns {readonly import("./tables.js").Column<Group>[]} */
  #groupColumns() {
    return [
      { name: "Age", cell: ({ ageMs }) => span(ageMs) },
      {
        name: "Legs",
        cell: ({ legs }) => legs.map(({ side, instrument }) => `${side} ${instrument}`).join(", "),
      },
      { name: "Plugin", rare: true, cell: ({ plugin }) => plugin },
      {
        name: "Phase",
        cell: ({ phase, why, isBroken }) => ({
          text: `${spaced(phase)}${isBroken ? " · broken" : ""}`,
          title: why,
          ...(isBroken ? { tone: "warn" } : {}),
        }),
      },
      {
        name: "Held",
        kind: "number",
        minor: true,
        cell: ({ legs }) =>
          legs.map(({ heldBase, instrument }) => fixed(heldBase, this.#market.sizeDecimals(instrument))).join(
            " / ",
          ),
      },
      {
        name: "Naked USD",
        kind: "number",
        cell: ({ nakedUsd }) => ({ text: fixed(nakedUsd, 2), ...(nakedUsd === 0 ? {} : { tone: "warn" }) }),
      },
      { name: "For", kind: "number", minor: true, cell: ({ nakedMs }) => span(nakedMs) },
      {
        name: "Why",
        kind: "action",
        make: ({ id }) => button("Why?", () => explain(`group/${id}`, "Leg group"), { class: "small" }),
      },
    ];
  }

  /** @returns {readonly import("./tables.js").Column<Order>[]} */
  #orderColumns() {
    /** @param {Order} order @param {number | null} sizeBase */
    const size = ({ instrument }, sizeBase) => fixed(sizeBase, this.#market.sizeDecimals(instrument));
    return [
      { name: "Time", cell: ({ tsCreatedMs }) => timeOfDay(tsCreatedMs) },
      { name: "Symbol", cell: ({ instrument }) => symbolOf(instrument) },
      { name: "Venue", minor: true, cell: ({ instrument }) => venueOf(instrument) },
      { name: "Plugin", minor: true, cell: ({ plugin }) => plugin },
      { name: "Side", cell: sideOf },
      { name: "Size", kind: "number", cell: (order) => size(order, order.sizeBase) },
      { name: "Filled", kind: "number", minor: true, cell: (order) => size(order, order.filledBase) },
      {
        name: "Price",
        kind: "number",
        cell: ({ type, price, averageFillPrice, instrument }) => ({
          text: type === "market" && averageFillPrice === null
            ? "market"
            : fixed(averageFillPrice ?? price, this.#market.priceDecimals(instrument)),
          title: averageFillPrice === null ? "Limit" : "Average of its fills",
        }),
      },
      {
        name: "Status",
        cell: ({ status, reason, reduceOnly }) => ({
          text: `${spaced(status)}${reduceOnly ? " · reduce" : ""}`,
          ...(reason === null ? {} : { title: reason }),
          ...(status === "unknown" || status === "rejected" ? { tone: "warn" } : {}),
        }),
      },
    ];
  }

  /** @returns {readonly import("./tables.js").Column<Fill>[]} */
  #fillColumns() {
    return [
      { name: "Time", cell: ({ tsMs }) => exactTime(tsMs) },
      { name: "Symbol", cell: ({ instrument }) => symbolOf(instrument) },
      { name: "Venue", cell: ({ instrument }) => venueOf(instrument) },
      { name: "Plugin", minor: true, cell: ({ plugin }) => plugin ?? "not ours" },
      { name: "Side", cell: sideOf },
      {
        name: "Size",
        kind: "number",
        cell: ({ sizeBase, instrument }) => fixed(sizeBase, this.#market.sizeDecimals(instrument)),
      },
      {
        name: "Price",
        kind: "number",
        cell: ({ price, instrument }) => fixed(price, this.#market.priceDecimals(instrument)),
      },
      { name: "As", minor: true, cell: ({ liquidity }) => liquidity },
      {
        name: "Fee",
        kind: "number",
        minor: true,
        cell: ({ fee, feeAsset }) => ({ text: `${fixed(Number(fee), 4)} ${feeAsset}`, title: fee }),
      },
      {
        name: "Why",
        kind: "action",
        make: ({ id, instrument }) =>
          button("Why?", () => explain(id, `Fill of ${symbolOf(instrument)}`), { class: "small" }),
      },
    ];
  }
}

/** @param {{ readonly side: string }} row */
const sideOf = ({ side }) => ({ text: side, tone: side === "buy" ? "gain" : "loss" });
const keyOfPosition = (/** @type {Position} */ { plugin, instrument }) => `${plugin} ${instrument}`;
const keyOfOrder = (/** @type {Order} */ { clientOrderId }) => clientOrderId;

/** @type {import("./tables.js").Column<Order>} */
const whyColumn = {
  name: "Why",
  kind: "action",
  make: ({ clientOrderId, instrument }) =>
    button("Why?", () => explain(clientOrderId, `Order in ${symbolOf(instrument)}`), { class: "small" }),
};

/** @type {import("./tables.js").Column<Order>} */
const cancelColumn = {
  name: "Cancel",
  kind: "action",
  make: ({ clientOrderId, instrument }) =>
    button("Cancel", () =>
      ask({
        title: `Cancel the order in ${symbolOf(instrument)}?`,
        content: [
          paragraph(`${clientOrderId}. The cancel is pursued until the venue confirms the order's end.`),
        ],
        action: "Cancel the order",
        async run() {
          await change("DELETE", `/orders/${encodeURIComponent(clientOrderId)}`);
          return undefined;
        },
      }), { class: "small" }),
};

/**
 * Shows the chain from the quote to the fill, as `berth explain` does.
 *
 * @param {string} id
 * @param {string} title
 */
async function explain(id, title) {
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
