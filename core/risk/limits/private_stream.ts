/** Without its private stream fills of an account would not be seen when they happen. */
import type { EntryLimit } from "./limit.ts";

export const privateStream: EntryLimit = {
  name: "private_stream",
  holdsForReducing: false,
  check({ account: { privateStream: state }, instrument: { venue } }) {
    const isSeen = state === "connected" || state === "none";
    return isSeen ? undefined : { code: "PRIVATE_STREAM_DOWN", facts: { venue, state } };
  },
};
