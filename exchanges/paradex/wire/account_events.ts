/**
 * What the account's text channels tell besides orders, fills, positions and the account itself: deposits and
 * withdrawals, settlement on chain, fills that the venue took back.
 *
 * @see https://docs.paradex.trade, WebSocket 1.3 (2026-08), private channels
 */
import * as v from "valibot";

const text = v.pipe(v.nullish(v.string(), ""), v.string());
const time = v.pipe(v.union([v.number(), v.pipe(v.bigint(), v.transform(Number))]), v.finite());

const transferSchema = v.object({
  id: text,
  kind: v.string(),
  direction: v.string(),
  status: v.string(),
  amount: v.string(),
  token: v.string(),
  failure_reason: text,
  last_updated_at: v.optional(time, 0),
});

const tradebustSchema = v.object({ busted_fill_id: v.string(), created_at: v.optional(time, 0) });

const transactionSchema = v.object({ id: text, type: v.string(), state: v.string() });

const balanceEventSchema = v.object({ type: v.string(), status: v.string(), market: text, fill_id: text });

export type AccountEvent =
  | { readonly kind: "transfer"; readonly transfer: v.InferOutput<typeof transferSchema> }
  | { readonly kind: "tradebust"; readonly tradebust: v.InferOutput<typeof tradebustSchema> }
  | { readonly kind: "transaction"; readonly transaction: v.InferOutput<typeof transactionSchema> }
  | { readonly kind: "balance_event"; readonly event: v.InferOutput<typeof balanceEventSchema> };

/** The first field that does not fit, without its content. */
export interface AccountEventMisfit {
  readonly kind: "misfit";
  readonly details: string;
}

function checked<T>(
  schema: v.GenericSchema<unknown, T>,
  data: unknown,
  make: (value: T) => AccountEvent,
): AccountEvent | AccountEventMisfit {
  const result = v.safeParse(schema, data);
  if (result.success) return make(result.output);
  const issue = result.issues[0];
  return {
    kind: "misfit",
    details: `${v.getDotPath(issue) ?? "event"}: expected ${issue.expected ?? issue.type}`,
  };
}

/** The event in a push of `channel`; undefined for channels that tell something else. */
export function accountEventOf(
  channel: string,
  data: unknown,
): AccountEvent | AccountEventMisfit | undefined {
  switch (channel) {
    case "transfers":
      return checked(transferSchema, data, (transfer) => ({ kind: "transfer", transfer }));
    case "tradebusts":
      return checked(tradebustSchema, data, (tradebust) => ({ kind: "tradebust", tradebust }));
    case "transaction":
      return checked(transactionSchema, data, (transaction) => ({ kind: "transaction", transaction }));
    case "balance_events":
      return checked(balanceEventSchema, data, (event) => ({ kind: "balance_event", event }));
    default:
      return undefined;
  }
}
