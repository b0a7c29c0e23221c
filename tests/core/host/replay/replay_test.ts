/** A replay's order of things and its pace, on a made-up wall clock and made-up venues. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { Replay, type ReplaySpeed } from "../../../../core/host/replay/replay.ts";
import { ReplayClock } from "../../../../core/host/replay/replay_clock.ts";
import { recordBytes, recordKinds, recordOffsets, writeRecord } from "../../../../core/protocol/records.ts";
import type { MarketBatch } from "../../../../core/recording/market_data.ts";
import { alpha, beta, btcAt } from "../../../support/engine_builders.ts";

const startUs = 1_700_000_000_000_000;

function quotes(timesUs: readonly number[]): MarketBatch {
  const bytes = new Uint8Array(timesUs.length * recordBytes);
  const view = new DataView(bytes.buffer);
  timesUs.forEach((tsUs, place) =>
    writeRecord(
      view,
      place * recordBytes,
      recordKinds.quote,
      0,
      place % 2,
      place,
      tsUs / 1000,
      tsUs,
      1,
      1,
      2,
      1,
    )
  );
  return { kind: "records", bytes };
}

interface Played {
  readonly words: readonly string[];
  /** Of each turn: the recording's time, microseconds after the start, and the wall's. */
  readonly turns: readonly { readonly atUs: number; readonly wallMs: number }[];
}

/** Plays quotes at these times after the start, each on one of two venues in turns; a venue has something to tell at `dueUs`. */
async function play(
  speed: ReplaySpeed,
  timesUs: readonly number[],
  { dueUs = Infinity, fails = false, steer = (_replay: Replay, _turn: number): void => undefined } = {},
): Promise<Played> {
  const words: string[] = [];
  const turns: { readonly atUs: number; readonly wallMs: number }[] = [];
  const clock = new ReplayClock(startUs);
  let wallMs = 0;
  let due = startUs + dueUs;
  const at = (): number => clock.epochUs() - startUs;
  const replay = new Replay({
    data: {
      instruments: [btcAt(alpha), btcAt(beta)],
      fromUs: startUs,
      toUs: startUs + (timesUs.at(-1) ?? 0),
      description: "made up",
      *batches() {
        yield quotes(timesUs.map((tsUs) => startUs + tsUs));
        if (fails) throw new Error("a part that can't be read");
      },
    },
    speed,
    clock,
    wall: { monotonicMs: () => wallMs },
    driver: {
      clock,
      dispatch: (event) => {
        assertEquals(event.kind, "tick");
        words.push(`tick ${at()}`);
      },
    },
    settled: () => Promise.resolve(),
    strategies: {
      playTo: (epochUs) => {
        assertEquals(epochUs, clock.epochUs());
        words.push(`turn ${at()}`);
        turns.push({ atUs: at(), wallMs });
        steer(replay, turns.length);
        return Promise.resolve();
      },
    },
    venue: (venue) => ({
      list: (index) => words.push(`${venue} lists ${index}`),
      open: () => words.push(`${venue} opens`),
      onRecord: (payload) => {
        const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
        assertEquals(view.getFloat64(recordOffsets.tsRecvUs, true), Math.max(startUs, clock.epochUs()));
        words.push(`${venue} ${at()}`);
      },
      onBook: () => undefined,
      tellHealth: () => undefined,
      desk: {
        advance: () => {
          if (venue === beta && due !== Infinity) {
            words.push(`${venue} tells ${at()}`);
            due = Infinity;
          }
        },
        nextDueUs: () => venue === beta ? due : Infinity,
      },
    }),
    log: { write: () => undefined },
    after: (delayMs) => {
      wallMs += delayMs;
      return Promise.resolve();
    },
  });
  replay.open();
  replay.start();
  await replay.over;
  assertEquals(replay.info().share, 1);
  // What follows the last record is the natural pace of the end.
  const last = turns.findIndex(({ atUs }) => atUs >= (timesUs.at(-1) ?? 0));
  const over = { words: [...words], turns: turns.slice(0, last + 1) };
  replay.slowDown();
  await replay.stop();
  return over;
}

Deno.test("within a slice: data and answers at their times, then the strategies' turn", async () => {
  const { words } = await play("max", [5_000, 12_000, 30_000], { dueUs: 12_000 });
  assertEquals(
    words,
    [
      "alpha lists 0",
      "alpha opens",
      "beta lists 1",
      "beta opens",
      "tick 0",
      "alpha 5000",
      "beta tells 12000",
      "beta 12000",
      "turn 20000",
      "alpha 30000",
      "turn 40000",
    ].toSorted((a, b) => Number(b.includes("lists")) - Number(a.includes("lists"))),
  );
});

Deno.test("at full speed an hour of silence is no more than its ticks", async () => {
  const { turns } = await play("max", [0, 3_600_000_000]);
  assertEquals(turns.at(-1)?.wallMs, 0);
  assert(turns.length < 37_000, `${turns.length} turns`);
});

Deno.test("at any speed everything is played once, in order, and takes its share of the time", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom<ReplaySpeed>(0.5, 1, 3, 10, 100, "max"),
      fc.array(fc.integer({ min: 1, max: 80_000 }), { minLength: 1, maxLength: 30 }),
      async (speed, gaps) => {
        let sum = 0;
        const times = gaps.map((gap) => sum += gap);
        const { words, turns } = await play(speed, times);
        const played = words.flatMap((word) => /^(?:alpha|beta) (\d+)$/.exec(word)?.[1] ?? []).map(Number);
        assertEquals(played, times);
        let before = 0;
        for (const { atUs, wallMs } of turns) {
          assert(atUs - before <= 100_000, "no turn is long");
          assertEquals(Math.round(wallMs * 1000), speed === "max" ? 0 : Math.round(atUs / speed));
          before = atUs;
        }
        assert(before >= sum && before <= sum + 100_000);
      },
    ),
    { numRuns: 40 },
  );
});

Deno.test("a recording that can't be read on ends the replay with why", async () => {
  await assertRejects(() => play("max", [0, 1_000], { fails: true }), Error, "a part that can't be read");
});

/** All that is ready to go on has gone on. */
const idle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

for (const speed of [1, 10, "max"] as const) {
  Deno.test(`pauses and steps at speed ${speed} change nothing of what is played`, async () => {
    const timesUs = [0, 5_000, 45_000, 300_000, 300_500, 900_000];
    const expected = await play(speed, timesUs, { dueUs: 400_000 });
    const stoodAt: number[] = [];
    const steps = async (replay: Replay, count: number): Promise<void> => {
      for (let step = 0; step <= count; step++) {
        await idle();
        assert(replay.info().isPaused, "it stands");
        stoodAt.push(Math.round(replay.info().atMs * 1000 - startUs));
        if (step < count) replay.step();
      }
      replay.resume();
      assert(!replay.info().isPaused);
    };
    let isSteering: Promise<void> | undefined;
    const paused = await play(speed, timesUs, {
      dueUs: 400_000,
      steer: (replay, turn) => {
        if (turn !== 2) return;
        replay.pause();
        isSteering = steps(replay, 2);
      },
    });
    await isSteering;
    assertEquals(paused.words, expected.words);
    assertEquals(stoodAt.length, 3);
    // Each step has played the next quote, and no more than its slice.
    for (const [place, atUs] of stoodAt.entries()) {
      const before = stoodAt[place - 1];
      if (before === undefined) continue;
      const nextUs = timesUs.find((tsUs) => tsUs > before) ?? NaN;
      assert(atUs >= nextUs && atUs <= nextUs + 20_000, `${atUs} for ${nextUs}`);
    }
  });
}

Deno.test("after a pause the speed is kept from there on, and a stopping host does not wait for anybody", async () => {
  let pausedMs = NaN;
  const { turns } = await play(1, [0, 1_000_000], {
    steer: (replay, turn) => {
      if (turn !== 10) return;
      replay.pause();
      setTimeout(() => replay.resume(), 5);
      pausedMs = turn;
    },
  });
  assertEquals(pausedMs, 10);
  const last = turns.at(-1);
  assert(last !== undefined && Math.abs(last.wallMs - last.atUs / 1000) < 30, JSON.stringify(last));
  const stopped = await play(1, [0, 1_000_000], {
    steer: (replay, turn) => {
      if (turn !== 10) return;
      replay.pause();
      setTimeout(() => replay.slowDown(), 0);
    },
  });
  assert((stopped.turns.at(-1)?.atUs ?? 0) >= 1_000_000);
});
