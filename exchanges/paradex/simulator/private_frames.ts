/**
 * Rows of orders, fills, positions and the account as binary frames (paradex.md, 5.5). Whether the venue sends private
 * channels as text or in binary is not settled: here they are binary on connections of schema version 2, text else.
 */
import { FrameBuilder } from "./sbe_encoder.ts";

type Row = Readonly<Record<string, unknown>>;

const sides: Readonly<Record<string, number>> = { BUY: 1, SELL: 2, LONG: 1, SHORT: 2 };
const orderTypes: Readonly<Record<string, number>> = {
  LIMIT: 1,
  MARKET: 2,
  STOP_LIMIT: 3,
  STOP_MARKET: 4,
  TAKE_PROFIT_LIMIT: 5,
  TAKE_PROFIT_MARKET: 6,
  STOP_LOSS_LIMIT: 7,
  STOP_LOSS_MARKET: 8,
};
const orderStatuses: Readonly<Record<string, number>> = { NEW: 1, UNTRIGGERED: 2, OPEN: 3, CLOSED: 4 };
const instructions: Readonly<Record<string, number>> = { GTC: 1, "": 1, IOC: 2, POST_ONLY: 3, RPI: 4 };
const flagBits: Readonly<Record<string, number>> = {
  REDUCE_ONLY: 1,
  STOP_CONDITION_BELOW_TRIGGER: 2,
  STOP_CONDITION_ABOVE_TRIGGER: 4,
  INTERACTIVE: 8,
};
const notRepresentable = 254;

const textOf = (row: Row, name: string): string => String(row[name] ?? "");
const code = (table: Readonly<Record<string, number>>, row: Row, name: string): number =>
  table[textOf(row, name)] ?? notRepresentable;

/** Decimal text × 10^8, digits beyond cut off; undefined for none. */
function scaled(row: Row, name: string): bigint | undefined {
  const match = /^(-?)(\d+)(?:\.(\d*))?(?:e([+-]\d+))?$/.exec(textOf(row, name));
  if (match === null) return undefined;
  const [, sign = "", whole = "", fraction = "", exponent] = match;
  if (exponent !== undefined) return BigInt(Math.trunc(Number(match[0]) * 1e8));
  const units = BigInt(whole + fraction.slice(0, 8).padEnd(8, "0"));
  return sign === "-" ? -units : units;
}
const amount = (row: Row, name: string): bigint => scaled(row, name) ?? 0n;
/** "0" and "" are what JSON has for an absent price. */
const price = (row: Row, name: string): bigint | undefined => {
  const units = scaled(row, name);
  return units === 0n ? undefined : units;
};
const usOf = (row: Row, name: string): bigint => BigInt(Math.round(Number(row[name] ?? 0))) * 1_000n;
const integer = (row: Row, name: string): bigint => BigInt(textOf(row, name) || "0");

function order(row: Row): Uint8Array<ArrayBuffer> {
  const flags = Array.isArray(row["flags"]) ? row["flags"] : [];
  return new FrameBuilder().header(128, 20, 2).i64(usOf(row, "published_at")).i64(integer(row, "seq_no"))
    .u8(code(orderStatuses, row, "status")).u8(code(sides, row, "side")).u8(code(orderTypes, row, "type"))
    .u8(code(instructions, row, "instruction")).i64(price(row, "price")).i64(price(row, "trigger_price"))
    .i64(amount(row, "size")).i64(amount(row, "remaining_size")).i64(price(row, "avg_fill_price"))
    .i64(usOf(row, "created_at")).i64(usOf(row, "last_updated_at")).address(textOf(row, "account"))
    .i64(usOf(row, "received_at")).i64(usOf(row, "published_at")).u8(2)
    .u8(flags.reduce((bits: number, flag) => bits | (flagBits[String(flag)] ?? 0), 0)).u8(0).u8(0)
    .text(textOf(row, "id")).text(textOf(row, "client_id")).text(textOf(row, "market"))
    .text(textOf(row, "cancel_reason")).text("").text("").build();
}

function fill(row: Row): Uint8Array<ArrayBuffer> {
  return new FrameBuilder().header(116, 21, 2).i64(usOf(row, "created_at")).i64(undefined).u8(1)
    .u8(code(sides, row, "side")).u8(row["liquidity"] === "MAKER" ? 1 : 2).i64(amount(row, "price"))
    .i64(amount(row, "size")).i64(amount(row, "fee")).i64(scaled(row, "realized_pnl"))
    .i64(usOf(row, "created_at")).address(textOf(row, "account")).i64(amount(row, "underlying_price"))
    .i64(amount(row, "realized_funding")).u8(0).i64(integer(row, "orderbook_seq_no"))
    .text(textOf(row, "id")).text(textOf(row, "order_id")).text(textOf(row, "client_id")).text("")
    .text(textOf(row, "market")).text(textOf(row, "fee_currency")).build();
}

function position(row: Row): Uint8Array<ArrayBuffer> {
  const size = amount(row, "size");
  return new FrameBuilder().header(154, 22, 2).i64(usOf(row, "last_updated_at")).i64(integer(row, "seq_no"))
    .u8(code(sides, row, "side")).i64(size < 0n ? -size : size).i64(amount(row, "average_entry_price"))
    .i64(amount(row, "unrealized_pnl")).i64(amount(row, "realized_positional_pnl")).i64(undefined)
    .i64(price(row, "liquidation_price")).i64(amount(row, "leverage")).i64(usOf(row, "last_updated_at"))
    .address(textOf(row, "account")).i64(amount(row, "average_entry_price_usd")).i64(amount(row, "cost"))
    .i64(amount(row, "cost_usd")).i64(amount(row, "cached_funding_index"))
    .i64(amount(row, "unrealized_funding_pnl")).u8(row["status"] === "CLOSED" ? 2 : 1)
    .text(textOf(row, "market")).text(textOf(row, "last_fill_id")).build();
}

function account(row: Row): Uint8Array<ArrayBuffer> {
  return new FrameBuilder().header(121, 23, 2).i64(usOf(row, "updated_at")).i64(integer(row, "seq_no"))
    .i64(amount(row, "total_collateral")).i64(amount(row, "free_collateral"))
    .i64(amount(row, "initial_margin_requirement")).i64(amount(row, "maintenance_margin_requirement"))
    .i64(amount(row, "account_value")).i64(undefined).i64(usOf(row, "updated_at"))
    .address(textOf(row, "account")).i64(amount(row, "margin_cushion")).u8(1).i64(0n)
    .text(textOf(row, "settlement_asset")).build();
}

const encoders: Readonly<Record<string, (row: Row) => Uint8Array<ArrayBuffer>>> = {
  orders: order,
  fills: fill,
  positions: position,
  account,
};

/** The frame of a row, or undefined for channels that are always text. */
export const privateFrame = (topic: string, row: Row): Uint8Array<ArrayBuffer> | undefined =>
  encoders[topic]?.(row);
