/**
 * Paradex's binary messages (SBE schema id 1, versions 0 to 2) as data. Offsets follow from the order and the widths;
 * fields are only ever appended, so `since` tells which may be missing from a shorter block.
 *
 * @see https://docs.paradex.trade "Binary Encoding (SBE)", 2026-09-21; tradeparadex/paradex-py paradex_1_0.xml, 2026-09-25
 */

/** All multi-byte numbers are little-endian, addresses big-endian. Null of a signed 64-bit number is −2^63. */
export const fieldWidths = {
  /** Plain signed number. */
  i64: 8,
  u64: 8,
  i16: 2,
  u8: 1,
  /** i64 × 10^-8. */
  decimal8: 8,
  /** i64 × 10^-12. */
  decimal12: 8,
  /** Microseconds since the epoch. */
  tsUs: 8,
  address: 32,
} as const;
export type FieldType = keyof typeof fieldWidths;

export const sbeEnums = {
  side: { 1: "BUY", 2: "SELL" },
  orderType: {
    1: "LIMIT",
    2: "MARKET",
    3: "STOP_LIMIT",
    4: "STOP_MARKET",
    5: "TAKE_PROFIT_LIMIT",
    6: "TAKE_PROFIT_MARKET",
    7: "STOP_LOSS_LIMIT",
    8: "STOP_LOSS_MARKET",
  },
  orderStatus: { 1: "NEW", 2: "UNTRIGGERED", 3: "OPEN", 4: "CLOSED" },
  timeInForce: { 1: "GTC", 2: "IOC", 3: "POST_ONLY", 4: "RPI" },
  fillType: {
    1: "FILL",
    2: "LIQUIDATION",
    3: "UNWIND_TRANSFER",
    4: "SETTLE_MARKET",
    5: "RPI",
    6: "BLOCK_TRADE",
  },
  packageType: { 0: "SNAPSHOT", 1: "DELTA" },
  liquidity: { 1: "MAKER", 2: "TAKER" },
  selfTradePrevention: { 0: "NONE", 1: "EXPIRE_MAKER", 2: "EXPIRE_TAKER", 3: "EXPIRE_BOTH" },
  positionStatus: { 1: "OPEN", 2: "CLOSED", 3: "UNSPECIFIED" },
  accountStatus: { 1: "ACTIVE", 2: "LIQUIDATION" },
  requestStatus: { 0: "UNSPECIFIED", 1: "PENDING", 2: "PROCESSED", 3: "REJECTED", 4: "SUCCESS" },
  requestType: { 0: "UNSPECIFIED", 1: "MODIFY_ORDER" },
  assetKind: { 0: "UNSPECIFIED", 1: "PERPETUAL_FUTURE", 2: "OPTION", 3: "SPOT" },
  fundingRateSource: {
    0: "UNSPECIFIED",
    1: "PARADEX",
    2: "BINANCE",
    3: "BYBIT",
    4: "OKX",
    5: "DERIBIT",
    6: "DERIVE",
    7: "HYPERLIQUID",
    8: "LIGHTER",
    9: "DATABENTO",
    10: "PUBLISHER",
    11: "PYTH",
    12: "STORK",
  },
} as const satisfies Record<string, Readonly<Record<number, string>>>;
export type EnumName = keyof typeof sbeEnums;

/** Names by bit, lowest first; an empty name is unassigned. */
export const sbeBitsets = {
  orderFlags: [
    "REDUCE_ONLY",
    "STOP_CONDITION_BELOW_TRIGGER",
    "STOP_CONDITION_ABOVE_TRIGGER",
    "INTERACTIVE",
    "TARGET_STRATEGY_VWAP",
    "MMP",
  ],
  fillFlags: ["INTERACTIVE", "RPI", "FASTFILL", "", "", "", "", "UNKNOWN"],
} as const satisfies Record<string, readonly string[]>;
export type BitsetName = keyof typeof sbeBitsets;

export type SchemaVersion = 0 | 1 | 2;

export interface FieldSpec {
  readonly name: string;
  readonly type: FieldType | { readonly enum: EnumName } | { readonly bitset: BitsetName };
  readonly isNullable: boolean;
  readonly since: SchemaVersion;
}
export interface GroupSpec {
  readonly name: string;
  readonly fields: readonly FieldSpec[];
}
export interface TextSpec {
  readonly name: string;
  readonly since: SchemaVersion;
}
export interface MessageSpec {
  readonly templateId: number;
  readonly name: string;
  readonly fields: readonly FieldSpec[];
  readonly groups: readonly GroupSpec[];
  /** Length-prefixed strings after the groups. */
  readonly texts: readonly TextSpec[];
}

type FieldOptions = { readonly since?: SchemaVersion };
const field =
  (type: FieldSpec["type"], isNullable = false) => (name: string, options: FieldOptions = {}): FieldSpec => ({
    name,
    type,
    isNullable,
    since: options.since ?? 0,
  });
const i64 = field("i64");
const nullableI64 = field("i64", true);
const decimal = field("decimal8");
const nullableDecimal = field("decimal8", true);
const nullableDecimal12 = field("decimal12", true);
const tsUs = field("tsUs");
const address = field("address");
const u8 = field("u8");
const enumerated = (name: string, of: EnumName, options: FieldOptions = {}): FieldSpec =>
  field({ enum: of })(name, options);
const bitset = (name: string, of: BitsetName, options: FieldOptions = {}): FieldSpec =>
  field({ bitset: of })(name, options);
const texts = (...names: readonly string[]): TextSpec[] => names.map((name) => ({ name, since: 0 }));
const textsOfVersion2 = (...names: readonly string[]): TextSpec[] =>
  names.map((name) => ({ name, since: 2 }));

const level: readonly FieldSpec[] = [decimal("price"), decimal("size")];

export const sbeMessages: readonly MessageSpec[] = [
  {
    templateId: 1,
    name: "Trade",
    fields: [
      tsUs("ts"),
      i64("seq"),
      i64("tradeId"),
      enumerated("side", "side"),
      decimal("price"),
      decimal("size"),
      tsUs("createdAt"),
      enumerated("tradeType", "fillType"),
    ],
    groups: [],
    // `tradeId` is the low 64 bits of a 28-digit id; only the text equals the REST id.
    texts: [...texts("market"), ...textsOfVersion2("tradeIdStr")],
  },
  {
    templateId: 2,
    name: "Bbo",
    fields: [
      tsUs("ts"),
      i64("seq"),
      nullableDecimal("bidPrice"),
      nullableDecimal("bidSize"),
      nullableDecimal("askPrice"),
      nullableDecimal("askSize"),
    ],
    groups: [],
    texts: texts("market"),
  },
  {
    templateId: 3,
    name: "Book",
    fields: [
      tsUs("ts"),
      i64("seq"),
      enumerated("pkgType", "packageType"),
      nullableDecimal("bestBidPrice"),
      nullableDecimal("bestBidSize"),
      nullableDecimal("bestAskPrice"),
      nullableDecimal("bestAskSize"),
      nullableDecimal("relativeSpread"),
      nullableDecimal("bestBidApiPrice"),
      nullableDecimal("bestBidApiSize"),
      nullableDecimal("bestAskApiPrice"),
      nullableDecimal("bestAskApiSize"),
    ],
    groups: [{ name: "bids", fields: level }, { name: "asks", fields: level }],
    texts: texts("market"),
  },
  {
    templateId: 4,
    name: "MarketSummary",
    fields: [
      tsUs("ts"),
      i64("seq"),
      decimal("markPrice"),
      decimal("indexPrice"),
      decimal("lastPrice"),
      decimal("volumeUsd24h"),
      decimal("openInterest"),
      decimal("fundingRate"),
      nullableDecimal("bid"),
      nullableDecimal("ask"),
      decimal("totalVolume"),
      decimal("priceChangeRate24h"),
      nullableDecimal("markIv"),
      nullableDecimal("bidIv"),
      nullableDecimal("askIv"),
      nullableDecimal("lastIv"),
      nullableDecimal("delta"),
      nullableDecimal("gamma"),
      nullableDecimal("vega"),
      nullableDecimal("theta"),
      nullableDecimal("rho"),
      nullableDecimal("volga"),
      nullableDecimal("vanna"),
      nullableDecimal("futureFundingRate"),
      nullableDecimal("externalFairPrice"),
      nullableDecimal("bidSize"),
      nullableDecimal("askSize"),
      nullableDecimal("forwardRate", { since: 1 }),
      nullableDecimal("riskFreeRate", { since: 1 }),
      nullableDecimal12("fundingRatePrecise", { since: 1 }),
    ],
    groups: [],
    texts: texts("market"),
  },
  {
    templateId: 5,
    name: "FundingData",
    fields: [
      tsUs("ts"),
      i64("seq"),
      decimal("fundingRate"),
      decimal("fundingIndex"),
      tsUs("createdAt"),
      decimal("fundingPremium"),
      decimal("fundingRate8h"),
      field("i16")("fundingPeriodHours"),
      nullableDecimal("impactPremiumRate", { since: 1 }),
    ],
    groups: [],
    texts: texts("market"),
  },
  {
    templateId: 6,
    name: "FundingRateComparison",
    fields: [
      tsUs("ts"),
      tsUs("lastUpdatedAt"),
      field("decimal12")("hourlyFundingRate"),
      enumerated("assetKind", "assetKind"),
      enumerated("source", "fundingRateSource"),
    ],
    groups: [],
    texts: texts("market"),
  },
  {
    templateId: 20,
    name: "Order",
    fields: [
      tsUs("ts"),
      i64("seq"),
      enumerated("status", "orderStatus"),
      enumerated("side", "side"),
      enumerated("orderType", "orderType"),
      enumerated("timeInForce", "timeInForce"),
      nullableDecimal("price"),
      nullableDecimal("triggerPrice"),
      decimal("size"),
      decimal("sizeOpen"),
      nullableDecimal("avgFillPrice"),
      tsUs("createdAt"),
      tsUs("updatedAt"),
      address("account"),
      tsUs("receivedAt"),
      tsUs("publishedAt"),
      enumerated("stp", "selfTradePrevention"),
      bitset("flags", "orderFlags"),
      // Version 2 went live in two layouts: with these two and without them.
      enumerated("requestStatus", "requestStatus", { since: 2 }),
      enumerated("requestType", "requestType", { since: 2 }),
    ],
    groups: [],
    texts: [
      ...texts("orderId", "clientOrderId", "market", "cancelReason"),
      ...textsOfVersion2("requestId", "requestMessage"),
    ],
  },
  {
    templateId: 21,
    name: "Fill",
    fields: [
      tsUs("ts"),
      nullableI64("seq"),
      enumerated("fillType", "fillType"),
      enumerated("side", "side"),
      enumerated("liquidity", "liquidity"),
      decimal("price"),
      decimal("size"),
      decimal("fee"),
      nullableDecimal("realizedPnl"),
      tsUs("createdAt"),
      address("account"),
      decimal("underlyingPrice"),
      decimal("realizedFunding"),
      bitset("flags", "fillFlags", { since: 2 }),
      field("u64")("orderbookSeqNo", { since: 2 }),
    ],
    groups: [],
    texts: [
      ...texts("fillId", "orderId", "clientOrderId", "tradeId", "market"),
      ...textsOfVersion2("feeCurrency"),
    ],
  },
  {
    templateId: 22,
    name: "Position",
    fields: [
      tsUs("ts"),
      i64("seq"),
      enumerated("side", "side"),
      // Absolute here, signed in JSON.
      decimal("size"),
      decimal("avgEntryPrice"),
      decimal("unrealizedPnl"),
      decimal("realizedPnl"),
      nullableDecimal("markPrice"),
      nullableDecimal("liquidationPrice"),
      decimal("leverage"),
      tsUs("updatedAt"),
      address("account"),
      decimal("avgEntryPriceUsd"),
      decimal("cost"),
      decimal("costUsd"),
      decimal("cachedFundingIndex"),
      decimal("unrealizedFundingPnl"),
      enumerated("status", "positionStatus"),
    ],
    groups: [],
    texts: texts("market", "lastFillId"),
  },
  {
    templateId: 23,
    name: "Account",
    fields: [
      tsUs("ts"),
      i64("seq"),
      decimal("totalCollateral"),
      decimal("freeCollateral"),
      decimal("initialMarginReq"),
      decimal("maintenanceMarginReq"),
      decimal("accountValue"),
      nullableDecimal("unrealizedPnl"),
      tsUs("updatedAt"),
      address("account"),
      decimal("marginCushion"),
      enumerated("status", "accountStatus"),
      i64("lastSeenNotification", { since: 2 }),
    ],
    groups: [],
    texts: texts("settlementAsset"),
  },
  { templateId: 40, name: "Heartbeat", fields: [tsUs("ts"), i64("seq")], groups: [], texts: [] },
  {
    templateId: 41,
    name: "Subscribed",
    fields: [tsUs("ts"), i64("seq"), u8("reserved")],
    groups: [],
    texts: texts("channel"),
  },
];

/** Bytes of one field. */
export function fieldWidth(spec: FieldSpec): number {
  return typeof spec.type === "string" ? fieldWidths[spec.type] : 1;
}

/** Offset of a field from the start of its block. */
export function fieldOffset(fields: readonly FieldSpec[], name: string): number {
  let offset = 0;
  for (const spec of fields) {
    if (spec.name === name) return offset;
    offset += fieldWidth(spec);
  }
  return Number.NaN;
}

/** Length of the block as written by schema version `version`. */
export function blockLength(fields: readonly FieldSpec[], version: SchemaVersion): number {
  return fields.filter((spec) => spec.since <= version).reduce((sum, spec) => sum + fieldWidth(spec), 0);
}
