import { assertEquals } from "@std/assert";
import { cancelReasons, rejectCodes } from "@berth/sdk";
import { errorCodes, knownWordIn, orderEnd, rejectCodeOf } from "../../../exchanges/paradex/reject_codes.ts";

for (
  const [name, code, text, number, expected] of [
    ["a known code needs no text", "INVALID_ORDER_SIZE", "", undefined, "invalid_size"],
    [
      "a known word in the text of a WebSocket error",
      "",
      "method error: DUPLICATED_CLIENT_ID",
      100,
      "duplicate_client_order_id",
    ],
    ["a cancel reason in the text", "", "NOT_ENOUGH_MARGIN", 100, "insufficient_margin"],
    ["the number of a WebSocket error", "", "rate limit exceeded", 42901, "rate_limited"],
    ["an authentication number", "", "invalid bearer", 40111, "authentication"],
    ["an HTTP status without a body", "HTTP_429", "", undefined, "rate_limited"],
    ["another HTTP status", "HTTP_403", "geo", undefined, "permission"],
    ["a word nobody knows", "BRAND_NEW", "what is this", undefined, "other"],
    ["a word that every object has", "constructor", "toString valueOf", undefined, "other"],
  ] as const
) Deno.test(`rejectCodeOf(): ${name}`, () => assertEquals(rejectCodeOf(code, text, number), expected));

Deno.test("every row of the tables leads to one of our codes", () => {
  for (const [word, code] of Object.entries(errorCodes)) {
    assertEquals(rejectCodeOf(word, ""), code);
    assertEquals(rejectCodes.includes(code), true);
    assertEquals(knownWordIn(`error: ${word}.`), word);
  }
});

for (
  const [name, order, expected] of [
    ["nothing left", { cancelReason: "", filledLots: 5, remainingLots: 0 }, {
      status: "filled",
      reason: undefined,
    }],
    [
      "refused before a fill",
      { cancelReason: "REDUCE_ONLY_WILL_INCREASE", filledLots: 0, remainingLots: 5 },
      {
        status: "rejected",
        reason: "reduce_only_would_increase",
      },
    ],
    ["the same reason after a fill", {
      cancelReason: "REDUCE_ONLY_WILL_INCREASE",
      filledLots: 1,
      remainingLots: 4,
    }, {
      status: "cancelled",
      reason: "reduce_only",
    }],
    ["no reason and something left", { cancelReason: "", filledLots: 1, remainingLots: 4 }, {
      status: "cancelled",
      reason: "venue",
    }],
    ["an empty order", { cancelReason: "", filledLots: 0, remainingLots: 0 }, {
      status: "cancelled",
      reason: "venue",
    }],
  ] as const
) {
  Deno.test(`orderEnd(): ${name}`, () => {
    const end = orderEnd(order);
    assertEquals<unknown>(end, expected);
    if (end.status === "cancelled") assertEquals(cancelReasons.includes(end.reason), true);
  });
}
