/** What the adapter's rooms are handed in tests. */
import type { HyperliquidSettings } from "../../../exchanges/hyperliquid/settings.ts";

export { type Event, Published } from "../../support/published.ts";
export {
  constantRandom,
  FakeSocket,
  FakeSockets,
  recordingLog,
  settle,
  VirtualTime,
} from "../../support/venue_fakes.ts";

export const defaultSettings: HyperliquidSettings = {
  vaultAddress: "",
  bookSpeed: "fast",
  defaultMakerFeeBps: 1,
  defaultTakerFeeBps: 4,
  rateLimitShare: 0.9,
  actionExpiryMs: 15_000,
  deadMansSwitchSeconds: 0,
};
