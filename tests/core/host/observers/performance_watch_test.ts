import { assertEquals } from "@std/assert";
import { PerformanceWatch } from "../../../../core/host/observers/performance_watch.ts";

Deno.test("a late event loop and high memory are told, once in a while, with what was held back", () => {
  const lines: unknown[] = [];
  const watch = new PerformanceWatch(
    { write: (level, source, message, fields) => lines.push([level, source, message, fields]) },
    { maxLoopDelayMs: 100, maxRssMb: 500, quietMs: 1_000 },
  );
  watch.onTick(0, 100, 500); // at the bounds
  watch.onTick(100, 150.4, 100);
  watch.onTick(200, 300, 100);
  watch.onTick(300, NaN, 600);
  watch.onTick(1_100, 101, 100);
  const loop = (loopDelayMs: number, heldBack: number): unknown => [
    "warn",
    "performance",
    "the event loop is late",
    { loopDelayMs, maxLoopDelayMs: 100, heldBack },
  ];
  assertEquals(lines, [
    loop(150, 0),
    ["warn", "performance", "memory is high", { rssMb: 600, maxRssMb: 500, heldBack: 0 }],
    loop(101, 1),
  ]);
});
