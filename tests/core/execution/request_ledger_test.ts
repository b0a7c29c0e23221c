import { assertEquals } from "@std/assert";
import { RequestLedger } from "../../../core/execution/request_ledger.ts";
import { alpha, beta } from "../../support/engine_builders.ts";

Deno.test("an answer is matched once, by its own venue", () => {
  const ledger = new RequestLedger();
  const { requestId } = ledger.open(alpha, { kind: "open_orders" }, 0, 1_000);
  assertEquals(ledger.answer(beta, requestId), undefined);
  assertEquals(ledger.answer(alpha, requestId)?.isLate, false);
  assertEquals(ledger.answer(alpha, requestId), undefined);
  assertEquals(ledger.answer(alpha, 99), undefined);
});

Deno.test("a request is lost at its deadline, once; its answer is still matched for a minute", () => {
  const ledger = new RequestLedger();
  const { requestId } = ledger.open(alpha, { kind: "open_orders" }, 0, 1_000);
  assertEquals(ledger.expire(999_999), []);
  assertEquals(ledger.expire(1_000_000).map(({ why }) => why), ["timeout"]);
  assertEquals(ledger.expire(2_000_000), []);
  assertEquals(ledger.count(alpha), 0);
  assertEquals(ledger.answer(alpha, requestId)?.isLate, true);
  const second = ledger.open(alpha, { kind: "open_orders" }, 0, 1_000);
  ledger.expire(1_000_000);
  ledger.expire(61_000_001);
  assertEquals(ledger.answer(alpha, second.requestId), undefined);
});

Deno.test("an adapter's death loses what it owed, and nobody else's", () => {
  const ledger = new RequestLedger();
  ledger.open(alpha, { kind: "open_orders" }, 0, 1_000);
  ledger.open(beta, { kind: "positions" }, 0, 1_000);
  assertEquals(ledger.lose(alpha).map(({ pending, why }) => [pending.request.kind, why]), [[
    "open_orders",
    "disconnected",
  ]]);
  assertEquals([ledger.count(alpha), ledger.count(beta)], [0, 1]);
});
