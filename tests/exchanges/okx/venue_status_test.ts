/** Maintenance windows, and positions that the venue keeps apart. */
import { assertEquals } from "@std/assert";
import { sizeLots } from "@berth/sdk";
import { PositionLegs } from "../../../exchanges/okx/position_legs.ts";
import { statusOf, stricter } from "../../../exchanges/okx/venue_status.ts";
import type { PositionRow } from "../../../exchanges/okx/wire.ts";
import { okxInstrument } from "./builders.ts";

const window_ = (change: Readonly<Record<string, string>> = {}) => ({
  state: "ongoing",
  serviceType: "5",
  env: "1",
  title: "Upgrade",
  ...change,
});

for (
  const [name, rows, expected] of [
    ["nothing planned", [], "trading"],
    ["a window under way", [window_()], "halted"],
    ["its pre-open end", [window_({ state: "pre_open" })], "post_only"],
    ["one that is planned", [window_({ state: "scheduled" })], "trading"],
    ["one that is over", [window_({ state: "completed" })], "trading"],
    ["one of demo trading", [window_({ env: "2" })], "trading"],
    ["one of trading bots", [window_({ serviceType: "7" })], "trading"],
    ["one of the WebSocket service", [window_({ serviceType: "0" })], "trading"],
    ["one in batches of accounts", [window_({ serviceType: "8" })], "halted"],
    ["two at once: the stricter holds", [window_({ state: "pre_open" }), window_()], "halted"],
    ["a row that can't be read", [7, null, { state: 1 }, window_({ state: "pre_open" })], "post_only"],
  ] as const
) {
  Deno.test(`statusOf() ${name}`, () => assertEquals(statusOf(rows, false), expected));
}

Deno.test("demo trading looks at its own windows", () => {
  assertEquals([statusOf([window_({ env: "2" })], true), statusOf([window_()], true)], ["halted", "trading"]);
});

Deno.test("of two states the stricter holds", () => {
  assertEquals([
    stricter("trading", "post_only"),
    stricter("halted", "post_only"),
    stricter("cancel_only", "trading"),
  ], [
    "post_only",
    "halted",
    "cancel_only",
  ]);
});

Deno.test("positions of one instrument are added up over sides and margin modes", () => {
  const one = okxInstrument();
  const legs = new PositionLegs();
  const row = (posSide: string, mgnMode: string, pos: string, availPos = pos): PositionRow => ({
    instId: one.instId,
    posSide,
    mgnMode,
    pos,
    availPos,
    avgPx: "60000",
    markPx: "60001",
    liqPx: "50000",
    lever: "3",
    uTime: "1785096000123",
  });
  assertEquals(legs.take(row("long", "cross", "1.5", "1.2"), one).positionLots, sizeLots(150));
  assertEquals(legs.take(row("short", "cross", "0.5"), one).positionLots, sizeLots(100));
  const both = legs.take(row("long", "isolated", "0.25"), one);
  assertEquals([both.positionLots, both.entryPrice, both.liquidationPrice], [
    sizeLots(125),
    undefined,
    undefined,
  ]);
  assertEquals([legs.closableLots(one.instId, "long"), legs.closableLots(one.instId, "short")], [120, 50]);
  legs.take(row("long", "isolated", "0"), one);
  legs.take(row("short", "cross", "0"), one);
  const only = legs.take(row("long", "cross", "1"), one);
  assertEquals([only.positionLots, only.entryPrice], [sizeLots(100), 60_000]);
  legs.clear();
  assertEquals(legs.take(row("net", "cross", "-0.3"), one).positionLots, sizeLots(-30));
});
