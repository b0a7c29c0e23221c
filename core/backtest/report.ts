/** A backtest's results as files: JSON for programs, CSV for spreadsheets, one HTML page for people. */
import type { EquityPoint, Recording } from "./recorder.ts";
import { type BacktestStatistics, statisticsOf } from "./statistics.ts";

export interface ReportInput {
  readonly plugin: string;
  readonly version: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly data: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly seed: number;
  /** Latency, fees, spread and whatever else was assumed, a line each. */
  readonly assumptions: readonly string[];
  readonly recording: Recording;
}

export interface ReportFile {
  readonly name: string;
  readonly text: string;
}

/** Equal inputs give equal bytes: there is no date of making in them. */
export function reportFiles(input: ReportInput): readonly ReportFile[] {
  const statistics = statisticsOf(input.recording);
  return [
    { name: "report.json", text: `${JSON.stringify({ ...input, statistics }, undefined, 2)}\n` },
    { name: "trades.csv", text: tradesCsv(input.recording) },
    { name: "equity.csv", text: equityCsv(input.recording.equity) },
    { name: "days.csv", text: daysCsv(statistics) },
    { name: "funding.csv", text: fundingCsv(input.recording) },
    { name: "report.html", text: html(input, statistics) },
  ];
}

const iso = (tsMs: number): string => new Date(tsMs).toISOString();
const csv = (rows: readonly (readonly (string | number)[])[]): string =>
  rows.map((row) => `${row.join(",")}\n`).join("");

const tradesCsv = ({ trips }: Recording): string =>
  csv([
    [
      "opened",
      "closed",
      "instrument",
      "side",
      "size_base",
      "entry_price",
      "exit_price",
      "fees_usd",
      "net_pnl_usd",
    ],
    ...trips.map((trip) => [
      iso(trip.openedMs),
      iso(trip.closedMs),
      trip.instrument,
      trip.side,
      trip.sizeBase,
      trip.entryPrice,
      trip.exitPrice,
      trip.feesUsd,
      trip.netPnlUsd,
    ]),
  ]);
const equityCsv = (equity: readonly EquityPoint[]): string =>
  csv([["time", "equity_usd"], ...equity.map((point) => [iso(point.tsMs), point.equityUsd])]);
const daysCsv = ({ days }: BacktestStatistics): string =>
  csv([
    ["day", "equity_usd", "return_percent", "round_trips", "net_pnl_usd"],
    ...days.map((day) => [day.day, day.equityUsd, day.returnPercent, day.trips, day.netPnlUsd]),
  ]);
const fundingCsv = ({ fundingPayments }: Recording): string =>
  csv([
    ["time", "instrument", "paid_usd"],
    ...fundingPayments.map(({ tsMs, instrument, amountUsd }) => [iso(tsMs), instrument, amountUsd]),
  ]);

// ---- the page

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (found) => escapes[found] ?? found);
const usd = (value: number | undefined): string =>
  value === undefined
    ? "–"
    : value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const number = (value: number | undefined, digits = 2): string =>
  value === undefined || !Number.isFinite(value) ? "–" : value.toFixed(digits);

function duration(ms: number | undefined): string {
  if (ms === undefined) return "–";
  const minutes = ms / 60_000;
  if (minutes < 1) return `${(ms / 1000).toFixed(1)} s`;
  return minutes < 120 ? `${minutes.toFixed(1)} min` : `${(minutes / 60).toFixed(1)} h`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: string, row: readonly string[]): string =>
    `<tr>${row.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`;
  return `<table>${head.length > 0 ? cells("th", head) : ""}${
    rows.map((row) => cells("td", row)).join("")
  }</table>`;
}

const width = 900;
const height = 220;

/** A line over time as an SVG path, with its lowest and highest value written at the side. */
function chart(title: string, points: readonly EquityPoint[], unit: string): string {
  const values = points.map((point) => point.equityUsd);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const from = points[0]?.tsMs ?? 0;
  const to = points.at(-1)?.tsMs ?? 1;
  const x = (tsMs: number): string => (((tsMs - from) / Math.max(1, to - from)) * width).toFixed(1);
  const y = (value: number): string =>
    (height - ((value - low) / Math.max(1e-9, high - low)) * height).toFixed(1);
  const path = points.map((point, index) =>
    `${index === 0 ? "M" : "L"}${x(point.tsMs)} ${y(point.equityUsd)}`
  );
  return `<figure><figcaption>${escaped(title)}</figcaption>
<svg viewBox="0 -8 ${width + 90} ${height + 30}" role="img" aria-label="${escaped(title)}">
<path class="line" d="${path.join("")}"/>
<text x="${width + 6}" y="8">${escaped(usd(high))} ${unit}</text><text x="${width + 6}" y="${height}">${
    escaped(usd(low))
  } ${unit}</text>
<text x="0" y="${height + 18}">${iso(from).slice(0, 10)}</text><text x="${width}" y="${
    height + 18
  }" text-anchor="end">${iso(to).slice(0, 10)}</text></svg></figure>`;
}

function drawdowns(equity: readonly EquityPoint[], depositUsd: number): readonly EquityPoint[] {
  let peak = depositUsd;
  return equity.map(({ tsMs, equityUsd }) => {
    peak = Math.max(peak, equityUsd);
    return { tsMs, equityUsd: peak > 0 ? (100 * (equityUsd - peak)) / peak : 0 };
  });
}

const style = `body{font:15px/1.5 system-ui,sans-serif;max-width:1020px;margin:2em auto;padding:0 1em}
table{border-collapse:collapse;margin:1em 0;font-variant-numeric:tabular-nums}td,th{padding:.2em .8em;border-bottom:1px solid #8884;text-align:right}
td:first-child,th:first-child{text-align:left}svg{width:100%}.line{fill:none;stroke:#2a6fdb;stroke-width:1.5}text{font-size:11px;fill:currentColor}
figure{margin:1.5em 0}:root{color-scheme:light dark}`;

function html(input: ReportInput, statistics: BacktestStatistics): string {
  const { recording } = input;
  const { equity } = recording;
  const counted = (counts: Readonly<Record<string, number>>): readonly (readonly string[])[] =>
    Object.entries(counts).map(([name, count]) => [name, String(count)]);
  const refusals = counted(recording.refusals);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Backtest of ${escaped(input.plugin)}</title><style>${style}</style>
<h1>Backtest of ${escaped(input.plugin)} ${escaped(input.version)}</h1>
<p>${escaped(input.data)}, ${iso(input.fromMs).slice(0, 16)} to ${
    iso(input.toMs).slice(0, 16)
  } UTC, seed ${input.seed}. Fills are simulated: ${escaped(input.assumptions.join("; "))}.</p>
${
    table([], [
      ["Equity at start", `${usd(statistics.startEquityUsd)} USD`],
      ["Equity at end", `${usd(statistics.endEquityUsd)} USD (${number(statistics.returnPercent)} %)`],
      ["Realized, before fees", `${usd(recording.realizedUsd)} USD`],
      ["Fees", `${usd(recording.feesUsd)} USD`],
      ["Funding paid", `${usd(recording.fundingUsd)} USD in ${recording.fundingPayments.length} payments`],
      ["Unrealized at end", `${usd(recording.unrealizedUsd)} USD`],
      [
        "Largest drawdown",
        `${usd(statistics.maxDrawdownUsd)} USD (${number(statistics.maxDrawdownPercent)} %)`,
      ],
      ["Sharpe, Sortino (daily, × √365)", `${number(statistics.sharpe)}, ${number(statistics.sortino)}`],
      ["Round trips", String(statistics.trips)],
      ["Win rate", `${number(statistics.winRatePercent, 1)} %`],
      ["Average win, loss", `${usd(statistics.averageWinUsd)}, ${usd(statistics.averageLossUsd)} USD`],
      ["Profit factor", number(statistics.profitFactor)],
      ["Average hold", duration(statistics.averageHoldMs)],
      ["Orders, fills", `${recording.orders}, ${recording.fills.length}`],
    ])
  }
${chart("Equity", equity, "USD")}
${chart("Drawdown from the peak", drawdowns(equity, recording.depositUsd), "%")}
<h2>Days</h2>
${
    table(
      ["Day (UTC)", "Equity, USD", "Return, %", "Round trips", "Net, USD"],
      statistics.days.map((day) => [
        day.day,
        usd(day.equityUsd),
        number(day.returnPercent),
        String(day.trips),
        usd(day.netPnlUsd),
      ]),
    )
  }
${refusals.length > 0 ? `<h2>Refused by the risk gate</h2>${table(["Code", "Times"], refusals)}` : ""}
<h2>Settings</h2>
${
    table(
      ["Setting", "Value"],
      Object.entries(input.settings).map(([name, value]) => [name, JSON.stringify(value)]),
    )
  }
<h2>Trades</h2>
${
    table(
      ["Opened", "Closed", "Instrument", "Side", "Size", "Entry", "Exit", "Fees", "Net, USD"],
      recording.trips.slice(-500).map((trip) => [
        iso(trip.openedMs).slice(0, 19),
        iso(trip.closedMs).slice(0, 19),
        trip.instrument,
        trip.side,
        String(trip.sizeBase),
        number(trip.entryPrice),
        number(trip.exitPrice),
        usd(trip.feesUsd),
        usd(trip.netPnlUsd),
      ]),
    )
  }
${recording.trips.length > 500 ? "<p>The newest 500; all are in trades.csv.</p>" : ""}
</html>
`;
}
