/** State and limits of each scope, the kill switch and what it left, and the way back. */
import { change } from "./api.js";
import { ask, paragraph } from "./dialogs.js";
import { button, byId, element, KeyedList, setAttribute, setText } from "./dom.js";
import { exactTime, fixed, usd } from "./formats.js";
import { Meters } from "./meters.js";

/** @import { KillReport, KillStatus, Risk, ScopeState, Status } from "./types.ts" */

const killWords =
  "Halts trading at once, cancels every order everywhere, and asks each venue afterwards what is left. Only an operator lifts the halt.";

export class RiskPanel {
  #aside = byId("risk-aside");
  #trading = byId("trading");
  #report = byId("kill-report");
  #reportKey = "";
  #scopes = new KeyedList(byId("scopes"), (/** @type {ScopeState} */ { scope }) => scope, scopeCard);

  constructor() {
    byId("kill").addEventListener("click", () => askToKill());
  }

  /** @param {Status} status */
  showStatus({ tradingState, tradingReason, isKilling, isStopping }) {
    const words = isKilling ? "killing…" : isStopping ? "stopping…" : tradingState;
    setText(this.#trading, words);
    setAttribute(this.#trading, "data-state", isKilling ? "halted" : tradingState);
    setAttribute(this.#trading, "title", tradingReason);
  }

  /** @param {Risk} risk */
  show({ scopes, refusals }) {
    // A plugin that may trade has its figures on its own card.
    this.#scopes.update(
      scopes.filter(({ scope, state }) => !scope.startsWith("plugin/") || state !== "active"),
    );
    const limited = scopes.filter(({ state }) => state !== "active").length;
    setText(this.#aside, limited === 0 ? "all active" : `${limited} not active`);
    const counted = Object.entries(refusals).sort(([, a], [, b]) => b - a);
    const words = counted.map(([code, count]) => `${code} ${fixed(count, 0)}`).join(" · ");
    setText(byId("refusals"), words === "" ? "" : `Refused: ${words}`);
  }

  /** @param {KillStatus} kill */
  showKill({ isWatching, last }) {
    const key = `${isWatching} ${last?.endedUs}`;
    if (key === this.#reportKey) return;
    this.#reportKey = key;
    if (last === null) return this.#report.replaceChildren();
    this.#report.replaceChildren(
      element(
        "details",
        { class: "report", ...(last.isClean ? {} : { open: "" }) },
        element(
          "summary",
          {},
          `Last kill ${exactTime(last.endedUs / 1_000)} by ${last.by}: ${verdictOf(last)}`,
        ),
        ...reportOf(last),
      ),
    );
  }
}

/** @param {ScopeState} made */
function scopeCard({ scope }) {
  const state = element("span", { class: "state" });
  const reason = element("p", { class: "dim" });
  const result = element("span", { class: "result" });
  const meters = new Meters(scope === "global" ? Infinity : 1);
  const resume = button("Resume…", () => askToResume(scope), {
    class: "small primary",
    "aria-label": `Resume ${scope}`,
  });
  const act = button("Act…", () => askToAct(scope), { class: "small", "aria-label": `Act on ${scope}` });
  const root = element(
    "li",
    { class: "card" },
    element("p", { class: "card-head" }, element("b", {}, scope), result, state, resume, act),
    reason,
    meters.root,
  );
  return {
    root,
    update(/** @type {ScopeState} */ newer) {
      setText(state, newer.state);
      setAttribute(
        state,
        "data-tone",
        newer.state === "active" ? "good" : newer.state === "halted" ? "bad" : "warn",
      );
      setText(reason, newer.reason);
      reason.hidden = newer.state === "active" || newer.reason === "";
      setText(result, `today ${usd(newer.todayUsd)}`);
      meters.show(newer);
      resume.hidden = newer.state === "active";
    },
  };
}

function askToKill() {
  const environment = document.documentElement.dataset.environment ?? "";
  ask({
    title: `Kill switch · ${environment.toUpperCase()}`,
    content: [paragraph(killWords)],
    option: "Close all positions besides (bounded, reduce-only orders)",
    typed: "KILL",
    action: "Throw the kill switch",
    isDangerous: true,
    async run({ option }) {
      /** @type {KillReport} */
      const report = await change("POST", "/kill", { flatten: option });
      return [
        element("p", { class: "verdict", "data-tone": report.isClean ? "good" : "bad" }, verdictOf(report)),
        ...reportOf(report),
      ];
    },
  });
}

/** What an operator can do to a scope, from the mildest. */
const acts = [
  { value: "cancel", label: "Cancel its working orders" },
  { value: "reducing", label: "Reduce: only orders that shrink a position" },
  { value: "halted", label: "Halt: cancels only" },
  { value: "flatten", label: "Close its positions (bounded, reduce-only orders)" },
];

/** @param {string} scope */
function askToAct(scope) {
  ask({
    title: `Act on ${scope}`,
    content: [],
    choices: acts,
    reason: "Why? Kept in the journal with a halt or a reduction",
    action: "Do it",
    isDangerous: true,
    async run({ choice, reason }) {
      if (choice === "cancel") await change("POST", "/orders/cancel", { scope });
      else if (choice === "flatten") await change("POST", "/positions/flatten", { scope });
      else await change("POST", "/risk/state", { scope, state: choice, reason });
      return undefined;
    },
  });
}

/** @param {string} scope */
function askToResume(scope) {
  ask({
    title: `Resume ${scope}?`,
    content: [paragraph("It may place orders again, and its losses count from now.")],
    reason: "Why? It is written into the journal",
    action: "Resume",
    async run({ reason }) {
      await change("POST", "/risk/resume", { scope, reason });
      return undefined;
    },
  });
}

/** @param {KillReport} report */
const verdictOf = ({ isClean, isFlattening }) =>
  isClean
    ? `verified: no order is open${isFlattening ? ", no position is held" : ""}`
    : "NOT verified: look at what is left";

/**
 * What each venue said afterwards.
 *
 * @param {KillReport} report
 */
function reportOf({ venues, unresolvedOrders, startedUs, endedUs }) {
  const lines = venues.map(({ venue, isVerified, why, openOrders, positions }) => {
    const left = [
      openOrders.length === 0 ? "no open order" : `${openOrders.length} open orders`,
      positions.length === 0
        ? "no position"
        : `positions in ${positions.map(({ instrument }) => instrument).join(", ")}`,
    ].join(", ");
    return element(
      "li",
      { "data-tone": isVerified ? "good" : "bad" },
      `${venue}: ${isVerified ? left : `not verified: ${why}`}`,
    );
  });
  const unresolved = unresolvedOrders.map(({ clientOrderId, instrument, status }) =>
    element("li", { "data-tone": "bad" }, `${clientOrderId} in ${instrument} is ${status}`)
  );
  return [
    element("ul", { class: "venues-left" }, ...lines, ...unresolved),
    element("p", { class: "dim" }, `It took ${fixed((endedUs - startedUs) / 1_000, 0)} ms.`),
  ];
}
