/** What the adapter's rooms are handed in tests. */
export { type Event, Published } from "../../support/published.ts";
export {
  constantRandom,
  FakeSocket,
  FakeSockets,
  recordingLog,
  settle,
  VirtualTime,
} from "../../support/venue_fakes.ts";
