/** Aster's frames and rows as far as they are used; each is checked where it comes in. Prices and sizes travel as decimal text. */
import * as v from "valibot";

/** No venue's number is longer; what is may not be read digit by digit for seconds. */
const decimal = v.pipe(v.string(), v.regex(/^-?\d{1,30}(\.\d{1,30})?$/, "no decimal"));
const unsigned = v.pipe(v.string(), v.regex(/^\d{1,30}(\.\d{1,30})?$/, "no decimal without sign"));
const wholeNumber = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** In rows of REST some whole numbers come as text. */
const wholeOrText = v.pipe(
  v.union([v.number(), v.pipe(v.string(), v.regex(/^\d{1,16}$/), v.transform(Number))]),
  v.safeInteger(),
  v.minValue(0),
);
const epochMs = v.pipe(wholeOrText, v.maxValue(8_640_000_000_000_000));
const shortText = v.pipe(v.string(), v.maxLength(64));
const symbol = v.pipe(v.string(), v.minLength(1), v.maxLength(40));
const asset = v.pipe(v.string(), v.minLength(1), v.maxLength(20));
/** Some numbers come as text in one place and as number in another. */
const numberOrText = v.pipe(v.union([v.number(), v.string()]), v.transform(Number), v.finite());

export const errorSchema = v.object({
  code: v.pipe(v.union([v.number(), v.string()]), v.transform(String), v.maxLength(40)),
  msg: v.optional(v.pipe(v.string(), v.transform((text) => text.slice(0, 500))), ""),
});

export const timeSchema = v.object({ serverTime: epochMs });

// Instruments ----------------------------------------------------------------------------------------------------------

export const limitSchema = v.object({
  rateLimitType: v.string(),
  interval: v.string(),
  intervalNum: wholeNumber,
  limit: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000)),
});
const filterSchema = v.looseObject({ filterType: v.string() });
export const symbolSchema = v.object({
  symbol,
  contractType: v.optional(v.string(), ""),
  status: shortText,
  baseAsset: asset,
  quoteAsset: asset,
  marginAsset: asset,
  requiredMarginPercent: v.optional(unsigned),
  filters: v.array(filterSchema),
});
export type SymbolRow = v.InferOutput<typeof symbolSchema>;
/** A row that can't be read is left out, not the whole list. */
export const exchangeInfoSchema = v.object({
  symbols: v.array(v.unknown()),
  rateLimits: v.optional(v.array(v.unknown()), []),
});
export const priceFilterSchema = v.object({ tickSize: unsigned });
export const lotFilterSchema = v.object({ minQty: unsigned, maxQty: unsigned, stepSize: unsigned });
/** Documented as `notional`; spot's filters of this name have `minNotional`. */
export const notionalFilterSchema = v.pipe(
  v.union([v.object({ notional: unsigned }), v.object({ minNotional: unsigned })]),
  v.transform((filter) => ({ notional: "notional" in filter ? filter.notional : filter.minNotional })),
);

export const fundingInfoSchema = v.object({
  symbol,
  fundingIntervalHours: v.pipe(numberOrText, v.minValue(1), v.maxValue(168)),
});
export const bracketSchema = v.object({
  symbol,
  brackets: v.array(v.object({ initialLeverage: v.pipe(numberOrText, v.minValue(1), v.maxValue(1_001)) })),
});
export const commissionSchema = v.object({
  symbol,
  makerCommissionRate: decimal,
  takerCommissionRate: decimal,
});

// Market data ----------------------------------------------------------------------------------------------------------

/** Price and size. Whether they can be true is checked where they are read. */
const isLevels = (value: unknown): value is readonly (readonly string[])[] =>
  Array.isArray(value) &&
  value.every((level) =>
    Array.isArray(level) && typeof level[0] === "string" && typeof level[1] === "string"
  );
/** One look at each level instead of a schema for it: a book has thousands. */
const levels = v.custom<readonly (readonly string[])[]>(isLevels, "levels of texts");
export const depthUpdateSchema = v.object({
  E: epochMs,
  T: v.optional(epochMs),
  s: symbol,
  U: wholeNumber,
  u: wholeNumber,
  pu: wholeNumber,
  b: levels,
  a: levels,
});
export type DepthUpdate = v.InferOutput<typeof depthUpdateSchema>;
export const depthSchema = v.object({
  lastUpdateId: wholeNumber,
  E: v.optional(epochMs),
  T: v.optional(epochMs),
  bids: levels,
  asks: levels,
});
export type DepthSnapshot = v.InferOutput<typeof depthSchema>;

export const fundingRateSchema = v.object({ fundingRate: decimal, fundingTime: epochMs });

// The account ----------------------------------------------------------------------------------------------------------

const side = v.picklist(["BUY", "SELL"]);
const orderStatus = v.picklist([
  "NEW",
  "PARTIALLY_FILLED",
  "FILLED",
  "CANCELED",
  "REJECTED",
  "EXPIRED",
  "NEW_INSURANCE",
  "NEW_ADL",
]);

/** An order as REST tells it. */
export const orderSchema = v.object({
  symbol,
  orderId: wholeOrText,
  clientOrderId: shortText,
  side,
  status: orderStatus,
  type: shortText,
  origType: v.optional(shortText),
  timeInForce: v.optional(shortText, ""),
  origQty: unsigned,
  executedQty: unsigned,
  price: unsigned,
  stopPrice: v.optional(unsigned, "0"),
  reduceOnly: v.optional(v.boolean(), false),
  positionSide: v.optional(shortText, "BOTH"),
  updateTime: epochMs,
});
export type OrderRow = v.InferOutput<typeof orderSchema>;
/** What an order's or a change's acknowledgement must say. */
export const acknowledgementSchema = v.object({ orderId: wholeOrText, updateTime: v.optional(epochMs) });
/** What it takes to cancel orders that are in no list of ours. */
export const orderSymbolSchema = v.object({ symbol });

/** The same order as the stream tells it, with the execution that made it tell. */
export const orderEventSchema = v.object({
  E: epochMs,
  T: v.optional(epochMs),
  o: v.object({
    s: symbol,
    c: shortText,
    S: side,
    o: shortText,
    f: shortText,
    q: unsigned,
    p: unsigned,
    sp: v.optional(unsigned, "0"),
    x: shortText,
    X: orderStatus,
    i: wholeNumber,
    l: v.optional(unsigned, "0"),
    z: unsigned,
    L: v.optional(unsigned, "0"),
    N: v.optional(v.nullable(asset)),
    n: v.optional(v.nullable(decimal)),
    T: epochMs,
    t: v.optional(wholeNumber, 0),
    m: v.optional(v.boolean(), false),
    R: v.optional(v.boolean(), false),
    ot: v.optional(shortText),
    ps: v.optional(shortText, "BOTH"),
  }),
});
export type OrderEvent = v.InferOutput<typeof orderEventSchema>;

export const tradeSchema = v.object({
  symbol,
  id: wholeOrText,
  orderId: wholeOrText,
  side,
  price: unsigned,
  qty: unsigned,
  commission: decimal,
  commissionAsset: asset,
  maker: v.boolean(),
  time: epochMs,
});
export type TradeRow = v.InferOutput<typeof tradeSchema>;

export const positionSchema = v.object({
  symbol,
  positionAmt: decimal,
  entryPrice: decimal,
  markPrice: v.optional(decimal, ""),
  liquidationPrice: v.optional(decimal, ""),
  leverage: v.optional(v.pipe(numberOrText, v.minValue(0), v.maxValue(1_001))),
  positionSide: v.optional(shortText, "BOTH"),
  updateTime: epochMs,
});
export type PositionRow = v.InferOutput<typeof positionSchema>;

export const balanceSchema = v.object({
  asset,
  balance: decimal,
  availableBalance: decimal,
  updateTime: v.optional(epochMs, 0),
});
export type BalanceRow = v.InferOutput<typeof balanceSchema>;

export const accountEventSchema = v.object({
  E: epochMs,
  T: v.optional(epochMs),
  a: v.object({
    m: v.optional(shortText, ""),
    B: v.optional(v.array(v.unknown()), []),
    P: v.optional(v.array(v.unknown()), []),
  }),
});
export const pushedPositionSchema = v.object({
  s: symbol,
  pa: decimal,
  ep: decimal,
  ps: v.optional(shortText, "BOTH"),
});
export type PushedPosition = v.InferOutput<typeof pushedPositionSchema>;
export const configEventSchema = v.object({
  ac: v.optional(v.object({ s: symbol, l: v.pipe(numberOrText, v.minValue(1), v.maxValue(1_001)) })),
  ai: v.optional(v.looseObject({ d: v.optional(v.boolean()) })),
});

export const incomeSchema = v.object({
  symbol: v.pipe(v.string(), v.maxLength(40)),
  incomeType: shortText,
  income: decimal,
  asset,
  time: epochMs,
  tranId: v.pipe(v.union([v.number(), v.string()]), v.transform(String), v.minLength(1), v.maxLength(64)),
});
export type IncomeRow = v.InferOutput<typeof incomeSchema>;

export const positionModeSchema = v.object({ dualSidePosition: v.boolean() });
export const listenKeySchema = v.object({
  listenKey: v.pipe(v.string(), v.regex(/^[\w-]{1,256}$/, "no listen key")),
});

export { isRecord } from "@berth/sdk/venue/json_values.ts";

/** A decimal text as number; NaN for whatever is none. */
export const numberOf = (value: unknown): number =>
  typeof value === "string" && value !== "" && value.length <= 64 ? Number(value) : NaN;

/** A whole number of milliseconds since the epoch; NaN for what is none. */
export const timeOf = (value: unknown): number =>
  typeof value === "number" && Number.isSafeInteger(value) && value > 0 && value < 1e15 ? value : NaN;

/** A price that is one; undefined for absent ones and the zeros that stand for them. */
export function optionalPrice(value: string): number | undefined {
  const number = numberOf(value);
  return number > 0 && Number.isFinite(number) ? number : undefined;
}

/** What went wrong with a row, without its values. */
export function issueText(issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): string {
  const [issue] = issues;
  return `${v.getDotPath(issue) ?? "row"}: expected ${issue.expected ?? issue.type}`;
}
