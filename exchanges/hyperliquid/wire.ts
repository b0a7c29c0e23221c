/** Hyperliquid's frames and rows as far as they are used; each is checked where it comes in. Prices and sizes travel as decimal text. */
import * as v from "valibot";

/** No venue's number is longer; what is may not be read digit by digit for seconds. */
const decimal = v.pipe(v.string(), v.regex(/^-?\d{1,30}(\.\d{1,30})?$/));
const unsignedDecimal = v.pipe(v.string(), v.regex(/^\d{1,30}(\.\d{1,30})?$/));
const epochMs = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(8_640_000_000_000_000));
const wholeNumber = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const coin = v.pipe(v.string(), v.minLength(1), v.maxLength(40));
const shortText = v.pipe(v.string(), v.maxLength(200));

export const assetSchema = v.object({
  name: coin,
  szDecimals: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(6)),
  maxLeverage: v.pipe(v.number(), v.minValue(1), v.maxValue(1_000)),
  isDelisted: v.nullish(v.boolean()),
});
export type AssetRow = v.InferOutput<typeof assetSchema>;
/** The places in the list name the assets, so a row that can't be read keeps its place. */
export const metaSchema = v.object({ universe: v.array(v.unknown()) });

export const contextSchema = v.object({
  markPx: unsignedDecimal,
  oraclePx: v.nullish(unsignedDecimal),
  funding: v.nullish(decimal),
});

export interface Level {
  readonly px: string;
  readonly sz: string;
}
const isLevel = (value: unknown): value is Level =>
  typeof value === "object" && value !== null && "px" in value && typeof value.px === "string" &&
  "sz" in value && typeof value.sz === "string";
/** Looked at once rather than by a schema each: books are the largest frames. Their numbers are read as ticks and lots. */
const levels = v.custom<readonly Level[]>((value) => Array.isArray(value) && value.every(isLevel), "levels");
export const bookSchema = v.object({ coin, time: epochMs, levels: v.tuple([levels, levels]) });
export type BookRow = v.InferOutput<typeof bookSchema>;

/** `A` is the ask's side: a seller's, in orders, fills and trades. */
const side = v.picklist(["A", "B"]);

export const orderSchema = v.object({
  coin,
  side,
  limitPx: unsignedDecimal,
  /** What is left. */
  sz: unsignedDecimal,
  oid: wholeNumber,
  timestamp: epochMs,
  origSz: v.optional(unsignedDecimal),
  cloid: v.nullish(v.string()),
  reduceOnly: v.nullish(v.boolean()),
  isTrigger: v.nullish(v.boolean()),
  triggerPx: v.nullish(unsignedDecimal),
});
export type OrderRow = v.InferOutput<typeof orderSchema>;
export const orderUpdateSchema = v.object({
  order: orderSchema,
  status: shortText,
  statusTimestamp: epochMs,
});
export type OrderUpdate = v.InferOutput<typeof orderUpdateSchema>;
export const orderStatusSchema = v.variant("status", [
  v.object({ status: v.literal("order"), order: orderUpdateSchema }),
  v.object({ status: v.literal("unknownOid") }),
]);
/** What it takes to cancel an order of any asset. */
export const orderKeySchema = v.object({ coin, oid: wholeNumber });

export const fillSchema = v.object({
  coin,
  px: unsignedDecimal,
  sz: unsignedDecimal,
  side,
  time: epochMs,
  oid: wholeNumber,
  tid: v.optional(wholeNumber),
  hash: v.optional(shortText),
  crossed: v.boolean(),
  fee: decimal,
  feeToken: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(20)), "USDC"),
  cloid: v.nullish(v.string()),
  liquidation: v.nullish(v.unknown()),
});
export type FillRow = v.InferOutput<typeof fillSchema>;

const fundingFields = { coin, usdc: decimal, fundingRate: v.nullish(decimal) };
export const fundingSchema = v.object({ time: epochMs, ...fundingFields });
export type FundingRow = v.InferOutput<typeof fundingSchema>;
/** A row of `userFunding`, which wraps what the stream sends plainly. */
export const fundingLedgerSchema = v.pipe(
  v.object({ time: epochMs, delta: v.object(fundingFields) }),
  v.transform(({ time, delta }) => ({ time, ...delta })),
);

export const positionSchema = v.object({
  coin,
  szi: decimal,
  entryPx: v.nullish(decimal),
  positionValue: v.nullish(decimal),
  unrealizedPnl: v.nullish(decimal),
  liquidationPx: v.nullish(decimal),
  leverage: v.nullish(v.object({ value: v.pipe(v.number(), v.minValue(0), v.maxValue(1_000)) })),
});
export type PositionRow = v.InferOutput<typeof positionSchema>;
export const accountStateSchema = v.object({
  marginSummary: v.object({ accountValue: decimal }),
  withdrawable: decimal,
  assetPositions: v.array(v.object({ position: positionSchema })),
  time: v.optional(epochMs),
});
export type AccountState = v.InferOutput<typeof accountStateSchema>;
export const spotStateSchema = v.object({
  balances: v.array(v.object({ coin, total: decimal, hold: decimal })),
});

export const feesSchema = v.object({ userCrossRate: decimal, userAddRate: decimal });
export const rateLimitSchema = v.object({
  nRequestsUsed: v.pipe(v.number(), v.minValue(0)),
  nRequestsCap: v.pipe(v.number(), v.minValue(0)),
});
export const exchangeStatusSchema = v.object({ time: epochMs, specialStatuses: v.nullish(v.unknown()) });

export const candleSchema = v.object({
  t: epochMs,
  o: unsignedDecimal,
  h: unsignedDecimal,
  l: unsignedDecimal,
  c: unsignedDecimal,
  v: unsignedDecimal,
});
export const fundingRateSchema = v.object({ fundingRate: decimal, time: epochMs });

/** What an action came to: answers of `/exchange` and payloads of a post alike. */
export const actionReplySchema = v.variant("status", [
  v.object({
    status: v.literal("ok"),
    response: v.object({
      type: v.string(),
      data: v.optional(v.object({ statuses: v.optional(v.array(v.unknown()), []) })),
    }),
  }),
  v.object({ status: v.literal("err"), response: v.unknown() }),
]);
export const orderResultSchema = v.union([
  v.object({ error: v.string() }),
  v.object({ resting: v.object({ oid: wholeNumber }) }),
  v.object({ filled: v.object({ oid: wholeNumber }) }),
  v.string(),
]);
export type OrderResult = v.InferOutput<typeof orderResultSchema>;

export const postSchema = v.object({
  id: wholeNumber,
  response: v.object({ type: v.string(), payload: v.unknown() }),
});
export type PostResponse = v.InferOutput<typeof postSchema>["response"];

/** What went wrong with a row, without its values. */
export function issueText(issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): string {
  const [issue] = issues;
  return `${v.getDotPath(issue) ?? "row"}: expected ${issue.expected ?? issue.type}`;
}

export { isRecord, numberOf, optionalNumber } from "@berth/sdk/venue/json_values.ts";
