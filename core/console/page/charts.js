/** Line charts in the page's own colours, by uPlot. Time runs along the bottom, in seconds since the epoch. */
import { element } from "./dom.js";

/** @import UPlot from "uplot" */

/**
 * @typedef {{
 *   readonly label: string,
 *   readonly color: string,
 *   readonly kind?: "line" | "area" | "dots" | "rings",
 * }} Line
 * A line's colour is the name of a custom property: `--series-1`.
 */

/** Resolves a custom property to a colour that a canvas understands. */
const probe = element("span", { hidden: "" });
/** @param {string} property */
function colorOf(property) {
  if (!probe.isConnected) document.body.append(probe);
  probe.style.color = `var(${property})`;
  return getComputedStyle(probe).color;
}

/** @type {Set<Chart>} */
const charts = new Set();
/** The theme changed: all charts are drawn anew. */
export const redrawAll = () => charts.forEach((chart) => chart.rebuild());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);

export class Chart {
  /** @type {UPlot | undefined} */
  #plot;
  /** @type {readonly Line[]} */
  #lines = [];
  /** @type {UPlot.AlignedData} */
  #data = [[]];

  /**
   * @param {HTMLElement} parent
   * @param {(value: number) => string} format of a value on the left
   */
  constructor(parent, format) {
    this.parent = parent;
    this.format = format;
    charts.add(this);
    new ResizeObserver(() => this.#resize()).observe(parent);
  }

  /**
   * @param {readonly Line[]} lines
   * @param {UPlot.AlignedData} data seconds first, then one column a line
   */
  show(lines, data) {
    const isSame = this.#plot !== undefined && lines.length === this.#lines.length &&
      lines.every((line, index) => line.label === this.#lines[index]?.label);
    this.#data = data;
    const seconds = data[0];
    this.parent.dataset.spanMs = String(Math.round(((seconds.at(-1) ?? 0) - (seconds[0] ?? 0)) * 1_000));
    if (isSame) {
      this.#plot?.setData(data);
    } else {
      this.#lines = lines;
      this.rebuild();
    }
  }

  rebuild() {
    this.#plot?.destroy();
    this.#plot = undefined;
    if (this.#lines.length === 0) return;
    const axis = {
      stroke: colorOf("--dim"),
      font: "11px Inter, 'Segoe UI', 'Liberation Sans', Arial, sans-serif",
      grid: { stroke: colorOf("--grid"), width: 1 },
      ticks: { show: false },
    };
    this.#plot = new globalThis.uPlot(
      {
        ...this.#size(),
        padding: [8, 24, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
        scales: {
          // Around a single moment uPlot would show years.
          x: { range: ({ data: [xs] }, low, high) => (xs.length === 1 ? [low - 30, low + 30] : [low, high]) },
          y: { range: (_plot, low, high) => padded(low, high) },
        },
        axes: [
          { ...axis, size: 24, space: 60, values: (_plot, seconds) => timesOf(seconds) },
          { ...axis, size: 52, space: 24, values: (_plot, values) => values.map(this.format) },
        ],
        series: [{}, ...this.#lines.map(seriesOf)],
        hooks: { setCursor: [(plot) => this.#tell(plot)] },
      },
      this.#data,
      this.parent,
    );
  }

  /** What lies under the pointer, as the element's title would be: beside the legend. @param {UPlot} plot */
  #tell(plot) {
    const { idx } = plot.cursor;
    const readings = this.#lines.map((line, index) => {
      const value = idx === null || idx === undefined ? undefined : this.#data[index + 1]?.[idx];
      return { line, text: value === null || value === undefined ? "" : this.format(value) };
    });
    this.onRead?.(readings);
  }

  /** @type {((readings: readonly { readonly line: Line, readonly text: string }[]) => void) | undefined} */
  onRead;

  #size() {
    return { width: Math.max(this.parent.clientWidth, 40), height: Math.max(this.parent.clientHeight, 40) };
  }

  #resize() {
    const size = this.#size();
    if (this.#plot?.width !== size.width || this.#plot.height !== size.height) this.#plot?.setSize(size);
  }
}

/**
 * A little air above and below, and never a span of nothing.
 *
 * @param {number | null} low
 * @param {number | null} high
 * @returns {[number, number]}
 */
function padded(low, high) {
  if (low === null || high === null || !Number.isFinite(low) || !Number.isFinite(high)) return [-1, 1];
  const air = low === high ? 1 : Math.max((high - low) * 0.1, 0.05);
  return [low - air, high + air];
}

/**
 * As exact as the span needs: with seconds, with minutes, or with the day.
 *
 * @param {readonly number[]} seconds of the axis
 */
function timesOf(seconds) {
  const spanS = (seconds.at(-1) ?? 0) - (seconds[0] ?? 0);
  /** @type {Intl.DateTimeFormatOptions} */
  const clock = { hour: "2-digit", minute: "2-digit", ...(spanS < 3_600 ? { second: "2-digit" } : {}) };
  return seconds.map((second) => {
    const time = new Date(second * 1_000);
    const day = spanS < 86_400
      ? ""
      : `${time.toLocaleDateString("en-GB", { day: "numeric", month: "short" })} `;
    return day + time.toLocaleTimeString("en-GB", clock);
  });
}

/**
 * @param {Line} line
 * @returns {UPlot.Series}
 */
function seriesOf({ label, color, kind = "line" }) {
  const stroke = colorOf(color);
  if (kind === "dots" || kind === "rings") {
    return {
      label,
      stroke,
      paths: () => null,
      points: {
        show: true,
        size: 7,
        width: 1.5,
        stroke,
        fill: kind === "dots" ? stroke : colorOf("--panel"),
      },
    };
  }
  return {
    label,
    stroke,
    width: 1.5,
    points: { show: false },
    spanGaps: false,
    ...(kind === "area" ? { fill: faint(stroke), fillTo: 0 } : {}),
  };
}

/** @param {string} color `rgb(…)`, as computed styles have it */
const faint = (color) => color.replace(/^rgb\((.*)\)$/, "rgba($1, 0.16)");

/**
 * The names of lines with their colours, and what each reads under the pointer.
 *
 * @param {HTMLElement} parent
 * @param {Chart} chart
 */
export function legendOf(parent, chart) {
  /** @type {Map<string, HTMLElement>} */
  let values = new Map();
  chart.onRead = (readings) => {
    for (const { line, text } of readings) {
      const value = values.get(line.label);
      if (value !== undefined) value.textContent = text;
    }
  };
  let shown = "";
  return (/** @type {readonly Line[]} */ lines) => {
    const key = lines.map(({ label }) => label).join("\n");
    if (key === shown) return;
    shown = key;
    values = new Map(lines.map(({ label }) => [label, element("b")]));
    parent.replaceChildren(...lines.map(({ label, color, kind = "line" }) => {
      const value = values.get(label) ?? element("b");
      const mark = element("i", { class: `mark ${kind}`, "data-color": color.slice(2) });
      return element("span", {}, mark, label, " ", value);
    }));
  };
}
