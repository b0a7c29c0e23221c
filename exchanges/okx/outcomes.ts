/** OKX's answers to what changes something, as outcomes in our words. */
import {
  type CancelOutcome,
  type RejectCode,
  type Rejection,
  type SettingOutcome,
  type SubmitOutcome,
  type UnknownOutcome,
  type UnknownWhy,
  venueOrderId,
} from "@berth/sdk";
import { doneCodes, rejectCodeOf, unknownCodes } from "./reject_codes.ts";
import { cutCode, cutText, type ItemAnswer, timeOf } from "./wire.ts";

/** How one item of an operation ended. `local` never left this machine. */
export type ItemResult =
  | { readonly kind: "local"; readonly code: RejectCode; readonly text: string }
  | { readonly kind: "item"; readonly item: ItemAnswer }
  | { readonly kind: "refused"; readonly code: string; readonly msg: string }
  | { readonly kind: "unanswered"; readonly why: UnknownWhy; readonly details: string };

/** A no of our own: nothing was sent. */
export const local = (code: RejectCode, text: string): Rejection => ({
  kind: "rejected",
  code,
  venueCode: "LOCAL",
  venueText: cutText(text),
});

const unknown = (why: UnknownWhy, details: string): UnknownOutcome => ({
  kind: "unknown",
  why,
  details: cutText(details),
});

export const isOrderId = (text: string): boolean => /^[\x21-\x7e]{1,128}$/.test(text);
/** It was taken in under a name that can't be told: whoever asks by our own id will learn it. */
export const noOrderId: UnknownOutcome = unknown("garbled_reply", "the answer names no order");

/** A no of the venue, or its word that it does not know itself. */
function refused(code: string, msg: string): Rejection | UnknownOutcome {
  if (unknownCodes.has(code)) return unknown("timeout", `${code} ${msg}`);
  return { kind: "rejected", code: rejectCodeOf(code), venueCode: cutCode(code), venueText: cutText(msg) };
}

/** @param nowMs stands in where the venue states no time */
export function submitOutcome(result: ItemResult, nowMs: number): SubmitOutcome {
  switch (result.kind) {
    case "local":
      return local(result.code, result.text);
    case "unanswered":
      return unknown(result.why, result.details);
    case "refused":
      return refused(result.code, result.msg);
    case "item": {
      const { sCode, sMsg, ts } = result.item;
      const id = result.item.ordId === "" ? result.item.algoId : result.item.ordId;
      if (sCode !== "0") return refused(sCode, sMsg);
      if (!isOrderId(id)) return noOrderId;
      const tsVenueMs = timeOf(ts);
      return {
        kind: "acknowledged",
        venueOrderId: venueOrderId(id),
        tsVenueMs: Number.isNaN(tsVenueMs) ? nowMs : tsVenueMs,
      };
    }
    default:
      return result satisfies never;
  }
}

export function cancelOutcome(result: ItemResult): CancelOutcome {
  const done = (code: string, msg: string): CancelOutcome =>
    doneCodes.has(code) ? { kind: "already_done", venueText: cutText(`${code} ${msg}`) } : refused(code, msg);
  switch (result.kind) {
    case "local":
      return local(result.code, result.text);
    case "unanswered":
      return unknown(result.why, result.details);
    case "refused":
      return done(result.code, result.msg);
    case "item":
      return result.item.sCode === "0" ? { kind: "acknowledged" } : done(result.item.sCode, result.item.sMsg);
    default:
      return result satisfies never;
  }
}

/** Of several requests for one change: done when all are. */
export function settingOutcome(results: readonly ItemResult[]): SettingOutcome {
  for (const result of results) {
    const outcome = cancelOutcome(result);
    if (outcome.kind === "already_done") return refused("", outcome.venueText);
    if (outcome.kind !== "acknowledged") return outcome;
  }
  return { kind: "acknowledged" };
}
