/** Pausing and stepping a replay, asked for by a key or by the console. */
import type * as v from "valibot";
import type { ReplayAction } from "../../console/commands.ts";
import type { CommandResult } from "../../console/ports.ts";
import type { replayStandSchema } from "../../console/schemas.ts";
import type { Replay } from "./replay.ts";

export type SteeredReplay = Pick<Replay, "info" | "pause" | "resume" | "step">;

/** Does what is asked and says where the replay stands. @param replay undefined where the markets are of the present */
export function steeredReplay(replay: SteeredReplay | undefined, action: ReplayAction): CommandResult {
  if (replay === undefined) {
    const detail = "this host's markets are of the present; berth replay plays a recording";
    return { kind: "refused", status: 409, title: "Nothing is replayed", detail };
  }
  replay[action]();
  const { isPaused, atMs, share } = replay.info();
  const value: v.InferOutput<typeof replayStandSchema> = { isPaused, atMs, share };
  return { kind: "done", value };
}
