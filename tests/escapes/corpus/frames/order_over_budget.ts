/** Orders more than its budget. */
// expect: answered ORDER_NOTIONAL
import { attempt } from "../attempt.ts";
import { instrumentId } from "@berth/sdk";

export default attempt("frames_order_over_budget", async (ctx) => {
  ctx.orders.submit({
    instrument: instrumentId("alpha", "BTC-PERP"),
    side: "buy",
    sizeBase: "1000",
    limitPrice: "100",
  });
  return "submitted";
});
