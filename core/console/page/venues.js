/** How the venues' adapters are: connected, quick, reconciled. */
import { byId, element, KeyedList, setAttribute, setText } from "./dom.js";
import { Facts } from "./facts.js";
import { dash, fixed, spaced, span } from "./formats.js";

/** @import { Fact } from "./facts.js" */
/** @import { Venue } from "./types.ts" */

/**
 * @param {Venue} venue
 * @returns {{ readonly words: string, readonly tone: "good" | "warn" | "bad" }}
 */
function stateOf({ isStarted, hasTrading, isReconciled, health }) {
  if (!isStarted) return { words: "not started", tone: "bad" };
  if (health === null || health.marketData !== "connected") {
    return { words: `market data ${health?.marketData ?? "not there yet"}`, tone: "bad" };
  }
  if (!hasTrading) return { words: "market data only", tone: "good" };
  if (health.privateStream !== null && health.privateStream !== "connected") {
    return { words: `private stream ${health.privateStream}`, tone: "bad" };
  }
  return isReconciled ? { words: "trading", tone: "good" } : { words: "reconciling", tone: "warn" };
}

/** @param {Venue} venue */
const balancesOf = ({ balances }) =>
  balances.map(({ asset, total }) => `${fixed(Number(total), 2)} ${asset}`).join(" · ") || dash;

/** @type {readonly Fact<Venue>[]} */
const facts = [
  { name: "Latency", text: ({ health }) => span(health?.latencyAverageMs) },
  { name: "p99", text: ({ health }) => span(health?.latencyP99Ms) },
  { name: "Updates/s", text: ({ health }) => fixed(health?.updatesPerSecond, 0) },
  { name: "Heartbeat", text: ({ health }) => span(health?.heartbeatAgeMs) },
  { name: "Reconnects", text: ({ health }) => fixed(health?.reconnects, 0) },
  { name: "Gaps", text: ({ health }) => fixed(health?.gaps, 0) },
  {
    name: "Requests left",
    text: ({ requestTokens: { left, burst } }) => `${fixed(left, 0)}/${fixed(burst, 0)}`,
  },
  {
    name: "Dead man",
    text: ({ health }) => spaced(health?.deadMansSwitch ?? dash),
  },
];

export class Venues {
  #list = new KeyedList(byId("venues"), (/** @type {Venue} */ { venue }) => venue, ({ venue }) => {
    const state = element("span", { class: "state" });
    const figures = new Facts(facts);
    const balances = element("p", { class: "dim" });
    const root = element(
      "li",
      { class: "card" },
      element("p", { class: "card-head" }, element("b", {}, venue), state),
      figures.root,
      balances,
    );
    return {
      root,
      update(newer) {
        const { words, tone } = stateOf(newer);
        setText(state, words);
        setAttribute(state, "data-tone", tone);
        figures.show(newer);
        const foreign = newer.foreignPositions.length + newer.foreignOrders;
        setText(
          balances,
          `${balancesOf(newer)}${foreign === 0 ? "" : ` · ${foreign} orders or positions that are not ours`}`,
        );
      },
    };
  });

  /** @param {readonly Venue[]} venues */
  show(venues) {
    this.#list.update(venues.toSorted((a, b) => a.venue.localeCompare(b.venue)));
  }
}
