/** How much of its limits a scope uses, as bars with numbers. */
import { element, KeyedList, setAttribute, setText } from "./dom.js";
import { fixed } from "./formats.js";

/** @import { ScopeState } from "./types.ts" */

/** From here on a limit is near; the alerts say the same. */
const nearShare = 0.8;

/**
 * @typedef {{ readonly name: string, readonly used: number, readonly limit: number, readonly decimals: number }} Meter
 */

/**
 * Limits that are set, with what is used of them.
 *
 * @param {ScopeState} state
 * @returns {readonly Meter[]}
 */
function metersOf(
  { limits, todayUsd, drawdownUsd, grossExposureUsd, netExposureUsd, openOrders, consecutiveLosses },
) {
  /** @type {readonly { readonly name: string, readonly used: number | null, readonly limit: number | null, readonly decimals: number }[]} */
  const all = [
    { name: "Daily loss", used: Math.max(-(todayUsd ?? 0), 0), limit: limits.maxDailyLossUsd, decimals: 2 },
    { name: "Drawdown", used: drawdownUsd, limit: limits.maxDrawdownUsd, decimals: 2 },
    { name: "Gross", used: grossExposureUsd, limit: limits.maxGrossExposureUsd, decimals: 0 },
    { name: "Net", used: Math.abs(netExposureUsd ?? 0), limit: limits.maxNetExposureUsd, decimals: 0 },
    { name: "Orders", used: openOrders, limit: limits.maxOpenOrders, decimals: 0 },
    { name: "Losses", used: consecutiveLosses, limit: limits.maxConsecutiveLosses, decimals: 0 },
  ];
  return all.flatMap(({ name, used, limit, decimals }) =>
    limit === null || used === null ? [] : [{ name, used, limit, decimals }]
  );
}

/** @param {Pick<Meter, "used" | "limit">} meter */
const shareOf = ({ used, limit }) => (limit > 0 ? Math.min(used / limit, 1) : used > 0 ? 1 : 0);

export class Meters {
  #most;

  /** @param {number} [most] how many are shown: the fullest */
  constructor(most = Infinity) {
    this.#most = most;
  }

  root = element("ul", { class: "meters" });
  #list = new KeyedList(this.root, (/** @type {Meter} */ { name }) => name, ({ name }) => {
    const bar = element("meter", { min: "0", max: "1", "aria-label": name });
    const text = element("span", { class: "amount" });
    return {
      root: element("li", {}, element("span", {}, name), bar, text),
      update({ used, limit, decimals }) {
        const share = shareOf({ used, limit });
        setAttribute(bar, "value", share.toFixed(4));
        setAttribute(bar, "data-tone", share >= 1 ? "bad" : share >= nearShare ? "warn" : "good");
        setText(text, `${fixed(used, decimals)} / ${fixed(limit, 0)}`);
      },
    };
  });

  /** @param {ScopeState} state */
  show(state) {
    const all = metersOf(state);
    const meters = all.length <= this.#most
      ? all
      : all.toSorted((a, b) => shareOf(b) - shareOf(a)).slice(0, this.#most);
    this.#list.update(meters);
    this.root.hidden = meters.length === 0;
  }
}
