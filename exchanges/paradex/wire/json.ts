/**
 * JSON of Paradex: lossless parsing and the schemas of what REST and the WebSocket's text frames carry. Fields that
 * nobody reads are left out; unknown ones are ignored.
 *
 * @see https://docs.paradex.trade, REST 1.132 and WebSocket 1.3 (2026-08)
 */
import type { Kline } from "@berth/sdk";
import * as v from "valibot";

/**
 * `JSON.parse` that keeps integers beyond 2^53 (`seq_no`, `received_at`) exact as bigint.
 * @throws SyntaxError on text that is no JSON
 */
export function parseJson(text: string): unknown {
  // A reviver costs a call for each value; without a long digit run there is nothing to save.
  return /\d{16}/.test(text) ? JSON.parse(text, keepLongIntegers) : JSON.parse(text);
}

function keepLongIntegers(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const source = context?.source;
  return source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
}

const decimalText = v.pipe(v.string(), v.regex(/^-?\d{1,40}(\.\d{1,40})?$/, "decimal text"));
const unsignedDecimal = v.pipe(v.string(), v.regex(/^\d{1,40}(\.\d{1,40})?$/, "decimal text from 0"));
const optionalUnsignedDecimal = v.optional(v.union([v.literal(""), unsignedDecimal]), "");
/** Decimal text, or "" and absence for "none". */
const optionalDecimalText = v.optional(v.union([v.literal(""), decimalText]), "");
const bigInteger = v.pipe(
  v.union([v.bigint(), v.pipe(v.number(), v.integer())]),
  v.transform((value) => BigInt(value)),
);
/** Since the epoch, up to the year 33,000. */
const milliseconds = v.pipe(
  v.union([v.number(), v.pipe(v.bigint(), v.transform(Number))]),
  v.finite(),
  v.minValue(0),
  v.maxValue(1e15),
);
const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
const assetName = v.pipe(v.string(), v.minLength(1), v.maxLength(32));
const marketName = v.pipe(v.string(), v.minLength(1), v.maxLength(64));
export const identifier = v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,128}$/, "identifier"));
const optionalText = v.pipe(v.nullish(v.string(), ""), v.string(), v.maxLength(1_000));

/** Body of a refused REST request. */
export const apiErrorSchema = v.object({ error: v.string(), message: optionalText });

export const systemConfigSchema = v.object({
  starknet_chain_id: v.string(),
  l1_chain_id: v.optional(v.string(), ""),
  paraclear_account_hash: v.optional(v.string(), ""),
  paraclear_account_proxy_hash: v.optional(v.string(), ""),
});
/** The venue sends milliseconds as text. */
export const systemTimeSchema = v.object({
  server_time: v.pipe(
    v.union([v.string(), v.number()]),
    v.transform(Number),
    v.finite(),
    v.minValue(0),
    v.maxValue(1e15),
  ),
});
export const systemStateSchema = v.object({ status: v.string() });
export const jwtSchema = v.object({ jwt_token: v.pipe(v.string(), v.minLength(1)) });

const feeSchema = v.object({ fee: decimalText });
const feePairSchema = v.object({ maker_fee: v.optional(feeSchema), taker_fee: v.optional(feeSchema) });
export const marketSchema = v.object({
  symbol: marketName,
  base_currency: assetName,
  quote_currency: assetName,
  settlement_currency: assetName,
  order_size_increment: decimalText,
  price_tick_size: decimalText,
  min_notional: v.optional(unsignedDecimal, "0"),
  max_order_size: optionalUnsignedDecimal,
  asset_kind: v.string(),
  open_at: v.optional(milliseconds, 0),
  trading_mode: v.optional(v.string(), "STANDARD"),
  funding_period_hours: v.optional(positive),
  delta1_cross_margin_params: v.optional(v.nullable(v.object({ imf_base: decimalText }))),
  fee_config: v.optional(v.nullable(v.object({ api_fee: v.optional(v.nullable(feePairSchema)) }))),
});
export type MarketRecord = v.InferOutput<typeof marketSchema>;
/** Rows are checked one by one, so that one strange market does not hide the others. */
export const marketListSchema = v.object({ results: v.array(v.unknown()) });

const accountInfoRow = v.object({
  account: v.string(),
  fees: v.optional(
    v.nullable(v.object({ maker_rate: optionalDecimalText, taker_rate: optionalDecimalText })),
  ),
});
/** A list in the specification; some answers carry the one account bare. */
export const accountInfoSchema = v.union([
  v.pipe(v.object({ results: v.array(accountInfoRow) }), v.transform(({ results }) => results)),
  v.pipe(accountInfoRow, v.transform((row) => [row])),
]);

export { assetName };

export const bboSchema = v.object({
  market: v.string(),
  bid: optionalDecimalText,
  bid_size: optionalDecimalText,
  ask: optionalDecimalText,
  ask_size: optionalDecimalText,
  last_updated_at: milliseconds,
});

const orderSide = v.picklist(["BUY", "SELL"]);
export const orderSchema = v.object({
  id: identifier,
  market: v.string(),
  side: orderSide,
  type: v.string(),
  instruction: v.optional(v.string(), ""),
  size: unsignedDecimal,
  remaining_size: unsignedDecimal,
  price: optionalUnsignedDecimal,
  trigger_price: optionalUnsignedDecimal,
  status: v.picklist(["NEW", "UNTRIGGERED", "OPEN", "CLOSED"]),
  cancel_reason: optionalText,
  client_id: optionalText,
  flags: v.pipe(v.nullish(v.array(v.string()), []), v.array(v.string())),
  seq_no: v.optional(bigInteger, 0),
  last_updated_at: v.optional(milliseconds, 0),
  created_at: v.optional(milliseconds, 0),
});

export const fillSchema = v.object({
  id: identifier,
  market: v.string(),
  order_id: identifier,
  client_id: optionalText,
  side: orderSide,
  liquidity: v.picklist(["MAKER", "TAKER"]),
  price: unsignedDecimal,
  size: unsignedDecimal,
  fee: decimalText,
  fee_currency: v.optional(assetName, "USDC"),
  fill_type: v.optional(v.string(), "FILL"),
  created_at: milliseconds,
});

export const positionSchema = v.object({
  market: v.string(),
  status: v.optional(v.string(), "OPEN"),
  side: v.picklist(["LONG", "SHORT"]),
  size: decimalText,
  average_entry_price: optionalDecimalText,
  liquidation_price: optionalDecimalText,
  leverage: optionalDecimalText,
  seq_no: v.optional(bigInteger, 0),
  last_updated_at: v.optional(milliseconds, 0),
});

export const accountSchema = v.object({
  account_value: decimalText,
  total_collateral: decimalText,
  free_collateral: decimalText,
  settlement_asset: v.optional(assetName, "USDC"),
  status: v.optional(v.string(), ""),
  seq_no: v.optional(bigInteger, 0),
  updated_at: v.optional(milliseconds, 0),
});

/** `[open time ms, open, high, low, close, volume]`, numbers. */
export const klineRowSchema = v.pipe(
  v.looseTuple([milliseconds, positive, positive, positive, positive, v.optional(v.nullable(v.number()))]),
  v.transform(([tsOpenMs, openPrice, highPrice, lowPrice, closePrice, volume]): Kline => ({
    tsOpenMs,
    openPrice,
    highPrice,
    lowPrice,
    closePrice,
    volumeBase: volume ?? NaN,
  })),
);

export const fundingDataSchema = v.object({
  market: v.string(),
  funding_rate: decimalText,
  funding_period_hours: v.optional(positive),
  created_at: milliseconds,
});

export const fundingPaymentSchema = v.object({
  id: identifier,
  market: v.string(),
  payment: decimalText,
  created_at: milliseconds,
});

export const listSchema = v.object({
  results: v.array(v.unknown()),
  next: v.optional(v.nullable(v.string())),
});

/** Answers to batches of orders: `results` in the order of the request (WebSocket), or two lists (REST). */
export const batchResultsSchema = v.object({
  results: v.array(v.object({ order: v.optional(v.unknown()), error: v.optional(v.string()) })),
});
export const batchCreatedSchema = v.object({
  orders: v.pipe(v.nullish(v.array(v.unknown()), []), v.array(v.unknown())),
  errors: v.pipe(
    v.nullish(v.array(v.object({ error: optionalText, message: optionalText })), []),
    v.array(v.object({ error: v.string(), message: v.string() })),
  ),
});
export const batchCancelledSchema = v.object({
  results: v.array(v.object({ id: optionalText, client_id: optionalText, status: v.string() })),
});

// WebSocket text frames --------------------------------------------------------------------------------------------

const rpcErrorSchema = v.object({
  code: v.number(),
  message: optionalText,
  data: v.optional(v.unknown()),
});
const rpcId = v.union([v.number(), v.string()]);
export const textFrameSchema = v.union([
  v.object({
    method: v.literal("subscription"),
    params: v.object({ channel: v.string(), data: v.unknown() }),
  }),
  v.object({ id: v.nullish(rpcId), error: rpcErrorSchema }),
  v.object({ id: rpcId, result: v.unknown() }),
]);
export type TextFrame = v.InferOutput<typeof textFrameSchema>;

/** Result of order.create and order.modify. */
export const orderResultSchema = v.object({ order: orderSchema, created_at: v.optional(milliseconds, 0) });
