/** Keys of a replay from the bytes of a terminal. */
import { assertEquals } from "@std/assert";
import { type Keyboard, replayKeys } from "../../../core/cli/replay_keys.ts";

/** What came of these reads, in words; the keyboard is opened before and given back after. */
async function pressed(reads: readonly string[], isThere = true): Promise<readonly string[]> {
  const words: string[] = [];
  const waiting = reads.map((text) => new TextEncoder().encode(text));
  const keyboard: Keyboard = {
    isThere,
    open: () => words.push("open"),
    close: () => words.push("close"),
    read: (buffer) => {
      const next = waiting.shift();
      if (next !== undefined) buffer.set(next);
      return Promise.resolve(next?.length ?? null);
    },
  };
  for await (const key of replayKeys(keyboard) ?? []) words.push(key);
  return words;
}

Deno.test("the space bar pauses, a full stop steps, all else is nothing", async () => {
  for (
    const [reads, expected] of [
      [[" "], ["pause"]],
      [["."], ["step"]],
      [["..", " "], ["step", "step", "pause"]],
      [["q\n", "\u00a0", "p"], []],
      [["\x1b[C", "\x1b[3;2~"], []],
      [[], []],
    ] as const
  ) {
    assertEquals(await pressed(reads), ["open", ...expected, "close"], JSON.stringify(reads));
  }
});

Deno.test("without a keyboard nothing is opened", async () => {
  assertEquals(await pressed([" "], false), []);
});
