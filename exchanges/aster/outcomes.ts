/** Aster's answers to what changes something, as outcomes in our words. */
import * as v from "valibot";
import {
  type AmendOutcome,
  type CancelOutcome,
  type RejectCode,
  type Rejection,
  type SettingOutcome,
  type SubmitOutcome,
  venueOrderId,
} from "@berth/sdk";
import { doneCodes, rejectCodeOf, unchangedCodes, unknownCodes } from "./reject_codes.ts";
import type { RestResult } from "./rest.ts";
import { acknowledgementSchema, errorSchema, isRecord } from "./wire.ts";

/** A no of our own: nothing was sent. */
export const local = (code: RejectCode, venueText: string): Rejection => ({
  kind: "rejected",
  code,
  venueCode: "LOCAL",
  venueText,
});

export const notListed = (instrument: string): Rejection =>
  local("instrument_unknown", `${instrument} is not listed`);

/** Of a request that its deadline has passed before it could leave. */
export const tooLate = local("not_sent", "the deadline had passed");

function refused(venueCode: string, venueText: string): Rejection {
  // One code for all that matching refuses: only the text tells a repeat from the rest.
  const isRepeat = venueCode === "-2010" && /duplicate/i.test(venueText);
  const code = isRepeat ? "duplicate_client_order_id" : rejectCodeOf(venueCode);
  return { kind: "rejected", code, venueCode, venueText };
}

const garbled = { kind: "unknown", why: "garbled_reply", details: "the answer says nothing of it" } as const;

type Failure = Exclude<RestResult, { readonly kind: "data" }>;

function failed(result: Failure): Rejection | Extract<SubmitOutcome, { readonly kind: "unknown" }> {
  switch (result.kind) {
    case "unanswered":
      return { kind: "unknown", why: result.why, details: result.details };
    case "unsent":
      return local("rate_limited", result.details);
    case "error":
      return refused(result.code, result.msg);
    default:
      return result satisfies never;
  }
}

/** What stands in one place of a batch's answer, as if it had been asked for alone. */
export function itemResult(result: RestResult, at: number): RestResult {
  if (result.kind !== "data") return result;
  const item: unknown = Array.isArray(result.data) ? result.data[at] : undefined;
  if (!isRecord(item)) return { kind: "unanswered", why: "garbled_reply", details: "no word on this one" };
  const error = v.safeParse(errorSchema, item);
  if (!error.success || !(Number(error.output.code) < 0)) return { kind: "data", data: item };
  const { code, msg } = error.output;
  return unknownCodes.has(code)
    ? { kind: "unanswered", why: "garbled_reply", details: `${code} ${msg}` }
    : { kind: "error", code, msg };
}

/** @param nowMs for an answer that names no time */
export function submitOutcome(result: RestResult, nowMs: number): SubmitOutcome {
  if (result.kind !== "data") return failed(result);
  const parsed = v.safeParse(acknowledgementSchema, result.data);
  if (!parsed.success) return garbled;
  const { orderId, updateTime = nowMs } = parsed.output;
  return { kind: "acknowledged", venueOrderId: venueOrderId(String(orderId)), tsVenueMs: updateTime };
}

export function cancelOutcome(result: RestResult): CancelOutcome {
  if (result.kind === "data") return { kind: "acknowledged" };
  return result.kind === "error" && doneCodes.has(result.code)
    ? { kind: "already_done", venueText: `${result.code} ${result.msg}` }
    : failed(result);
}

export function amendOutcome(result: RestResult): AmendOutcome {
  if (result.kind === "error" && doneCodes.has(result.code)) {
    return { kind: "already_done", venueText: `${result.code} ${result.msg}` };
  }
  const outcome = submitOutcome(result, 0);
  return outcome.kind === "acknowledged"
    ? { kind: "acknowledged", venueOrderId: outcome.venueOrderId }
    : outcome;
}

/** "No need to change" is what was asked for. */
export function settingOutcome(result: RestResult): SettingOutcome {
  const isSo = result.kind === "data" || result.kind === "error" && unchangedCodes.has(result.code);
  return isSo ? { kind: "acknowledged" } : failed(result);
}
