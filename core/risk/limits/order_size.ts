/** The venue's smallest and largest order, in lots. */
import type { EntryLimit } from "./limit.ts";

export const orderSize: EntryLimit = {
  name: "order_size",
  holdsForReducing: false,
  check({ intent: { sizeLots }, instrument: { minSizeLots, maxSizeLots } }) {
    if (!(sizeLots >= minSizeLots)) {
      return { code: "ORDER_SIZE_TOO_SMALL", facts: { sizeLots, limitLots: minSizeLots } };
    }
    return sizeLots <= maxSizeLots
      ? undefined
      : { code: "ORDER_SIZE_TOO_LARGE", facts: { sizeLots, limitLots: maxSizeLots } };
  },
};
