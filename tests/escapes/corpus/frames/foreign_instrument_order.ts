/** Orders an instrument that it was not granted. */
// expect: answered NOT_GRANTED_INSTRUMENT
import { attempt } from "../attempt.ts";
import { instrumentId } from "@berth/sdk";

export default attempt("frames_foreign_instrument_order", async (ctx) => {
  ctx.orders.submit({
    instrument: instrumentId("alpha", "ETH-PERP"),
    side: "buy",
    sizeBase: "0.01",
    limitPrice: "100",
  });
  return "submitted";
});
