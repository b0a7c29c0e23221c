/** What a replay does when it is asked to pause, go on or step, and what is answered where none plays. */
import { assertEquals } from "@std/assert";
import { steeredReplay } from "../../../../core/host/replay/steering.ts";

Deno.test("each action is the replay's own, and is answered by where it stands then", () => {
  for (
    const [action, isPaused] of [["pause", true], ["resume", false], ["step", false]] as const
  ) {
    const done: string[] = [];
    const replay = {
      info: () => ({ speed: 2, isPaused: done[0] === "pause", atMs: 1_700_000_000_000, share: 0.25 }),
      pause: () => void done.push("pause"),
      resume: () => void done.push("resume"),
      step: () => void done.push("step"),
    };
    const value = { isPaused, atMs: 1_700_000_000_000, share: 0.25 };
    assertEquals(steeredReplay(replay, action), { kind: "done", value });
    assertEquals(done, [action]);
  }
});

Deno.test("a host of the present has nothing to pause", () => {
  const answer = steeredReplay(undefined, "pause");
  assertEquals(answer.kind === "refused" ? [answer.status, answer.title] : [], [409, "Nothing is replayed"]);
});
