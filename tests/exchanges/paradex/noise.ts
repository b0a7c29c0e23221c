/** What a venue could send at its worst, made from what it does send; and what the host would take of it. */
import { assert } from "@std/assert";
import fc from "fast-check";
import { decodeJson } from "../../../core/protocol/codec.ts";
import { parsePluginMessage } from "../../../core/protocol/schemas.ts";
import type { SbeFields, SbeValue } from "../../../exchanges/paradex/wire/sbe.ts";
import { type FieldSpec, sbeEnums, sbeMessages } from "../../../exchanges/paradex/wire/sbe_schema.ts";
import { encodeFrame, viewOf } from "./wire/sbe_encoder.ts";

export type Json = Readonly<Record<string, unknown>>;
export const never = new AbortController().signal;

export const order: Json = {
  id: "1753846435990201709277900000",
  account: "0x1",
  market: "BTC-USD-PERP",
  side: "SELL",
  type: "LIMIT",
  instruction: "GTC",
  size: "0.15",
  remaining_size: "0.1",
  price: "62000",
  trigger_price: "0",
  avg_fill_price: "62000",
  status: "OPEN",
  cancel_reason: "",
  client_id: "b7x2",
  flags: ["REDUCE_ONLY"],
  created_at: 1_717_000_000_120,
  last_updated_at: 1_717_000_000_123,
  seq_no: 10,
};
export const fill: Json = {
  id: "8615262148007718462",
  market: "BTC-USD-PERP",
  order_id: "1681462103821101699438490000",
  client_id: "x1234",
  side: "BUY",
  liquidity: "TAKER",
  price: "30000.1",
  size: "0.5",
  fee: "7.56",
  fee_currency: "USDC",
  fill_type: "FILL",
  created_at: 1_681_375_176_910,
};
export const position: Json = {
  market: "BTC-USD-PERP",
  status: "OPEN",
  side: "LONG",
  size: "3",
  average_entry_price: "183.06499451",
  leverage: "10",
  liquidation_price: "",
  seq_no: 1_722_426_261_489,
  last_updated_at: 1_722_426_261_489,
};
export const account: Json = {
  account: "0x495d",
  account_value: "136285.06918911",
  total_collateral: "123003.62047353",
  free_collateral: "73276.47229774",
  settlement_asset: "USDC",
  status: "ACTIVE",
  seq_no: 1_681_471_234_972,
  updated_at: 1_681_471_234_972,
};
export const payment: Json = {
  id: "p1",
  account: "0x1",
  market: "BTC-USD-PERP",
  payment: "34.4490622",
  index: "-2819.53434361",
  fill_id: "1",
  created_at: 1_681_375_481_000,
};
export const market: Json = {
  symbol: "BTC-USD-PERP",
  base_currency: "BTC",
  quote_currency: "USD",
  settlement_currency: "USDC",
  order_size_increment: "0.00001",
  price_tick_size: "0.1",
  min_notional: "10",
  max_order_size: "100",
  asset_kind: "PERP",
  open_at: 1,
  trading_mode: "STANDARD",
  funding_period_hours: 8,
  delta1_cross_margin_params: { imf_base: "0.02" },
};
export const pushes: readonly (readonly [string, Json])[] = [
  ["orders.ALL", order],
  ["fills.ALL", fill],
  ["positions", position],
  ["account", account],
  ["funding_payments.ALL", payment],
  ["transfers", {
    id: "1",
    kind: "DEPOSIT",
    direction: "IN",
    status: "COMPLETED",
    amount: "5",
    token: "USDC",
  }],
  ["tradebusts", { account: "0x1", busted_fill_id: "f1", created_at: 5 }],
  ["transaction", { id: "1", type: "TRANSACTION_FILL", state: "ACCEPTED_ON_L2" }],
  ["balance_events", { type: "TRANSACTION_FILL", status: "ON_BLOCKCHAIN", market: "", fill_id: "" }],
];

export const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    "",
    "x",
    " 1",
    "-1",
    "1e9",
    "NaN",
    "Infinity",
    -1,
    0,
    1e308,
    -1e308,
    2 ** 53,
    12345678901234567890n,
    [],
    {},
    [[]],
    { __proto__: null, toString: 1 },
    "constructor",
    "__proto__",
    "\u0000",
  ),
  fc.integer({ min: 1, max: 400 }).map((digits) => "9".repeat(digits)),
  fc.integer({ min: 1, max: 60 }).map((digits) => `0.${"0".repeat(digits)}1`),
  fc.string({ maxLength: 200 }),
  fc.double(),
  fc.jsonValue({ maxDepth: 3 }),
);

/** A record with one or two of its fields made odd, taken away, or joined by an unknown one. */
export function broken(sound: Json): fc.Arbitrary<Json> {
  const field = fc.constantFrom(...Object.keys(sound), "unknown_field");
  const change = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(field, odd) },
    { weight: 1, arbitrary: fc.tuple(field, fc.constant(undefined)) },
  );
  return fc.array(change, { minLength: 1, maxLength: 2 }).map((changes) => ({
    ...sound,
    ...Object.fromEntries(changes),
  }));
}

export const messageTypes: Readonly<Record<string, readonly [type: string, field: string]>> = {
  instrument: ["instrument", "instrument"],
  order: ["order_report", "report"],
  fill: ["fill_report", "fill"],
  position: ["position_report", "position"],
  balance: ["balance_report", "balance"],
  funding: ["funding_report", "payment"],
};

/** The host ends an adapter that says what can't be: each message must pass the host's own schema. */
export function assertTaken(message: Json): void {
  const text = JSON.stringify(
    message,
    (_key, item: unknown) =>
      item === undefined ? null : typeof item === "bigint" ? { $int: item.toString() } : item,
  );
  const parsed = parsePluginMessage(decodeJson(new TextEncoder().encode(text)), "exchange");
  assert(parsed.kind === "message", `${parsed.kind === "fault" ? parsed.reason : ""} ${text}`);
}

export function assertPublished(kind: string, value: unknown): void {
  const [type, field] = messageTypes[kind] ?? [];
  if (type === undefined || field === undefined) return;
  assertTaken({ type, [field]: value, ...(kind === "instrument" ? { index: 0 } : {}) });
}

export const assertAnswer = (response: Json): void =>
  assertTaken({ type: "response", requestId: 1, response });

/** Numbers that the host could take for true. */
export function assertSound(value: unknown, path = "published"): void {
  if (typeof value === "number") assert(!Number.isNaN(value) && Number.isFinite(value), `${path}: ${value}`);
  if (Array.isArray(value)) value.forEach((item, at) => assertSound(item, `${path}.${at}`));
  else if (typeof value === "object" && value !== null) {
    for (const [name, item] of Object.entries(value)) assertSound(item, `${path}.${name}`);
  }
}

export const valueOf = (spec: FieldSpec): fc.Arbitrary<SbeValue> => {
  if (typeof spec.type === "object") {
    return "enum" in spec.type
      ? fc.constantFrom(...Object.values<string>(sbeEnums[spec.type.enum]), "none of these")
      : fc.constant([]);
  }
  const extreme = fc.oneof(
    fc.constantFrom(0n, 1n, -1n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.bigInt({ min: 1n, max: 10n ** 13n }),
  );
  switch (spec.type) {
    case "decimal8":
    case "decimal12": {
      const decimals = spec.type === "decimal8" ? 8 : 12;
      return extreme.map((units) => {
        const digits = String(units < 0n ? -units : units).padStart(decimals + 1, "0");
        return `${units < 0n ? "-" : ""}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
      });
    }
    case "u64":
      return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    case "i16":
      return fc.integer({ min: -32_768, max: 32_767 });
    case "u8":
      return fc.nat(255);
    case "address":
      return fc.constant("0x1");
    default:
      return extreme;
  }
};
export const recordOf = (specs: readonly FieldSpec[]): fc.Arbitrary<SbeFields> =>
  fc.record(Object.fromEntries(specs.map((spec) => [spec.name, valueOf(spec)])), { noNullPrototype: true });

/** Frames of every template with extreme values, some of them cut, some with bytes turned over. */
export const frames = fc.constantFrom(...sbeMessages).chain((spec) =>
  fc.record({
    fields: recordOf(spec.fields),
    groups: fc.record(
      Object.fromEntries(
        spec.groups.map(({ fields, name }) => [name, fc.array(recordOf(fields), { maxLength: 3 })]),
      ),
      { noNullPrototype: true },
    ),
    text: fc.constantFrom("BTC-USD-PERP", "", "x", "\u0000"),
    damage: fc.option(fc.record({ cut: fc.nat(300), at: fc.nat(300), byte: fc.nat(255) }), {
      nil: undefined,
    }),
  }).map(({ damage, fields, groups, text }) => {
    const texts = Object.fromEntries(
      spec.texts.map(({ name }) => [name, name === "market" ? "BTC-USD-PERP" : text]),
    );
    const bytes = encodeFrame(spec, { version: 2, fields: { ...fields, ...texts }, groups });
    if (damage === undefined) return viewOf(bytes);
    const turned = Uint8Array.from(bytes);
    if (damage.at < turned.length) turned[damage.at] = damage.byte;
    return viewOf(damage.cut % 2 === 0 ? turned : turned.slice(0, damage.cut % (turned.length + 1)));
  })
);

export const bigText = (_key: string, value: unknown): unknown =>
  typeof value === "bigint" ? String(value) : value;
