/** Positions, leg groups, orders and fills in one place. */
import { read } from "./api.js";
import { byId } from "./dom.js";
import { Tab, Tabs } from "./tabs.js";
import {
  cancelColumn,
  fillColumns,
  groupColumns,
  orderColumns,
  positionColumns,
  whyColumn,
} from "./trade_columns.js";

/** @import { Fill, Group, Groups, Order, Position, Status } from "./types.ts" */
/** @import { Market } from "./market.js" */

/** Lists that are read, not told, are read at most this often. */
const readEveryMs = 1_000;
const shownFills = 100;

const keyOfOrder = (/** @type {Order} */ { clientOrderId }) => clientOrderId;
const isHeld = (/** @type {Position} */ { positionLots }) => positionLots !== 0;

export class Orders {
  #positions;
  #groups;
  #working;
  #ended;
  #fills;
  #runId = "";
  /** Of what was read last: it is read anew when something happened since. */
  #readKey = "";
  #newestKey = "";
  #readAtMs = -Infinity;

  /** @param {Market} market knows how many decimals prices and sizes have */
  constructor(market) {
    this.#positions = new Tab({
      name: "positions",
      label: "Positions",
      nothing: "No position is held, and none was.",
      columns: positionColumns(market),
      keyOf: (/** @type {Position} */ { plugin, instrument }) => `${plugin} ${instrument}`,
      markOf: (position) => isHeld(position) ? undefined : "flat",
    });
    this.#groups = new Tab({
      name: "groups",
      label: "Leg groups",
      nothing: "No trade of two legs is held.",
      columns: groupColumns(market),
      keyOf: (/** @type {Group} */ { id }) => id,
    });
    this.#working = new Tab({
      name: "working",
      label: "Working orders",
      nothing: "No order is working.",
      columns: [...orderColumns(market), cancelColumn, whyColumn],
      keyOf: keyOfOrder,
    });
    this.#ended = new Tab({
      name: "ended",
      label: "Ended orders",
      nothing: "No order has ended in this run.",
      columns: [...orderColumns(market), whyColumn],
      keyOf: keyOfOrder,
    });
    this.#fills = new Tab({
      name: "fills",
      label: "Fills",
      nothing: "Nothing was filled in this run.",
      columns: fillColumns(market),
      keyOf: (/** @type {Fill} */ { id }) => id,
    });
    const tabs = [this.#positions, this.#groups, this.#working, this.#ended, this.#fills];
    new Tabs(
      {
        list: byId("tabs"),
        panel: byId("tab-panel"),
        head: byId("tab-head"),
        body: byId("tab-body"),
        empty: byId("tab-empty"),
      },
      tabs,
      () => void this.#read(),
    );
  }

  /** @param {Status} status */
  showStatus({ runId, counts }) {
    this.#runId = runId;
    this.#fills.count(counts.fills);
    this.#newestKey = `${runId} ${counts.fills} ${counts.orders} ${counts.workingOrders}`;
    const isDue = performance.now() - this.#readAtMs >= readEveryMs * 0.9;
    if (this.#newestKey !== this.#readKey && isDue) void this.#read();
  }

  /** @param {readonly Position[]} positions */
  showPositions(positions) {
    const held = positions.filter(isHeld);
    this.#positions.show([...held, ...positions.filter((one) => !isHeld(one))]);
    this.#positions.count(held.length);
  }

  /** @param {Groups} held */
  showGroups({ groups }) {
    this.#groups.show(groups);
    this.#groups.count(groups.length);
  }

  /** @param {readonly Order[]} orders */
  showWorking(orders) {
    this.#working.show(orders);
    this.#working.count(orders.length);
  }

  /** What is not told live, of the tab that is open. */
  async #read() {
    if (this.#runId === "" || !(this.#ended.isOpen || this.#fills.isOpen)) return;
    this.#readAtMs = performance.now();
    this.#readKey = this.#newestKey;
    try {
      if (this.#ended.isOpen) {
        /** @type {{ readonly recent: readonly Order[] }} */
        const { recent } = await read("/orders");
        this.#ended.show(recent);
        this.#ended.count(recent.length);
      } else {
        /** @type {{ readonly items: readonly Fill[] }} */
        const { items } = await read(`/fills?limit=${shownFills}&run=${encodeURIComponent(this.#runId)}`);
        this.#fills.show(items);
      }
    } catch {
      this.#readKey = ""; // once more with the next status
    }
  }
}
