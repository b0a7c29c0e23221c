/** Virtual time by hand: what is played when, and how far after an intent. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { createTime, type Platform } from "../../../core/sdk/plugin_time.ts";
import { VirtualRun } from "../../../core/sdk/virtual_run.ts";
import { recordBytes, recordKinds, recordOffsets, writeRecord } from "../../../core/protocol/records.ts";

const noPlatform: Platform = {
  epochMs: () => 0,
  epochUs: () => 0,
  monotonicMs: () => 0,
  after: () => () => undefined,
  nextTurn: () => undefined,
  heapUsedBytes: () => 0,
  seededRandom: () => () => 0,
};

function setUp(onRecord: (tsUs: number, run: VirtualRun) => void = () => undefined) {
  const seen: string[] = [];
  const time = createTime({ timeMode: "virtual", epochUs: 0 }, noPlatform, (_name, task) => task());
  const run = new VirtualRun({
    time,
    onRecords(payload) {
      const tsUs = new DataView(payload.buffer, payload.byteOffset).getFloat64(recordOffsets.tsRecvUs, true);
      seen.push(`${tsUs}@${time.epochUs()}`);
      onRecord(tsUs, run);
    },
    onBook: () => void seen.push(`book@${time.epochUs()}`),
  });
  const queue = (...times: readonly number[]): void => {
    const bytes = new Uint8Array(times.length * recordBytes);
    const view = new DataView(bytes.buffer);
    times.forEach((tsUs, index) =>
      writeRecord(view, index * recordBytes, recordKinds.quote, 0, 0, index, 0, tsUs, 1, 1, 2, 1)
    );
    run.queueRecords(bytes);
  };
  return { seen, time, run, queue };
}

Deno.test("records are played at their times, timers before the data of their moment", () => {
  const { seen, time, run, queue } = setUp();
  queue(1_000, 2_000, 5_000);
  time.after(2, () => seen.push(`timer@${time.epochUs()}`));
  time.after(4, () => seen.push(`timer@${time.epochUs()}`));
  assertEquals(run.play(4_500, 100), 4_500);
  assertEquals(seen, ["1000@1000", "timer@2000", "2000@2000", "timer@4000"]);
  assertEquals(time.epochUs(), 4_500);
  assertEquals(run.play(6_000, 100), 6_000);
  assertEquals(seen.at(-1), "5000@5000");
});

Deno.test("after an intent it plays on to the lookahead and no further; then the host's turn clears it", () => {
  const { seen, run, queue } = setUp((tsUs, player) => {
    if (tsUs === 2_000) player.noteIntent();
  });
  queue(1_000, 2_000, 2_400, 2_500, 2_501, 9_000);
  assertEquals(run.play(10_000, 500), 2_500);
  assertEquals(seen, ["1000@1000", "2000@2000", "2400@2400", "2500@2500"]);
  assertEquals(run.play(10_000, 500), 2_500, "nothing moves until the host has taken over what was asked");
  run.handOver();
  assertEquals(run.play(10_000, 500), 10_000);
  assertEquals(seen.length, 6);
});

Deno.test("an intent of a timer far from any data stops there too", () => {
  const { time, run, queue } = setUp();
  queue(60_000);
  time.after(10, () => run.noteIntent());
  assertEquals(run.play(100_000, 1_000), 11_000);
});

Deno.test("however the turns are cut, the same is played in the same order", () => {
  fc.assert(fc.property(
    fc.array(fc.nat(1_000), { maxLength: 30 }),
    fc.array(fc.integer({ min: 1, max: 1_200 }), { maxLength: 12 }),
    fc.array(fc.nat(1_000), { maxLength: 8 }),
    (recordTimes, cuts, timers) => {
      const play = (ends: readonly number[]): readonly string[] => {
        const { seen, time, run, queue } = setUp();
        queue(...recordTimes.toSorted((a, b) => a - b));
        for (const timer of timers) time.after(timer / 1000, () => seen.push(`timer@${time.epochUs()}`));
        for (const end of ends) run.play(end, 10);
        return seen;
      };
      const whole = play([2_000]);
      assertEquals(play([...cuts.toSorted((a, b) => a - b), 2_000]), whole);
      assertEquals(whole.length, recordTimes.length + timers.length);
    },
  ));
});
