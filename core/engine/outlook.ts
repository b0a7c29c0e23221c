/**
 * When the engine may next have something to tell plugins while nothing comes to it but market data and ticks, so that
 * whoever plays the past knows how far a plugin may go ahead.
 *
 * Sound, not sharp: what is foretold may turn out to be nothing, but nothing comes before it. Not foretold are events of
 * the venues; whoever plays them knows when they are due.
 */
import type { HostHeld } from "./host_held.ts";
import { PriceWatch } from "./price_watch.ts";
import type { Rooms } from "./rooms.ts";

export interface Outlook {
  /** From this moment on a tick may bring news; -Infinity when anything may, at any time. */
  readonly newsDueUs: number;
  /** Due as soon as it has seen a quote that may bring news, then or at a later tick. */
  readonly prices: PriceWatch;
}

export function outlookOf(
  rooms: Rooms,
  held: HostHeld,
  isFlattening: boolean,
  nextTickUs: number,
): Outlook {
  const { quotes, accounts, orders } = rooms;
  const prices = new PriceWatch();
  const exitsDueUs = held.exits.foresee(prices);
  held.triggers.watch(prices);
  for (let index = 0; index < quotes.size; index++) {
    prices.see(index, quotes.bidPrice(index), quotes.askPrice(index));
  }
  const isUnderWay = prices.isDue || isFlattening || orders.workingCount > 0 || held.isUnderWay;
  if (isUnderWay) return { newsDueUs: -Infinity, prices };
  const questionsDueUs = [...accounts.values()].map(({ reconciliation }) => reconciliation.nextDueUs);
  const ticksDueUs = held.isTickNews ? nextTickUs : Infinity;
  return { newsDueUs: Math.min(exitsDueUs, ticksDueUs, ...questionsDueUs), prices };
}
