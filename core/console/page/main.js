/** Puts the page together: one connection, each topic to the panels that show it. */
import { AlertsPanel } from "./alerts.js";
import { forgetToken, knownToken } from "./api.js";
import { redrawAll } from "./charts.js";
import { Connection } from "./connection.js";
import { askForToken } from "./dialogs.js";
import { byId, setAttribute, setText } from "./dom.js";
import { clockSpan, fixed, timeOfDay } from "./formats.js";
import { Logs } from "./logs.js";
import { Market } from "./market.js";
import { Money } from "./money.js";
import { Orders } from "./orders.js";
import { Plugins } from "./plugins.js";
import { RiskPanel } from "./risk.js";
import { Venues } from "./venues.js";

/** @import { LinkState } from "./connection.js" */
/** @import { Status } from "./types.ts" */

const market = new Market();
const money = new Money();
const orders = new Orders(market);
const risk = new RiskPanel();
const alerts = new AlertsPanel();
const plugins = new Plugins();
const venues = new Venues();
const logs = new Logs();

let runId = "";
let toldMs = 0;

/** Each topic that is followed. @type {import("./connection.js").ConnectionOptions["handlers"]} */
const handlers = {
  status(status) {
    toldMs = Date.now();
    noteRun(status);
    money.showStatus(status);
    risk.showStatus(status);
    orders.showStatus(status);
  },
  venues: (all) => venues.show(all),
  quotes: (quotes) => market.showQuotes(quotes),
  opportunities: (found) => market.showOpportunities(found),
  strategies: (all) => plugins.showStrategies(all),
  plugins: (all) => plugins.show(all),
  alerts: (state) => alerts.show(state),
  groups: (held) => orders.showGroups(held),
  orders: (working) => orders.showWorking(working),
  positions: (positions) => orders.showPositions(positions),
  pnl: (pnl) => money.showPnl(pnl),
  risk(state) {
    risk.show(state);
    money.showRisk(state);
    plugins.showRisk(state);
  },
  kill: (state) => risk.showKill(state),
  curves(moment) {
    market.addMoment(moment);
    money.addMoment(moment);
  },
  logs(lines) {
    logs.add(lines);
    plugins.addLogs(lines);
  },
};

/** Of another run nothing that is drawn holds. @param {Status} status */
function noteRun(status) {
  const { environment, version, seed, uptimeMs, hostRssMb, loopDelayMs } = status;
  if (runId !== "" && runId !== status.runId) {
    say(`The host was started anew at ${timeOfDay(status.tsStartMs)}.`);
    renew();
  }
  runId = status.runId;
  const state = status.tradingState === "active" ? "" : `${status.tradingState.toUpperCase()} · `;
  const title = `${state}${environment.toUpperCase()} · berth`;
  if (document.title !== title) document.title = title;
  setAttribute(document.documentElement, "data-environment", environment);
  setText(
    byId("run"),
    `up ${clockSpan(uptimeMs)} · version ${version}${environment === "sim" ? ` · seed ${seed}` : ""} · host ${
      fixed(hostRssMb, 0)
    } MB, ${fixed(loopDelayMs, 0)} ms late at worst`,
  );
}

function renew() {
  market.renew();
  money.renew();
  plugins.renew();
  void logs.renew().then((lines) => plugins.addLogs(lines), () => {});
}

/** @param {string} words to be heard too */
const say = (words) => setText(byId("spoken"), words);

/** @type {Readonly<Record<LinkState, string>>} */
const linkWords = {
  connecting: "connecting…",
  live: "live",
  lost: "disconnected",
  locked: "locked",
  paused: "paused",
};

/** @param {LinkState} state */
function showLink(state) {
  const link = byId("link");
  const before = link.dataset.state;
  setAttribute(link, "data-state", state);
  setText(link, linkWords[state]);
  setAttribute(document.body, "data-link", state);
  const banner = byId("banner");
  const isOff = state === "lost" || state === "locked";
  banner.hidden = !isOff;
  if (state === "lost") {
    setText(
      banner,
      toldMs === 0
        ? "The host does not answer. Trying again…"
        : `Disconnected: everything below is as of ${timeOfDay(toldMs)}. Trying again…`,
    );
  }
  if (state === "locked") setText(banner, "Reading from another machine needs the token: press Unlock.");
  if (state === "live") {
    renew();
    if (before === "lost") say("Connected again.");
  }
}

const connection = new Connection({ handlers, onState: showLink });

/** @type {readonly string[]} */
const themes = ["auto", "light", "dark"];
byId("theme").addEventListener("click", () => {
  const now = localStorage.getItem("berth.theme") ?? "auto";
  const next = themes[(themes.indexOf(now) + 1) % themes.length] ?? "auto";
  localStorage.setItem("berth.theme", next);
  if (next === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  showTheme();
  redrawAll();
});
function showTheme() {
  const theme = localStorage.getItem("berth.theme") ?? "auto";
  const button = byId("theme");
  setText(button, theme === "light" ? "☀" : theme === "dark" ? "☾" : "◐");
  setAttribute(button, "aria-label", `Theme: ${theme}`);
  setAttribute(button, "title", `Theme: ${theme}`);
}

function showToken() {
  setText(byId("token"), knownToken() === undefined ? "Unlock" : "Lock");
}
byId("token").addEventListener("click", () => {
  if (knownToken() !== undefined) {
    forgetToken();
    return showToken();
  }
  askForToken(() => {
    showToken();
    connection.restart();
  });
});
// A token may also become known, or be found wrong, in any other dialog.
document.addEventListener("close", showToken, true);

showTheme();
showToken();
connection.start();
