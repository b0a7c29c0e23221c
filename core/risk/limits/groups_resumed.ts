/** A leg group that a restart left half done comes first: until its legs are even or gone, its plugin opens nothing new. */
import type { EntryLimit } from "./limit.ts";

export const groupsResumed: EntryLimit = {
  name: "groups_resumed",
  holdsForReducing: false,
  check: ({ isGroupResuming, intent: { plugin } }) =>
    isGroupResuming ? { code: "GROUP_RESUMING", facts: { plugin } } : undefined,
};
