/** The venue's smallest and largest order, in lots, and the operator's largest of a symbol, in base units. */
import { incrementValue } from "../../model/ticks.ts";
import { type EntryLimit, rounded } from "./limit.ts";

export const orderSize: EntryLimit = {
  name: "order_size",
  holdsForReducing: false,
  check({ intent: { sizeLots }, instrument, maxOrderSizeBase }) {
    const { minSizeLots, maxSizeLots, lot, id } = instrument;
    if (!(sizeLots >= minSizeLots)) {
      return { code: "ORDER_SIZE_TOO_SMALL", facts: { sizeLots, limitLots: minSizeLots } };
    }
    if (!(sizeLots <= maxSizeLots)) {
      return { code: "ORDER_SIZE_TOO_LARGE", facts: { sizeLots, limitLots: maxSizeLots } };
    }
    if (maxOrderSizeBase === null) return undefined;
    const lotBase = incrementValue(lot);
    // In lots, so that 3 lots of 0.1 are 0.3; a float's last digit must not refuse.
    const isWithin = sizeLots <= maxOrderSizeBase / lotBase + 1e-6;
    return isWithin ? undefined : {
      code: "ORDER_SIZE_LIMIT",
      facts: { instrument: id, sizeBase: rounded(sizeLots * lotBase, 12), limitBase: maxOrderSizeBase },
    };
  },
};
