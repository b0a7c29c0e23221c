/** A strategy's leg groups: exact lots for both venues, and the host's records as views. */
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { newGroup, withFill } from "../../../core/execution/leg_groups/group_record.ts";
import { pluginId } from "../../../core/model/ids.ts";
import type { Instrument } from "../../../core/model/instrument.ts";
import type { LegGroup } from "../../../core/model/leg_group.ts";
import { zeroMoney } from "../../../core/model/money.ts";
import { increment, incrementsToNumber, sizeLots } from "../../../core/model/ticks.ts";
import type { PluginMessage } from "../../../core/protocol/messages.ts";
import type { GroupOptions, GroupView } from "../../../core/sdk/groups.ts";
import { GroupsRuntime } from "../../../core/sdk/groups_runtime.ts";
import { alpha, beta, btcAt } from "../../support/engine_builders.ts";

class Desk {
  readonly sent: PluginMessage[] = [];
  readonly heard: GroupView[] = [];
  readonly groups: GroupsRuntime;
  #refs = 0;

  constructor(lots: readonly [string, string] = ["0.001", "0.01"]) {
    const listed: readonly Instrument[] = [
      btcAt(alpha, { lot: increment(lots[0]) }),
      btcAt(beta, { lot: increment(lots[1]), tick: increment("0.5") }),
    ];
    this.groups = new GroupsRuntime({
      instrument: (id) => listed.find((one) => one.id === id),
      nextRef: () => String(++this.#refs),
      send: (message) => this.sent.push(message),
      epochMs: () => 5,
      onGroup: (view) => this.heard.push(view),
    });
  }

  open(sizeBase: number | string, changes: Partial<GroupOptions> = {}): string {
    return this.groups.open({
      legs: [
        { instrument: btcAt(alpha).id, side: "buy", limitPrice: 100.07 },
        { instrument: btcAt(beta).id, side: "sell", limitPrice: 100.7 },
      ],
      sizeBase,
      maxNakedNotionalUsd: 100,
      maxNakedMs: 1_000,
      completeWithinBps: 4,
      exitCapBps: 10,
      ...changes,
    });
  }

  terms() {
    const message = this.sent.at(-1);
    if (message?.type !== "submit_group") throw new Error("no group was submitted");
    return message.terms;
  }
}

Deno.test("a float size is rounded down to whole lots of both venues, prices never worse than asked", () => {
  const desk = new Desk();
  desk.open(0.129);
  const { legs, mode } = desk.terms();
  assertEquals(legs.map((leg) => [leg.sizeLots as number, leg.limitPriceTicks as number]), [[120, 1000], [
    12,
    202,
  ]]);
  assertEquals(mode, "sequential");
});

Deno.test("text is taken exactly, and refused off a lot of either", () => {
  const desk = new Desk();
  desk.open("0.12");
  assertEquals(desk.terms().legs.map((leg) => leg.sizeLots as number), [120, 12]);
  assertThrows(() => desk.open("0.125"));
});

Deno.test("whatever the lots, both legs are the same size in base units, and at most what was asked", () => {
  const lot = fc.constantFrom("0.001", "0.0004", "0.01", "0.05", "1", "0.25");
  fc.assert(
    fc.property(lot, lot, fc.double({ min: 0.01, max: 50, noNaN: true }), (first, second, size) => {
      const desk = new Desk([first, second]);
      desk.open(size);
      const [one, other] = desk.terms().legs;
      const base = incrementsToNumber(one.sizeLots, increment(first));
      assertEquals(base, incrementsToNumber(other.sizeLots, increment(second)));
      assertEquals(base <= size * (1 + 1e-9), true);
    }),
  );
});

Deno.test("views follow the host's records; what is over is done, a refusal is one too", () => {
  const desk = new Desk();
  const ref = desk.open("0.12");
  assertEquals([desk.groups.get(ref)?.phase, desk.groups.live().length], ["pending", 1]);
  const intent = { plugin: pluginId("maker"), ref, terms: desk.terms() };
  const order = {
    ref: "group:g:1",
    leg: 0 as const,
    role: "open" as const,
    side: "buy" as const,
    sizeLots: sizeLots(120),
    filledLots: sizeLots(0),
    isDone: false,
  };
  const begun: LegGroup = { ...newGroup("g", intent, 5_000), orders: [order] };
  const filled = withFill(begun, { ref: "group:g:1", lots: 120, ticks: 1_000, fee: zeroMoney }, 6_000);
  desk.groups.onMessage(ref, filled ?? begun);
  const [first, second] = desk.groups.get(ref)?.legs ?? [];
  assertEquals([first?.heldBase, first?.averageOpenPrice, second?.heldBase], [0.12, 100, 0]);
  desk.groups.onMessage(ref, { ...begun, phase: { kind: "ended", outcome: "unwound" }, closeReason: "x" });
  const { outcome, isDone, closeReason } = desk.heard.at(-1) ?? {};
  assertEquals([outcome, isDone, closeReason, desk.groups.live()], ["unwound", true, "x", []]);
  const refused = desk.open("0.12");
  desk.groups.onRefused(refused, "GROUP_UNSWEPT", "why");
  const view = desk.groups.get(refused);
  assertEquals([view?.phase, view?.reason, view?.text, view?.isDone], [
    "refused",
    "GROUP_UNSWEPT",
    "why",
    true,
  ]);
});

Deno.test("a group of an earlier run is live under the name that the host gives it", () => {
  const desk = new Desk();
  desk.open("0.12");
  const intent = { plugin: pluginId("maker"), ref: "earlier_g", terms: desk.terms() };
  desk.groups.onMessage("earlier_g", {
    ...newGroup("g", intent, 5_000),
    phase: { kind: "open" },
    wasOpen: true,
  });
  assertEquals(desk.groups.live().map(({ ref, phase }) => [ref, phase]), [["1", "pending"], [
    "earlier_g",
    "open",
  ]]);
  desk.groups.close("earlier_g", "r".repeat(200));
  assertEquals(desk.sent.at(-1), { type: "close_group", ref: "earlier_g", reason: "r".repeat(80) });
});
