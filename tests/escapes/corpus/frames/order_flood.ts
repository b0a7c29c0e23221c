/** Floods the host with orders. */
// expect: answered_partly ORDER_RATE
import { attempt } from "../attempt.ts";
import { instrumentId } from "@berth/sdk";

export default attempt("frames_order_flood", async (ctx) => {
  for (let count = 0; count < 500; count++) {
    ctx.orders.submit({
      instrument: instrumentId("alpha", "BTC-PERP"),
      side: "buy",
      sizeBase: "0.001",
      limitPrice: "100",
    });
  }
  return "submitted";
});
