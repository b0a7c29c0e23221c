import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  AccountReconciliation,
  type ReconciliationKind,
  reconciliationKinds,
} from "../../../../core/execution/reconciliation/account_reconciliation.ts";

const second = 1_000_000;
const timing = { reconcileOrdersEveryMs: 5_000, reconcilePositionsEveryMs: 30_000 };

function reconciliation(): { readonly account: AccountReconciliation; readonly asked: ReconciliationKind[] } {
  const asked: ReconciliationKind[] = [];
  return { account: new AccountReconciliation(timing, (kind) => asked.push(kind)), asked };
}

Deno.test("an account is compared when all four were read, positions after fills", () => {
  const { account, asked } = reconciliation();
  account.start(0);
  assertEquals(asked, ["open_orders", "fills", "balances"]);
  assertEquals(account.answered("open_orders", 1), false);
  assertEquals(account.answered("balances", 2), false);
  assertEquals(account.answered("fills", 3), false);
  assertEquals(asked.at(-1), "positions");
  assertEquals(account.isReconciled, false);
  assertEquals(account.answered("positions", 4), true);
  assertEquals([account.isReconciled, account.rounds], [true, 1]);
});

Deno.test("orders are asked for every 5 s, positions every 30 s", () => {
  const { account, asked } = reconciliation();
  account.start(0);
  for (const kind of ["open_orders", "fills", "balances", "positions"] as const) account.answered(kind, 0);
  asked.length = 0;
  for (let at = 1; at <= 60; at++) {
    const before = asked.length;
    account.tick(at * second);
    for (const kind of asked.slice(before)) account.answered(kind, at * second);
  }
  const count = (kind: ReconciliationKind) => asked.filter((one) => one === kind).length;
  assertEquals([count("open_orders"), count("fills"), count("positions"), count("balances")], [12, 2, 2, 2]);
});

Deno.test("what fails is asked again, with growing pauses up to half a minute", () => {
  const { account, asked } = reconciliation();
  account.start(0);
  const at: number[] = [];
  account.failed("fills", 0);
  for (let now = 0; now < 200 * second; now += second / 10) {
    const before = asked.length;
    account.tick(now);
    if (asked.length === before) continue;
    at.push(Math.round(now / second));
    account.failed("fills", now);
  }
  assertEquals(at.slice(0, 8), [1, 3, 7, 15, 31, 61, 91, 121]);
});

Deno.test("fills that are wanted come soon, but not twice at once", () => {
  const { account, asked } = reconciliation();
  account.start(0);
  account.want("fills", 0);
  account.tick(second);
  assertEquals(asked.filter((kind) => kind === "fills").length, 1);
  account.answered("fills", second);
  account.tick(1.6 * second);
  assertEquals(asked.filter((kind) => kind === "fills").length, 2);
});

Deno.test("a new connection starts over; answers to the one before count for nothing", () => {
  const { account } = reconciliation();
  account.start(0);
  for (const kind of ["open_orders", "fills", "balances", "positions"] as const) account.answered(kind, 0);
  account.stop();
  assertEquals([account.isReconciled, account.readUs("fills")], [false, -Infinity]);
  assertEquals(account.answered("fills", 1), false);
  account.start(2);
  assertEquals(account.isReconciled, false);
});

Deno.test("whatever is answered, fails or is wanted: one question of a kind at a time, and none when stopped", () => {
  const anyKind = fc.constantFrom(...reconciliationKinds);
  const anyStep = fc.oneof(
    fc.record({
      step: fc.constantFrom("answered" as const, "failed" as const, "want" as const),
      kind: anyKind,
    }),
    fc.record({ step: fc.constantFrom("start" as const, "stop" as const, "tick" as const), kind: anyKind }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(anyStep, fc.nat({ max: 8 })), { maxLength: 100, size: "max" }), (steps) => {
      const open = new Set<ReconciliationKind>();
      let isRunning = false;
      const account = new AccountReconciliation(timing, (kind) => {
        assert(isRunning && !open.has(kind), kind);
        open.add(kind);
      });
      let now = 0;
      for (const [{ step, kind }, pause] of steps) {
        now += pause * second;
        if (step === "start") {
          isRunning = true;
          open.clear();
          account.start(now);
        } else if (step === "stop") {
          isRunning = false;
          account.stop();
        } else if (step === "answered" || step === "failed") {
          const isOpen = open.delete(kind);
          if (step === "failed") account.failed(kind, now);
          else if (account.answered(kind, now)) assert(isOpen);
        } else if (step === "want") account.want(kind, now);
        else account.tick(now);
      }
    }),
  );
});
