/** OKX's frames and rows as far as they are used; each is checked where it comes in. Numbers travel as decimal text. */
import * as v from "valibot";
import { numberOf } from "@berth/sdk/venue/json_values.ts";

const text = v.string();
const optionalText = v.optional(v.string(), "");
/** OKX's numbers: plain decimals without exponent; "" stands for "not applicable" where that may be. */
const matching = (pattern: RegExp, what: string) => v.pipe(v.string(), v.regex(pattern, `no ${what}`));
const unsigned = matching(/^\d{1,30}(\.\d{1,30})?$/, "decimal without sign");
const signed = matching(/^-?\d{1,30}(\.\d{1,30})?$/, "decimal");
const positive = v.pipe(unsigned, v.check((digits) => Number(digits) > 0, "zero"));
const orEmpty = (schema: v.GenericSchema<string, string>) =>
  v.optional(v.union([v.literal(""), schema], "neither empty nor a decimal"), "");
/** Milliseconds since the epoch; 15 digits last until the year 33,000. */
const time = matching(/^\d{1,15}$/, "time in ms");
const id = matching(/^[\x21-\x7e]{1,64}$/, "id");
const asset = matching(/^[^\s]{1,32}$/, "asset");

const assetOrNone = v.optional(v.pipe(v.string(), v.maxLength(32)), "");
const name = v.pipe(v.string(), v.maxLength(64));
export const instrumentRowSchema = v.object({
  instType: text,
  instId: name,
  instIdCode: v.optional(v.pipe(v.number(), v.safeInteger())),
  uly: v.optional(name, ""),
  instFamily: optionalText,
  baseCcy: assetOrNone,
  quoteCcy: assetOrNone,
  settleCcy: assetOrNone,
  ctType: optionalText,
  ctVal: optionalText,
  ctMult: optionalText,
  ctValCcy: optionalText,
  tickSz: text,
  lotSz: text,
  minSz: text,
  lever: optionalText,
  maxLmtSz: optionalText,
  groupId: optionalText,
  state: text,
});
export type InstrumentRow = v.InferOutput<typeof instrumentRowSchema>;

export const orderRowSchema = v.object({
  instId: text,
  ordId: id,
  clOrdId: optionalText,
  side: v.picklist(["buy", "sell"]),
  posSide: optionalText,
  sz: unsigned,
  px: orEmpty(positive),
  accFillSz: orEmpty(unsigned),
  fillPx: orEmpty(unsigned),
  fillSz: orEmpty(unsigned),
  tradeId: orEmpty(id),
  fillTime: orEmpty(time),
  execType: optionalText,
  fillFee: orEmpty(signed),
  fillFeeCcy: orEmpty(asset),
  state: text,
  reduceOnly: optionalText,
  category: optionalText,
  cancelSource: optionalText,
  algoClOrdId: optionalText,
  fee: orEmpty(signed),
  feeCcy: orEmpty(asset),
  amendResult: optionalText,
  uTime: time,
});
export type OrderRow = v.InferOutput<typeof orderRowSchema>;

/** An order that waits for a price. `sz` is empty where it closes whatever is held. */
export const algoRowSchema = v.object({
  instId: text,
  algoId: id,
  algoClOrdId: optionalText,
  ordId: orEmpty(id),
  ordIdList: v.optional(v.array(text), []),
  side: v.picklist(["buy", "sell"]),
  ordType: text,
  sz: orEmpty(unsigned),
  state: text,
  reduceOnly: optionalText,
  slTriggerPx: orEmpty(unsigned),
  slOrdPx: optionalText,
  tpTriggerPx: orEmpty(unsigned),
  tpOrdPx: optionalText,
  triggerPx: orEmpty(unsigned),
  ordPx: optionalText,
  failCode: optionalText,
  cTime: orEmpty(time),
  uTime: orEmpty(time),
});
export type AlgoRow = v.InferOutput<typeof algoRowSchema>;
/** What it takes to cancel one that is in no list of ours. */
export const algoKeyRowSchema = v.object({ instId: text, algoId: id });

export const billRowSchema = v.object({
  billId: id,
  instId: text,
  type: text,
  ccy: asset,
  pnl: orEmpty(signed),
  balChg: orEmpty(signed),
  ts: time,
});
export type BillRow = v.InferOutput<typeof billRowSchema>;

export const fillRowSchema = v.object({
  instId: text,
  tradeId: id,
  ordId: id,
  clOrdId: optionalText,
  billId: optionalText,
  side: v.picklist(["buy", "sell"]),
  fillPx: positive,
  fillSz: positive,
  execType: optionalText,
  fee: signed,
  feeCcy: asset,
  ts: time,
});
export type FillRow = v.InferOutput<typeof fillRowSchema>;

export const positionRowSchema = v.object({
  instId: text,
  posSide: optionalText,
  mgnMode: optionalText,
  pos: signed,
  availPos: orEmpty(signed),
  avgPx: optionalText,
  markPx: optionalText,
  liqPx: optionalText,
  lever: optionalText,
  uTime: time,
});
export type PositionRow = v.InferOutput<typeof positionRowSchema>;

export const accountRowSchema = v.object({ uTime: time, details: v.array(v.unknown()) });
/** One asset of an account. */
export const accountDetailSchema = v.object({
  ccy: asset,
  cashBal: orEmpty(signed),
  availEq: orEmpty(signed),
  availBal: orEmpty(signed),
});
export type AccountDetail = v.InferOutput<typeof accountDetailSchema>;

const rates = { maker: optionalText, taker: optionalText };
export const feeRowSchema = v.object({
  ...rates,
  makerU: optionalText,
  takerU: optionalText,
  makerUSDC: optionalText,
  takerUSDC: optionalText,
  feeGroup: v.optional(v.array(v.object({ groupId: text, ...rates })), []),
});
export type FeeRow = v.InferOutput<typeof feeRowSchema>;

export const accountConfigSchema = v.object({ posMode: v.picklist(["net_mode", "long_short_mode"]) });
export const timeRowSchema = v.object({ ts: time });
export const fundingRowSchema = v.object({ instId: text, fundingTime: time, nextFundingTime: time });
export const fundingRateRowSchema = v.object({
  fundingTime: time,
  fundingRate: signed,
  realizedRate: orEmpty(signed),
});
/** A window of maintenance. */
export const statusRowSchema = v.object({
  state: text,
  serviceType: optionalText,
  env: optionalText,
  title: optionalText,
  begin: optionalText,
  end: optionalText,
});
/** What it takes to cancel an order that is in no list of ours. */
export const orderKeyRowSchema = v.object({ instId: text, ordId: id });

export const itemAnswerSchema = v.object({
  ordId: optionalText,
  clOrdId: optionalText,
  algoId: optionalText,
  algoClOrdId: optionalText,
  ts: optionalText,
  sCode: text,
  sMsg: optionalText,
});
export type ItemAnswer = v.InferOutput<typeof itemAnswerSchema>;

/** A reply to an order operation: by socket or by REST. */
export const orderReplySchema = v.object({
  id: v.optional(v.string()),
  code: text,
  msg: optionalText,
  data: v.optional(v.array(itemAnswerSchema), []),
});
export type OrderReply = v.InferOutput<typeof orderReplySchema>;

export const restReplySchema = v.object({
  code: text,
  msg: optionalText,
  data: v.optional(v.array(v.unknown()), []),
});

/** Price and size in contracts; what follows is not used. Whether they can be true is checked where they are read. */
const isLevels = (value: unknown): value is readonly (readonly string[])[] =>
  Array.isArray(value) &&
  value.every((level) =>
    Array.isArray(level) && typeof level[0] === "string" && typeof level[1] === "string"
  );
/** One look at each level instead of a schema for it: a book has hundreds, ten times a second. */
const levelsSchema = v.custom<readonly (readonly string[])[]>(isLevels, "levels of texts");
export const bookRowSchema = v.object({
  asks: levelsSchema,
  bids: levelsSchema,
  ts: time,
  checksum: v.optional(v.number(), 0),
  prevSeqId: v.optional(v.number()),
  seqId: v.optional(v.number()),
});
export type BookRow = v.InferOutput<typeof bookRowSchema>;

/** A time in ms since the epoch; NaN for what is none, or lies beyond the year 33,000. */
export function timeOf(value: unknown): number {
  const ms = numberOf(value);
  return ms > 0 && ms < 1e15 ? ms : NaN;
}

/** A venue's text as far as the host takes it: 1,000 characters, 200 of a code. */
export const cutText = (venueText: string): string => venueText.slice(0, 1_000);
export const cutCode = (venueCode: string): string => venueCode.slice(0, 200);

export { isRecord, numberOf, optionalNumber } from "@berth/sdk/venue/json_values.ts";
