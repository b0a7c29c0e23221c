/** Orders on a venue that it was not granted. */
// expect: answered NOT_GRANTED_INSTRUMENT
import { attempt } from "../attempt.ts";
import { instrumentId } from "@berth/sdk";

export default attempt("frames_foreign_venue_order", async (ctx) => {
  ctx.orders.submit({
    instrument: instrumentId("beta", "BTC-PERP"),
    side: "buy",
    sizeBase: "0.001",
    limitPrice: "100",
  });
  return "submitted";
});
