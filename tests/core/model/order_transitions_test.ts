import { assert, assertEquals } from "@std/assert";
import { isFinalStatus, orderStatuses } from "../../../core/model/order.ts";
import {
  type OrderEvent,
  orderEvents,
  orderTransitions,
  remainingLots,
  transition,
} from "../../../core/model/order_transitions.ts";
import { sizeLots } from "../../../core/model/ticks.ts";

/** Every cell once more, written down by hand in another form: what may happen, by status. `-` is ignored, `!` illegal. */
const expected = `
                    pending_new      accepted         partially_filled filled    cancelled  rejected         expired   pending_cancel   pending_replace  unknown
acknowledged        working          -                -                -         -          unknown          -         -                -                working
reported_open       working          -                -                -         -          unknown          -         -                -                working
rejected            rejected         rejected         !                !         -          -                -         rejected         rejected         rejected
answer_lost         unknown          unknown          unknown          -         -          -                -         unknown          unknown          -
fill_partial        partially_filled partially_filled partially_filled filled    cancelled  partially_filled expired   pending_cancel   pending_replace  unknown
fill_complete       filled           filled           filled           filled    filled     filled           filled    filled           filled           filled
cancel_sent         !                pending_cancel   pending_cancel   !         !          !                !         pending_cancel   pending_cancel   pending_cancel
cancel_refused      !                -                -                -         -          -                -         working          -                -
replace_sent        !                pending_replace  pending_replace  !         !          !                !         !                !                !
replaced            !                -                -                -         -          !                -         -                working          working
replace_refused     !                -                -                -         -          -                -         -                working          -
cancelled           cancelled        cancelled        cancelled        -         -          -                -         cancelled        cancelled        cancelled
expired             expired          expired          expired          -         -          -                -         expired          expired          expired
never_arrived       rejected         rejected         !                !         -          -                -         rejected         !                rejected
gone                cancelled        cancelled        cancelled        -         -          -                -         cancelled        cancelled        cancelled
found_alive         working          -                -                -         working    working          working   -                -                working
`;
const rows = expected.trim().split("\n").map((line) => line.trim().split(/\s+/));
const columns = rows[0] ?? [];

for (const [name, ...cells] of rows.slice(1)) {
  Deno.test(`every status has its answer to ${name}`, () => {
    const event: OrderEvent | undefined = orderEvents.find((known) => known === name);
    assert(event !== undefined, "an event of the table");
    const found = columns.map((column) => {
      const status = orderStatuses.find((known) => known === column);
      assert(status !== undefined, "a status of the table");
      const target: string = orderTransitions[status][event];
      return target === "ignore" ? "-" : target === "illegal" ? "!" : target;
    });
    assertEquals(found, cells);
  });
}

Deno.test("the table knows every status and every event", () => {
  assertEquals(columns.toSorted(), orderStatuses.toSorted());
  assertEquals(rows.slice(1).map(([name]) => name ?? "").toSorted(), orderEvents.toSorted());
});

Deno.test("a fill is legal and counted in every status", () => {
  for (const status of orderStatuses) {
    for (const event of ["fill_partial", "fill_complete"] as const) {
      assertEquals(transition(status, event, 1).kind, "to", `${status} × ${event}`);
    }
  }
});

Deno.test("a done order comes back only by a fill, two contrary answers, or being found alive", () => {
  for (const status of orderStatuses.filter(isFinalStatus)) {
    const reviving = orderEvents.filter((event) => {
      const next = transition(status, event, 0);
      return next.kind === "to" && !isFinalStatus(next.status);
    });
    const allowed: readonly OrderEvent[] = status === "filled"
      ? []
      : status === "rejected"
      ? ["acknowledged", "reported_open", "fill_partial", "found_alive"]
      : ["found_alive"];
    assertEquals(reviving, [...allowed], status);
  }
});

Deno.test("working is accepted, or partially filled once something was filled", () => {
  assertEquals(transition("pending_new", "acknowledged", 0), { kind: "to", status: "accepted" });
  assertEquals(transition("pending_new", "acknowledged", 1), { kind: "to", status: "partially_filled" });
});

Deno.test("remainingLots() is what may still fill, and never negative", () => {
  for (const status of orderStatuses) {
    const remaining = remainingLots({ status, sizeLots: sizeLots(10), filledLots: sizeLots(4) });
    assertEquals(remaining, isFinalStatus(status) ? 0 : 6, status);
    assertEquals(remainingLots({ status, sizeLots: sizeLots(10), filledLots: sizeLots(11) }), 0, status);
  }
});
