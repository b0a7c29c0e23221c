/**
 * The dashboard's files, as texts in the module graph: a compiled binary has them too, and nothing is built or fetched.
 * The page is plain JavaScript, type-checked like the rest; its plot library is served from its package.
 */
import uPlotStyle from "uplot/dist/uPlot.min.css" with { type: "text" };
import uPlotScript from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import alerts from "./page/alerts.js" with { type: "text" };
import api from "./page/api.js" with { type: "text" };
import charts from "./page/charts.js" with { type: "text" };
import connection from "./page/connection.js" with { type: "text" };
import dialogs from "./page/dialogs.js" with { type: "text" };
import dom from "./page/dom.js" with { type: "text" };
import explanation from "./page/explanation.js" with { type: "text" };
import facts from "./page/facts.js" with { type: "text" };
import formats from "./page/formats.js" with { type: "text" };
import icon from "./page/icon.svg" with { type: "text" };
import shell from "./page/index.html" with { type: "text" };
import logs from "./page/logs.js" with { type: "text" };
import main from "./page/main.js" with { type: "text" };
import market from "./page/market.js" with { type: "text" };
import meters from "./page/meters.js" with { type: "text" };
import money from "./page/money.js" with { type: "text" };
import orders from "./page/orders.js" with { type: "text" };
import pageStyle from "./page/page.css" with { type: "text" };
import chartsStyle from "./page/charts.css" with { type: "text" };
import dialogsStyle from "./page/dialogs.css" with { type: "text" };
import panelsStyle from "./page/panels.css" with { type: "text" };
import plugins from "./page/plugins.js" with { type: "text" };
import risk from "./page/risk.js" with { type: "text" };
import strategyFigures from "./page/strategy_figures.js" with { type: "text" };
import tables from "./page/tables.js" with { type: "text" };
import tabs from "./page/tabs.js" with { type: "text" };
import theme from "./page/theme.js" with { type: "text" };
import tradeColumns from "./page/trade_columns.js" with { type: "text" };
import venues from "./page/venues.js" with { type: "text" };
import { escaped } from "./docs_page.ts";
import type { ConsoleRun } from "./ports.ts";

const types = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml; charset=utf-8",
} as const;

/** Below `/page/`, by name. */
const files: Readonly<Record<string, string>> = {
  "alerts.js": alerts,
  "api.js": api,
  "charts.js": charts,
  "connection.js": connection,
  "dialogs.js": dialogs,
  "dom.js": dom,
  "explanation.js": explanation,
  "facts.js": facts,
  "formats.js": formats,
  "icon.svg": icon,
  "logs.js": logs,
  "main.js": main,
  "market.js": market,
  "meters.js": meters,
  "money.js": money,
  "orders.js": orders,
  "page.css": pageStyle,
  "charts.css": chartsStyle,
  "dialogs.css": dialogsStyle,
  "panels.css": panelsStyle,
  "plugins.js": plugins,
  "risk.js": risk,
  "strategy_figures.js": strategyFigures,
  "tables.js": tables,
  "tabs.js": tabs,
  "theme.js": theme,
  "trade_columns.js": tradeColumns,
  "uplot.css": uPlotStyle,
  "uplot.js": uPlotScript,
  "venues.js": venues,
};

export const pageFileNames: readonly string[] = Object.keys(files);

/** A file of the page; undefined when there is none of that name. */
export function pageFile(name: string): Response | undefined {
  const text = Object.hasOwn(files, name) ? files[name] : undefined;
  const type = Object.entries(types).find(([ending]) => name.endsWith(`.${ending}`))?.[1];
  return text === undefined || type === undefined
    ? undefined
    : new Response(text, { headers: { "content-type": type } });
}

/** What each environment means to whoever looks, so that nobody takes one for another. */
const environmentWords: Readonly<Record<ConsoleRun["environment"], string>> = {
  sim: "simulated venues",
  paper: "real prices, simulated fills",
  testnet: "the venues' test networks",
  live: "real money",
  replay: "recorded prices, simulated fills",
};

/** The page as it is before its script runs: it says already where orders go. */
export function pageShell(environment: ConsoleRun["environment"], version: string): Response {
  const values: Readonly<Record<string, string>> = {
    environment,
    ENVIRONMENT: environment.toUpperCase(),
    environmentWords: environmentWords[environment],
    version,
  };
  const text = shell.replaceAll(/\{\{ ?(\w+) ?\}\}/g, (_, name: string) => escaped(values[name] ?? ""));
  return new Response(text, { headers: { "content-type": "text/html; charset=utf-8" } });
}
