/**
 * The doctor's one order: a strategy like any other, so that its order takes the whole way that orders take, the risk
 * gate included. It rests far below the market, post-only and as small as the venue allows, and is taken back at once.
 */
import { defineStrategy, incrementsToNumber, incrementValue, parseInstrumentId, setting } from "@berth/sdk";

/** Far enough not to be met within a second or two, near enough for the price bands of venues. */
const belowBid = 0.03;
const maxQuoteAgeMs = 2_000;
const againAfterMs = 500;

export default defineStrategy({
  kind: "strategy",
  id: "berth_doctor",
  version: "1.0.0",
  sdkVersion: 1,
  author: "berth",
  description: "Places one tiny post-only order and cancels it.",
  trading: { venues: ["*"], instruments: ["*-PERP"], data: ["quotes"], orders: "trade" },
  riskBudget: {
    maxOrderNotionalUsd: 1_000,
    maxPositionNotionalUsd: 1_000,
    maxOrdersPerSecond: 3,
    maxDailyLossUsd: 10,
  },
  onStop: "flatten",
  settings: {
    instrument: setting.text({ default: "", description: "Instrument that the order is for." }),
  },
}, (ctx) => {
  let ref: string | undefined;
  let isDone = false;

  function tryPlace(): void {
    if (ref !== undefined || isDone) return;
    const id = parseInstrumentId(ctx.settings.instrument);
    const instrument = ctx.instruments.get(id);
    const quote = ctx.quotes.get(id);
    if (instrument === undefined || quote === undefined) return;
    if (!(quote.bidPrice > 0) || ctx.quotes.ageMs(id) > maxQuoteAgeMs) return;
    const limitPrice = quote.bidPrice * (1 - belowBid);
    const lotBase = incrementValue(instrument.lot);
    const lots = Math.max(
      1,
      instrument.minSizeLots,
      // The tick that the price is rounded down by may cost a lot more.
      Math.ceil((instrument.minNotional * 1.01) / (limitPrice * lotBase)),
    );
    ref = ctx.orders.submit({
      instrument: id,
      side: "buy",
      sizeBase: incrementsToNumber(lots, instrument.lot),
      limitPrice,
      postOnly: true,
    });
  }

  return {
    onStart() {
      ctx.time.every(100, tryPlace);
    },
    onOrder(order) {
      if (order.ref !== ref || isDone) return;
      const fields = {
        status: order.status,
        reason: order.reason ?? "",
        text: order.text ?? "",
        clientOrderId: order.clientOrderId ?? "",
        price: order.limitPrice ?? NaN,
        sizeBase: order.sizeBase,
        filledBase: order.filledBase,
      };
      ctx.log.info("order", fields);
      if (order.status === "accepted") ctx.orders.cancel(order.ref);
      if (order.status === "refused") {
        // The gate may lack a mark or the first comparison with the venue still.
        ctx.time.after(againAfterMs, () => {
          ref = undefined;
        });
      } else isDone = order.isDone;
    },
  };
});
