import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { isFinalStatus } from "../../../core/model/order.ts";
import {
  type OrderEvent,
  orderEvents,
  remainingLots,
  transition,
} from "../../../core/model/order_transitions.ts";
import { VenueModel } from "./venue_model.ts";

/** One thing that happens; the numbers pick among what is there. */
class Step implements fc.Command<object, VenueModel> {
  readonly #name: string;
  readonly #run: (venue: VenueModel) => void;
  constructor(name: string, run: (venue: VenueModel) => void) {
    this.#name = name;
    this.#run = run;
  }
  check(): boolean {
    return true;
  }
  run(_model: object, venue: VenueModel): void {
    this.#run(venue);
    checkAlways(venue);
  }
  toString(): string {
    return this.#name;
  }
}
const pick = fc.nat({ max: 7 });
const steps = [
  fc.integer({ min: 1, max: 9 }).map((size) =>
    new Step(`submit ${size}`, (venue) => void venue.submit(size))
  ),
  pick.map((at) => new Step(`cancel ${at}`, (venue) => venue.cancel(at))),
  fc.tuple(pick, fc.integer({ min: 1, max: 12 }), fc.integer({ min: 499_998, max: 500_002 })).map((
    [at, size, price],
  ) => new Step(`amend ${at} to ${size} at ${price}`, (venue) => void venue.amend(at, size, price))),
  fc.constant(new Step("arrive", (venue) => venue.arrive(false))),
  fc.constant(new Step("lost on the way", (venue) => venue.arrive(true))),
  fc.constant(new Step("refuse", (venue) => venue.arriveAndRefuse())),
  fc.tuple(pick, fc.integer({ min: 1, max: 9 })).map(([at, lots]) =>
    new Step(`fill ${at} ${lots}`, (venue) => venue.fill(at, lots))
  ),
  fc.tuple(pick, fc.boolean()).map(([at, isRepeated]) =>
    new Step(`hear ${at} ${isRepeated ? "and again" : ""}`, (venue) => venue.hear(at, isRepeated))
  ),
  pick.map((at) => new Step(`lose ${at}`, (venue) => venue.lose(at))),
  fc.constantFrom(100, 1_000, 5_000).map((ms) => new Step(`pass ${ms}`, (venue) => venue.pass(ms))),
  fc.constant(new Step("reconcile", (venue) => venue.reconcile())),
];

const isEvent = (name: string): name is OrderEvent => orderEvents.some((event) => event === name);

function checkAlways(venue: VenueModel): void {
  assertEquals(new Set(venue.submitted).size, venue.submitted.length, "an order was sent twice");
  for (const [id, times] of venue.booked) assertEquals(times, 1, `${id} was booked ${times} times`);
  assert(!venue.notices.includes("foreign_fill") && !venue.notices.includes("foreign_order"));
  assert(!venue.notices.includes("ORDER_OVERFILLED"));
  for (const { before, after, event } of venue.changes.splice(0)) {
    if (before === undefined || !isEvent(event)) continue;
    const next = transition(before.status, event, after.filledLots);
    if (next.kind === "ignore" && before.amending !== after.amending) {
      assertEquals(after.status, before.status); // its terms became known, and nothing else
      continue;
    }
    assertEquals(next, { kind: "to", status: after.status });
    assert(after.filledLots >= before.filledLots, "what has filled stays filled");
  }
}

Deno.test("through losses, repeats and reordering no order is sent twice, and in the end the truth is believed", () => {
  fc.assert(
    fc.property(fc.commands(steps, { maxCommands: 80, size: "max" }), (commands) => {
      const venue = new VenueModel();
      fc.modelRun(() => ({ model: {}, real: venue }), commands);
      venue.heal();
      checkAlways(venue);
      assertEquals(venue.differences(), []);
      assert(
        venue.manager.working().every(({ status }) => status === "accepted" || status === "partially_filled"),
      );
    }),
    { numRuns: 400 },
  );
});

Deno.test("every order whose cancel was asked for is done in the end", () => {
  fc.assert(
    fc.property(fc.commands(steps, { maxCommands: 60, size: "max" }), (commands) => {
      const venue = new VenueModel();
      fc.modelRun(() => ({ model: {}, real: venue }), commands);
      venue.submitted.forEach((_id, at) => venue.cancel(at));
      venue.heal();
      assertEquals(venue.differences(), []);
      assertEquals(venue.manager.working(), []);
    }),
    { numRuns: 200 },
  );
});

/** One order, acknowledged. */
function placed(size = 10): VenueModel {
  const venue = new VenueModel();
  venue.submit(size);
  venue.arrive(false);
  venue.hear(0, false);
  venue.hear(0, false);
  return venue;
}
const only = (venue: VenueModel) => {
  const [id] = venue.submitted;
  const order = id === undefined ? undefined : venue.manager.get(id);
  assert(order !== undefined);
  return order;
};

Deno.test("while an amendment is on its way the larger size counts, and a fill of the smaller does not end the order", () => {
  const venue = placed(10);
  assert(venue.amend(0, 4, 500_001));
  assertEquals([only(venue).status, remainingLots(only(venue))], ["pending_replace", 10]);
  assertEquals(venue.amend(0, 6, 500_001), false, "one at a time");
  venue.fill(0, 4); // by the old terms
  venue.hear(0, false);
  assertEquals([only(venue).status, remainingLots(only(venue))], ["pending_replace", 6]);
  venue.arrive(false); // the venue refuses a size that is filled already
  while (only(venue).status === "pending_replace") venue.hear(1, false);
  assertEquals([only(venue).status, only(venue).sizeLots as number], ["partially_filled", 10]);
  assert(venue.notices.includes("AMEND_REFUSED"));
});

Deno.test("an amendment whose answer is lost is known by what the venue reports", () => {
  for (const isLostOnTheWay of [true, false]) {
    const venue = placed(10);
    venue.amend(0, 15, 500_001);
    venue.arrive(isLostOnTheWay);
    venue.lose(0);
    assertEquals([only(venue).status, remainingLots(only(venue))], ["unknown", 15]);
    venue.heal();
    const expected = isLostOnTheWay ? [10, 500_000] : [15, 500_001];
    const { sizeLots, pricing, amending } = only(venue);
    assertEquals([sizeLots, pricing.kind === "limit" ? pricing.limitPriceTicks : 0], expected);
    assertEquals([only(venue).status, amending], ["accepted", undefined]);
  }
});

Deno.test("an amendment that nobody has heard of yet is waited for, whatever else makes the order known again", () => {
  const venue = new VenueModel();
  venue.submit(2);
  venue.arrive(false); // wire: answer, report
  venue.hear(1, false);
  assert(venue.amend(0, 1, 500_001));
  venue.lose(0); // the submission's answer
  venue.reconcile(); // it works, by the old terms
  assertEquals([only(venue).status, remainingLots(only(venue))], ["accepted", 2]);
  assertEquals(venue.amend(0, 1, 500_002), false);
  venue.arrive(false);
  venue.fill(0, 1);
  venue.heal();
  assertEquals([only(venue).status, venue.differences()], ["filled", []]);
});

Deno.test("a cancel may follow an amendment that is on its way", () => {
  const venue = placed(10);
  venue.amend(0, 15, 500_001);
  venue.cancel(0);
  venue.heal();
  assertEquals([only(venue).status, venue.differences()], ["cancelled", []]);
});

Deno.test("an acknowledgement after the first fill changes nothing", () => {
  const venue = new VenueModel();
  venue.submit(10);
  venue.arrive(false); // answer, report
  venue.fill(0, 4); // fill, report
  venue.hear(2, false);
  assertEquals(only(venue).status, "partially_filled");
  venue.hear(0, false);
  assertEquals([only(venue).status, only(venue).filledLots as number], ["partially_filled", 4]);
});

Deno.test("a cancel waits until the submission is answered", () => {
  const venue = new VenueModel();
  venue.submit(10);
  venue.cancel(0);
  assertEquals(only(venue).status, "pending_new");
  venue.arrive(false);
  venue.hear(0, false);
  assertEquals(only(venue).status, "pending_cancel");
});

Deno.test("an end that is told before its fills waits for them", () => {
  const venue = placed();
  venue.fill(0, 4);
  venue.cancel(0);
  venue.arrive(false); // wire: fill, report of it, answer, report of the cancel
  venue.hear(3, false);
  assertEquals(only(venue).status, "pending_cancel");
  assert(venue.areFillsWanted);
  venue.hear(0, false);
  assertEquals([only(venue).status, only(venue).filledLots as number, only(venue).reason], [
    "cancelled",
    4,
    "requested",
  ]);
});

Deno.test("fills that never come end the wait, in view of everybody; a late one is booked all the same", () => {
  const venue = placed();
  venue.fill(0, 10);
  venue.hear(1, false); // "filled", without the fill
  assertEquals(only(venue).status, "accepted");
  const reader = venue.manager;
  venue.pass(16_000);
  assertEquals(only(venue).status, "accepted"); // the account's fills were not read yet
  assert(venue.areFillsWanted);
  venue.reconcile();
  assertEquals(only(venue).status, "filled");
  assertEquals(reader.working(), []);
});

Deno.test("a fill after the confirmed cancel is booked, and completes the order", () => {
  const venue = placed();
  venue.cancel(0);
  venue.arrive(false);
  venue.hear(1, false);
  assertEquals(only(venue).status, "cancelled");
  const order = only(venue);
  const [truth] = venue.orders.values();
  assert(truth !== undefined);
  truth.status = "open"; // the venue had matched it before
  venue.fill(0, 10);
  venue.hear(1, false);
  assertEquals([only(venue).status, only(venue).filledLots as number], ["filled", order.sizeLots as number]);
});

Deno.test("two contrary answers make an order unknown, and the venue is asked", () => {
  const venue = new VenueModel();
  venue.submit(10);
  venue.arrive(false);
  const id = only(venue).clientOrderId;
  const rejected = { kind: "rejected" as const, code: "other" as const, venueCode: "", venueText: "" };
  venue.manager.submitAnswered(id, rejected, venue.nowUs, only(venue).cause);
  assertEquals(only(venue).status, "rejected");
  venue.hear(1, false); // its report: open
  assertEquals(only(venue).status, "unknown");
  venue.heal();
  assertEquals(only(venue).status, "accepted");
});

Deno.test("ended orders are kept for what comes late, and forgotten in the end", () => {
  const venue = placed(1);
  const first = only(venue).clientOrderId;
  venue.fill(0, 1);
  venue.hear(0, false);
  assert(isFinalStatus(only(venue).status));
  for (let count = 0; count < 21_000; count++) {
    const order = venue.submit(1);
    venue.manager.submitAnswered(
      order.clientOrderId,
      { kind: "rejected", code: "other", venueCode: "", venueText: "" },
      venue.nowUs,
      order.cause,
    );
  }
  assertEquals(venue.manager.get(first), undefined);
});
