/**
 * Actions as the venue reads them: into its own records and from there, in its own order of keys and its own form of
 * numbers and hex, into the bytes whose hash must have been signed. A client that wrote them otherwise signed
 * something else.
 */
import * as v from "valibot";

const assetIndex = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const unsigned = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const hexOf = (digits: number) =>
  v.pipe(
    v.string(),
    v.regex(new RegExp(`^0x[0-9a-fA-F]{${digits}}$`)),
    v.transform((text) => text.toLowerCase()),
  );
export const addressSchema = hexOf(40);
const cloid = hexOf(32);

/** The venue's form of a decimal: no leading or trailing zeros, no exponent, no sign. */
const decimal = v.pipe(
  v.string(),
  v.regex(/^\d{1,20}(\.\d{1,20})?$/),
  v.transform((text) => {
    const [whole = "0", fraction = ""] = text.split(".");
    const kept = fraction.replace(/0+$/, "");
    const short = whole.replace(/^0+(?=\d)/, "");
    return kept === "" ? short : `${short}.${kept}`;
  }),
);

const orderType = v.union([
  v.pipe(
    v.strictObject({ limit: v.strictObject({ tif: v.picklist(["Alo", "Ioc", "Gtc", "FrontendMarket"]) }) }),
    v.transform(({ limit: { tif } }) => ({ limit: { tif } })),
  ),
  v.pipe(
    v.strictObject({
      trigger: v.strictObject({
        isMarket: v.boolean(),
        triggerPx: decimal,
        tpsl: v.picklist(["tp", "sl"]),
      }),
    }),
    v.transform(({ trigger: { isMarket, triggerPx, tpsl } }) => ({ trigger: { isMarket, triggerPx, tpsl } })),
  ),
]);

const order = v.pipe(
  v.strictObject({
    a: assetIndex,
    b: v.boolean(),
    p: decimal,
    s: decimal,
    r: v.boolean(),
    t: orderType,
    c: v.nullish(cloid),
  }),
  v.transform(({ a, b, p, s, r, t, c }) => ({
    a,
    b,
    p,
    s,
    r,
    t,
    ...(c === undefined || c === null ? {} : { c }),
  })),
);
export type WireOrder = v.InferOutput<typeof order>;

const some = <Schema extends v.GenericSchema>(item: Schema) => v.pipe(v.array(item), v.minLength(1));
const oidOrCloid = v.union([unsigned, cloid]);

/** Actions that an agent may sign, as far as they are simulated. */
export const l1ActionSchema = v.variant("type", [
  v.pipe(
    v.strictObject({
      type: v.literal("order"),
      orders: some(order),
      grouping: v.literal("na"), // take-profit and stop-loss groups are not simulated
      builder: v.nullish(v.strictObject({ b: addressSchema, f: unsigned })),
    }),
    v.transform(({ type, orders, grouping, builder }) => ({
      type,
      orders,
      grouping,
      ...(builder === undefined || builder === null ? {} : { builder: { b: builder.b, f: builder.f } }),
    })),
  ),
  v.pipe(
    v.strictObject({
      type: v.literal("cancel"),
      cancels: some(
        v.pipe(v.strictObject({ a: assetIndex, o: unsigned }), v.transform(({ a, o }) => ({ a, o }))),
      ),
      f: v.optional(v.literal(true)),
    }),
    v.transform(({ type, cancels, f }) => ({ type, cancels, ...(f === undefined ? {} : { f }) })),
  ),
  v.pipe(
    v.strictObject({
      type: v.literal("cancelByCloid"),
      cancels: some(
        v.pipe(
          v.strictObject({ asset: assetIndex, cloid }),
          v.transform(({ asset, cloid: c }) => ({ asset, cloid: c })),
        ),
      ),
      f: v.optional(v.literal(true)),
    }),
    v.transform(({ type, cancels, f }) => ({ type, cancels, ...(f === undefined ? {} : { f }) })),
  ),
  v.pipe(
    v.strictObject({ type: v.literal("modify"), oid: oidOrCloid, order, a: v.optional(v.literal(true)) }),
    v.transform(({ type, oid, order: changed, a }) => ({
      type,
      oid,
      order: changed,
      ...(a === undefined ? {} : { a }),
    })),
  ),
  v.pipe(
    v.strictObject({
      type: v.literal("batchModify"),
      modifies: some(
        v.pipe(
          v.strictObject({ oid: oidOrCloid, order }),
          v.transform(({ oid, order: changed }) => ({ oid, order: changed })),
        ),
      ),
      a: v.optional(v.literal(true)),
    }),
    v.transform(({ type, modifies, a }) => ({ type, modifies, ...(a === undefined ? {} : { a }) })),
  ),
  v.pipe(
    v.strictObject({ type: v.literal("scheduleCancel"), time: v.nullish(unsigned) }),
    v.transform(({ type, time }) => ({ type, ...(time === undefined || time === null ? {} : { time }) })),
  ),
  v.pipe(
    v.strictObject({
      type: v.literal("updateLeverage"),
      asset: assetIndex,
      isCross: v.boolean(),
      leverage: unsigned,
    }),
    v.transform(({ type, asset, isCross, leverage }) => ({ type, asset, isCross, leverage })),
  ),
  v.pipe(v.strictObject({ type: v.literal("noop") }), v.transform(({ type }) => ({ type }))),
]);
export type L1Action = v.InferOutput<typeof l1ActionSchema>;

/** The one action of the master key's that is simulated. */
export const approveAgentSchema = v.strictObject({
  type: v.literal("approveAgent"),
  signatureChainId: v.pipe(v.string(), v.regex(/^0x[0-9a-fA-F]{1,8}$/)),
  hyperliquidChain: v.picklist(["Mainnet", "Testnet"]),
  agentAddress: addressSchema,
  agentName: v.nullish(v.string()),
  nonce: unsigned,
});
export type ApproveAgent = v.InferOutput<typeof approveAgentSchema>;

/** r and s may lack their leading zeros. */
const signaturePart = v.pipe(
  v.string(),
  v.regex(/^0x[0-9a-fA-F]{1,64}$/),
  v.transform((text) => text.slice(2).toLowerCase().padStart(64, "0")),
);
export const envelopeSchema = v.looseObject({
  action: v.looseObject({ type: v.string() }),
  nonce: unsigned,
  signature: v.strictObject({ r: signaturePart, s: signaturePart, v: v.picklist([27, 28]) }),
  vaultAddress: v.nullish(addressSchema),
  expiresAfter: v.nullish(unsigned),
});
export type Envelope = v.InferOutput<typeof envelopeSchema>;

/** What one action counts against the address's budget. */
export function countOf(action: L1Action): number {
  switch (action.type) {
    case "order":
      return action.orders.length;
    case "cancel":
    case "cancelByCloid":
      return action.cancels.length;
    case "batchModify":
      return action.modifies.length;
    default:
      return 1;
  }
}
