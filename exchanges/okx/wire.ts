/** OKX's frames and rows as far as they are used; each is checked where it comes in. Numbers travel as decimal text. */
import * as v from "valibot";

const text = v.string();
const optionalText = v.optional(v.string(), "");

export const instrumentRowSchema = v.object({
  instType: text,
  instId: text,
  instIdCode: v.optional(v.number()),
  uly: optionalText,
  instFamily: optionalText,
  baseCcy: optionalText,
  quoteCcy: optionalText,
  settleCcy: optionalText,
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
  ordId: text,
  clOrdId: optionalText,
  side: v.picklist(["buy", "sell"]),
  sz: text,
  px: optionalText,
  accFillSz: optionalText,
  fillPx: optionalText,
  fillSz: optionalText,
  tradeId: optionalText,
  fillTime: optionalText,
  execType: optionalText,
  fillFee: optionalText,
  fillFeeCcy: optionalText,
  state: text,
  reduceOnly: optionalText,
  category: optionalText,
  cancelSource: optionalText,
  fee: optionalText,
  feeCcy: optionalText,
  amendResult: optionalText,
  uTime: text,
});
export type OrderRow = v.InferOutput<typeof orderRowSchema>;

export const fillRowSchema = v.object({
  instId: text,
  tradeId: text,
  ordId: text,
  clOrdId: optionalText,
  billId: optionalText,
  side: v.picklist(["buy", "sell"]),
  fillPx: text,
  fillSz: text,
  execType: optionalText,
  fee: text,
  feeCcy: text,
  ts: text,
});
export type FillRow = v.InferOutput<typeof fillRowSchema>;

export const positionRowSchema = v.object({
  instId: text,
  posSide: optionalText,
  pos: text,
  avgPx: optionalText,
  markPx: optionalText,
  liqPx: optionalText,
  lever: optionalText,
  uTime: text,
});
export type PositionRow = v.InferOutput<typeof positionRowSchema>;

export const accountRowSchema = v.object({
  uTime: text,
  details: v.array(
    v.object({
      ccy: text,
      cashBal: optionalText,
      eq: optionalText,
      availEq: optionalText,
      availBal: optionalText,
    }),
  ),
});
export type AccountRow = v.InferOutput<typeof accountRowSchema>;

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

export const accountConfigSchema = v.object({ posMode: text });
export const timeRowSchema = v.object({ ts: text });
export const fundingRowSchema = v.object({ instId: text, fundingTime: text, nextFundingTime: text });
/** What it takes to cancel an order that is in no list of ours. */
export const orderKeyRowSchema = v.object({ instId: text, ordId: text });

export const itemAnswerSchema = v.object({
  ordId: optionalText,
  clOrdId: optionalText,
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

export const levelSchema = v.pipe(v.array(v.string()), v.minLength(2));
export const bookRowSchema = v.object({
  asks: v.array(levelSchema),
  bids: v.array(levelSchema),
  ts: text,
  checksum: v.optional(v.number(), 0),
  prevSeqId: v.optional(v.number()),
  seqId: v.optional(v.number()),
});
export type BookRow = v.InferOutput<typeof bookRowSchema>;

/** True for what `JSON.parse` gives for a record. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A decimal text as number; NaN for "" and whatever is none. OKX writes "" for "not applicable". */
export const numberOf = (
  value: unknown,
): number => (typeof value === "string" && value !== "" ? Number(value) : NaN);

/** The same, with `undefined` for what is absent. */
export function optionalNumber(value: string): number | undefined {
  const number = numberOf(value);
  return Number.isFinite(number) ? number : undefined;
}
