/** The stop behind an exit plan at the venue: where it stands, and how one takes the place of another. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  decideResidentStop,
  isConfirmed,
  isStopReached,
  noTrouble,
  type ResidentStopView,
  troubleAfter,
  type WantedStop,
  wantedStop,
} from "../../../../core/execution/exit_plans/resident_stops.ts";
import { causeId, type ClientOrderId, clientOrderId } from "../../../../core/model/ids.ts";
import { isFinalStatus, type Order, type OrderStatus } from "../../../../core/model/order.ts";
import { increment, priceTicks, sizeLots } from "../../../../core/model/ticks.ts";
import { alpha, btcAt, intentOf } from "../../../support/engine_builders.ts";

const instrument = btcAt(alpha); // tick 0.1

const wanted: readonly {
  readonly name: string;
  readonly basis: Partial<Parameters<typeof wantedStop>[0]>;
  readonly changes?: Partial<typeof instrument>;
  readonly expected: readonly [side: string, lots: number, ticks: number] | undefined;
}[] = [
  { name: "behind a long one's stop", basis: {}, expected: ["sell", 10, 497_500] },
  {
    name: "behind a short one's stop, above it",
    basis: { direction: "short", positionLots: -10 },
    expected: ["buy", 10, 502_500],
  },
  { name: "at the host's own without a margin", basis: { marginBps: 0 }, expected: ["sell", 10, 500_000] },
  {
    name: "rounded away from the market, by five figures where the venue has no more",
    basis: { stopPrice: 50_007.77 },
    changes: { maxPriceFigures: 5 },
    expected: ["sell", 10, 497_570],
  },
  {
    name: "at most of the venue's largest size",
    basis: {},
    changes: { maxSizeLots: sizeLots(4) },
    expected: ["sell", 4, 497_500],
  },
  { name: "nowhere for a stop at nothing", basis: { stopPrice: 0 }, expected: undefined },
  { name: "nowhere for a stop that is no number", basis: { stopPrice: NaN }, expected: undefined },
  { name: "nowhere for a stop beyond all prices", basis: { stopPrice: 1e300 }, expected: undefined },
  { name: "nowhere below the first tick", basis: { stopPrice: 0.05 }, expected: undefined },
];

for (const { name, basis, changes, expected } of wanted) {
  Deno.test(`wantedStop() ${name}`, () => {
    const whole = {
      direction: "long",
      positionLots: 10,
      stopPrice: 50_000,
      marginBps: 50,
      ...basis,
    } as const;
    const stop = wantedStop(whole, { ...instrument, ...changes });
    assertEquals<unknown>(stop && [stop.side, stop.sizeLots, stop.triggerPriceTicks], expected);
  });
}

Deno.test("a stop is reached at its price, from its own side; no mark price reaches nothing", () => {
  const sell: WantedStop = { side: "sell", sizeLots: sizeLots(1), triggerPriceTicks: priceTicks(100) };
  const buy: WantedStop = { ...sell, side: "buy" };
  assertEquals([101, 100, 99, NaN].map((ticks) => isStopReached(sell, ticks)), [false, true, true, false]);
  assertEquals([101, 100, 99, NaN].map((ticks) => isStopReached(buy, ticks)), [true, true, false, false]);
});

const stop: WantedStop = { side: "sell", sizeLots: sizeLots(10), triggerPriceTicks: priceTicks(490_000) };

let serial = 0;
function standing(
  changes: Partial<WantedStop> & { readonly status?: OrderStatus; readonly id?: string } = {},
): Order {
  const { status = "accepted", id = `s${++serial}`, ...terms } = changes;
  const { side, sizeLots: lots, triggerPriceTicks } = { ...stop, ...terms };
  return {
    ...intentOf({ ref: `stop:p1:${id}`, side, sizeLots: lots, reduceOnly: true }),
    pricing: { kind: "market", worstPriceTicks: undefined },
    trigger: { kind: "stop", triggerPriceTicks },
    clientOrderId: clientOrderId(id),
    venueOrderId: undefined,
    status,
    filledLots: sizeLots(0),
    filledTicksLots: 0n,
    reason: undefined,
    venueText: undefined,
    cause: causeId("exit/p1"),
    tsCreatedUs: 0,
    tsUpdatedUs: 0,
  };
}

const view = (changes: Partial<ResidentStopView>): ResidentStopView => ({
  aim: { kind: "stand", stop },
  standing: [],
  nowUs: 10_000_000,
  placedUs: 0,
  notBeforeUs: -Infinity,
  isBudgetSpare: true,
  marginBps: 50,
  ...changes,
});

const old = sizeLots(7);
const decisions: readonly {
  readonly name: string;
  readonly view: Partial<ResidentStopView>;
  readonly isPlaced: boolean;
  readonly cancelled: readonly string[];
}[] = [
  { name: "a missing one is placed at once", view: { placedUs: 10_000_000 }, isPlaced: true, cancelled: [] },
  {
    name: "not within the pause after a refusal",
    view: { notBeforeUs: 10_000_001 },
    isPlaced: false,
    cancelled: [],
  },
  { name: "one that stands is left alone", view: { standing: [standing()] }, isPlaced: false, cancelled: [] },
  {
    name: "one whose answer is out is waited for",
    view: { standing: [standing({ status: "pending_new" })] },
    isPlaced: false,
    cancelled: [],
  },
  {
    name: "of one of another size that nobody knows to stand, the answer is waited for",
    view: { standing: [standing({ status: "unknown", sizeLots: old })] },
    isPlaced: false,
    cancelled: [],
  },
  {
    name: "the wrong size is followed by the right one, and stays until that stands",
    view: { standing: [standing({ sizeLots: old })] },
    isPlaced: true,
    cancelled: [],
  },
  {
    name: "… not before the pause is over",
    view: { standing: [standing({ sizeLots: old })], placedUs: 9_000_001 },
    isPlaced: false,
    cancelled: [],
  },
  {
    name: "… by the budget that is kept for such orders",
    view: { standing: [standing({ sizeLots: old })], isBudgetSpare: false },
    isPlaced: true,
    cancelled: [],
  },
  {
    name: "the old one goes when the new one stands",
    view: { standing: [standing({ sizeLots: old, id: "old" }), standing({ id: "new" })] },
    isPlaced: false,
    cancelled: ["old"],
  },
  {
    name: "… and not before",
    view: { standing: [standing({ sizeLots: old }), standing({ status: "pending_new" })] },
    isPlaced: false,
    cancelled: [],
  },
  {
    name: "two that both don't fit any more: the newer stays, and the third waits for the end of the older",
    view: { standing: [standing({ sizeLots: old, id: "old" }), standing({ sizeLots: sizeLots(8) })] },
    isPlaced: false,
    cancelled: ["old"],
  },
  {
    name: "another price within half the margin is no reason",
    view: { standing: [standing({ triggerPriceTicks: priceTicks(488_800) })] }, // 24.5 bps off
    isPlaced: false,
    cancelled: [],
  },
  {
    name: "another price beyond half the margin is",
    view: { standing: [standing({ triggerPriceTicks: priceTicks(488_700) })] }, // 26.5 bps off
    isPlaced: true,
    cancelled: [],
  },
  {
    name: "… after the longer pause alone",
    view: { standing: [standing({ triggerPriceTicks: priceTicks(480_000) })], placedUs: 5_000_001 },
    isPlaced: false,
    cancelled: [],
  },
  {
    name: "… and with budget to spare alone",
    view: { standing: [standing({ triggerPriceTicks: priceTicks(480_000) })], isBudgetSpare: false },
    isPlaced: false,
    cancelled: [],
  },
  {
    name: "one of the other side is cancelled, and the right one placed",
    view: { standing: [standing({ side: "buy", id: "other" })] },
    isPlaced: true,
    cancelled: ["other"],
  },
  {
    name: "nothing is to stand",
    view: {
      aim: { kind: "remove" },
      standing: [standing({ id: "a" }), standing({ id: "b", status: "unknown" })],
    },
    isPlaced: false,
    cancelled: ["a", "b"],
  },
  {
    name: "while the position is closed all stays",
    view: { aim: { kind: "keep" }, standing: [standing({ sizeLots: old })] },
    isPlaced: false,
    cancelled: [],
  },
];

for (const { name, view: changes, isPlaced, cancelled } of decisions) {
  Deno.test(`decideResidentStop() ${name}`, () => {
    const { place, cancel } = decideResidentStop(view(changes));
    assertEquals([place, [...cancel]], [isPlaced ? stop : undefined, cancelled.map(clientOrderId)]);
  });
}

Deno.test("pauses after what the venue does not keep grow to five minutes; one that stood a minute begins anew", () => {
  let trouble = noTrouble;
  const pauses = Array.from({ length: 12 }, () => {
    trouble = troubleAfter(trouble, standing(), 1_000_000);
    return (trouble.notBeforeUs - 1_000_000) / 1e6;
  });
  assertEquals(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
  assertEquals(troubleAfter(trouble, standing(), 60_000_000).failures, 1);
});

/** A venue that answers when it likes, against the decisions: what stands at each moment. */
class StopVenue {
  readonly orders = new Map<ClientOrderId, { order: Order; isCancelAsked: boolean }>();
  #count = 0;

  working(): readonly Order[] {
    return [...this.orders.values()].map(({ order }) => order).filter(({ status }) => !isFinalStatus(status));
  }
  place(terms: WantedStop): void {
    const order = standing({ ...terms, id: `n${++this.#count}`, status: "pending_new" });
    this.orders.set(order.clientOrderId, { order, isCancelAsked: false });
  }
  set(order: Order, status: OrderStatus): void {
    const known = this.orders.get(order.clientOrderId);
    if (known !== undefined) known.order = { ...order, status };
  }
}

Deno.test("whatever the venue answers and however the position changes: two stand at most, no confirmed one goes before another is, and in quiet the right one is left alone", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("size" as const), lots: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ kind: fc.constant("price" as const), ticks: fc.integer({ min: 480_000, max: 490_000 }) }),
    fc.record({
      kind: fc.constant("answer" as const),
      status: fc.constantFrom<OrderStatus>("accepted", "rejected", "unknown"),
    }),
    fc.record({ kind: fc.constant("wait" as const), us: fc.integer({ min: 1, max: 6_000_000 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const venue = new StopVenue();
      let nowUs = 0;
      let placedUs = -Infinity;
      let goal = stop;
      const decide = (): void => {
        const before = venue.working();
        const { place, cancel } = decideResidentStop(
          view({ aim: { kind: "stand", stop: goal }, standing: before, nowUs, placedUs }),
        );
        const confirmed = before.filter(isConfirmed);
        for (const id of cancel) {
          const found = before.find(({ clientOrderId: one }) => one === id);
          assert(found !== undefined);
          const others = confirmed.filter(({ clientOrderId: one }) => !cancel.includes(one));
          assert(!isConfirmed(found) || others.length > 0, "the only stop that stands was cancelled");
          venue.set(found, "cancelled");
        }
        if (place !== undefined) {
          placedUs = nowUs;
          venue.place(place);
        }
        assert(venue.working().length <= 2, "more than two stand");
      };
      for (const one of steps) {
        if (one.kind === "size") goal = { ...goal, sizeLots: sizeLots(one.lots) };
        else if (one.kind === "price") goal = { ...goal, triggerPriceTicks: priceTicks(one.ticks) };
        else if (one.kind === "wait") nowUs += one.us;
        else {
          const open = venue.working().find((order) => !isConfirmed(order));
          if (open !== undefined) venue.set(open, one.status);
        }
        decide();
      }
      for (let round = 0; round < 6; round++) {
        nowUs += 6_000_000;
        for (const order of venue.working()) if (!isConfirmed(order)) venue.set(order, "accepted");
        decide();
      }
      const left = venue.working();
      assertEquals(left.length, 1);
      assertEquals(left[0]?.sizeLots, goal.sizeLots);
    }),
    { numRuns: 200 },
  );
});

Deno.test("a tick that is no power of ten is kept to", () => {
  const basis = { direction: "long", positionLots: 1, stopPrice: 101.3, marginBps: 0 } as const;
  assertEquals(
    wantedStop(basis, { ...instrument, tick: increment("0.5") })?.triggerPriceTicks,
    priceTicks(202),
  );
});
