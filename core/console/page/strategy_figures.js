/** How a strategy does by its fills, and what it says of itself: a part of its plugin's card. */
import { element, KeyedList, setAttribute, setText } from "./dom.js";
import { Facts } from "./facts.js";
import { fixed, signed, span, timeOfDay, usd } from "./formats.js";

/** @import { Fact } from "./facts.js" */
/** @import { Strategy } from "./types.ts" */

const shownSignals = 8;

/** @type {readonly Fact<Strategy>[]} */
const facts = [
  { name: "Today", text: ({ todayUsd }) => usd(todayUsd), amount: ({ todayUsd }) => todayUsd },
  { name: "Total", text: ({ totalUsd }) => usd(totalUsd), amount: ({ totalUsd }) => totalUsd },
  { name: "Trades", text: ({ trades }) => fixed(trades.trades, 0) },
  { name: "Won", text: ({ trades }) => `${fixed(trades.winRatePercent, 0)} %` },
  { name: "Profit factor", text: ({ trades }) => fixed(trades.profitFactor, 2) },
  { name: "Average win", text: ({ trades }) => usd(trades.averageWinUsd) },
  { name: "Average loss", text: ({ trades }) => usd(trades.averageLossUsd) },
  { name: "Average hold", text: ({ trades }) => span(trades.averageHoldMs) },
];

/** @typedef {{ readonly key: string, readonly name: string, readonly value: string, readonly tone?: string }} Row */

/** @param {Strategy} strategy */
const rowsOf = ({ lines, readings, signals }) => [
  ...lines.map(({ name, value }) => ({ key: `line ${name}`, name, value })),
  ...readings.map(({ instrument, readings: values }) => ({
    key: `reading ${instrument}`,
    name: instrument,
    value: values.map(({ name, value }) => `${name} ${fixed(value, 2)}`).join(" · "),
  })),
  ...signals.slice(0, shownSignals).map((
    { tsMs, instrument, side, isTaken, score, reasons, rejections },
    index,
  ) => ({
    key: `signal ${tsMs} ${instrument} ${index}`,
    name: `${timeOfDay(tsMs)} ${side}`,
    value: `${instrument} ${isTaken ? "taken" : "not taken"}, score ${signed(score, 2)}: ${
      (isTaken ? reasons : rejections).join(", ")
    }`,
    ...(isTaken ? { tone: "gain" } : {}),
  })),
];

export class StrategyFigures {
  root = element("div", { class: "strategy" });
  #status = element("p", { class: "dim" });
  #facts = new Facts(facts);
  #panel = element("details", { class: "powers" }, element("summary", {}, "What it says of itself"));
  #rows;

  constructor() {
    const list = element("dl", { class: "says" });
    this.#panel.append(list);
    this.#rows = new KeyedList(list, (/** @type {Row} */ { key }) => key, ({ name }) => {
      const value = element("dd");
      return {
        root: element("div", {}, element("dt", {}, name), value),
        update(row) {
          setText(value, row.value);
          setAttribute(value, "data-tone", row.tone);
        },
      };
    });
    this.root.append(
      this.#status,
      this.#facts.root,
      this.#panel,
    );
  }

  /** @param {Strategy | undefined} strategy */
  show(strategy) {
    const hasFigures = strategy !== undefined && (strategy.state === "running" || strategy.trades.trades > 0);
    this.root.hidden = !hasFigures;
    if (!hasFigures) return;
    setText(this.#status, strategy.status);
    this.#status.hidden = strategy.status === "";
    this.#facts.show(strategy);
    const rows = rowsOf(strategy);
    this.#rows.update(rows);
    this.#panel.hidden = rows.length === 0;
  }
}
