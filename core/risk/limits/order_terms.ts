/** The order's own numbers: whole, positive and safe. First of all limits, so that the rest may reckon with them. */
import { sides, timesInForce } from "../../model/order.ts";
import type { EntryLimit } from "./limit.ts";

const isPositive = (value: number): boolean => Number.isSafeInteger(value) && value > 0;

export const orderTerms: EntryLimit = {
  name: "order_terms",
  holdsForReducing: true,
  check({ intent, isRefInUse }) {
    const { pricing, ref, trigger } = intent;
    const invalid = (field: string, found: unknown) => ({
      code: "ORDER_INVALID" as const,
      facts: { field, found: String(found).slice(0, 80) },
    });
    if (!/^[\x21-\x7e]{1,64}$/.test(ref)) return invalid("ref", ref);
    if (isRefInUse) return { code: "ORDER_REF_IN_USE", facts: { ref } };
    if (!sides.includes(intent.side)) return invalid("side", intent.side);
    if (!isPositive(intent.sizeLots)) return invalid("sizeLots", intent.sizeLots);
    if (trigger !== undefined && !isPositive(trigger.triggerPriceTicks)) {
      return invalid("triggerPriceTicks", trigger.triggerPriceTicks);
    }
    if (pricing.kind === "market") return undefined; // the gate bounds its price
    if (!isPositive(pricing.limitPriceTicks)) return invalid("limitPriceTicks", pricing.limitPriceTicks);
    if (!timesInForce.includes(pricing.timeInForce)) return invalid("timeInForce", pricing.timeInForce);
    const isContradiction = pricing.postOnly && pricing.timeInForce !== "GTC";
    return isContradiction ? invalid("postOnly with timeInForce", pricing.timeInForce) : undefined;
  },
};
