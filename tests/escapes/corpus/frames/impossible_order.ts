/** Orders a size that is no number. */
// expect: refused MODEL_OUT_OF_RANGE
import { attempt } from "../attempt.ts";
import { instrumentId } from "@berth/sdk";

export default attempt("frames_impossible_order", async (ctx) => {
  return ctx.orders.submit({
    instrument: instrumentId("alpha", "BTC-PERP"),
    side: "buy",
    sizeBase: NaN,
    limitPrice: Infinity,
  });
});
