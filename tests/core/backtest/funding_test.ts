/** Funding that bars don't tell of: when it falls due, what is read, and what is refused with its line. */
import { assertEquals, assertRejects } from "@std/assert";
import { constantFunding, readFunding, scheduleOf } from "../../../core/backtest/funding.ts";
import { withFile } from "./builders.ts";

const hourMs = 3_600_000;

Deno.test("a constant rate falls due at the whole intervals since midnight", () => {
  const schedule = constantFunding(1, 8);
  const midnight = Date.UTC(2022, 0, 1);
  assertEquals(schedule.next(midnight), { tsMs: midnight + 8 * hourMs, rate: 0.0001 });
  assertEquals(schedule.next(midnight + 8 * hourMs - 1), { tsMs: midnight + 8 * hourMs, rate: 0.0001 });
});

Deno.test("rates of a file fall due at their times, asked for forwards or anew", () => {
  const dues = [{ tsMs: 10, rate: 0.1 }, { tsMs: 20, rate: -0.2 }];
  const { next } = scheduleOf(dues, "two");
  assertEquals([next(0), next(10), next(19), next(20), next(5)], [
    dues[0],
    dues[1],
    dues[1],
    undefined,
    dues[0],
  ]);
});

Deno.test("readFunding() reads times and rates", async () => {
  const schedule = await withFile("time,funding_rate\n2022-01-01T08:00:00Z,0.0001\n", readFunding);
  assertEquals(schedule.next(0), { tsMs: Date.UTC(2022, 0, 1, 8), rate: 0.0001 });
});

const broken = [
  { name: "no header", text: "60,0.1\n", says: "line 1" },
  { name: "a rate in percent", text: "timestamp,rate\n60,1\n", says: "line 2" },
  { name: "an empty rate", text: "timestamp,rate\n60,\n", says: "line 2" },
  { name: "a time that falls", text: "timestamp,rate\n60,0.1\n50,0.1\n", says: "line 3" },
];
for (const { name, text, says } of broken) {
  Deno.test(`readFunding() refuses ${name}`, async () => {
    await withFile(text, (path) => assertRejects(() => readFunding(path), Error, says));
  });
}
