/** What positions, leg groups, orders and fills show in their columns. */
import { change } from "./api.js";
import { ask, paragraph } from "./dialogs.js";
import { button } from "./dom.js";
import { explain } from "./explanation.js";
import { exactTime, fixed, spaced, span, symbolOf, timeOfDay, toneOf, usd, venueOf } from "./formats.js";

/** @import { Fill, Group, Order, Position } from "./types.ts" */
/** @import { Market } from "./market.js" */
/** @import { Column } from "./tables.js" */

/** @param {{ readonly side: string }} row */
const sideOf = ({ side }) => ({ text: side, tone: side === "buy" ? "gain" : "loss" });

/**
 * @param {Market} market
 * @returns {readonly Column<Position>[]}
 */
export function positionColumns(market) {
  /** @param {Position} position @param {number | null} price */
  const price = ({ instrument }, price) => fixed(price, market.priceDecimals(instrument));
  return [
    { name: "Symbol", cell: ({ instrument }) => symbolOf(instrument) },
    { name: "Venue", cell: ({ instrument }) => venueOf(instrument) },
    { name: "Plugin", minor: true, cell: ({ plugin }) => plugin },
    {
      name: "Size",
      kind: "number",
      cell: ({ instrument, sizeBase }) => {
        const decimals = market.sizeDecimals(instrument);
        return { text: fixed(sizeBase, decimals), ...toneOf(sizeBase, decimals) };
      },
    },
    { name: "Entry", kind: "number", minor: true, cell: (one) => price(one, one.averageEntryPrice) },
    { name: "Mark", kind: "number", minor: true, cell: (one) => price(one, one.markPrice) },
    {
      name: "Unrealized",
      kind: "number",
      cell: ({ unrealizedUsd }) => ({ text: usd(unrealizedUsd), ...toneOf(unrealizedUsd) }),
    },
    {
      name: "Realized",
      kind: "number",
      cell: ({ realized }) => ({
        text: usd(Number(realized)),
        ...toneOf(Number(realized)),
        title: realized,
      }),
    },
    {
      name: "Fees",
      kind: "number",
      minor: true,
      cell: ({ fees }) => ({ text: fixed(Number(fees), 2), title: fees }),
    },
    {
      name: "Funding",
      kind: "number",
      minor: true,
      cell: ({ funding }) => ({ text: fixed(Number(funding), 2), title: funding }),
    },
  ];
}

/**
 * @param {Market} market
 * @returns {readonly Column<Group>[]}
 */
export function groupColumns(market) {
  return [
    { name: "Age", cell: ({ ageMs }) => span(ageMs) },
    {
      name: "Legs",
      cell: ({ legs }) => legs.map(({ side, instrument }) => `${side} ${instrument}`).join(", "),
    },
    { name: "Plugin", rare: true, cell: ({ plugin }) => plugin },
    {
      name: "Phase",
      cell: ({ phase, why, isBroken }) => ({
        text: `${spaced(phase)}${isBroken ? " · broken" : ""}`,
        title: why,
        ...(isBroken ? { tone: "warn" } : {}),
      }),
    },
    {
      name: "Held",
      kind: "number",
      minor: true,
      cell: ({ legs }) =>
        legs.map(({ heldBase, instrument }) => fixed(heldBase, market.sizeDecimals(instrument))).join(
          " / ",
        ),
    },
    {
      name: "Naked USD",
      kind: "number",
      cell: ({ nakedUsd }) => ({ text: fixed(nakedUsd, 2), ...(nakedUsd === 0 ? {} : { tone: "warn" }) }),
    },
    { name: "For", kind: "number", minor: true, cell: ({ nakedMs }) => span(nakedMs) },
    {
      name: "Why",
      kind: "action",
      make: ({ id }) => button("Why?", () => explain(`group/${id}`, "Leg group"), { class: "small" }),
    },
  ];
}

/**
 * @param {Market} market
 * @returns {readonly Column<Order>[]}
 */
export function orderColumns(market) {
  /** @param {Order} order @param {number | null} sizeBase */
  const size = ({ instrument }, sizeBase) => fixed(sizeBase, market.sizeDecimals(instrument));
  return [
    { name: "Time", cell: ({ tsCreatedMs }) => timeOfDay(tsCreatedMs) },
    { name: "Symbol", cell: ({ instrument }) => symbolOf(instrument) },
    { name: "Venue", minor: true, cell: ({ instrument }) => venueOf(instrument) },
    { name: "Plugin", minor: true, cell: ({ plugin }) => plugin },
    { name: "Side", cell: sideOf },
    { name: "Size", kind: "number", cell: (order) => size(order, order.sizeBase) },
    { name: "Filled", kind: "number", minor: true, cell: (order) => size(order, order.filledBase) },
    {
      name: "Price",
      kind: "number",
      cell: ({ type, price, averageFillPrice, instrument }) => ({
        text: type === "market" && averageFillPrice === null
          ? "market"
          : fixed(averageFillPrice ?? price, market.priceDecimals(instrument)),
        title: averageFillPrice === null ? "Limit" : "Average of its fills",
      }),
    },
    {
      name: "Status",
      cell: ({ status, reason, reduceOnly }) => ({
        text: `${spaced(status)}${reduceOnly ? " · reduce" : ""}`,
        ...(reason === null ? {} : { title: reason }),
        ...(status === "unknown" || status === "rejected" ? { tone: "warn" } : {}),
      }),
    },
  ];
}

/**
 * @param {Market} market
 * @returns {readonly Column<Fill>[]}
 */
export function fillColumns(market) {
  return [
    { name: "Time", cell: ({ tsMs }) => exactTime(tsMs) },
    { name: "Symbol", cell: ({ instrument }) => symbolOf(instrument) },
    { name: "Venue", cell: ({ instrument }) => venueOf(instrument) },
    { name: "Plugin", minor: true, cell: ({ plugin }) => plugin ?? "not ours" },
    { name: "Side", cell: sideOf },
    {
      name: "Size",
      kind: "number",
      cell: ({ sizeBase, instrument }) => fixed(sizeBase, market.sizeDecimals(instrument)),
    },
    {
      name: "Price",
      kind: "number",
      cell: ({ price, instrument }) => fixed(price, market.priceDecimals(instrument)),
    },
    { name: "As", minor: true, cell: ({ liquidity }) => liquidity },
    {
      name: "Fee",
      kind: "number",
      minor: true,
      cell: ({ fee, feeAsset }) => ({ text: `${fixed(Number(fee), 4)} ${feeAsset}`, title: fee }),
    },
    {
      name: "Why",
      kind: "action",
      make: ({ id, instrument }) =>
        button("Why?", () => explain(id, `Fill of ${symbolOf(instrument)}`), { class: "small" }),
    },
  ];
}

/** @type {Column<Order>} */
export const whyColumn = {
  name: "Why",
  kind: "action",
  make: ({ clientOrderId, instrument }) =>
    button("Why?", () => explain(clientOrderId, `Order in ${symbolOf(instrument)}`), { class: "small" }),
};

/** @type {Column<Order>} */
export const cancelColumn = {
  name: "Cancel",
  kind: "action",
  make: ({ clientOrderId, instrument }) =>
    button("Cancel", () =>
      ask({
        title: `Cancel the order in ${symbolOf(instrument)}?`,
        content: [
          paragraph(`${clientOrderId}. The cancel is pursued until the venue confirms the order's end.`),
        ],
        action: "Cancel the order",
        async run() {
          await change("DELETE", `/orders/${encodeURIComponent(clientOrderId)}`);
          return undefined;
        },
      }), { class: "small" }),
};
