/** Log lines on their way to the console: numbered, bounded, without secrets, found by level and text. */
import { assertEquals } from "@std/assert";
import { RecentLogs } from "../../../core/console/recent_logs.ts";
import { LogTail } from "../../../core/host/observers/log_tail.ts";

const tail = () =>
  new LogTail({
    clock: { epochMs: () => 5 },
    isWanted: (source, level) => source === "gate" || level !== "debug",
    redact: (text) => text.replaceAll(/hunter2|4711/g, "***"),
  });

Deno.test("lines are handed over once, without secrets in any part and without unwanted levels", () => {
  const logs = tail();
  logs.write("info", "okx", "key hunter2 is used", { "hunter2": "a", key: "hunter2", count: 3, pin: 4711 });
  logs.write("debug", "okx", "too much");
  logs.write("debug", "gate", "wanted");
  assertEquals(logs.take(), [
    {
      sequence: 1,
      tsMs: 5,
      level: "info",
      source: "okx",
      message: "key *** is used",
      fields: { "***": "a", key: "***", count: 3, pin: "***" },
    },
    { sequence: 2, tsMs: 5, level: "debug", source: "gate", message: "wanted", fields: {} },
  ]);
  assertEquals(logs.take(), []);
});

Deno.test("a flood keeps the newest lines, and their numbers show that some are gone", () => {
  const logs = tail();
  for (let count = 0; count < 2_000; count++) logs.write("warn", "noisy", "x".repeat(5_000));
  const taken = logs.take();
  assertEquals([taken.length, taken[0]?.sequence, taken.at(-1)?.sequence], [500, 1_501, 2_000]);
  assertEquals(taken[0]?.message.length, 2_000);
});

Deno.test("kept lines are the newest thousand, found by level and by text in any part", () => {
  const kept = new RecentLogs();
  const line = (sequence: number, level: "info" | "error", message: string) => ({
    sequence,
    tsMs: 1,
    level,
    source: "Maker",
    message,
    fields: { venue: "okx" },
  });
  kept.add(
    Array.from(
      { length: 1_500 },
      (_, index) => line(index + 1, index % 100 === 0 ? "error" : "info", `no ${index}`),
    ),
  );
  assertEquals(kept.find({ level: "debug" }, 5_000).length, 1_000);
  assertEquals(kept.find({ level: "error" }, 3).map(({ sequence }) => sequence), [1_201, 1_301, 1_401]);
  for (const text of ["maker", "NO 1400", "okx"]) {
    assertEquals(kept.find({ level: "error", text }, 1)[0]?.sequence, 1_401, text);
  }
  assertEquals(kept.find({ level: "info", text: "nowhere" }, 10), []);
});
