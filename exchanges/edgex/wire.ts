/** EdgeX's frames and rows as far as they are used; each is checked where it comes in. Numbers, times and ids travel as text. */
import * as v from "valibot";
import { numberOf } from "@berth/sdk/venue/json_values.ts";

const text = v.string();
const optionalText = v.optional(v.nullable(v.string()), "");
const matching = (pattern: RegExp, what: string) => v.pipe(v.string(), v.regex(pattern, `no ${what}`));
const unsigned = matching(/^\d{1,30}(\.\d{1,30})?$/, "decimal without sign");
const signed = matching(/^-?\d{1,30}(\.\d{1,30})?$/, "decimal");
const positive = v.pipe(unsigned, v.check((digits) => Number(digits) > 0, "zero"));
/** What may be absent, null or empty comes as "". */
const orEmpty = (schema: v.GenericSchema<string, string>) =>
  v.optional(
    v.union(
      [v.pipe(v.null(), v.transform(() => "")), v.literal(""), schema],
      "neither empty nor a decimal",
    ),
    "",
  );
/** Milliseconds since the epoch; 15 digits last until the year 33,000. */
const time = matching(/^\d{1,15}$/, "time in ms");
/** 64-bit ids, beyond what a double holds. */
const id = matching(/^\d{1,20}$/, "id");

/** What every REST answer is wrapped in. */
export const envelopeSchema = v.object({
  code: text,
  data: v.optional(v.unknown()),
  msg: v.optional(v.nullable(v.unknown())),
  responseTime: v.optional(v.nullable(v.string())),
});

export const coinSchema = v.object({
  coinId: id,
  coinName: matching(/^[^\s]{1,32}$/, "asset"),
  resolution: optionalText,
  starkExResolution: optionalText,
});
export type Coin = v.InferOutput<typeof coinSchema>;

const riskTierSchema = v.object({ maxLeverage: optionalText });
export const contractSchema = v.object({
  contractId: id,
  contractName: v.pipe(v.string(), v.nonEmpty(), v.maxLength(64)),
  baseCoinId: id,
  quoteCoinId: id,
  tickSize: positive,
  stepSize: positive,
  minOrderSize: unsigned,
  maxOrderSize: unsigned,
  defaultTakerFeeRate: orEmpty(signed),
  defaultMakerFeeRate: orEmpty(signed),
  enableTrade: v.optional(v.boolean(), true),
  enableOpenPosition: v.optional(v.boolean(), true),
  riskTierList: v.optional(v.array(riskTierSchema), []),
  fundingRateIntervalMin: optionalText,
  resolution: optionalText,
  starkExResolution: optionalText,
});
export type Contract = v.InferOutput<typeof contractSchema>;

/** Coins and contracts are checked one by one: one that can't be read must not hide the others. */
export const metadataSchema = v.object({
  global: v.object({
    nativeChainId: optionalText,
    chainId: optionalText,
    contractAddress: matching(/^0x[0-9a-fA-F]{40}$/, "address"),
  }),
  coinList: v.array(v.unknown()),
  contractList: v.array(v.unknown()),
});
export type Metadata = v.InferOutput<typeof metadataSchema>;

const tradeSettingSchema = v.object({
  isSetFeeRate: v.optional(v.nullable(v.boolean()), false),
  takerFeeRate: orEmpty(signed),
  makerFeeRate: orEmpty(signed),
  isSetMaxLeverage: v.optional(v.nullable(v.boolean()), false),
  maxLeverage: optionalText,
});
export type TradeSetting = v.InferOutput<typeof tradeSettingSchema>;
export const accountSchema = v.object({
  createOrderPerMinuteLimit: v.optional(v.nullable(v.union([v.number(), v.string()])), 0),
  defaultTradeSetting: v.optional(v.nullable(tradeSettingSchema)),
  contractIdToTradeSetting: v.optional(v.nullable(v.record(v.string(), tradeSettingSchema))),
});
export type Account = v.InferOutput<typeof accountSchema>;

export const pageSchema = v.object({
  dataList: v.array(v.unknown()),
  nextPageOffsetData: v.optional(v.nullable(v.string()), ""),
});
export const serverTimeSchema = v.object({ timeMillis: v.union([time, v.pipe(v.number(), v.minValue(1))]) });

/** A row of the stream may leave out what did not change: it is read together with what is known of its order. */
export const orderRowSchema = v.object({
  id,
  contractId: id,
  clientOrderId: optionalText,
  side: v.picklist(["BUY", "SELL"]),
  type: text,
  timeInForce: optionalText,
  price: orEmpty(unsigned),
  // One that closes a whole position at a price has none of its own.
  size: unsigned,
  reduceOnly: v.optional(v.nullable(v.boolean()), false),
  triggerPrice: orEmpty(unsigned),
  status: text,
  cancelReason: optionalText,
  cumFillSize: orEmpty(unsigned),
  cumMatchSize: orEmpty(unsigned),
  updatedTime: time,
});
export type OrderRow = v.InferOutput<typeof orderRowSchema>;
export const orderKeySchema = v.object({ id });

/** Side and contract are the order's where a pushed row leaves them out. */
export const fillRowSchema = v.object({
  id,
  orderId: id,
  contractId: id,
  orderSide: v.picklist(["BUY", "SELL"]),
  fillSize: positive,
  fillPrice: positive,
  fillFee: signed,
  direction: optionalText,
  matchTime: time,
});
export type FillRow = v.InferOutput<typeof fillRowSchema>;

export const positionRowSchema = v.object({
  contractId: id,
  coinId: v.optional(id),
  openSize: signed,
  openValue: signed,
  updatedTime: v.optional(time, "0"),
});
export type PositionRow = v.InferOutput<typeof positionRowSchema>;

export const collateralRowSchema = v.object({
  coinId: id,
  amount: signed,
  updatedTime: v.optional(time, "0"),
});
export type CollateralRow = v.InferOutput<typeof collateralRowSchema>;

/** What the venue works out of an account's positions and collateral. */
const positionAssetSchema = v.object({ contractId: id, liquidatePrice: optionalText });
const collateralAssetSchema = v.object({ coinId: id, availableAmount: orEmpty(signed) });
export const accountAssetSchema = v.object({
  account: v.optional(v.unknown()),
  collateralList: v.array(v.unknown()),
  positionList: v.array(v.unknown()),
  positionAssetList: v.optional(v.nullable(v.array(positionAssetSchema)), []),
  collateralAssetModelList: v.optional(v.nullable(v.array(collateralAssetSchema)), []),
});
export type AccountAsset = v.InferOutput<typeof accountAssetSchema>;

/** A change of a position; of `SETTLE_FUNDING_FEE` the payment. */
export const positionTransactionSchema = v.object({
  id,
  coinId: v.optional(id, ""),
  contractId: id,
  type: text,
  deltaFundingFee: orEmpty(signed),
  createdTime: time,
});
export type PositionTransaction = v.InferOutput<typeof positionTransactionSchema>;
export const fundingTransaction = "SETTLE_FUNDING_FEE";

export const tradeEventSchema = v.object({
  event: text,
  version: v.optional(v.union([v.number(), v.string()])),
  time: v.optional(v.union([v.number(), v.string()])),
  data: v.record(v.string(), v.unknown()),
});
export type TradeEvent = v.InferOutput<typeof tradeEventSchema>;

export const createdOrderSchema = v.object({ orderId: id });
export const cancelResultSchema = v.object({ cancelResultMap: v.record(v.string(), v.string()) });

export const fundingRateRowSchema = v.object({
  fundingTime: v.optional(time),
  fundingTimestamp: v.optional(time),
  fundingRate: signed,
  fundingRateIntervalMin: optionalText,
});
export const klineRowSchema = v.object({
  klineTime: time,
  open: positive,
  high: positive,
  low: positive,
  close: positive,
  size: orEmpty(unsigned),
});

/** A time in ms since the epoch, as text or number; NaN for what is none. */
export function timeOf(value: unknown): number {
  const ms = typeof value === "number" ? value : numberOf(value);
  return ms > 0 && ms < 1e15 ? ms : NaN;
}

/** What went wrong with a row, without its values. */
export function issueText(issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): string {
  const [issue] = issues;
  return cutText(`${v.getDotPath(issue) ?? "row"}: expected ${issue.expected ?? issue.type}`);
}

/** A venue's text as far as the host takes it. */
export const cutText = (venueText: string): string => venueText.slice(0, 1_000);
export const cutCode = (venueCode: string): string => venueCode.slice(0, 200);

export { isRecord, numberOf, optionalNumber } from "@berth/sdk/venue/json_values.ts";
