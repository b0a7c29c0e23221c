/** From an opportunity to the leg group that takes it. */
import type { GroupOptions, LegOptions } from "@berth/sdk";
import { hedgeLimit } from "./maker_quote.ts";
import { stepsToText } from "./net_edge.ts";
import { neededGrossBps, type Opportunity } from "./scanner.ts";
import type { ArbitrageSettings, LegMode } from "./settings.ts";

/** Beyond the size that was meant: what a leg may be worth while it is alone. */
const nakedAllowance = 1.5;

/** The leg that is likelier to be missed goes first: a missed pilot costs nothing. */
function pilotLeg({ route, buyQuote, sellQuote }: Opportunity, pilotVenue: string): "buy" | "sell" {
  if (pilotVenue === route.buy.venue) return "buy";
  if (pilotVenue === route.sell.venue) return "sell";
  return buyQuote.askSizeBase <= sellQuote.bidSizeBase ? "buy" : "sell";
}

export function groupOf(opportunity: Opportunity, values: ArbitrageSettings, mode: LegMode): GroupOptions {
  const { route, buyQuote, sellQuote, steps, making } = opportunity;
  const cap = values.priceCapBps / 10_000;
  const { buyPrice, sellPrice } = opportunity;
  const needed = neededGrossBps(opportunity, values);
  const long: LegOptions = {
    instrument: route.buy.id,
    side: "buy",
    limitPrice: making === undefined
      ? buyQuote.askPrice * (1 + cap)
      : making === "buy"
      ? buyPrice
      : hedgeLimit({ side: "sell", price: sellPrice }, buyQuote.askPrice, needed, values.priceCapBps),
  };
  const short: LegOptions = {
    instrument: route.sell.id,
    side: "sell",
    limitPrice: making === undefined
      ? sellQuote.bidPrice * (1 - cap)
      : making === "sell"
      ? sellPrice
      : hedgeLimit({ side: "buy", price: buyPrice }, sellQuote.bidPrice, needed, values.priceCapBps),
  };
  const first = making ?? pilotLeg(opportunity, values.pilotVenue);
  return {
    legs: first === "buy" ? [long, short] : [short, long],
    sizeBase: stepsToText(steps, route.step),
    mode: making !== undefined ? "maker_first" : mode === "together" ? "together" : "sequential",
    maxNakedNotionalUsd: values.orderNotionalUsd * nakedAllowance,
    maxNakedMs: values.maxNakedMs,
    completeWithinBps: values.completeMaxLossBps,
    exitCapBps: values.exitPriceCapBps,
    maxHoldMs: values.maxHoldMs,
    ...(making === undefined ? {} : { maxRestMs: values.makerRestMs }),
    because: [buyQuote, sellQuote],
  };
}
