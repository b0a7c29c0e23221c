/**
 * Orders, fills, positions and accounts in the venue's words, whether they came as JSON or binary. The two encodings
 * differ in units (µs and ms), in signs (a position's size) and in what they leave out; none of that passes this room.
 */
import * as v from "valibot";
import { accountSchema, assetName, fillSchema, identifier, orderSchema, positionSchema } from "./json.ts";
import type { SbeMessage } from "./sbe.ts";

export interface OrderRecord {
  readonly id: string;
  readonly clientId: string;
  readonly market: string;
  readonly side: "BUY" | "SELL";
  readonly type: string;
  readonly instruction: string;
  /** Decimal text in base units. */
  readonly size: string;
  readonly remainingSize: string;
  /** Decimal text; "" or "0" where the order has none. */
  readonly price: string;
  /** Decimal text; "" or "0" where the order waits for no price. */
  readonly triggerPrice: string;
  readonly status: "NEW" | "UNTRIGGERED" | "OPEN" | "CLOSED";
  readonly cancelReason: string;
  readonly flags: readonly string[];
  /** Larger is newer within one source; 0 when the source has none. */
  readonly seqNo: bigint;
  readonly tsVenueMs: number;
}

export interface FillRecord {
  readonly id: string;
  readonly orderId: string;
  readonly clientId: string;
  readonly market: string;
  readonly side: "BUY" | "SELL";
  readonly liquidity: "MAKER" | "TAKER";
  readonly price: string;
  readonly size: string;
  /** Decimal text, positive is paid. */
  readonly fee: string;
  readonly feeAsset: string;
  readonly fillType: string;
  readonly tsVenueMs: number;
}

export interface PositionRecord {
  readonly market: string;
  readonly isLong: boolean;
  /** Absolute, decimal text. */
  readonly size: string;
  readonly averageEntryPrice: string;
  readonly liquidationPrice: string;
  readonly leverage: string;
  readonly seqNo: bigint;
  readonly tsVenueMs: number;
}

export interface AccountRecord {
  readonly settlementAsset: string;
  readonly totalCollateral: string;
  readonly freeCollateral: string;
  readonly accountValue: string;
  readonly status: string;
  readonly seqNo: bigint;
  readonly tsVenueMs: number;
}

export const orderRecordSchema = v.pipe(
  orderSchema,
  v.transform((order): OrderRecord => ({
    id: order.id,
    clientId: order.client_id,
    market: order.market,
    side: order.side,
    type: order.type,
    instruction: order.instruction,
    size: order.size,
    remainingSize: order.remaining_size,
    price: order.price,
    triggerPrice: order.trigger_price,
    status: order.status,
    cancelReason: order.cancel_reason,
    flags: order.flags,
    seqNo: order.seq_no,
    tsVenueMs: order.last_updated_at === 0 ? order.created_at : order.last_updated_at,
  })),
);

export const fillRecordSchema = v.pipe(
  fillSchema,
  v.transform((fill): FillRecord => ({
    id: fill.id,
    orderId: fill.order_id,
    clientId: fill.client_id,
    market: fill.market,
    side: fill.side,
    liquidity: fill.liquidity,
    price: fill.price,
    size: fill.size,
    fee: fill.fee,
    feeAsset: fill.fee_currency,
    fillType: fill.fill_type,
    tsVenueMs: fill.created_at,
  })),
);

export const positionRecordSchema = v.pipe(
  positionSchema,
  v.transform((position): PositionRecord => ({
    market: position.market,
    isLong: position.side === "LONG",
    size: position.status === "CLOSED" ? "0" : position.size.replace("-", ""),
    averageEntryPrice: position.average_entry_price,
    liquidationPrice: position.liquidation_price,
    leverage: position.leverage,
    seqNo: position.seq_no,
    tsVenueMs: position.last_updated_at,
  })),
);

export const accountRecordSchema = v.pipe(
  accountSchema,
  v.transform((account): AccountRecord => ({
    settlementAsset: account.settlement_asset,
    totalCollateral: account.total_collateral,
    freeCollateral: account.free_collateral,
    accountValue: account.account_value,
    status: account.status,
    seqNo: account.seq_no,
    tsVenueMs: account.updated_at,
  })),
);

// Binary messages: the decoder has checked their form, the schemas give the types and refuse unknown enum values ------

const tsUs = v.pipe(
  v.bigint(),
  v.transform((us) => Number(us / 1000n)),
  v.minValue(0),
  v.maxValue(1e15),
);
const unsigned = v.pipe(v.string(), v.regex(/^\d/, "decimal text from 0"));
const noneOrUnsigned = v.pipe(v.nullable(unsigned), v.transform((text) => text ?? ""));
const noneAsEmpty = v.pipe(v.nullable(v.string()), v.transform((text) => text ?? ""));
const side = v.picklist(["BUY", "SELL"]);

const sbeOrderSchema = v.pipe(
  v.object({
    orderId: identifier,
    clientOrderId: v.string(),
    market: v.string(),
    side,
    orderType: v.string(),
    timeInForce: v.string(),
    size: unsigned,
    sizeOpen: unsigned,
    price: noneOrUnsigned,
    triggerPrice: noneOrUnsigned,
    status: v.picklist(["NEW", "UNTRIGGERED", "OPEN", "CLOSED"]),
    cancelReason: v.string(),
    flags: v.array(v.string()),
    seq: v.bigint(),
    updatedAt: tsUs,
  }),
  v.transform((order): OrderRecord => ({
    id: order.orderId,
    clientId: order.clientOrderId,
    market: order.market,
    side: order.side,
    type: order.orderType,
    instruction: order.timeInForce,
    size: order.size,
    remainingSize: order.sizeOpen,
    price: order.price,
    triggerPrice: order.triggerPrice,
    status: order.status,
    cancelReason: order.cancelReason,
    flags: order.flags,
    seqNo: order.seq,
    tsVenueMs: order.updatedAt,
  })),
);

const sbeFillSchema = v.pipe(
  v.object({
    fillId: identifier,
    orderId: identifier,
    clientOrderId: v.string(),
    market: v.string(),
    side,
    liquidity: v.picklist(["MAKER", "TAKER"]),
    price: unsigned,
    size: unsigned,
    fee: v.string(),
    // Before version 2 a fill does not say its currency; fees are in USDC unless the account opted for DIME.
    feeCurrency: v.optional(v.union([v.literal(""), assetName]), ""),
    fillType: v.string(),
    createdAt: tsUs,
  }),
  v.transform((fill): FillRecord => ({
    id: fill.fillId,
    orderId: fill.orderId,
    clientId: fill.clientOrderId,
    market: fill.market,
    side: fill.side,
    liquidity: fill.liquidity,
    price: fill.price,
    size: fill.size,
    fee: fill.fee,
    feeAsset: fill.feeCurrency === "" ? "USDC" : fill.feeCurrency,
    fillType: fill.fillType,
    tsVenueMs: fill.createdAt,
  })),
);

const sbePositionSchema = v.pipe(
  v.object({
    market: v.string(),
    side,
    size: v.string(),
    avgEntryPrice: v.string(),
    liquidationPrice: noneAsEmpty,
    leverage: v.string(),
    status: v.string(),
    seq: v.bigint(),
    updatedAt: tsUs,
  }),
  v.transform((position): PositionRecord => ({
    market: position.market,
    isLong: position.side === "BUY",
    size: position.status === "CLOSED" ? "0" : position.size.replace("-", ""),
    averageEntryPrice: position.avgEntryPrice,
    liquidationPrice: position.liquidationPrice,
    leverage: position.leverage,
    seqNo: position.seq,
    tsVenueMs: position.updatedAt,
  })),
);

const sbeAccountSchema = v.pipe(
  v.object({
    settlementAsset: assetName,
    totalCollateral: v.string(),
    freeCollateral: v.string(),
    accountValue: v.string(),
    status: v.string(),
    seq: v.bigint(),
    updatedAt: tsUs,
  }),
  v.transform((account): AccountRecord => ({
    settlementAsset: account.settlementAsset,
    totalCollateral: account.totalCollateral,
    freeCollateral: account.freeCollateral,
    accountValue: account.accountValue,
    status: account.status,
    seqNo: account.seq,
    tsVenueMs: account.updatedAt,
  })),
);

const sbeSummarySchema = v.pipe(
  v.object({
    ts: tsUs,
    market: v.string(),
    markPrice: v.string(),
    indexPrice: v.string(),
    fundingRate: v.string(),
    fundingRatePrecise: v.optional(v.nullable(v.string())),
  }),
  v.transform((summary): SummaryRecord => ({
    market: summary.market,
    markPrice: Number(summary.markPrice),
    indexPrice: Number(summary.indexPrice),
    // `fundingRate` is cut to 8 decimals.
    fundingRate: Number(summary.fundingRatePrecise ?? summary.fundingRate),
    tsVenueMs: summary.ts,
  })),
);

const sbeFundingSchema = v.pipe(
  v.object({ ts: tsUs, market: v.string(), fundingRate: v.string() }),
  v.transform(({ fundingRate, market, ts }) => ({
    market,
    fundingRate: Number(fundingRate),
    tsVenueMs: ts,
  })),
);

/** Mark, index and funding; floats, they are estimates. */
export interface SummaryRecord {
  readonly market: string;
  readonly markPrice: number;
  readonly indexPrice: number;
  readonly fundingRate: number;
  readonly tsVenueMs: number;
}

export type PrivateRecord =
  | { readonly kind: "order"; readonly order: OrderRecord }
  | { readonly kind: "fill"; readonly fill: FillRecord }
  | { readonly kind: "position"; readonly position: PositionRecord }
  | { readonly kind: "account"; readonly account: AccountRecord };

export type ReadResult<T> =
  | { readonly kind: "read"; readonly value: T }
  | { readonly kind: "misfit"; readonly details: string };

/** Checks `value` against a schema; the details name the first field that does not fit, never its content. */
export function read<T>(schema: v.GenericSchema<unknown, T>, value: unknown): ReadResult<T> {
  const result = v.safeParse(schema, value);
  if (result.success) return { kind: "read", value: result.output };
  const issue = result.issues[0];
  return {
    kind: "misfit",
    details: `${v.getDotPath(issue) ?? "value"}: expected ${issue.expected ?? issue.type}`,
  };
}

function mapRead<T, U>(result: ReadResult<T>, make: (value: T) => U): ReadResult<U> {
  return result.kind === "read" ? { kind: "read", value: make(result.value) } : result;
}

/** The private record in a binary message; undefined when the message is of another kind. */
export function privateRecordOfSbe(message: SbeMessage): ReadResult<PrivateRecord> | undefined {
  switch (message.template) {
    case "Order":
      return mapRead(read(sbeOrderSchema, message.fields), (order) => ({ kind: "order", order }));
    case "Fill":
      return mapRead(read(sbeFillSchema, message.fields), (fill) => ({ kind: "fill", fill }));
    case "Position":
      return mapRead(read(sbePositionSchema, message.fields), (position) => ({ kind: "position", position }));
    case "Account":
      return mapRead(read(sbeAccountSchema, message.fields), (account) => ({ kind: "account", account }));
    default:
      return undefined;
  }
}

/** The private record in a JSON push of `channel`; undefined when the channel is of another kind. */
export function privateRecordOfJson(channel: string, data: unknown): ReadResult<PrivateRecord> | undefined {
  const name = channel.split(".")[0];
  switch (name) {
    case "orders":
      return mapRead(read(orderRecordSchema, data), (order) => ({ kind: "order", order }));
    case "fills":
      return mapRead(read(fillRecordSchema, data), (fill) => ({ kind: "fill", fill }));
    case "positions":
      return mapRead(read(positionRecordSchema, data), (position) => ({ kind: "position", position }));
    case "account":
      return mapRead(read(accountRecordSchema, data), (account) => ({ kind: "account", account }));
    default:
      return undefined;
  }
}

export const fundingOfSbe = (
  message: SbeMessage,
): ReadResult<Pick<SummaryRecord, "market" | "fundingRate" | "tsVenueMs">> =>
  message.template === "FundingData"
    ? read(sbeFundingSchema, message.fields)
    : { kind: "misfit", details: message.template };

export const summaryOfSbe = (message: SbeMessage): ReadResult<SummaryRecord> =>
  read(sbeSummarySchema, message.fields);
