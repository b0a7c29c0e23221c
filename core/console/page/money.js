/** What the run has earned: the figures on top, and the curves of profit, loss and drawdown. */
import { read } from "./api.js";
import { Chart, legendOf } from "./charts.js";
import { byId, element, KeyedList, ofKind, setAttribute, setText, showNote } from "./dom.js";
import { fixed, toneOf, usd } from "./formats.js";

/** @import { Curves, Opportunities, Pnl, PnlHistory, Risk, Status } from "./types.ts" */
/** @import { Line } from "./charts.js" */

const keptPoints = 2_400;

/**
 * @typedef {{ readonly name: string, readonly text: string, readonly tone?: string, readonly isMain?: boolean }} Figure
 */

export class Money {
  #chart = new Chart(byId("equity-chart"), (value) => usd(value));
  #legend = legendOf(byId("equity-legend"), this.#chart);
  #scopes = ofKind("scope", HTMLSelectElement);
  /** Minutes, or `all`. */
  #span = ofKind("equity-span", HTMLSelectElement);
  #scopeOptions = new KeyedList(this.#scopes, (/** @type {string} */ name) => name, (name) => ({
    root: element("option", {}, name),
    update() {},
  }));
  #figures = new KeyedList(byId("figures"), (/** @type {Figure} */ { name }) => name, ({ name, isMain }) => {
    const value = element("dd");
    const root = element("div", isMain === true ? { class: "main" } : {}, element("dt", {}, name), value);
    return {
      root,
      update({ text, tone }) {
        setText(value, text);
        setAttribute(value, "data-tone", tone);
      },
    };
  });
  /** @type {PnlHistory | undefined} */
  #history;
  /** @type {Status | undefined} */
  #status;
  /** @type {Pnl | undefined} */
  #pnl;
  /** @type {Risk["scopes"][number] | undefined} */
  #risk;

  constructor() {
    this.#scopes.addEventListener("change", () => void this.#readHistory());
    this.#span.addEventListener("change", () => this.#draw());
  }

  renew() {
    void this.#readHistory();
  }

  /** @param {Status} status */
  showStatus(status) {
    this.#status = status;
    this.#showFigures();
  }

  /** @param {Risk} risk */
  showRisk({ scopes }) {
    this.#risk = scopes.find(({ scope }) => scope === "global");
    this.#showFigures();
  }

  /** @param {readonly Pnl[]} pnl */
  showPnl(pnl) {
    this.#pnl = pnl.find(({ scope }) => scope === "global");
    this.#scopeOptions.update(pnl.map(({ scope }) => scope));
    if (this.#history?.scope !== this.#scopes.value) void this.#readHistory();
    this.#showFigures();
  }

  /** @param {Curves} curves */
  addMoment({ tsMs, pnl }) {
    const history = this.#history;
    const found = pnl.find(({ scope }) => scope === history?.scope);
    if (history === undefined || found === undefined || tsMs <= (history.tsMs.at(-1) ?? 0)) return;
    history.tsMs.push(tsMs);
    history.totalUsd.push(found.totalUsd);
    history.drawdownUsd.push(found.drawdownUsd);
    if (history.tsMs.length > keptPoints) return void this.#readHistory(); // the console's is coarser
    this.#draw();
  }

  async #readHistory() {
    const scope = this.#scopes.value;
    if (scope === "") return;
    this.#history = { scope, pastProblem: null, tsMs: [], totalUsd: [], drawdownUsd: [] };
    try {
      /** @type {PnlHistory} */
      const history = await read(`/history/pnl?scope=${encodeURIComponent(scope)}`);
      if (this.#scopes.value !== scope) return;
      this.#history = history;
      showNote(byId("equity-note"), history.pastProblem);
      this.#draw();
    } catch {
      this.#history = undefined; // asked again with the next figures
    }
  }

  #draw() {
    if (this.#history === undefined) return;
    const { tsMs, totalUsd, drawdownUsd } = this.#history;
    const fromMs = (tsMs.at(-1) ?? 0) - Number(this.#span.value) * 60_000; // NaN of `all`: nothing is older
    const first = Math.max(tsMs.findIndex((ms) => ms >= fromMs), 0);
    /** @type {readonly Line[]} */
    const lines = [
      { label: "net result", color: "--series-1", kind: "area" },
      { label: "drawdown", color: "--loss", kind: "area" },
    ];
    this.#legend(lines);
    this.#chart.show(lines, [
      tsMs.slice(first).map((ms) => ms / 1_000),
      totalUsd.slice(first),
      drawdownUsd.slice(first).map((value) => (value === null ? null : -value)),
    ]);
  }

  #showFigures() {
    const [pnl, status, risk] = [this.#pnl, this.#status, this.#risk];
    if (pnl === undefined || status === undefined) return;
    const { orders, workingOrders, fills, roundTrips } = status.counts;
    this.#figures.update([
      { name: "Net result USD", text: usd(pnl.totalUsd), ...toneOf(pnl.totalUsd), isMain: true },
      { name: "Today", text: usd(pnl.todayUsd), ...toneOf(pnl.todayUsd) },
      { name: "Realized", text: usd(pnl.realizedUsd), ...toneOf(pnl.realizedUsd) },
      { name: "Unrealized", text: usd(pnl.unrealizedUsd), ...toneOf(pnl.unrealizedUsd) },
      { name: "Fees", text: fixed(pnl.feesUsd, 2) },
      { name: "Funding", text: fixed(pnl.fundingUsd, 2) },
      { name: "Drawdown", text: fixed(pnl.drawdownUsd, 2) },
      { name: "Gross exposure", text: fixed(risk?.grossExposureUsd, 0) },
      { name: "Net exposure", text: fixed(risk?.netExposureUsd, 0) },
      { name: "Orders", text: fixed(orders, 0) },
      { name: "Working", text: fixed(workingOrders, 0) },
      { name: "Fills", text: fixed(fills, 0) },
      { name: "Round trips", text: fixed(roundTrips, 0) },
    ]);
  }
}
