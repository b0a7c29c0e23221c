/** A card for each plugin: what it is, what it may do, what it uses, and what an operator can do about it. */
import { change } from "./api.js";
import { ask, bullets, paragraph } from "./dialogs.js";
import { button, byId, element, KeyedList, setAttribute, setText } from "./dom.js";
import { fixed, spaced, span } from "./formats.js";
import { Facts } from "./facts.js";
import { Meters } from "./meters.js";
import { StrategyFigures } from "./strategy_figures.js";

/** @import { Fact } from "./facts.js" */
/** @import { LogLine, Plugin, Risk, Strategy } from "./types.ts" */

/** @type {Readonly<Record<string, string>>} */
const tones = {
  running: "good",
  awaiting_approval: "warn",
  backing_off: "warn",
  broken: "bad",
  quarantined: "bad",
};

/** @type {readonly Fact<Plugin>[]} */
const facts = [
  { name: "CPU", text: ({ usage }) => `${fixed(usage?.cpuPercent, 1)} %` },
  { name: "Memory", text: ({ usage }) => `${fixed(usage?.rssMb, 0)} MB` },
  { name: "Heap", text: ({ usage }) => `${fixed(usage?.heapMb, 1)} MB` },
  { name: "Heartbeat", text: ({ usage }) => span(usage?.heartbeatAgeMs) },
  { name: "Lag", text: ({ usage }) => span(usage?.loopDelayMs) },
  { name: "Restarts", text: ({ restarts }) => fixed(restarts, 0) },
  { name: "Orders", text: ({ orders }) => fixed(orders, 0) },
  { name: "Refused", text: ({ refusals }) => fixed(refusals, 0) },
];

/** @param {Plugin} plugin */
const waits = ({ state, update }) => state === "awaiting_approval" || update?.kind === "awaiting_approval";

export class Plugins {
  /** @type {readonly Plugin[]} */
  #plugins = [];
  /** @type {readonly Strategy[]} */
  #strategies = [];
  /** @type {Risk["scopes"]} */
  #scopes = [];
  /** The newest error line of each plugin. @type {Map<string, LogLine>} */
  #errors = new Map();
  #list = new KeyedList(
    byId("plugins"),
    (/** @type {Plugin} */ { id }) => id,
    (plugin) => this.#card(plugin),
  );

  /** @param {readonly Plugin[]} plugins */
  show(plugins) {
    this.#plugins = plugins;
    // Those that wait for somebody first, then strategies, then adapters.
    const rank = (/** @type {Plugin} */ one) => waits(one) ? 0 : one.kind === "exchange" ? 2 : 1;
    this.#list.update([...plugins].sort((a, b) => rank(a) - rank(b)));
    const running = plugins.filter(({ state }) => state === "running").length;
    const waiting = plugins.filter(waits).length;
    setText(
      byId("plugins-aside"),
      `${running} running${waiting === 0 ? "" : ` · ${waiting} waiting for you`}`,
    );
  }

  /** @param {readonly Strategy[]} strategies */
  showStrategies(strategies) {
    this.#strategies = strategies;
  }

  /** @param {Risk} risk */
  showRisk({ scopes }) {
    this.#scopes = scopes;
  }

  /** @param {readonly LogLine[]} lines */
  addLogs(lines) {
    for (const line of lines) if (line.level === "error") this.#errors.set(line.source, line);
  }

  renew() {
    this.#errors.clear();
  }

  /** @param {Plugin} made */
  #card({ id, kind }) {
    const newest = () => this.#plugins.find((one) => one.id === id);
    const state = element("span", { class: "state" });
    const version = element("span", { class: "dim" });
    const figures = new StrategyFigures();
    const description = element("p", { class: "dim" });
    const why = element("p", { class: "notice" });
    const error = element("p", { class: "trouble" });
    const usage = new Facts(facts);
    const meters = new Meters();
    const may = element("ul");
    const powers = element("details", { class: "powers" }, element("summary", {}, "What it may do"), may);
    const actions = {
      approve: button("Approve…", () => askToApprove(newest()), { class: "primary small" }),
      start: button("Start", () => act(id, "start", "It starts again from its files as they are now."), {
        class: "small",
      }),
      stop: button("Stop…", () => act(id, "stop", stopWords(kind)), { class: "small" }),
      reload: button(
        "Reload…",
        () =>
          act(
            id,
            "reload",
            "It stops and starts from its files as they are now; its state and orders stay known.",
          ),
        { class: "small" },
      ),
    };
    for (const [name, one] of Object.entries(actions)) one.setAttribute("aria-label", `${name} ${id}`);
    const root = element(
      "li",
      { class: "card plugin", "data-plugin": id },
      element("p", { class: "card-head" }, element("b", {}, id), version, state),
      description,
      why,
      error,
      figures.root,
      meters.root,
      usage.root,
      powers,
      element("p", { class: "actions" }, ...Object.values(actions)),
    );
    let mayKey = "";
    return {
      root,
      update: (/** @type {Plugin} */ plugin) => {
        setText(state, spaced(plugin.state));
        setAttribute(state, "data-tone", tones[plugin.state] ?? "idle");
        setText(version, plugin.version === null ? plugin.kind : `${plugin.kind} ${plugin.version}`);
        setText(description, plugin.description);
        const words = plugin.update === null
          ? plugin.why
          : `Newer version, ${spaced(plugin.update.kind)}: ${plugin.update.why}`;
        setText(why, words);
        why.hidden = words === "";
        const line = this.#errors.get(id);
        setText(error, line === undefined ? "" : `Last error: ${line.message}`);
        error.hidden = line === undefined || (words !== "" && line.message.includes(words));
        usage.show(plugin);
        usage.root.hidden = plugin.usage === null;
        const scope = this.#scopes.find((one) => one.scope === `plugin/${id}`);
        if (scope !== undefined) meters.show(scope);
        meters.root.hidden = scope === undefined || plugin.kind === "exchange";
        figures.show(this.#strategies.find((one) => one.id === id));
        const key = plugin.may.join("\n");
        if (key !== mayKey) {
          mayKey = key;
          may.replaceChildren(...plugin.may.map((one) => element("li", {}, one)));
        }
        powers.hidden = plugin.may.length === 0;
        const isUp = ["running", "starting", "backing_off"].includes(plugin.state);
        actions.approve.hidden = !waits(plugin);
        actions.stop.hidden = !isUp;
        actions.reload.hidden = !isUp && plugin.state !== "broken";
        actions.start.hidden = !["stopped", "disabled", "quarantined"].includes(plugin.state);
      },
    };
  }
}

/** @param {Plugin["kind"]} kind */
const stopWords = (kind) =>
  kind === "exchange"
    ? "The venue's data and orders end until it is started again. Its working orders are cancelled first."
    : "Its working orders are cancelled and confirmed. It stays off until it is started again.";

/**
 * @param {string} id
 * @param {"start" | "stop" | "reload"} action
 * @param {string} words
 */
function act(id, action, words) {
  ask({
    title: `${action.slice(0, 1).toUpperCase()}${action.slice(1)} ${id}?`,
    content: [paragraph(words)],
    action: `${action.slice(0, 1).toUpperCase()}${action.slice(1)}`,
    isDangerous: action === "stop",
    async run() {
      await change("POST", `/plugins/${encodeURIComponent(id)}/${action}`);
      return undefined;
    },
  });
}

/** @param {Plugin | undefined} plugin as it is when the button is pressed: this very version is granted */
function askToApprove(plugin) {
  if (plugin === undefined || plugin.fingerprint === null) return;
  const { id, version, fingerprint, asks, may, update } = plugin;
  const isLive = document.documentElement.dataset.environment === "live";
  ask({
    title: `Approve ${id}${version === null ? "" : ` ${version}`}?`,
    content: [
      ...(isLive ? [element("p", { class: "notice" }, "This grants REAL MONEY.")] : []),
      ...(update === null ? [] : [paragraph(update.why)]),
      paragraph("It asks for this, money first:"),
      bullets(asks.length > 0 ? asks : may),
      element(
        "p",
        { class: "dim" },
        "Of the files with the fingerprint ",
        element("code", {}, fingerprint.slice(0, 16)),
        "…",
      ),
    ],
    action: "Approve",
    async run() {
      await change("POST", `/plugins/${encodeURIComponent(id)}/approve`, { fingerprint });
      return undefined;
    },
  });
}
