/**
 * Answers to batches, told apart order by order. The two transports differ: the WebSocket answers in the order of the
 * request, REST gives what was taken and what was refused in two lists.
 */
import type { CancelOutcome, OrderKey, OrderRequest, SubmitOutcome } from "@berth/sdk";
import type { Reply } from "./command_channel.ts";
import { knownWordIn, rejectCodeOf } from "./reject_codes.ts";
import { batchCancelledSchema, batchCreatedSchema, batchResultsSchema } from "./wire/json.ts";
import { type OrderRecord, orderRecordSchema, read } from "./wire/records.ts";

/** The venue's specification says 1 to 10, an older page up to 50. */
export const batchSize = 10;

/** Splits a list into what one request takes. */
export function batches<T>(items: readonly T[]): readonly (readonly T[])[] {
  return Array.from(
    { length: Math.ceil(items.length / batchSize) },
    (_, at) => items.slice(at * batchSize, (at + 1) * batchSize),
  );
}

const unknown = (details: string) => ({ kind: "unknown", why: "garbled_reply", details }) as const;

function refused(text: string, code = ""): SubmitOutcome {
  const venueCode = code === "" ? knownWordIn(text) ?? "" : code;
  return { kind: "rejected", code: rejectCodeOf(venueCode, text), venueCode, venueText: text };
}

/** One outcome for each order that was sent, in their order. */
export function submitOutcomesOf(
  reply: Reply,
  sent: readonly OrderRequest[],
  onCreated: (created: OrderRecord, order: OrderRequest) => SubmitOutcome,
): readonly SubmitOutcome[] {
  if (reply.kind !== "ok") return sent.map(() => reply);
  const inOrder = read(batchResultsSchema, reply.body);
  if (inOrder.kind === "read") {
    const { results } = inOrder.value;
    if (results.length !== sent.length) {
      return sent.map(() => unknown(`${results.length} answers to ${sent.length} orders`));
    }
    return sent.map((order, at) => {
      const result = results[at];
      if (result?.error !== undefined) return refused(result.error);
      const created = read(orderRecordSchema, result?.order);
      return created.kind === "read" ? onCreated(created.value, order) : unknown(created.details);
    });
  }
  return byClientId(reply.body, sent, onCreated);
}

/** REST: orders are found by their client id; the refused ones are the others, if there are as many. */
function byClientId(
  body: unknown,
  sent: readonly OrderRequest[],
  onCreated: (created: OrderRecord, order: OrderRequest) => SubmitOutcome,
): readonly SubmitOutcome[] {
  const parsed = read(batchCreatedSchema, body);
  if (parsed.kind === "misfit") return sent.map(() => unknown(parsed.details));
  const created = new Map<string, OrderRecord>();
  for (const row of parsed.value.orders) {
    const order = read(orderRecordSchema, row);
    if (order.kind === "read") created.set(order.value.clientId, order.value);
  }
  const missing = sent.filter(({ clientOrderId }) => !created.has(clientOrderId));
  const { errors } = parsed.value;
  return sent.map((order) => {
    const found = created.get(order.clientOrderId);
    if (found !== undefined) return onCreated(found, order);
    const error = errors.length === missing.length ? errors[missing.indexOf(order)] : undefined;
    return error === undefined
      ? unknown("the answer names neither the order nor its refusal")
      : refused(error.message, error.error);
  });
}

/** One outcome for each key, in their order. */
export function cancelOutcomesOf(reply: Reply, keys: readonly OrderKey[]): readonly CancelOutcome[] {
  if (reply.kind !== "ok") return keys.map(() => reply);
  const parsed = read(batchCancelledSchema, reply.body);
  if (parsed.kind === "misfit") return keys.map(() => unknown(parsed.details));
  const { results } = parsed.value;
  // What was not found is named by nothing but its place.
  const isAligned = results.length === keys.length;
  return keys.map((key, at) => {
    const { clientOrderId, venueOrderId } = key;
    const result = results.find(({ id, client_id }) =>
      venueOrderId === undefined ? client_id === clientOrderId : id === venueOrderId
    ) ?? (isAligned ? results[at] : undefined);
    switch (result?.status) {
      case "QUEUED_FOR_CANCELLATION":
        return { kind: "acknowledged" };
      case "ALREADY_CLOSED":
        return { kind: "already_done", venueText: result.status };
      case "NOT_FOUND":
        // An id the venue gave us and no longer finds is that of a closed order.
        return venueOrderId === undefined
          ? { kind: "rejected", code: "order_not_found", venueCode: "NOT_FOUND", venueText: "" }
          : { kind: "already_done", venueText: result.status };
      default:
        return unknown(`status ${result?.status ?? "missing"}`);
    }
  });
}
