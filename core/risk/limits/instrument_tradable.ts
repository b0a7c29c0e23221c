/** What the venue lets be done with an instrument, and what berth can reckon: linear contracts settled in a dollar asset. */
import type { EntryLimit } from "./limit.ts";

export const instrumentTradable: EntryLimit = {
  name: "instrument_tradable",
  holdsForReducing: false,
  check({ instrument: { id, status, settlement, settlementAsset }, intent: { pricing }, usdAssets }) {
    const unsupported = (why: string) => ({
      code: "INSTRUMENT_UNSUPPORTED" as const,
      facts: { instrument: id, why },
    });
    if (settlement !== "linear") return unsupported("its profit is not linear in the price");
    if (!usdAssets.includes(settlementAsset)) {
      return unsupported(`${settlementAsset} does not count as USD (risk.usdAssets)`);
    }
    const isPostOnly = pricing.kind === "limit" && pricing.postOnly;
    const isOpen = status === "trading" || (status === "post_only" && isPostOnly);
    return isOpen ? undefined : { code: "INSTRUMENT_NOT_TRADING", facts: { instrument: id, status } };
  },
};
