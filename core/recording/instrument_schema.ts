/** An instrument as files keep it: JSON, its increments by their text. */
import * as v from "valibot";
import { parseInstrumentId, venueId } from "../model/ids.ts";
import { increment } from "../model/ticks.ts";

const incrementSchema = v.pipe(v.object({ text: v.string() }), v.transform(({ text }) => increment(text)));

export const instrumentSchema = v.object({
  id: v.pipe(v.string(), v.transform(parseInstrumentId)),
  venue: v.pipe(v.string(), v.transform(venueId)),
  symbol: v.string(),
  venueSymbol: v.string(),
  kind: v.picklist(["perpetual", "future", "spot"]),
  settlement: v.picklist(["linear", "inverse"]),
  baseAsset: v.string(),
  quoteAsset: v.string(),
  settlementAsset: v.string(),
  tick: incrementSchema,
  lot: incrementSchema,
  contractMultiplier: v.string(),
  minSizeLots: v.number(),
  maxSizeLots: v.number(),
  minNotional: v.number(),
  makerFeeBps: v.number(),
  takerFeeBps: v.number(),
  maxLeverage: v.number(),
  maxPriceFigures: v.exactOptional(v.number()),
  fundingIntervalHours: v.exactOptional(v.number()),
  status: v.picklist(["trading", "post_only", "cancel_only", "halted"]),
});
